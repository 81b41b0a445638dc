package privacy

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrSeal is returned for what this installation's key did not seal, or sealed as something else.
var ErrSeal = errors.New("privacy: was not sealed by this installation's key")

// sealFormat is the first byte of what is sealed.
const sealFormat = 's'

// seals keep from others what must be stored and is no person's, but would tell of one to who has a guess: a
// model of identities holds short hashes of values. AES-256-GCM (NIST SP 800-38D); the nonce is an HMAC of what is
// sealed, so that the same is sealed alike and a nonce is used twice for the same only.
type seals struct {
	aead  cipher.AEAD
	nonce []byte // key of the HMAC
}

func newSeals(folderKey []byte) (*seals, error) {
	key, err := hkdf.Key(sha256.New, folderKey, nil, "privacy seals", 2*sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of seals: %w", err)
	}
	block, err := aes.NewCipher(key[:sha256.Size])
	if err != nil {
		return nil, fmt.Errorf("derive the key of seals: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("derive the key of seals: %w", err)
	}
	return &seals{aead, key[sha256.Size:]}, nil
}

// Seal encrypts what only this installation is to read, 29 bytes longer. What is told about it, such as whose it
// is, must be told again to Unseal it.
func (h *Hasher) Seal(plain []byte, about ...string) []byte {
	told := joined(about)
	mac := hmac.New(sha256.New, h.seals.nonce)
	_, _ = mac.Write(told)
	_, _ = mac.Write(plain)
	nonce := mac.Sum(nil)[:h.seals.aead.NonceSize()]
	sealed := make([]byte, 0, 1+len(nonce)+len(plain)+h.seals.aead.Overhead())
	sealed = append(append(sealed, sealFormat), nonce...)
	return h.seals.aead.Seal(sealed, nonce, plain, told)
}

// Unseal returns what was sealed, or ErrSeal.
func (h *Hasher) Unseal(sealed []byte, about ...string) ([]byte, error) {
	n := h.seals.aead.NonceSize()
	if len(sealed) < 1+n || sealed[0] != sealFormat {
		return nil, ErrSeal
	}
	plain, err := h.seals.aead.Open(nil, sealed[1:1+n], sealed[1+n:], joined(about))
	if err != nil {
		return nil, ErrSeal
	}
	return plain, nil
}

// joined is each text after its length.
func joined(texts []string) (b []byte) {
	b = binary.AppendUvarint(b, uint64(len(texts)))
	for _, text := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return b
}
