package mapping

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// parse reads a mapping as a file holds it.
func parse(t testing.TB, text string) (*Mapper, error) {
	t.Helper()
	var m Mapping
	if err := yaml.UnmarshalWithOptions([]byte(text), &m, yaml.Strict()); err != nil {
		return nil, err
	}
	return m.Compile("mapping")
}

func mapper(t testing.TB, text string) *Mapper {
	t.Helper()
	m, err := parse(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func config(t testing.TB) *connector.Config {
	t.Helper()
	c := connector.Connector{Name: "desk"}
	cfg, err := c.Configure("support", nil, connector.Secrets)
	if err != nil {
		t.Fatal(err)
	}
	return &cfg
}

func TestFaultsAreAllReportedWithTheirPaths(t *testing.T) {
	_, err := parse(t, `
at: .t | now
identifiers: {Customer: .id, email: .email}
attributes: {shoe_size: .shoe}
channel: {value: pigeon}
cx: {case_idd: .id}
events:
  - name: case.openned
    cx:
      direction: {value: sideways}
      talk_s: {value: long}
      scale: {value: "10"}
      resolution: {jq: .r, values: {"1": certain, "2": confirmed}}
      currency: {value: EUR}
  - free: merged
    name: case.updated
    when: .a |
  - cx: {text: {values: {a: b}}}
  - name: case.resolved
  - name: case.resolved
    record: {version: .v}
    participants: [{role: {value: cc}, type: e-mail, value: .cc}]
    type: event
`)
	if err == nil {
		t.Fatal("all of it is taken")
	}
	for _, want := range []string{
		"mapping.id: must be given", "mapping.at: must not use now", "mapping.identifiers.Customer: must be user_id",
		"mapping.attributes.shoe_size: is not an identifying attribute", `mapping.events[0].channel: "pigeon" must be one of`,
		"mapping.cx.case_idd: is not a typed field; did you mean case_id?",
		`mapping.events[0].name: "case.openned" is not in the vocabulary; did you mean case.opened?`,
		`mapping.events[0].cx.direction: "sideways" must be inbound or outbound`, `mapping.events[0].cx.talk_s: "long" is not a number`,
		`mapping.events[0].cx.scale: "10" must be two numbers`, `mapping.events[0].cx.resolution: "certain" must be confirmed`,
		"mapping.events[1]: has name and free", "mapping.events[1].when: is not jq", "mapping.events[2].name: must be given",
		"mapping.events[2].cx.text: needs jq or value", "mapping.events[4]: has the name of mapping.events[3]",
		"mapping.events[4].record.id: must be given", "mapping.events[4].participants[0].type: must be", "mapping.events[4].type: \"event\" must be track",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s", want)
		}
	}
	for _, not := range []string{"currency", `"confirmed"`} {
		if strings.Contains(err.Error(), not) {
			t.Errorf("%s is right", not)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
	if _, err := parse(t, "id: .id\nevnts: []"); err == nil || !strings.Contains(err.Error(), "[2:1]") {
		t.Errorf("an unknown key, without its line: %v", err)
	}
}

const ticket = `
id: .id
at: .at
otherwise: .kind
identifiers:
  user_id: .customer.number
  email: .customer.emails
  contact_id: {jq: .customer.id}
attributes: {name: .customer.name}
cx: {case_id: .id}
events:
  - name: case.opened
    when: .kind == "opened"
    cx:
      direction: {value: inbound}
      priority: {jq: .priority, values: {"1": urgent, "*": normal}}
      amount: .amount
      currency: {jq: .currency, values: {eur: EUR}}
      talk_s: .seconds
      turn: .turn
  - name: contact.updated
    when: .customer.version != null
    record: {id: .customer.id, version: .customer.version, deleted: .customer.gone}
    traits: .customer
`

func run(t testing.TB, m *Mapper, item string) connector.Batch {
	t.Helper()
	var b connector.Batch
	m.Map(t.Context(), &b, config(t), []byte(item), Vars{})
	return b
}

func TestMap(t *testing.T) {
	m := mapper(t, ticket)
	b := run(t, m, `{"id":90071992547409931,"kind":"opened","at":1776159000250,"priority":1,"amount":12.50,"currency":"eur","seconds":7.5,"turn":3,
		"customer":{"id":12345678901234567890,"number":"C-1","emails":["a@example.com",null,"b@example.com"],"name":"Ada","version":7,"gone":false}}`)
	if len(b.Rejected) > 0 || len(b.Events) != 2 {
		t.Fatalf("%d events, rejected %+v", len(b.Events), b.Rejected)
	}
	opened, contact := b.Events[0], b.Events[1]
	if opened.MessageID != "90071992547409931:case.opened" || opened.CX.CaseID != "90071992547409931" {
		t.Errorf("large numbers lose digits: %s, %s", opened.MessageID, opened.CX.CaseID)
	}
	if cx := opened.CX; cx.Amount != "12.50" || cx.Currency != "EUR" || *cx.TalkS != 7.5 || cx.Turn != 3 || cx.Priority != "urgent" || cx.Direction != event.DirectionInbound {
		t.Errorf("typed fields: %+v", cx)
	}
	if want := time.Date(2026, 4, 14, 9, 30, 0, 250e6, time.UTC); !opened.OriginalAt.Equal(want) {
		t.Errorf("at %v, want %v", opened.OriginalAt, want)
	}
	if len(opened.Identifiers) != 4 || opened.Identifiers[0] != (event.Identifier{Type: "support.contact_id", Value: "12345678901234567890"}) {
		t.Errorf("identifiers: %v", opened.Identifiers)
	}
	if contact.Type != event.TypeIdentify || contact.Record.Version != "7" || contact.Record.Deleted || contact.Properties != nil || len(contact.Traits) == 0 {
		t.Errorf("record: %+v", contact)
	}
}

func TestWhatNoRuleTakesIsKept(t *testing.T) {
	m := mapper(t, ticket)
	item := `{"id":"1","kind":"merged", "into":"2"}`
	b := run(t, m, item)
	if len(b.Events) != 1 || b.Events[0].Name != "desk.merged" || b.Events[0].MessageID != "1" || string(b.Events[0].Properties) != item {
		t.Errorf("%+v %+v", b.Events, b.Rejected)
	}
}

func TestRejected(t *testing.T) {
	m := mapper(t, ticket)
	for _, c := range []struct{ item, field, reason string }{
		{`{"kind":"opened"}`, "id", "is empty"},
		{`{"id":{},"kind":"opened"}`, "id", "is not a text"},
		{`{"id":1,"kind":"opened","at":"yesterday"}`, "mapping.events[0].at", "is not an ISO 8601 time"},
		{`{"id":1,"kind":"opened","currency":"doubloon"}`, "mapping.events[0].cx.currency", "is not among its values"},
		{`{"id":1,"kind":"opened","seconds":"long"}`, "mapping.events[0].cx.talk_s", "is not a number"},
		{`{"id":1,"kind":"opened","turn":1.5}`, "mapping.events[0].cx.turn", "is not a whole number"},
		{`{"id":1,"kind":"opened","customer":"Ada"}`, "mapping.attributes.name", "goes into what is no object"},
		{`{"id":1,`, "item", "is not JSON"},
		{`7`, "id", "goes into what is no object"},
	} {
		b := run(t, m, c.item)
		if len(b.Events) != 0 || len(b.Rejected) != 1 {
			t.Errorf("%s: %d events, %d rejected", c.item, len(b.Events), len(b.Rejected))
			continue
		}
		r := b.Rejected[0]
		if r.Field != c.field && !strings.HasPrefix(c.field, "mapping.attr") || !strings.HasPrefix(r.Reason, c.reason) || string(r.Payload) != c.item {
			t.Errorf("%s: %s %s", c.item, r.Field, r.Reason)
		}
		if strings.Contains(r.Reason, "doubloon") || strings.Contains(r.Reason, "Ada") {
			t.Errorf("a reason repeats a value: %s", r.Reason)
		}
	}
}

// An expression that never ends costs its item, and nothing else.
func TestEndlessExpressionsAreStopped(t *testing.T) {
	m := mapper(t, "id: .id\nevents:\n  - name: case.opened\n    cx: {text: 'if .loop then (def f: f; f) else .text end'}")
	var b connector.Batch
	cfg := config(t)
	for _, item := range []string{`{"id":1,"text":"a"}`, `{"id":2,"loop":true}`, `{"id":3,"text":"b"}`} {
		m.Map(t.Context(), &b, cfg, []byte(item), Vars{})
	}
	if len(b.Events) != 2 || len(b.Rejected) != 1 || b.Rejected[0].ID != "2" || !strings.Contains(b.Rejected[0].Reason, "million steps") {
		t.Errorf("%d events, rejected %+v", len(b.Events), b.Rejected)
	}
}

func TestExpressionsReachNothingElse(t *testing.T) {
	for _, source := range []string{
		"env.PATH", "$ENV.PATH", "input", "[inputs]", "now", "localtime", "halt", "debug", `import "a" as a; .`, `include "a"; .`,
		".a | if true then [.[] | now] else {b: \"\\(env)\"} end", "$other", "input_filename", "reduce .[] as $x (0; . + now)",
	} {
		if _, err := Compile(source); err == nil {
			t.Errorf("%s compiles", source)
		}
	}
}

func TestExpressions(t *testing.T) {
	in, err := Decode([]byte(`{"a":{"b":[1,2]},"s":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	vars := (&Vars{Headers: map[string]any{"x-topic": "t"}, Settings: map[string]any{"brand": "main"}, Body: in}).List()
	for source, want := range map[string]string{
		".s": "x", ".missing.deep": "", `"fixed"`: "fixed", `"in \(.s)"`: "in x", ".a.b[1]": "2", "$headers[\"x-topic\"]": "t",
		"$settings.brand": "main", "$body.s": "x", "empty": "", ".a.b | length": "2", `.["s"]`: "x", ".missing // .s": "x",
	} {
		x, err := Compile(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		v, err := x.First(t.Context(), in, vars)
		if got, textErr := Text(v); err != nil || textErr != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", source, got, errors.Join(err, textErr), want)
		}
	}
	x, err := Compile("range(1000)")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.All(t.Context(), nil, vars, 10); err == nil || !strings.Contains(err.Error(), "more than 10") {
		t.Errorf("a thousand results of ten: %v", err)
	}
}

func FuzzMap(f *testing.F) {
	m, cfg := mapper(f, ticket), config(f)
	f.Add([]byte(`{"id":1,"kind":"opened","at":1,"customer":{"id":1,"emails":["a"],"version":1}}`))
	f.Add([]byte(`{"id":"1e400","at":1e400,"amount":1E5,"currency":"eur","kind":"opened"}`))
	f.Fuzz(func(t *testing.T, item []byte) {
		var b connector.Batch
		m.Map(context.Background(), &b, cfg, item, Vars{})
		if b.Len() == 0 {
			t.Error("an item makes nothing")
		}
	})
}

// Paths are followed without jq; every other expression runs it.
func BenchmarkMap(b *testing.B) {
	item := []byte(`{"id":90071992547409931,"kind":"opened","at":"2026-04-14T09:30:00Z","priority":1,"amount":12.50,"currency":"eur","seconds":7.5,"turn":3,
		"subject":"My router is dead","status":"open","tags":["router","broadband"],"assignee":{"id":7,"name":"Grace"},"group":{"id":3,"name":"Care"},
		"customer":{"id":12345,"number":"C-1","emails":"a@example.com","name":"Ada"}}`)
	paths := "id: .id\nat: .at\nidentifiers: {user_id: .customer.number, email: .customer.emails, contact_id: .customer.id}\nattributes: {name: .customer.name}\n" +
		"events:\n  - name: case.opened\n    cx: {case_id: .id, topic: .subject, priority: .priority, agent_id: .assignee.id, team: .group.name, talk_s: .seconds, disposition: .status}\n"
	jq := strings.Replace(ticket, "      turn: .turn\n", "      turn: .turn\n      topic: .subject | ascii_downcase\n      team: .group.name // \"none\"\n      agent_id: if .assignee then .assignee.id else null end\n", 1)
	for _, c := range []struct{ name, text string }{{"paths", paths}, {"jq", jq}} {
		b.Run(c.name, func(b *testing.B) {
			m, cfg := mapper(b, c.text), config(b)
			ctx := context.Background()
			b.ReportAllocs()
			b.SetBytes(int64(len(item)))
			for b.Loop() {
				var batch connector.Batch
				if m.Map(ctx, &batch, cfg, item, Vars{}); len(batch.Events) != 1 {
					b.Fatal(batch.Rejected)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
