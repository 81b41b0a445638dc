package api

import (
	"net/http"
	"testing"

	"tributary/api/auth"
	"tributary/ingest/event"
)

// TestWhatABrowserSaysAgreesWithNothing: who opens the web page can put an address of theirs beside somebody else's
// id; a lookup with that address and the other's telephone number raises no level by it, until a server says it too.
func TestWhatABrowserSaysAgreesWithNothing(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.keys.Create(w.Context(), auth.New{Kind: auth.KindWrite, Workspace: "acme", Source: "web", Origins: []string{"https://shop.example.com"}})
	w.must(err)
	const planted, phone = "mallory@example.com", "+12125550188"
	w.put(
		w.event(1, "crm", "order.placed", nil, id(event.IDUser, "victim"), id(event.IDPhone, phone), id(event.IDEmail, "victim@example.com")),
		w.event(2, "web", "order.placed", nil, id(event.IDUser, "victim"), id(event.IDEmail, planted)),
	)
	level := func(email string) string {
		answer := w.decoded(w.do(http.MethodPost, "/v1/profiles/lookup", w.keyFor("support", "human"),
			`{"identifiers":[{"type":"phone","value":"`+phone+`"},{"type":"email","value":"`+email+`"}]}`), http.StatusOK)
		return answer["verification"].(map[string]any)["level"].(string)
	}
	if l := level(planted); l != "claimed" {
		t.Errorf("with an address that a browser alone said it is %s", l)
	}
	if l := level("victim@example.com"); l != "matched" {
		t.Errorf("with the customer's own address it is %s", l)
	}
	w.put(w.event(3, "crm", "order.placed", nil, id(event.IDUser, "victim"), id(event.IDEmail, planted)))
	if l := level(planted); l != "matched" {
		t.Errorf("with an address that a server said too it is %s", l)
	}
}
