package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tributary/profiles/unify"
)

const (
	// DefaultGrace is how long a key that was rotated goes on.
	DefaultGrace = 24 * time.Hour
	// MaxGrace is the longest that it may.
	MaxGrace = 90 * 24 * time.Hour
)

// Rotate makes a key that may do what the key with an id may, and lets that one go on for grace, or
// until it would have ended anyway. Both are listed, and share a Chain. The new key lives as long from
// now on as the old one was made to. It fails with ErrUnknown, ErrRevoked, ErrExpired, or with
// ErrInvalid for a key that was rotated already: its successor is the one to rotate.
//
// Both change by one command: cut off at any moment, the key is rotated or it is not. Who lost the answer,
// and with it the only copy of the new text, sees the successor listed and rotates that.
func (k *Keys) Rotate(ctx context.Context, id string, grace time.Duration) (secret string, key *Key, err error) {
	if grace < 0 || grace > MaxGrace {
		return "", nil, fmt.Errorf("%w: grace: must be 0 to %s", ErrInvalid, MaxGrace)
	}
	k.rotating.Lock()
	defer k.rotating.Unlock()
	hash, old, err := k.byID(id)
	if err != nil {
		return "", nil, err
	}
	now := k.now().UTC().Truncate(time.Millisecond)
	switch {
	case !old.Revoked.IsZero():
		return "", nil, ErrRevoked
	case !old.Valid(now):
		return "", nil, ErrExpired
	case old.ReplacedBy != "":
		return "", nil, fmt.Errorf("%w: id: was rotated already, to %s", ErrInvalid, old.ReplacedBy)
	}
	successor := *old
	successor.Created, successor.Replaces = now, old.ID
	if successor.Chain == "" {
		successor.Chain = old.ID
	}
	if !old.Expires.IsZero() {
		successor.Expires = now.Add(old.Expires.Sub(old.Created))
	}
	if secret, err = NewSecret(old.Kind); err != nil {
		return "", nil, err
	}
	successor.ID = idOf(Hash(secret))
	old.Chain, old.ReplacedBy = successor.Chain, successor.ID
	if end := now.Add(grace); old.Expires.IsZero() || end.Before(old.Expires) {
		old.Expires = end
	}
	if err := k.putBoth(unify.WithAction(ctx, "key.rotate"), hash, old, Hash(secret), &successor); err != nil {
		return "", nil, err
	}
	return secret, &successor, nil
}

func (k *Keys) putBoth(ctx context.Context, hash string, old *Key, newHash string, successor *Key) error {
	first, err1 := json.Marshal(old)
	second, err2 := json.Marshal(successor)
	err := errors.Join(err1, err2)
	if err == nil {
		err = k.config.PutAll(ctx, old.Workspace, Bucket, []unify.ConfigDocument{{Key: hash, Value: first}, {Key: newHash, Value: second}})
	}
	if err != nil {
		return fmt.Errorf("store keys: %w", err)
	}
	return nil
}

// Get finds a key by its id. It fails with ErrUnknown.
func (k *Keys) Get(id string) (*Key, error) {
	_, key, err := k.byID(id)
	return key, err
}

// byID returns a key of its own, for the caller to change, and the hash that it is kept under.
func (k *Keys) byID(id string) (hash string, key *Key, err error) {
	if len(id) != idLength {
		return "", nil, ErrUnknown
	}
	docs, err := k.docs.Docs(Bucket)
	if err != nil {
		return "", nil, fmt.Errorf("look up key: %w", err)
	}
	for _, doc := range docs {
		if !strings.HasPrefix(doc.Key, id) {
			continue
		}
		key := new(Key)
		if err := json.Unmarshal(doc.Value, key); err != nil {
			return "", nil, fmt.Errorf("look up key: %w", err)
		}
		return doc.Key, key, nil
	}
	return "", nil, ErrUnknown
}

// ErrBeyond is returned where a key would give more than it has.
var ErrBeyond = errors.New("auth: the key would give more than it has")

// MayGive says whether a key may make, or rotate, another one: of its own workspace, without a scope
// that it has not, and, if a model reads what it is answered, for the same reader and purpose. It fails
// with ErrBeyond, naming the field.
func (k *Key) MayGive(other *Key) error {
	if other.Workspace != k.Workspace {
		return fmt.Errorf("%w: workspace: is another than the key's own", ErrBeyond)
	}
	for i, s := range other.Scopes {
		if !slices.Contains(k.Scopes, s) {
			return fmt.Errorf("%w: scopes[%d]: the key has it not itself", ErrBeyond, i)
		}
	}
	model := k.Reader == ReaderOwnAI || k.Reader == ReaderThirdPartyAI
	if model && other.Kind != KindWrite && (other.Reader != k.Reader || other.Purpose != k.Purpose) {
		return fmt.Errorf("%w: reader, purpose: a key for a model makes keys for the same reader and purpose alone", ErrBeyond)
	}
	return nil
}
