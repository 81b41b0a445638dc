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

// sealer encrypts what browsers keep for us, by AES-256-GCM. Every text has a key of its own, derived by HKDF from the
// secret and 16 random bytes that it begins with, so that no nonce is ever used twice; and it is bound to its purpose:
// one that was made for another purpose, or by another server's secret, does not open.
type sealer struct {
	secret  []byte
	purpose string
}

// saltBytes are those that a sealed text begins with.
const saltBytes = 16

func newSealer(secret []byte, purpose string) (sealer, error) {
	if len(secret) < sha256.Size {
		return sealer{}, errors.New("secret: is too short")
	}
	return sealer{secret, purpose}, nil
}

// seal returns v as JSON, encrypted, in the alphabet of base64url, which cookies take as it is.
func (s sealer) seal(v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // it never fails
	box, err := s.box(salt)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	sealed := box.Seal(salt, make([]byte, box.NonceSize()), plain, []byte(s.purpose))
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// open reads what was sealed into v, and says whether it was.
func (s sealer) open(text string, v any) bool {
	if len(text) > maxSealed {
		return false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(sealed) < saltBytes {
		return false
	}
	box, err := s.box(sealed[:saltBytes])
	if err != nil {
		return false
	}
	plain, err := box.Open(nil, make([]byte, box.NonceSize()), sealed[saltBytes:], []byte(s.purpose))
	return err == nil && json.Unmarshal(plain, v) == nil
}

func (s sealer) box(salt []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, s.secret, salt, s.purpose, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
