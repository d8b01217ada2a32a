package guard_test

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"waymark/internal/guard"
	"waymark/internal/roster"
)

// The test vectors of RFC 6238, appendix B, for SHA-1, of whose eight digits six are used.
func TestTOTPVectors(t *testing.T) {
	t.Parallel()
	secret := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for _, c := range []struct {
		at   int64
		code string
	}{{59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"}, {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}} {
		at := time.Unix(c.at, 0)
		if got, err := guard.TOTPCode(secret, at); err != nil || got != c.code {
			t.Errorf("at %d: %s %v; want %s", c.at, got, err, c.code)
		}
		step, ok := guard.VerifyTOTP(secret, " "+c.code[:3]+" "+c.code[3:], at, 0)
		if !ok || step != c.at/30 {
			t.Errorf("at %d: step %d, %v", c.at, step, ok)
		}
	}
}

func TestACodeWorksOnceAndNotForLong(t *testing.T) {
	t.Parallel()
	secret, err := guard.NewTOTPSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_800_000_015, 0)
	code, _ := guard.TOTPCode(secret, at)
	factors := []guard.Factor{{ID: "a", Kind: guard.TOTP, Secret: secret}}
	for after, want := range map[time.Duration]bool{-31 * time.Second: true, 0: true, 31 * time.Second: true, 90 * time.Second: false, -90 * time.Second: false} {
		if _, err := guard.Prove(factors, code, at.Add(after)); (err == nil) != want {
			t.Errorf("%v later: %v; want %v", after, err, want)
		}
	}
	used, err := guard.Prove(factors, code, at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guard.Prove([]guard.Factor{used}, code, at.Add(time.Second)); err == nil {
		t.Error("a code works twice")
	}
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	codes, err := guard.NewRecoveryCodes(rand.Reader)
	if err != nil || len(codes) != guard.RecoveryCodes {
		t.Fatal(codes, err)
	}
	if n := len(strings.ReplaceAll(codes[0], "-", "")); n*5 < 112 { // letters and digits of five bits
		t.Errorf("a code of %d letters is too short for a hash that is fast", n)
	}
	f := guard.Factor{ID: "r", Kind: guard.Recovery, Secret: guard.RecoveryHash(codes[0])}
	used, err := guard.Prove([]guard.Factor{f}, strings.ToUpper(strings.ReplaceAll(codes[0], "-", " ")), time.Unix(9, 0))
	if err != nil {
		t.Fatalf("carelessly typed: %v", err)
	}
	for name, factors := range map[string][]guard.Factor{"used": {used}, "another": {{Kind: guard.Recovery, Secret: guard.RecoveryHash(codes[1])}}} {
		if _, err := guard.Prove(factors, codes[0], time.Unix(10, 0)); err == nil {
			t.Errorf("%s: the code works", name)
		}
	}
	if guard.Twice([]guard.Factor{f}) {
		t.Error("codes on paper alone count as a second proof")
	}
}

func TestWhoMustProveTwice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule guard.SecondFactor
		role roster.Role
		want bool
	}{
		{guard.NobodyTwice, roster.Administrator, false}, {guard.AdministratorsTwice, roster.Administrator, true}, {guard.AdministratorsTwice, roster.Leader, true},
		{guard.AdministratorsTwice, roster.Teacher, false}, {guard.StaffTwice, roster.Teacher, true}, {guard.StaffTwice, roster.Student, false}, {guard.StaffTwice, roster.Guardian, false},
	} {
		if got := c.rule.Asks(guard.Actor{Roles: []roster.Role{c.role}}); got != c.want {
			t.Errorf("%q asks %v: %v", c.rule, c.role, got)
		}
	}
}
