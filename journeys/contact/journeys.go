package contact

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/report"
)

// The bounds of a report of journeys.
const (
	DefaultJourneys = 20
	MaxJourneys     = 200
	// MaxPath is how many steps a path has at most, repeats collapsed; a longer one ends there and is marked.
	MaxPath = 12
)

// PathStep is a step as paths tell it.
type PathStep struct {
	Kind    string `json:"kind"`
	Channel string `json:"channel,omitempty"`
}

// The kinds of step beside those of causes.
const (
	stepSelfService = "self_service"
	stepAI          = "ai_conversation"
	stepHuman       = "human_conversation"
	stepBoth        = "ai_and_human_conversation"
	stepUnanswered  = "unanswered_conversation"
)

// name is what a step is called in a journey.
func (s *Step) name() string {
	switch s.Kind {
	case kindCase:
		return kindCase
	case kindVisit:
		return stepSelfService
	case kindConversation:
		return map[Handler]string{HandlerAI: stepAI, HandlerHuman: stepHuman, HandlerBoth: stepBoth, HandlerNone: stepUnanswered}[s.handler()]
	}
	return causes[s.Kind]
}

// path is a journey's steps, those that are alike and follow one another as one.
func (c *chain) path() (path []PathStep, cut bool) {
	for _, s := range c.steps {
		step := PathStep{Kind: s.name(), Channel: s.Channel}
		if s.Kind != kindConversation && s.Kind != kindVisit {
			step.Channel = "" // where a bill or case was written down is no channel of the customer's
		}
		if n := len(path); n > 0 && path[n-1] == step {
			continue
		}
		if len(path) == MaxPath {
			return path, true
		}
		path = append(path, step)
	}
	return path, false
}

func keyOf(path []PathStep, cut bool) string {
	var b strings.Builder
	for _, s := range path {
		b.WriteString(s.Kind + "\x00" + s.Channel + "\x01")
	}
	if cut {
		b.WriteString("\x02")
	}
	return b.String()
}

// JourneysRequest asks for the most frequent journeys.
type JourneysRequest struct {
	ChainRequest
	Limit int `json:"limit,omitempty"` // paths; default DefaultJourneys
}

// JourneysReport is what is answered.
type JourneysReport struct {
	report.About
	GapHours int       `json:"gap_hours"`
	Total    Journeys  `json:"total"`
	Journeys []PathRow `json:"journeys"` // the most frequent first
	Paths    int       `json:"paths"`    // how many different ones there are
}

// Journeys are numbers of journeys.
type Journeys struct {
	Journeys   int             `json:"journeys"`
	People     int             `json:"people"`
	Unfinished int             `json:"unfinished"` // may go on: the gap after them has not passed
	Contacts   int             `json:"contacts"`
	Outcomes   map[Outcome]int `json:"outcomes"` // all four
	// Of the time from the first step, visits apart, to the end of the last, in hours.
	MedianHours float64 `json:"median_hours"`
	P90Hours    float64 `json:"p90_hours"`
}

// PathRow is a path and those who took it.
type PathRow struct {
	Steps []PathStep `json:"steps"`
	Cut   bool       `json:"cut,omitempty"` // it went on
	Share float64    `json:"share"`         // of all journeys
	Journeys
}

const journeysDefinition = "A journey is a chain of one person's contacts (conversations in which the customer took part), cases and cause events (bills, payments, orders, subscriptions, " +
	"refunds, disputes, complaints, incidents, missed appointments), each of which begins within the gap after the end of those before, with at least one contact. Visits to web page and app (page, screen and " +
	"product events, 30 minutes without any ending a visit) between them, and within 24 hours before the first, are steps too, and hold nothing together. Counted are journeys that begin in the period and have a contact " +
	"that the filter lets through; each is followed for up to 60 days after the period. Steps that are alike and follow one another are told as one. Outcome: churned if a subscription was cancelled " +
	"in it; else resolved if the last contact or case says so; else abandoned if the customer gave up the last contact; else open."

// gathered adds journeys up.
type gathered struct {
	Journeys
	hours  []float64
	person uuid.UUID // the last
	path   []PathStep
	cut    bool
}

func newGathered(path []PathStep, cut bool) *gathered {
	g := &gathered{path: path, cut: cut, Journeys: Journeys{Outcomes: map[Outcome]int{}}}
	for _, o := range Outcomes() {
		g.Outcomes[o] = 0
	}
	return g
}

func (g *gathered) add(who uuid.UUID, c *chain, unfinished bool) {
	if g.Journeys.Journeys == 0 || g.person != who {
		g.person = who
		g.People++
	}
	if unfinished {
		g.Unfinished++
	}
	g.Journeys.Journeys++
	g.Contacts += len(c.contacts())
	g.Outcomes[c.outcome()]++
	g.hours = append(g.hours, c.ended.Sub(c.began).Hours())
}

func (g *gathered) done() Journeys {
	slices.Sort(g.hours)
	g.MedianHours, g.P90Hours = quantile(g.hours, 0.5), quantile(g.hours, 0.9)
	return g.Journeys
}

// Journeys reports the most frequent journeys. It fails as Repeats does.
func (r *Reports) Journeys(ctx context.Context, workspace string, request JourneysRequest) (*JourneysReport, error) {
	var faults event.Errors
	q := request.check(workspace, r.now(), &faults)
	limit := number(request.Limit, DefaultJourneys, MaxJourneys, "limit", &faults)
	if len(faults) > 0 {
		return nil, faults
	}
	about, err := r.reader.Resolve(ctx, &q.scope, journeysDefinition)
	if err != nil {
		return nil, err
	}
	total := newGathered(nil, false)
	paths := map[string]*gathered{}
	for steps, err := range r.people(ctx, q.reading()) {
		if err != nil {
			return nil, err
		}
		for _, c := range q.journeys(steps) {
			path, cut := c.path()
			key := keyOf(path, cut)
			if paths[key] == nil {
				paths[key] = newGathered(path, cut)
			}
			unfinished := q.unfinished(c, about.AsOf)
			total.add(steps[0].Profile, c, unfinished)
			paths[key].add(steps[0].Profile, c, unfinished)
			for _, s := range c.steps {
				about.Sample.Events += s.Events
			}
		}
	}
	about.Sample.People = uint64(total.People) //nolint:gosec // a count
	answer := &JourneysReport{About: about, GapHours: int(q.gap.Hours()), Paths: len(paths), Journeys: []PathRow{}}
	for _, g := range mostFrequent(paths, limit) {
		answer.Journeys = append(answer.Journeys, PathRow{
			Steps: g.path, Cut: g.cut, Share: float64(g.Journeys.Journeys) / float64(total.Journeys.Journeys), Journeys: g.done(),
		})
	}
	answer.Total = total.done()
	return answer, nil
}

func mostFrequent(paths map[string]*gathered, limit int) []*gathered {
	keys := make([]string, 0, len(paths))
	for key := range paths {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(paths[b].Journeys.Journeys, paths[a].Journeys.Journeys), strings.Compare(a, b))
	})
	var list []*gathered
	for _, key := range keys[:min(len(keys), limit)] {
		list = append(list, paths[key])
	}
	return list
}

// JourneysPeopleRequest asks for the people behind a number of JourneysReport.
type JourneysPeopleRequest struct {
	ChainRequest
	Of struct {
		Steps   []PathStep `json:"steps,omitempty"` // of a path; empty: any
		Cut     bool       `json:"cut,omitempty"`   // as of the path
		Outcome Outcome    `json:"outcome,omitempty"`
	} `json:"of,omitzero"`
	Page
}

// JourneysPeople lists the people behind a number, in the order of the analytics store. It fails as Repeats does.
func (r *Reports) JourneysPeople(ctx context.Context, workspace string, request JourneysPeopleRequest) (*JourneyPeople, error) {
	var faults event.Errors
	q := request.check(workspace, r.now(), &faults)
	limit := number(request.Limit, DefaultPeople, MaxPeople, "limit", &faults)
	if of := request.Of.Outcome; of != "" && !slices.Contains(Outcomes(), of) {
		faults.Add("of.outcome", "must be resolved, open, churned or abandoned")
	}
	if len(request.Of.Steps) > MaxPath {
		faults.Add("of.steps", "has more steps than a path has")
	}
	if len(faults) > 0 {
		return nil, faults
	}
	wanted := keyOf(request.Of.Steps, request.Of.Cut)
	return r.journeyPeople(ctx, q, journeysDefinition, request.Page, limit, func(c *chain) (Journey, bool) {
		j := c.view()
		if of := request.Of.Outcome; of != "" && of != j.Outcome {
			return j, false
		}
		if path, cut := c.path(); len(request.Of.Steps) > 0 && keyOf(path, cut) != wanted {
			return j, false
		}
		for _, s := range c.steps {
			j.Steps = append(j.Steps, s.view())
		}
		return j, true
	})
}
