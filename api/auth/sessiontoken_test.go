package auth_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/auth"
)

// tokenBox is what tokens of sessions are sealed by, as it is written down: AES-256-GCM with a nonce of zeros, and a
// key of its own for each session's id.
func tokenBox(t *testing.T, id uuid.UUID) cipher.AEAD {
	t.Helper()
	key, err := hkdf.Key(sha256.New, make([]byte, 32), id[:], "agent session", 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// TestTheFormOfASessionsToken does not change: agents hold tokens while servers are replaced by newer ones.
func TestTheFormOfASessionsToken(t *testing.T) {
	sessions, keys, _, _ := newSessions(t)
	secret, created, err := keys.Create(t.Context(), auth.New{Kind: auth.KindAgent, Workspace: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(secret))
	about, until := uuid.New(), epoch.Add(time.Minute)
	says := map[string]any{
		"k": base64.StdEncoding.EncodeToString(hash[:]), "o": about.String(), "c": "c-1", "p": "billing", "s": []any{"context:read"}, "e": float64(until.Unix()),
	}
	plain, err := json.Marshal(says)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	sealed := tokenBox(t, id).Seal(id[:], make([]byte, 12), plain, []byte("trb_s_"))
	key, err := sessions.Lookup(t.Context(), "trb_s_"+base64.RawURLEncoding.EncodeToString(sealed))
	if err != nil {
		t.Fatal(err)
	}
	want := auth.Session{ID: id, Observation: about, Conversation: "c-1", Expires: until}
	if *key.Session != want || key.ID != created.ID || key.Purpose != "billing" || !slices.Equal(key.Scopes, []auth.Scope{"context:read"}) {
		t.Errorf("a token of that form opens %+v, of %+v", key, key.Session)
	}

	maker, err := keys.Lookup(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	text, session, err := sessions.Make(maker, auth.NewSession{Observation: about, Conversation: "c-1", Purpose: "billing", Scopes: []auth.Scope{"context:read"}, Lasts: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	body, named := strings.CutPrefix(text, "trb_s_")
	made, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || !named || uuid.UUID(made[:16]) != session.Session.ID {
		t.Fatalf("%q does not begin with its id: %v", text, err)
	}
	plain, err = tokenBox(t, session.Session.ID).Open(nil, make([]byte, 12), made[16:], []byte("trb_s_"))
	if err != nil {
		t.Fatal(err)
	}
	var said map[string]any
	if err := json.Unmarshal(plain, &said); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(said, says) {
		t.Errorf("a token says %v, want %v", said, says)
	}
}
