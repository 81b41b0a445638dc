package declarative

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

// The example passes the conformance kit with the samples beside it. With the flag -update its golden
// files are written anew.
func TestExample(t *testing.T) {
	const file = "examples/acmedesk/connector.yaml"
	if update := flag.Lookup("update"); update != nil && update.Value.String() == "true" {
		if err := UpdateGolden(t.Context(), file); err != nil {
			t.Fatal(err)
		}
	}
	subject, err := SubjectOf(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range kit.Check(t.Context(), subject) {
		for _, found := range r.Findings {
			t.Errorf("%s: %s", r.Name, found)
		}
		if r.Blocked != "" {
			t.Errorf("%s: not checked, for %s", r.Name, r.Blocked)
		}
	}
}

func TestTry(t *testing.T) {
	for _, c := range []struct{ file, stream, sample, want string }{
		{"acmedesk", "", "webhook/ticket-created.json", "case.opened conversation.message"},
		{"acmedesk", "customers", "pull/customers.json", strings.Repeat(" contact.updated", 4)[1:]},
		{"inhouse-billing", "invoices", "invoices.json", "invoice.issued invoice.paid inhouse-billing.invoice.disputed"},
		{"inhouse-billing", "accounts", "accounts.json", "contact.updated"},
		{"orders-topic", "", "orders.json", "order.placed order.shipped orders-topic.order.deleted"},
	} {
		f, err := Load(filepath.Join("examples", c.file, "connector.yaml"))
		if err != nil {
			t.Error(err)
			continue
		}
		sample, err := os.ReadFile(filepath.Join("examples", c.file, "samples", filepath.FromSlash(c.sample)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := f.Try(c.stream, sample)
		var got []string
		for _, e := range b.Events {
			got = append(got, e.Name)
		}
		if err != nil || len(b.Rejected) > 0 || strings.Join(got, " ") != c.want {
			t.Errorf("%s, %s: %v, %+v, %v", c.file, c.sample, got, b.Rejected, err)
		}
	}
}

func TestTryNamesTheStreams(t *testing.T) {
	f, err := Load("examples/inhouse-billing/connector.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, stream := range []string{"", "orders"} {
		if _, err := f.Try(stream, []byte("{}")); err == nil || !strings.Contains(err.Error(), "accounts, invoices") {
			t.Errorf("stream %q: %v", stream, err)
		}
	}
}

// What a topic's record holds that expressions cannot take is rejected, not lost.
func TestTopicIsAConnector(t *testing.T) {
	f, err := Load("examples/orders-topic/connector.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c := f.Connector()
	cfg, err := c.Configure("orders", map[string]string{"brokers": "127.0.0.1:1", "topic": "orders"}, connector.Secrets)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.NewPuller(cfg)
	if err != nil || p == nil {
		t.Fatalf("%v, %v", p, err)
	}
	if _, err := SubjectOf("examples/orders-topic/connector.yaml"); err == nil {
		t.Error("a topic is checked, without a broker")
	}
	if closer, ok := p.(interface{ Close() }); ok {
		closer.Close()
	}
}

func TestTablesAreAConnector(t *testing.T) {
	f, err := Load("examples/inhouse-billing/connector.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c := f.Connector()
	for dsn, want := range map[string]string{"postgres://reader:hunter2@127.0.0.1/billing": "", "postgres://reader:hunter2@127.0.0.1:port/": "dsn: "} {
		cfg, err := c.Configure("billing", map[string]string{"dsn": dsn}, func(s string) (string, error) { return s, nil })
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.NewPuller(cfg)
		if (want == "") != (err == nil && p != nil) || err != nil && (!strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%v, %v", p, err)
		}
	}
}

// BenchmarkWebhook verifies, decodes and maps a delivery of the example.
func BenchmarkWebhook(b *testing.B) {
	f, err := Load("examples/acmedesk/connector.yaml")
	if err != nil {
		b.Fatal(err)
	}
	body, err := os.ReadFile("examples/acmedesk/samples/webhook/ticket-created.json")
	if err != nil {
		b.Fatal(err)
	}
	s := f.Subject(os.DirFS("examples/acmedesk/samples"))
	cfg, err := s.Connector.Configure("desk", s.Settings, func(v string) (string, error) { return v, nil })
	if err != nil {
		b.Fatal(err)
	}
	w, err := s.Connector.NewWebhook(cfg)
	if err != nil {
		b.Fatal(err)
	}
	r := s.Deliver("ticket-created", body, time.Now())
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	events := 0
	for b.Loop() {
		if err := w.Verify(r); err != nil && !errors.Is(err, connector.ErrStale) {
			b.Fatal(err)
		}
		batch, err := w.Decode(r)
		if err != nil {
			b.Fatal(err)
		}
		events += len(batch.Events)
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
