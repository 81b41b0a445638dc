package computed

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/sql/storetest"
)

// start is when the events of tests happen.
var start = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)

// hostile are values that parsers differ about.
var hostile = []string{
	`0`, `-0`, `-0.0`, `1`, `1.0`, `10`, `1e1`, `1E+1`, `1e-1`, `1e01`, `12.5`, `0.1`, `0.30000000000000004`, `0.123456789`, `-0.123456789`,
	`0.000000009`, `-0.000000009`, `1e-8`, `1e-9`, `-1e-9`, `1e22`, `9999999999999999999999`, `9999999999999999999999.99999999`, `9999999999999999999999.999999999`,
	`10000000000000000000000`, `-9999999999999999999999.99999999`, `-10000000000000000000000`, `12345678901234567890123`, `18446744073709551615`, `18446744073709551616`,
	`-9223372036854775808`, `-9223372036854775809`, `9007199254740993`, `1e400`, `1e-400`, `1e-99`, `1e99`, `1e100`, `0e99`, `0e100`, `0.0e-10`, `0.00000000001e11`,
	`0.00000000001e12`, `123456789e-8`, `123456789e-9`, `123456789.987654321e-5`, `1.5e10`, `1e29`, `1e30`, `0e29`, `0e30`, `1e+029`, `0.00000001e29`, `0.00000001e030`,
	`1` + strings.Repeat("0", 98) + `e-90`, `0.` + strings.Repeat("0", 90) + `1e97`, `1.` + strings.Repeat("3", 97), `1.` + strings.Repeat("3", 98), `1.` + strings.Repeat("3", 99), strings.Repeat("9", 400) + `.5`,
	`"0"`, `"-0"`, `"007"`, `"1.0"`, `"1."`, `".5"`, `"1e1"`, `"+1"`, `" 1"`, `"1 "`, `"١"`, `"0x10"`, `"NaN"`, `"inf"`, `"-"`, `"1,5"`, `"12.50"`, `"-12.5"`, `"12345678901234567890123"`,
	`"1234567890123456789012"`, `"0000000000000000000000000001"`, `"0.123456789"`, `"-0.000000009"`, `"1.` + strings.Repeat("3", 98) + `"`, `"1.` + strings.Repeat("3", 99) + `"`,
	`""`, `"x"`, `"true"`, `"null"`, `"=x"`, `"#1"`, `"!true"`, `"?"`, `"["`, `"{}"`, `"[1]"`, `"\""`, `"\\"`, `"\\\""`, `"\\u0041"`, `"\/"`, `"/"`, `"\b\f\n\r\t"`, `"A"`, `"\u0041"`, `"\u0000"`, `"a\u0000b"`, `"é"`, `"\u00e9"`, `"e\u0301"`,
	`"\ud83d\ude00"`, `"😀"`, `"\uD83D\uDE00"`, `"\ud83d"`, `"\ude00"`, `"\ud83dx"`, `"\ud83d\ud83d\ude00"`, `"\ud83d\\ude00"`, `"\\ud83d"`, `"\\\ud83d"`, `"\\\\ud83d"`, `"\ud83d\\\\\ude00"`, `"\ud83d\u0041"`, `"x\u2028y"`, `"` + "\u2028\u007f" + `"`,
	`"a: 1, \"b\": {"`, `"<b>&amp;</b>"`, `"` + strings.Repeat("x", 256) + `"`, `"` + strings.Repeat("x", 257) + `"`, `"` + strings.Repeat("é", 128) + `"`, `"` + strings.Repeat("😀", 64) + `y"`,
	`true`, `false`, `null`, `{}`, `[]`, `{"b":1}`, `{"b":{"c":2}}`, `[1]`, `["x"]`, `[["x"]]`, `["y",{"z":"x"},"x"]`, `["\ud83d","x"]`, `["\u0078"]`, `[null,1,"x"]`, `[true,12345678901234567890123,"x"]`,
}

// shapes put a hostile value somewhere into an object.
var shapes = []string{
	`{"a":%s}`, ` { "z" : 1 , "a" : %s } `, `{"a":%s,"a":"second"}`, `{"a":"first","a":%s}`, `{"\u0061":%s}`, `{"\u0061":%s,"a":"second"}`, `{"a":{"b":%s}}`, `{"a":{"b":1,"b":%s}}`,
	`{"a":{"x":1},"a":{"b":%s}}`, `{"a":1,"a":{"b":%s}}`, `{"z":%s,"a":{"b":"after"}}`, `{"a.b":%s}`, `{"a":[{"b":%s}]}`, `{"=a":%s,"a":7}`, `{"\ud83d":%s,"a":8}`, `{"":%s,"a":{"":1,"b":9}}`,
	`{"a":{"b":{"c":%s}}}`, "{\n\t\"a\"\r\n:\t%s\n}",
}

func hostileDocuments() (all []string) {
	for _, v := range hostile {
		for _, shape := range shapes {
			all = append(all, fmt.Sprintf(shape, v))
		}
	}
	for _, s := range randomNumbers(3000) {
		all = append(all, `{"a":`+s+`,"z":"`+s+`"}`)
	}
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, n := range []int{900, maxDepth - 1, maxDepth, maxDepth + 1, 1023, 1024, 1025, 3900} {
		all = append(all, `{"a":1,"z":`+deep(n)+`}`, `{"a":{"b":`+deep(n)+`}}`, `{"a":"x","z":`+strings.Repeat(`{"z":`, n-1)+`{}`+strings.Repeat("}", n-1)+`}`)
	}
	brackets := strings.Repeat("[", 1500)
	all = append(all, `{"a":"x","z":"`+brackets+`"}`, `{"a":"`+brackets+`\"`+brackets+`"}`, storetest.ManyKeys(3000), `{"z":`+storetest.ManyKeys(3000)+`,"a":"last"}`, `{}`, ` {} `)
	for _, h := range storetest.HostileJSON {
		all = append(all, h.Raw)
	}
	return all
}

// randomNumbers are JSON numbers around all limits there are.
func randomNumbers(n int) (all []string) {
	random := rand.New(rand.NewPCG(1, 2))
	digits := func(most int) string {
		b := make([]byte, 1+random.IntN(most))
		for i := range b {
			b[i] = "0123456789000999"[random.IntN(16)]
		}
		return string(b)
	}
	for range n {
		s := cmp.Or(strings.TrimLeft(digits(30), "0"), "0")
		if random.IntN(3) > 0 {
			s += "." + digits(12+random.IntN(60))
		}
		if random.IntN(3) == 0 {
			s += []string{"e", "E", "e-", "e+"}[random.IntN(4)] + digits(2)
		}
		if random.IntN(2) == 0 {
			s = "-" + s
		}
		all = append(all, s)
	}
	return all
}

// TestHostileDocuments: whatever a document holds, Go and the engine find the same value by a path, or none,
// and the same number in it.
func TestHostileDocuments(t *testing.T) {
	b := database(t)
	var events []seen
	for _, raw := range hostileDocuments() {
		e := &event.Event{
			Workspace: "acme", Source: "web", MessageID: fmt.Sprint(len(events)), Type: event.TypeTrack, Name: "x",
			OriginalAt: start, ReceivedAt: start, At: start, Properties: json.RawMessage(raw),
		}
		if raw == "" {
			e.Properties = nil
		}
		if e.Validate() == nil {
			events = append(events, seen{e, storetest.Observation(uint64(len(events)))})
		}
	}
	if len(events) < 1000 {
		t.Fatalf("only %d of the documents are valid", len(events))
	}
	insert(t, b, events)
	for _, path := range []string{"a", "a.b", "a.b.c", "=a", "b", "key_2999", "z"} {
		where := []Condition{{Field: "properties." + path, Contains: new("x")}}
		p, err := Compile([]Definition{
			{Name: "value", Of: FuncLast, Types: []string{"track"}, Value: "properties." + path},
			{Name: "number", Of: FuncSum, Types: []string{"track"}, Value: "properties." + path},
			{Name: "holds", Of: FuncExists, Types: []string{"track"}, Where: where},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"value", "number", "holds"} {
			rows := compute(t, b, p, name, "acme", start)
			for _, e := range events {
				var v Values
				p.Observe(e.Event, &v)
				results, _ := p.Evaluate(&v, start)
				r, found := results.Lookup(name)
				row := rows[e.observation]
				if name == "holds" && string(r.Value) == "false" {
					found = false
				}
				if found != (row.Value != "") || found && string(r.Value) != string(Literal(row.Value)) {
					t.Errorf("%s of %s: Go has %s, SQL %q\n%.300s", name, path, r.Value, row.Value, e.Properties)
				}
			}
		}
	}
}
