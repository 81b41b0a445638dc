package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// maxSealed bounds what is opened, in bytes: browsers keep no larger cookie.
const maxSealed = 4 << 10

// sealer encrypts what others keep for us, by AES-256-GCM. Every text has a key of its own, derived by HKDF from the
// secret and the 16 bytes that it begins with, of which no two texts have the same, so that no nonce is ever used
// twice; and it is bound to its purpose: one that was made for another purpose, or by another server's secret, does
// not open.
type sealer struct {
	secret  []byte
	purpose string // of the key: HKDF's info
	bound   string // to what, beside the key: the data that is authenticated but not sealed
	most    int    // bytes of a text that is opened
}

// salt is what a sealed text begins with.
type salt = [16]byte

// newSealer returns one for what cookies hold.
func newSealer(secret []byte, purpose string) (sealer, error) {
	if len(secret) < sha256.Size {
		return sealer{}, errors.New("secret: is too short")
	}
	return sealer{secret: secret, purpose: purpose, bound: purpose, most: maxSealed}, nil
}

// seal returns v as JSON, encrypted, in the alphabet of base64url, which cookies take as it is.
func (s sealer) seal(v any) (string, error) {
	var begin salt
	_, _ = rand.Read(begin[:]) // it never fails
	return s.sealAs(begin, v)
}

// sealAs seals what begins with bytes of the caller's own, which it gives to one text alone.
func (s sealer) sealAs(begin salt, v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	box, err := s.box(begin)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	sealed := box.Seal(begin[:], make([]byte, box.NonceSize()), plain, []byte(s.bound))
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// open reads what was sealed into v, and says whether it was.
func (s sealer) open(text string, v any) bool {
	_, ok := s.openAs(text, v)
	return ok
}

// openAs opens, and says what the text begins with.
func (s sealer) openAs(text string, v any) (begin salt, ok bool) {
	if len(text) > s.most {
		return begin, false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(sealed) < len(begin) {
		return begin, false
	}
	copy(begin[:], sealed)
	box, err := s.box(begin)
	if err != nil {
		return begin, false
	}
	plain, err := box.Open(nil, make([]byte, box.NonceSize()), sealed[len(begin):], []byte(s.bound))
	return begin, err == nil && json.Unmarshal(plain, v) == nil
}

func (s sealer) box(begin salt) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, s.secret, begin[:], s.purpose, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
