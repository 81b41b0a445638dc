package policy

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// nested looks into a value of JSON for members whose names say that they are of a class of their own, such as an
// e-mail address in a trait that holds an object. What of that is not shown is left out.
func (w *walker) nested(v reflect.Value, at place, path member) reflect.Value {
	raw := bytes.TrimLeft(v.Bytes(), " \t\r\n")
	if len(raw) == 0 || raw[0] != '{' && raw[0] != '[' {
		return v
	}
	var x any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&x) != nil || !w.prune(x, at, path) {
		return v
	}
	w.changes++
	pruned, err := json.Marshal(x)
	if err != nil { // what was decoded encodes
		return reflect.ValueOf(json.RawMessage("null"))
	}
	return reflect.ValueOf(json.RawMessage(pruned))
}

// prune removes members from objects, and says whether any was.
func (w *walker) prune(v any, at place, path member) bool {
	changed := false
	switch x := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(x)) {
			class := w.Policy.ClassOf(Class(at.class, name))
			if class != at.class {
				do, because, needs := w.verdict(class, at.at, false)
				if text, _ := x[name].(string); do == Show && !w.agreed(class, reflect.ValueOf(text)) {
					do, because, needs = Withhold, BecauseConsent, ""
				}
				if do != Show {
					w.withhold(path, class, because, needs)
					delete(x, name)
					changed = true
					continue
				}
			}
			changed = w.prune(x[name], at, path) || changed
		}
	case []any:
		for _, one := range x {
			changed = w.prune(one, at, path) || changed
		}
	}
	return changed
}
