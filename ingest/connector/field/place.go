package field

import (
	"encoding/json"
	"errors"
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
