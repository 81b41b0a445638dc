package importer

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// kind is what a file says that a value is.
type kind uint8

const (
	kindNull kind = iota // not said
	kindText
	kindNumber  // the text is a JSON number, digit for digit as the file has it
	kindBoolean // the text is true or false
	kindInstant // a moment, in UTC
	kindLocal   // a date and time of day without a zone
	kindDate    // a day
	kindNested  // the text is a JSON object or list
)

// value is what a row holds in one column. Its text may refer to the buffer of the row.
type value struct {
	kind kind
	text string
	at   time.Time // of instant, local and date; those without a zone are as if in UTC
}

func textValue(s string) value { return value{kind: kindText, text: s} }

const localLayout = "2006-01-02T15:04:05.999999999"

// String is the value as a field of an event takes it, without space around it; empty is not said.
func (v *value) String() string {
	switch v.kind {
	case kindInstant:
		return v.at.Format(time.RFC3339Nano)
	case kindLocal:
		return v.at.Format(localLayout)
	case kindDate:
		return v.at.Format(time.DateOnly)
	default:
		return strings.TrimSpace(v.text)
	}
}

// time returns when the value says; zone is that of times that have none.
func (v *value) time(layouts []string, zone *time.Location) (time.Time, bool) {
	switch v.kind {
	case kindInstant:
		return v.at, true
	case kindLocal, kindDate:
		y, m, d := v.at.Date()
		return time.Date(y, m, d, v.at.Hour(), v.at.Minute(), v.at.Second(), v.at.Nanosecond(), zone), true
	case kindNested, kindBoolean:
		return time.Time{}, false
	default:
		return parseTime(v.String(), layouts, zone)
	}
}

// Layouts that are no layout of package time: seconds and milliseconds since 1970.
const (
	layoutUnix      = "unix"
	layoutUnixMilli = "unix_ms"
)

func parseTime(text string, layouts []string, zone *time.Location) (time.Time, bool) {
	for _, layout := range layouts {
		switch layout {
		case layoutUnix:
			if s, err := strconv.ParseFloat(text, 64); err == nil && s > -1e11 && s < 1e11 {
				return time.UnixMilli(int64(s * 1000)), true
			}
		case layoutUnixMilli:
			if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
				return time.UnixMilli(ms), true
			}
		default:
			if at, err := time.ParseInLocation(layout, text, zone); err == nil {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

// appendJSON appends the value as a property holds it.
func (v *value) appendJSON(to []byte) []byte {
	switch v.kind {
	case kindNull:
		return append(to, "null"...)
	case kindNumber, kindBoolean, kindNested:
		return append(to, v.text...)
	case kindText:
		return appendQuoted(to, v.text)
	default:
		return appendQuoted(to, v.String())
	}
}

// as reads a text, as CSV has nothing else, as what the mapping says that it is.
func (v *value) as(want As) (value, error) {
	if want == "" || v.kind == kindNull {
		return *v, nil
	}
	s := v.String()
	switch want {
	case AsText:
		return textValue(s), nil
	case AsNumber:
		if !isNumber(s) {
			return value{}, fmt.Errorf("is not a number")
		}
		return value{kind: kindNumber, text: s}, nil
	case AsBoolean:
		if s = strings.ToLower(s); s != "true" && s != "false" {
			return value{}, fmt.Errorf("is not true or false")
		}
		return value{kind: kindBoolean, text: s}, nil
	default: // AsJSON; ReadMapping lets nothing else through
		if !json.Valid([]byte(s)) {
			return value{}, fmt.Errorf("is not JSON")
		}
		return value{kind: kindNested, text: s}, nil
	}
}

// isNumber says whether s is a number as JSON writes it.
func isNumber(s string) bool {
	return s != "" && (s[0] == '-' || s[0] >= '0' && s[0] <= '9') && json.Valid([]byte(s))
}

// appendQuoted appends s, which is UTF-8, as a JSON string. Unlike json.Marshal it leaves <, > and &
// as they are.
func appendQuoted(to []byte, s string) []byte {
	const hex = "0123456789abcdef"
	to = append(to, '"')
	done := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		to = append(to, s[done:i]...)
		done = i + 1
		switch c {
		case '"', '\\':
			to = append(to, '\\', c)
		case '\n':
			to = append(to, '\\', 'n')
		case '\t':
			to = append(to, '\\', 't')
		case '\r':
			to = append(to, '\\', 'r')
		default:
			to = append(to, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(to, s[done:]...), '"')
}

// validText replaces what is no UTF-8, for the quarantine alone.
func validText(s string) string { return strings.ToValidUTF8(s, string(utf8.RuneError)) }
