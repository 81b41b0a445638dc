package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// Session is what a bearer of its token is bound to: one observation, and so whatever profile that belongs to, and
// one conversation.
type Session struct {
	ID           uuid.UUID
	Observation  identity.ObservationID
	Conversation string
	Expires      time.Time
}

// Bounds of how long a session lasts.
const (
	MinSession     = time.Minute
	MaxSession     = time.Hour
	DefaultSession = 15 * time.Minute
)

// SessionBucket holds sessions that were ended before their time, by workspace and id, until that time.
const SessionBucket = "ended_sessions"

// sessionPrefix begins the text of a session's token.
const sessionPrefix = "trb_s_"

// IsSession says whether a text has the form of a session's token.
func IsSession(text string) bool { return strings.HasPrefix(text, sessionPrefix) }

// maxSession bounds what is decoded, in bytes.
const maxSession = 8 << 10

// ErrNoSession is returned for a key that can make no session.
var ErrNoSession = errors.New("auth: the key makes no sessions")

// SessionScopes are those that a session may have, of which it has what its maker has.
func SessionScopes() []Scope {
	return []Scope{ScopeProfilesRead, ScopeContextRead, ScopeTimelineRead, ScopeConsentRead, ScopeStreamRead, ScopeAgentWrite}
}

// Sessions makes and checks the tokens of agent sessions. Nothing is kept of a session but that it was ended: its token
// holds what it is, encrypted, and is worth what the key is that made it. It is safe for concurrent use.
type Sessions struct {
	keys   *Keys
	secret []byte
	seal   sealer

	mu       sync.RWMutex
	revision uint64
	ended    map[string]bool // by workspace and id; nil: never read
}

// NewSessions returns the sessions of an installation. The secret has 32 random bytes, the same on all servers.
func NewSessions(keys *Keys, secret []byte) (*Sessions, error) {
	seal, err := newSealer(secret, "agent session")
	if err != nil {
		return nil, fmt.Errorf("configure sessions: %w", err)
	}
	seal.bound, seal.most = sessionPrefix, maxSession
	return &Sessions{keys: keys, secret: secret, seal: seal}, nil
}

// sessionToken is what a token holds.
type sessionToken struct {
	Key          []byte    `json:"k"` // hash of the key that made it
	Observation  uuid.UUID `json:"o"`
	Conversation string    `json:"c"`
	Purpose      Purpose   `json:"p"`
	Scopes       []Scope   `json:"s"`
	Expires      int64     `json:"e"` // Unix time in seconds
}

// NewSession says what a session is to be. Purpose is the maker's, or one that the policy lists as narrower; Scopes are
// all that a session of the maker's may have if none are given.
type NewSession struct {
	Observation  identity.ObservationID
	Conversation string
	Purpose      Purpose
	Scopes       []Scope
	Lasts        time.Duration // at most MaxSession: what is ended is remembered for as long
}

// MaySession says why a key can make no session: it is none that is kept, reads no context, or is a session itself.
func (k *Key) MaySession() error {
	switch {
	case k.Session != nil:
		return fmt.Errorf("%w: it is a session itself", ErrNoSession)
	case k.subject != "" || k.Customer.Type != "" || k.Kind != KindAgent && k.Kind != KindRead:
		return fmt.Errorf("%w: agent and read keys do", ErrNoSession)
	case !k.May(ScopeContextRead):
		return fmt.Errorf("%w: it has no scope %s", ErrNoSession, ScopeContextRead)
	}
	return nil
}

// Make makes the token of a session. It fails with ErrNoSession, or with ErrBeyond, naming the field.
func (s *Sessions) Make(maker *Key, n NewSession) (text string, session *Key, err error) {
	if err := maker.MaySession(); err != nil {
		return "", nil, err
	}
	hash, err := s.keys.hashOf(maker)
	if err != nil {
		return "", nil, err
	}
	if n.Scopes, err = sessionScopes(maker, n.Scopes); err != nil {
		return "", nil, err
	}
	id, err := s.newID(maker.Workspace)
	if err != nil {
		return "", nil, fmt.Errorf("make session: %w", err)
	}
	expires := s.keys.now().Add(min(n.Lasts, MaxSession)).Truncate(time.Second)
	if !maker.Expires.IsZero() && maker.Expires.Before(expires) {
		expires = maker.Expires.Truncate(time.Second)
	}
	token := sessionToken{
		Key: hash, Observation: n.Observation, Conversation: n.Conversation, Purpose: n.Purpose, Scopes: n.Scopes, Expires: expires.Unix(),
	}
	if text, err = s.seal.sealAs(id, &token); err != nil {
		return "", nil, fmt.Errorf("make session: %w", err)
	}
	return sessionPrefix + text, token.key(maker, id), nil
}

func sessionScopes(maker *Key, asked []Scope) ([]Scope, error) {
	may := slices.DeleteFunc(SessionScopes(), func(s Scope) bool { return !maker.May(s) })
	for i, scope := range asked {
		if !slices.Contains(may, scope) {
			return nil, fmt.Errorf("%w: scopes[%d]: must be one of %s", ErrBeyond, i, Names(may))
		}
	}
	if len(asked) > 0 {
		return asked, nil
	}
	return may, nil
}

// Lookup finds what the bearer of a token may do. It fails as Keys.Lookup does: with ErrUnknown for a text that is no
// token, with ErrExpired for a session that is over or of a key that is, with ErrRevoked if either was ended, with
// ErrClosed, or with the error of the store.
func (s *Sessions) Lookup(_ context.Context, text string) (*Key, error) {
	id, token, ok := s.open(text)
	if !ok {
		return nil, ErrUnknown
	}
	maker, err := s.keys.find(hex.EncodeToString(token.Key))
	switch {
	case err != nil:
		return nil, err
	case maker == nil:
		return nil, ErrUnknown
	}
	key := token.key(maker, id)
	if err := s.keys.usable(maker); err != nil {
		return key, err
	}
	if !s.keys.now().Before(key.Expires) {
		return key, ErrExpired
	}
	ended, err := s.isEnded(maker.Workspace, id)
	switch {
	case err != nil:
		return nil, err
	case ended:
		return key, ErrRevoked
	}
	return key, nil
}

// key is what a session's bearer may do: what its maker may, of what the token says, about one subject.
func (t *sessionToken) key(maker *Key, id uuid.UUID) *Key {
	key := *maker
	key.Scopes, key.Purpose, key.Expires = t.Scopes, t.Purpose, time.Unix(t.Expires, 0).UTC()
	key.subject = maker.Actor() + ":session:" + id.String()
	key.Session = &Session{ID: id, Observation: t.Observation, Conversation: t.Conversation, Expires: key.Expires}
	return &key
}

// newID makes the id of a session, of which ten bytes are random and the others say that it was made here, for that
// workspace: so that what is kept of sessions that were ended is bounded by those that there were.
func (s *Sessions) newID(workspace string) (id uuid.UUID, err error) {
	if id, err = uuid.NewRandom(); err != nil {
		return id, err
	}
	id[6] = id[6]&0x0f | 0x80 // version 8, of our own making (RFC 9562)
	copy(id[10:], s.proof(workspace, id))
	return id, nil
}

// proof is what the last bytes of an id must be.
func (s *Sessions) proof(workspace string, id uuid.UUID) []byte {
	h := hmac.New(sha256.New, s.secret)
	h.Write([]byte("session id\x00" + workspace + "\x00"))
	h.Write(id[:10])
	return h.Sum(nil)[:6]
}

// open reads a token. Its key is made from the session's id, with which it begins.
func (s *Sessions) open(text string) (id uuid.UUID, token *sessionToken, ok bool) {
	body, found := strings.CutPrefix(text, sessionPrefix)
	if !found {
		return id, nil, false
	}
	token = new(sessionToken)
	id, ok = s.seal.openAs(body, token)
	return id, token, ok
}

type endedDoc struct {
	Until time.Time `json:"until"`
}

// End ends a session before its time, and returns once its token opens nothing. Ending twice is safe. It fails with
// ErrUnknown for an id that no session of the workspace ever had.
func (s *Sessions) End(ctx context.Context, workspace string, id uuid.UUID) error {
	if !hmac.Equal(id[10:], s.proof(workspace, id)) {
		return ErrUnknown
	}
	now := s.keys.now().UTC().Truncate(time.Second)
	value, err := json.Marshal(endedDoc{now.Add(MaxSession)})
	if err == nil {
		err = s.keys.config.Put(unify.WithAction(ctx, "session.end"), workspace, SessionBucket, endedKey(workspace, id), value)
	}
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return s.drop(ctx, workspace, now)
}

// maxDropped bounds how many documents one End drops.
const maxDropped = 16

// drop forgets sessions that were ended and would be over by now.
func (s *Sessions) drop(ctx context.Context, workspace string, now time.Time) error {
	docs, err := s.keys.docs.Docs(SessionBucket)
	if err != nil {
		return fmt.Errorf("list ended sessions: %w", err)
	}
	dropped := 0
	for _, d := range docs {
		if !strings.HasPrefix(d.Key, workspace+"/") || !over(d, now) {
			continue
		}
		if dropped++; dropped > maxDropped {
			break
		}
		if err := s.keys.config.Delete(unify.WithBy(ctx, unify.By{}), workspace, SessionBucket, d.Key); err != nil {
			return fmt.Errorf("forget an ended session: %w", err)
		}
	}
	return nil
}

func over(d state.Doc, now time.Time) bool {
	var doc endedDoc
	return json.Unmarshal(d.Value, &doc) == nil && now.After(doc.Until)
}

func endedKey(workspace string, id uuid.UUID) string { return workspace + "/" + id.String() }

func (s *Sessions) isEnded(workspace string, id uuid.UUID) (bool, error) {
	revision := s.keys.docs.DocsRevision() // before the documents, as in Keys.find
	s.mu.RLock()
	ended, fresh := s.ended, s.revision == revision
	s.mu.RUnlock()
	if !fresh || ended == nil {
		docs, err := s.keys.docs.Docs(SessionBucket)
		if err != nil {
			return false, fmt.Errorf("look up session: %w", err)
		}
		ended = map[string]bool{}
		for _, d := range docs {
			ended[d.Key] = true
		}
		s.mu.Lock()
		s.ended, s.revision = ended, revision
		s.mu.Unlock()
	}
	return ended[endedKey(workspace, id)], nil
}
