package cx

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tributary/identity/stats"
	"tributary/journeys/report"
	"tributary/sql/store"
)

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
	// Before are the values of the period before, as long as the span, by group and series, if asked. Of a span of whole days of the zone
	// it is as many days.
	Before []Point `json:"before,omitempty" policy:"-"`
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

// Ask answers a question. It fails with ErrNoMetric, event.Errors, and as report.Reader.Resolve does.
func (r *Reader) Ask(ctx context.Context, q Question) (*Answer, error) {
	m, ok := Find(q.Metric)
	if !ok {
		return nil, ErrNoMetric
	}
	answers, err := r.askAll(ctx, []*Metric{&m}, q)
	if err != nil {
		return nil, err
	}
	return answers[0], nil
}

// asking is a question on its way to be answered.
type asking struct {
	Question
	targets []Target // all of the workspace
	answers map[*Metric]*Answer
}

// askAll answers a question about metrics in place of its own, all of one moment. Those made of the same rows are read together.
func (r *Reader) askAll(ctx context.Context, metrics []*Metric, q Question) ([]*Answer, error) {
	for _, m := range metrics {
		if err := q.check(m); err != nil {
			return nil, err
		}
	}
	about, err := r.reports.Resolve(ctx, &q.Scope, "")
	if err != nil {
		return nil, err
	}
	a := asking{Question: q, answers: map[*Metric]*Answer{}}
	if r.targets != nil {
		if a.targets, err = r.targets.all(q.Scope.Workspace); err != nil {
			return nil, err
		}
	}
	list, byRows := make([]*Answer, len(metrics)), map[rows][]*Metric{}
	for i, m := range metrics {
		list[i] = a.begin(m, about)
		a.answers[m], byRows[m.rows] = list[i], append(byRows[m.rows], m)
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, alike := range byRows {
		group.Go(func() error { return r.fill(ctx, r.statementOf(&q, alike...), &a) })
	}
	group.Go(func() error { return r.restate(ctx, &a) })
	return list, group.Wait()
}

// begin is an answer without numbers.
func (a *asking) begin(m *Metric, about report.About) *Answer {
	about.Definition = m.Formula
	answer := &Answer{About: about, Metric: *m, Grain: a.Grain, By: a.By, Untrusted: []string{"points[].group"}}
	if a.Whole {
		answer.Untrusted = append(answer.Untrusted, "whole[].group")
	}
	if a.Before {
		answer.Untrusted = append(answer.Untrusted, "before[].group")
	}
	return answer
}

// fill asks a statement for the points of its metrics.
func (r *Reader) fill(ctx context.Context, s statement, a *asking) error {
	list, err := store.Compose[pointRow](r.store, "cx/points", s.points()).All(ctx, s.params())
	if err != nil {
		return err
	}
	placed, measures := map[*Metric]map[place][]pointRow{}, s.measures()
	for _, m := range s.metrics {
		placed[m] = map[place][]pointRow{}
	}
	slices.SortFunc(list, func(a, b pointRow) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Series, b.Series))
	})
	for _, row := range list {
		of := placed[measures[row.Measure].Metric]
		of[row.Place] = append(of[row.Place], row)
	}
	for m, of := range placed {
		a.take(m, of)
	}
	return nil
}

// take makes the points of a metric of its rows.
func (a *asking) take(m *Metric, of map[place][]pointRow) {
	answer, span := a.answers[m], a.Question
	for _, row := range of[placeAll] {
		answer.Sample.People = row.People
	}
	for _, row := range of[placeBucket] {
		answer.Sample.Events += row.Sample
	}
	answer.Points = a.pointsOf(m, &span, of[placeBucket])
	span.Grain = GrainNone
	if a.Whole {
		answer.Whole = a.pointsOf(m, &span, of[placeWhole])
	}
	if a.Before {
		span.Scope = earlier(&span.Scope)
		answer.Before = a.pointsOf(m, &span, of[placeBefore])
	}
}

// pointsOf makes points of rows, and holds them against targets.
func (a *asking) pointsOf(m *Metric, q *Question, list []pointRow) []Point {
	if m.kind == stock {
		list = running(q, list)
	}
	points, plans := make([]Point, len(list)), plansFor(m, q, a.targets)
	for i := range list {
		points[i] = m.point(q, &list[i])
		if target := plans.of(&points[i]); target != nil {
			points[i].Target = m.plan(target, &points[i])
		}
	}
	return points
}

// restate fills in how many events were erased since.
func (r *Reader) restate(ctx context.Context, a *asking) error {
	params := a.Scope.Params()
	var names []string
	for m := range a.answers {
		names = append(names, m.of.names...)
	}
	slices.Sort(names)
	params["names"] = slices.Compact(names)
	list, err := r.restated.All(ctx, params)
	if err != nil {
		return err
	}
	for m, answer := range a.answers {
		for _, row := range list {
			if slices.Contains(m.of.names, row.Name) && (m.survey() == "" || m.survey() == row.Survey) {
				answer.RestatedEvents += row.Restated
			}
		}
	}
	return nil
}

// restatedRow is a row of cx/restated.
type restatedRow struct {
	Name     string `ch:"name"`
	Survey   string `ch:"survey"`
	Restated uint64 `ch:"restated"`
}

// pointRow is a row of statement.points.
type pointRow struct {
	Measure     uint8   `ch:"measure"` // its place in statement.measures
	Place       place   `ch:"place"`
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

// point makes a point of a row.
func (m *Metric) point(q *Question, row *pointRow) Point {
	scale := m.of.scaled()
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
