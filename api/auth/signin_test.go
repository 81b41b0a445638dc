package auth_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/go-jose/go-jose/v4"

	"tributary/api/auth"
	"tributary/ingest/event"
)

// newSignIns are sign-ins of keys of the workspaces acme and other, and of a provider's tokens.
func newSignIns(t testing.TB, issuers ...auth.Issuer) (*auth.SignIns, *auth.Keys, *time.Time) {
	t.Helper()
	keys, docs, now := newKeys()
	keys.Workspaces = auth.NewWorkspaces(docs, docs, func() time.Time { return *now }, "acme", "other")
	signIns, err := auth.NewSignIns(keys, make([]byte, 32), issuers...)
	if err != nil {
		t.Fatal(err)
	}
	return signIns, keys, now
}

// signedIn is what a browser keeps of somebody.
func signedIn(t testing.TB, s *auth.SignIns, key *auth.Key) string {
	t.Helper()
	text, _, err := s.Make(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhoIsSignedInMayWhatTheKeyMay(t *testing.T) {
	signIns, keys, now := newSignIns(t)
	key := agentKey(t, keys, auth.New{Kind: auth.KindRead, Purpose: auth.PurposeBilling, RatePerSecond: 7})
	text, expires, err := signIns.Make(key)
	if err != nil || !expires.Equal(epoch.Add(auth.MaxSignIn)) || strings.Contains(text, key.ID) || len(text) > 300 {
		t.Fatalf("%q until %s, %v", text, expires, err)
	}
	found, err := signIns.Lookup(t.Context(), text)
	if err != nil || found.ID != key.ID || found.Actor() != key.Actor() || found.Payer() != key.Payer() || found.Purpose != auth.PurposeBilling ||
		found.RatePerSecond != 7 || !found.SignedIn.Equal(expires) || !key.SignedIn.IsZero() {
		t.Errorf("%+v, %v, by %+v", found, err, key)
	}
	if err := found.MaySession(); err != nil {
		t.Errorf("the key makes agent sessions, who is signed in with it: %v", err)
	}
	if again := signedIn(t, signIns, key); again == text {
		t.Error("two browsers keep the same")
	}
	*now = expires.Add(-time.Second)
	if _, err := signIns.Lookup(t.Context(), text); err != nil {
		t.Errorf("a second before the end: %v", err)
	}
	*now = expires
	if _, err := signIns.Lookup(t.Context(), text); !errors.Is(err, auth.ErrSignedOut) {
		t.Errorf("at the end: %v", err)
	}
}

func TestASignInEndsWithItsKey(t *testing.T) {
	signIns, keys, now := newSignIns(t)
	short := agentKey(t, keys, auth.New{Expires: epoch.Add(time.Hour)})
	if _, expires, err := signIns.Make(short); err != nil || !expires.Equal(epoch.Add(time.Hour)) {
		t.Errorf("of a key that ends in an hour it lasts until %s, %v", expires, err)
	}
	revoked := agentKey(t, keys, auth.New{})
	kept := signedIn(t, signIns, revoked)
	if _, err := keys.Revoke(t.Context(), revoked.ID); err != nil {
		t.Fatal(err)
	}
	if key, err := signIns.Lookup(t.Context(), kept); !errors.Is(err, auth.ErrRevoked) || key == nil || key.ID != revoked.ID {
		t.Errorf("of a revoked key: %+v, %v", key, err)
	}
	rotated := agentKey(t, keys, auth.New{})
	kept = signedIn(t, signIns, rotated)
	if _, _, err := keys.Rotate(t.Context(), rotated.ID, time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := signIns.Lookup(t.Context(), kept); err != nil {
		t.Errorf("of a rotated key, in its grace: %v", err)
	}
	*now = now.Add(2 * time.Hour)
	if _, err := signIns.Lookup(t.Context(), kept); !errors.Is(err, auth.ErrExpired) {
		t.Errorf("of a rotated key, after its grace: %v", err)
	}
	closed := signedIn(t, signIns, agentKey(t, keys, auth.New{}))
	if _, err := keys.Workspaces.Close(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	if _, err := signIns.Lookup(t.Context(), closed); !errors.Is(err, auth.ErrClosed) {
		t.Errorf("of a closed workspace: %v", err)
	}
}

// TestWhatABrowserKeepsCannotBeMade: not a bit of it may be another one, nor may it be of another server, or for
// something else.
func TestWhatABrowserKeepsCannotBeMade(t *testing.T) {
	signIns, keys, _ := newSignIns(t)
	key := agentKey(t, keys, auth.New{})
	text := signedIn(t, signIns, key)
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		forged := append([]byte{}, sealed...)
		switch at := rapid.IntRange(0, len(forged)-1).Draw(r, "at"); {
		case rapid.Bool().Draw(r, "cut"):
			forged = forged[:at]
		default:
			forged[at] ^= byte(1) << rapid.IntRange(0, 7).Draw(r, "bit")
		}
		if key, err := signIns.Lookup(t.Context(), base64.RawURLEncoding.EncodeToString(forged)); !errors.Is(err, auth.ErrSignedOut) || key != nil {
			r.Fatalf("opens %+v, %v", key, err)
		}
	})
	other, err := auth.NewSignIns(keys, []byte(strings.Repeat("x", 32)))
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := auth.NewSessions(keys, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	agent, _, err := sessions.Make(key, auth.NewSession{Purpose: key.Purpose, Lasts: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"nothing": "", "another server's": signedIn(t, other, key), "an agent session's": strings.TrimPrefix(agent, "trb_s_"),
		"padded": text + "=", "too large": strings.Repeat("A", 5000),
	} {
		if key, err := signIns.Lookup(t.Context(), text); !errors.Is(err, auth.ErrSignedOut) || key != nil {
			t.Errorf("%s opens %+v, %v", what, key, err)
		}
	}
	if _, err := auth.NewSignIns(keys, make([]byte, 31)); err == nil {
		t.Error("a secret that is too short is taken")
	}
}

func TestNotEveryKeySignsIn(t *testing.T) {
	signIns, keys, _ := newSignIns(t)
	for what, key := range map[string]*auth.Key{
		"a write key":            agentKey(t, keys, auth.New{Kind: auth.KindWrite, Source: "web"}),
		"an agent session":       {Kind: auth.KindAgent, Session: &auth.Session{}},
		"a customer's own token": {Kind: auth.KindRead, Customer: event.Identifier{Type: event.IDUser, Value: "u-1"}},
	} {
		if text, _, err := signIns.Make(key); !errors.Is(err, auth.ErrNoSignIn) || text != "" {
			t.Errorf("%s: %q, %v", what, text, err)
		}
	}
}

// TestWhoCameWithATokenMayWhatItSaid: until it expires, and for as long as its issuer's are taken.
func TestWhoCameWithATokenMayWhatItSaid(t *testing.T) {
	p := newProvider(t)
	p.keys["1"] = signers()[jose.EdDSA]
	tokens, _ := p.newTokens()
	key, err := tokens.Lookup(t.Context(), p.sign(jose.EdDSA, "1", signers()[jose.EdDSA], nil))
	if err != nil {
		t.Fatal(err)
	}
	issuer := auth.Issuer{Issuer: p.server.URL, Audience: "tributary", WorkspaceClaim: "space"}
	signIns, keys, now := newSignIns(t, issuer)
	text, expires, err := signIns.Make(key)
	if err != nil || !expires.Equal(epoch.Add(time.Hour)) {
		t.Fatalf("until %s, %v", expires, err)
	}
	found, err := signIns.Lookup(t.Context(), text)
	if err != nil || found.Actor() != key.Actor() || found.Workspace != "acme" || !found.May(auth.ScopeContextRead) || found.May(auth.ScopeAdmin) ||
		found.Purpose != key.Purpose || found.Reader != key.Reader || found.MaySession() == nil {
		t.Errorf("%+v, %v, by %+v", found, err, key)
	}
	elsewhere := issuer
	elsewhere.Audience = "shop"
	for what, list := range map[string][]auth.Issuer{"without the issuer": nil, "for another audience": {elsewhere}} {
		later, err := auth.NewSignIns(keys, make([]byte, 32), list...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := later.Lookup(t.Context(), text); !errors.Is(err, auth.ErrSignedOut) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := keys.Workspaces.Close(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	if key, err := signIns.Lookup(t.Context(), text); !errors.Is(err, auth.ErrClosed) || key == nil {
		t.Errorf("of a closed workspace: %+v, %v", key, err)
	}
	*now = epoch.Add(time.Hour)
	if _, err := signIns.Lookup(t.Context(), text); !errors.Is(err, auth.ErrSignedOut) {
		t.Errorf("once the token is over: %v", err)
	}
}
