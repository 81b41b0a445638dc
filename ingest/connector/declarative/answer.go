package declarative

import (
	"encoding/json"

	"tributary/ingest/connector/mapping"
)

// answer is a page's JSON in the making.
type answer struct{ value any }

// answerOf puts records where the file looks for them.
func answerOf(x *items, records []json.RawMessage) *answer {
	a := &answer{}
	if records == nil {
		records = []json.RawMessage{}
	}
	put(a, x.path, records)
	return a
}

// put puts a value where a path leads, on the way making what is not there.
func put(a *answer, path []string, value any) {
	if len(path) == 0 {
		if a.value == nil {
			a.value = value
		}
		return
	}
	m, is := a.value.(map[string]any)
	if !is {
		m = map[string]any{}
		a.value = m
	}
	for _, key := range path[:len(path)-1] {
		below, is := m[key].(map[string]any)
		if !is {
			below = map[string]any{}
			m[key] = below
		}
		m = below
	}
	m[path[len(path)-1]] = value
}

// keysOf is the path of an expression that is one.
func keysOf(source string) []string {
	if x, err := mapping.Compile(source); err == nil {
		if keys, ok := x.Path(); ok {
			return keys
		}
	}
	return nil
}
