package trial

import (
	"os"
	"strings"
	"testing"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/stripe"
)

var (
	all = connector.Registry{stripe.Subject().Connector}
	now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func run(t *testing.T, r Request) *Result {
	t.Helper()
	result, err := Run(all, &r, "acme", now)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("../declarative/examples/acmedesk/" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWhatAMappingMakes(t *testing.T) {
	desk, ticket := read(t, "connector.yaml"), read(t, "samples/webhook/ticket-created.json")
	got := run(t, Request{Mapping: desk, Payload: ticket, Source: "helpdesk"})
	if len(got.Events) != 2 || len(got.Rejected)+len(got.Faults) != 0 || got.Connector.Webhook != "/v1/webhooks/helpdesk" {
		t.Errorf("%d events, %v, %v", len(got.Events), got.Rejected, got.Faults)
	}
	got = run(t, Request{Mapping: desk, Payload: read(t, "samples/pull/customers.json"), Stream: "customers"})
	if len(got.Events) != 4 || !strings.Contains(string(got.Events[0]), `"source":"trial"`) {
		t.Errorf("of a page %d events, %v", len(got.Events), got.Faults)
	}
}

// TestFaultsHaveTheirPlace: in the YAML by line and path, in the payload by line.
func TestFaultsHaveTheirPlace(t *testing.T) {
	desk := read(t, "connector.yaml")
	line := func(of string) int {
		before, _, _ := strings.Cut(desk, of)
		return 1 + strings.Count(before, "\n")
	}
	for name, c := range map[string]struct {
		r    Request
		want Fault // Reason: a part of it
	}{
		"no such field":     {Request{Mapping: strings.Replace(desk, "title: Acme", "titel: Acme", 1)}, Fault{In: "mapping", Line: line("title: Acme"), Reason: "titel"}},
		"no YAML":           {Request{Mapping: "version: [1"}, Fault{In: "mapping", Line: 1}},
		"an unknown name":   {Request{Mapping: strings.Replace(desk, "name: case.opened", "name: case.begun", 1)}, Fault{In: "mapping", Line: line("name: case.opened"), Path: "mappings.happening.events[0].name"}},
		"no jq":             {Request{Mapping: strings.Replace(desk, "at: .occurred_at", "at: .occurred_at |", 1)}, Fault{In: "mapping", Line: line("at: .occurred_at"), Path: "mappings.happening.at"}},
		"a barred function": {Request{Mapping: strings.Replace(desk, "at: .occurred_at", "at: env.HOME", 1)}, Fault{In: "mapping", Line: line("at: .occurred_at"), Reason: "environment"}},
		"many aliases":      {Request{Mapping: "a: &a 1\nb: [" + strings.Repeat("*a, ", 20) + "1]"}, Fault{In: "mapping", Line: 2, Reason: "refers to"}},
		"a broken payload":  {Request{Mapping: desk, Payload: "{\n\"events\": [}"}, Fault{In: "payload", Line: 2, Column: 12}},
		"no payload":        {Request{Mapping: desk, Payload: " "}, Fault{In: "payload"}},
		"no stream":         {Request{Mapping: desk, Payload: "{}", Stream: "nothing"}, Fault{In: "payload", Reason: "name a stream"}},
		"both":              {Request{Mapping: desk, Connector: "stripe"}, Fault{In: "request", Path: "mapping"}},
		"neither":           {Request{}, Fault{In: "request", Path: "mapping"}},
		"no connector":      {Request{Connector: "nobody"}, Fault{In: "request", Path: "connector"}},
		"a bad source":      {Request{Connector: "stripe", Source: "Our Billing"}, Fault{In: "request", Path: "source"}},
		"a bad setting":     {Request{Connector: "stripe", Settings: map[string]string{"colour": "red"}}, Fault{In: "settings", Path: "colour"}},
	} {
		if c.r.Payload == "" && c.want.In != "payload" {
			c.r.Payload = "{}"
		}
		got := run(t, c.r)
		if len(got.Faults) == 0 || len(got.Events)+len(got.Rejected) > 0 {
			t.Errorf("%s: %d events, %d rejected, faults %v", name, len(got.Events), len(got.Rejected), got.Faults)
			continue
		}
		f := got.Faults[0]
		if f.In != c.want.In || f.Line != c.want.Line || c.want.Path != "" && f.Path != c.want.Path || c.want.Column != 0 && f.Column != c.want.Column || !strings.Contains(f.Reason, c.want.Reason) {
			t.Errorf("%s: %+v, want %+v", name, f, c.want)
		}
	}
}

func TestAConnectorOfTheProgram(t *testing.T) {
	text, err := os.ReadFile("../stripe/testdata/webhook/charge-captured.json")
	if err != nil {
		t.Fatal(err)
	}
	got := run(t, Request{Connector: "stripe", Payload: string(text), Source: "billing"})
	if len(got.Events) == 0 || len(got.Faults) > 0 || !strings.Contains(got.Connector.Config, "env:BILLING_") {
		t.Errorf("%d events, faults %v, config %s", len(got.Events), got.Faults, got.Connector.Config)
	}
}

// FuzzRun: whatever is pasted, there is an answer.
func FuzzRun(f *testing.F) {
	f.Add("version: 1\nname: a", `{"id":1}`)
	f.Fuzz(func(t *testing.T, mapping, payload string) {
		if _, err := Run(all, &Request{Mapping: mapping, Payload: payload}, "acme", now); err != nil {
			t.Error(err)
		}
		if _, err := Run(all, &Request{Connector: "stripe", Payload: payload}, "acme", now); err != nil {
			t.Error(err)
		}
	})
}
