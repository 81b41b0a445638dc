package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// encode writes a value that holds structs. It says false, having written nothing, of an element that is
// withheld as a whole; the callers below ask admit first.
func (w *walker) encode(v reflect.Value, at place) error {
	if !v.IsValid() || leaf(v.Type()) {
		return w.leaf(v)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			w.buf = append(w.buf, "null"...)
			return nil
		}
		return w.encode(v.Elem(), at)
	case reflect.Slice, reflect.Array:
		return w.list(v, at)
	case reflect.Map:
		return w.mapping(v, at)
	default:
		p, err := planOf(v.Type())
		if err != nil {
			return err
		}
		inside, ok := w.enter(v, p, at)
		if !ok {
			w.buf = append(w.buf, "null"...)
			return nil
		}
		return w.object(v, p, inside)
	}
}

func (w *walker) leaf(v reflect.Value) error {
	if !v.IsValid() {
		w.buf = append(w.buf, "null"...)
		return nil
	}
	if w.simple(v) {
		return nil
	}
	b, err := marshal(v)
	w.buf = append(w.buf, b...)
	return err
}

// simple writes what needs no care, most of an answer, as encoding/json does; else it says false.
func (w *walker) simple(v reflect.Value) bool {
	t := v.Type()
	if t == timeType {
		at := timeOf(v)
		if y := at.Year(); y < 0 || y > 9999 || at.Location() != time.UTC {
			return false
		}
		w.buf = append(at.AppendFormat(append(w.buf, '"'), time.RFC3339Nano), '"')
		return true
	}
	if marshals(t) {
		return false
	}
	switch v.Kind() {
	case reflect.Bool:
		w.buf = strconv.AppendBool(w.buf, v.Bool())
	case reflect.Int, reflect.Int64:
		w.buf = strconv.AppendInt(w.buf, v.Int(), 10)
	case reflect.Uint64:
		w.buf = strconv.AppendUint(w.buf, v.Uint(), 10)
	case reflect.String:
		s := v.String()
		for i := range len(s) {
			if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
				return false
			}
		}
		w.buf = append(append(append(w.buf, '"'), s...), '"')
	default:
		return false
	}
	return true
}

// marshals says whether a type has a way of its own to be written.
func marshals(t reflect.Type) bool {
	return t.PkgPath() != "" && (t.Implements(marshaler) || t.Implements(textMarshaler))
}

// admitted writes an element of a list or mapping unless it is withheld as a whole.
func (w *walker) admitted(v reflect.Value, at place, before func()) (bool, error) {
	for (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct || leaf(v.Type()) {
		before()
		return true, w.encode(v, at)
	}
	p, err := planOf(v.Type())
	if err != nil {
		return false, err
	}
	inside, ok := w.enter(v, p, at)
	if !ok {
		return false, nil
	}
	before()
	return true, w.object(v, p, inside)
}

func (w *walker) list(v reflect.Value, at place) error {
	if v.Kind() == reflect.Slice && v.IsNil() {
		w.buf = append(w.buf, "null"...)
		return nil
	}
	w.buf = append(w.buf, '[')
	at = at.element()
	first := true
	for i := range v.Len() {
		ok, err := w.admitted(v.Index(i), at, func() {
			if !first {
				w.buf = append(w.buf, ',')
			}
		})
		if err != nil {
			return err
		}
		first = first && !ok
	}
	w.buf = append(w.buf, ']')
	return nil
}

func (w *walker) mapping(v reflect.Value, at place) error {
	if v.IsNil() {
		w.buf = append(w.buf, "null"...)
		return nil
	}
	if v.Type().Key().Kind() != reflect.String {
		return fmt.Errorf("%s: %s has keys that are no text", at.path, v.Type())
	}
	w.buf = append(w.buf, '{')
	at = at.element()
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	first := true
	for _, key := range keys {
		name, err := marshal(key)
		if err != nil {
			return err
		}
		ok, err := w.admitted(v.MapIndex(key), at, func() {
			if !first {
				w.buf = append(w.buf, ',')
			}
			w.buf = append(append(w.buf, name...), ':')
		})
		if err != nil {
			return err
		}
		first = first && !ok
	}
	w.buf = append(w.buf, '}')
	return nil
}

func (w *walker) object(v reflect.Value, p *plan, at place) error {
	w.buf = append(w.buf, '{')
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		x := v.FieldByIndex(f.index)
		if f.hidden || f.omitZero && isZero(x) || f.omitEmpty && isEmpty(x) {
			continue
		}
		name := func() {
			if !first {
				w.buf = append(w.buf, ',')
			}
			w.buf = append(append(append(w.buf, '"'), f.name...), `":`...)
		}
		ok, err := w.field(f, x, at, name)
		if err != nil {
			return err
		}
		first = first && !ok
	}
	w.buf = append(w.buf, '}')
	return nil
}

// field writes a member unless it is withheld.
func (w *walker) field(f *field, v reflect.Value, element place, name func()) (bool, error) {
	do, class, because, needs := w.judge(f, v, element)
	path := member{element.path, f.name}
	holds := !f.asWhole
	switch {
	case do == Withhold:
		if !isZero(v) {
			w.withhold(path, class, because, needs)
		}
		return false, nil
	case holds:
		at := element.member(f.name)
		if f.tag != tagLook {
			at.class, at.do, at.why = class, do, cause{because, needs}
		}
		return w.admitted(v, at, name)
	case v.Type() == rawType && do == Show:
		v = w.nested(v, element, path)
	case do == Mask && !isZero(v):
		shown, ok := maskLeaf(v, class)
		if !ok {
			if because == "" {
				because = BecausePurpose
			}
			w.withhold(path, class, because, needs)
			return false, nil
		}
		v = shown
	}
	if !isZero(v) {
		w.note(f, element, class, do == Mask)
		w.mention(f, v)
	}
	name()
	return true, w.leaf(v)
}

// maskLeaf masks a value, or the values of a list.
func maskLeaf(v reflect.Value, class string) (reflect.Value, bool) {
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		inner, ok := maskLeaf(v.Elem(), class)
		if !ok {
			return v, false
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(inner)
		return p, true
	case v.Kind() == reflect.Slice && v.Type() != rawType:
		out := reflect.MakeSlice(v.Type(), 0, v.Len())
		for i := range v.Len() {
			inner, ok := maskLeaf(v.Index(i), class)
			if !ok {
				return v, false
			}
			out = reflect.Append(out, inner)
		}
		return out, true
	}
	return masked(v, class)
}

func isZero(v reflect.Value) bool {
	if v.Type() == timeType {
		return timeOf(v).IsZero()
	}
	if k := v.Kind(); k != reflect.Struct && k != reflect.Pointer && k != reflect.Array {
		return v.IsZero()
	}
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
		return v.Kind() == reflect.Pointer && v.IsNil() || z.IsZero()
	}
	return v.IsZero()
}

// isEmpty is that of encoding/json's omitempty.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64,
		reflect.Interface, reflect.Pointer:
		return v.IsZero()
	default:
		return false
	}
}
