package explain

import (
	"math"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles"
)

// maxListed bounds the profiles and parts that are listed of one thing.
const maxListed = 20

// answer puts an explanation in the words of an Answer.
func (m *moment) answer(found *profiles.Found, x *identity.Explanation) (*Answer, error) {
	a := &Answer{
		Profile: x.Profile, Status: "current", IdentityVersion: found.IdentityVersion,
		Model: m.status.Model, Pending: m.pending(), Untrusted: untrusted,
		Standing: x.Assignment.Standing, Thresholds: m.thresholds(),
		Candidates: x.Assignment.Candidates, ObservationsTotal: x.Total, ApartTotal: x.ApartTotal,
	}
	if found.Requested != uuid.Nil {
		a.Requested, a.Status = &found.Requested, "merged_into"
	}
	if x.Alone != nil {
		said := m.said(x.Alone)
		a.Alone = &said
	}
	var err error
	if a.Values, err = eachErr(x.Values, m.value); err != nil {
		return nil, err
	}
	if a.Observations, err = eachErr(x.Observations, m.observation); err != nil {
		return nil, err
	}
	if a.Links, err = eachErr(x.Links, m.link); err != nil {
		return nil, err
	}
	if a.Apart, err = eachErr(x.Apart, m.apart); err != nil {
		return nil, err
	}
	if x.With != nil {
		if a.With, err = m.with(x.With); err != nil {
			return nil, err
		}
	}
	if x.Added != nil {
		a.Added = newAdded(x.Added)
	}
	return a, nil
}

func (m *moment) pending() Pending {
	return Pending{m.status.Settled, append([]string{}, m.status.Pending...)}
}

// bitsAt is the score at which the estimated precision is p.
func bitsAt(p float64) float64 { return math.Round(math.Log2(p/(1-p))*1024) / 1024 }

func (m *moment) observation(o *identity.Observation) (Observation, error) {
	v := Observation{
		ID: o.ID, Source: o.Source, RecordID: o.RecordID, FirstReceived: o.FirstReceived,
		Identifiers: each(o.Identifiers, newIdentifier),
		Attributes:  each(o.Attributes, func(a *identity.Attribute) Attribute { return Attribute(*a) }),
	}
	kept, err := m.State(o.ID)
	if kept == nil || err != nil {
		return v, err
	}
	p := profiles.Fold(o.ID, []profiles.Member{{Observation: o, State: kept}}, profiles.Rules{})
	if n := len(p.Interactions); n > 0 && p.LeftOut.Interactions == 0 { // else the first may be forgotten
		v.FirstEvent = &Event{p.Interactions[n-1].MessageID, p.Interactions[n-1].At}
	}
	return v, nil
}

func (m *moment) link(j identity.Joined) (Link, error) {
	v := Link{
		A: j.A, B: j.B, Said: m.said(&j.Sentence), Rule: j.Rule, IdentifierType: j.IdentifierType,
		Shared: each(j.Shared, newIdentifier), At: j.At, Weighing: newWeighing(j.Weighing),
	}
	if v.Weighing != nil {
		v.Weighing.Observations = j.Groups[:]
	}
	var err error
	if j.Rule == identity.RuleMustMerge {
		v.Decision, err = m.decided(j.A, j.B)
	}
	return v, err
}

func (m *moment) apart(x identity.Apart) (Apart, error) {
	v := Apart{
		Profile: x.Profile, Standing: x.Standing, A: x.A, B: x.B, Said: m.said(&x.Sentence), Rule: x.Rule, Refused: x.Refused,
		Asked: x.Asked, Shared: each(x.Shared, newIdentifier), Weighing: newWeighing(x.Weighing),
	}
	var err error
	if x.Verdict != nil {
		v.Decision, err = m.decided(x.Verdict.A, x.Verdict.B)
	}
	return v, err
}

func (m *moment) with(p *identity.Pairing) (*With, error) {
	v := &With{Profile: p.Profile, Same: p.Same}
	if p.Same {
		var err error
		v.Path, err = eachErr(p.Path, m.link)
		return v, err
	}
	apart, err := m.apart(*p.Apart)
	v.Apart = &apart
	return v, err
}

// decided tells what a person decided about two observations.
func (m *moment) decided(a, b identity.ObservationID) (*Decision, error) {
	d, err := m.Decision(a, b)
	if d == nil || err != nil {
		return nil, err
	}
	return &Decision{Verdict: d.Verdict, By: d.Actor, Note: d.Note, At: d.At}, nil
}

func newIdentifier(id *identity.Identifier) Identifier { return Identifier(*id) }

// said puts a sentence's values into quotes, for what others wrote is not to stand among our words.
func (m *moment) said(s *identity.Sentence) Said {
	said := Said{Text: s.Text()}
	if m.read {
		said.Read = s.String()
	}
	for _, c := range s.Clauses {
		for _, v := range c.Values {
			said.Quotes = append(said.Quotes, profiles.Quote{Name: c.Field, Text: v, Origin: "source", Untrusted: true})
		}
	}
	return said
}

func newWeighing(w *identity.Weighing) *Weighing {
	if w == nil {
		return nil
	}
	return &Weighing{
		Model: w.Model, Prior: w.Prior.Float(), Overlap: w.Overlap.Float(), Household: w.Household.Float(),
		Score: w.Score.Float(), Contradiction: w.Contradiction,
		Fields: each(w.Fields, func(f *identity.FieldBits) Field { return Field{f.Field, f.Level, f.Bits.Float()} }),
	}
}

func newValue(s *identity.ValueStatus) Value {
	return Value{
		Identifier: Identifier(s.Identifier), State: s.State, Kind: s.Kind, Reason: s.Reason, Observations: s.Observations,
		Profiles: append([]identity.ProfileID{}, first(s.Profiles)...), Total: len(s.Profiles),
	}
}

// value is newValue, with who blocked it.
func (m *moment) value(s identity.ValueStatus) (Value, error) {
	v := newValue(&s)
	block, err := m.Block(s.Identifier)
	if block != nil && err == nil {
		v.Blocked = &Blocked{By: block.Actor, At: block.At}
	}
	return v, err
}

func newAdded(a *identity.Added) *Added {
	return &Added{
		New: identity.SupposedID, Joins: a.Joins, Profile: a.Profile, Standing: a.Standing, Refused: a.Refused,
		Left: each(a.Left, newIdentifier), Changes: each(a.Changes, newChange),
		Asks: each(a.Asks, func(c *identity.Conflict) Ask { return Ask{c.A, c.B, c.Rule, c.Reason, c.Score.Float()} }),
	}
}

func newChange(c *identity.Change) Change {
	return Change{
		Kind: c.Kind, One: Part(c.One), Total: len(c.Parts), Moved: c.Moved,
		Parts: each(first(c.Parts), func(p *identity.Part) Part { return Part(*p) }),
		Causes: each(c.Causes, func(x *identity.Cause) Cause {
			return Cause{x.Rule, x.IdentifierType, x.Refused, x.Links, x.Examples}
		}),
	}
}

func first[T any](list []T) []T { return list[:min(len(list), maxListed)] }

// each never returns nil, so that an empty list is [] in JSON.
func each[T, V any](list []T, view func(*T) V) []V {
	views := make([]V, len(list))
	for i := range list {
		views[i] = view(&list[i])
	}
	return views
}

func eachErr[T, V any](list []T, view func(T) (V, error)) ([]V, error) {
	views := make([]V, 0, len(list))
	for _, x := range list {
		v, err := view(x)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}
