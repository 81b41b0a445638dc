package computed

import (
	"slices"

	"tributary/ingest/event"
)

// Program is a set of definitions, compiled. It is immutable and safe for concurrent use. The zero
// Program has no traits.
type Program struct {
	traits []*trait // by name
	// Each trait is in one of these, by the rarest thing that it asks of an event.
	byName map[string][]*trait
	byType map[event.Type][]*trait
	others []*trait
	docs   [documents]node // the paths that are needed of each document
	paths  int
	nodes  int
}

// trait is a definition, compiled.
type trait struct {
	def   Definition // its lists sorted
	key   key
	span  span
	where []condition
	value *field // nil: none
}

// Pick returns a program of some of the traits, to Evaluate; it observes nothing.
func (p *Program) Pick(names []string) *Program {
	picked := &Program{}
	for _, t := range p.traits {
		if slices.Contains(names, t.def.Name) {
			picked.traits = append(picked.traits, t)
		}
	}
	return picked
}

// Len is how many traits there are.
func (p *Program) Len() int { return len(p.traits) }

// Observe adds what an event contributes to the values of its observation. The event must be valid
// (event.Event.Validate) and not have been observed before: duplicates are removed upstream. It shares no
// memory with v afterwards.
func (p *Program) Observe(e *event.Event, v *Values) {
	r := reader{program: p, event: e}
	for _, t := range p.byName[e.Name] {
		t.observe(&r, v)
	}
	for _, t := range p.byType[e.Type] {
		t.observe(&r, v)
	}
	for _, t := range p.others {
		t.observe(&r, v)
	}
	r.release()
}

// Concerns says whether an event may contribute anything: false means that Observe would do nothing.
func (p *Program) Concerns(e *event.Event) bool {
	return len(p.others) > 0 || len(p.byName[e.Name]) > 0 || len(p.byType[e.Type]) > 0
}

func (t *trait) matches(r *reader) bool {
	e := r.event
	if !within(t.def.Events, e.Name) || !within(t.def.Types, string(e.Type)) ||
		!within(t.def.Sources, e.Source) || !within(t.def.Channels, string(e.Channel)) {
		return false
	}
	for i := range t.where {
		if c := &t.where[i]; !c.holds(r.value(c.field)) {
			return false
		}
	}
	return true
}

// within says whether a sorted list, if there is one, holds s.
func within(list []string, s string) bool {
	if len(list) == 0 {
		return true
	}
	_, found := slices.BinarySearch(list, s)
	return found
}

// bytes is the most that the trait's values of one observation come to, encoded.
func (t *trait) bytes() int {
	const head, bucket = 8 + 1 + 2 + 2, 3 + 3*10
	const stamp = 10 + event.MaxMessageIDBytes + event.MaxWorkspaceBytes + 6
	each := bucket
	extra := 0
	switch t.def.Of {
	case FuncSum, FuncMin, FuncMax, FuncMean:
		each += 17
	case FuncFirst, FuncLast:
		each += stamp + maxKeptText
	case FuncMostFrequent:
		each += t.key.tallies() * (maxTallyText + 2 + 10)
	case FuncUnique:
		extra = (maxHashes + 1) * (8 + 2) * int(t.key.keeps)
	default:
	}
	return head + int(t.key.keeps)*each + extra
}
