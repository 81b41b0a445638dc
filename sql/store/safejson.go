package store

import "strings"

// What a row's JSON may cost. Beyond these the engine would take it, but nested types, sub-columns
// and file descriptors grow out of proportion, for every reader and every merge after it.
const (
	maxJSONDepth  = 16  // objects and arrays inside each other
	maxJSONArrays = 2   // arrays inside each other
	maxJSONPaths  = 256 // values of one row, objects included
	maxJSONKey    = 256 // bytes of one key
)

// SafeJSON returns what a column of type JSON can hold of the JSON object raw, as a JSON object,
// and how many values it left out; raw itself if none. The engine refuses a whole block for one
// value that it cannot hold, so what is left out is
//
//   - a path that is there already, be it by a repeated key or by a dotted one; the first stays;
//   - an integer that fits neither Int64 nor UInt64, and a number beyond Float64;
//   - text, or a key, that is not Unicode: invalid UTF-8, lone surrogates, raw control characters;
//   - what goes beyond a depth of 16 (arrays in arrays: 2), 256 values or keys of 256 bytes.
//
// Inside an array null takes its place, so that the others keep theirs. Of raw that is no valid
// JSON object nothing is kept, which counts as one; nothing at all is the empty object.
func SafeJSON(raw string) (safe string, leftOut int) {
	if raw == "" {
		return "{}", 0
	}
	s := jsonScanner{raw: raw}
	s.paths = s.pathsBuf[:0]
	s.space()
	if s.at >= len(raw) || raw[s.at] != '{' {
		return "{}", 1
	}
	s.object(noPath, 0, 0)
	s.space()
	if s.broken || s.at != len(raw) {
		return "{}", 1
	}
	return s.result(), s.leftOut
}

// noPath stands for the hash of the path of an object that is in none, or in an array.
const noPath = uint64(0)

// jsonScanner walks over one object once and notes what to cut out of it.
type jsonScanner struct {
	raw     string
	at      int
	broken  bool // not JSON
	leftOut int
	values  int
	cuts    []jsonCut
	// paths holds the hashes of the paths of the object at hand and, before them, those of the
	// objects around the array that it is in: a path is compared within one such object only.
	paths    []uint64
	base     int
	pathsBuf [48]uint64
}

// jsonCut takes raw[from:to] out and puts instead in its place.
type jsonCut struct {
	from, to int
	instead  string
}

func (s *jsonScanner) result() string {
	if len(s.cuts) == 0 {
		return s.raw
	}
	var b strings.Builder
	b.Grow(len(s.raw))
	done := 0
	for _, c := range s.cuts {
		b.WriteString(s.raw[done:c.from])
		b.WriteString(c.instead)
		done = c.to
	}
	b.WriteString(s.raw[done:])
	return b.String()
}

// object reads an object whose path has the hash parent; depth and arrays say what is around it.
func (s *jsonScanner) object(parent uint64, depth, arrays int) {
	s.at++
	if s.space(); s.take('}') {
		return
	}
	kept, comma := false, -1 // any member kept so far; where the comma before this one is
	for !s.broken {
		start := s.at
		fits := s.member(parent, depth, arrays)
		end := s.at
		s.space()
		more := s.take(',')
		switch {
		case fits:
			kept = true
		case kept:
			s.cut(jsonCut{from: comma, to: end})
		case more:
			s.cut(jsonCut{from: start, to: s.at})
		default:
			s.cut(jsonCut{from: start, to: end})
		}
		if !more {
			s.expect('}')
			return
		}
		comma = s.at - 1
		s.space()
	}
}

func (s *jsonScanner) cut(c jsonCut) {
	s.cuts = append(s.cuts, c)
	s.leftOut++
}

// member reads a key and its value and says whether they can be kept.
func (s *jsonScanner) member(parent uint64, depth, arrays int) bool {
	key, ok := s.text()
	s.space()
	s.expect(':')
	s.space()
	if s.broken || s.at >= len(s.raw) {
		s.broken = true
		return false
	}
	if !ok || len(key) > maxJSONKey+2 {
		s.skip()
		return false
	}
	path := hashPath(parent, key)
	if !s.claim(path) {
		s.skip()
		return false
	}
	return s.value(path, depth, arrays)
}

// claim notes the path of a value, objects included, and says whether it is new.
func (s *jsonScanner) claim(path uint64) bool {
	if s.values++; s.values > maxJSONPaths {
		return false
	}
	for _, p := range s.paths[s.base:] {
		if p == path {
			return false
		}
	}
	s.paths = append(s.paths, path)
	return true
}

// value reads a value and says whether it can be kept.
func (s *jsonScanner) value(path uint64, depth, arrays int) bool {
	switch c := s.raw[s.at]; c {
	case '{', '[':
		return s.container(path, depth, arrays)
	case '"':
		_, ok := s.text()
		return ok
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		return s.number()
	}
}

// container reads an object or array inside another.
func (s *jsonScanner) container(path uint64, depth, arrays int) bool {
	isArray := s.raw[s.at] == '['
	if isArray {
		arrays++
	}
	if depth+1 >= maxJSONDepth || arrays > maxJSONArrays {
		s.skip()
		return false
	}
	if isArray {
		s.array(depth+1, arrays)
	} else {
		s.object(path, depth+1, arrays)
	}
	return true
}

func (s *jsonScanner) array(depth, arrays int) {
	s.at++
	if s.space(); s.take(']') {
		return
	}
	for !s.broken {
		s.element(depth, arrays)
		if s.space(); !s.take(',') {
			s.expect(']')
			return
		}
		s.space()
	}
}

// element reads one element of an array. An object in it has paths of its own.
func (s *jsonScanner) element(depth, arrays int) {
	if s.at >= len(s.raw) {
		s.broken = true
		return
	}
	start, base, paths := s.at, s.base, len(s.paths)
	s.base = paths
	fits := false
	if s.values++; s.values > maxJSONPaths {
		s.skip()
	} else {
		fits = s.value(noPath, depth, arrays)
	}
	if !fits {
		s.cut(jsonCut{from: start, to: s.at, instead: "null"})
	}
	s.base, s.paths = base, s.paths[:paths]
}
