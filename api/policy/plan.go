package policy

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Classed is a struct of which only the value knows the class: a trait by its name, a fact by its kind, an
// identifier by its type. It returns "class", or Class(class, name) where a name may decide. The class is
// that of the whole: withheld, nothing of it goes out; masked, what is not meta or provenance is masked.
type Classed interface{ PolicyClass() string }

var (
	classed       = reflect.TypeFor[Classed]()
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	timeType      = reflect.TypeFor[time.Time]()
	rawType       = reflect.TypeFor[json.RawMessage]()
)

// plan is what there is to know of a struct type.
type plan struct {
	fields  []field
	dynamic bool  // a Classed
	at      []int // the field that says how old the struct's data are; nil: none does
	value   []int // of a Classed: the first field of its own class that holds a text; nil: there is none
}

// field is an exported field. Fields of embedded structs are told as the outer one's.
type field struct {
	name      string // in JSON
	index     []int
	tag       string
	omitEmpty bool
	omitZero  bool
	hidden    bool // json:"-": not in JSON
	asWhole   bool // see whole
}

var plans sync.Map // reflect.Type to *planned

type planned struct {
	once sync.Once
	plan *plan
	err  error
}

// planOf compiles a struct type once.
func planOf(t reflect.Type) (*plan, error) {
	found, ok := plans.Load(t)
	if !ok {
		found, _ = plans.LoadOrStore(t, &planned{})
	}
	p := found.(*planned)
	p.once.Do(func() {
		p.plan = &plan{dynamic: t.Implements(classed) || reflect.PointerTo(t).Implements(classed)}
		p.err = p.plan.add(t, nil)
		p.plan.findTime(t)
	})
	return p.plan, p.err
}

func (p *plan) add(t reflect.Type, index []int) error {
	var faults []error
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := append(slices.Clone(index), i)
		tag, _, _ := strings.Cut(f.Tag.Get("policy"), ",")
		switch {
		case f.Anonymous && name == "" && structOf(f.Type) == f.Type:
			if err := p.add(f.Type, at); err != nil {
				faults = append(faults, err)
			}
			continue
		case !f.IsExported(), name == "-" && tag == "":
			continue
		case !validTag(tag):
			faults = append(faults, fmt.Errorf(`%s.%s: has no tag policy:"class", or one that is no class: %q`, t, f.Name, tag))
			continue
		case tag == tagLook && structOf(f.Type) == nil:
			faults = append(faults, fmt.Errorf(`%s.%s: has data of its own, so policy:"-" is not enough`, t, f.Name))
			continue
		}
		x := field{
			name: name, index: at, tag: tag, hidden: name == "-",
			omitEmpty: strings.Contains(options, "omitempty"), omitZero: strings.Contains(options, "omitzero"),
		}
		if name == "" || name == "-" {
			x.name = snake(f.Name)
		}
		x.asWhole = x.whole(f.Type)
		if p.value == nil && tag == tagSelf && (f.Type == rawType || f.Type.Kind() == reflect.String) {
			p.value = at
		}
		p.fields = append(p.fields, x)
	}
	return errors.Join(faults...)
}

// findTime finds the field that says how old a struct's data are: the one tagged policy:"class,at", else the
// first of these names.
func (p *plan) findTime(t reflect.Type) {
	for _, f := range p.fields {
		x := t.FieldByIndex(f.index)
		if _, options, _ := strings.Cut(x.Tag.Get("policy"), ","); options == "at" && x.Type == timeType {
			p.at = f.index
			return
		}
	}
	for _, name := range []string{"At", "ChangedAt", "LastSeen", "UpdatedAt", "ReceivedAt"} {
		if f, ok := t.FieldByName(name); ok && f.Type == timeType {
			p.at = f.Index
			return
		}
	}
}

var notClasses = []string{tagLook, tagSelf, tagSaid, tagNever}

func validTag(tag string) bool {
	return tag == tagLook || className.MatchString(tag)
}

// structOf returns the struct that a type holds, through pointers, lists and maps; nil for one that is
// encoded as a whole. What an interface holds is seen when it is there.
func structOf(t reflect.Type) reflect.Type {
	if known, ok := structs.Load(t); ok {
		inner, _ := known.(reflect.Type)
		return inner
	}
	inner := findStruct(t)
	if inner == nil {
		structs.Store(t, false)
	} else {
		structs.Store(t, inner)
	}
	return inner
}

var structs sync.Map // reflect.Type to reflect.Type, or to false

func findStruct(t reflect.Type) reflect.Type {
	for {
		if t.Implements(marshaler) || t.Implements(textMarshaler) || t == rawType {
			return nil
		}
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			t = t.Elem()
		case reflect.Struct:
			if p := reflect.PointerTo(t); p.Implements(marshaler) || p.Implements(textMarshaler) {
				return nil
			}
			return t
		case reflect.Interface:
			return t
		default:
			return nil
		}
	}
}

// whole says whether a field is decided about as a whole: it holds no structs, or, having a class of its own,
// such as say nothing of classes.
func (f *field) whole(t reflect.Type) bool {
	inner := structOf(t)
	return inner == nil || f.tag != tagLook && inner.Kind() == reflect.Struct && plain(inner)
}

var plains sync.Map // reflect.Type to bool

// plain says whether a struct says nothing of classes.
func plain(t reflect.Type) bool {
	if known, ok := plains.Load(t); ok {
		return known.(bool)
	}
	says := t.Implements(classed) || reflect.PointerTo(t).Implements(classed)
	for i := range t.NumField() {
		f := t.Field(i)
		_, tagged := f.Tag.Lookup("policy")
		says = says || tagged || f.Anonymous && structOf(f.Type) == f.Type && !plain(f.Type)
	}
	plains.Store(t, !says)
	return !says
}

// Check reports every field, of the type of v and of all that it holds, without a class: what Apply
// would refuse. own are classes beside the built-in ones.
func Check(v any, own ...string) error {
	if v == nil {
		return nil
	}
	return check(reflect.TypeOf(v), own, map[reflect.Type]bool{})
}

func check(t reflect.Type, own []string, seen map[reflect.Type]bool) error {
	t = structOf(t)
	if t == nil || t.Kind() == reflect.Interface || seen[t] {
		return nil
	}
	seen[t] = true
	p, err := planOf(t)
	faults := []error{err}
	for _, f := range p.fields {
		if !slices.Contains(notClasses, f.tag) && !isBuiltIn(f.tag) && !slices.Contains(own, f.tag) {
			faults = append(faults, fmt.Errorf("%s.%s: there is no class %q", t, f.name, f.tag))
		}
		if f.whole(t.FieldByIndex(f.index).Type) {
			continue
		}
		faults = append(faults, check(t.FieldByIndex(f.index).Type, own, seen))
	}
	return errors.Join(faults...)
}

// snake makes a Go name one of JSON: "ReceivedAt" becomes "received_at".
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
