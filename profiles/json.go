package profiles

import (
	"encoding/json"
	"errors"
	"strings"
)

var errNotObject = errors.New("profiles: not a JSON object")

// eachField calls f with the name and the raw value of each field of a JSON object, in order. A
// value is valid JSON if it is no longer than maxValue; what comes after an error was not given.
func eachField(object []byte, f func(name, value string)) error {
	s := scanner{s: string(object)}
	if !s.take('{') {
		return errNotObject
	}
	if s.take('}') {
		return nil
	}
	for {
		name, ok := s.name()
		if !ok || !s.take(':') {
			return errNotObject
		}
		value, ok := s.value()
		if !ok || len(value) <= maxValue && !json.Valid([]byte(value)) {
			return errNotObject
		}
		f(name, value)
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return errNotObject
		}
	}
}

// scanner finds where values end. It trusts what is inside them.
type scanner struct {
	s string
	i int
}

func (s *scanner) space() {
	for s.i < len(s.s) && strings.IndexByte(" \t\r\n", s.s[s.i]) >= 0 {
		s.i++
	}
}

func (s *scanner) take(c byte) bool {
	s.space()
	if s.i < len(s.s) && s.s[s.i] == c {
		s.i++
		return true
	}
	return false
}

func (s *scanner) name() (string, bool) {
	s.space()
	start := s.i
	if !s.text() {
		return "", false
	}
	quoted := s.s[start:s.i]
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], true
	}
	var name string
	if json.Unmarshal([]byte(quoted), &name) != nil {
		return "", false
	}
	return name, true
}

// text passes over a quoted string.
func (s *scanner) text() bool {
	if s.i >= len(s.s) || s.s[s.i] != '"' {
		return false
	}
	for s.i++; s.i < len(s.s); s.i++ {
		switch s.s[s.i] {
		case '\\':
			s.i++
		case '"':
			s.i++
			return true
		}
	}
	return false
}

// value passes over one value of any kind.
func (s *scanner) value() (string, bool) {
	s.space()
	start, depth := s.i, 0
	for s.i < len(s.s) {
		switch s.s[s.i] {
		case '"':
			if !s.text() {
				return "", false
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth < 0 || depth == 0 && s.s[s.i] == ',' {
			break
		}
		s.i++
	}
	value := strings.TrimRight(s.s[start:min(s.i, len(s.s))], " \t\r\n")
	return value, value != ""
}
