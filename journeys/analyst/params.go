package analyst

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tributary/ingest/event"
	"tributary/sql/store"
)

// bindParams matches values with the parameters that a statement has: numbers, texts, booleans, and lists of these. All faults
// are told at once, as event.Errors.
func bindParams(declared []Param, values map[string]any) (store.Params, error) {
	var faults event.Errors
	bound := store.Params{}
	for _, p := range declared {
		value, given := values[p.Name]
		if !given {
			faults.Add("params."+p.Name, "is required: the statement has {"+p.Name+":"+p.Type+"}")
			continue
		}
		text, err := paramValue(value)
		if err != nil {
			faults.Add("params."+p.Name, err.Error())
			continue
		}
		bound[p.Name] = text
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.ContainsFunc(declared, func(p Param) bool { return p.Name == name }) {
			faults.Add("params", "holds one that the statement does not have")
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return bound, nil
}

const maxParam = 64 << 10 // bytes

// paramValue is a value in the form in which the engine takes it.
func paramValue(value any) (any, error) {
	switch v := value.(type) {
	case string:
		if len(v) > maxParam || strings.ContainsRune(v, 0) {
			return nil, fmt.Errorf("is longer than %d bytes, or holds a NUL", maxParam)
		}
		return v, nil
	case bool:
		return fmt.Sprint(v), nil
	case json.Number:
		return v.String(), nil
	case float64, int, int64, uint64:
		return fmt.Sprint(v), nil
	case []any:
		return paramList(v)
	}
	return nil, fmt.Errorf("must be a text, a number, true, false or a list of these")
}

// literal is what the driver sends as it stands.
type literal string

// String implements fmt.Stringer.
func (l literal) String() string { return string(l) }

// paramList is a list as the engine writes one: numbers plainly, texts in quotes.
func paramList(list []any) (any, error) {
	var b strings.Builder
	b.WriteByte('[')
	for i, one := range list {
		value, err := paramValue(one)
		if _, nested := one.([]any); nested || err != nil {
			return nil, fmt.Errorf("must be a text, a number, true, false or a list of these")
		}
		text, _ := value.(string)
		if _, quoted := one.(string); quoted {
			text = "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
		}
		if i > 0 {
			b.WriteByte(',')
		}
		if b.WriteString(text); b.Len() > maxParam {
			return nil, fmt.Errorf("is longer than %d bytes", maxParam)
		}
	}
	b.WriteByte(']')
	return literal(b.String()), nil
}
