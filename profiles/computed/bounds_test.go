package computed

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/sql/storetest"
)

// TestBounds: far beyond what is kept of it, a person's stream still equals SQL and the plain recomputation,
// also where many observations were kept and folded apart.
func TestBounds(t *testing.T) {
	definitions := []Definition{}
	for _, w := range []Window{"", "6h", "24h", "7d", "30d", "366d"} {
		for _, of := range []Func{FuncUnique, FuncMostFrequent, FuncFirst, FuncLast, FuncSum, FuncMean, FuncMin, FuncMax, FuncCount, FuncExists} {
			definitions = append(definitions, Definition{Name: fmt.Sprintf("%s_%s_", of, w), Of: of, Types: []string{"track"}, Value: "properties.v", Window: w})
		}
	}
	for i := range definitions {
		definitions[i].Name = fmt.Sprintf("t%02d", i)
	}
	p, err := Compile(definitions)
	if err != nil {
		t.Fatal(err)
	}
	b := database(t)
	random := rand.New(rand.NewPCG(3, 4))
	person := storetest.Observation(0)
	var v Values
	var rows []seen
	var all []*event.Event
	for range 40 {
		var one Values
		for range 150 {
			ago := time.Duration(random.ExpFloat64() * float64(time.Duration(1+random.IntN(40*24))*time.Hour))
			at := start.Add(event.MaxAhead - ago).Truncate(time.Millisecond)
			value := fmt.Sprintf(`"v%d"`, random.IntN(1+random.IntN(3000)))
			if random.IntN(3) == 0 {
				value = fmt.Sprint(random.IntN(1000000) - 500000)
			}
			e := &event.Event{
				Workspace: "acme", Source: "web", MessageID: fmt.Sprint(len(all)), Type: event.TypeTrack, Name: "x",
				OriginalAt: at, ReceivedAt: start, At: at, Properties: json.RawMessage(`{"v":` + value + `}`),
			}
			p.Observe(e, &one)
			all, rows = append(all, e), append(rows, seen{e, person})
		}
		v.Merge(&one)
	}
	insert(t, b, rows)
	results, _ := p.Evaluate(&v, start)
	inexact := 0
	for _, d := range definitions {
		got, _ := results.Lookup(d.Name)
		row := compute(t, b, p, d.Name, "acme", start)[person]
		value, exact, left := naive(d, all, start)
		if string(got.Value) != string(Literal(value)) || got.Exact != exact || got.LeftOut != uint64(left) {
			t.Errorf("%s of %q: stream %s %v %d, plain %s %v %d", d.Of, d.Window, got.Value, got.Exact, got.LeftOut, value, exact, left)
		}
		if row.Value != value || row.Exact != exact || row.LeftOut != uint64(left) {
			t.Errorf("%s of %q: SQL %+v, plain %s %v %d", d.Of, d.Window, row, value, exact, left)
		}
		if !exact {
			inexact++
		}
	}
	if inexact < 6 {
		t.Errorf("only %d results are inexact: the bounds were not met", inexact)
	}
}

// TestCosts: no observation comes to more than is told.
func TestCosts(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, w := range []Window{"", "6h", "8d"} {
		for _, of := range funcs {
			p, err := Compile([]Definition{{Name: "t", Of: of, Types: []string{"track"}, Value: "properties.v", Window: w}})
			if err != nil {
				t.Fatal(err)
			}
			var v Values
			for i := range 20_000 {
				text := fmt.Sprintf("%064d", random.Uint64())
				e := &event.Event{
					Source: "web", MessageID: fmt.Sprintf("%0256d", i), Type: event.TypeTrack, Name: "x", At: start.Add(-time.Duration(random.IntN(16*24)) * time.Hour),
					Properties: json.RawMessage(`{"v":"` + text[:64-random.IntN(3)] + `"}`),
				}
				p.Observe(e, &v)
			}
			encoded, _ := v.AppendBinary(nil)
			if told := p.Costs()[0].Bytes; len(encoded)-2 > told {
				t.Errorf("%s of %q: %d bytes, %d told", of, w, len(encoded), told)
			}
		}
	}
}

// TestWindowEdges: a window holds the bucket of now and those before it, and Evaluate says to the
// millisecond when that changes.
func TestWindowEdges(t *testing.T) {
	for _, test := range []struct {
		window     Window
		at, leaves string
	}{
		{"1h", "2026-03-10T09:00:00Z", "2026-03-10T10:00:00Z"},
		{"1h", "2026-03-10T09:59:59.999Z", "2026-03-10T10:00:00Z"},
		{"24h", "2026-03-10T09:00:00Z", "2026-03-11T09:00:00Z"},
		{"1d", "2026-03-10T09:59:59.999Z", "2026-03-11T09:00:00Z"},
		{"7d", "2026-03-10T09:30:00Z", "2026-03-17T09:00:00Z"},
		{"8d", "2026-03-10T00:00:00Z", "2026-03-18T00:00:00Z"},
		{"8d", "2026-03-09T23:59:59.999Z", "2026-03-17T00:00:00Z"},
		{"30d", "2026-03-10T23:59:59.999Z", "2026-04-09T00:00:00Z"},
		{"30d", "1969-12-31T23:59:59.999Z", "1970-01-30T00:00:00Z"},
		{"2h", "1969-12-31T23:59:59.999Z", "1970-01-01T01:00:00Z"},
	} {
		at, _ := time.Parse(time.RFC3339, test.at)
		leaves, _ := time.Parse(time.RFC3339, test.leaves)
		for _, of := range []Func{FuncCount, FuncExists, FuncLast, FuncUnique} {
			p, err := Compile([]Definition{{Name: "t", Of: of, Types: []string{"track"}, Value: "event.name", Window: test.window}})
			if err != nil {
				t.Fatal(err)
			}
			var v Values
			p.Observe(&event.Event{Type: event.TypeTrack, Name: "x", At: at}, &v)
			before, next := p.Evaluate(&v, leaves.Add(-time.Millisecond))
			if got, want := string(before[0].Value), map[Func]string{FuncCount: "1", FuncExists: "true", FuncLast: `"x"`, FuncUnique: "1"}[of]; got != want || !next.Equal(leaves) {
				t.Errorf("%s of %s at %s: before it leaves %s, next %s", of, test.window, test.at, got, next)
			}
			after, next := p.Evaluate(&v, leaves)
			if gone := len(after) == 0 || string(after[0].Value) == "0" || string(after[0].Value) == "false"; !gone || !next.IsZero() {
				t.Errorf("%s of %s at %s: after it left %v, next %s", of, test.window, test.at, after, next)
			}
		}
	}
}

// TestNothingInTheWindowIsLost: with an event in each bucket there is, up to five minutes ahead, in any
// order, the window still holds all of its buckets.
func TestNothingInTheWindowIsLost(t *testing.T) {
	for _, w := range []Window{"1h", "24h", "7d", "30d", "366d"} {
		p, err := Compile([]Definition{{Name: "t", Of: FuncCount, Types: []string{"track"}, Window: w}})
		if err != nil {
			t.Fatal(err)
		}
		s := w.span()
		unit := time.Duration(s.milli) * time.Millisecond
		received := start.Truncate(24 * time.Hour).Add(24*time.Hour - time.Minute) // the five minutes reach the next day
		for _, late := range []time.Duration{0, unit - event.MaxAhead} {
			var v Values
			for _, i := range rand.New(rand.NewPCG(7, 8)).Perm(3 * int(s.n)) {
				p.Observe(&event.Event{Type: event.TypeTrack, Name: "x", At: received.Add(event.MaxAhead - time.Duration(i)*unit)}, &v)
			}
			now := received.Add(-late)
			want := 0
			for i := range 3 * int(s.n) {
				if at := received.Add(event.MaxAhead - time.Duration(i)*unit); s.bucket(at) >= s.oldest(now) {
					want++
				}
			}
			results, _ := p.Evaluate(&v, now)
			if string(results[0].Value) != fmt.Sprint(want) || want < int(s.n) {
				t.Errorf("%s, %s behind: %s of %d", w, late, results[0].Value, want)
			}
		}
	}
}

// TestKeep: values belong to what a definition says, not to its name.
func TestKeep(t *testing.T) {
	one := Definition{Name: "orders", Of: FuncCount, Events: []string{"b", "a"}, Where: []Condition{{Field: "event.channel", Is: Text("web")}, {Field: "cx.turn", Above: Number("1.0")}}}
	renamed, changed, same := one, one, one
	renamed.Name = "orders_placed"
	changed.Events = []string{"a"}
	same.Name, same.Events = "again", []string{"a", "b", "a"}
	same.Where = []Condition{{Field: "cx.turn", Above: Number("1")}, one.Where[0]}
	observe := func(d ...Definition) (*Program, *Values) {
		t.Helper()
		p, err := Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		var v Values
		p.Observe(&event.Event{Type: event.TypeTrack, Name: "a", Channel: "web", CX: &event.CX{Turn: 2}, At: start}, &v)
		return p, &v
	}
	other := changed
	other.Name = "other"
	_, v := observe(one, other)
	p, _ := observe(renamed)
	v.Keep(p)
	results, _ := p.Evaluate(v, start)
	if r, _ := results.Lookup("orders_placed"); string(r.Value) != "1" || len(v.all) != 1 {
		t.Errorf("renamed: %s, %d series", r.Value, len(v.all))
	}
	p, _ = observe(changed)
	if results, _ = p.Evaluate(v, start); string(results[0].Value) != "0" {
		t.Errorf("changed: %s", results[0].Value)
	}
	if v.Keep(p); !v.Empty() {
		t.Error("values of a definition that is gone were kept")
	}
	p, v = observe(one, same)
	if results, _ = p.Evaluate(v, start); len(v.all) != 1 || string(results[0].Value) != "1" || string(results[1].Value) != "1" {
		t.Errorf("two of the same: %v", results)
	}
}
