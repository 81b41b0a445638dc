package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tributary/profiles/state"
)

var (
	// ErrUnknown is returned for a text that is no key, or none that is kept.
	ErrUnknown = errors.New("auth: no such key")
	// ErrRevoked is returned for a key that was taken back.
	ErrRevoked = errors.New("auth: the key is revoked")
	// ErrExpired is returned for a key whose time is over.
	ErrExpired = errors.New("auth: the key has expired")
)

// Docs reads the run-time configuration; state.Store is one.
type Docs interface {
	Doc(bucket, key string) (json.RawMessage, bool, error)
	Docs(bucket string) ([]state.Doc, error)
	// DocsRevision grows with every change.
	DocsRevision() uint64
}

// Config changes the run-time configuration by a command of the log, and returns when it is
// applied.
type Config interface {
	Put(ctx context.Context, workspace, bucket, key string, value json.RawMessage) error
}

// Keys finds, makes and takes back keys. It is safe for concurrent use.
type Keys struct {
	docs   Docs
	config Config
	now    func() time.Time

	mu       sync.RWMutex
	revision uint64
	found    map[string]*Key // by hash; only keys that exist, so that guessing fills no memory
}

// NewKeys returns the keys of an installation. config may be nil where keys are only looked up.
func NewKeys(docs Docs, config Config, now func() time.Time) *Keys {
	return &Keys{docs: docs, config: config, now: now, found: map[string]*Key{}}
}

// Lookup finds the key of a text. It fails with ErrUnknown, ErrRevoked, ErrExpired or the error
// of the store. The caller does not change what it returns.
func (k *Keys) Lookup(_ context.Context, secret string) (*Key, error) {
	kind, ok := kindOf(secret)
	if !ok {
		return nil, ErrUnknown
	}
	key, err := k.find(Hash(secret))
	switch {
	case err != nil:
		return nil, err
	case key == nil || key.Kind != kind:
		return nil, ErrUnknown
	case !key.Revoked.IsZero():
		return nil, ErrRevoked
	case !key.Valid(k.now()):
		return nil, ErrExpired
	}
	return key, nil
}

func (k *Keys) find(hash string) (*Key, error) {
	// The revision is read before the document: a change in between is then seen next time.
	revision := k.docs.DocsRevision()
	k.mu.RLock()
	key, fresh := k.found[hash], k.revision == revision
	k.mu.RUnlock()
	if fresh && key != nil {
		return key, nil
	}
	value, ok, err := k.docs.Doc(Bucket, hash)
	if err != nil {
		return nil, fmt.Errorf("look up key: %w", err)
	}
	if !ok {
		return nil, nil
	}
	key = new(Key)
	if err := json.Unmarshal(value, key); err != nil {
		return nil, fmt.Errorf("look up key: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.revision != revision {
		k.revision = revision
		clear(k.found)
	}
	k.found[hash] = key
	return key, nil
}

// New says what a key is to be. Scopes are all that its kind may have if none are given, and Lane
// is live.
type New struct {
	Kind      Kind      `json:"kind"`
	Workspace string    `json:"workspace"`
	Scopes    []Scope   `json:"scopes,omitempty"`
	Source    string    `json:"source,omitempty"`
	Lane      string    `json:"lane,omitempty"`
	Origins   []string  `json:"origins,omitempty"`
	Note      string    `json:"note,omitempty"`
	Expires   time.Time `json:"expires,omitzero"`
}

// ErrInvalid is wrapped by the errors of keys that cannot be made, which name the fields at fault.
var ErrInvalid = errors.New("auth: the key is not valid")

// Create makes a key and returns its text, which is kept nowhere, once the key can be used.
func (k *Keys) Create(ctx context.Context, n New) (secret string, key *Key, err error) {
	now := k.now().UTC().Truncate(time.Millisecond)
	key = &Key{
		Kind: n.Kind, Workspace: n.Workspace, Scopes: n.Scopes, Source: n.Source, Lane: n.Lane,
		Origins: n.Origins, Note: n.Note, Created: now, Expires: n.Expires,
	}
	if len(key.Scopes) == 0 {
		key.Scopes = allowed[n.Kind]
	}
	if key.Kind == KindWrite && key.Lane == "" {
		key.Lane = "live"
	}
	if err := key.Validate(); err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if !key.Valid(now) {
		return "", nil, fmt.Errorf("%w: expires: is in the past", ErrInvalid)
	}
	if secret, err = NewSecret(n.Kind); err != nil {
		return "", nil, err
	}
	hash := Hash(secret)
	key.ID = idOf(hash)
	return secret, key, k.put(ctx, hash, key)
}

// Revoke takes a key back, and returns once it can no longer be used. Revoking twice is safe. It
// fails with ErrUnknown.
func (k *Keys) Revoke(ctx context.Context, id string) (*Key, error) {
	docs, err := k.docs.Docs(Bucket)
	if err != nil {
		return nil, fmt.Errorf("revoke key: %w", err)
	}
	for _, doc := range docs {
		if len(id) != 16 || !strings.HasPrefix(doc.Key, id) {
			continue
		}
		key := new(Key)
		if err := json.Unmarshal(doc.Value, key); err != nil {
			return nil, fmt.Errorf("revoke key: %w", err)
		}
		if !key.Revoked.IsZero() {
			return key, nil
		}
		key.Revoked = k.now().UTC().Truncate(time.Millisecond)
		return key, k.put(ctx, doc.Key, key)
	}
	return nil, ErrUnknown
}

func (k *Keys) put(ctx context.Context, hash string, key *Key) error {
	value, err := json.Marshal(key)
	if err == nil {
		err = k.config.Put(ctx, key.Workspace, Bucket, hash, value)
	}
	if err != nil {
		return fmt.Errorf("store key: %w", err)
	}
	return nil
}

// List returns all keys of a workspace, or of all for an empty name, the oldest first.
func (k *Keys) List(workspace string) ([]*Key, error) {
	docs, err := k.docs.Docs(Bucket)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	var keys []*Key
	for _, doc := range docs {
		key := new(Key)
		if err := json.Unmarshal(doc.Value, key); err != nil {
			return nil, fmt.Errorf("list keys: %w", err)
		}
		if workspace == "" || key.Workspace == workspace {
			keys = append(keys, key)
		}
	}
	slices.SortStableFunc(keys, func(a, b *Key) int { return a.Created.Compare(b.Created) })
	return keys, nil
}
