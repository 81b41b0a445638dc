package contact

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/report"
)

// The bounds of a report of friction.
const (
	DefaultFrictionPoints = 20
	MaxFrictionPoints     = 200
	MaxWaitOver           = 3600
	// churnDays is how long after a journey a cancellation counts as what it may have led to.
	churnDays = 30
)

// FrictionRequest asks what makes journeys an effort.
type FrictionRequest struct {
	FrictionMeasure
	Limit int `json:"limit,omitempty"` // points; default DefaultFrictionPoints
}

// FrictionMeasure is which journeys are measured, and how.
type FrictionMeasure struct {
	ChainRequest
	Weights   map[Friction]float64 `json:"weights,omitempty"`     // in place of the default ones
	WaitOverS *int                 `json:"wait_over_s,omitempty"` // default DefaultWaitOver
}

// FrictionReport is what is answered.
type FrictionReport struct {
	report.About
	GapHours  int       `json:"gap_hours"`
	WaitOverS int       `json:"wait_over_s"`
	Weights   []Weighed `json:"weights"`
	Journeys  int       `json:"journeys"`
	People    int       `json:"people"`
	// Effort points of a journey.
	Mean   float64 `json:"mean_effort"`
	Median float64 `json:"median_effort"`
	P90    float64 `json:"p90_effort"`
	Total  float64 `json:"total_effort"`
	// What the points come from, by kind, and by kind and the step that causes it; most effort first.
	Kinds  []FrictionPoint `json:"kinds"`
	Points []FrictionPoint `json:"points"`
	// Correlations are of journeys; they are no causes.
	Correlations []FrictionCorrelation `json:"correlations"`
	Untrusted    []string              `json:"untrusted"` // members that sources and customers made up
}

// FrictionPoint is where effort comes from.
type FrictionPoint struct {
	Kind Friction `json:"kind"`
	FrictionStep
	Count    int     `json:"count"`
	Effort   float64 `json:"effort"`
	Share    float64 `json:"share"`    // of all effort
	Journeys int     `json:"journeys"` // in which it is
	People   int     `json:"people"`
}

// FrictionStep is the step that effort is caused by; empty in lists by kind alone.
type FrictionStep struct {
	StepKind string `json:"step_kind,omitempty"`
	Channel  string `json:"channel,omitempty"`
	Team     string `json:"team,omitempty"` // the last that served
	Topic    string `json:"topic,omitempty"`
}

func stepOf(s *Step) FrictionStep { return FrictionStep{s.name(), s.Channel, s.Team, s.Topic} }

// FrictionCorrelation is how effort goes with what customers answered and did.
type FrictionCorrelation struct {
	With string   `json:"with"`           // ces, csat or churn
	Kind Friction `json:"kind,omitempty"` // its effort alone; empty: all effort
	Correlation
}

const frictionDefinition = "Effort points of journeys (as the report of contacts defines them): what each kind of friction counts, and its weight, stands in weights. A point is on the account of the step that causes it. " +
	"Correlated are, over journeys, effort and the mean of the journey's answers to a CES or CSAT survey (about one of its conversations, or answered in it or within the gap after it; as a share of the " +
	"declared scale; whether a high CES means little or much effort is as the survey has it) by Spearman's rho, and effort and whether a subscription was cancelled in the journey or within 30 days after it, of journeys for " +
	"which these have passed, by the point-biserial coefficient; intervals are of 95 %. A correlation is no cause: whoever is in trouble contacts more, and may leave for the trouble."

type frictionQuery struct {
	*chainQuery
	weight map[Friction]float64
	table  []Weighed
}

func (r *FrictionMeasure) check(workspace string, now time.Time, faults *event.Errors) *frictionQuery {
	q := &frictionQuery{chainQuery: r.ChainRequest.check(workspace, now, faults), table: weigh(r.Weights, faults), weight: map[Friction]float64{}}
	wait := DefaultWaitOver
	if r.WaitOverS != nil {
		if wait = *r.WaitOverS; wait < 0 || wait > MaxWaitOver {
			faults.Add("wait_over_s", "must be a whole number from 0 to 3600")
		}
	}
	q.friction, q.waitOver = true, time.Duration(wait)*time.Second
	for _, w := range q.table {
		q.weight[w.Kind] = w.Weight
	}
	return q
}

func (q *frictionQuery) effort(p *point) float64 { return p.times * q.weight[p.kind] }

// sourceOfEffort is what points are added up by; the step is empty by kind alone.
type sourceOfEffort struct {
	kind Friction
	step FrictionStep
}

// outcomes are what journeys are correlated with, in the order of the journeys.
type outcomeOf struct {
	byKind    map[Friction]float64
	total     float64
	ces, csat *float64
	churned   *bool
}

// frictionSum adds journeys up.
type frictionSum struct {
	q        *frictionQuery
	asOf     time.Time
	points   map[sourceOfEffort]*frictionCount
	journeys []outcomeOf
	people   int
	events   uint64
}

type frictionCount struct {
	FrictionPoint
	journey int
	person  uuid.UUID
}

func (f *frictionSum) add(steps []*Step) {
	list := f.q.journeys(steps)
	if len(list) > 0 {
		f.people++
	}
	for _, c := range list {
		o := outcomeOf{byKind: map[Friction]float64{}, churned: c.churned(steps, f.q, f.asOf)}
		o.csat, o.ces = c.score(steps, event.SurveyCSAT, f.q.gap), c.score(steps, event.SurveyCES, f.q.gap)
		points := c.measure(f.q.waitOver)
		for i := range points {
			p := &points[i]
			effort := f.q.effort(p)
			o.total += effort
			o.byKind[p.kind] += effort
			f.count(sourceOfEffort{kind: p.kind}, p, effort)
			f.count(sourceOfEffort{p.kind, stepOf(p.step)}, p, effort)
		}
		f.journeys = append(f.journeys, o)
		for _, s := range c.steps {
			f.events += s.Events
		}
	}
}

func (f *frictionSum) count(of sourceOfEffort, p *point, effort float64) {
	n := f.points[of]
	if n == nil {
		n = &frictionCount{FrictionPoint: FrictionPoint{Kind: of.kind, FrictionStep: of.step}, journey: -1}
		f.points[of] = n
	}
	n.Count++
	n.Effort += effort
	if n.journey != len(f.journeys) {
		n.journey = len(f.journeys)
		n.Journeys++
	}
	if n.person != p.step.Profile {
		n.person = p.step.Profile
		n.People++
	}
}

// churned says whether a subscription was cancelled in the journey or soon after; nil while that cannot be known.
func (c *chain) churned(steps []*Step, q *frictionQuery, asOf time.Time) *bool {
	until := c.ended.Add(churnDays * day)
	yes := slices.ContainsFunc(steps, func(s *Step) bool {
		return s.Kind == event.NameSubscriptionCancelled && !s.BeganAt.Before(c.began) && s.BeganAt.Before(until)
	})
	if until.After(asOf) || until.After(q.scope.Until.Add(followed)) {
		return nil // of those who left already as well: or the early leavers alone would be counted
	}
	return &yes
}

// score is the mean of the journey's answers to a survey, from 0 to 1 of the scale; nil without any.
func (c *chain) score(steps []*Step, survey event.Survey, gap time.Duration) *float64 {
	var scores []float64
	for _, s := range steps {
		if s.Survey != string(survey) || s.Score == nil || !c.asked(s, gap) {
			continue
		}
		low, high, ok := event.ParseScale(cmp.Or(s.Scale, map[event.Survey]string{event.SurveyCSAT: "1-5", event.SurveyCES: "1-7"}[survey]))
		if ok {
			scores = append(scores, (*s.Score-low)/(high-low))
		}
	}
	if len(scores) == 0 {
		return nil
	}
	m := mean(scores)
	return &m
}

// asked says whether an answer is about the journey.
func (c *chain) asked(answer *Step, gap time.Duration) bool {
	if answer.About != "" {
		return slices.ContainsFunc(c.steps, func(s *Step) bool { return s.Kind == kindConversation && s.Key == answer.About })
	}
	return !answer.BeganAt.Before(c.began) && !answer.BeganAt.After(c.ended.Add(gap))
}

func (f *frictionSum) list(byStep bool, limit int) []FrictionPoint {
	total := 0.0
	for _, j := range f.journeys {
		total += j.total
	}
	list := []FrictionPoint{}
	for of, n := range f.points {
		if byStep == (of.step != FrictionStep{}) {
			if total > 0 {
				n.Share = n.Effort / total
			}
			list = append(list, n.FrictionPoint)
		}
	}
	slices.SortFunc(list, func(a, b FrictionPoint) int {
		return cmp.Or(cmp.Compare(b.Effort, a.Effort), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind),
			strings.Compare(a.StepKind, b.StepKind), strings.Compare(a.Channel, b.Channel), strings.Compare(a.Team, b.Team), strings.Compare(a.Topic, b.Topic))
	})
	return list[:min(len(list), limit)]
}

func (f *frictionSum) correlations() []FrictionCorrelation {
	list := []FrictionCorrelation{}
	kinds := append([]Friction{""}, slices.Sorted(maps.Keys(f.q.weight))...)
	for _, with := range []string{"ces", "csat", "churn"} {
		for _, kind := range kinds {
			var x, y []float64
			for i := range f.journeys {
				j := &f.journeys[i]
				if v := j.value(with); v != nil {
					x, y = append(x, j.effort(kind)), append(y, *v)
				}
			}
			way := spearman
			if with == "churn" {
				way = pointBiserial
			}
			if found := way(x, y); found != nil {
				list = append(list, FrictionCorrelation{With: with, Kind: kind, Correlation: *found})
			}
		}
	}
	return list
}

func (o *outcomeOf) effort(kind Friction) float64 {
	if kind == "" {
		return o.total
	}
	return o.byKind[kind]
}

func (o *outcomeOf) value(with string) *float64 {
	switch {
	case with == "ces":
		return o.ces
	case with == "csat":
		return o.csat
	case o.churned == nil:
		return nil
	}
	v := 0.0
	if *o.churned {
		v = 1
	}
	return &v
}

// Friction reports what makes journeys an effort. It fails as Repeats does.
func (r *Reports) Friction(ctx context.Context, workspace string, request FrictionRequest) (*FrictionReport, error) {
	var faults event.Errors
	q := request.check(workspace, r.now(), &faults)
	limit := number(request.Limit, DefaultFrictionPoints, MaxFrictionPoints, "limit", &faults)
	if len(faults) > 0 {
		return nil, faults
	}
	about, err := r.reader.Resolve(ctx, &q.scope, frictionDefinition)
	if err != nil {
		return nil, err
	}
	sum := &frictionSum{q: q, asOf: about.AsOf, points: map[sourceOfEffort]*frictionCount{}}
	for steps, err := range r.people(ctx, q.reading()) {
		if err != nil {
			return nil, err
		}
		sum.add(steps)
	}
	about.Sample = report.Sample{People: uint64(sum.people), Events: sum.events} //nolint:gosec // a count
	answer := &FrictionReport{
		About: about, GapHours: int(q.gap.Hours()), WaitOverS: int(q.waitOver.Seconds()), Weights: q.table,
		Journeys: len(sum.journeys), People: sum.people,
		Kinds: sum.list(false, MaxFrictionPoints), Points: sum.list(true, limit), Correlations: sum.correlations(),
		Untrusted: []string{"points[].topic", "points[].team"},
	}
	answer.efforts(sum.journeys)
	return answer, nil
}

func (r *FrictionReport) efforts(journeys []outcomeOf) {
	if len(journeys) == 0 {
		return
	}
	efforts := make([]float64, len(journeys))
	for i := range journeys {
		efforts[i] = journeys[i].total
		r.Total += journeys[i].total
	}
	slices.Sort(efforts)
	r.Mean, r.Median, r.P90 = mean(efforts), quantile(efforts, 0.5), quantile(efforts, 0.9)
}

// FrictionPeopleRequest asks for the people behind a number of FrictionReport.
type FrictionPeopleRequest struct {
	FrictionMeasure
	Of FrictionGroup `json:"of,omitzero"`
	Page
}

// FrictionGroup names a number: what is not given is any.
type FrictionGroup struct {
	Kind     Friction `json:"kind,omitempty"`
	StepKind string   `json:"step_kind,omitempty"`
	Channel  *string  `json:"channel,omitempty"`
	Team     *string  `json:"team,omitempty"`
	Topic    *string  `json:"topic,omitempty"`
}

func (g *FrictionGroup) takes(p *point) bool {
	s := stepOf(p.step)
	same := func(wanted *string, is string) bool { return wanted == nil || *wanted == is }
	return (g.Kind == "" || g.Kind == p.kind) && (g.StepKind == "" || g.StepKind == s.StepKind) &&
		same(g.Channel, s.Channel) && same(g.Team, s.Team) && same(g.Topic, s.Topic)
}

// FrictionPeople lists the people behind a number, with the friction points that it counts and the effort of the whole
// journey. It fails as Repeats does.
func (r *Reports) FrictionPeople(ctx context.Context, workspace string, request FrictionPeopleRequest) (*JourneyPeople, error) {
	var faults event.Errors
	q := request.check(workspace, r.now(), &faults)
	limit := number(request.Limit, DefaultPeople, MaxPeople, "limit", &faults)
	if _, known := q.weight[request.Of.Kind]; request.Of.Kind != "" && !known {
		faults.Add("of.kind", "is no kind of friction")
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return r.journeyPeople(ctx, q.chainQuery, frictionDefinition, request.Page, limit, func(c *chain) (Journey, bool) {
		j, total := c.view(), 0.0
		points := c.measure(q.waitOver)
		for i := range points {
			p := &points[i]
			total += q.effort(p)
			if request.Of.takes(p) {
				j.Friction = append(j.Friction, Effort{
					Kind: p.kind, Effort: q.effort(p), At: p.at.UTC(), StepKind: p.step.name(), Channel: p.step.Channel, Topic: p.step.Topic,
					ID: p.step.id(), Source: p.source, MessageID: p.messageID, class: p.step.class(),
				})
			}
		}
		j.Effort = &total
		return j, len(j.Friction) > 0
	})
}
