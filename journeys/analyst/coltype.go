package analyst

import (
	"strconv"
	"strings"
)

// dataType is the type of a column as the engine names it, taken apart. LowCardinality is taken off: it says how
// values are kept, not what they are.
type dataType struct {
	name     string
	nullable bool
	of       []dataType // of Array, Map, Tuple
	names    []string   // of the elements of a Tuple, where they have any
	// Of Decimal: digits in all and after the point; of DateTime64: digits of the fraction.
	precision, scale int
	zone             string
}

// parseDataType reads a type such as LowCardinality(Nullable(String)), Array(Tuple(a UInt8, b String)).
func parseDataType(text string) dataType {
	text = strings.TrimSpace(text)
	name, rest, has := strings.Cut(text, "(")
	args := splitArgs(strings.TrimSuffix(rest, ")"))
	t := dataType{name: name}
	switch {
	case !has:
	case name == "LowCardinality", name == "Nullable":
		inner := parseDataType(args[0])
		inner.nullable = inner.nullable || name == "Nullable"
		return inner
	case name == "SimpleAggregateFunction" && len(args) == 2:
		return parseDataType(args[1])
	case name == "Array", name == "Map":
		for _, a := range args {
			t.of = append(t.of, parseDataType(a))
		}
	case name == "Tuple":
		t.elements(args)
	case name == "Decimal" && len(args) == 2:
		t.precision, t.scale = number(args[0]), number(args[1])
	case name == "DateTime64":
		t.scale = number(args[0])
		if len(args) > 1 {
			t.zone = strings.Trim(args[1], "'")
		}
	case name == "DateTime":
		t.zone = strings.Trim(args[0], "'")
	}
	return t
}

func (t *dataType) elements(args []string) {
	for _, a := range args {
		name, inner := "", a
		if first, after, ok := strings.Cut(a, " "); ok && !strings.ContainsAny(first, "(") {
			name, inner = strings.Trim(first, "`"), after
		}
		t.of = append(t.of, parseDataType(inner))
		t.names = append(t.names, name)
	}
}

func number(text string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(text))
	return n
}

// splitArgs splits at commas that are in no brackets and no quotes.
func splitArgs(text string) (args []string) {
	depth, start, quoted := 0, 0, false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\'' || c == '`':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			args = append(args, strings.TrimSpace(text[start:i]))
			start = i + 1
		}
	}
	return append(args, strings.TrimSpace(text[start:]))
}
