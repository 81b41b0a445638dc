package auth_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/auth"
)

func newSessions(t testing.TB) (*auth.Sessions, *auth.Keys, *documents, *time.Time) {
	t.Helper()
	keys, docs, now := newKeys()
	sessions, err := auth.NewSessions(keys, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return sessions, keys, docs, now
}

func agentKey(t testing.TB, keys *auth.Keys, n auth.New) *auth.Key {
	t.Helper()
	if n.Kind == "" {
		n.Kind = auth.KindAgent
	}
	n.Workspace = "acme"
	secret, _, err := keys.Create(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	key, err := keys.Lookup(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestASessionIsWhatItsTokenSays(t *testing.T) {
	sessions, keys, docs, now := newSessions(t)
	maker := agentKey(t, keys, auth.New{Reader: auth.ReaderOwnAI, RatePerSecond: 7})
	kept := len(docs.values)
	n := auth.NewSession{Observation: uuid.New(), Conversation: "c-1", Purpose: auth.PurposeBilling, Lasts: time.Minute}
	text, made, err := sessions.Make(maker, n)
	if err != nil || !auth.IsSession(text) || len(text) > 700 {
		t.Fatalf("%q, %v", text, err)
	}
	key, err := sessions.Lookup(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	if *key.Session != *made.Session || key.Session.Observation != n.Observation || key.Session.Conversation != "c-1" || !key.Session.Expires.Equal(epoch.Add(time.Minute)) {
		t.Errorf("is bound to %+v, was made of %+v", key.Session, made.Session)
	}
	if key.Workspace != "acme" || key.Purpose != auth.PurposeBilling || key.Reader != auth.ReaderOwnAI || key.RatePerSecond != 7 || key.ID != maker.ID {
		t.Errorf("may do %+v", key)
	}
	if key.Actor() != "key:"+maker.ID+":session:"+key.Session.ID.String() || key.Payer() != maker.Actor() {
		t.Errorf("is %s, and %s pays", key.Actor(), key.Payer())
	}
	if !slices.Equal(key.Scopes, auth.SessionScopes()) || key.May(auth.ScopeSourcesRead) || maker.Session != nil || maker.Purpose != auth.DefaultPurpose {
		t.Errorf("has scopes %v, its maker is %+v", key.Scopes, maker)
	}
	if len(docs.values) != kept {
		t.Error("something is kept of it")
	}
	if another, _, _ := sessions.Make(maker, n); another == text {
		t.Error("two sessions have one token")
	}
	*now = epoch.Add(time.Minute)
	if _, err := sessions.Lookup(t.Context(), text); !errors.Is(err, auth.ErrExpired) {
		t.Errorf("once it is over: %v", err)
	}
	n.Lasts = 1 << 62
	if _, long, err := sessions.Make(maker, n); err != nil || !long.Session.Expires.Equal(now.Add(auth.MaxSession)) {
		t.Errorf("the longest one is %+v, %v", long.Session, err)
	}
}

func TestASessionIsWorthWhatItsMakerIs(t *testing.T) {
	sessions, keys, docs, now := newSessions(t)
	keys.Workspaces = auth.NewWorkspaces(docs, docs, func() time.Time { return *now }, "acme")
	session := func(n auth.New) (*auth.Key, string) {
		maker := agentKey(t, keys, n)
		text, _, err := sessions.Make(maker, auth.NewSession{Observation: uuid.New(), Conversation: "c", Purpose: maker.Purpose, Lasts: auth.MaxSession})
		if err != nil {
			t.Fatal(err)
		}
		return maker, text
	}
	lookup := func(text string, want error) {
		t.Helper()
		if _, err := sessions.Lookup(t.Context(), text); !errors.Is(err, want) {
			t.Errorf("gives %v, want %v", err, want)
		}
	}
	maker, text := session(auth.New{})
	lookup(text, nil)
	if _, err := keys.Revoke(t.Context(), maker.ID); err != nil {
		t.Fatal(err)
	}
	lookup(text, auth.ErrRevoked)

	_, text = session(auth.New{Expires: epoch.Add(10 * time.Minute)})
	*now = epoch.Add(11 * time.Minute)
	lookup(text, auth.ErrExpired)

	*now = epoch
	_, text = session(auth.New{})
	other, err := auth.NewSessions(keys, []byte(strings.Repeat("x", 32)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Lookup(t.Context(), text); !errors.Is(err, auth.ErrUnknown) {
		t.Errorf("another installation gives %v", err)
	}
	if _, err := keys.Lookup(t.Context(), text); !errors.Is(err, auth.ErrUnknown) {
		t.Errorf("as a key it gives %v", err)
	}
	if _, err := keys.Workspaces.Close(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	lookup(text, auth.ErrClosed)
}

// TestWhoMakesSessions: keys that are kept and read context, of no more than they may themselves.
func TestWhoMakesSessions(t *testing.T) {
	sessions, keys, _, _ := newSessions(t)
	n := auth.NewSession{Observation: uuid.New(), Conversation: "c", Purpose: auth.PurposeSupport, Lasts: time.Minute}
	for name, key := range map[string]*auth.Key{
		"write": agentKey(t, keys, auth.New{Kind: auth.KindWrite, Source: "web"}),
		"admin": agentKey(t, keys, auth.New{Kind: auth.KindAdmin}),
		"blind": agentKey(t, keys, auth.New{Scopes: []auth.Scope{auth.ScopeAgentWrite}}),
	} {
		if _, _, err := sessions.Make(key, n); !errors.Is(err, auth.ErrNoSession) {
			t.Errorf("%s: %v", name, err)
		}
	}
	maker := agentKey(t, keys, auth.New{Kind: auth.KindRead})
	_, session, err := sessions.Make(maker, n)
	if err != nil || session.May(auth.ScopeAgentWrite) {
		t.Fatalf("a read key makes %+v, %v", session, err)
	}
	if _, _, err := sessions.Make(session, n); !errors.Is(err, auth.ErrNoSession) {
		t.Errorf("a session: %v", err)
	}
	for _, beyond := range []auth.Scope{auth.ScopeAgentWrite, auth.ScopeSourcesRead, auth.ScopeAdmin, "x"} {
		n.Scopes = []auth.Scope{auth.ScopeContextRead, beyond}
		if _, _, err := sessions.Make(maker, n); !errors.Is(err, auth.ErrBeyond) || !strings.Contains(err.Error(), "scopes[1]:") {
			t.Errorf("%s: %v", beyond, err)
		}
	}
	n.Scopes = []auth.Scope{auth.ScopeContextRead}
	if _, session, err := sessions.Make(maker, n); err != nil || !slices.Equal(session.Scopes, n.Scopes) {
		t.Errorf("%+v, %v", session, err)
	}
}

func TestAnEndedSessionOpensNothingAndIsForgotten(t *testing.T) {
	sessions, keys, docs, now := newSessions(t)
	maker := agentKey(t, keys, auth.New{})
	kept := len(docs.values)
	text, session, err := sessions.Make(maker, auth.NewSession{Observation: uuid.New(), Conversation: "c", Purpose: maker.Purpose, Lasts: auth.MaxSession})
	if err != nil {
		t.Fatal(err)
	}
	end := func(workspace string, id uuid.UUID, want error) {
		t.Helper()
		if err := sessions.End(context.Background(), workspace, id); !errors.Is(err, want) {
			t.Fatalf("ending gives %v, want %v", err, want)
		}
	}
	end("other", session.Session.ID, auth.ErrUnknown) // another workspace ends none of this one's
	end("acme", uuid.New(), auth.ErrUnknown)          // and what was never made leaves nothing behind
	if _, err := sessions.Lookup(t.Context(), text); err != nil || len(docs.values) != kept {
		t.Fatalf("%v, and %d documents are kept", err, len(docs.values)-kept)
	}
	end("acme", session.Session.ID, nil)
	if _, err := sessions.Lookup(t.Context(), text); !errors.Is(err, auth.ErrRevoked) {
		t.Errorf("gives %v", err)
	}
	end("acme", session.Session.ID, nil)
	if len(docs.values) != kept+1 {
		t.Errorf("%d documents are kept of one that was ended twice", len(docs.values)-kept)
	}
	*now = now.Add(auth.MaxSession + 2*time.Second)
	_, later, err := sessions.Make(maker, auth.NewSession{Observation: uuid.New(), Conversation: "c", Purpose: maker.Purpose, Lasts: auth.MaxSession})
	if err != nil {
		t.Fatal(err)
	}
	end("acme", later.Session.ID, nil)
	if len(docs.values) != kept+1 {
		t.Errorf("%d documents are kept, want the one of now", len(docs.values)-kept)
	}
}

// FuzzSession: no text but one that was made is a session.
func FuzzSession(f *testing.F) {
	sessions, keys, _, _ := newSessions(f)
	maker := agentKey(f, keys, auth.New{})
	made, _, err := sessions.Make(maker, auth.NewSession{Observation: uuid.New(), Conversation: "c", Purpose: maker.Purpose, Lasts: auth.MaxSession})
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{"", "trb_s_", "trb_s_AAAA", made, made[:len(made)-1], made + "A", "trb_s_" + strings.Repeat("A", 200)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := sessions.Lookup(context.Background(), text); (err == nil || key != nil) && text != made {
			t.Errorf("%q opens %+v", text, key)
		}
	})
}
