package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/privacy"
	"tributary/profiles/unify"
)

// jotBody is what the routes below take.
type jotBody struct {
	Identifiers []identifierBody `json:"identifiers"`
	Text        string           `json:"text"`
	Actor       *actorBody       `json:"actor,omitempty"`
}

type jotView struct {
	Profile    uuid.UUID `json:"profile" policy:"meta"`
	ID         uuid.UUID `json:"id" policy:"meta"`
	ReceivedAt time.Time `json:"received_at" policy:"meta"`
}

// jots serves a route that writes, and does nothing else.
func (w *world) jots() {
	jot := func(c *gin.Context) {
		var body jotBody
		err := decode(c, &body)
		var address profiles.Address
		if err == nil {
			address, err = addressIn(body.Identifiers)
		}
		var x *writing
		if err == nil {
			x, err = w.api.beginWrite(c, &body, body.Actor)
		}
		var found *profiles.Answer
		if err == nil {
			found, err = w.api.Profiles.Get(c.Request.Context(), keyOf(c).Workspace, address)
		}
		if err == nil && !x.Done {
			err = w.api.write(c, x, &event.Event{Name: event.NameNoteAdded, Observation: found.Profile.ID, CX: &event.CX{Text: body.Text, ConversationID: "said"}})
		}
		if err != nil {
			w.api.fail(c, err)
			return
		}
		w.api.answerAs(c, http.StatusCreated, jotView{found.Profile.ID, x.ID, x.ReceivedAt})
	}
	for _, path := range []string{"/v1/jots", "/v1/jots/:on"} {
		w.api.engine.Handle(http.MethodPost, path, w.api.authorize(auth.ScopeAgentWrite), w.api.begin(acting), jot)
	}
}

// jot writes with an Idempotency-Key.
func (w *world) jot(path, key, name, body string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+key)
	if name != "" {
		r.Header.Set(idempotencyHeader, name)
	}
	answer := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(answer, r)
	if !strings.HasPrefix(path, "/v1/jots") { // which are the test's
		w.agrees(r, answer)
	}
	return answer
}

// written are the events of agents that the log has, in order.
func (w *world) written() []*event.Event {
	w.Helper()
	var all []*event.Event
	w.records(func(r *stream.Record) {
		if r.Kind == stream.KindEvent && r.Source == event.SourceAgent {
			e, err := event.Decode(r.Value)
			w.must(err)
			all = append(all, e)
		}
	})
	return all
}

// events says how many events are applied to who has a user id.
func (w *world) events(user string) int {
	w.Helper()
	found, err := w.api.Profiles.Get(w.Context(), "acme", profiles.Address{{Type: event.IDUser, Value: user}})
	w.must(err)
	return int(found.Profile.Events)
}

func jotOf(user, text string) string {
	return fmt.Sprintf(`{"identifiers":[{"type":"user_id","value":%q}],"text":%q,"actor":{"id":"a-7","name":"Sam"}}`, user, text)
}

func newJots(t *testing.T) *world {
	w := newWorld(t)
	w.jots()
	w.put(w.event(1, "crm", "Viewed", nil, id(event.IDUser, "ada")), w.event(2, "crm", "Viewed", nil, id(event.IDUser, "bob")))
	return w
}

func TestAWriteNamesItsActor(t *testing.T) {
	for reader, kind := range map[auth.Reader]event.AuthorRole{
		auth.ReaderHuman: event.AuthorHuman, auth.ReaderOwnAI: event.AuthorAI, auth.ReaderThirdPartyAI: event.AuthorAI, auth.ReaderSystem: event.AuthorSystem,
	} {
		w := newJots(t)
		secret, key, err := w.keys.Create(t.Context(), auth.New{Kind: auth.KindAgent, Workspace: "acme", Purpose: auth.PurposeOperations, Reader: reader})
		w.must(err)
		v := w.decoded(w.jot("/v1/jots", secret, "k-1", jotOf("ada", "called back")), http.StatusCreated)
		all := w.written()
		if len(all) != 1 {
			t.Fatalf("the log has %d", len(all))
		}
		e := all[0]
		want := event.Actor{By: "key:" + key.ID, Kind: kind, ID: "a-7", Name: "Sam"}
		if e.Written().Actor != want || e.CX.AuthorRole != kind || e.MessageID != v["id"] || e.CX.ConversationID != "said" || e.Observation.String() != v["profile"] {
			t.Errorf("%s wrote %+v, %+v", reader, e, e.Written())
		}
		if w.events("ada") != 2 || w.events("bob") != 1 {
			t.Error("it is not applied to its subject alone")
		}
	}
}

func TestAWriteIsDoneOnce(t *testing.T) {
	w := newJots(t)
	key, other := w.key(auth.KindAgent, "acme"), w.key(auth.KindAgent, "acme")
	first := w.decoded(w.jot("/v1/jots", key, "k-1", jotOf("ada", "a")), http.StatusCreated)
	w.now = w.now.Add(time.Hour)
	// The same request in other words, after its subject's profile has changed.
	again := w.decoded(w.jot("/v1/jots", key, "k-1", strings.ReplaceAll(jotOf("ada", "a"), `,"`, ` , "`)), http.StatusCreated)
	if first["id"] != again["id"] || first["received_at"] != again["received_at"] {
		t.Errorf("answers %v, then %v", first, again)
	}
	for name, answer := range map[string]*httptest.ResponseRecorder{
		"text": w.jot("/v1/jots", key, "k-1", jotOf("ada", "b")), "subject": w.jot("/v1/jots", key, "k-1", jotOf("bob", "a")),
	} {
		if d := w.decoded(answer, http.StatusConflict); d["type"] != problem.IdempotencyConflict.Type() {
			t.Errorf("%s: %v", name, d)
		}
	}
	w.decoded(w.jot("/v1/jots/x", key, "k-1", jotOf("ada", "a")), http.StatusCreated) // another route has keys of its own
	if d := w.decoded(w.jot("/v1/jots/y", key, "k-1", jotOf("ada", "a")), http.StatusConflict); d["type"] != problem.IdempotencyConflict.Type() {
		t.Errorf("about another thing: %v", d)
	}
	if v := w.decoded(w.jot("/v1/jots", other, "k-1", jotOf("ada", "b")), http.StatusCreated); v["id"] == first["id"] {
		t.Error("another key's write has the same id")
	}
	if n := len(w.written()); n != 3 {
		t.Errorf("the log has %d events, want 3", n)
	}
}

// TestAKeysSuccessorGoesOn: whoever tries again with the new key does it once.
func TestAKeysSuccessorGoesOn(t *testing.T) {
	w := newJots(t)
	secret, key, err := w.keys.Create(t.Context(), auth.New{Kind: auth.KindAgent, Workspace: "acme"})
	w.must(err)
	first := w.decoded(w.jot("/v1/jots", secret, "k-1", jotOf("ada", "a")), http.StatusCreated)
	next, _, err := w.keys.Rotate(t.Context(), key.ID, time.Hour)
	w.must(err)
	if again := w.decoded(w.jot("/v1/jots", next, "k-1", jotOf("ada", "a")), http.StatusCreated); again["id"] != first["id"] || w.events("ada") != 2 {
		t.Errorf("answers %v, then %v", first, again)
	}
}

// TestWritesAtOnceAreOne: of 16 tries of one write there is one event; of two bodies under one key one is refused.
func TestWritesAtOnceAreOne(t *testing.T) {
	w := newJots(t)
	key := w.key(auth.KindAgent, "acme")
	answers := make([]*httptest.ResponseRecorder, 32)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() {
			name, text := "same", "a"
			if i%2 == 1 {
				name, text = "apart", fmt.Sprint(i%4)
			}
			answers[i] = w.jot("/v1/jots", key, name, jotOf("ada", text))
		})
	}
	group.Wait()
	ids, refused := map[string]bool{}, map[string]int{}
	for i, answer := range answers {
		var v map[string]any
		w.must(json.Unmarshal(answer.Body.Bytes(), &v))
		switch {
		case answer.Code == http.StatusCreated:
			ids[fmt.Sprint(v["id"], v["received_at"])] = true
		case answer.Code == http.StatusConflict && i%2 == 1 && v["type"] == problem.IdempotencyConflict.Type():
			refused[fmt.Sprint(i%4)]++
		default:
			t.Errorf("%d is answered %d %v", i, answer.Code, v)
		}
	}
	if len(ids) != 2 || len(refused) != 1 || w.events("ada") != 3 {
		t.Errorf("%d answers, %v refused, %d events", len(ids), refused, w.events("ada"))
	}
}

// cutOff is a Speaker that ends between the append and the answer.
type cutOff struct{ Speaker }

func (s cutOff) Say(ctx context.Context, e *event.Event) error {
	return errors.Join(s.Speaker.Say(ctx, e), context.DeadlineExceeded)
}

func TestAWriteWhoseAnswerWasLostIsDoneOnce(t *testing.T) {
	w := newJots(t)
	key := w.key(auth.KindAgent, "acme")
	whole := w.api.Speaker
	w.api.Speaker = cutOff{whole}
	w.decoded(w.jot("/v1/jots", key, "k-1", jotOf("ada", "a")), http.StatusGatewayTimeout)
	w.api.Speaker = whole
	w.decoded(w.jot("/v1/jots", key, "k-1", jotOf("ada", "b")), http.StatusConflict)
	w.decoded(w.jot("/v1/jots", key, "k-1", jotOf("ada", "a")), http.StatusCreated)
	if w.events("ada") != 2 {
		t.Errorf("%d events", w.events("ada"))
	}
}

func TestAWriteSaysWhatIsWrongWithIt(t *testing.T) {
	w := newJots(t)
	key := w.key(auth.KindAgent, "acme")
	const header = "header." + idempotencyHeader
	for _, tt := range []struct{ name, body, field string }{
		{"", jotOf("ada", "a"), header},
		{strings.Repeat("k", 256), jotOf("ada", "a"), header},
		{"a b", jotOf("ada", "a"), header},
		{"k\u00e9", jotOf("ada", "a"), header},
		{"k", `{"identifiers":[{"type":"user_id","value":"ada"}],"text":"a","actor":{"id":"` + strings.Repeat("x", 129) + `"}}`, "actor.id"},
		{"k", `{"identifiers":[{"type":"user_id","value":"ada"}],"text":"a","actor":{"name":"a\u0000"}}`, "actor.name"},
	} {
		d := w.decoded(w.jot("/v1/jots", key, tt.name, tt.body), http.StatusBadRequest)
		if got := list(d, "errors"); len(got) != 1 || got[0]["field"] != tt.field {
			t.Errorf("%q: %v", tt.name, d)
		}
	}
	w.decoded(w.jot("/v1/jots", key, strings.Repeat("k", 255), jotOf("ada", "a")), http.StatusCreated)
	w.decoded(w.jot("/v1/jots", w.key(auth.KindRead, "acme"), "k", jotOf("ada", "a")), http.StatusForbidden)
	w.decoded(w.jot("/v1/jots", key, "new", jotOf("nobody", "a")), http.StatusNotFound)
	w.decoded(w.jot("/v1/jots", w.key(auth.KindAgent, "other"), "new", jotOf("ada", "a")), http.StatusNotFound)
}

// TestNothingIsWrittenOfTheSuppressed: nor kept in the log.
func TestNothingIsWrittenOfTheSuppressed(t *testing.T) {
	w := newJots(t)
	key := w.key(auth.KindAgent, "acme")
	hasher, err := privacy.NewHasher(make([]byte, 32))
	w.must(err)
	w.give(unify.PrivacySuppress{Actor: "key:test", Identifiers: []privacy.IdentifierHash{hasher.Identifier("acme", identity.Identifier{Type: event.IDUser, Value: "ada"})}, At: w.now})
	w.decoded(w.jot("/v1/jots", key, "k", jotOf("ada", "a")), http.StatusConflict)
	w.decoded(w.jot("/v1/jots", key, "k2", jotOf("bob", "a")), http.StatusCreated)
	if n := len(w.written()); n != 1 {
		t.Errorf("the log has %d events", n)
	}
}
