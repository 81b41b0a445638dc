package segment

import (
	"encoding/json"
	"slices"
	"sync"

	"tributary/ingest/event"
	"tributary/profiles"
)

// Facts is what is known of one person.
type Facts struct {
	Profile *profiles.Profile
	// Outside: in no segment, whatever is known: restricted, or not assigned to anybody.
	Outside bool
	// Computed returns the value of a computed trait as JSON; nil: there is none.
	Computed func(name string) json.RawMessage
	// Allowed says whether one may be addressed by a channel for a purpose. Nil: nobody may.
	Allowed func(channel, purpose string) bool
}

// Names are the segments, in the order of the document, which is that of Evaluate.
func (p *Program) Names() []string { return p.names }

// Computed lists the computed traits that the i-th segment goes by, through others too, ascending.
func (p *Program) Computed(i int) []string { return p.computed[i] }

// Consents says whether any segment asks for consent.
func (p *Program) Consents() bool {
	return slices.ContainsFunc(p.inputs, func(i input) bool { return i.subject == subjectConsent })
}

// Evaluate says of each segment whether the person is in it. in is reused if it has room.
func (p *Program) Evaluate(f *Facts, in []bool) []bool {
	in = slices.Grow(in[:0], len(p.names))[:len(p.names)]
	clear(in)
	if f.Outside {
		return in
	}
	e := evaluations.Get().(*evaluation)
	e.inputs, e.facts, e.in = p.inputs, f, in
	e.values = slices.Grow(e.values[:0], len(p.inputs))[:len(p.inputs)]
	e.read = slices.Grow(e.read[:0], len(p.inputs))[:len(p.inputs)]
	clear(e.read)
	for _, i := range p.order {
		in[i] = e.holds(&p.roots[i])
	}
	clear(e.values) // lets go of what was read
	e.facts, e.in = nil, nil
	evaluations.Put(e)
	return in
}

// evaluations keeps the memory of earlier ones.
var evaluations = sync.Pool{New: func() any { return new(evaluation) }}

// evaluation reads each input once, when it is first asked for.
type evaluation struct {
	inputs []input
	facts  *Facts
	in     []bool
	read   []bool
	values []value
}

func (e *evaluation) holds(n *node) bool {
	switch n.kind {
	case nodeAll, nodeAny:
		for i := range n.kids {
			if e.holds(&n.kids[i]) == (n.kind == nodeAny) {
				return n.kind == nodeAny
			}
		}
		return n.kind == nodeAll
	case nodeNot:
		return !e.holds(&n.kids[0])
	case nodeSegment:
		return e.in[n.input]
	default: // a check
	}
	if !e.read[n.input] {
		e.read[n.input] = true
		e.values[n.input] = e.facts.read(&e.inputs[n.input])
	}
	counted := e.inputs[n.input].counted()
	for i := range n.checks {
		if !n.checks[i].holds(&e.values[n.input], counted) {
			return false
		}
	}
	return true
}

func (f *Facts) read(in *input) value {
	p := f.Profile
	switch in.subject {
	case subjectTrait:
		return traitValue(p.Traits, in.name)
	case subjectAttribute:
		return traitValue(p.Attributes, in.name)
	case subjectComputed:
		if f.Computed == nil {
			return value{}
		}
		return valueOf(f.Computed(in.name))
	case subjectCounter:
		var n uint64
		for i := range p.Counters {
			if c := &p.Counters[i]; c.Name == in.name && (in.channel == "" || c.Channel == in.channel) {
				n += c.Events
			}
		}
		return numberOf(float64(n))
	case subjectOpen:
		n := 0
		for i := range p.Items {
			if p.Items[i].Open && string(p.Items[i].Kind) == in.name {
				n++
			}
		}
		return numberOf(float64(n))
	case subjectIdentifier:
		n := 0
		for i := range p.Identifiers {
			if p.Identifiers[i].Type == in.name {
				n++
			}
		}
		return numberOf(float64(n))
	case subjectConsent:
		return boolOf(f.Allowed != nil && f.Allowed(in.channel, in.name))
	default:
		return satisfaction(p, in)
	}
}

func traitValue(all []profiles.Trait, name string) value {
	for i := range all {
		if all[i].Name == name {
			return valueOf(all[i].Value)
		}
	}
	return value{}
}

// satisfaction is the mean over the kinds of survey that are asked for, or how many answers there are.
func satisfaction(p *profiles.Profile, in *input) value {
	var answers, sum float64
	for i := range p.Satisfaction {
		if s := &p.Satisfaction[i]; s.Survey == in.name && s.Scale == in.scale && (in.channel == "" || s.Kind == in.channel) {
			answers += float64(s.Answers)
			sum += float64(s.Answers) * s.Mean
		}
	}
	switch {
	case in.extra == measureAnswers:
		return numberOf(answers)
	case answers == 0:
		return value{}
	}
	return numberOf(sum / answers)
}

// concerns is what of an event any segment looks at.
type concerns struct {
	traits, satisfaction bool
	counters             map[string]bool // by name
	items                map[profiles.ItemKind]bool
}

func newConcerns(inputs []input) concerns {
	c := concerns{counters: map[string]bool{}, items: map[profiles.ItemKind]bool{}}
	for i := range inputs {
		switch in := &inputs[i]; in.subject {
		case subjectTrait, subjectAttribute:
			c.traits = true
		case subjectSatisfaction:
			c.satisfaction = true
		case subjectCounter:
			c.counters[in.name] = true
		case subjectOpen:
			c.items[profiles.ItemKind(in.name)] = true
		default: // others know
		}
	}
	return c
}

// Concerned says whether an event may change who is in a segment, but for what it does to computed
// traits, identifiers and consent: of these others know.
func (p *Program) Concerned(e *event.Event) bool {
	c := &p.concerns
	if c.traits && (len(e.Traits) > 0 || len(e.Attributes) > 0 || e.Record != nil) {
		return true
	}
	name := e.Name
	if e.Type != event.TypeTrack {
		name = string(e.Type)
	}
	return c.counters[name] || c.satisfaction && e.Name == event.NameSurveyAnswered ||
		len(c.items) > 0 && c.items[profiles.ItemKindOf(e.Name)]
}
