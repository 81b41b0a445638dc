package contact

import (
	"slices"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/report"
)

// The bounds of what keeps a journey together, and how far one is followed.
const (
	DefaultGapHours = 7 * 24
	MaxGapHours     = 90 * 24
	// visitLead is how long before a journey's first contact or cause a visit is part of it: people look for help
	// themselves first.
	visitLead = day
	// followed is how long after the period what began in it is followed.
	followed = 60 * day
)

// chain is a journey: contacts, cases and cause events of one person, each beginning within the gap of the end of what came
// before, with at least one contact; with the visits between them, and within visitLead before the first.
type chain struct {
	steps        []*Step // in order
	began, ended time.Time
}

// chains are somebody's journeys, in order. Steps are in order.
func chains(steps []*Step, gap time.Duration) []*chain {
	var list []*chain
	for _, s := range steps {
		if !s.holds() {
			continue
		}
		if n := len(list); n == 0 || s.BeganAt.Sub(list[n-1].ended) > gap {
			list = append(list, &chain{began: s.BeganAt, ended: s.EndedAt})
		}
		last := list[len(list)-1]
		last.steps = append(last.steps, s)
		if s.EndedAt.After(last.ended) {
			last.ended = s.EndedAt
		}
	}
	addVisits(list, steps)
	return slices.DeleteFunc(list, func(c *chain) bool { return !slices.ContainsFunc(c.steps, (*Step).contact) })
}

// holds says whether a step keeps a journey together: visits, and what people are told and asked, do not.
func (s *Step) holds() bool {
	_, cause := causes[s.Kind]
	return cause || s.Kind == kindCase || s.contact()
}

func addVisits(list []*chain, steps []*Step) {
	for _, s := range steps {
		if s.Kind != kindVisit {
			continue
		}
		for _, c := range list { // the first that is not over
			if s.BeganAt.After(c.ended) {
				continue
			}
			if !s.BeganAt.Before(c.began.Add(-visitLead)) {
				c.steps = append(c.steps, s)
			}
			break
		}
	}
	for _, c := range list {
		slices.SortStableFunc(c.steps, before)
	}
}

// contacts are the journey's, in order.
func (c *chain) contacts() []*Step {
	return slices.DeleteFunc(slices.Clone(c.steps), func(s *Step) bool { return !s.contact() })
}

// in says whether a journey begins in the scope's period, with a contact that its filter lets through.
func (c *chain) in(s *report.Scope) bool {
	return covers(s, c.began) && slices.ContainsFunc(c.steps, func(x *Step) bool { return x.contact() && takes(s, x) })
}

// Outcome is how a journey ended.
type Outcome string

// The outcomes, the first that holds.
const (
	OutcomeChurned   Outcome = "churned"   // a subscription was cancelled in it
	OutcomeResolved  Outcome = "resolved"  // its last contact or case says so, confirmed or assumed
	OutcomeAbandoned Outcome = "abandoned" // the customer gave up its last contact
	OutcomeOpen      Outcome = "open"      // none of these
)

// Outcomes lists them.
func Outcomes() []Outcome {
	return []Outcome{OutcomeChurned, OutcomeResolved, OutcomeAbandoned, OutcomeOpen}
}

func (c *chain) outcome() Outcome {
	var last *Step
	for _, s := range c.steps {
		if s.Kind == event.NameSubscriptionCancelled {
			return OutcomeChurned
		}
		if s.contact() || s.Kind == kindCase {
			last = s
		}
	}
	switch resolved := event.Resolution(last.Resolution); {
	case resolved == event.ResolutionConfirmed || resolved == event.ResolutionAssumed:
		return OutcomeResolved
	case last.Abandoned:
		return OutcomeAbandoned
	}
	return OutcomeOpen
}
