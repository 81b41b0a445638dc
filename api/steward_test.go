package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/sql/store"
)

// namesakes makes two who have a rare name in common and nothing else, of whom a person is asked, and returns their
// observations.
func (w *world) namesakes() (a, b string) {
	w.Helper()
	for i := range 2 {
		e := w.event(100+i, "web", "", nil, id(event.IDAnonymous, fmt.Sprint("a-", i)))
		e.Type, e.Name = event.TypeIdentify, ""
		e.Attributes = map[string]string{event.AttrFirstName: "Zebulon", event.AttrLastName: "Quixby"}
		e.Traits = json.RawMessage(`{"favourite":"tea"}`)
		w.put(e)
	}
	row := store.ReviewRow{Reason: "uncertain", Bits: 2, AskedAt: epoch, Open: 1}
	for i, to := range []*[16]byte{(*[16]byte)(&row.Observation), (*[16]byte)(&row.Peer)} {
		found, err := w.api.Profiles.Get(w.Context(), "acme", profiles.Address{{Type: event.IDAnonymous, Value: fmt.Sprint("a-", i)}})
		w.must(err)
		*to = found.Profile.ID
	}
	w.questions = []store.ReviewRow{row}
	return row.Observation.String(), row.Peer.String()
}

func body(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// TestAStewardDecides: the queue asks, the pair is told side by side, a preview changes nothing, a decision answers its
// id, and undoing it brings everything back.
func TestAStewardDecides(t *testing.T) {
	w := newWorld(t)
	a, b := w.namesakes()
	key := w.key(auth.KindAdmin, "acme", auth.ScopeIdentityWrite)
	reader := w.key(auth.KindRead, "acme", auth.ScopeProfilesRead)
	profile := func(i int) any {
		return w.get(fmt.Sprint("/v1/profiles/anonymous_id:a-", i), reader, http.StatusOK)["profile"]
	}
	asked := func() []any { return w.get("/v1/identity/reviews", key, http.StatusOK)["questions"].([]any) }

	if q := asked(); len(q) != 1 || q[0].(map[string]any)["a"] != a || q[0].(map[string]any)["with"].(map[string]any)["profile"] != b {
		t.Fatalf("the queue is %v", q)
	}
	pair := w.get("/v1/identity/pairs/"+a+"/"+b, key, http.StatusOK)
	apart := pair["pair"].(map[string]any)["with"].(map[string]any)["apart"].(map[string]any)
	if apart["asked"] != true || apart["weighing"].(map[string]any)["score"].(float64) <= 0 || pair["one"].(map[string]any)["traits"] == nil {
		t.Errorf("the pair is %v", pair)
	}
	merge := body(`{"kind":"merge","a":%q,"b":%q,"note":"the same person"}`, a, b)
	forecast := w.decoded(w.do(http.MethodPost, "/v1/identity/preview", key, merge), http.StatusOK)
	if forecast["achieved"] != true || forecast["merges"] != 1.0 || forecast["before_total"] != 2.0 || forecast["after_total"] != 1.0 {
		t.Errorf("the forecast is %v", forecast)
	}
	if profile(0) == profile(1) || len(asked()) != 1 {
		t.Error("a preview changed something")
	}

	decided := w.decoded(w.jot("/v1/identity/decisions", key, "first", merge), http.StatusCreated)
	if decided["kind"] != "merge" || decided["bits"] == nil || decided["note"] != "the same person" || profile(0) != profile(1) || len(asked()) != 0 {
		t.Fatalf("the decision is %v", decided)
	}
	again := w.decoded(w.jot("/v1/identity/decisions", key, "first", merge), http.StatusCreated)
	if again["id"] != decided["id"] || again["at"] != decided["at"] {
		t.Errorf("the same request again is answered %v", again)
	}
	if other := w.jot("/v1/identity/decisions", key, "first", body(`{"kind":"never_merge","a":%q,"b":%q}`, a, b)); other.Code != http.StatusConflict {
		t.Errorf("another under the same name is answered %d", other.Code)
	}
	list := func(query string) []any {
		return w.get("/v1/identity/decisions"+query, key, http.StatusOK)["decisions"].([]any)
	}
	if of := list("?profile=" + url.QueryEscape("anonymous_id:a-1")); len(of) != 1 || of[0].(map[string]any)["id"] != decided["id"] {
		t.Errorf("of the profile there is %v", of)
	}
	precision := w.get("/v1/identity/precision", key, http.StatusOK)
	if d := precision["decided"].(map[string]any); d["merged"] != 1.0 || precision["as_asked"].(map[string]any)["labels"] != 1.0 {
		t.Errorf("the precision is %v", precision)
	}

	w.later.Add(int64(time.Second))
	undo := "/v1/identity/decisions/" + decided["id"].(string) + "/undo"
	undone := w.decoded(w.jot(undo, key, "second", `{"note":"it was not"}`), http.StatusCreated)
	if undone["undoes"] != decided["id"] || profile(0) == profile(1) || len(asked()) != 1 {
		t.Errorf("undone is %v", undone)
	}
	if twice := w.jot(undo, key, "third", `{}`); twice.Code != http.StatusConflict {
		t.Errorf("undone twice: %d %s", twice.Code, twice.Body)
	}
	w.later.Add(int64(time.Second))
	if redone := w.jot("/v1/identity/decisions/"+undone["id"].(string)+"/undo", key, "fourth", `{}`); redone.Code != http.StatusCreated || profile(0) != profile(1) {
		t.Errorf("the undoing undone: %d %s", redone.Code, redone.Body)
	}
}

// TestIdentifiersAreBlocked: and shared again, through the same door.
func TestIdentifiersAreBlocked(t *testing.T) {
	w := newWorld(t)
	w.put(w.event(1, "web", "Viewed", nil, id(event.IDUser, "u"), id(event.IDAnonymous, "kiosk")), w.event(2, "web", "Viewed", nil, id(event.IDAnonymous, "kiosk")))
	key := w.key(auth.KindAdmin, "acme", auth.ScopeIdentityWrite)
	decide := func(name, kind string) map[string]any {
		w.later.Add(int64(time.Second))
		return w.decoded(w.jot("/v1/identity/decisions", key, name, body(`{"kind":%q,"identifier":{"type":"anonymous_id","value":"kiosk"}}`, kind)), http.StatusCreated)
	}
	observations := func() float64 {
		return w.get("/v1/profiles/user_id:u", w.key(auth.KindRead, "acme", auth.ScopeProfilesRead), http.StatusOK)["observations_total"].(float64)
	}
	before := observations()
	blocked := decide("block", "block")
	if blocked["blocked"] == nil || observations() != before-1 {
		t.Errorf("blocked: %v, of %v observations are left %v", blocked, before, observations())
	}
	if v := decide("unblock", "unblock"); v["id"] == nil || observations() != before {
		t.Errorf("shared again: %v, %v observations", v, observations())
	}
	if v := decide("unblock", "unblock"); v["kind"] != "unblock" {
		t.Errorf("the same again: %v", v)
	}
	blocked = decide("block-again", "block")
	w.later.Add(int64(time.Second))
	if v := w.jot("/v1/identity/decisions/"+blocked["id"].(string)+"/undo", key, "undo", `{}`); v.Code != http.StatusCreated || observations() != before {
		t.Errorf("the block undone: %d %s, %v observations", v.Code, v.Body, observations())
	}
}

// TestDecisionsAreChecked: every fault is named, what names nobody is told, and nobody decides without the scope.
func TestDecisionsAreChecked(t *testing.T) {
	w := newWorld(t)
	a, b := w.namesakes()
	key := w.key(auth.KindAdmin, "acme", auth.ScopeIdentityWrite)
	const nobody = "00000000-0000-8000-8000-000000000001"
	for _, c := range []struct {
		body   string
		status int
		fields []string
	}{
		{`{}`, 400, []string{"kind"}},
		{`{"kind":"merge"}`, 400, []string{"a", "b"}},
		{body(`{"kind":"merge","a":%q,"b":%q}`, a, a), 400, []string{"b"}},
		{body(`{"kind":"merge","a":%q,"b":%q}`, a, nobody), 400, []string{"b"}},
		{body(`{"kind":"split","profile":%q,"observations":[%q]}`, a, a), 400, []string{"observations"}},
		{body(`{"kind":"split","profile":%q,"observations":[%q],"a":%q}`, a, b, a), 400, []string{"a"}},
		{`{"kind":"block","identifier":{"type":"email","value":"null"}}`, 400, []string{"identifier"}},
		{body(`{"kind":"undo","decision":%q}`, nobody), 404, nil},
	} {
		answer := w.do(http.MethodPost, "/v1/identity/preview", key, c.body)
		var d struct{ Errors []struct{ Field string } }
		w.must(json.Unmarshal(answer.Body.Bytes(), &d))
		var fields []string
		for _, f := range d.Errors {
			fields = append(fields, f.Field)
		}
		if answer.Code != c.status || fmt.Sprint(fields) != fmt.Sprint(c.fields) {
			t.Errorf("%s is answered %d %s", c.body, answer.Code, answer.Body)
		}
	}
	if answer := w.do(http.MethodGet, "/v1/identity/pairs/"+a+"/"+nobody, key, ""); answer.Code != http.StatusNotFound {
		t.Errorf("a pair with nobody: %d %s", answer.Code, answer.Body)
	}
	for _, query := range []string{"cursor=x", "limit=0", "limit=101"} {
		if answer := w.do(http.MethodGet, "/v1/identity/reviews?"+query, key, ""); answer.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", query, answer.Code)
		}
	}
	agent := w.key(auth.KindAgent, "acme")
	if answer := w.jot("/v1/identity/decisions", agent, "x", body(`{"kind":"merge","a":%q,"b":%q}`, a, b)); answer.Code != http.StatusForbidden {
		t.Errorf("an agent's key decides: %d", answer.Code)
	}
	w.noStore = true
	if answer := w.do(http.MethodGet, "/v1/identity/reviews", key, ""); answer.Code != http.StatusServiceUnavailable {
		t.Errorf("without the store: %d %s", answer.Code, answer.Body)
	}
}
