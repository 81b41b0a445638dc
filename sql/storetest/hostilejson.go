package storetest

import (
	"fmt"
	"strings"
)

// HostileJSON are texts of which a column of type JSON holds a part at most: the properties of an
// event, what SafeJSON leaves of them, and how many values it leaves out.
var HostileJSON = []struct {
	Name, Raw, Safe string
	LeftOut         int
}{
	{"nothing", ``, `{}`, 0},
	{"plain", `{"a":1,"b":{"c":[true,null,"x"]}}`, `{"a":1,"b":{"c":[true,null,"x"]}}`, 0},
	{"space", " {\n\"a\" : [ 1 , 2 ] ,\t\"b\" : { } } ", " {\n\"a\" : [ 1 , 2 ] ,\t\"b\" : { } } ", 0},
	{"repeated key", `{"a":1,"b":2,"a":3}`, `{"a":1,"b":2}`, 1},
	{"repeated key by escape", `{"\u0061":1,"a":2}`, `{"\u0061":1}`, 1},
	{"repeated key in array", `{"a":[{"b":1,"b":2},{"b":3}]}`, `{"a":[{"b":1},{"b":3}]}`, 1},
	{"dotted key", `{"a":{"b":1},"a.b":2,"c.d":3}`, `{"a":{"b":1},"c.d":3}`, 1},
	{"value and object at one path", `{"a":1,"a":{"b":2},"b":1}`, `{"a":1,"b":1}`, 1},
	{"two objects at one path", `{"a":{"b":1},"a":{"c":2}}`, `{"a":{"b":1}}`, 1},
	{"null and value at one path", `{"a":null,"a":1}`, `{"a":null}`, 1},
	{"value and object, dotted", `{"a":1,"a.b":2}`, `{"a":1,"a.b":2}`, 0},
	{"empty keys", `{"":{"":1},".":2,"..":3}`, `{"":{"":1},"..":3}`, 1},
	{"greatest integers", `{"a":18446744073709551615,"b":-9223372036854775808}`, `{"a":18446744073709551615,"b":-9223372036854775808}`, 0},
	{"23 digits", `{"a":12345678901234567890123,"b":1}`, `{"b":1}`, 1},
	{"just too small", `{"b":1,"a":-9223372036854775809}`, `{"b":1}`, 1},
	{"1e400", `{"b":1,"a":1e400,"c":2}`, `{"b":1,"c":2}`, 1},
	{"1e-400", `{"a":1e-400,"b":1E+5}`, `{"a":1e-400,"b":1E+5}`, 0},
	{"400 digits and a point", `{"a":` + strings.Repeat("9", 400) + `.5}`, `{}`, 1},
	{"text like a date", `{"a":"2026-03-01","b":"2026-03-01 10:00:00"}`, `{"a":"2026-03-01","b":"2026-03-01 10:00:00"}`, 0},
	{"arrays of many kinds", `{"a":[1,"x",[2,{"b":3}],{"c":[4,{"d":5}]},null,true,1.5]}`, `{"a":[1,"x",[2,{"b":3}],{"c":[4,{"d":5}]},null,true,1.5]}`, 0},
	{"only refused", `{"a":1e400, "b":1e400 , "c":1e400}`, `{  }`, 3},
	{"lone surrogates", `{"a":"\ud800","b":"x\udc00","c":"\ud83d\ude00"}`, `{"c":"\ud83d\ude00"}`, 2},
	{"surrogate in key", `{"\ud800":1,"c":2}`, `{"c":2}`, 1},
	{"NUL", `{"a\u0000b":"\u0000"}`, `{"a\u0000b":"\u0000"}`, 0},
	{"invalid UTF-8", "{\"a\":\"\xff\",\"b\":\"\xc3\xa4\",\"\xc3\":1}", "{\"b\":\"\xc3\xa4\"}", 2},
	{"raw control characters", "{\"a\":\"\x00\",\"b\":\"\t\",\"c\":1}", `{"c":1}`, 2},
	{"escape that is none", `{"a":"\x","b":"\u12g4","c":1}`, `{"c":1}`, 2},
	{"in an array", `{"a":[1,1e400,"\ud800",{"b":1e400}]}`, `{"a":[1,null,null,{}]}`, 3},
	{"deep objects", deep(`{"a":`, `1`, `}`, 1200), deep(`{"a":`, `{}`, `}`, 15), 1},
	{"deep arrays", `{"a":` + deep(`[`, `1`, `]`, 1200) + `}`, `{"a":[[null]]}`, 1},
	{"deep and mixed", `{"x":1,"a":` + deep(`[{"a":`, `1`, `}]`, 600) + `}`, `{"x":1,"a":[{"a":[{}]}]}`, 1},
	{"long key", `{"` + strings.Repeat("k", 300) + `":{"}":"]"},"a":1}`, `{"a":1}`, 1},
	{"array for an object", `[1]`, `{}`, 1},
	{"scalar for an object", `null`, `{}`, 1},
	{"cut off", `{"a":1`, `{}`, 1},
	{"cut off in text", `{"a":"`, `{}`, 1},
	{"something after", `{"a":1}x`, `{}`, 1},
	{"trailing comma", `{"a":1,}`, `{}`, 1},
	{"leading zero", `{"a":01}`, `{}`, 1},
	{"no number", `{"a":-}`, `{}`, 1},
	{"no digits after the point", `{"a":1.}`, `{}`, 1},
	{"no JSON", `{"a":NaN}`, `{}`, 1},
	{"unquoted key", `{a:1}`, `{}`, 1},
}

// deep returns open n times, middle, and shut n times.
func deep(open, middle, shut string, n int) string {
	return strings.Repeat(open, n) + middle + strings.Repeat(shut, n)
}

// ManyKeys returns an object of n keys.
func ManyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"key_%d":%d`, i, i)
	}
	return "{" + b.String()[1:] + "}"
}
