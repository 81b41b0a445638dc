package zendesk

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
	"tributary/ingest/connector/kit/kittest"
)

func TestConformance(t *testing.T) { kit.Run(t, Subject()) }

func configure(t testing.TB, values map[string]string) connector.Config {
	t.Helper()
	c := Connector()
	cfg, err := c.Configure("zendesk", values, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestPullSettings(t *testing.T) {
	const base = "https://example.zendesk.com"
	for name, c := range map[string]struct {
		values map[string]string
		fault  string
	}{
		"listens only": {map[string]string{"webhook_secret": "s"}, ""},
		"token":        {map[string]string{"base_url": base, "email": "a@example.com", "api_key": "k"}, ""},
		"oauth":        {map[string]string{"base_url": base, "access_token": "t"}, ""},
		"no address":   {map[string]string{"access_token": "t"}, "base_url"},
		"no e-mail":    {map[string]string{"base_url": base, "api_key": "k"}, "api_key"},
		"both":         {map[string]string{"base_url": base, "email": "a@example.com", "api_key": "k", "access_token": "t"}, "api_key"},
		"odd stream":   {map[string]string{"base_url": base, "access_token": "t", "streams": "users,calls"}, "streams"},
	} {
		_, err := newPuller(configure(t, c.values))
		if (err == nil) != (c.fault == "") || err != nil && !strings.HasPrefix(err.Error(), c.fault+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTemplate(t *testing.T) {
	cfg := configure(t, map[string]string{"webhook_secret": "s"})
	w, err := newWebhook(cfg)
	if err != nil {
		t.Fatal(err)
	}
	body := strings.NewReplacer("EVENT", "assigned", "{{ticket.updated_at_with_timestamp}}", "2026-08-17T09:31:02Z").Replace(Template)
	b, err := w.Decode(&connector.Request{Body: []byte(body)})
	if err != nil || len(b.Events) != 1 || b.Events[0].Name != "case.assigned" {
		t.Fatalf("the template makes %+v, %v", b, err)
	}
}

// TestBoundary polls again and again: the second with which an export ended comes each time, and its
// records must not, or they would come back when their first coming is forgotten.
func TestBoundary(t *testing.T) {
	records := []json.RawMessage{
		json.RawMessage(`{"id":1,"ticket_id":5158,"timestamp":1786959062,"child_events":[]}`),
		json.RawMessage(`{"id":2,"ticket_id":5158,"timestamp":1786959062,"child_events":[]}`),
	}
	var asked []string
	acted := map[string][]json.RawMessage{streamEvents: records}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		vendor(acted, 100).ServeHTTP(w, r)
	}))
	defer server.Close()
	cfg := configure(t, map[string]string{
		"base_url": server.URL, "email": kitEmail, "api_key": kitKey, "streams": streamEvents,
	})
	cfg.Wait = func(context.Context, time.Duration) error { return nil }
	now := time.Unix(1786959062+3600, 0)
	cfg.Now = func() time.Time { return now }
	p, err := newPuller(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var at json.RawMessage
	pull := func() []string {
		page, err := p.Pull(t.Context(), connector.Position{Checkpoint: at})
		if err != nil {
			t.Fatal(err)
		}
		at = page.Checkpoint
		var ids []string
		for _, e := range page.Events {
			ids = append(ids, e.MessageID)
		}
		return ids
	}
	if got := pull(); len(got) != 2 {
		t.Fatalf("the first round brought %v", got)
	}
	if got := pull(); len(got) != 0 {
		t.Fatalf("the second round brought %v again", got)
	}
	acted[streamEvents] = append(acted[streamEvents], json.RawMessage(`{"id":3,"ticket_id":5158,"timestamp":1786959062,"child_events":[]}`))
	if got := pull(); len(got) != 1 || got[0] != "audit:3" {
		t.Fatalf("what came later in the same second: %v", got)
	}
	now = time.Unix(1786959062+30, 0)
	before := len(asked)
	if got := pull(); len(got) != 0 || len(asked) != before {
		t.Fatalf("the last minute was asked for: %v", asked[before:])
	}
}

func FuzzDecode(f *testing.F) { kittest.FuzzDecode(f, Subject()) }

func BenchmarkDecode(b *testing.B) { kittest.BenchmarkDecode(b, Subject(), "comment_customer.json") }
