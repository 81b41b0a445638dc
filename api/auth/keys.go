package auth

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/state"
	"tributary/profiles/unify"
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
	// PutAll stores all documents or none.
	PutAll(ctx context.Context, workspace, bucket string, documents []unify.ConfigDocument) error
	Delete(ctx context.Context, workspace, bucket, key string) error
}

// Keys finds, makes and takes back keys. It is safe for concurrent use.
type Keys struct {
	// Workspaces are those that keys may be made for; nil: any name will do. Set it before use.
	Workspaces *Workspaces

	docs   Docs
	config Config
	now    func() time.Time

	mu       sync.RWMutex
	revision uint64
	found    map[string]*Key // by hash; only keys that exist, so that guessing fills no memory

	browsersRevision uint64
	browsers         map[spoken]bool // see FromBrowsers; nil: never asked

	used uses

	rotating sync.Mutex // so that two rotations of one key do not make two successors
}

// NewKeys returns the keys of an installation. config may be nil where keys are only looked up.
func NewKeys(docs Docs, config Config, now func() time.Time) *Keys {
	return &Keys{docs: docs, config: config, now: now, found: map[string]*Key{}}
}

// Lookup finds the key of a text. It fails with ErrUnknown, or, with the key, ErrRevoked, ErrExpired or
// ErrClosed, or with the error of the store. The caller does not change what it returns.
//
// Every text is hashed and looked up by its hash, whatever it is like: those of no key cost the same, and
// how far a guess agrees with a key shows nowhere, for hashes of texts that are alike are not.
func (k *Keys) Lookup(_ context.Context, secret string) (*Key, error) {
	key, err := k.find(Hash(secret))
	kind, ok := kindOf(secret)
	if err != nil {
		return nil, err
	}
	if key == nil || !ok || key.Kind != kind {
		return nil, ErrUnknown
	}
	return key, k.usable(key)
}

// usable says why a key opens nothing now, and notes that it was used if it does.
func (k *Keys) usable(key *Key) error {
	now := k.now()
	switch {
	case !key.Revoked.IsZero():
		return ErrRevoked
	case !key.Valid(now):
		return ErrExpired
	}
	if k.Workspaces != nil {
		if closed, err := k.Workspaces.isClosed(key.Workspace); err != nil {
			return err
		} else if closed {
			return ErrClosed
		}
	}
	k.used.note(key, now)
	return nil
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
	key.hash = hash
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.revision != revision {
		k.revision = revision
		clear(k.found)
	}
	k.found[hash] = key
	return key, nil
}

// hashOf finds under which hash a key is kept.
func (k *Keys) hashOf(key *Key) ([]byte, error) {
	hash := key.hash
	if hash == "" {
		var err error
		if hash, _, err = k.byID(key.ID); err != nil {
			return nil, err
		}
	}
	return hex.DecodeString(hash)
}

// New says what a key is to be. Scopes are all that its kind may have if none are given; a write key's
// Lane is live; what a key that reads is for is DefaultPurpose and DefaultReader.
type New struct {
	Kind      Kind     `json:"kind"`
	Workspace string   `json:"workspace"`
	Scopes    []Scope  `json:"scopes,omitempty"`
	Purpose   Purpose  `json:"purpose,omitempty"`
	Reader    Reader   `json:"reader,omitempty"`
	Source    string   `json:"source,omitempty"`
	Lane      string   `json:"lane,omitempty"`
	Origins   []string `json:"origins,omitempty"`
	// RatePerSecond: see Key.
	RatePerSecond float64   `json:"rate_per_second,omitempty"`
	Note          string    `json:"note,omitempty"`
	Expires       time.Time `json:"expires,omitzero"`
}

// ErrInvalid is wrapped by the errors of keys that cannot be made, which name the fields at fault.
var ErrInvalid = errors.New("auth: the key is not valid")

// key is the key that n describes, with its defaults, and no id yet.
func (n *New) key(now time.Time) *Key {
	key := &Key{
		Kind: n.Kind, Workspace: n.Workspace, Scopes: n.Scopes, Purpose: n.Purpose, Reader: n.Reader, Source: n.Source, Lane: n.Lane,
		RatePerSecond: n.RatePerSecond, Origins: n.Origins, Note: n.Note, Created: now.UTC().Truncate(time.Millisecond), Expires: n.Expires,
	}
	if len(key.Scopes) == 0 {
		key.Scopes = allowed[n.Kind]
	}
	if key.Kind == KindWrite {
		key.Lane = cmp.Or(key.Lane, stream.LaneLive.String())
		return key
	}
	key.Purpose, key.Reader = cmp.Or(key.Purpose, DefaultPurpose), cmp.Or(key.Reader, DefaultReader)
	return key
}

// Create makes a key and returns its text, which is kept nowhere, once the key can be used.
func (k *Keys) Create(ctx context.Context, n New) (secret string, key *Key, err error) {
	return k.create(ctx, n, func(*Key) error { return nil })
}

// CreateBy is Create on the authority of another key. It fails with ErrBeyond; see Key.MayGive.
func (k *Keys) CreateBy(ctx context.Context, creator *Key, n New) (secret string, key *Key, err error) {
	return k.create(ctx, n, creator.MayGive)
}

func (k *Keys) create(ctx context.Context, n New, allow func(*Key) error) (secret string, key *Key, err error) {
	now := k.now()
	key = n.key(now)
	if err := key.Validate(); err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if !key.Valid(now) {
		return "", nil, fmt.Errorf("%w: expires: is in the past", ErrInvalid)
	}
	if err := allow(key); err != nil {
		return "", nil, err
	}
	if k.Workspaces != nil {
		if err := k.Workspaces.takesKeys(key.Workspace); err != nil {
			return "", nil, err
		}
	}
	if secret, err = NewSecret(n.Kind); err != nil {
		return "", nil, err
	}
	hash := Hash(secret)
	key.ID = idOf(hash)
	return secret, key, k.put(unify.WithAction(ctx, "key.create"), hash, key)
}

// Revoke takes a key back, and returns once it can no longer be used. Revoking twice is safe. It
// fails with ErrUnknown.
func (k *Keys) Revoke(ctx context.Context, id string) (*Key, error) {
	hash, key, err := k.byID(id)
	if err != nil || !key.Revoked.IsZero() {
		return key, err
	}
	key.Revoked = k.now().UTC().Truncate(time.Millisecond)
	return key, k.put(unify.WithAction(ctx, "key.revoke"), hash, key)
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
		if workspace != "" && key.Workspace != workspace {
			continue
		}
		if key.LastUsed, err = k.LastUsed(key.ID); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	slices.SortStableFunc(keys, func(a, b *Key) int { return a.Created.Compare(b.Created) })
	return keys, nil
}
