package computed

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// maxDepth is how deep a document may nest; of a deeper one nothing is a value. (ClickHouse's parser
// refuses what is deeper than 1024.)
const maxDepth = 1000

// node is what is looked for in an object: values by their keys, and what is within them.
type node struct {
	below map[string]*node
	slot  int // where the value goes, less one; 0: the value itself is not asked for
	id    int // numbers the nodes of a program, so that a reader notes which it has met
}

// walker reads the values of the paths that are asked for out of a valid JSON object, in one pass. Of keys
// that repeat, the first counts, whatever it holds.
type walker struct {
	raw   string
	at    int
	slots []value
	met   []bool
}

// walk reads raw, which is a valid JSON object or empty.
func (w *walker) walk(raw []byte, root *node) {
	if len(raw) == 0 || bytes.Count(raw, []byte{'{'})+bytes.Count(raw, []byte{'['}) > maxDepth && tooDeep(raw) {
		return
	}
	w.raw, w.at = unsafe.String(unsafe.SliceData(raw), len(raw)), 0
	if w.space(); w.next() == '{' {
		w.object(root)
	}
}

// tooDeep says whether objects and lists nest deeper than maxDepth.
func tooDeep(raw []byte) bool {
	open, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if open++; open > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			open--
		}
	}
	return false
}

func (w *walker) next() byte {
	if w.at < len(w.raw) {
		return w.raw[w.at]
	}
	return 0
}

func (w *walker) step() {
	if w.at < len(w.raw) {
		w.at++
	}
}

func (w *walker) space() {
	for w.at < len(w.raw) && w.raw[w.at] <= ' ' {
		w.at++
	}
}

// object reads the object that it stands at.
func (w *walker) object(n *node) {
	w.at++
	for w.at < len(w.raw) {
		w.space()
		if w.next() != '"' { // the end
			w.at++
			return
		}
		key, ok := w.quoted()
		w.space()
		w.step() // the colon
		w.space()
		var child *node
		if ok {
			child = n.below[key]
		}
		if child == nil || w.met[child.id] {
			w.skip()
		} else {
			w.met[child.id] = true
			w.member(child)
		}
		w.space()
		if w.next() == ',' {
			w.at++
		}
	}
}

// member reads a value that is asked for, or that something within it is.
func (w *walker) member(n *node) {
	start := w.at
	var v value
	switch w.next() {
	case '{':
		if n.below != nil {
			w.object(n)
		} else {
			w.skip()
		}
		return
	case '[':
		w.skip()
		v = value{kind: list, text: w.raw[start:w.at]}
	case '"':
		if s, ok := w.quoted(); ok {
			v = textValue(s)
		}
	case 't':
		w.skip()
		v = boolValue(true)
	case 'f':
		w.skip()
		v = boolValue(false)
	case 'n':
		w.skip()
	default:
		w.skip()
		v = numberValue(w.raw[start:w.at])
	}
	if n.slot > 0 {
		w.slots[n.slot-1] = v
	}
}

// skip passes over a value.
func (w *walker) skip() {
	depth := 0
	for w.at < len(w.raw) {
		switch w.raw[w.at] {
		case '"':
			w.pass()
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
				w.at++
				return
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return
			}
		}
		w.at++
	}
}

// pass passes over a string and says whether it has escapes.
func (w *walker) pass() (escapes bool) {
	for w.at++; w.at < len(w.raw); w.at++ {
		switch w.raw[w.at] {
		case '\\':
			escapes = true
			w.at++
		case '"':
			w.at++
			return escapes
		}
	}
	w.at = len(w.raw)
	return escapes
}

// quoted reads a string; it is not ok if it holds half of a surrogate pair.
func (w *walker) quoted() (s string, ok bool) {
	start := w.at + 1
	escapes := w.pass()
	s = w.raw[min(start, w.at):max(start, w.at-1)]
	if !escapes {
		return s, true
	}
	return unescape(s)
}

const (
	escaped = `"\/bfnrt`
	means   = "\"\\/\b\f\n\r\t"
)

// unescape resolves the escapes of a valid JSON string.
func unescape(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return string(append(b, s...)), true
		}
		b = append(b, s[:i]...)
		s = s[i+1:]
		if s[0] != 'u' {
			b = append(b, means[max(strings.IndexByte(escaped, s[0]), 0)])
			s = s[1:]
			continue
		}
		r := hex4(s)
		n := 5
		if utf16.IsSurrogate(r) {
			if !strings.HasPrefix(s[min(n, len(s)):], `\u`) {
				return "", false
			}
			if r = utf16.DecodeRune(r, hex4(s[n+1:])); r == utf8.RuneError {
				return "", false
			}
			n = 11
		}
		b = utf8.AppendRune(b, r)
		s = s[min(n, len(s)):]
	}
}

// hex4 reads uXXXX.
func hex4(s string) (r rune) {
	for i := 1; i < min(5, len(s)); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		default:
			c = c | 0x20 - 'a' + 10
		}
		r = r<<4 | rune(c)
	}
	return r
}

// holdsText says whether a JSON array has s as an element.
func holdsText(array, s string) bool {
	w := walker{raw: array, at: 1}
	for w.at < len(w.raw) {
		w.space()
		if w.next() == ']' {
			return false
		}
		if w.next() == '"' {
			if element, ok := w.quoted(); ok && element == s {
				return true
			}
		} else {
			w.skip()
		}
		w.space()
		w.step() // the comma, or the end
	}
	return false
}
