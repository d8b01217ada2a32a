package guard

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a password or code hash: argon2id with the parameters that RFC 9106
// section 4 recommends second (64 MiB), lowered to what a school's old PC bears.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024 // KiB
	argonThreads = 1
	argonKey     = 32
	saltSize     = 16
)

// HashSecret returns the argon2id hash of a password or code in PHC string format.
func HashSecret(secret string, random io.Reader) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fmt.Errorf("read salt: %w", err)
	}
	key := argon2.IDKey([]byte(secret), salt, argonTime, argonMemory, argonThreads, argonKey)
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b.EncodeToString(salt), b.EncodeToString(key)), nil
}

// VerifySecret reports whether a secret matches a hash made by [HashSecret], also one
// made with other costs. An unreadable hash matches nothing. It takes as long for
// an empty hash as for a real one, so that nobody can tell who has an account.
func VerifySecret(hash, secret string) bool {
	time, memory, threads := uint32(argonTime), uint32(argonMemory), uint8(argonThreads)
	salt, want := make([]byte, saltSize), make([]byte, argonKey)
	known := false
	if parts := strings.Split(hash, "$"); len(parts) == 6 && parts[1] == "argon2id" {
		var v int
		var m, t uint32
		var p uint8
		_, err1 := fmt.Sscanf(parts[2], "v=%d", &v)
		_, err2 := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p)
		s, err3 := base64.RawStdEncoding.DecodeString(parts[4])
		w, err4 := base64.RawStdEncoding.DecodeString(parts[5])
		if err1 == nil && err2 == nil && err3 == nil && err4 == nil && v == argon2.Version && len(w) > 0 && t > 0 && p > 0 {
			salt, want, known = s, w, true
			memory, time, threads = m, t, p
		}
	}
	got := argon2.IDKey([]byte(secret), salt, time, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && known
}

// NewToken returns a random token for a session or a link, and what is stored of it:
// its hash, so that a stolen database opens no session.
func NewToken(random io.Reader) (token, hash string, err error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", "", fmt.Errorf("read token: %w", err)
	}
	token = base64.RawURLEncoding.EncodeToString(raw)
	return token, TokenHash(token), nil
}

// TokenHash returns what is stored of a token.
func TokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// CodeWords are the words of a child's word-and-number code and of class codes: short,
// friendly, and hard to mistake for each other.
var CodeWords = strings.Fields(`acorn apple bear bird boat bread cloud clover corn crab daisy deer drum eagle
 fern fish flute fox frog goat grape hill honey jam kite lake lamp leaf lemon lion maple moon moss mouse nest
 oak ocean olive otter owl panda peach pear penguin pine plum pond rain river robin rose sand seal shell snow
 spoon star stone sun tiger tree turtle wave whale willow wolf zebra`)

// Pictures are the names of the pictures of a picture code and of the token by which
// a child finds themself in a class; web draws them.
var Pictures = []string{"bird", "cat", "dog", "fish", "rabbit", "turtle", "apple", "tree", "sun", "moon", "star", "boat"}

// CodeKind is how a child signs in.
type CodeKind string

const (
	WordCode    CodeKind = "word"    // such as "otter 47"
	PictureCode CodeKind = "picture" // three pictures in order
)

// NewCode draws a code: two words and a two-digit number, or four of the pictures.
func NewCode(kind CodeKind, random io.Reader) (string, error) {
	pick := func(n int) (int, error) {
		// Rejection keeps every choice equally likely.
		var b [1]byte
		for {
			if _, err := io.ReadFull(random, b[:]); err != nil {
				return 0, fmt.Errorf("draw code: %w", err)
			}
			if limit := 256 - 256%n; int(b[0]) < limit {
				return int(b[0]) % n, nil
			}
		}
	}
	var parts []string
	if kind == PictureCode {
		for range 4 {
			i, err := pick(len(Pictures))
			if err != nil {
				return "", err
			}
			parts = append(parts, Pictures[i])
		}
		return strings.Join(parts, " "), nil
	}
	for range 2 {
		i, err := pick(len(CodeWords))
		if err != nil {
			return "", err
		}
		parts = append(parts, CodeWords[i])
	}
	n, err := pick(90)
	if err != nil {
		return "", err
	}
	return strings.Join(append(parts, strconv.Itoa(10+n)), " "), nil
}

// FoldCode brings a typed code into the shape that was hashed: lower case, single
// spaces, no punctuation.
func FoldCode(code string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(code), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	}), " ")
}
