package store

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

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
