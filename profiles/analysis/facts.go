package analysis

import (
	"encoding/json"
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

// Person is what is computed of one person.
type Person struct {
	Results []computed.Results // by generation
	Set     map[string]state.SetTrait
	Next    time.Time // when time alone changes a result; zero: never
}

// Evaluate computes the traits of a person who consists of some observations, as of a time.
func (p *Progress) Evaluate(view View, members []identity.ObservationID, now time.Time) (*Person, error) {
	person := &Person{Results: make([]computed.Results, len(p.Generations))}
	var values computed.Values
	for i, g := range p.Generations {
		values.Reset()
		for _, id := range members {
			if err := view.KeptValues(g.Number, id, &values); err != nil {
				return nil, err
			}
		}
		results, next := g.program.Evaluate(&values, now)
		person.Results[i] = results
		if !next.IsZero() && (person.Next.IsZero() || next.Before(person.Next)) {
			person.Next = next
		}
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
	if strings.HasPrefix(name, segment.SQLPrefix) {
		return p.Set[name].Value
	}
	for _, results := range p.Results {
		if r, ok := results.Lookup(name); ok {
			return r.Value
		}
	}
	return nil
}
