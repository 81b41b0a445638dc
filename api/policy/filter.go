package policy

import "reflect"

// filter copies a value without what is withheld; false: the element is withheld as a whole.
func (w *walker) filter(v reflect.Value, at place) (reflect.Value, bool, error) {
	if leaf(v.Type()) {
		return v, true, nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v, true, nil
		}
		inner, ok, err := w.filter(v.Elem(), at)
		if !ok || err != nil {
			return reflect.Zero(v.Type()), false, err
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(inner)
		return p, true, nil
	case reflect.Slice:
		return w.filterList(v, at.element())
	case reflect.Map:
		return w.filterMapping(v, at.element())
	case reflect.Struct:
		return w.filterObject(v, at)
	case reflect.Interface:
		if v.IsNil() {
			return v, true, nil
		}
		inner, ok, err := w.filter(v.Elem(), at)
		if !ok || err != nil {
			return reflect.Zero(v.Type()), false, err
		}
		out := reflect.New(v.Type()).Elem()
		out.Set(inner)
		return out, true, nil
	default: // an array of structs: nothing that is filtered has one
		return reflect.Zero(v.Type()), true, nil
	}
}

func (w *walker) filterList(v reflect.Value, at place) (reflect.Value, bool, error) {
	if v.IsNil() {
		return v, true, nil
	}
	out := reflect.MakeSlice(v.Type(), 0, v.Len())
	for i := range v.Len() {
		x, ok, err := w.filter(v.Index(i), at)
		if err != nil {
			return v, false, err
		}
		if ok {
			out = reflect.Append(out, x)
		}
	}
	return out, true, nil
}

func (w *walker) filterMapping(v reflect.Value, at place) (reflect.Value, bool, error) {
	if v.IsNil() {
		return v, true, nil
	}
	out := reflect.MakeMapWithSize(v.Type(), v.Len())
	for _, key := range v.MapKeys() {
		x, ok, err := w.filter(v.MapIndex(key), at)
		if err != nil {
			return v, false, err
		}
		if ok {
			out.SetMapIndex(key, x)
		}
	}
	return out, true, nil
}

func (w *walker) filterObject(v reflect.Value, at place) (reflect.Value, bool, error) {
	p, err := planOf(v.Type())
	if err != nil {
		return v, false, err
	}
	element, ok := w.enter(v, p, at)
	if !ok {
		return v, false, nil
	}
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	for i := range p.fields {
		f := &p.fields[i]
		x, err := w.filterField(f, v.FieldByIndex(f.index), element)
		if err != nil {
			return v, false, err
		}
		out.FieldByIndex(f.index).Set(x)
	}
	return out, true, nil
}

// filterField returns what is left of a field: zero where nothing is.
func (w *walker) filterField(f *field, v reflect.Value, element place) (reflect.Value, error) {
	do, class, because, needs := w.judge(f, v, element)
	path := member{element.path, f.name}
	zero := reflect.Zero(v.Type())
	switch {
	case do == Withhold:
		if !isZero(v) {
			w.withhold(path, class, because, needs)
		}
		return zero, nil
	case !f.asWhole:
		at := element.member(f.name)
		if f.tag != tagLook {
			at.class, at.do = class, do
		}
		x, ok, err := w.filter(v, at)
		if !ok {
			return zero, err
		}
		return x, err
	case v.Type() == rawType && do == Show:
		return w.nested(v, element, path), nil
	case do == Show || isZero(v):
		return v, nil
	}
	shown, ok := maskLeaf(v, class)
	if !ok {
		w.withhold(path, class, because, needs)
		return zero, nil
	}
	w.masked[path] = true
	return shown, nil
}
