package guard_test

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"waymark/internal/guard"
)

func chain(n int) []guard.Deed {
	var out []guard.Deed
	previous := ""
	for i := range n {
		d := guard.Deed{Number: int64(i + 1), At: time.Unix(int64(1000+i), 0), District: "d", Actor: "a", What: "sign in", On: fmt.Sprint("x", i), Previous: previous}.Sealed()
		out, previous = append(out, d), d.Digest
	}
	return out
}

func verify(t *testing.T, deeds []guard.Deed, checkpoints ...guard.Checkpoint) []guard.Breach {
	t.Helper()
	v := guard.Auditor{Checkpoints: checkpoints}
	for _, d := range deeds {
		if err := v.Next(d); err != nil {
			t.Fatal(err)
		}
	}
	v.Done()
	return v.Breaches
}

// Whatever is done to a log is found, and the place is named.
func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	good := chain(20)
	checkpoint := guard.Checkpoint{District: "d", Number: 15, Digest: good[14].Digest, At: time.Unix(5000, 0)}.Sign(key)
	if b := verify(t, good, checkpoint); len(b) > 0 {
		t.Fatalf("an untouched log: %v", b)
	}
	reseal := func(d []guard.Deed, from int) []guard.Deed { // a forger who reckons the digests again
		for i := from; i < len(d); i++ {
			d[i].Previous = ""
			if i > 0 {
				d[i].Previous = d[i-1].Digest
			}
			d[i].Number = int64(i + 1)
			d[i] = d[i].Sealed()
		}
		return d
	}
	for _, c := range []struct {
		name   string
		forge  func(d []guard.Deed) []guard.Deed
		kind   string
		number int64
	}{
		{"who did it is altered", func(d []guard.Deed) []guard.Deed { d[6].Actor = "b"; return d }, "altered", 7},
		{"when is altered", func(d []guard.Deed) []guard.Deed { d[6].At = time.Unix(1, 0); return d }, "altered", 7},
		{"an entry is altered with its digest", func(d []guard.Deed) []guard.Deed { d[6].On = "y"; d[6] = d[6].Sealed(); return d }, "moved", 8},
		{"one is missing", func(d []guard.Deed) []guard.Deed { return slices.Delete(d, 4, 5) }, "missing", 5},
		{"the first is missing", func(d []guard.Deed) []guard.Deed { return d[1:] }, "missing", 1},
		{"two change places", func(d []guard.Deed) []guard.Deed {
			d[4], d[5] = d[5], d[4]
			d[4].Number, d[5].Number = 5, 6
			return d
		}, "altered", 5},
		{"one is there twice", func(d []guard.Deed) []guard.Deed { return slices.Insert(d, 5, d[4]) }, "moved", 5},
		{"the end is cut off", func(d []guard.Deed) []guard.Deed { return d[:10] }, "cut off", 15},
		{"all is written anew", func(d []guard.Deed) []guard.Deed { d[3].Actor = "b"; return reseal(d, 3) }, "rewritten", 15},
		{"one is taken out and all written anew", func(d []guard.Deed) []guard.Deed { return reseal(slices.Delete(d, 3, 4), 3) }, "rewritten", 15},
	} {
		found := verify(t, c.forge(slices.Clone(good)), checkpoint)
		if !slices.ContainsFunc(found, func(b guard.Breach) bool { return b.Kind == c.kind && b.Number == c.number }) {
			t.Errorf("%s: %v, want %s at %d", c.name, found, c.kind, c.number)
		}
	}
}

func TestACheckpointIsWhatWasSigned(t *testing.T) {
	t.Parallel()
	_, key, _ := ed25519.GenerateKey(nil)
	c := guard.Checkpoint{District: "d", Number: 5, Digest: "abc", At: time.Unix(5, 0)}.Sign(key)
	if err := c.Check(c.Key); err != nil {
		t.Fatal(err)
	}
	raw, _ := json.Marshal(c)
	var read guard.Checkpoint
	if err := json.Unmarshal(raw, &read); err != nil || read.Check("") != nil {
		t.Errorf("as it was mailed: %v, %v", err, read.Check(""))
	}
	for what, change := range map[string]func(*guard.Checkpoint){"digest": func(c *guard.Checkpoint) { c.Digest = "abd" }, "number": func(c *guard.Checkpoint) { c.Number = 4 }, "time": func(c *guard.Checkpoint) { c.At = time.Unix(6, 0) },
		"signature": func(c *guard.Checkpoint) { c.Signature = "!" }, "key": func(c *guard.Checkpoint) { c.Key = "" }} {
		d := c
		change(&d)
		if d.Check("") == nil {
			t.Errorf("%s was changed and nothing is said", what)
		}
	}
	_, other, _ := ed25519.GenerateKey(nil)
	if c.Sign(other).Check(c.Key) == nil {
		t.Error("another key is trusted")
	}
}

// Looks at records that were sealed cannot be taken out.
func TestSealedReadsAreVerified(t *testing.T) {
	t.Parallel()
	looks := []guard.Access{{At: time.Unix(1, 0), District: "d", Actor: "a", Student: "s"}, {At: time.Unix(2, 0), District: "d", Actor: "a", Student: "t"}}
	digest := func(list []guard.Access) guard.Reads {
		var d guard.DigestReads
		for i, a := range list {
			d.Add(fmt.Sprint(i), a)
		}
		return d.Sum()
	}
	detail, _ := json.Marshal(digest(looks))
	seal := guard.Deed{Number: 1, At: time.Unix(3, 0), District: "d", What: guard.SealReads, Detail: string(detail)}.Sealed()
	for n, list := range [][]guard.Access{looks, looks[:1], {looks[1], looks[0]}} {
		v := guard.Auditor{Reads: func(int64) (guard.Reads, error) { return digest(list), nil }}
		if err := v.Next(seal); err != nil || (len(v.Breaches) > 0) != (n > 0) {
			t.Errorf("%d: %v %v", n, v.Breaches, err)
		}
	}
}

func TestACertificateIsWhatWasSigned(t *testing.T) {
	t.Parallel()
	_, key, _ := ed25519.GenerateKey(nil)
	c, err := guard.Certify(map[string]int{"rows": 5}, key)
	if err != nil || c.Check("") != nil {
		t.Fatal(err, c.Check(""))
	}
	pretty, _ := json.MarshalIndent(c, "", "   ")
	var read guard.Certificate
	if err := json.Unmarshal(pretty, &read); err != nil || read.Check("") != nil {
		t.Errorf("printed: %v %v", err, read.Check(""))
	}
	if read.Check("AAAA") == nil {
		t.Error("another key would be trusted")
	}
	read.Says = json.RawMessage(`{"rows":6}`)
	if read.Check("") == nil {
		t.Error("it was changed and nothing is said")
	}
}
