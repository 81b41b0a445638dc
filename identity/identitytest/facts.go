// Package identitytest holds the facts of one workspace in memory, for tests of whatever resolves
// identities.
package identitytest

import (
	"slices"

	"tributary/identity"
)

// Facts implements identity.Facts. The zero value is not usable; call New. It is not safe for
// concurrent use.
type Facts struct {
	observations map[identity.ObservationID]*identity.Observation
	holders      map[identity.Identifier][]identity.ObservationID
	links        map[pair]identity.Verdict
	linked       map[identity.ObservationID][]identity.ObservationID
	blocked      map[identity.Identifier]bool
}

type pair struct{ a, b identity.ObservationID }

// New returns a workspace without facts.
func New() *Facts {
	return &Facts{
		observations: map[identity.ObservationID]*identity.Observation{},
		holders:      map[identity.Identifier][]identity.ObservationID{},
		links:        map[pair]identity.Verdict{},
		linked:       map[identity.ObservationID][]identity.ObservationID{},
		blocked:      map[identity.Identifier]bool{},
	}
}

// Add adds an observation or replaces that of the same id. Of two versions the earlier
// FirstReceived and FirstSeen stay.
func (f *Facts) Add(o identity.Observation) {
	if was, ok := f.observations[o.ID]; ok {
		if was.FirstReceived.Before(o.FirstReceived) {
			o.FirstReceived = was.FirstReceived
		}
		if was.FirstSeen.Before(o.FirstSeen) {
			o.FirstSeen = was.FirstSeen
		}
		f.Remove(o.ID)
	}
	f.observations[o.ID] = &o
	for _, id := range o.Identifiers {
		list := f.holders[id]
		if i, found := slices.BinarySearchFunc(list, o.ID, compare); !found {
			f.holders[id] = slices.Insert(slices.Clone(list), i, o.ID)
		}
	}
}

// Remove forgets an observation; its links stay.
func (f *Facts) Remove(id identity.ObservationID) {
	o, ok := f.observations[id]
	if !ok {
		return
	}
	delete(f.observations, id)
	for _, identifier := range o.Identifiers {
		f.holders[identifier] = slices.DeleteFunc(slices.Clone(f.holders[identifier]),
			func(h identity.ObservationID) bool { return h == id })
	}
}

// Link sets the verdict on a pair, in either order, and returns it.
func (f *Facts) Link(a, b identity.ObservationID, v identity.Verdict) identity.Link {
	p := order(a, b)
	if _, ok := f.links[p]; !ok {
		f.linked[a] = append(f.linked[a], b)
		f.linked[b] = append(f.linked[b], a)
	}
	f.links[p] = v
	return identity.Link{A: p.a, B: p.b, Verdict: v}
}

// Unlink takes the verdict on a pair back.
func (f *Facts) Unlink(a, b identity.ObservationID) {
	delete(f.links, order(a, b))
	f.linked[a] = slices.DeleteFunc(f.linked[a], func(x identity.ObservationID) bool { return x == b })
	f.linked[b] = slices.DeleteFunc(f.linked[b], func(x identity.ObservationID) bool { return x == a })
}

// Block blocks an identifier.
func (f *Facts) Block(id identity.Identifier) { f.blocked[id] = true }

// Unblock takes that back.
func (f *Facts) Unblock(id identity.Identifier) { delete(f.blocked, id) }

// IDs lists all observations, ascending.
func (f *Facts) IDs() []identity.ObservationID {
	ids := make([]identity.ObservationID, 0, len(f.observations))
	for id := range f.observations {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, compare)
	return ids
}

// Observation implements identity.Facts.
func (f *Facts) Observation(id identity.ObservationID) (*identity.Observation, error) {
	return f.observations[id], nil
}

// Holders implements identity.Facts.
func (f *Facts) Holders(id identity.Identifier) ([]identity.ObservationID, error) {
	return f.holders[id], nil
}

// Links implements identity.Facts.
func (f *Facts) Links(id identity.ObservationID) ([]identity.Link, error) {
	var links []identity.Link
	for _, other := range f.linked[id] {
		p := order(id, other)
		links = append(links, identity.Link{A: p.a, B: p.b, Verdict: f.links[p]})
	}
	return links, nil
}

// Blocked implements identity.Facts.
func (f *Facts) Blocked(id identity.Identifier) (bool, error) { return f.blocked[id], nil }

func order(a, b identity.ObservationID) pair {
	if compare(a, b) > 0 {
		a, b = b, a
	}
	return pair{a, b}
}

func compare(a, b identity.ObservationID) int { return slices.Compare(a[:], b[:]) }
