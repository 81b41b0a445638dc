// Package field reads what vendors' JSON has in common: ids that are numbers here and strings there,
// times in their several spellings, HTML bodies, and texts longer than an event's fields may be.
package field

import (
	"bytes"
	"crypto/hmac"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"tributary/ingest/event"
)

// Decode reads a vendor's JSON into v: keys are case-sensitive, what v has not is passed over, and a
// value of another type than its field's is an error. What v then holds refers to text, which must not
// change.
func Decode(text []byte, v any) error {
	if len(text) == 0 {
		return ErrNotJSON
	}
	return inPlace.UnmarshalFromString(unsafe.String(unsafe.SliceData(text), len(text)), v)
}

// Object returns a payload without the white space around it if it is a JSON object, else nil.
func Object(payload []byte) []byte {
	payload = bytes.TrimSpace(payload)
	if len(payload) == 0 || payload[0] != '{' {
		return nil
	}
	return payload
}

// Text is a scalar as text: a string itself, a number or boolean as JSON writes it. Null, objects and
// arrays are empty: a field that a vendor has changed loses its value, not its event.
type Text string

// UnmarshalJSON reads any JSON value.
func (t *Text) UnmarshalJSON(b []byte) error {
	*t = ""
	if len(b) == 0 {
		return nil
	}
	switch b[0] {
	case 'n', '{', '[':
		return nil
	case '"':
		if len(b) >= 2 && bytes.IndexByte(b, '\\') < 0 {
			*t = Text(b[1 : len(b)-1])
			return nil
		}
		var s string
		if err := Decode(b, &s); err != nil {
			return err
		}
		*t = Text(strings.Clone(s))
		return nil
	}
	*t = Text(b)
	return nil
}

// String is the text.
func (t Text) String() string { return string(t) }

// Time reads the text as a time: RFC 3339, the same with a blank or without a colon in the zone, or
// seconds since 1970, with or without a fraction. Anything else is the zero time: nothing said.
func (t Text) Time() time.Time { return Time(string(t)) }

var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999 Z0700",
	"2006-01-02 15:04:05.999999999 MST", "2006-01-02T15:04:05.999999999",
}

// Time is Text.Time of a string.
func Time(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	if seconds, err := strconv.ParseUint(s, 10, 37); err == nil && seconds > 0 {
		return time.Unix(int64(seconds), 0).UTC()
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC()
		}
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || !(seconds > 0 && seconds < 1e11) {
		return time.Time{}
	}
	return time.UnixMilli(int64(seconds * 1000)).UTC()
}

// Clip cuts s to what a field of event.CX, or an attribute, may hold, at a character's end. The whole
// is in the properties.
func Clip(s string) string {
	const most = event.MaxFieldBytes
	if len(s) <= most {
		return s
	}
	s = s[:most]
	for s != "" {
		if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}

// Identifiers is a list of those that have a value.
func Identifiers(all ...event.Identifier) []event.Identifier {
	var given []event.Identifier
	for _, id := range all {
		if id.Value != "" {
			given = append(given, id)
		}
	}
	return given
}

// Attributes is those of names and values in turn that have a value, each clipped; nil if none has.
func Attributes(pairs ...string) map[string]string {
	var given map[string]string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if given == nil {
			given = map[string]string{}
		}
		given[pairs[i]] = Clip(pairs[i+1])
	}
	return given
}

// Same compares a proof in the same time for any wrong value.
func Same(got, want string) bool { return hmac.Equal([]byte(got), []byte(want)) }

// Fresh says whether a signature's time is within the tolerance of now, on either side.
func Fresh(at, now time.Time, tolerance time.Duration) bool {
	age := now.Sub(at)
	return age <= tolerance && age >= -tolerance
}
