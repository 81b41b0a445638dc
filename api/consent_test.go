package api

import (
	"net/http"
	"strings"
	"testing"

	"tributary/api/auth"
	"tributary/ingest/event"
)

func (w *world) consents(n int, status event.Consent, channel event.Channel, ids ...event.Identifier) *event.Event {
	e := w.event(n, "crm", event.NameConsentChanged, &event.CX{Consent: status, Purpose: "marketing", Evidence: "form 3"}, ids...)
	e.Channel = channel
	return e
}

func TestConsentIsToldWithWhy(t *testing.T) {
	w := newWorld(t)
	read, write := w.key(auth.KindRead, "acme"), w.key(auth.KindWrite, "acme")
	user, ada := event.Identifier{Type: "user_id", Value: "42"}, event.Identifier{Type: "email", Value: "Ada@example.com"}
	w.put(w.consents(1, event.ConsentGranted, event.ChannelEmail, user, ada))
	allowed := func(body string) (bool, string) {
		t.Helper()
		v := w.decoded(w.do(http.MethodPost, "/v1/consent/check", read, body), http.StatusOK)
		return v["allowed"].(bool), v["reason"].(string)
	}
	if yes, why := allowed(`{"identifiers":[{"type":"user_id","value":"42"}],"channel":"email","purpose":"marketing"}`); !yes || why != "granted" {
		t.Errorf("%t, %s", yes, why)
	}
	// Refused for another address of the same person, later.
	w.decoded(w.do(http.MethodPost, "/v1/consent", write, `{"identifiers":[{"type":"user_id","value":"42"},{"type":"email","value":"ops@example.com"}],"channel":"email","purpose":"marketing","consent":"refused","evidence":"call"}`), http.StatusCreated)
	for body, want := range map[string]string{
		`{"identifiers":[{"type":"user_id","value":"42"}],"channel":"email","purpose":"marketing"}`:      "refused_elsewhere",
		`{"contact":{"type":"email","value":"ada@example.com"},"channel":"email","purpose":"marketing"}`: "refused_elsewhere",
		`{"contact":{"type":"email","value":"ops@example.com"},"channel":"email","purpose":"marketing"}`: "refused",
		`{"contact":{"type":"email","value":"new@example.com"},"channel":"email","purpose":"marketing"}`: "missing",
	} {
		if yes, why := allowed(body); yes || why != want {
			t.Errorf("%s: %t, %s, want %s", body, yes, why, want)
		}
	}
	for _, path := range []string{"/v1/profiles/user_id:42/consent", "/v1/consent/email:ada@example.com"} {
		if v := w.get(path, read, http.StatusOK); len(v["consent"].([]any)) == 0 {
			t.Errorf("%s: %v", path, v)
		}
	}
	for body, field := range map[string]string{
		`{"channel":"email","purpose":"marketing"}`:                                         "identifiers",
		`{"contact":{"type":"user_id","value":"42"},"purpose":"marketing"}`:                 "contact.type",
		`{"identifiers":[{"type":"user_id","value":"42"}],"channel":"fax","purpose":"Big"}`: "purpose",
	} {
		a := w.do(http.MethodPost, "/v1/consent/check", read, body)
		if a.Code != http.StatusBadRequest || !strings.Contains(a.Body.String(), `"field":"`+field+`"`) {
			t.Errorf("%s: %d %s", body, a.Code, a.Body)
		}
	}
	for body, field := range map[string]string{
		`{"contact":{"type":"email","value":"a@example.com"},"purpose":"marketing","consent":"maybe"}`:                 "consent",
		`{"contact":{"type":"phone","value":"+15550100"},"channel":"email","purpose":"marketing","consent":"granted"}`: "contact.type",
		`{"contact":{"type":"email","value":"a@example.com"},"purpose":"marketing"}`:                                   "consent",
		`{"profile":"x","purpose":"marketing","consent":"granted"}`:                                                    "profile",
	} {
		a := w.do(http.MethodPost, "/v1/consent", write, body)
		if a.Code != http.StatusBadRequest || !strings.Contains(a.Body.String(), `"field":"`+field+`"`) {
			t.Errorf("%s: %d %s", body, a.Code, a.Body)
		}
	}
	if a := w.do(http.MethodPost, "/v1/consent", read, `{}`); a.Code != http.StatusForbidden {
		t.Errorf("a key that reads records: %d", a.Code)
	}
}
