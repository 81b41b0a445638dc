package schema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/ingest/schema"
)

func TestFieldsAreFoundWithTheirTypes(t *testing.T) {
	for raw, want := range map[string]string{
		``:                                      ``,
		`{}`:                                    ``,
		`{"a":1}`:                               `a integer`,
		`{"a":1.0}`:                             `a number`,
		`{"a":-1e3}`:                            `a number`,
		`{"a":null}`:                            `a null`,
		`{"a":false}`:                           `a boolean`,
		`{ "a" : "x"}`:                          `a string`,
		`{"a":{"b":[1,"x",null]}}`:              `a object, a.b array, a.b[] null|integer|string`,
		`{"items":[{"sku":"x"},{"price":1.5}]}`: `items array, items[] object, items[].sku string, items[].price number`,
		`{"a.b":1,"c\"d":2,"":3,"\u00e9":4}`:    `é integer, [""] integer, ["a.b"] integer, ["c\"d"] integer`,
		`{"a":1,"a":"x"}`:                       `a integer|string`,
		`{"a":"}],{\"b\":1"}`:                   `a string`,
		`{"a":[[1]]}`:                           `a array, a[] array, a[][] integer`,
	} {
		var got []string
		for _, f := range schema.Fields([]byte(raw)) {
			got = append(got, f.Path+" "+strings.Join(f.Types.Names(), "|"))
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%s: %s, want %s", raw, text, want)
		}
	}
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	if n := len(schema.Fields([]byte(deep))); n != schema.MaxDepth {
		t.Errorf("%d fields of a deep object", n)
	}
}

func TestEqualShapesHashAlike(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`{"a":1,"b":"x"}`, ` { "a" : 22 , "b" : "" } `, true},
		{`{"a":[1,2,3]}`, `{"a":[9]}`, true},
		{`{"a":1}`, `{"a":"1"}`, false},
		{`{"a":1}`, `{"b":1}`, false},
		{`{"a":{"b":1}}`, `{"a":{},"b":1}`, false},
		{`{"a":[1,"x"]}`, `{"a":["x"]}`, false},
		{`{"a":1}`, `{"a":1.5}`, false},
	} {
		if got := schema.Hash([]byte(c.a)) == schema.Hash([]byte(c.b)); got != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

// sighting is an event as inference sees it.
type sighting struct {
	raw, id string
	at      int64
}

func genSightings(t *rapid.T) []sighting {
	all := make([]sighting, rapid.IntRange(1, 60).Draw(t, "events"))
	for i := range all {
		members := map[string]any{}
		for range rapid.IntRange(0, 6).Draw(t, "members") {
			name := rapid.SampledFrom([]string{"a", "b", "cart", "x.y", strings.Repeat("long", 70)}).Draw(t, "name")
			if rapid.IntRange(0, 9).Draw(t, "made up") == 0 {
				name = fmt.Sprintf("m%d", rapid.IntRange(0, 2000).Draw(t, "number"))
			}
			members[name] = rapid.SampledFrom([]any{1, 1.5, "x", nil, true, map[string]any{"c": 1}, []any{1, "x"}, []any{map[string]any{"d": nil}}}).Draw(t, "value")
		}
		raw, _ := json.Marshal(members)
		all[i] = sighting{string(raw), fmt.Sprintf("m%03d", rapid.IntRange(0, 99).Draw(t, "id")), int64(rapid.IntRange(0, 200_000_000).Draw(t, "at"))}
	}
	return all
}

func infer(all []sighting) *schema.Inferred {
	x := &schema.Inferred{}
	for _, s := range all {
		x.Add(schema.Fields([]byte(s.raw)), &schema.Seen{Count: 1, First: s.at, Last: s.at, Example: s.id})
		if s.at%3 == 0 {
			x.Break([]schema.Breach{{Kind: schema.NewField, Path: "a", Keyword: "additionalProperties"}}, s.at, s.id, schema.Quarantine)
		}
	}
	return x
}

func encoded(x *schema.Inferred) []byte {
	b, _ := x.AppendBinary(nil)
	return b
}

func TestInferenceIsTheSameInAnyOrderAndGrouping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := genSightings(t)
		want := encoded(infer(all))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var sum schema.Inferred
		for len(all) > 0 {
			n := 1 + r.IntN(len(all))
			part := encoded(infer(all[:n]))
			all = all[n:]
			var back schema.Inferred
			if err := back.UnmarshalBinary(part); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(encoded(&back), part) {
				t.Fatal("it comes back as another")
			}
			if r.IntN(2) == 0 {
				back.Merge(&sum)
				sum = back
			} else {
				sum.Merge(&back)
			}
		}
		if !bytes.Equal(encoded(&sum), want) {
			t.Fatal("another order or grouping gives another schema")
		}
	})
}

func TestWhatIsBeyondTheBoundsIsCounted(t *testing.T) {
	var x schema.Inferred
	for i := range 3 * schema.MaxFields {
		x.Add(schema.Fields(fmt.Appendf(nil, `{"n%04d":1,"always":true}`, i)), &schema.Seen{Count: 1, First: 1, Last: 1, Example: "m"})
	}
	if len(x.Fields) != schema.MaxFields || x.FieldsBeyond() != 5*schema.MaxFields || x.Events.Count != 3*schema.MaxFields {
		t.Errorf("%d fields, %d beyond, of %d events", len(x.Fields), x.FieldsBeyond(), x.Events.Count)
	}
	i := slices.IndexFunc(x.Fields, func(f schema.FieldSeen) bool { return f.Path == "always" })
	if i >= 0 {
		t.Error("a longer path is kept before shorter ones")
	}
}

// What was seen, printed as a schema, allows all that was seen.
func TestDocumentAllowsWhatWasSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := genSightings(t)
		x := infer(all)
		s, err := schema.Compile(x.Document())
		if err != nil {
			t.Fatalf("%v: %s", err, x.Document())
		}
		for _, e := range all {
			if breaches := s.Check([]byte(e.raw)); len(breaches) > 0 {
				t.Fatalf("%s: %+v by %s", e.raw, breaches, x.Document())
			}
		}
	})
}

const plans = `{
	"type": "object",
	"properties": {
		"plan": {"enum": ["free", "pro"]}, "seats": {"type": "integer", "minimum": 1},
		"cart": {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"], "additionalProperties": false},
		"items": {"type": "array", "items": {"$ref": "#/$defs/item"}}
	},
	"required": ["plan"],
	"additionalProperties": false,
	"$defs": {"item": {"type": "object", "properties": {"sku": {"type": "string"}}, "additionalProperties": false}}
}`

func TestBreachesNameTheField(t *testing.T) {
	s, err := schema.Compile([]byte(plans))
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]struct{ breaches, dropped string }{
		`{"plan":"pro","seats":3}`:      {"", `{"plan":"pro","seats":3}`},
		``:                              {"missing_field plan required", `{}`},
		`{"plan":"pro","colour":"red"}`: {"new_field colour additionalProperties", `{"plan":"pro"}`},
		`{"plan":"pro","seats":"3"}`:    {"type_change seats type", `{"plan":"pro"}`},
		`{"plan":"pro","seats":0}`:      {"constraint seats minimum", `{"plan":"pro"}`},
		`{"plan":"gold"}`:               {"constraint plan enum", `{}`},
		`{"plan":"pro","cart":{"total":"1","x":{"y":1}}}`:    {"new_field cart.x additionalProperties, type_change cart.total type", `{"plan":"pro","cart":{}}`},
		`{"plan":"pro","items":[{"sku":"a"},{"sku":1}]}`:     {"type_change items[].sku type", `{"plan":"pro"}`},
		`{"plan":"pro","items":[{"qty":1},{"qty":1,"x":2}]}`: {"new_field items[].x additionalProperties, new_field items[].qty additionalProperties", `{"plan":"pro"}`},
		`{"plan":"pro","seats":1e999999999}`:                 {"type_change seats type", `{"plan":"pro"}`},
	} {
		breaches := s.Check([]byte(raw))
		var got []string
		for _, b := range breaches {
			got = append(got, fmt.Sprint(b.Kind, " ", b.Path, " ", b.Keyword))
		}
		if text := strings.Join(got, ", "); text != want.breaches {
			t.Errorf("%s: %s, want %s", raw, text, want.breaches)
		}
		e := &event.Event{Type: event.TypeTrack, Properties: []byte(raw)}
		if left := schema.Without(e, schema.Droppable(breaches)); raw != "" && string(left.Properties) != want.dropped {
			t.Errorf("%s: %s is left, want %s", raw, left.Properties, want.dropped)
		}
		if string(e.Properties) != raw {
			t.Error("the event itself was changed")
		}
	}
}

func TestBadSchemasAreToldByPlace(t *testing.T) {
	for raw, want := range map[string]string{
		`{`:                                   "schema: is not JSON",
		`[]`:                                  "schema: must be an object",
		`{"properties":{"a":{"type":"int"}}}`: "schema.properties.a.type",
		`{"required":"a","minLength":-1}`:     "schema.required",
		`{"properties":{"a":{"$ref":"https://example.com/s.json"}}}`: "$ref \"https://example.com/s.json\"",
		`{"$ref":"file:///etc/passwd"}`:                              "$ref \"file:///etc/passwd\"",
		`{"$ref":"#/$defs/none"}`:                                    "schema: cannot be compiled",
		`{"maximum":1e999999999}`:                                    "schema.maximum: is a number out of range",
		`{"pattern":"("}`:                                            "schema.pattern",
		`{"a":"` + strings.Repeat("x", schema.MaxDocument) + `"}`:    "schema: is larger",
	} {
		_, err := schema.Compile([]byte(raw))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", raw, err, want)
		}
		var faults event.Errors
		if !errors.As(err, &faults) {
			t.Errorf("%.60s: %T", raw, err)
		}
	}
}

func TestContractsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		event    string
		contract schema.Contract
		want     string
	}{
		"fine":              {"Plan Compared", schema.Contract{Schema: []byte(plans), Policy: schema.Drop}, ""},
		"policy alone":      {schema.AnyEvent, schema.Contract{Policy: schema.Quarantine}, ""},
		"nothing":           {schema.AnyEvent, schema.Contract{}, "policy: is required where there is no schema"},
		"no schema":         {"a", schema.Contract{Policy: schema.Drop}, "schema: is required"},
		"no such policy":    {"a", schema.Contract{Policy: "reject", Schema: []byte(plans)}, "policy: must be"},
		"both are at fault": {"a", schema.Contract{Policy: "reject", Schema: []byte(`[]`)}, "schema: must be an object"},
	} {
		err := c.contract.Validate(c.event)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	j, err := schema.NewJudge(&schema.Contract{Schema: []byte(plans)}, &schema.Contract{Policy: schema.Drop})
	if err != nil || j.Policy != schema.Drop {
		t.Errorf("the policy of the source is not that of its events: %+v, %v", j, err)
	}
	if j, err := schema.NewJudge(nil, &schema.Contract{Policy: schema.Drop}); j != nil || err != nil {
		t.Errorf("%+v, %v", j, err)
	}
}

func TestDriftTellsWhatChanged(t *testing.T) {
	var x schema.Inferred
	day := (24 * time.Hour).Milliseconds()
	see := func(at int64, id, raw string) {
		x.Add(schema.Fields([]byte(raw)), &schema.Seen{Count: 1, First: at, Last: at, Example: id})
	}
	see(0, "m1", `{"plan":"a","seats":1,"ratio":1.5,"old":1}`)
	see(1, "m2", `{"plan":"b","seats":2,"ratio":2.5,"old":2}`)
	see(3*day, "m3", `{"plan":"b","seats":"2","ratio":2,"colour":"red"}`)
	see(4*day, "m4", `{"plan":null,"seats":"3","ratio":2.5,"colour":1}`)
	at := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	want := []schema.Difference{
		{Kind: schema.MissingField, Path: "old", Events: 2, LastSeen: at(1)},
		{Kind: schema.TypeChange, Path: "seats", Types: []string{"string"}, Before: []string{"integer"}, Events: 2, FirstSeen: at(3 * day), LastSeen: at(4 * day), Example: "m3"},
		{Kind: schema.NewField, Path: "colour", Types: []string{"integer", "string"}, Events: 2, FirstSeen: at(3 * day), LastSeen: at(4 * day), Example: "m3"},
	}
	if got := x.Drift(time.Time{}); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := x.Drift(at(4*day + 1)); len(got) != 1 || got[0].Path != "old" {
		t.Errorf("since the end: %+v", got)
	}
}

func FuzzFields(f *testing.F) {
	for _, raw := range []string{`{"a":[{"b":1.5}]}`, `{"a":"\u0041\"}`, `{"a"`, `{"a":}`, `[1,2`, `{"a":1}}`, `{"a":{"b":{}}]`, "{\"\\ud800\":1}"} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		schema.Hash(raw)
		fields := schema.Fields(raw)
		if !json.Valid(raw) || len(raw) == 0 || raw[0] != '{' {
			return
		}
		var doc map[string]any
		if json.Unmarshal(raw, &doc) != nil {
			return
		}
		top := 0
		for _, f := range fields {
			if !strings.ContainsAny(f.Path, ".[") {
				top++
			}
		}
		if top > len(doc) {
			t.Fatalf("%d fields of %d members: %v", top, len(doc), fields)
		}
	})
}

func FuzzCompile(f *testing.F) {
	f.Add([]byte(plans), []byte(`{"plan":"pro"}`))
	f.Add([]byte(`{"$ref":"#"}`), []byte(`{"a":{"b":1}}`))
	f.Add([]byte(`{"allOf":[{"$ref":"#/allOf/0"}]}`), []byte(`{}`))
	f.Add([]byte(`{"properties":{"a":{"$ref":"#"}},"unevaluatedProperties":false}`), []byte(`{"a":{"b":1}}`))
	f.Fuzz(func(_ *testing.T, doc, raw []byte) {
		s, err := schema.Compile(doc)
		if err != nil || !json.Valid(raw) {
			return
		}
		breaches := s.Check(raw)
		schema.Without(&event.Event{Type: event.TypeTrack, Properties: raw}, schema.Droppable(breaches))
	})
}

func FuzzInferred(f *testing.F) {
	f.Add(encoded(infer([]sighting{{`{"a":[1]}`, "m", 3}, {`{"b":{}}`, "n", 4}})))
	f.Fuzz(func(t *testing.T, data []byte) {
		var x schema.Inferred
		if x.UnmarshalBinary(data) != nil {
			return
		}
		x.Drift(time.Time{})
		x.Document()
		var back schema.Inferred
		if err := back.UnmarshalBinary(encoded(&x)); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	raw := []byte(`{"url":"https://shop.example.com/a/43656","referrer":"https://search.example.com/?q=th","title":"vwvbyue brhyprk etbrtsrk","session":"820c654f526ee214","load_ms":2713,"scroll":0.601,"logged_in":false,"ab":{"checkout":"riyn","price":2},"cart":{"value":266.36,"items":5,"currency":"EUR"},"tags":["tc","nt"],"sku":"SKU-782078","note":"` + strings.Repeat("word ", 80) + `"}`)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		schema.Hash(raw)
	}
}
