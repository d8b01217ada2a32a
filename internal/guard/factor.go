package guard

import (
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"image"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// Session is one browser in which somebody is signed in.
type Session struct {
	Hash    string // of its token
	Actor   Actor
	Created time.Time
	Seen    time.Time // latest use
	Expires time.Time
	Device  string // the browser's words for itself, shortened
	// Waits says that a password was right and the second proof is still to come: until then the
	// session opens nothing.
	Waits  bool
	Proved time.Time // when the second proof was given; zero for never
	// Challenge is what a passkey is to sign, and what of that the server must remember.
	Challenge string
}

// FactorKind is how somebody proves a second time that it is them.
type FactorKind string

const (
	TOTP     FactorKind = "totp"     // codes of an app that change by time (RFC 6238)
	Passkey  FactorKind = "passkey"  // a key in a device (W3C Web Authentication)
	Recovery FactorKind = "recovery" // codes on paper, each good for once
)

// Factor is one second proof of a person.
type Factor struct {
	ID     string
	Kind   FactorKind
	Name   string // what its owner calls it
	Secret string // TOTP: the shared key; passkey: its public half and counters, as JSON; recovery: hash of the code
	Made   time.Time
	Used   time.Time // zero for never
	Step   int64     // TOTP: the time step of the latest code that was used
}

// SecondFactor is who of a district's adults must prove twice who they are.
type SecondFactor string

const (
	NobodyTwice         SecondFactor = ""
	AdministratorsTwice SecondFactor = "administrators" // and leaders: they see more than a class
	StaffTwice          SecondFactor = "staff"
)

// Asks reports whether somebody must have a second proof. Students and families never must: a
// child has no phone, and a family that cannot sign in reads nothing.
func (f SecondFactor) Asks(a Actor) bool {
	reads := []roster.Role{roster.Administrator, roster.Leader}
	if f == StaffTwice {
		reads = append(reads, roster.Teacher, roster.Aide)
	}
	return f != NobodyTwice && slices.ContainsFunc(reads, a.Has)
}

// The codes of RFC 6238 as every app makes them: six digits of HMAC-SHA-1, a new one every 30
// seconds. One step before and after is taken too, for clocks that differ.
const (
	totpPeriod = 30
	totpSkew   = 1
)

var totpOptions = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// NewTOTPSecret draws a shared key of 160 bits, as RFC 4226 section 4 recommends.
func NewTOTPSecret(random io.Reader) (string, error) {
	raw := make([]byte, 20)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("draw key: %w", err)
	}
	return base32.StdEncoding.EncodeToString(raw), nil
}

// TOTPCode returns the code of a shared key at a moment.
func TOTPCode(secret string, at time.Time) (string, error) {
	return hotp.GenerateCodeCustom(secret, uint64(at.Unix()/totpPeriod), totpOptions)
}

// VerifyTOTP returns the time step whose code was typed, if that is later than the last one used:
// a code that somebody saw over a shoulder is worth nothing.
func VerifyTOTP(secret, code string, at time.Time, last int64) (step int64, ok bool) {
	code = digits(code)
	for step := at.Unix()/totpPeriod - totpSkew; step <= at.Unix()/totpPeriod+totpSkew; step++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(step), totpOptions)
		if err == nil && step > last && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return step, true
		}
	}
	return 0, false
}

// TOTPPicture draws a shared key for an app to scan.
func TOTPPicture(secret, account string, size int) (image.Image, error) {
	label := strings.NewReplacer("%", "%25", " ", "%20", "?", "%3F", "#", "%23", "&", "%26", ":", "%3A", "/", "%2F").Replace(account)
	key, err := otp.NewKeyFromURL("otpauth://totp/Waymark:" + label + "?secret=" + secret + "&issuer=Waymark")
	if err != nil {
		return nil, fmt.Errorf("draw key: %w", err)
	}
	return key.Image(size, size)
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// RecoveryCodes is how many codes on paper somebody gets.
const RecoveryCodes = 10

// NewRecoveryCodes draws codes of 120 bits, in groups of four letters and digits.
func NewRecoveryCodes(random io.Reader) ([]string, error) {
	out := make([]string, RecoveryCodes)
	for i := range out {
		raw := make([]byte, 15)
		if _, err := io.ReadFull(random, raw); err != nil {
			return nil, fmt.Errorf("draw code: %w", err)
		}
		s := strings.ToLower(base32.StdEncoding.EncodeToString(raw))
		out[i] = s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
	}
	return out, nil
}

// RecoveryHash returns what is kept of a recovery code, however it was typed. So many random bits
// need no slow hash.
func RecoveryHash(code string) string {
	return TokenHash("recovery " + strings.ReplaceAll(FoldCode(code), " ", ""))
}

// Prove finds the second proof that a typed code gives, and returns it as it is to be kept
// afterwards; a fault if it gives none.
func Prove(factors []Factor, code string, at time.Time) (Factor, error) {
	hash := RecoveryHash(code)
	for _, f := range factors {
		switch f.Kind {
		case TOTP:
			if step, ok := VerifyTOTP(f.Secret, code, at, f.Step); ok {
				f.Step, f.Used = step, at
				return f, nil
			}
		case Recovery:
			if f.Used.IsZero() && subtle.ConstantTimeCompare([]byte(f.Secret), []byte(hash)) == 1 {
				f.Used = at
				return f, nil
			}
		}
	}
	return Factor{}, fault.Field("code", "This code does not fit. A code of an app is good for half a minute and once; wait for the next one and try again.")
}

// Twice reports whether factors make somebody prove twice: codes on paper alone do not.
func Twice(factors []Factor) bool {
	return slices.ContainsFunc(factors, func(f Factor) bool { return f.Kind != Recovery })
}

// Identity is who a person is to another service that signs people in.
type Identity struct {
	Issuer, Subject string
	Linked, Used    time.Time
}

// RosterKey is by what the roster knows a person whom another service has signed in.
type RosterKey string

const (
	ByEmail      RosterKey = "email"
	ByUsername   RosterKey = "username"
	ByIdentifier RosterKey = "identifier"
	BySourcedID  RosterKey = "sourcedId"
)
