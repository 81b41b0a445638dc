package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
	"unsafe"

	"github.com/bytedance/sonic"
	"github.com/bytedance/sonic/decoder"
	"github.com/bytedance/sonic/encoder"
)

// ErrNotJSON is what Decode returns for bytes that are not one JSON object of an event's form.
var ErrNotJSON = errors.New("event: not an event as JSON")

// wire is the one form of an event in the log: keys case-sensitive, attributes sorted, so that
// equal events are equal bytes, and raw objects as they are.
var wire = sonic.Config{
	CaseSensitive:           true,
	ValidateString:          true,
	SortMapKeys:             true,
	NoValidateJSONMarshaler: true,
}.Froze()

const wireOptions = encoder.SortMapKeys | encoder.ValidateString | encoder.NoValidateJSONMarshaler

// Encode returns the event's form in the log: UTF-8 JSON. Traits, Properties and Context are
// written byte for byte, so an event that Validate has not seen may not survive Decode.
func Encode(e *Event) ([]byte, error) {
	return AppendEncode(make([]byte, 0, e.sizeHint()), e)
}

// AppendEncode appends the event's form in the log to dst, which it may move.
func AppendEncode(dst []byte, e *Event) ([]byte, error) {
	dst = slices.Grow(dst, e.sizeHint())
	// The encoder checks all of the buffer that it is given, so it gets what is free of dst alone.
	tail := dst[len(dst):]
	if err := encoder.EncodeInto(&tail, e, wireOptions); err != nil {
		return dst, fmt.Errorf("encode event: %w", err)
	}
	if free := cap(dst) - len(dst); len(tail) > 0 && free > 0 && unsafe.SliceData(tail) == unsafe.SliceData(dst[len(dst):cap(dst)]) {
		return dst[:len(dst)+len(tail)], nil
	}
	return append(dst, tail...), nil
}

// envelopeBytes is about what everything but the raw objects and the text takes.
const envelopeBytes = 640

func (e *Event) sizeHint() int {
	hint := envelopeBytes + len(e.Traits) + len(e.Properties) + len(e.Context)
	if e.CX != nil {
		hint += len(e.CX.Text) + 256
	}
	return hint
}

// Decode reads an event from its form in the log. It keeps no reference to data. The error wraps
// ErrNotJSON and holds no content; an event that Decode returns is well formed, and Validate says
// whether it is also right.
func Decode(data []byte) (*Event, error) {
	e := new(Event)
	if err := DecodeInto(e, data); err != nil {
		return nil, err
	}
	return e, nil
}

// DecodeInto is Decode into an event of the caller's, which must be zero.
func DecodeInto(e *Event, data []byte) error {
	if scan(e, data) {
		return nil
	}
	*e = Event{}
	return decodeAny(e, data)
}

// decodeAny reads an event of any form that JSON has.
func decodeAny(e *Event, data []byte) error {
	if !isObject(data) {
		return fmt.Errorf("%w: not an object", ErrNotJSON)
	}
	if !utf8.Valid(data) {
		return fmt.Errorf("%w: not UTF-8", ErrNotJSON)
	}
	if err := wire.UnmarshalFromString(string(data), e); err != nil {
		return fmt.Errorf("%w: %s", ErrNotJSON, describe(err))
	}
	e.Traits, e.Properties, e.Context = object(e.Traits), object(e.Properties), object(e.Context)
	return nil
}

// describe says where the JSON is wrong, without the excerpt that sonic's own text has.
func describe(err error) string {
	var syntax decoder.SyntaxError
	var mismatch *decoder.MismatchTypeError
	switch {
	case errors.As(err, &syntax) && strings.Contains(syntax.Message(), "max depth"):
		return "nested too deep"
	case errors.As(err, &syntax):
		return fmt.Sprintf("invalid JSON at byte %d", syntax.Pos)
	case errors.As(err, &mismatch):
		return fmt.Sprintf("wrong type at byte %d", mismatch.Pos)
	default:
		return "a value has the wrong form"
	}
}

// object turns null, as other writers may put it, into nil.
func object(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// isObject says whether the first character that counts opens an object.
func isObject(data []byte) bool {
	for _, c := range data {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return c == '{'
	}
	return false
}

// validObject says whether raw is one JSON object in UTF-8, nested at most MaxDepth deep.
func validObject(raw []byte) bool {
	if !isObject(raw) || !utf8.Valid(raw) {
		return false
	}
	if len(raw) > 2*MaxDepth && depth(raw) > MaxDepth {
		return false
	}
	d := checkers.Get().(*decoder.Decoder)
	d.Reset(unsafe.String(unsafe.SliceData(raw), len(raw)))
	d.SetOptions(decoder.OptionValidateString)
	ok := d.Decode(&nothing) == nil && d.CheckTrailings() == nil
	d.Reset("")
	checkers.Put(d)
	return ok
}

// checkers decode into nothing, which checks every value on the way and keeps none. (sonic's Valid
// lets control characters and unknown escapes pass.)
var (
	checkers = sync.Pool{New: func() any { return new(decoder.Decoder) }}
	nothing  struct{}
)

// depth returns how deep the objects and arrays of raw nest.
func depth(raw []byte) (deepest int) {
	open, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			open++
			deepest = max(deepest, open)
		case c == '}' || c == ']':
			open--
		}
	}
	return deepest
}
