package intercom

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
	"tributary/ingest/event"
)

func TestConformance(t *testing.T) { kit.Run(t, Subject()) }

func configure(t testing.TB, values map[string]string) connector.Config {
	t.Helper()
	c := Connector()
	cfg, err := c.Configure("intercom", values, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestRoles(t *testing.T) {
	for name, c := range map[string]struct {
		author author
		want   event.AuthorRole
	}{
		"user":             {author{Type: "user"}, event.AuthorCustomer},
		"lead":             {author{Type: "lead"}, event.AuthorCustomer},
		"admin":            {author{Type: "admin", Email: "jamie@example.com"}, event.AuthorHuman},
		"workflow":         {author{Type: "bot"}, event.AuthorAI},
		"Fin as an admin":  {author{Type: "admin", FromAIAgent: true}, event.AuthorAI},
		"answer by AI":     {author{Type: "admin", IsAIAnswer: true}, event.AuthorAI},
		"Operator":         {author{Type: "admin", Email: "operator+abc@intercom.io"}, event.AuthorAI},
		"not the operator": {author{Type: "admin", Email: "operator+abc@example.com"}, event.AuthorHuman},
		"nobody":           {author{}, event.AuthorSystem},
	} {
		if got := c.author.role(); got != c.want {
			t.Errorf("%s is %s, not %s", name, got, c.want)
		}
	}
}

func TestResolution(t *testing.T) {
	for _, c := range []struct {
		by   event.AuthorRole
		fin  string
		want event.Resolution
	}{
		{event.AuthorHuman, "escalated", event.ResolutionAssumed},
		{event.AuthorHuman, "", event.ResolutionAssumed},
		{event.AuthorAI, "confirmed_resolution", event.ResolutionConfirmed},
		{event.AuthorAI, "assumed_resolution", event.ResolutionAssumed},
		{event.AuthorAI, "negative_feedback", event.ResolutionNone},
		{event.AuthorAI, "", ""},
	} {
		if got := resolution(c.by, c.fin); got != c.want {
			t.Errorf("closed by %s after %q: %q, not %q", c.by, c.fin, got, c.want)
		}
	}
}

// TestLaterRounds sees that a conversation that goes on gives what is new in it, and not all of it.
func TestLaterRounds(t *testing.T) {
	const begin = 1786959062
	now := time.Unix(begin+3600, 0)
	record := `{"type":"conversation","id":"9","created_at":1786959062,"updated_at":%U,"source":{"type":"conversation","id":"1","body":"hello","author":{"type":"user","id":"u1"}},
		"contacts":{"contacts":[{"id":"u1"}]},"conversation_parts":{"conversation_parts":[{"id":"1","part_type":"comment","body":"one","created_at":1786959100,"author":{"type":"user","id":"u1"}}%P]}}`
	acted := map[string][]json.RawMessage{}
	state := func(updated, parts string) {
		acted[streamConversations] = []json.RawMessage{json.RawMessage(strings.NewReplacer("%U", updated, "%P", parts).Replace(record))}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { vendor(acted, 10).ServeHTTP(w, r) }))
	defer server.Close()
	cfg := configure(t, map[string]string{"base_url": server.URL, "access_token": kitToken})
	cfg.Now = func() time.Time { return now }
	cfg.Wait = func(context.Context, time.Duration) error { return nil }
	p, err := newPuller(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var at json.RawMessage
	round := func() string {
		var ids []string
		for more := true; more; {
			page, err := p.Pull(t.Context(), connector.Position{Checkpoint: at})
			if err != nil {
				t.Fatal(err)
			}
			at, more = page.Checkpoint, page.More
			for _, e := range page.Events {
				ids = append(ids, e.MessageID)
			}
		}
		return strings.Join(ids, " ")
	}
	state("1786959100", "")
	if got, want := round(), "conversation:9:started conversation:9:source part:9:1 conversation:9:state:1786959100"; got != want {
		t.Fatalf("first round: %s", got)
	}
	if got := round(); got != "" {
		t.Fatalf("nothing changed, and there came %s", got)
	}
	state("1786963000", `,{"id":"2","part_type":"comment","body":"two","created_at":1786963000,"author":{"type":"user","id":"u1"}}`)
	now = now.Add(time.Hour)
	if got, want := round(), "part:9:2 conversation:9:state:1786963000"; got != want {
		t.Fatalf("later round: %s", got)
	}
}

func FuzzDecode(f *testing.F) { kittest.FuzzDecode(f, Subject()) }

func BenchmarkDecode(b *testing.B) { kittest.BenchmarkDecode(b, Subject(), "user_replied.json") }
