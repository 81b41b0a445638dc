package schema

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// Bounds of what is kept. What goes beyond is left out by a fixed order, and counted: no event and no
// field is ever dropped for that.
const (
	MaxNames    = 1024 // names of events per source, the shortest first; for whoever keeps them
	MaxFields   = 512  // fields of one event, the shortest paths first
	MaxPath     = 256  // bytes of a path
	MaxBreaches = 256  // kinds of breach of one event's contract, those of the shortest paths first
)

// Seen is how often and when something was seen, by received time.
type Seen struct {
	Count       uint64
	First, Last int64  // Unix milliseconds
	Example     string // message id of the first
}

func seenOnce(at int64, message string) Seen { return Seen{1, at, at, message} }

// Add adds what o has seen.
func (s *Seen) Add(o *Seen) {
	if o.Count == 0 {
		return
	}
	if s.Count == 0 || o.First < s.First || o.First == s.First && o.Example < s.Example {
		s.First, s.Example = o.First, o.Example
	}
	if s.Count == 0 || o.Last > s.Last {
		s.Last = o.Last
	}
	s.Count += o.Count
}

// FieldSeen is what was seen of one field.
type FieldSeen struct {
	Path  string
	Seen             // events that have it
	Types []TypeSeen // ascending
}

// TypeSeen is how often a field had a type.
type TypeSeen struct {
	Type Type
	Seen
}

// BreachSeen is how often a contract was broken in one way.
type BreachSeen struct {
	Breach
	Seen
}

// Inferred is what was seen of one event of one source. The zero value means nothing. Merge is
// commutative and associative: the same events give the same in any order and any grouping.
type Inferred struct {
	Events   Seen
	Fields   []FieldSeen // ascending by length and bytes of the path, at most MaxFields
	occurred uint64      // fields of all events, kept or not

	// What became of events that broke the contract of the time; they are among Events.
	Breaches    []BreachSeen // ascending by path, likewise, and kind; at most MaxBreaches
	broken      uint64       // breaches of all events, kept or not
	Quarantined uint64       // events put aside
	Dropped     uint64       // events from which properties were left out
}

// FieldsBeyond is how often fields occurred that are not among Fields.
func (x *Inferred) FieldsBeyond() uint64 {
	n := x.occurred
	for i := range x.Fields {
		n -= x.Fields[i].Count
	}
	return n
}

// BreachesBeyond is how often contracts were broken in ways that are not among Breaches.
func (x *Inferred) BreachesBeyond() uint64 {
	n := x.broken
	for i := range x.Breaches {
		n -= x.Breaches[i].Count
	}
	return n
}

// Add adds events of one shape, as they are summed up in seen.
func (x *Inferred) Add(fields []Field, seen *Seen) {
	x.Events.Add(seen)
	x.occurred += seen.Count * uint64(len(fields))
	for _, f := range fields {
		one := FieldSeen{Path: f.Path, Seen: *seen}
		for t := Null; t < anyType; t <<= 1 {
			if f.Types&t != 0 {
				one.Types = append(one.Types, TypeSeen{t, *seen})
			}
		}
		x.addField(&one)
	}
}

// Break counts an event's breaches of its contract, and what became of it.
func (x *Inferred) Break(breaches []Breach, at int64, message string, policy Policy) {
	for _, b := range breaches {
		x.broken++
		x.addBreach(BreachSeen{b, seenOnce(at, message)})
	}
	switch policy {
	case Quarantine:
		x.Quarantined++
	case Drop:
		x.Dropped++
	case Accept:
	}
}

// Unnamed is what is left when the name of the event is not kept: how many there were.
func (x *Inferred) Unnamed() *Inferred {
	return &Inferred{Events: x.Events, Quarantined: x.Quarantined, Dropped: x.Dropped}
}

// Merge adds all that o has seen. It leaves o as it is.
func (x *Inferred) Merge(o *Inferred) {
	x.Events.Add(&o.Events)
	x.occurred += o.occurred
	x.broken += o.broken
	x.Quarantined += o.Quarantined
	x.Dropped += o.Dropped
	for i := range o.Fields {
		x.addField(&o.Fields[i])
	}
	for _, b := range o.Breaches {
		x.addBreach(b)
	}
}

func (x *Inferred) addField(f *FieldSeen) {
	if len(f.Path) > MaxPath {
		return
	}
	i, found := search(x.Fields, func(y *FieldSeen) int { return shorter(y.Path, f.Path) })
	if !found {
		own := *f
		own.Types = slices.Clone(f.Types)
		x.Fields = insert(x.Fields, i, own, MaxFields)
		return
	}
	own := &x.Fields[i]
	own.Add(&f.Seen)
	for _, t := range f.Types {
		at, known := search(own.Types, func(y *TypeSeen) int { return cmp.Compare(y.Type, t.Type) })
		if known {
			own.Types[at].Add(&t.Seen)
		} else {
			own.Types = slices.Insert(own.Types, at, t)
		}
	}
}

func (x *Inferred) addBreach(b BreachSeen) {
	if len(b.Path) > MaxPath {
		return
	}
	i, found := search(x.Breaches, func(y *BreachSeen) int { return y.compare(b.Breach) })
	if found {
		x.Breaches[i].Add(&b.Seen)
		return
	}
	x.Breaches = insert(x.Breaches, i, b, MaxBreaches)
}

// search finds where something stands, or would stand, in an ascending list.
func search[T any](list []T, order func(*T) int) (int, bool) {
	i := sort.Search(len(list), func(i int) bool { return order(&list[i]) >= 0 })
	return i, i < len(list) && order(&list[i]) == 0
}

// insert puts x at place i and drops the last element beyond the bound. What is among the first of all
// is among the first of any part of them: so it is never dropped on the way, and its counts are exact.
func insert[T any](list []T, i int, x T, bound int) []T {
	if i >= bound {
		return list
	}
	list = slices.Insert(list, i, x)
	return list[:min(len(list), bound)]
}

// shorter orders names by length, then bytes: made-up names tend to be long.
func shorter(a, b string) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// Shorter is the order in which names are kept: see MaxNames.
func Shorter(a, b string) int { return shorter(a, b) }
