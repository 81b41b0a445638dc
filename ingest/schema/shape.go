package schema

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// Type is a set of types of JSON values. A number without fraction and exponent is an integer.
type Type uint8

// The types.
const (
	Null Type = 1 << iota
	Boolean
	Integer
	Number
	String
	Object
	Array
	anyType = Array<<1 - 1
)

var typeNames = [...]string{"null", "boolean", "integer", "number", "string", "object", "array"}

// Names returns the types' names in JSON Schema.
func (t Type) Names() []string {
	var names []string
	for i, name := range typeNames {
		if t&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// MaxDepth is how deep the inference of a schema looks into objects and lists: what is deeper is told
// as an object or an array and no more.
const MaxDepth = 8

// Field is a field of one object, and which types it has there: several in the elements of a list.
type Field struct {
	Path  string
	Types Type
}

// Hash tells objects apart by their shape: the names and types of their fields, and not their values.
// Equal shapes have equal hashes. It reads the object once and allocates nothing. raw is an object of
// valid JSON, or nothing.
func Hash(raw []byte) uint64 {
	s := scanner{data: raw}
	return s.value(0)
}

// Fields lists the fields of an object, ascending by path, each once. raw is as for Hash.
func Fields(raw []byte) []Field {
	s := scanner{data: raw, list: true}
	s.value(0)
	slices.SortFunc(s.fields, func(a, b Field) int { return shorter(a.Path, b.Path) })
	all := s.fields[:0]
	for _, f := range s.fields {
		if n := len(all); n > 0 && all[n-1].Path == f.Path {
			all[n-1].Types |= f.Types
		} else {
			all = append(all, f)
		}
	}
	return all
}

// scanner goes over valid JSON. What is not valid it may take for anything; it ends in any case.
type scanner struct {
	data []byte
	at   int

	list   bool // whether fields are wanted
	path   []byte
	fields []Field
}

// Marks of a shape's hash, beside the types.
const (
	markMember = 0x9e3779b97f4a7c15
	markEnd    = 0xc2b2ae3d27d4eb4f
)

func mix(h, x uint64) uint64 {
	h ^= x
	h *= markMember
	return h ^ h>>29
}

// value reads one value and returns the hash of its shape.
func (s *scanner) value(depth int) uint64 {
	s.space()
	if s.at >= len(s.data) {
		return 0
	}
	switch s.data[s.at] {
	case '{':
		s.found(Object)
		return s.object(depth)
	case '[':
		s.found(Array)
		return s.array(depth)
	case '"':
		s.found(String)
		s.text()
		return uint64(String)
	}
	t := s.scalar()
	s.found(t)
	return uint64(t)
}

func (s *scanner) found(t Type) {
	if s.list && len(s.path) > 0 {
		s.fields = append(s.fields, Field{string(s.path), t})
	}
}

func (s *scanner) object(depth int) uint64 {
	if depth >= MaxDepth {
		s.skip()
		return uint64(Object)
	}
	h := uint64(Object)
	s.at++
	for s.more('}') {
		name := s.text()
		h = mix(h, xxhash.Sum64(name))
		s.space()
		if s.at < len(s.data) && s.data[s.at] == ':' {
			s.at++
		}
		before := len(s.path)
		if s.list {
			s.path = appendMember(s.path, unescape(name))
		}
		h = mix(h, s.value(depth+1))
		s.path = s.path[:before]
	}
	return mix(h, markEnd)
}

// array takes elements of one shape that follow each other for one.
func (s *scanner) array(depth int) uint64 {
	if depth >= MaxDepth {
		s.skip()
		return uint64(Array)
	}
	h, last := uint64(Array), uint64(0)
	before := len(s.path)
	if s.list {
		s.path = append(s.path, elements...)
	}
	s.at++
	for s.more(']') {
		if x := s.value(depth + 1); x != last {
			h, last = mix(h, x), x
		}
	}
	s.path = s.path[:before]
	return mix(h, markEnd)
}

// more moves to the next member or element, or past the end.
func (s *scanner) more(end byte) bool {
	s.space()
	if s.at < len(s.data) && s.data[s.at] == ',' {
		s.at++
		s.space()
	}
	switch {
	case s.at >= len(s.data):
		return false
	case s.data[s.at] == end:
		s.at++
		return false
	case end == '}' && s.data[s.at] != '"', s.data[s.at] == '}', s.data[s.at] == ']': // not valid
		s.at = len(s.data)
		return false
	}
	return true
}

func (s *scanner) space() {
	for s.at < len(s.data) && (s.data[s.at] == ' ' || s.data[s.at] == '\n' || s.data[s.at] == '\t' || s.data[s.at] == '\r') {
		s.at++
	}
}

// text reads a string and returns what stands between its quotes.
func (s *scanner) text() []byte {
	s.at++
	from := s.at
	if end := bytes.IndexByte(s.data[min(from, len(s.data)):], '"'); end >= 0 && bytes.IndexByte(s.data[from:from+end], '\\') < 0 {
		s.at = from + end + 1
		return s.data[from : from+end]
	}
	for s.at < len(s.data) && s.data[s.at] != '"' {
		if s.data[s.at] == '\\' {
			s.at++
		}
		s.at++
	}
	to := min(s.at, len(s.data))
	s.at = min(s.at+1, len(s.data))
	return s.data[min(from, to):to]
}

// scalar reads a number, true, false or null.
func (s *scanner) scalar() Type {
	t := Integer
	switch s.data[s.at] {
	case 't', 'f':
		t = Boolean
	case 'n':
		t = Null
	}
	for from := s.at; s.at < len(s.data); s.at++ {
		switch s.data[s.at] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			if s.at == from { // not valid
				s.at++
			}
			return t
		case '.', 'e', 'E':
			if t == Integer {
				t = Number
			}
		}
	}
	return t
}

// skip passes over an object or array.
func (s *scanner) skip() {
	for depth := 0; s.at < len(s.data); {
		switch s.data[s.at] {
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			depth--
			s.at++
			if depth <= 0 {
				return
			}
		case '"':
			s.text()
		default:
			s.at++
		}
	}
}

// unescape returns a member's name as it is meant.
func unescape(name []byte) string {
	for _, c := range name {
		if c == '\\' {
			var text string
			if json.Unmarshal(append(append([]byte{'"'}, name...), '"'), &text) == nil {
				return text
			}
			break
		}
	}
	return string(name)
}
