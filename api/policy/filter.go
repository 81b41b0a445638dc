package policy

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// filter takes out of a value, which is a copy of the walker's own, what is withheld; false: it is withheld as a
// whole. What the value points to is copied before it is changed.
func (w *walker) filter(v reflect.Value, at place) (bool, error) {
	if leaf(v.Type()) {
		return true, nil
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return w.filterInner(v, at)
	case reflect.Slice:
		return true, w.filterList(v, at.element())
	case reflect.Map:
		return true, w.filterMapping(v, at.element())
	case reflect.Struct:
		return w.filterObject(v, at)
	default: // an array of structs: nothing that is filtered has one
		w.clear(v)
		return true, nil
	}
}

// filterInner filters what a pointer or interface holds.
func (w *walker) filterInner(v reflect.Value, at place) (bool, error) {
	if v.IsNil() {
		return true, nil
	}
	inner := reflect.New(v.Elem().Type())
	inner.Elem().Set(v.Elem())
	ok, err := w.filter(inner.Elem(), at)
	switch {
	case !ok || err != nil:
		v.SetZero()
	case v.Kind() == reflect.Pointer:
		v.Set(inner)
	default:
		v.Set(inner.Elem())
	}
	return ok, err
}

// filterList copies a list only when something in it changes: most readers may see most of what there is.
func (w *walker) filterList(v reflect.Value, at place) error {
	if v.Len() == 0 {
		return nil
	}
	x := reflect.New(v.Type().Elem()).Elem()
	var out reflect.Value // not valid: nothing has changed
	n := 0
	for i := range v.Len() {
		x.Set(v.Index(i))
		before := w.changes
		ok, err := w.filter(x, at)
		if err != nil {
			return err
		}
		if !out.IsValid() && (!ok || w.changes > before) {
			out = reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			n = reflect.Copy(out, v.Slice(0, i))
		}
		if ok && out.IsValid() {
			out.Index(n).Set(x)
			n++
		}
	}
	if out.IsValid() {
		v.Set(out.Slice3(0, n, n))
		w.changes++
	}
	return nil
}

func (w *walker) filterMapping(v reflect.Value, at place) error {
	if v.IsNil() {
		return nil
	}
	out := reflect.MakeMapWithSize(v.Type(), v.Len())
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) }) // a limit goes by order
	for _, key := range keys {
		x := reflect.New(v.Type().Elem()).Elem()
		x.Set(v.MapIndex(key))
		ok, err := w.filter(x, at)
		if err != nil {
			return err
		}
		if ok {
			out.SetMapIndex(key, x)
		} else {
			w.changes++
		}
	}
	v.Set(out)
	return nil
}

func (w *walker) filterObject(v reflect.Value, at place) (bool, error) {
	p, err := planOf(v.Type())
	if err != nil {
		return false, err
	}
	element, ok := w.enter(v, p, at)
	if !ok {
		return false, nil
	}
	for i := range p.fields {
		f := &p.fields[i]
		if err := w.filterField(f, v.FieldByIndex(f.index), element); err != nil {
			return false, err
		}
	}
	return true, nil
}

// filterField makes a field zero where nothing is left of it.
func (w *walker) filterField(f *field, v reflect.Value, element place) error {
	do, class, because, needs := w.judge(f, v, element)
	path := member{element.path, f.name}
	switch {
	case do == Withhold:
		if !isZero(v) {
			w.withhold(path, class, because, needs)
			w.clear(v)
		}
	case !f.asWhole:
		if isZero(v) {
			return nil
		}
		at := element.member(f.name)
		if f.tag != tagLook {
			at.class, at.do, at.why = class, do, cause{because, needs}
		}
		ok, err := w.filter(v, at)
		if !ok {
			w.clear(v)
		}
		return err
	case v.Type() == rawType && do == Show:
		v.Set(w.nested(v, element, path))
	case do == Show || isZero(v):
	default:
		shown, ok := maskLeaf(v, class)
		if !ok {
			w.withhold(path, class, because, needs)
			w.clear(v)
			return nil
		}
		w.masked[path] = true
		v.Set(shown)
		w.changes++
	}
	return nil
}

func (w *walker) clear(v reflect.Value) {
	v.SetZero()
	w.changes++
}

// timeOf reads a time.Time without a copy of it on the heap where that can be.
func timeOf(v reflect.Value) time.Time {
	if v.CanAddr() {
		return *v.Addr().Interface().(*time.Time)
	}
	return v.Interface().(time.Time)
}
