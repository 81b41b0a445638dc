package computed

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tributary/ingest/event"

	"github.com/goccy/go-yaml"
)

// document is how definitions are written.
type definitionsFile struct {
	Computed []Definition `yaml:"computed"`
}

func parse(tb testing.TB, text string) (file definitionsFile) {
	tb.Helper()
	if err := yaml.NewDecoder(strings.NewReader(text), yaml.Strict()).Decode(&file); err != nil {
		tb.Fatal(err)
	}
	return file
}

// TestExamples: the examples are right, and mean the same when they are written as YAML or JSON and read again.
func TestExamples(t *testing.T) {
	files, _ := filepath.Glob("examples/*.yaml")
	if len(files) < 3 {
		t.Fatalf("only %d examples", len(files))
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file := parse(t, string(text))
		p, err := Compile(file.Computed)
		if err != nil || p.Len() != len(file.Computed) {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := yaml.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		var fromJSON []Definition
		asJSON, _ := json.Marshal(file.Computed)
		if err := json.Unmarshal(asJSON, &fromJSON); err != nil {
			t.Fatal(err)
		}
		for form, other := range map[string][]Definition{"YAML": parse(t, string(again)).Computed, "JSON": fromJSON} {
			q, err := Compile(other)
			if err != nil {
				t.Fatalf("%s as %s: %v", name, form, err)
			}
			for i := range p.traits {
				if p.traits[i].key != q.traits[i].key {
					t.Errorf("%s as %s: %s is another trait", name, form, p.traits[i].def.Name)
				}
			}
		}
	}
}

// TestREADME: what the README shows is right.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if _, err := Compile(parse(t, block).Computed); err != nil {
			t.Errorf("%s\n%v", block, err)
		}
		blocks++
	}
	if blocks < 10 {
		t.Errorf("%d examples in the README", blocks)
	}
}

// TestFaults: every fault is named, with its path.
func TestFaults(t *testing.T) {
	for _, test := range []struct{ yaml, want string }{
		{`{name: A, of: count, types: [track]}`, `computed[0].name: must be`},
		{`{name: "", of: count, types: [track]}`, `computed[0].name: must be`},
		{`{name: a, of: average, types: [track]}`, `computed[0].of: must be count`},
		{`{name: a, of: count}`, `computed[0]: must list events`},
		{`{name: a, of: count, types: [tracks]}`, `computed[0].types[0]: must be one of track`},
		{`{name: a, of: count, channels: [web, telex]}`, `computed[0].channels[1]: must be one of web`},
		{`{name: a, of: count, sources: ["A b"]}`, `computed[0].sources[0]: must be the name of a source`},
		{`{name: a, of: count, events: [""]}`, `computed[0].events[0]: must be the name of an event`},
		{`{name: a, of: sum, types: [track]}`, `computed[0].value: must be given`},
		{`{name: a, of: sum, types: [track], value: cx.price}`, `computed[0].value: is not a field of cx`},
		{`{name: a, of: sum, types: [track], value: price}`, `computed[0].value: must begin with`},
		{`{name: a, of: sum, types: [track], value: event.age}`, `computed[0].value: is not a field of event`},
		{`{name: a, of: sum, types: [track], value: event.at}`, `computed[0].value: is no number`},
		{`{name: a, of: sum, types: [track], value: properties..b}`, `computed[0].value: must be keys between points`},
		{`{name: a, of: sum, types: [track], value: properties.a.b.c.d.e.f.g.h.i}`, `computed[0].value: must be UTF-8`},
		{`{name: a, of: sum, types: [track], value: cx.amount}`, `computed[0].currency: must be an ISO 4217 code`},
		{`{name: a, of: sum, types: [track], value: cx.amount, currency: eur}`, `computed[0].currency: must be an ISO 4217 code`},
		{`{name: a, of: sum, types: [track], value: cx.cost, currency: EUR}`, `computed[0].currency: goes with the value cx.amount alone`},
		{`{name: a, of: count, types: [track], window: 0d}`, `computed[0].window: must be hours or days`},
		{`{name: a, of: count, types: [track], window: 169h}`, `computed[0].window: must be hours or days`},
		{`{name: a, of: count, types: [track], window: 367d}`, `computed[0].window: must be hours or days`},
		{`{name: a, of: count, types: [track], window: 1w}`, `computed[0].window: must be hours or days`},
		{`{name: a, of: count, types: [track], window: "+3d"}`, `computed[0].window: must be hours or days`},
		{`{name: a, of: count, types: [track], window: d}`, `computed[0].window: must be hours or days`},
		{`{name: a, of: count, types: [track], where: [{field: plan, is: pro}]}`, `computed[0].where[0].field: must begin with`},
		{`{name: a, of: count, types: [track], where: [{field: event.at, is: pro}]}`, `computed[0].where[0].field: cannot be event.at`},
		{`{name: a, of: count, types: [track], where: [{field: cx.team}]}`, `computed[0].where[0]: must say is`},
		{`{name: a, of: count, types: [track], where: [{field: cx.team, above: high}]}`, `computed[0].where[0].above: must be a number`},
		{`{name: a, of: count, types: [track], where: [{field: cx.team, in: []}]}`, `computed[0].where[0].in: must list 1 to 100`},
		{`{name: a, of: count, types: [track], where: [{field: cx.team, contains: ""}]}`, `computed[0].where[0].contains: must be a text`},
	} {
		_, err := Compile(parse(t, "computed:\n  - "+test.yaml).Computed)
		var faults event.Errors
		if !errors.As(err, &faults) || len(faults) != 1 || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s\n got %v\nwant %s", test.yaml, err, test.want)
		}
	}
}

// TestAllFaultsAtOnce, and the budgets.
func TestAllFaultsAtOnce(t *testing.T) {
	_, err := Compile([]Definition{{Name: "a", Of: "x"}, {Name: "a", Of: FuncSum, Types: []string{"track"}, Where: make([]Condition, 33)}})
	for _, want := range []string{"computed[0].of", "computed[0]:", "computed[1].name: is the name of computed[0] too", "computed[1].value", "computed[1].where: are more than 32", "computed[1].where[31].field"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not among %v", want, err)
		}
	}
	many := make([]Definition, MaxDefinitions+1)
	for i := range many {
		many[i] = Definition{Name: "t" + itoa(i), Of: FuncCount, Types: []string{"track"}}
	}
	if _, err = Compile(many); err == nil || err.Error() != "computed: are more than 200" {
		t.Errorf("201 definitions: %v", err)
	}
	if _, err = Compile(many[1:]); err != nil {
		t.Errorf("200 definitions: %v", err)
	}
	large := many[:10]
	for i := range large {
		large[i] = Definition{Name: "t" + itoa(i), Of: FuncUnique, Types: []string{"track"}, Value: "event.name", Window: "366d"}
	}
	if _, err = Compile(large); err == nil || !strings.Contains(err.Error(), "may keep") {
		t.Errorf("beyond the budget of bytes: %v", err)
	}
}

// TestScalarRefuses what is no scalar.
func TestScalarRefuses(t *testing.T) {
	for _, text := range []string{`[1]`, `{a: 1}`, `null`, `1e99`, `12345678901234567890123`, `.inf`, `0x10`} {
		var c Condition
		err := yaml.NewDecoder(strings.NewReader("field: cx.team\nis: "+text), yaml.Strict()).Decode(&c)
		if err == nil && c.Is != nil && text != "null" {
			t.Errorf("%s was read as %s", text, c.Is)
		}
	}
	var s Scalar
	if json.Unmarshal([]byte(`[1]`), &s) == nil || json.Unmarshal([]byte(`1e99`), &s) == nil {
		t.Error("JSON that is no scalar was read")
	}
}

// FuzzWalk: whatever bytes a document is made of, reading it ends, and of a valid one it does not depend on blanks.
func FuzzWalk(f *testing.F) {
	p := must(f, Definition{Name: "t", Of: FuncLast, Types: []string{"track"}, Value: "properties.a.b", Where: []Condition{{Field: "properties.c", Contains: new("x")}}},
		Definition{Name: "u", Of: FuncLast, Types: []string{"track"}, Value: "properties.a"})
	f.Add([]byte(`0"a0`))
	for i, raw := range hostileDocuments() {
		if i%50 == 0 && len(raw) < 1000 {
			f.Add([]byte(raw))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		read := func(raw []byte) Results {
			var v Values
			p.Observe(&event.Event{Type: event.TypeTrack, Name: "x", Properties: raw, At: start}, &v)
			results, _ := p.Evaluate(&v, start)
			return results
		}
		got := read(raw)
		var compact bytes.Buffer
		if !event.ValidObject(raw) || json.Compact(&compact, raw) != nil {
			return
		}
		if again := read(compact.Bytes()); !reflect.DeepEqual(got, again) {
			t.Fatalf("%s\n%v\n%v", raw, got, again)
		}
	})
}

// must compiles definitions that are right.
func must(tb testing.TB, definitions ...Definition) *Program {
	tb.Helper()
	p, err := Compile(definitions)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// TestWindowDuration tells the forms of a window.
func TestWindowDuration(t *testing.T) {
	for w, want := range map[Window]time.Duration{"": 0, "1h": time.Hour, "168h": 7 * 24 * time.Hour, "7d": 7 * 24 * time.Hour, "366d": 366 * 24 * time.Hour} {
		if d, err := w.Duration(); d != want || err != nil {
			t.Errorf("%q: %s, %v", w, d, err)
		}
	}
}
