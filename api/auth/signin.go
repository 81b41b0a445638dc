package auth

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// MaxSignIn is how long a browser stays signed in at the longest.
const MaxSignIn = 12 * time.Hour

var (
	// ErrNoSignIn is returned for a key that nobody signs in with.
	ErrNoSignIn = errors.New("auth: nobody signs in with this")
	// ErrSignedOut is returned for a text that no browser was given, and for one whose time is over.
	ErrSignedOut = errors.New("auth: the browser is not signed in")
)

// SignIns makes and checks what a browser keeps while somebody is signed in. Nothing of it is kept here. Of a key it
// holds the hash, under which the key is looked up at each request: revoked or expired, it opens nothing at once. Of a
// token, which is not looked up anywhere, it holds what its bearer might do at sign-in. It is safe for concurrent use.
type SignIns struct {
	keys   *Keys
	seal   sealer
	issued map[string]bool // whose tokens are taken; see Key.issued
}

// NewSignIns returns the sign-ins of an installation. The secret has 32 random bytes, the same on all servers. Issuers
// are those whose tokens people sign in with: once one is no longer among them, those who did are signed out.
func NewSignIns(keys *Keys, secret []byte, issuers ...Issuer) (*SignIns, error) {
	seal, err := newSealer(secret, "browser session")
	if err != nil {
		return nil, fmt.Errorf("configure sign-ins: %w", err)
	}
	s := &SignIns{keys: keys, seal: seal, issued: map[string]bool{}}
	for _, i := range issuers {
		s.issued[i.name()] = true
	}
	return s, nil
}

// name is what tells an issuer, as a configuration has it, from all others.
func (i Issuer) name() string { return i.Issuer + " " + i.Audience }

// signedIn is what a browser keeps: of a key, or of somebody who came with a token.
type signedIn struct {
	Key     []byte  `json:"k,omitempty"` // the key's hash
	Person  *person `json:"p,omitempty"`
	Expires int64   `json:"e"` // Unix time in seconds
}

// person is who came with a token, and what it said.
type person struct {
	Issued    string  `json:"i"`
	Subject   string  `json:"s"` // hashed, as the audit trail has it
	Workspace string  `json:"w"`
	Scopes    []Scope `json:"c"`
	Purpose   Purpose `json:"p"`
	Reader    Reader  `json:"r"`
}

// MaySignIn says why nobody signs in with a key: it only sends events, or it is one customer's, or a session's.
func (k *Key) MaySignIn() error {
	switch {
	case k.Session != nil:
		return fmt.Errorf("%w: is the token of an agent session; sign in with a key", ErrNoSignIn)
	case k.Customer.Type != "":
		return fmt.Errorf("%w: is a customer's own token; sign in with a key", ErrNoSignIn)
	case k.Kind == KindWrite:
		return fmt.Errorf("%w: is a write key, which sends events and reads nothing; sign in with a read, agent or admin key", ErrNoSignIn)
	}
	return nil
}

// Make signs a browser in for MaxSignIn, or until the key expires: it returns what the browser is to keep, at most
// 4 KiB, and until when it is good. It fails with ErrNoSignIn.
func (s *SignIns) Make(key *Key) (text string, expires time.Time, err error) {
	if err := key.MaySignIn(); err != nil {
		return "", time.Time{}, err
	}
	expires = s.keys.now().Add(MaxSignIn)
	if !key.Expires.IsZero() && key.Expires.Before(expires) {
		expires = key.Expires
	}
	expires = expires.UTC().Truncate(time.Second)
	kept := signedIn{Expires: expires.Unix()}
	if key.subject != "" {
		kept.Person = &person{key.issued, key.subject, key.Workspace, key.Scopes, key.Purpose, key.Reader}
	} else if kept.Key, err = s.keys.hashOf(key); err != nil {
		return "", time.Time{}, fmt.Errorf("sign in: %w", err)
	}
	if text, err = s.seal.seal(kept); err == nil && len(text) > maxSealed {
		err = errors.New("it is too large for a cookie")
	}
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign in: %w", err)
	}
	return text, expires, nil
}

// Lookup finds what somebody who is signed in may do. It fails with ErrSignedOut, or as Keys.Lookup does: with the key,
// ErrRevoked, ErrExpired or ErrClosed, or with the error of the store.
func (s *SignIns) Lookup(_ context.Context, text string) (*Key, error) {
	var kept signedIn
	if !s.seal.open(text, &kept) {
		return nil, ErrSignedOut
	}
	until := time.Unix(kept.Expires, 0).UTC()
	if !s.keys.now().Before(until) {
		return nil, ErrSignedOut
	}
	if kept.Person != nil {
		return s.person(kept.Person, until)
	}
	known, err := s.keys.find(hex.EncodeToString(kept.Key))
	switch {
	case err != nil:
		return nil, err
	case known == nil:
		return nil, ErrSignedOut
	}
	key := *known
	key.SignedIn = until
	return &key, s.keys.usable(known)
}

// person finds what somebody who came with a token may do, as long as its issuer is one whose tokens are taken and the
// workspace is open.
func (s *SignIns) person(p *person, until time.Time) (*Key, error) {
	if !s.issued[p.Issued] {
		return nil, ErrSignedOut
	}
	key := &Key{
		ID: p.Subject, subject: p.Subject, issued: p.Issued, Kind: KindRead, Workspace: p.Workspace, Scopes: p.Scopes,
		Purpose: p.Purpose, Reader: p.Reader, Expires: until, SignedIn: until,
	}
	switch space, err := s.keys.Workspaces.Get(p.Workspace); {
	case errors.Is(err, ErrNoWorkspace):
		return nil, ErrSignedOut
	case err != nil:
		return nil, err
	case !space.Closed.IsZero():
		return key, ErrClosed
	}
	return key, nil
}
