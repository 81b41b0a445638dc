package contact

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// Reports makes the reports of this package. It is safe for concurrent use.
type Reports struct {
	reader *report.Reader
	steps  store.Query[Step]
	now    func() time.Time
}

// looksBack is how long before the period events are read at least, so that it is known what began before it: only a
// conversation or case that was silent for longer seems to begin anew.
const looksBack = 30 * day

// leastText is from how many characters on what a customer said can be said again; "yes" is not.
const leastText = 15

// New returns the reports over an open store.
func New(s *store.Store, reader *report.Reader, now func() time.Time) (*Reports, error) {
	steps, err := store.Prepare[Step](s, "contact/steps")
	if err != nil {
		return nil, err
	}
	return &Reports{reader: reader, steps: steps, now: now}, nil
}

// reading is which steps are read: those of a scope, with what happened so long before and after it. The scope's channels,
// sources and kinds of agent are not looked at: they choose among what was put together of all steps.
type reading struct {
	scope         *report.Scope
	lead, follow  time.Duration
	causes        bool // bills, orders, payments …
	visits        bool
	surveys       bool
	cancellations bool
	marks         bool
	waitOver      time.Duration
	after         uuid.UUID // people after this one
}

func (r *reading) params() store.Params {
	scope := *r.scope
	scope.Channels, scope.Sources, scope.AgentKinds = nil, nil, nil
	scope.From = scope.From.Add(-r.lead)
	scope = scope.Through(scope.Until.Add(r.follow))
	names := []string{}
	if r.causes {
		names = causeNames()
	} else if r.cancellations {
		names = append(names, event.NameSubscriptionCancelled)
	}
	if r.surveys {
		names = append(names, event.NameSurveyAnswered)
	}
	p := scope.Params()
	p["names"], p["vocabulary"], p["visits"], p["marks"] = names, event.Names(), r.visits, r.marks
	p["wait_over"], p["least_text"], p["after"] = r.waitOver.Seconds(), uint32(leastText), r.after
	return p
}

// people yields everybody's steps, in order, one person at a time, and at most one error, as the last.
func (r *Reports) people(ctx context.Context, reading *reading) iter.Seq2[[]*Step, error] {
	return func(yield func([]*Step, error) bool) {
		var steps []*Step
		for row, err := range r.steps.Each(ctx, reading.params()) {
			if err != nil {
				yield(nil, err)
				return
			}
			if len(steps) > 0 && steps[0].Profile != row.Profile {
				if !yield(steps, nil) {
					return
				}
				steps = nil
			}
			steps = append(steps, &row)
		}
		if len(steps) > 0 {
			yield(steps, nil)
		}
	}
}

// covers says whether something happened in the period.
func covers(s *report.Scope, at time.Time) bool { return !at.Before(s.From) && at.Before(s.Until) }

// takes says whether a contact is of the scope's channels, sources and kinds of agent.
func takes(s *report.Scope, c *Step) bool {
	return (len(s.Channels) == 0 || slices.Contains(s.Channels, c.Channel)) &&
		(len(s.Sources) == 0 || slices.ContainsFunc(c.Sources, func(source string) bool { return slices.Contains(s.Sources, source) })) &&
		(len(s.AgentKinds) == 0 || c.AI && slices.Contains(s.AgentKinds, report.AgentAI) || c.Human && slices.Contains(s.AgentKinds, report.AgentHuman))
}
