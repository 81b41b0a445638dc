package analysis

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tributary/identity"
	"tributary/profiles/computed"
	"tributary/profiles/segment"
	"tributary/profiles/state"
)

// View is where what is kept of observations is read: state.Snapshot is one, state.Space another.
type View interface {
	KeptValues(generation uint32, id identity.ObservationID, v *computed.Values) error
	SetTraits(id identity.ObservationID) ([]state.SetTrait, error)
}

// Only returns what evaluates some computed traits and passes over the others, those of SQL included.
func (p *Progress) Only(names []string) *Progress {
	some := &Progress{unset: !slices.ContainsFunc(names, isSet)}
	for _, g := range p.Generations {
		if asked := g.program.Pick(names); asked.Len() > 0 {
			some.Generations = append(some.Generations, &Generation{Number: g.Number, program: g.program, asked: asked})
		}
	}
	return some
}

// Has says whether anything of a generation is evaluated.
func (p *Progress) Has(generation uint32) bool {
	return slices.ContainsFunc(p.Generations, func(g *Generation) bool { return g.Number == generation })
}

func isSet(name string) bool { return strings.HasPrefix(name, segment.SQLPrefix) }

// Person is what is computed of one person.
type Person struct {
	Results []computed.Results // by generation
	Set     map[string]state.SetTrait
	Next    time.Time // when time alone changes a result; zero: never
}

// Evaluate computes the traits of a person who consists of some observations, as of a time.
func (p *Progress) Evaluate(view View, members []identity.ObservationID, now time.Time) (*Person, error) {
	var values computed.Values
	return p.EvaluateWith(&values, view, members, now)
}

// EvaluateWith is Evaluate with the memory of values, which it overwrites.
func (p *Progress) EvaluateWith(values *computed.Values, view View, members []identity.ObservationID, now time.Time) (*Person, error) {
	person := &Person{Results: make([]computed.Results, len(p.Generations))}
	for i, g := range p.Generations {
		values.Reset()
		for _, id := range members {
			if err := view.KeptValues(g.Number, id, values); err != nil {
				return nil, err
			}
		}
		results, next := g.asked.Evaluate(values, now)
		person.Results[i] = results
		if !next.IsZero() && (person.Next.IsZero() || next.Before(person.Next)) {
			person.Next = next
		}
	}
	if p.unset {
		return person, nil
	}
	return person, person.readSet(view, members)
}

// readSet reads what was set from outside; of what was set of several members the newest stands.
func (p *Person) readSet(view View, members []identity.ObservationID) error {
	for _, id := range members {
		set, err := view.SetTraits(id)
		if err != nil {
			return err
		}
		for _, t := range set {
			if was, ok := p.Set[t.Name]; ok && !t.Newer(&was) {
				continue
			}
			if p.Set == nil {
				p.Set = map[string]state.SetTrait{}
			}
			p.Set[t.Name] = t
		}
	}
	return nil
}

// Value returns a computed trait as JSON; nil: there is none.
func (p *Person) Value(name string) json.RawMessage {
	if isSet(name) {
		return p.Set[name].Value
	}
	for _, results := range p.Results {
		if r, ok := results.Lookup(name); ok {
			return r.Value
		}
	}
	return nil
}
