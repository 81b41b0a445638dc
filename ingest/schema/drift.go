package schema

import (
	"slices"
	"time"
)

// Baseline is how long after an event's first sight all that is seen of it counts as what it is meant to
// be, where there is no contract; and how long a field must have been missing to be told as missing.
const Baseline = 24 * time.Hour

// Difference is one way in which events differ from their contract, or from what was seen at first. It
// never holds a value.
type Difference struct {
	Kind    Kind     `json:"kind"`
	Path    string   `json:"path"`              // "cart.total", within the properties or traits
	Keyword string   `json:"keyword,omitempty"` // of a contract's schema
	Types   []string `json:"types,omitempty"`   // of a new field, or that a field changed to
	Before  []string `json:"before,omitempty"`  // types that it had at first
	// Events is how many differ so, from FirstSeen to LastSeen, by received time. Of a field that is missing
	// without a contract, how many do not have it, and LastSeen is when it was there for the last time.
	Events    uint64    `json:"events"`
	FirstSeen time.Time `json:"first_seen,omitzero"`
	LastSeen  time.Time `json:"last_seen"`
	Example   string    `json:"example_message_id,omitempty"` // the first that differs
}

// Broken returns the ways in which contracts were broken.
func (x *Inferred) Broken() []Difference {
	list := make([]Difference, 0, len(x.Breaches))
	for i := range x.Breaches {
		b := &x.Breaches[i]
		list = append(list, difference(b.Kind, b.Path, &b.Seen))
		list[i].Keyword = b.Keyword
	}
	return list
}

// Drift returns how the events differ from what was seen of them until since; zero: in the first Baseline.
func (x *Inferred) Drift(since time.Time) []Difference {
	first := since.UnixMilli()
	if since.IsZero() {
		first = x.Events.First + Baseline.Milliseconds()
	}
	list := []Difference{}
	for i := range x.Fields {
		f := &x.Fields[i]
		if f.First >= first {
			d := difference(NewField, f.Path, &f.Seen)
			for _, t := range f.Types {
				d.Types = append(d.Types, t.Type.Names()...)
			}
			list = append(list, d)
			continue
		}
		if d, changed := f.change(first); changed {
			list = append(list, d)
		}
		if x.Events.Last-f.Last >= Baseline.Milliseconds() && f.Last < x.Events.Last && countable(f.Path) {
			list = append(list, Difference{
				Kind: MissingField, Path: f.Path, Events: x.Events.Count - f.Count, LastSeen: time.UnixMilli(f.Last).UTC(),
			})
		}
	}
	return list
}

// change returns the types that a field has had since a moment and had not before. That a whole number
// came where others have a fraction is no change, nor is null.
func (f *FieldSeen) change(first int64) (Difference, bool) {
	var before, later Type
	sum := Seen{}
	for i := range f.Types {
		if t := &f.Types[i]; t.First < first {
			before |= t.Type
		}
	}
	for i := range f.Types {
		t := &f.Types[i]
		if t.First < first || t.Type == Null || t.Type == Integer && before&Number != 0 {
			continue
		}
		later |= t.Type
		sum.Add(&t.Seen)
	}
	d := difference(TypeChange, f.Path, &sum)
	d.Types, d.Before = later.Names(), before.Names()
	return d, later != 0 && before != 0
}

// countable says whether a field is no element of a list: how many of those there should be nobody knows.
func countable(path string) bool { return !slices.Contains(split(path), elements) }

func difference(k Kind, path string, s *Seen) Difference {
	return Difference{
		Kind: k, Path: path, Events: s.Count, Example: s.Example,
		FirstSeen: time.UnixMilli(s.First).UTC(), LastSeen: time.UnixMilli(s.Last).UTC(),
	}
}
