package computed

import (
	"encoding/json"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// kind is what a value is, and the first byte of its canonical form.
type kind byte

const (
	none   kind = 0
	text   kind = '='
	number kind = '#'
	truth  kind = '!'
	list   kind = '[' // of which contains alone makes something: a JSON array as it was received
)

// value is what an event holds in a field. Values are equal if they are the same in Go.
type value struct {
	kind kind
	text string  // of a text, truth ("true", "false") or list
	num  decimal // of a number
}

func textValue(s string) value { return value{kind: text, text: s} }

func numberValue(s string) value {
	if num, ok := parseNumber(s); ok {
		return value{kind: number, num: num}
	}
	return value{}
}

func boolValue(b bool) value {
	if b {
		return value{kind: truth, text: "true"}
	}
	return value{kind: truth, text: "false"}
}

// given says whether it is a value: lists and objects are none.
func (v value) given() bool { return v.kind != none && v.kind != list }

// number returns the number that the value is, or that a text is written as.
func (v value) number() (decimal, bool) {
	switch v.kind {
	case number:
		return v.num, true
	case text:
		return parseText(v.text)
	default:
	}
	return decimal{}, false
}

// appendTo appends the canonical form: the kind's byte and the text, which for a number is decimal.String.
func (v value) appendTo(b []byte) []byte {
	b = append(b, byte(v.kind))
	if v.kind == number {
		return append(b, v.num.String()...)
	}
	return append(b, v.text...)
}

func (v value) canonical() string { return string(v.appendTo(nil)) }

// hash is xxHash64 of the canonical form.
func (v value) hash() uint64 {
	var buf [128]byte
	return xxhash.Sum64(v.appendTo(buf[:0]))
}

// json returns the value as JSON.
func (v value) json() json.RawMessage { return Literal(v.canonical()) }

// Literal returns the JSON of a value in its canonical form, as Query's column value has it: "=text",
// "#12.5" or "!true". It returns null for anything else.
func Literal(canonical string) json.RawMessage {
	if canonical == "" {
		return json.RawMessage("null")
	}
	switch kind(canonical[0]) {
	case text:
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(canonical[1:]) // a string always encodes
		return json.RawMessage(strings.TrimSuffix(b.String(), "\n"))
	case number, truth:
		return json.RawMessage(canonical[1:])
	default:
	}
	return json.RawMessage("null")
}
