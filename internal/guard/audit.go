package guard

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"strconv"
	"time"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// Deed is one entry of a district's audit log: that somebody did something. Each holds the digest
// of the one before, so that none can be altered, taken out or moved without being found.
type Deed struct {
	Number   int64 // from 1, without gaps
	At       time.Time
	District roster.DistrictID
	Actor    roster.PersonID // empty: the command line
	What     string          // such as "sign in" or "POST /admin/imports/{run}/apply"
	On       string          // with whose record or what, by its id
	Detail   string
	Previous string // digest; empty for the first
	Digest   string
}

// Sealed is the deed with its digest: SHA-256, in hex, over all other fields, each after its
// length, the time in microseconds since 1970.
func (d Deed) Sealed() Deed {
	h := sha256.New()
	writeFields(h, strconv.FormatInt(d.Number, 10), strconv.FormatInt(d.At.UnixMicro(), 10), string(d.District), string(d.Actor), d.What, d.On, d.Detail, d.Previous)
	d.Digest = hex.EncodeToString(h.Sum(nil))
	return d
}

// writeFields writes fields so that none can pass for part of another: each after its length.
func writeFields(h hash.Hash, fields ...string) {
	for _, f := range fields {
		fmt.Fprintf(h, "%d:%s", len(f), f)
	}
}

// sign signs a message, and returns the public key and the signature in base64.
func sign(key ed25519.PrivateKey, message []byte) (public, signature string) {
	return base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)), base64.StdEncoding.EncodeToString(ed25519.Sign(key, message))
}

// signed reports whether a message was signed by the key that belongs to a public one.
func signed(public, signature string, message []byte) bool {
	key, err := base64.StdEncoding.DecodeString(public)
	sum, err2 := base64.StdEncoding.DecodeString(signature)
	return err == nil && err2 == nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, message, sum)
}

// Checkpoint is a signed state of an audit log. Printed or mailed, it shows later that nothing up
// to it was changed or cut off.
type Checkpoint struct {
	District  roster.DistrictID `json:"district"`
	Number    int64             `json:"number"` // up to which deed
	Digest    string            `json:"digest"` // of that deed
	At        time.Time         `json:"at"`
	Key       string            `json:"publicKey"` // Ed25519, in base64
	Signature string            `json:"signature"`
}

func (c Checkpoint) message() []byte {
	return fmt.Appendf(nil, "waymark-audit-checkpoint/1\n%s\n%d\n%s\n%d\n", c.District, c.Number, c.Digest, c.At.UnixMicro())
}

// Sign signs a checkpoint.
func (c Checkpoint) Sign(key ed25519.PrivateKey) Checkpoint {
	c.Key, c.Signature = sign(key, c.message())
	return c
}

// Check reports, as a fault, whether a checkpoint was altered, or signed by another key than is
// trusted; any key is, where none is named.
func (c Checkpoint) Check(trusted string) error {
	switch {
	case !signed(c.Key, c.Signature, c.message()):
		return fault.New(fault.Invalid, "The checkpoint at entry %d is not as it was signed.", c.Number)
	case trusted != "" && trusted != c.Key:
		return fault.New(fault.Invalid, "The checkpoint at entry %d was signed by another key than %s.", c.Number, trusted)
	}
	return nil
}

// Reads are the looks at records that a deed seals. They are written down one by one, and sealed
// together.
type Reads struct {
	From   int64  `json:"from"` // moment of the first, in microseconds since 1970
	Until  int64  `json:"until"`
	Count  int    `json:"count"`
	Digest string `json:"digest"`
}

// SealReads is what a deed that seals reads is called.
const SealReads = "reads sealed"

// DigestReads digests looks at records, in their order, and counts them.
type DigestReads struct {
	sum         [sha256.Size]byte
	from, until int64
	count       int
}

// Add takes the next one.
func (d *DigestReads) Add(id string, a Access) {
	h := sha256.New()
	h.Write(d.sum[:])
	at := a.At.UnixMicro()
	writeFields(h, id, strconv.FormatInt(at, 10), string(a.District), string(a.Student), string(a.Actor), string(a.Relation), string(a.What))
	h.Sum(d.sum[:0])
	if d.count == 0 {
		d.from, d.until = at, at
	}
	d.from, d.until = min(d.from, at), max(d.until, at)
	d.count++
}

// Sum is what they add up to.
func (d *DigestReads) Sum() Reads {
	return Reads{d.from, d.until, d.count, hex.EncodeToString(d.sum[:])}
}

// Breach is something in an audit log that is not as it was written.
type Breach struct {
	Number int64  `json:"number"` // of the deed
	Kind   string `json:"kind"`   // altered, missing, moved, reads altered, cut off, rewritten
	Says   string `json:"says"`
}

// Auditor verifies an audit log, deed by deed.
type Auditor struct {
	// Reads digests again the looks at records that a deed seals; nil leaves them unverified.
	Reads       func(number int64) (Reads, error)
	Checkpoints []Checkpoint
	Breaches    []Breach
	Count       int64
	last        Deed
	digests     map[int64]string // at checkpoints
}

func (v *Auditor) breach(number int64, kind, format string, args ...any) {
	v.Breaches = append(v.Breaches, Breach{number, kind, fmt.Sprintf(format, args...)})
}

// Next takes the next deed, in the order of numbers.
func (v *Auditor) Next(d Deed) error {
	v.Count++
	if v.digests == nil {
		v.digests = map[int64]string{}
	}
	switch {
	case d.Number == v.last.Number:
		v.breach(d.Number, "moved", "there are two entries of this number")
	case d.Number != v.last.Number+1:
		v.breach(v.last.Number+1, "missing", "entries %d to %d are missing", v.last.Number+1, d.Number-1)
	}
	if d.Sealed().Digest != d.Digest {
		v.breach(d.Number, "altered", "the entry is not what its digest says")
	}
	if d.Number == v.last.Number+1 && d.Previous != v.last.Digest {
		v.breach(d.Number, "moved", "the entry was written after another one than stands before it")
	}
	for _, c := range v.Checkpoints {
		if c.Number == d.Number {
			v.digests[d.Number] = d.Digest
		}
	}
	v.last = d
	if d.What != SealReads || v.Reads == nil {
		return nil
	}
	var said Reads
	if err := json.Unmarshal([]byte(d.Detail), &said); err != nil {
		v.breach(d.Number, "altered", "what it seals cannot be read")
		return nil
	}
	is, err := v.Reads(d.Number)
	if err == nil && is != said {
		v.breach(d.Number, "reads altered", "of the looks at records from %s to %s, %d were sealed and %d are there, or one was changed", time.UnixMicro(said.From).UTC().Format(time.RFC3339), time.UnixMicro(said.Until).UTC().Format(time.RFC3339), said.Count, is.Count)
	}
	return err
}

// Done holds the log against its checkpoints.
func (v *Auditor) Done() {
	for _, c := range v.Checkpoints {
		digest, there := v.digests[c.Number]
		switch {
		case c.Number == 0:
		case !there && c.Number > v.last.Number:
			v.breach(c.Number, "cut off", "a checkpoint knows %d entries; the log ends at %d", c.Number, v.last.Number)
		case !there || digest != c.Digest:
			v.breach(c.Number, "rewritten", "a checkpoint knows another entry of this number")
		}
	}
}

// Certificate is a signed statement, such as that a record was erased.
type Certificate struct {
	Says      json.RawMessage `json:"says"`
	Key       string          `json:"publicKey"` // Ed25519, in base64
	Signature string          `json:"signature"`
}

// Certify signs what is said.
func Certify(says any, key ed25519.PrivateKey) (Certificate, error) {
	raw, err := json.Marshal(says)
	if err != nil {
		return Certificate{}, err
	}
	c := Certificate{Says: raw}
	c.Key, c.Signature = sign(key, c.message())
	return c, nil
}

func (c Certificate) message() []byte {
	return append([]byte("waymark-certificate/1\n"), c.Says...)
}

// Check reports, as a fault, whether a certificate was altered, or signed by another key than the one
// that is trusted; an empty one trusts any.
func (c Certificate) Check(trusted string) error {
	var b bytes.Buffer // white space is not signed
	if json.Compact(&b, c.Says) == nil {
		c.Says = b.Bytes()
	}
	switch {
	case !signed(c.Key, c.Signature, c.message()):
		return fault.New(fault.Invalid, "The certificate is not as it was signed.")
	case trusted != "" && trusted != c.Key:
		return fault.New(fault.Invalid, "The certificate was signed by another key than %s.", trusted)
	}
	return nil
}
