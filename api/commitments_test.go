package api

import (
	"net/http"
	"strings"
	"testing"

	"tributary/api/auth"
	"tributary/ingest/event"
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
