package policy

import (
	"reflect"
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
		v.SetZero()
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

func (w *walker) filterList(v reflect.Value, at place) error {
	if v.IsNil() {
		return nil
	}
	out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(out, v)
	n := 0
	for i := range out.Len() {
		x := out.Index(i)
		ok, err := w.filter(x, at)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if n < i {
			out.Index(n).Set(x)
		}
		n++
	}
	v.Set(out.Slice3(0, n, n))
	return nil
}

func (w *walker) filterMapping(v reflect.Value, at place) error {
	if v.IsNil() {
		return nil
	}
	out := reflect.MakeMapWithSize(v.Type(), v.Len())
	for _, key := range v.MapKeys() {
		x := reflect.New(v.Type().Elem()).Elem()
		x.Set(v.MapIndex(key))
		ok, err := w.filter(x, at)
		if err != nil {
			return err
		}
		if ok {
			out.SetMapIndex(key, x)
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
		}
		v.SetZero()
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
			v.SetZero()
		}
		return err
	case v.Type() == rawType && do == Show:
		v.Set(w.nested(v, element, path))
	case do == Show || isZero(v):
	default:
		shown, ok := maskLeaf(v, class)
		if !ok {
			w.withhold(path, class, because, needs)
			v.SetZero()
			return nil
		}
		w.masked[path] = true
		v.Set(shown)
	}
	return nil
}

// timeOf reads a time.Time without a copy of it on the heap where that can be.
func timeOf(v reflect.Value) time.Time {
	if v.CanAddr() {
		return *v.Addr().Interface().(*time.Time)
	}
	return v.Interface().(time.Time)
}
