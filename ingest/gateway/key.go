package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"tributary/ingest/stream"
)

// ErrUnknownKey is what Keys returns for a hash that no valid write key has.
var ErrUnknownKey = errors.New("gateway: unknown write key")

// KeyHash is the SHA-256 of a write key. Keys are long and random, so that a plain hash is enough;
// nothing of Tributary keeps the key itself.
type KeyHash [sha256.Size]byte

// HashKey returns the hash that a write key is known by.
func HashKey(key string) KeyHash { return sha256.Sum256([]byte(key)) }

// String returns the hash in lower-case hexadecimal, the form in which it is stored.
func (h KeyHash) String() string { return hex.EncodeToString(h[:]) }

// Keys knows the write keys.
type Keys interface {
	// WriteKey returns what the key of that hash may do, ErrUnknownKey if there is none or it was
	// revoked, and any other error when that cannot be told at present. It is called for every
	// request, from many goroutines, and should answer from memory.
	WriteKey(ctx context.Context, hash KeyHash) (WriteKey, error)
}

// WriteKey is what a key stands for.
type WriteKey struct {
	// ID names the key in metrics and rate limits; it is not secret.
	ID        string
	Workspace string
	Source    string
	Lane      stream.Lane
	// EventsPerSecond takes the place of Config.EventsPerSecond; 0: it does not.
	EventsPerSecond float64
	// Origins are the web origins, such as "https://www.example.com", from which browsers may use
	// the key; "*" stands for all. A key without origins is refused to browsers.
	Origins []string
}

// allows says whether a browser on a page of that origin may use the key.
func (k *WriteKey) allows(origin string) bool {
	return slices.Contains(k.Origins, "*") || slices.Contains(k.Origins, origin)
}

// refused says why a key does not work. Only its form is looked at: whether a key of another kind
// exists is not told.
func refused(key string) string {
	if len(key) > 6 && strings.HasPrefix(key, "trb_") && key[4] != 'w' && key[5] == '_' {
		return "This is not a write key; those begin with trb_w_."
	}
	return "The write key is unknown, expired or revoked."
}

// basicUser returns the user name of basic authentication, which Segment's libraries set to the
// write key, with an empty password
// (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#basic-authentication).
func basicUser(header string) (string, bool) {
	const scheme = "basic "
	if len(header) <= len(scheme) || !strings.EqualFold(header[:len(scheme)], scheme) {
		return "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(header[len(scheme):])
	if err != nil {
		return "", false
	}
	user, _, _ := strings.Cut(string(decoded), ":")
	return user, user != ""
}
