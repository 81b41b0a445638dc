package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Reader is who reads, what for, and how sure it is whom it is about.
type Reader struct {
	Policy  *Policy
	Purpose string
	Kind    string // human, own_ai, third_party_ai or system
	Level   Level
	Now     time.Time // what ages are counted to
	// Agreed says whether the customer agreed to a purpose: for a value of ClassContact, with its text, if
	// they may be reached there for it. nil: nobody agreed to anything.
	Agreed func(purpose, text string) bool
}

// Why something is withheld.
const (
	BecausePurpose      = "purpose"
	BecauseVerification = "verification"
	BecauseAge          = "age"
	BecauseLimit        = "limit"
	BecauseConsent      = "consent"
)

// Withheld says what an answer has not, and why. Fields are paths without any name of a customer's or
// source's making; "[]" stands for every element.
type Withheld struct {
	Class   string   `json:"class"`
	Fields  []string `json:"fields"`
	Count   int      `json:"count"` // of values, an element counting as one
	Because string   `json:"because"`
	Needs   string   `json:"needs,omitempty"` // of verification: the level that would show it
}

// Result is what became of a value.
type Result struct {
	// JSON is the value without what is withheld.
	JSON []byte
	// Masked are the paths of what is masked, as in Withheld.
	Masked   []string
	Withheld []Withheld
	// Profiles are the ids in fields named profile or profiles, in the order of their appearance.
	Profiles []uuid.UUID
	// Shown and ShownMasked are the paths for the record of what was disclosed: the name of a trait or type of
	// identifier stands in brackets. Classes are those of both. Meta is not among them.
	Shown, ShownMasked, Classes []string
}

// Apply encodes v as JSON, as encoding/json does, without what the reader may not see. It fails for a value
// of a type that has a field without a class, and then nothing of it goes out.
func (r *Reader) Apply(v any) (*Result, error) {
	w := newWalker(r)
	if err := w.encode(reflect.ValueOf(v), place{}); err != nil {
		return nil, fmt.Errorf("apply policy: %w", err)
	}
	return w.result(), nil
}

// Filter returns a copy of what v points to, in which what the reader may not see is zero or gone, so that it
// can be put into words. The Result has no JSON.
func Filter[T any](r *Reader, v *T) (*T, *Result, error) {
	w := newWalker(r)
	out := new(T)
	*out = *v
	ok, err := w.filter(reflect.ValueOf(out).Elem(), place{})
	if err != nil {
		return nil, nil, fmt.Errorf("apply policy: %w", err)
	}
	if !ok {
		out = new(T)
	}
	return out, w.result(), nil
}

// Join adds what was withheld before a value was made, by Filter, to the result of its Apply.
func (res *Result) Join(before *Result) {
	res.Masked = union(res.Masked, before.Masked)
	res.Withheld = append(slices.Clone(before.Withheld), res.Withheld...)
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// place is where the walk is.
type place struct {
	path  string
	named string // path, with names that say which trait or identifier it is
	class string // of the nearest element that says its own
	do    Action // what is done with that element
	why   cause
	at    time.Time
}

// cause says why something is done: see Withheld.
type cause struct{ because, needs string }

func (p place) member(name string) place {
	if p.path != "" {
		p.path += "."
		p.named += "."
	}
	p.path += name
	p.named += name
	return p
}

// member of a struct is a place by two texts, joined only when they are told.
type member struct{ element, field string }

func (m member) String() string {
	if m.field == "" || m.element == "" {
		return m.element + m.field
	}
	return m.element + "." + m.field
}

func (p place) element() place {
	p.path += "[]"
	p.named += "[]"
	return p
}

type withheldKey struct{ class, because, needs string }

// held is what is withheld for one reason.
type held struct {
	fields []member
	count  int
}

type walker struct {
	*Reader
	rules    map[string]Rule
	buf      []byte
	counts   map[string]int // elements by class, for limits
	withheld map[withheldKey]*held
	masked   map[member]bool
	shown    map[member]bool // by named path: true, it is masked
	classes  map[string]bool
	profiles []uuid.UUID
	changes  int // of a value that is filtered
}

func newWalker(r *Reader) *walker {
	return &walker{
		Reader: r, rules: r.Policy.resolved[combination{r.Purpose, r.Kind}], counts: map[string]int{}, withheld: map[withheldKey]*held{},
		masked: map[member]bool{}, shown: map[member]bool{}, classes: map[string]bool{},
	}
}

// verdict decides about a value of a class. element says that it is one of a list.
func (w *walker) verdict(class string, at time.Time, element bool) (Action, string, string) {
	rule, known := w.rules[class]
	switch {
	case !known:
		return Withhold, BecausePurpose, ""
	case rule.MaxAge > 0 && !at.IsZero() && w.Now.Sub(at) > rule.MaxAge:
		return Withhold, BecauseAge, ""
	case rule.Do == Withhold:
		return Withhold, BecausePurpose, ""
	case w.Level < rule.Needs && rule.Below > rule.Do:
		return rule.Below, BecauseVerification, rule.Needs.String()
	}
	if element && rule.Limit > 0 {
		if w.counts[class]++; w.counts[class] > rule.Limit {
			return Withhold, BecauseLimit, ""
		}
	}
	return rule.Do, BecausePurpose, ""
}

func (w *walker) withhold(path member, class, because, needs string) {
	key := withheldKey{class, because, needs}
	x := w.withheld[key]
	if x == nil {
		x = &held{}
		w.withheld[key] = x
	}
	x.count++
	if !slices.Contains(x.fields, path) {
		x.fields = append(x.fields, path)
	}
}

// enter decides about a struct that says its own class, and says whether it goes out at all.
func (w *walker) enter(v reflect.Value, p *plan, at place) (place, bool) {
	if p.at != nil {
		if t := timeOf(v.FieldByIndex(p.at)); !t.IsZero() {
			at.at = t
		}
	}
	if !p.dynamic {
		return at, true
	}
	said := classOf(v)
	class := w.Policy.ClassOf(said)
	if _, name := splitClass(said); name != "" {
		at.named += "[" + name + "]"
	}
	do, because, needs := w.verdict(class, at.at, true)
	if do != Withhold && p.value != nil && !w.agreed(class, v.FieldByIndex(p.value)) {
		do, because, needs = Withhold, BecauseConsent, ""
	}
	if do == Withhold {
		w.withhold(member{element: at.path}, class, because, needs)
		return at, false
	}
	at.class, at.do, at.why = class, do, cause{because, needs}
	return at, true
}

// agreed says whether the customer agreed to what the rule of a class asks for.
func (w *walker) agreed(class string, v reflect.Value) bool {
	purposes := w.rules[class].Consent
	if purposes == "" {
		return true
	}
	text := ""
	if class == ClassContact {
		text = textOf(v)
	}
	for purpose := range strings.FieldsSeq(purposes) {
		if w.Agreed == nil || !w.Agreed(purpose, text) {
			return false
		}
	}
	return true
}

// textOf is the text that a value is, in Go or in JSON; else "".
func textOf(v reflect.Value) (text string) {
	switch {
	case v.Kind() == reflect.String:
		return v.String()
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return textOf(v.Elem())
	case v.Type() == rawType:
		_ = json.Unmarshal(v.Bytes(), &text) // what is no text has none
	}
	return text
}

func classOf(v reflect.Value) string {
	if v.CanAddr() { // without a copy
		return v.Addr().Interface().(Classed).PolicyClass()
	}
	if c, ok := v.Interface().(Classed); ok {
		return c.PolicyClass()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p.Interface().(Classed).PolicyClass()
}

// judge decides about a field. What is not meta or provenance of an element that is masked is masked as well.
func (w *walker) judge(f *field, v reflect.Value, element place) (do Action, class, because, needs string) {
	switch f.tag {
	case tagLook, tagSaid:
		return Show, ClassMeta, "", ""
	case tagNever:
		return Withhold, ClassMeta, BecausePurpose, ""
	case tagSelf:
		if element.class == "" {
			return Withhold, ClassMeta, BecausePurpose, ""
		}
		return element.do, element.class, element.why.because, element.why.needs
	}
	class = f.tag
	do, because, needs = w.verdict(class, element.at, false)
	if class != ClassMeta && class != ClassProvenance && element.do > do {
		do, class, because, needs = element.do, element.class, element.why.because, element.why.needs
	}
	if do != Withhold && !w.agreed(f.tag, v) {
		return Withhold, f.tag, BecauseConsent, ""
	}
	return do, class, because, needs
}

// mention collects ids of profiles.
func (w *walker) mention(f *field, v reflect.Value) {
	if f.name != "profile" && f.name != "profiles" {
		return
	}
	ids, _ := v.Interface().([]uuid.UUID)
	switch x := v.Interface().(type) {
	case uuid.UUID:
		ids = []uuid.UUID{x}
	case *uuid.UUID:
		if x != nil {
			ids = []uuid.UUID{*x}
		}
	}
	for _, id := range ids {
		if id != uuid.Nil && !slices.Contains(w.profiles, id) {
			w.profiles = append(w.profiles, id)
		}
	}
}

// note records that a value goes out.
func (w *walker) note(f *field, element place, class string, masked bool) {
	if masked {
		w.masked[member{element.path, f.name}] = true
	}
	if class == ClassMeta && f.tag != tagSaid {
		return
	}
	if f.tag == tagSaid {
		class = element.class
	}
	if class != "" && class != ClassMeta {
		w.classes[class] = true
		path := member{element.named, f.name}
		if was, known := w.shown[path]; !known || masked && !was {
			w.shown[path] = masked
		}
	}
}

func (w *walker) result() *Result {
	r := &Result{JSON: w.buf, Classes: slices.Sorted(maps.Keys(w.classes)), Profiles: w.profiles}
	for path := range w.masked {
		r.Masked = append(r.Masked, path.String())
	}
	for path, masked := range w.shown {
		if masked {
			r.ShownMasked = append(r.ShownMasked, path.String())
		} else {
			r.Shown = append(r.Shown, path.String())
		}
	}
	for key, x := range w.withheld {
		fields := make([]string, len(x.fields))
		for i, path := range x.fields {
			fields[i] = path.String()
		}
		slices.Sort(fields)
		r.Withheld = append(r.Withheld, Withheld{
			Class: key.class, Fields: slices.Compact(fields), Count: x.count, Because: key.because, Needs: key.needs,
		})
	}
	slices.Sort(r.Masked)
	slices.Sort(r.Shown)
	slices.Sort(r.ShownMasked)
	slices.SortFunc(r.Withheld, func(a, b Withheld) int {
		return strings.Compare(a.Class+"\x00"+a.Because+"\x00"+a.Needs, b.Class+"\x00"+b.Because+"\x00"+b.Needs)
	})
	return r
}

// leaf says whether a value is encoded as a whole.
func leaf(t reflect.Type) bool { return structOf(t) == nil }

func marshal(v reflect.Value) ([]byte, error) { return json.Marshal(v.Interface()) }
