package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/unify"
)

// TestAPromiseOfAnAIIsConfirmed: it is proposed until somebody who is none confirms it, with the terms that were read;
// and what was written is in lists, timeline and to the customer's own session.
func TestAPromiseOfAnAIIsConfirmed(t *testing.T) {
	w := newWorld(t)
	w.put(w.event(1, "shop", "order.placed", &event.CX{OrderID: "o1"}, event.Identifier{Type: event.IDUser, Value: "u1"}))
	ai, human := w.agent(auth.PurposeSupport, auth.ReaderOwnAI), w.agent(auth.PurposeSupport, auth.ReaderHuman)
	body := `{"identifiers":[{"type":"user_id","value":"u1"}],"kind":"refund","text":"Your refund by Friday","due_at":"2030-01-04T12:00:00Z",
		"amount":"25.00","currency":"EUR","order_id":"o1","quote":{"message_id":"t-7","text":"I will refund you"},"policy_tags":["goodwill_50"],"actor":{"id":"bot-1"}}`
	v := w.decoded(w.jot("/v1/commitments", ai, "k1", body), http.StatusCreated)["commitment"].(map[string]any)
	id := v["id"].(string)
	if by := v["by"].(map[string]any); v["status"] != "proposed" || by["role"] != "ai" || v["due_at"] != "2030-01-04T12:00:00Z" {
		t.Fatalf("got %v", v)
	}
	if again := w.decoded(w.jot("/v1/commitments", ai, "k1", body), http.StatusCreated)["commitment"].(map[string]any); again["id"] != id {
		t.Errorf("a retry is %v", again)
	}
	w.decoded(w.jot("/v1/commitments/"+id+"/confirm", ai, "k2", `{}`), http.StatusForbidden)
	w.decoded(w.jot("/v1/commitments/"+id+"/keep", human, "k3", `{}`), http.StatusConflict)
	v = w.decoded(w.jot("/v1/commitments/"+id+"/confirm", human, "k4", `{"actor":{"id":"emma"}}`), http.StatusOK)["commitment"].(map[string]any)
	if by, confirmed := v["by"].(map[string]any), v["confirmed_by"].(map[string]any); v["status"] != "made" || by["role"] != "ai" || confirmed["role"] != "human" {
		t.Errorf("confirmed it is %v", v)
	}
	w.decoded(w.jot("/v1/commitments/"+id+"/withdraw", ai, "k5", `{}`), http.StatusForbidden)
	w.decoded(w.jot("/v1/commitments/nobody/confirm", human, "k6", `{}`), http.StatusNotFound)
	for _, target := range []string{"/v1/commitments?status=made&due_before=2031-01-01T00:00:00Z", "/v1/profiles/user_id:u1/commitments", "/v1/commitments?subject=user_id:u1"} {
		if list := w.get(target, human, http.StatusOK)["commitments"].([]any); len(list) != 1 || list[0].(map[string]any)["id"] != id {
			t.Errorf("%s lists %v", target, list)
		}
	}
	if list := w.get("/v1/commitments?due_before=2030-01-01T00:00:00Z", human, http.StatusOK)["commitments"].([]any); len(list) != 0 {
		t.Errorf("not due yet: %v", list)
	}
	w.decoded(w.jot("/v1/commitments/"+id+"/keep", human, "k7", `{"evidence":{"source":"billing","message_id":"r1"}}`), http.StatusOK)
	if v := w.get("/v1/profiles/user_id:u1/commitments?status=kept", human, http.StatusOK)["commitments"].([]any); len(v) != 1 {
		t.Errorf("kept are %v", v)
	}
	again := w.decoded(w.jot("/v1/commitments", ai, "k8", body), http.StatusCreated)["commitment"].(map[string]any)
	back := w.decoded(w.jot("/v1/commitments/"+again["id"].(string)+"/withdraw", ai, "k9", `{}`), http.StatusOK)["commitment"].(map[string]any)
	if back["status"] != "withdrawn" {
		t.Errorf("taken back it is %v", back)
	}
}

func TestANoteIsInTheTimeline(t *testing.T) {
	w := newWorld(t)
	w.put(w.event(1, "shop", "order.placed", nil, event.Identifier{Type: event.IDUser, Value: "u1"}))
	human := w.agent(auth.PurposeSupport, auth.ReaderHuman)
	note := func(text string) string {
		return `{"identifiers":[{"type":"user_id","value":"u1"}],"text":"` + text + `"}`
	}
	v := w.decoded(w.jot("/v1/notes", human, "n1", note("Prefers the phone")), http.StatusCreated)
	answer := w.do(http.MethodGet, "/v1/profiles/user_id:u1/timeline", human, "").Body.String()
	if !strings.Contains(answer, v["message_id"].(string)) || !strings.Contains(answer, "Prefers the phone") {
		t.Errorf("the timeline is %s", answer)
	}
	w.decoded(w.jot("/v1/notes", human, "n2", note(strings.Repeat("x", maxNote+1))), http.StatusBadRequest)
	w.decoded(w.jot("/v1/notes", human, "n3", note("")), http.StatusBadRequest)
}

// promised is a refund that a person of the source crm promised to somebody.
func (w *world) promised(n int, id string, due time.Time, to event.Identifier) *event.Event {
	e := w.event(n, "crm", event.NameCommitmentMade, &event.CX{
		CommitmentID: id, Text: "A refund", Amount: "25.00", Currency: "EUR", DueAt: due, AuthorRole: event.AuthorHuman,
	}, to)
	e.Properties = json.RawMessage(`{"kind":"refund"}`)
	return e
}

// statuses are those of the promises to somebody, by id.
func (w *world) statuses(key, user string) map[string]string {
	w.Helper()
	all := map[string]string{}
	for _, c := range list(w.get("/v1/profiles/user_id:"+user+"/commitments", key, http.StatusOK), "commitments") {
		all[c["id"].(string)] = c["status"].(string)
	}
	return all
}

func (w *world) becomes(what string, is func() bool) {
	w.Helper()
	for end := time.Now().Add(2 * time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("%s does not come", what)
		}
	}
}

// TestKeptAndBrokenPromisesShowEverywhere: a refund of billing keeps one, time breaks another; list, context,
// timeline and stream say so, and so do events of the program's own.
func TestKeptAndBrokenPromisesShowEverywhere(t *testing.T) {
	w := newWorld(t)
	u := id(event.IDUser, "u1")
	refund := w.event(3, "billing", event.NameRefundIssued, &event.CX{Amount: "25", Currency: "EUR"}, u)
	w.put(w.promised(1, "kept", time.Now().AddDate(100, 0, 0).Truncate(time.Millisecond), u), refund, w.promised(4, "broken", epoch.Add(time.Minute), u))
	key := w.keyFor("operations", "system")
	w.becomes("what became of them", func() bool {
		is := w.statuses(key, "u1")
		return is["kept"] == "kept" && is["broken"] == "broken"
	})
	for _, c := range list(w.get("/v1/profiles/user_id:u1/commitments?status=kept", key, http.StatusOK), "commitments") {
		if e := c["evidence"].(map[string]any); e["source"] != "billing" || e["message_id"] != refund.MessageID || c["late"] != nil {
			t.Errorf("kept: %v", c)
		}
	}
	const who = "/v1/profiles/user_id:u1"
	shows := func(target string, words ...string) bool {
		text := w.do(http.MethodGet, target, key, "").Body.String()
		for _, word := range words {
			if !strings.Contains(text, word) {
				return false
			}
		}
		return true
	}
	w.becomes("context", func() bool {
		return shows(who+"/context", "Promise of a refund of 25.00 EUR by an agent", ": kept.", ": broken, it was due")
	})
	w.becomes("timeline", func() bool {
		return shows(who+"/timeline", `"commitment.kept"`, `"commitment.broken"`, `"`+event.SourceAgent+`"`)
	})
	w.becomes("stream", func() bool {
		return shows("/v1/stream?after=oldest&follow=false", "event: commitment.kept\n", "event: commitment.broken\n")
	})
}

// TestPromisesToTheRestrictedAreNotSpokenOf: they are in no answer and nothing is said of them, by the program neither;
// once their data may be used again, what came due meanwhile is found.
func TestPromisesToTheRestrictedAreNotSpokenOf(t *testing.T) {
	w := newWorld(t)
	u := id(event.IDUser, "u1")
	first := w.event(1, "shop", "order.placed", nil, u)
	w.put(first)
	human := w.agent(auth.PurposeSupport, auth.ReaderHuman)
	own := []identity.ObservationID{uuid.MustParse(w.get("/v1/profiles/user_id:u1", human, http.StatusOK)["profile"].(string))}
	w.give(unify.PrivacyRestrict{Actor: "key:test", Observations: own, Reason: "asked"})
	w.put(w.promised(2, "p", epoch.Add(time.Minute), u), w.promised(3, "marker", epoch.Add(time.Minute), id(event.IDUser, "other")))
	w.becomes("the other's", func() bool { return w.statuses(human, "other")["marker"] == "broken" })
	for method, target := range map[string]string{http.MethodGet: "/v1/profiles/user_id:u1/commitments", http.MethodPost: "/v1/commitments/p/keep"} {
		answer := w.jot(target, human, "k1", `{}`)
		if method == http.MethodGet {
			answer = w.do(method, target, human, "")
		}
		if answer.Code < 400 || strings.Contains(answer.Body.String(), "A refund") {
			t.Errorf("%s is answered with %d: %s", target, answer.Code, answer.Body)
		}
	}
	for _, x := range list(w.get("/v1/commitments", human, http.StatusOK), "commitments") {
		if x["id"] != "marker" {
			t.Errorf("listed: %v", x)
		}
	}
	w.give(unify.PrivacyUnrestrict{Actor: "key:test", Observations: own})
	w.becomes("what was passed over", func() bool { return w.statuses(human, "u1")["p"] == "broken" })
}

// TestASessionPromisesToItsSubjectAlone: what an AI promises in it is proposed, with the quoted turn, and no promise to
// anybody else is there for it.
func TestASessionPromisesToItsSubjectAlone(t *testing.T) {
	w := newWorld(t)
	w.put(w.event(1, "shop", "order.placed", nil, id(event.IDUser, "u1")), w.promised(2, "other", time.Time{}, id(event.IDUser, "u2")))
	token, _ := w.session(w.agent(auth.PurposeOperations, auth.ReaderOwnAI), "user_id:u1", "c-1")
	const body = `{"kind":"refund","text":"A refund","quote":{"message_id":"t-7","text":"I will refund you"}}`
	v := w.decoded(w.jot("/v1/commitments", token, "k1", body), http.StatusCreated)["commitment"].(map[string]any)
	if by := v["by"].(map[string]any); v["status"] != "proposed" || by["role"] != "ai" || v["quote_message_id"] != "t-7" || v["conversation"] != "c-1" {
		t.Errorf("got %v", v)
	}
	system := w.agent(auth.PurposeOperations, auth.ReaderSystem)
	if c := list(w.get("/v1/profiles/user_id:u1/commitments", system, http.StatusOK), "commitments"); len(c) != 1 || c[0]["quote"] != "I will refund you" {
		t.Errorf("with the quoted turn: %v", c)
	}
	for _, target := range []string{"/v1/commitments", "/v1/commitments?subject=subject:me", "/v1/profiles/subject:me/commitments"} {
		if c := list(w.get(target, token, http.StatusOK), "commitments"); len(c) != 1 || c[0]["id"] != v["id"] {
			t.Errorf("%s lists %v", target, c)
		}
	}
	w.get("/v1/commitments?subject=user_id:u2", token, http.StatusNotFound)
	w.get("/v1/profiles/user_id:u2/commitments", token, http.StatusNotFound)
	for _, step := range []string{"confirm", "keep", "withdraw"} {
		w.decoded(w.jot("/v1/commitments/other/"+step, token, "o-"+step, `{}`), http.StatusNotFound)
	}
	w.decoded(w.jot("/v1/commitments", token, "k2", `{"identifiers":[{"type":"user_id","value":"u2"}],"kind":"reply","text":"x"}`), http.StatusNotFound)
	w.decoded(w.jot("/v1/notes", token, "k3", `{"identifiers":[{"type":"user_id","value":"u2"}],"text":"x"}`), http.StatusNotFound)
	w.decoded(w.jot("/v1/notes", token, "k4", `{"text":"x"}`), http.StatusCreated)
	w.decoded(w.jot("/v1/commitments/"+v["id"].(string)+"/confirm", token, "k5", `{}`), http.StatusForbidden)
	v = w.decoded(w.jot("/v1/commitments/"+v["id"].(string)+"/confirm", system, "k6", `{}`), http.StatusOK)["commitment"].(map[string]any)
	if v["status"] != "made" || v["confirmed_by"].(map[string]any)["role"] != "system" || v["quote_message_id"] != "t-7" {
		t.Errorf("confirmed by a system it is %v", v)
	}
}

// TestWhatIsCutOfAPromiseIsSaid: before it is confirmed and after; the event of who promised has it whole.
func TestWhatIsCutOfAPromiseIsSaid(t *testing.T) {
	w := newWorld(t)
	w.put(w.event(1, "shop", "order.placed", nil, id(event.IDUser, "u1")))
	ai, human := w.agent(auth.PurposeOperations, auth.ReaderOwnAI), w.agent(auth.PurposeOperations, auth.ReaderHuman)
	whole := strings.Repeat("é", 300)
	body := fmt.Sprintf(`{"identifiers":[{"type":"user_id","value":"u1"}],"kind":"other","text":%q,"quote":{"text":%q}}`, whole, whole)
	id := w.decoded(w.jot("/v1/commitments", ai, "k1", body), http.StatusCreated)["commitment"].(map[string]any)["id"].(string)
	cut := func() map[string]any {
		c := list(w.get("/v1/profiles/user_id:u1/commitments", human, http.StatusOK), "commitments")[0]
		if c["text_cut"] != true || c["quote_cut"] != true || !strings.HasPrefix(whole, strings.TrimSuffix(c["text"].(string), "…")) {
			t.Errorf("got %v", c)
		}
		return c
	}
	cut()
	w.decoded(w.jot("/v1/commitments/"+id+"/confirm", human, "k2", `{}`), http.StatusOK)
	from := cut()["by"].(map[string]any)["message_id"]
	for _, e := range w.written() {
		if e.MessageID == from && e.CX.Text == whole {
			return
		}
	}
	t.Errorf("no event %v has it whole", from)
}

// TestAPostedPromiseIsDueThenOverdueAndKeptByAnEvent: whoever posted it, and however both write the amount. Until somebody
// says that it is broken, or keeps it, the context says that it is overdue.
func TestAPostedPromiseIsDueThenOverdueAndKeptByAnEvent(t *testing.T) {
	for _, c := range []struct{ posted, shown, paid, standing string }{
		{"25", "25.00", "25.00", "kept."}, {"25.00", "25.00", "25", "kept."}, {"025.5", "25.50", "25.500", "kept."},
		{"25", "25.00", "25.01", "overdue since 2090-01-04 12:00 UTC."},
	} {
		t.Run(c.posted+" and "+c.paid, func(t *testing.T) {
			w := newWorld(t)
			u := id(event.IDUser, "u1")
			w.put(w.event(1, "shop", "order.placed", nil, u))
			ai, human := w.agent(auth.PurposeOperations, auth.ReaderOwnAI), w.agent(auth.PurposeOperations, auth.ReaderHuman)
			says := func(standing string) bool {
				text := w.do(http.MethodGet, "/v1/profiles/user_id:u1/context", human, "").Body.String()
				return strings.Contains(text, "Promise of a refund of "+c.shown+" EUR by the AI, 2026-03-01: "+standing)
			}
			body := `{"identifiers":[{"type":"user_id","value":"u1"}],"kind":"refund","text":"By January","due_at":"2090-01-04T12:00:00Z","amount":"` + c.posted + `","currency":"EUR"}`
			v := w.decoded(w.jot("/v1/commitments", ai, "k1", body), http.StatusCreated)["commitment"].(map[string]any)
			if !says("proposed by 2090-01-04 12:00 UTC, and confirmed by nobody.") {
				t.Errorf("proposed it is %v", v)
			}
			v = w.decoded(w.jot("/v1/commitments/"+v["id"].(string)+"/confirm", human, "k2", `{}`), http.StatusOK)["commitment"].(map[string]any)
			if v["amount"] != c.shown || !says("due by 2090-01-04 12:00 UTC.") {
				t.Errorf("confirmed it is %v", v)
			}
			w.later.Store(int64(time.Date(2091, 1, 1, 0, 0, 0, 0, time.UTC).Sub(w.now))) // the worker's clock is not there yet
			if !says("overdue since 2090-01-04 12:00 UTC.") || w.statuses(human, "u1")[v["id"].(string)] != "made" {
				t.Errorf("once it is due it is %v", w.statuses(human, "u1"))
			}
			w.put(w.event(7200, "billing", event.NameRefundIssued, &event.CX{Amount: c.paid, Currency: "EUR"}, u))
			if !says(c.standing) {
				t.Errorf("paid %s it is not %s: %v", c.paid, c.standing, w.statuses(human, "u1"))
			}
		})
	}
}
