package field

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"unsafe"

	"github.com/bytedance/sonic"
	"github.com/bytedance/sonic/decoder"

	"tributary/ingest/event"
)

// inPlace reads payloads without copying: strings and raw parts refer to the payload.
var inPlace = sonic.Config{CaseSensitive: true, ValidateString: true}.Froze()

// ErrNotJSON is returned by Read. It repeats nothing of the payload.
var ErrNotJSON = errors.New("is not JSON")

// Raw is a part of a payload as it came; nil if it was not sent.
type Raw = sonic.NoCopyRawMessage

// Read is Decode for payloads of which many come: what v then holds refers to data, which must not
// change. A value of another type than its field's leaves the field as it is, and costs no other.
func Read(data []byte, v any) error {
	if len(data) == 0 {
		return ErrNotJSON
	}
	err := inPlace.UnmarshalFromString(unsafe.String(unsafe.SliceData(data), len(data)), v)
	var mismatch *decoder.MismatchTypeError
	if err != nil && !errors.As(err, &mismatch) {
		return ErrNotJSON
	}
	return nil
}

// Given says whether a part was sent and is not null.
func Given(part Raw) bool { return len(part) > 0 && string(part) != "null" }

// RawObject is a part if it is a JSON object, for properties and traits; else nil.
func RawObject(part Raw) json.RawMessage {
	if len(part) == 0 || part[0] != '{' {
		return nil
	}
	return json.RawMessage(part)
}

// Join writes an object of parts as they came, by name; nil parts are left out.
func Join(parts map[string]Raw) json.RawMessage {
	size := 2
	for name, part := range parts {
		size += len(name) + len(part) + 4
	}
	text := append(make([]byte, 0, size), '{')
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if parts[name] == nil {
			continue
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(appendQuoted(text, name), ':')
		text = append(text, parts[name]...)
	}
	return append(text, '}')
}

// appendQuoted writes a JSON string.
func appendQuoted(text []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always has a form
			return append(text, quoted...)
		}
	}
	return append(append(append(text, '"'), s...), '"')
}

// Identify adds an identifier that has a value and was not added before; blanks around it do not count.
func Identify(e *event.Event, id event.Identifier) {
	if id.Value = strings.TrimSpace(id.Value); id.Value == "" || len(id.Value) > event.MaxIdentifierBytes {
		return
	}
	for _, known := range e.Identifiers {
		if known == id {
			return
		}
	}
	e.Identifiers = append(e.Identifiers, id)
}

// Describe sets an identifying attribute that has a value, clipped; blanks around it do not count.
func Describe(e *event.Event, name, value string) {
	if value = strings.TrimSpace(value); value == "" {
		return
	}
	if e.Attributes == nil {
		e.Attributes = make(map[string]string, 8)
	}
	e.Attributes[name] = Clip(value)
}
