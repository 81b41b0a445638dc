package cx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/profiles"
	"tributary/sql/store"
	"tributary/stats"
)

// Reach is how much is read before and after a span: a conversation that lasts longer is seen in part, and a contact
// further away is not seen at all. It is more than any window.
const Reach = 37 * 24 * time.Hour

// ErrNoMetric says that there is no metric of that id.
var ErrNoMetric = errors.New("there is no such metric")

// Question asks for a metric.
type Question struct {
	Metric string
	Scope  report.Scope
	Grain  Grain
	By     Dimension
	Whole  bool // the whole span as well as its buckets
}

// Answer is a metric over a scope, with everything that is needed to trust it.
type Answer struct {
	report.About
	Metric Metric    `json:"metric" policy:"-"`
	Grain  Grain     `json:"grain,omitempty" policy:"meta"`
	By     Dimension `json:"by,omitempty" policy:"meta"`
	// Untrusted are the members that sources and models wrote.
	Untrusted []string `json:"untrusted" policy:"meta"`
	Points    []Point  `json:"points" policy:"-"`
	// Whole are the values of the whole span, by group and series, of the same moment as its buckets; if asked.
	Whole []Point `json:"whole,omitempty" policy:"-"`
	// RestatedEvents is how many events of such names were erased since, of the days of the span in UTC: a number
	// that was published before may have counted them.
	RestatedEvents uint64 `json:"restated_events" policy:"meta"`
}

// Point is the value of one bucket, group and series.
type Point struct {
	From   time.Time `json:"from" policy:"meta"`
	Until  time.Time `json:"until" policy:"meta"` // exclusive
	Group  string    `json:"group,omitempty" policy:"meta"`
	Series string    `json:"series,omitempty" policy:"meta"`
	// Value is null where there is nothing to divide by.
	Value *float64 `json:"value" policy:"meta"`
	// Numerator and Denominator are in the unit of the metric; those of a median are absent.
	Numerator   *float64 `json:"numerator,omitempty" policy:"meta"`
	Denominator *float64 `json:"denominator,omitempty" policy:"meta"`
	Sample      uint64   `json:"sample" policy:"meta"` // contacts, answers, legs or cases
	// BelowMinimum: the sample is smaller than the metric asks for.
	BelowMinimum bool `json:"below_minimum" policy:"meta"`
	// Interval is the confidence interval of 95 %. A count has none; a mean or median has one from the metric's minimum on.
	Interval *Interval `json:"interval,omitempty" policy:"-"`
	// Immature is how many of the sample something may still happen to that changes the value.
	Immature uint64 `json:"immature" policy:"meta"`
	// Parts are what the value consists of, in its unit.
	Parts map[string]float64 `json:"parts,omitempty" policy:"meta"`
	// Target is what was planned; absent: nothing was.
	Target *Plan `json:"target,omitempty" policy:"-"`
}

// Reader asks metrics. It is safe for concurrent use.
type Reader struct {
	store      *store.Store
	reports    *report.Reader
	targets    *Targets
	now        func() time.Time
	statements map[rows]string
	difficulty string // the statement of that name
	restated   store.Query[restatedRow]
	events     store.Query[eventRow]
}

type restatedRow struct {
	Restated uint64 `ch:"restated"`
}

// pointRow is a row of statement.points.
type pointRow struct {
	Total       bool    `ch:"total"`
	Whole       bool    `ch:"whole"`
	Bucket      int64   `ch:"bucket"`
	Group       string  `ch:"group_name"`
	Series      string  `ch:"series_name"`
	Sample      uint64  `ch:"sample"`
	People      uint64  `ch:"people"`
	Numerator   int64   `ch:"numerator"`
	Denominator int64   `ch:"denominator"`
	Square      float64 `ch:"square"`       // of numerators
	Cross       float64 `ch:"cross"`        // of numerators with denominators
	LowerSquare float64 `ch:"lower_square"` // of denominators
	Middle      float64 `ch:"middle"`
	MiddleLow   float64 `ch:"middle_low"`
	MiddleHigh  float64 `ch:"middle_high"`
	Immature    uint64  `ch:"immature"`
	Parts       []int64 `ch:"parts"`
}

// NewReader returns a reader over an open store that holds values against targets; of nil ones there are none.
func NewReader(s *store.Store, reports *report.Reader, targets *Targets, now func() time.Time) (*Reader, error) {
	r := &Reader{store: s, reports: reports, targets: targets, now: now, statements: map[rows]string{}}
	var err error
	for i := range registry {
		name := registry[i].rows
		if r.statements[name], err = s.Statement("cx/" + string(name)); err != nil {
			return nil, err
		}
	}
	if r.difficulty, err = s.Statement("cx/difficulty"); err != nil {
		return nil, err
	}
	if r.restated, err = store.Prepare[restatedRow](s, "cx/restated"); err != nil {
		return nil, err
	}
	r.events, err = store.Prepare[eventRow](s, "cx/events")
	return r, err
}

// statement finds the metric and checks how it is told apart. It fails with ErrNoMetric, and with event.Errors.
func (r *Reader) statement(q *Question) (statement, error) {
	m, ok := Find(q.Metric)
	if !ok {
		return statement{}, ErrNoMetric
	}
	var faults event.Errors
	if q.By != "" && !slices.Contains(m.By, q.By) {
		faults.Add("by", fmt.Sprintf("must be one of %v for this metric", m.By))
	}
	if bucketOf[q.Grain] == "" {
		faults.Add("grain", "must be hour, day, week or month, or be left out for one value over the whole span")
	}
	if q.Scope.From.Year() < 1970 || q.Scope.Until.Year() > 2105 {
		faults.Add("from", "must lie with until between the years 1970 and 2105")
	}
	if n := buckets(q); n > MaxBuckets {
		faults.Add("grain", fmt.Sprintf("makes more than %d buckets of this span; ask for a coarser one", MaxBuckets))
	}
	if len(faults) > 0 {
		return statement{}, faults
	}
	s := statement{metric: &m, rows: r.statements[m.rows], grain: q.Grain, by: q.By}
	s.whole = q.Whole && s.alike()
	return s, nil
}

// Ask answers a question. It fails with ErrNoMetric, event.Errors, and as report.Reader.Resolve does.
func (r *Reader) Ask(ctx context.Context, q Question) (*Answer, error) {
	s, err := r.statement(&q)
	if err != nil {
		return nil, err
	}
	answer := &Answer{Metric: *s.metric, Grain: q.Grain, By: q.By, Untrusted: []string{"points[].group"}}
	if q.Whole {
		answer.Untrusted = append(answer.Untrusted, "whole[].group")
	}
	if answer.About, err = r.reports.Resolve(ctx, &q.Scope, s.metric.Formula); err != nil {
		return nil, err
	}
	params := s.params(&q.Scope)
	if err := r.fill(ctx, s, &q, params, answer); err != nil {
		return nil, err
	}
	params["names"], params["survey"] = s.metric.of.names, s.metric.survey()
	restated, err := r.restated.One(ctx, params)
	if err != nil {
		return nil, err
	}
	answer.RestatedEvents = restated.Restated
	return answer, nil
}

// fill asks for the points of an answer.
func (r *Reader) fill(ctx context.Context, s statement, q *Question, params store.Params, answer *Answer) error {
	list, err := store.Compose[pointRow](r.store, "cx/points", s.points()).All(ctx, params)
	if err != nil {
		return err
	}
	if n := len(list); n > 0 && list[n-1].Total {
		answer.Sample = report.Sample{People: list[n-1].People, Events: list[n-1].Sample}
		list = list[:n-1]
	}
	buckets := slices.IndexFunc(list, func(row pointRow) bool { return row.Whole })
	if buckets < 0 {
		buckets = len(list)
	}
	if answer.Points, err = r.pointsOf(s, q, list[:buckets]); err != nil || !q.Whole {
		return err
	}
	span := *q
	span.Grain = GrainNone
	whole := list[buckets:]
	if !s.whole {
		apart := s
		apart.grain = GrainNone
		whole, err = store.Compose[pointRow](r.store, "cx/points", apart.points()).All(ctx, params)
		if err != nil {
			return err
		}
		whole = slices.DeleteFunc(whole, func(row pointRow) bool { return row.Total })
	}
	answer.Whole, err = r.pointsOf(s, &span, whole)
	return err
}

// pointsOf makes points of rows, and holds them against targets.
func (r *Reader) pointsOf(s statement, q *Question, list []pointRow) ([]Point, error) {
	if s.metric.kind == stock {
		list = running(q, list)
	}
	points := []Point{}
	for i := range list {
		points = append(points, s.point(q, &list[i]))
	}
	return points, r.hold(s, q, points)
}

// hold holds points against the targets of their workspace.
func (r *Reader) hold(s statement, q *Question, points []Point) error {
	if r.targets == nil {
		return nil
	}
	all, err := r.targets.all(q.Scope.Workspace)
	if err != nil {
		return err
	}
	list := plansFor(q, all)
	for i := range points {
		if target := list.of(&points[i]); target != nil {
			points[i].Target = s.plan(target, &points[i])
		}
	}
	return nil
}

// survey is the kind of survey that the metric counts; empty: it counts others, or all.
func (m *Metric) survey() string {
	switch m.ID {
	case "csat", "nps", "ces":
		return m.ID
	}
	return ""
}

// point makes a point of a row.
func (s statement) point(q *Question, row *pointRow) Point {
	m, scale := s.metric, s.metric.of.scaled()
	p := Point{Group: row.Group, Series: row.Series, Sample: row.Sample, Immature: row.Immature, BelowMinimum: row.Sample < uint64(m.Minimum)}
	p.From, p.Until = span(q, row.Bucket)
	upper, lower := float64(row.Numerator)/scale, float64(row.Denominator)
	switch m.kind {
	case median:
		p.Value = ptr(row.Middle / scale)
		if !p.BelowMinimum {
			p.Interval = &Interval{Low: row.MiddleLow / scale, High: row.MiddleHigh / scale}
		}
		return p
	case stock, volume:
		p.Value = ptr(upper)
		return p
	case share, net, mean:
	}
	p.Numerator, p.Denominator = ptr(upper), ptr(lower)
	if lower == 0 {
		return p
	}
	p.Value = ptr(upper / lower)
	switch m.kind {
	case share:
		p.Interval = ptr(stats.Wilson(upper, lower))
	case net:
		p.Value, p.Interval = ptr(100*upper/lower), ptr(netPoints(upper, row.Square, lower))
	case mean:
		if !p.BelowMinimum {
			p.Interval = ratio(row, scale)
		}
		for i, part := range m.of.parts {
			if p.Parts == nil {
				p.Parts = map[string]float64{}
			}
			p.Parts[part.name] = float64(row.Parts[i]) / scale / lower
		}
	case median, stock, volume: // above
	}
	return p
}

func ptr[T any](v T) *T { return &v }

// Item is what a number was made of: a conversation, leg, survey or case.
type Item struct {
	ID      string    `json:"id" policy:"self"`
	Source  string    `json:"source" policy:"provenance"`
	Profile uuid.UUID `json:"profile" policy:"meta"`
	At      time.Time `json:"at" policy:"self"`
	// Counts is what it adds to the numerator, in the unit of the metric.
	Counts float64 `json:"counts" policy:"self"`
	Events []Event `json:"events" policy:"-"`
	survey bool
}

// PolicyClass says the class of data that the item is of.
func (x Item) PolicyClass() string {
	name := event.NameConversationStarted
	if x.survey {
		name = event.NameSurveyAnswered
	}
	return profiles.EventClass(name, !x.survey)
}

// Event is one event of an item.
type Event struct {
	Source    string    `json:"source" policy:"provenance"`
	MessageID string    `json:"message_id" policy:"self"`
	Name      string    `json:"name" policy:"self"`
	At        time.Time `json:"at" policy:"self"`
}

// PolicyClass says the class of data that the event is of.
func (e Event) PolicyClass() string { return profiles.EventClass(e.Name, true) }
