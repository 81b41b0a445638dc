package quarantine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"tributary/ingest/event"
)

// Leaf is one value of a payload: where it stands and of what type it is, which may be told to whoever works on a
// source, and the value itself, of which a policy decides.
type Leaf struct {
	// Path is such as "context.traits.email" or "items[2].price"; "" of a payload that is one value. A name that is
	// not made of letters, or holds a longer number, may be somebody's: it shows as "{name 3}", the third member.
	Path string
	// Type is text, number, boolean, null, object, list (of those that are empty), or unreadable.
	Type string
	// Size is how many characters a text has.
	Size int
	// Form is what a text looks like: time, date, email, uuid, url or number; "" of any other.
	Form string
	// Name is by which a policy knows the value, in snake_case; "" where the value stands under a name that is hidden.
	Name string
	// Word says that the value is a word of our own vocabulary, such as "track", and so nobody's.
	Word bool
	// Value is the value as JSON; nil of what is empty or cannot be read.
	Value json.RawMessage
}

// MaxLeaves is how many values of a payload are told.
const MaxLeaves = 2000

// Leaves takes a payload apart, in the order in which it was sent. beyond is how many values there are behind the
// first MaxLeaves. A payload that breaks off, or is no JSON, ends in a leaf of type unreadable.
func Leaves(payload []byte) (leaves []Leaf, beyond int) {
	w := &shaper{decoder: json.NewDecoder(bytes.NewReader(payload))}
	w.decoder.UseNumber()
	err := w.value(nil, "")
	if err == nil {
		if _, more := w.decoder.Token(); more != io.EOF {
			err = more
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
		}
	}
	if err != nil && len(payload) > 0 {
		w.add(Leaf{Type: "unreadable", Size: utf8.RuneCount(payload)})
	}
	return w.leaves, w.beyond
}

// maxDepth is how deep a payload is looked into.
const maxDepth = 64

type shaper struct {
	decoder *json.Decoder
	leaves  []Leaf
	beyond  int
}

func (w *shaper) add(l Leaf) {
	if len(w.leaves) == MaxLeaves {
		w.beyond++
		return
	}
	w.leaves = append(w.leaves, l)
}

// value reads a value that stands at a path, under a name.
func (w *shaper) value(path []string, name string) error {
	token, err := w.decoder.Token()
	if err != nil {
		return err
	}
	if len(path) > maxDepth {
		return fmt.Errorf("deeper than %d", maxDepth)
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return w.list(path, name)
		}
		return w.object(path, name)
	default:
		leaf := leafOf(token, name)
		leaf.Path = joined(path)
		w.add(leaf)
		return nil
	}
}

func (w *shaper) list(path []string, name string) error {
	n := 0
	for ; w.decoder.More(); n++ {
		if err := w.value(append(path[:len(path):len(path)], fmt.Sprintf("[%d]", n)), name); err != nil {
			return err
		}
	}
	if n == 0 {
		w.add(Leaf{Path: joined(path), Type: "list"})
	}
	_, err := w.decoder.Token()
	return err
}

func (w *shaper) object(path []string, _ string) error {
	n := 0
	for ; w.decoder.More(); n++ {
		key, err := w.decoder.Token()
		if err != nil {
			return err
		}
		shown, plain := plainName(key.(string), n+1)
		name := ""
		if plain {
			name = snake(shown)
		}
		if err := w.value(append(path[:len(path):len(path)], shown), name); err != nil {
			return err
		}
	}
	if n == 0 {
		w.add(Leaf{Path: joined(path), Type: "object"})
	}
	_, err := w.decoder.Token()
	return err
}

// joined writes a path: names with dots between them, places in lists behind.
func joined(path []string) string {
	var b strings.Builder
	for i, part := range path {
		if i > 0 && !strings.HasPrefix(part, "[") {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	return b.String()
}

// plain is a name that programs give: a word of letters, with few digits.
var (
	plain      = regexp.MustCompile(`^[$_A-Za-z][$_A-Za-z0-9-]{0,63}$`)
	longNumber = regexp.MustCompile(`[0-9]{4}`)
)

// plainName is a member's name if it can be nobody's, else its place among the members.
func plainName(name string, place int) (string, bool) {
	if plain.MatchString(name) && !longNumber.MatchString(name) {
		return name, true
	}
	return fmt.Sprintf("{name %d}", place), false
}

// PlainPath is a path as a rejection names it, without names that may be somebody's.
func PlainPath(path string) string {
	if path == "" {
		return ""
	}
	parts := strings.Split(path, ".")
	for i, part := range parts {
		name, place, listed := strings.Cut(part, "[")
		if shown, ok := plainName(name, i+1); !ok && name != "" {
			parts[i] = shown
		} else if listed && strings.Trim(place, "0123456789[]") != "" {
			parts[i] = fmt.Sprintf("{name %d}", i+1)
		}
	}
	return strings.Join(parts, ".")
}

// snake writes firstName as first_name, as policies name it.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// words are the types of events.
var words = map[string]bool{
	string(event.TypeTrack): true, string(event.TypeIdentify): true, string(event.TypePage): true, string(event.TypeScreen): true,
	string(event.TypeGroup): true, string(event.TypeAlias): true,
}

func leafOf(token json.Token, name string) Leaf {
	l := Leaf{Name: name}
	switch v := token.(type) {
	case nil:
		l.Type = "null"
	case bool:
		l.Type, l.Value = "boolean", json.RawMessage(fmt.Sprint(v))
	case json.Number:
		l.Type, l.Value = "number", json.RawMessage(v)
	case string:
		l.Type, l.Size, l.Form = "text", utf8.RuneCountInString(v), formOf(v)
		l.Word = words[v] || event.InVocabulary(v) || event.KnownIdentifierType(v)
		l.Value, _ = json.Marshal(v) // of a string, never fails
	}
	return l
}

var (
	mailForm = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	urlForm  = regexp.MustCompile(`^https?://[^\s]+$`)
	numeral  = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// formOf says what a text looks like; longer ones are words.
func formOf(s string) string {
	if len(s) > 256 {
		return ""
	}
	if _, err := time.Parse(time.RFC3339, s); err == nil {
		return "time"
	}
	if _, err := time.Parse(time.DateOnly, s); err == nil {
		return "date"
	}
	if len(s) == 36 && uuid.Validate(s) == nil {
		return "uuid"
	}
	switch {
	case numeral.MatchString(s):
		return "number"
	case mailForm.MatchString(s):
		return "email"
	case urlForm.MatchString(s):
		return "url"
	}
	return ""
}
