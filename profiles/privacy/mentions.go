package privacy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// Mentions says whether a text that was never an event, as a rejected item or a command, holds an
// identifier for which held answers true. Every string, number and name of a member is looked at, whole
// and by its words, as an e-mail address, a telephone number, or an identifier of the types that are
// known and that the text itself names. A payload that is no JSON is one text. at is where the text came
// from: telephone numbers are read by it.
func (h *Hasher) Mentions(n Normaliser, at identity.Place, payload []byte, held func(IdentifierHash) bool) bool {
	m := mentions{hasher: h, normalise: n, at: at, held: held, seen: map[identity.Identifier]bool{}}
	texts := leaves(payload)
	m.types = typesIn(at.Source, texts)
	for _, text := range texts {
		if m.text(text) {
			return true
		}
	}
	return false
}

// Mentioned returns the erasure that reaches a record and of whose subject its payload holds an
// identifier; nil: none. It is Of for what was never an event.
func (s *Set) Mentioned(h *Hasher, n Normaliser, at stream.Position, received time.Time, place identity.Place, payload []byte) (found *Erasure) {
	if len(s.byIdentifier) == 0 {
		return nil
	}
	h.Mentions(n, place, payload, func(hash IdentifierHash) bool {
		found = reaching(s.byIdentifier[hash], at, received)
		return found != nil
	})
	return found
}

type mentions struct {
	hasher    *Hasher
	normalise Normaliser
	at        identity.Place
	types     []string
	held      func(IdentifierHash) bool
	seen      map[identity.Identifier]bool // looked up already
}

// The longest text that is taken for one identifier, and the least digits of a telephone number.
const (
	maxIdentifier = 1024
	leastDigits   = 6
)

// text looks at a text and at its words.
func (m *mentions) text(text string) bool {
	if m.any(text) {
		return true
	}
	if plain, err := url.QueryUnescape(text); err == nil && plain != text && m.any(plain) {
		return true
	}
	for _, word := range strings.FieldsFunc(text, between) {
		if word = strings.Trim(word, ".:-_/"); word != text && m.any(word) {
			return true
		}
		for part := range strings.FieldsFuncSeq(word, func(r rune) bool { return strings.ContainsRune("/:&?#", r) }) {
			if part != word && m.any(part) {
				return true
			}
		}
	}
	for _, number := range numbers(text) {
		if m.is(event.IDPhone, number) {
			return true
		}
	}
	return false
}

// between says whether a rune ends a word. What identifiers are made of does not.
func between(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`"'<>()[]{},;=|\`+"`", r)
}

// any looks a value up as all that it may be.
func (m *mentions) any(value string) bool {
	if value == "" || len(value) > maxIdentifier {
		return false
	}
	if strings.ContainsRune(value, '@') && m.is(event.IDEmail, strings.TrimPrefix(value, "mailto:")) {
		return true
	}
	if digits(value) >= leastDigits && m.is(event.IDPhone, strings.TrimPrefix(value, "tel:")) {
		return true
	}
	for _, typ := range m.types {
		if m.is(typ, value) {
			return true
		}
	}
	return false
}

func (m *mentions) is(typ, value string) bool {
	id, dropped := m.normalise.Normalise(m.at, identity.Identifier{Type: typ, Value: value})
	if dropped != "" || m.seen[id] {
		return false
	}
	m.seen[id] = true
	return m.held(m.hasher.Identifier(m.at.Workspace, id))
}

// typesIn lists the types that a value may be of: those that are known everywhere, those of the source's
// conversations and sessions, and what the text itself names.
func typesIn(source string, texts []string) []string {
	types := []string{event.IDUser, event.IDAnonymous, event.IDDevice}
	known := map[string]bool{}
	add := func(typ string) {
		if !known[typ] && len(types) < maxTypes {
			known[typ] = true
			types = append(types, typ)
		}
	}
	if source != "" {
		add(source + conversation)
		add(source + ".session_id")
	}
	for _, text := range texts {
		if before, after, dotted := strings.Cut(text, "."); dotted && machineName(before) && machineName(after) {
			add(text)
		} else if source != "" && machineName(text) && strings.HasSuffix(text, "id") {
			add(source + "." + text)
		}
	}
	return types
}

// maxTypes bounds what a hostile text makes us try.
const maxTypes = 64

func machineName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// leaves returns every string, number and name of a JSON text, or all of it as one when it is none.
func leaves(payload []byte) []string {
	var texts []string
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			return append(texts, string(payload))
		}
		switch t := token.(type) {
		case string:
			texts = append(texts, t)
		case json.Number:
			texts = append(texts, t.String())
		}
	}
}

// numbers returns the runs of a text that may be telephone numbers.
func numbers(text string) []string {
	var found []string
	start := -1
	for i, r := range text + "\x00" {
		inside := r >= '0' && r <= '9' || r == '+' || start >= 0 && strings.ContainsRune(" -.()/", r)
		switch {
		case inside && start < 0:
			start = i
		case !inside && start >= 0:
			if run := strings.Trim(text[start:i], " -.(/"); digits(run) >= leastDigits && len(run) <= 40 {
				found = append(found, run)
			}
			start = -1
		}
	}
	return found
}

func digits(s string) (n int) {
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}
