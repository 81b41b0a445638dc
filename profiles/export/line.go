package export

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// lines writes JSON Lines: an object each. Members are those of the structs that are given, so that what is kept
// tomorrow is in the export without a word here. A member without a value is left out.
type lines struct {
	w io.Writer
	n int // written
	b []byte
}

// member is one member of an object.
type member struct {
	name  string
	value any
}

// raw is JSON as it was received. It stands in a line as it is, byte for byte. Where it cannot, since it has more
// than one line, or is no JSON, its text stands as a string under its name and "_text".
type raw string

// add writes a struct as a line, with further members behind its own.
func (l *lines) add(v any, more ...member) error {
	return l.write(append(membersOf(reflect.ValueOf(v)), more...))
}

func (l *lines) write(members []member) error {
	l.b = append(appendMembers(l.b[:0], members), '\n')
	if _, err := l.w.Write(l.b); err != nil {
		return fmt.Errorf("write line: %w", err)
	}
	l.n++
	return nil
}

func appendMembers(b []byte, members []member) []byte {
	b = append(b, '{')
	first := true
	for _, m := range members {
		v := reflect.ValueOf(m.value)
		if !v.IsValid() || empty(v) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = appendMember(b, m.name, v)
	}
	return append(b, '}')
}

// empty says whether a value says nothing. A number behind a pointer that is 0 was said.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Float32, reflect.Float64:
		return v.Float() == 0 || math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0)
	case reflect.Pointer:
		return v.IsNil() || v.Elem().Kind() == reflect.Float64 && math.IsNaN(v.Elem().Float())
	default:
	}
	if at, ok := v.Interface().(time.Time); ok {
		return at.IsZero() || at.UnixMilli() == 0 // the archive's word for none
	}
	return v.IsZero()
}

// appendMember appends a name and its value. What is not UTF-8 stands as Base64 under its name and "_base64".
func appendMember(b []byte, name string, v reflect.Value) []byte {
	text, isJSON, isText := textOf(v)
	switch {
	case isText && !utf8.ValidString(text):
		return appendText(append(appendText(b, name+"_base64"), ':'), base64.StdEncoding.EncodeToString([]byte(text)))
	case isJSON && (strings.ContainsAny(text, "\n\r") || !json.Valid([]byte(text))):
		return appendText(append(appendText(b, name+"_text"), ':'), text)
	case isJSON:
		return append(append(appendText(b, name), ':'), text...)
	}
	return appendValue(append(appendText(b, name), ':'), v)
}

// textOf returns what a value is as text, and whether that is JSON.
func textOf(v reflect.Value) (text string, isJSON, isText bool) {
	switch x := v.Interface().(type) {
	case raw:
		return string(x), true, true
	case json.RawMessage:
		return string(x), true, true
	case []byte:
		return string(x), false, true
	}
	if v.Kind() == reflect.String {
		return v.String(), false, true
	}
	return "", false, false
}

func appendText(b []byte, text string) []byte {
	quoted, _ := json.Marshal(text) // of a string, never fails
	return append(b, quoted...)
}

func appendValue(b []byte, v reflect.Value) []byte {
	switch x := v.Interface().(type) {
	case time.Time:
		return appendText(b, x.UTC().Format(time.RFC3339Nano))
	case json.RawMessage:
		return append(b, x...)
	case []byte:
		return appendText(b, string(x))
	case encoding.TextMarshaler:
		if text, err := x.MarshalText(); err == nil {
			return appendText(b, string(text))
		}
		return append(b, "null"...)
	}
	switch v.Kind() {
	case reflect.String:
		return appendText(b, v.String())
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(b, v.Uint(), 10)
	case reflect.Float32:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, 32)
	case reflect.Float64:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, 64)
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return append(b, "null"...)
		}
		return appendValue(b, v.Elem())
	case reflect.Slice, reflect.Array:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, v.Index(i))
		}
		return append(b, ']')
	case reflect.Map:
		return appendMembers(b, entriesOf(v))
	case reflect.Struct:
		return appendMembers(b, membersOf(v))
	default: // what JSON has no word for
		return append(b, "null"...)
	}
}

// entriesOf lists a map's entries in the order of their names.
func entriesOf(v reflect.Value) []member {
	var all []member
	for _, key := range v.MapKeys() {
		all = append(all, member{fmt.Sprint(key.Interface()), v.MapIndex(key).Interface()})
	}
	slices.SortFunc(all, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return all
}

// membersOf lists the exported fields of a struct, those of embedded ones among them.
func membersOf(v reflect.Value) []member {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	t := v.Type()
	var all []member
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			all = append(all, membersOf(v.Field(i))...)
		case f.IsExported():
			if name := nameOf(f); name != "-" {
				all = append(all, member{name, v.Field(i).Interface()})
			}
		}
	}
	return all
}

// nameOf is a field's name in the archive or in JSON, else its own with underscores.
func nameOf(f reflect.StructField) string {
	for _, tag := range []string{"ch", "json"} {
		if name, _, _ := strings.Cut(f.Tag.Get(tag), ","); name != "" {
			return name
		}
	}
	var b strings.Builder
	runes := []rune(f.Name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
