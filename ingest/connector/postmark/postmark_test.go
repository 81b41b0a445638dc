package postmark

import (
	"strings"
	"testing"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
	"tributary/ingest/connector/kit/kittest"
)

func TestConformance(t *testing.T) { kit.Run(t, Subject()) }

func decoder(t testing.TB) connector.Webhook {
	t.Helper()
	c := Connector()
	cfg, err := c.Configure("postmark", Subject().Settings, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWebhook(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAttachmentsAreNotKept(t *testing.T) {
	body, err := testdata.ReadFile("testdata/webhook/first.json")
	if err != nil {
		t.Fatal(err)
	}
	b, err := decoder(t).Decode(&connector.Request{Body: body})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range b.Events {
		if kept := string(e.Properties); strings.Contains(kept, "aW52b2ljZQ==") || !strings.Contains(kept, "invoice.txt") {
			t.Errorf("%s keeps %s", e.Name, kept)
		}
	}
}

func FuzzDecode(f *testing.F) { kittest.FuzzDecode(f, Subject()) }

func BenchmarkDecode(b *testing.B) { kittest.BenchmarkDecode(b, Subject(), "reply.json") }
