package storetest

import (
	"fmt"
	"strings"
	"testing"

	"tributary/sql/store"

	"pgregory.net/rapid"
)

// testRandomJSON: whatever the properties, what SafeJSON leaves of them never costs a block.
func testRandomJSON(t *testing.T, e Engine) {
	b := e.Store(t)
	rapid.Check(t, func(rt *rapid.T) {
		var rows []*store.EventRow
		for i, raw := range rapid.SliceOfN(jsonObject(4), 1, 30).Draw(rt, "properties") {
			row := &store.EventRow{Workspace: "acme", MessageID: fmt.Sprint(i), At: Start, ReceivedAt: Start, Properties: raw}
			row.Query, _ = store.SafeJSON(raw)
			rows = append(rows, row)
		}
		if err := store.Insert(t.Context(), b.Store, store.Events, rows, ""); err != nil {
			rt.Fatal(err)
		}
	})
}

// jsonKeys are few, so that they repeat, alone and as parts of dotted ones.
var jsonKeys = []string{"a", "b", "a.b", "b.a", "a.a", "", ".", "a.", `\u0061`, `a\u0000`, `\ud800`, "a[]", "`", "é", "\xff", "a.:Int64", "_"}

var jsonAtoms = []string{
	"0", "-1", "1.0", "1.5e10", "-0", "1e400", "1e-400", "18446744073709551615", "18446744073709551616", "-9223372036854775809",
	"12345678901234567890123", "true", "false", "null", `""`, `"x"`, `"\ud800"`, `"\ud83d\ude00"`, `"\u0000"`, "\"\x00\"", "\"\xff\"",
	`"2026-03-01"`, `"2026-03-01T10:00:00Z"`, `"2026-03-01 10:00:00.123"`, `"1"`, `"[1,2]"`, `"{}"`, `"00000000-0000-0000-0000-000000000000"`,
	"{}", "[]", `"\x"`, `"\u00g0"`,
}

func jsonValue(depth int) *rapid.Generator[string] {
	atom := rapid.SampledFrom(jsonAtoms)
	if depth == 0 {
		return atom
	}
	return rapid.OneOf(atom, atom, jsonObject(depth-1), jsonArray(depth-1))
}

func jsonObject(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for i := range rapid.IntRange(0, 5).Draw(t, "members") {
			if i > 0 {
				b.WriteString(rapid.SampledFrom([]string{",", " , "}).Draw(t, "comma"))
			}
			b.WriteString(`"` + rapid.SampledFrom(jsonKeys).Draw(t, "key") + `":` + jsonValue(depth).Draw(t, "value"))
		}
		return "{" + b.String() + "}"
	})
}

func jsonArray(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return "[" + strings.Join(rapid.SliceOfN(jsonValue(depth), 0, 4).Draw(t, "elements"), ",") + "]"
	})
}
