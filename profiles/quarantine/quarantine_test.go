package quarantine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tributary/ingest/stream"
)

func paths(leaves []Leaf) []string {
	var all []string
	for _, l := range leaves {
		all = append(all, l.Path+":"+l.Type)
	}
	return all
}

func TestLeaves(t *testing.T) {
	for _, c := range []struct{ payload, want string }{
		{`{"a":{"b":[1,{"c":"x"}]},"a":2}`, "a.b[0]:number a.b[1].c:text a:number"},
		{`{"ines@example.com":{"x":true},"Ines Duarte":null,"k4711":1,"k12":2}`, "{name 1}.x:boolean {name 2}:null {name 3}:number k12:number"},
		{`{"a":[],"b":{}}`, "a:list b:object"},
		{`"one"`, ":text"},
		{`{"a":1,`, "a:number :unreadable"},
		{`{"a":1} x`, "a:number :unreadable"},
		{`no json`, ":unreadable"},
		{``, ""},
		{strings.Repeat("[", 5000), ":unreadable"},
	} {
		leaves, beyond := Leaves([]byte(c.payload))
		if got := strings.Join(paths(leaves), " "); got != c.want || beyond != 0 {
			t.Errorf("%.60s: %s, want %s", c.payload, got, c.want)
		}
	}
	leaves, beyond := Leaves([]byte("[" + strings.Repeat("1,", MaxLeaves+4) + "1]"))
	if len(leaves) != MaxLeaves || beyond != 5 {
		t.Errorf("%d leaves and %d beyond", len(leaves), beyond)
	}
}

func TestFormsAndNames(t *testing.T) {
	leaves, _ := Leaves([]byte(`{"firstName":"Ada","at":"2026-03-01T10:00:00Z","day":"2026-03-01","mail":"a@example.com","n":"-1.5e3","u":"https://x.org","type":"track","event":"case.opened","who":{"Ada L":{"phone":"1"}}}`))
	want := []string{"first_name//false", "at/time/false", "day/date/false", "mail/email/false", "n/number/false", "u/url/false", "type//true", "event//true", "phone/number/false"}
	for i, l := range leaves {
		if got := fmt.Sprintf("%s/%s/%t", l.Name, l.Form, l.Word); got != want[i] {
			t.Errorf("%s: %s, want %s", l.Path, got, want[i])
		}
	}
}

func TestPlainPath(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "identifiers[2].value": "identifiers[2].value", "properties.ines@example": "properties.{name 2}", "properties.4711x": "properties.{name 2}",
		"traits[ines].a": "{name 1}.a", "cx.currency": "cx.currency", "context.Ines Duarte": "context.{name 2}",
	} {
		if got := PlainPath(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestEveryValueIsALeaf: against a naive count of the values of random JSON, and no path holds a text of it.
func TestEveryValueIsALeaf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := randomJSON(t, 4)
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		leaves, _ := Leaves(text)
		if want := countLeaves(v); len(leaves) != want {
			t.Fatalf("%s: %d leaves, want %d", text, len(leaves), want)
		}
		for _, l := range leaves {
			if strings.Contains(l.Path, "secret@") {
				t.Fatalf("%s: the path %q tells a name", text, l.Path)
			}
		}
	})
}

func randomJSON(t *rapid.T, depth int) any {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	switch {
	case kind == 0 && depth > 0:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			list = append(list, randomJSON(t, depth-1))
		}
		return list
	case kind <= 2 && depth > 0:
		object := map[string]any{}
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			object[rapid.SampledFrom([]string{"a", "firstName", "secret@example.com", "x y", "", "名"}).Draw(t, "name")] = randomJSON(t, depth-1)
		}
		return object
	case kind == 3:
		return nil
	case kind == 4:
		return rapid.Bool().Draw(t, "b")
	}
	return rapid.String().Draw(t, "s")
}

func countLeaves(v any) int {
	n := 0
	switch x := v.(type) {
	case []any:
		for _, one := range x {
			n += countLeaves(one)
		}
		return max(n, 1)
	case map[string]any:
		for _, one := range x {
			n += countLeaves(one)
		}
		return max(n, 1)
	}
	return 1
}

func TestPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Place{stream.Position{Partition: stream.Partition(rapid.Uint16().Draw(t, "p")), Offset: rapid.Uint64().Draw(t, "o")}, rapid.Uint32().Draw(t, "n")}
		if back, err := ParsePlace(p.String()); err != nil || back != p {
			t.Fatalf("%s reads back as %s, %v", p, back, err)
		}
	})
	for _, bad := range []string{"", "1-2", "1-2-3-4", "01-2-3", "1-2-3 ", "-1-2-3", "a-b-c"} {
		if p, err := ParsePlace(bad); err == nil {
			t.Errorf("%q reads as %s", bad, p)
		}
	}
}

func TestSummaryAddsUp(t *testing.T) {
	var s Summary
	s.Add([]Change{{Place: "1-1-0", Source: "web", Reason: "r", Now: "stored"}, {Place: "1-2-0", Source: "web", Reason: "r", Now: "duplicate", NowReason: "repeat"}})
	s.Add([]Change{{Place: "1-3-0", Source: "app", Reason: "r", Now: "stored"}, {Place: "1-4-0", Source: "web", Reason: "r", Now: "stored"}})
	want := []Sum{{"app", "r", "stored", "", 1}, {"web", "r", "stored", "", 2}, {"web", "r", "duplicate", "repeat", 1}}
	if got := s.Sums(); !slices.Equal(got, want) || s.Items != 4 {
		t.Errorf("%d items: %v", s.Items, got)
	}
}
