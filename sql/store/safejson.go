package store

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

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

// hashPath returns the hash (FNV-1a) of parent's path extended by a key, given with its quotes.
func hashPath(parent uint64, key string) uint64 {
	const basis, prime = 14695981039346656037, 1099511628211
	h := uint64(basis)
	if parent != noPath {
		h = (parent ^ '.') * prime
	}
	if strings.IndexByte(key, '\\') >= 0 {
		var plain string
		if json.Unmarshal([]byte(key), &plain) == nil {
			key = `"` + plain + `"`
		}
	}
	for i := 1; i < len(key)-1; i++ {
		h = (h ^ uint64(key[i])) * prime
	}
	return h
}

// plainText marks the bytes of a string that need no second look.
var plainText = func() (plain [256]bool) {
	for c := 0x20; c < 0x80; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// text reads a string and returns it with its quotes, and whether it is Unicode.
func (s *jsonScanner) text() (quoted string, ok bool) {
	start := s.at
	if !s.expect('"') {
		return "", false
	}
	ok = true
	ascii := true
	for i := s.at; i < len(s.raw); i++ {
		c := s.raw[i]
		if plainText[c] {
			continue
		}
		switch {
		case c == '"':
			s.at = i + 1
			quoted = s.raw[start:s.at]
			return quoted, ok && (ascii || utf8.ValidString(quoted))
		case c == '\\':
			n := escape(s.raw[i:])
			ok = ok && n > 0
			i += max(n, 2) - 1
		case c < 0x20:
			ok = false
		default:
			ascii = false
		}
	}
	s.broken = true
	return "", false
}

// escape returns the length of the escape sequence that text begins with, a surrogate pair being
// one; 0 if it is none or half a pair.
func escape(text string) int {
	if len(text) < 2 {
		return 0
	}
	if text[1] != 'u' {
		if strings.IndexByte(`"\/bfnrt`, text[1]) < 0 {
			return 0
		}
		return 2
	}
	r, ok := hex4(text)
	if !ok {
		return 0
	}
	if !utf16.IsSurrogate(r) {
		return 6
	}
	low, ok := hex4(text[6:])
	if !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
		return 0
	}
	return 12
}

// hex4 reads \uXXXX.
func hex4(text string) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(v), err == nil
}

// number reads a number and says whether the engine has a type for it.
func (s *jsonScanner) number() bool {
	start := s.at
	s.take('-')
	digits := s.digits()
	if digits == 0 || digits > 1 && s.raw[s.at-digits] == '0' {
		s.broken = true
		return false
	}
	whole := true
	if s.take('.') {
		whole = false
		s.broken = s.digits() == 0
	}
	exponent := 0
	if s.take('e') || s.take('E') {
		whole = false
		_ = s.take('-') || s.take('+')
		exponent = s.digits()
		s.broken = s.broken || exponent == 0
	}
	text := s.raw[start:s.at]
	switch {
	case s.broken:
		return false
	case whole && digits < 19, !whole && digits < 100 && exponent < 3:
		return true
	case !whole:
		_, err := strconv.ParseFloat(text, 64)
		return err == nil
	case text[0] == '-':
		_, err := strconv.ParseInt(text, 10, 64)
		return err == nil
	default:
		_, err := strconv.ParseUint(text, 10, 64)
		return err == nil
	}
}

func (s *jsonScanner) digits() int {
	start := s.at
	for s.at < len(s.raw) && s.raw[s.at]-'0' <= 9 {
		s.at++
	}
	return s.at - start
}

func (s *jsonScanner) literal(word string) bool {
	if !strings.HasPrefix(s.raw[s.at:], word) {
		s.broken = true
		return false
	}
	s.at += len(word)
	return true
}

// skip passes a value that is left out, however deep it is, without a look inside.
func (s *jsonScanner) skip() {
	for depth := 0; s.at < len(s.raw); {
		switch s.raw[s.at] {
		case '"':
			if s.text(); s.broken {
				return
			}
			if depth == 0 {
				return
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return
			}
			if depth--; depth == 0 {
				s.at++
				return
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return
			}
		}
		s.at++
	}
	s.broken = true
}

func (s *jsonScanner) space() {
	for s.at < len(s.raw) {
		switch s.raw[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *jsonScanner) take(c byte) bool {
	if s.at < len(s.raw) && s.raw[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *jsonScanner) expect(c byte) bool {
	if !s.take(c) {
		s.broken = true
	}
	return !s.broken
}
