package schema

import (
	"encoding/json"
	"strings"
)

// A path names a field within an event's properties or traits, as messages name it: "cart.total",
// "items[].sku" for the sku of any element of items, `["a.b"]` for a member whose name is not plain.
// The empty path is the whole object.

// elements is the segment of a path that stands for all elements of a list.
const elements = "[]"

// appendMember appends a member's name to a path.
func appendMember(path []byte, name string) []byte {
	if !plain(name) {
		quoted, _ := json.Marshal(name) // of a string, never fails
		return append(append(append(path, '['), quoted...), ']')
	}
	if len(path) > 0 {
		path = append(path, '.')
	}
	return append(path, name...)
}

// plain says whether a name stands in a path as it is.
func plain(name string) bool {
	if name == "" {
		return false
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c == '.' || c == '[' || c == ']' || c == '"' || c == 0x7f {
			return false
		}
	}
	return true
}

// split returns the segments of a path: members by name, lists as elements.
func split(path string) []string {
	var segments []string
	for path != "" {
		switch {
		case strings.HasPrefix(path, elements):
			segments, path = append(segments, elements), path[len(elements):]
		case strings.HasPrefix(path, `["`):
			name, size := unquote(path[1:])
			segments, path = append(segments, name), path[min(len(path), 1+size+1):]
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			segments, path = append(segments, path[:end]), path[end:]
		}
		path = strings.TrimPrefix(path, ".")
	}
	return segments
}

// unquote reads the JSON text at the front of s, and its length.
func unquote(s string) (name string, size int) {
	for size = 1; size < len(s) && s[size] != '"'; size++ {
		if s[size] == '\\' {
			size++
		}
	}
	size = min(size+1, len(s))
	if json.Unmarshal([]byte(s[:size]), &name) != nil {
		return s[:size], size
	}
	return name, size
}

// join is the inverse of split.
func join(segments []string) string {
	var path []byte
	for _, s := range segments {
		if s == elements {
			path = append(path, elements...)
		} else {
			path = appendMember(path, s)
		}
	}
	return string(path)
}
