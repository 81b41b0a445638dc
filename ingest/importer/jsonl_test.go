package importer

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"tributary/ingest/stream"
)

// TestEventsAsTheyAre: lines are calls of Segment's API or events of our own, without a mapping.
func TestEventsAsTheyAre(t *testing.T) {
	text := `{"type":"identify","messageId":"m1","userId":"u-1","traits":{"email":"ada@example.com"},"timestamp":"2025-01-01T00:00:00Z","writeKey":"secret"}
{"type":"track","userId":"u-1","event":"order.placed","properties":{"order_id":"o-1","amount":5,"currency":"EUR"}}
{"message_id":"own","type":"track","name":"page.seen","identifiers":[{"type":"user_id","value":"u-1"}],"original_at":"2025-01-01T00:00:00Z","at":"2025-01-01T00:00:00Z","received_at":"2025-01-01T00:00:00Z"}
{"type":"track","userId":"u-1","writeKey":"secret"}
{"message_id":"x","workspace":"another"}
`
	log := &tape{}
	im := Import{Path: writeFile(t, "calls.jsonl", text), Format: FormatJSONL, Workspace: "default", Source: "web", Now: fixedNow}
	report, err := im.Run(t.Context(), log)
	if err != nil || report.Events != 3 || report.Rejected != 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	events := log.events(t)
	if events[0].MessageID != "m1" || events[0].Identifiers[1].Value != "ada@example.com" || events[2].MessageID != "own" || events[1].CX.Amount != "5" {
		t.Errorf("%+v %+v %+v", events[0], events[1].CX, events[2])
	}
	if !strings.HasSuffix(events[1].MessageID, ":2") || len(events[1].MessageID) < 24 {
		t.Errorf("a call without an id is called %q", events[1].MessageID)
	}
	for _, r := range log.records {
		if r.Lane != stream.LaneBulk || bytes.Contains(r.Value, []byte("secret")) {
			t.Errorf("lane %s: %s", r.Lane, r.Value)
		}
	}
	again := &tape{}
	if _, err := im.Run(t.Context(), again); err != nil || again.records[1].MessageID != log.records[1].MessageID {
		t.Errorf("again it is called %q: %v", again.records[1].MessageID, err)
	}
}

// TestNobodyImportsWhatAgentsWrite: neither their source, nor their names, nor whose event it is.
func TestNobodyImportsWhatAgentsWrite(t *testing.T) {
	const at = `"original_at":"2025-01-01T00:00:00Z","at":"2025-01-01T00:00:00Z","received_at":"2025-01-01T00:00:00Z"`
	text := `{"message_id":"1","type":"track","name":"note.added","source":"tributary.agent","observation":"00000000-0000-4000-8000-000000000001",` + at + `}
{"message_id":"2","type":"track","name":"handoff.offered","identifiers":[{"type":"user_id","value":"u-1"}],` + at + `}
{"message_id":"3","type":"track","name":"commitment.kept","observation":"00000000-0000-4000-8000-000000000001",` + at + `}
{"type":"track","userId":"u-1","event":"note.added"}
`
	log := &tape{}
	im := Import{Path: writeFile(t, "calls.jsonl", text), Format: FormatJSONL, Workspace: "default", Source: "web", Now: fixedNow}
	report, err := im.Run(t.Context(), log)
	if err != nil || report.Events != 0 || report.Rejected != 4 {
		t.Fatalf("%+v, %v", report, err)
	}
	for i, field := range []string{"source", "name", "observation", "event"} {
		if r := log.records[i]; r.Kind != stream.KindRejected || r.Source != "web" || !bytes.Contains(r.Value, []byte(`"field":"`+field+`"`)) {
			t.Errorf("record %d is %s of %s: %s", i, r.Kind, r.Source, r.Value)
		}
	}
}

func TestMisspeltColumnIsTold(t *testing.T) {
	im := Import{Stdin: strings.NewReader("{\"id\":1,\"mail\":null,\"when\":\"2025-01-01T00:00:00Z\",\"a\":{\"b\":1},\"c.d\":2}\n"), Format: FormatJSONL, Workspace: "default", Source: "s",
		Mapping: mappingOf(t, "version: 1\nrow_id: id\nidentifiers: {email: mial}\nevents: [{name: a, at: [when], properties: [a.b, c.d, a.x]}]\n")}
	log := &tape{}
	report, err := im.Run(t.Context(), log)
	if err != nil || strings.Join(report.NeverFilled, " ") != "a.x mial" {
		t.Errorf("%v, %v", report.NeverFilled, err)
	}
	if e := log.events(t)[0]; string(e.Properties) != `{"a.b":1,"c.d":2}` {
		t.Errorf("%s", e.Properties)
	}
}

// FuzzJSONTree reads members as the standard library does.
func FuzzJSONTree(f *testing.F) {
	for _, text := range []string{`{"a":1,"b":{"c":"x\"}y"},"\u0061":[{"b":"]"}]}`, ` { "a" : { } , "b.c" : -1.5e3 } `, `{"b":{"c":null,"d":[]},"b":2}`, `{"a":"\ud800"}`} {
		f.Add([]byte(text))
	}
	columns := []string{"a", "b.c", "b"}
	f.Fuzz(func(t *testing.T, text []byte) {
		lines := newLineReader(bytes.NewReader(text))
		if lines.object() != nil || lines.fault != "" {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(lines.text, &want); err != nil {
			t.Fatalf("%q passes for an object: %v", lines.text, err)
		}
		tree := newJSONTree(columns)
		values := make([]value, len(columns))
		tree.read(string(lines.text), values)
		a, there := want["a"]
		if there != (values[0].kind != kindNull) && string(a) != "null" {
			t.Fatalf("%q: a is %+v, want %s", lines.text, values[0], a)
		}
		if got := values[0].appendJSON(nil); there && !sameJSON(got, a) {
			t.Fatalf("%q: a is %s, want %s", lines.text, got, a)
		}
	})
}

func sameJSON(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return bytes.Equal(p, q)
}

func FuzzEventLines(f *testing.F) {
	f.Add([]byte(`{"type":"track","userId":"u","event":"e","properties":{}}` + "\n" + `{"message_id":"m"}`))
	f.Add([]byte("{}\n\n\xff\n[\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		log := &tape{}
		report, err := Import{Stdin: bytes.NewReader(text), Format: FormatJSONL, Workspace: "default", Source: "s"}.Run(t.Context(), log)
		if err == nil && report.Events+report.Rejected != len(log.records) {
			t.Errorf("%+v, but %d records", report, len(log.records))
		}
		for _, r := range log.records {
			if !json.Valid(r.Value) {
				t.Errorf("not JSON: %q", r.Value)
			}
		}
		for _, e := range log.events(t) {
			if err := e.Validate(); err != nil {
				t.Error(err)
			}
		}
	})
}
