package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/ingest/ratelimit"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

func TestKeysAreMadeRotatedAndRevoked(t *testing.T) {
	w := newWorld(t)
	w.conversation()
	admin := w.key(auth.KindAdmin, "acme")
	made := w.decoded(w.do(http.MethodPost, "/v1/keys", admin, `{"kind":"read","purpose":"billing","reader":"own_ai","note":"bot"}`), http.StatusOK)
	secret, key := made["secret"].(string), made["key"].(map[string]any)
	if key["purpose"] != "billing" || key["reader"] != "own_ai" || key["note"] != "bot" {
		t.Errorf("made %v", key)
	}
	w.get("/v1/sources", secret, http.StatusOK)

	next := w.decoded(w.do(http.MethodPost, "/v1/keys/"+key["id"].(string)+"/rotate", admin, `{"grace":"1h"}`), http.StatusOK)
	fresh, successor := next["secret"].(string), next["key"].(map[string]any)
	if successor["replaces"] != key["id"] || successor["chain"] != key["id"] || successor["purpose"] != "billing" || fresh == secret {
		t.Errorf("the successor is %v", successor)
	}
	w.get("/v1/sources", secret, http.StatusOK)
	w.get("/v1/sources", fresh, http.StatusOK)
	w.decoded(w.do(http.MethodPost, "/v1/keys/"+key["id"].(string)+"/rotate", admin, ""), http.StatusBadRequest)
	w.now = w.now.Add(time.Hour)
	w.get("/v1/sources", secret, http.StatusUnauthorized)
	w.get("/v1/sources", fresh, http.StatusOK)

	w.decoded(w.do(http.MethodDelete, "/v1/keys/"+successor["id"].(string), admin, ""), http.StatusOK)
	w.get("/v1/sources", fresh, http.StatusUnauthorized)
	w.decoded(w.do(http.MethodPost, "/v1/keys/"+successor["id"].(string)+"/rotate", admin, ""), http.StatusConflict)
	listed := w.get("/v1/keys", admin, http.StatusOK)["keys"].([]any)
	if len(listed) != 3 {
		t.Errorf("%d keys are listed", len(listed))
	}
	if text, _ := json.Marshal(listed); strings.Contains(string(text), secret[6:]) || strings.Contains(string(text), fresh[6:]) {
		t.Error("a key's text is listed")
	}
}

func TestNoKeyGivesMoreThanItHas(t *testing.T) {
	w := newWorld(t)
	full := w.decoded(w.do(http.MethodPost, "/v1/keys", w.key(auth.KindAdmin, "acme"), `{"kind":"admin"}`), http.StatusOK)["key"].(map[string]any)["id"].(string)
	foreign := w.decoded(w.do(http.MethodPost, "/v1/keys", w.key(auth.KindAdmin, "other"), `{"kind":"read"}`), http.StatusOK)["key"].(map[string]any)["id"].(string)
	small := w.key(auth.KindAdmin, "acme", auth.ScopeAdmin, auth.ScopeSourcesRead)
	model, _, err := w.keys.Create(context.Background(), auth.New{Kind: auth.KindAdmin, Workspace: "acme", Purpose: auth.PurposeSupport, Reader: auth.ReaderThirdPartyAI})
	w.must(err)
	for _, tt := range []struct {
		name, method, target, key, body string
		status                          int
	}{
		{"a scope more", "POST", "/v1/keys", small, `{"kind":"read","scopes":["sources:read","context:read"]}`, 403},
		{"all that the kind may", "POST", "/v1/keys", small, `{"kind":"read"}`, 403},
		{"its own", "POST", "/v1/keys", small, `{"kind":"read","scopes":["sources:read"]}`, 200},
		{"rotating a greater one", "POST", "/v1/keys/" + full + "/rotate", small, "", 403},
		{"another workspace's", "POST", "/v1/keys/" + foreign + "/rotate", small, "", 404},
		{"revoking another workspace's", "DELETE", "/v1/keys/" + foreign, small, "", 404},
		{"a workspace in the body", "POST", "/v1/keys", small, `{"kind":"read","workspace":"other"}`, 400},
		{"for another reader", "POST", "/v1/keys", model, `{"kind":"read","reader":"human"}`, 403},
		{"for the same reader", "POST", "/v1/keys", model, `{"kind":"read","reader":"third_party_ai"}`, 200},
		{"for another purpose", "POST", "/v1/keys", model, `{"kind":"read","reader":"third_party_ai","purpose":"sales"}`, 403},
		{"no purpose", "POST", "/v1/keys", small, `{"kind":"read","scopes":["sources:read"],"purpose":"fun"}`, 400},
		{"an id that is none", "DELETE", "/v1/keys/x", small, "", 404},
		{"a grace that is none", "POST", "/v1/keys/" + full + "/rotate", w.key(auth.KindAdmin, "acme"), `{"grace":"soon"}`, 400},
		{"a grace too long", "POST", "/v1/keys/" + full + "/rotate", w.key(auth.KindAdmin, "acme"), `{"grace":"10000h"}`, 400},
	} {
		if got := w.do(tt.method, tt.target, tt.key, tt.body); got.Code != tt.status {
			t.Errorf("%s: answers %d, want %d: %s", tt.name, got.Code, tt.status, got.Body)
		}
	}
}

func TestEveryAnswerSaysHowTheKeyStands(t *testing.T) {
	w := newWorld(t)
	w.api.RateLimit = ratelimit.Quota{Rate: 2, Burst: 4}
	key := w.key(auth.KindRead, "acme")
	own, _, err := w.keys.Create(context.Background(), auth.New{Kind: auth.KindRead, Workspace: "acme", RatePerSecond: 1})
	w.must(err)
	for i, want := range []struct {
		status int
		left   string
	}{{200, "r=3;t=2"}, {200, "r=2;t=1"}, {404, "r=1;t=1"}, {200, "r=0;t=1"}, {429, "r=0;t=1"}} {
		target := "/v1/sources"
		if want.status == 404 {
			target = "/v1/profiles/user_id:nobody"
		}
		answer := w.do(http.MethodGet, target, key, "")
		if h := answer.Header(); answer.Code != want.status || h.Get("RateLimit") != `"requests";`+want.left || h.Get("RateLimit-Policy") != `"requests";q=4;w=2` {
			t.Errorf("request %d: %d, %q, %q", i, answer.Code, h.Get("RateLimit"), h.Get("RateLimit-Policy"))
		}
		if retry := answer.Header().Get("Retry-After"); (retry == "1") != (want.status == 429) {
			t.Errorf("request %d: Retry-After is %q", i, retry)
		}
	}
	if got := w.do(http.MethodGet, "/v1/sources", own, "").Header().Get("RateLimit-Policy"); got != `"requests";q=2;w=2` {
		t.Errorf("the key's own limit is told as %q", got)
	}
	w.now = w.now.Add(500 * time.Millisecond)
	w.get("/v1/sources", key, http.StatusOK)
}

func TestAttemptsAtAdministratorsRoutesAreOnRecord(t *testing.T) {
	w := newWorld(t)
	notes := &notes{}
	w.api.Notes = notes
	reader := w.key(auth.KindRead, "acme")
	w.get("/v1/keys", reader, http.StatusForbidden)
	w.get("/v1/profiles/user_id:u1", w.key(auth.KindRead, "acme", auth.ScopeSourcesRead), http.StatusForbidden)
	w.get("/v1/keys", "", http.StatusUnauthorized)
	id := auth.Hash(reader)[:16]
	_, err := w.keys.Revoke(context.Background(), id)
	w.must(err)
	w.decoded(w.do(http.MethodDelete, "/v1/keys/x", reader, ""), http.StatusUnauthorized)
	want := []string{
		"acme key:" + id + " route GET /v1/keys refused scope",
		"acme key:" + id + " route DELETE /v1/keys/:id refused key",
	}
	if fmt.Sprint(notes.lines) != fmt.Sprint(want) {
		t.Errorf("on record are\n%q, want\n%q", notes.lines, want)
	}
}

type notes struct{ lines []string }

func (n *notes) Note(ctx context.Context, workspace string, note unify.AuditNote) error {
	if note.Outcome != store.AuditRefused || unify.ByOf(ctx).RequestID == "" {
		return fmt.Errorf("%+v", note)
	}
	n.lines = append(n.lines, strings.Join([]string{workspace, unify.ByOf(ctx).Actor, note.SubjectKind, note.Subject, note.Outcome, note.Reason}, " "))
	return nil
}
