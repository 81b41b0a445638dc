package cx

import (
	"context"
	"fmt"
	"slices"

	"tributary/identity/stats"
	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// Comparison sets contacts that AI began beside those that a human began.
type Comparison struct {
	report.About
	Metric         Metric         `json:"metric" policy:"-"`
	Stratification Stratification `json:"stratification" policy:"-"`
	// Untrusted are the members that sources and models wrote.
	Untrusted []string     `json:"untrusted" policy:"meta"`
	Series    []SeriesPair `json:"series" policy:"-"`
}

// Stratification says what is compared with what.
type Stratification struct {
	By         []string `json:"by" policy:"meta"`
	Definition string   `json:"definition" policy:"meta"`
	Weights    string   `json:"weights" policy:"meta"`
	// Minimum is how many contacts a stratum must have of each of the two.
	Minimum int `json:"minimum" policy:"meta"`
}

// MinStratum is how many contacts a stratum must have of AI, and of people, to be compared: of fewer the interval says nothing,
// while the weight of the stratum would still count.
const MinStratum = 5

// stratified is how every comparison is.
var stratified = Stratification{
	By: []string{"topic", "difficulty"},
	Definition: "Difficulty is what was known before anybody answered: easy, medium or hard where a source says so (property difficulty of an event before the first answer " +
		"or reply); else recurring with two or more contacts of the same person in the 7 days before the start, returning with one, or with a case of theirs open at the start, and new without.",
	Weights: "Each stratum weighs what it has of all that can be compared, AI and human together.",
	Minimum: MinStratum,
}

// SeriesPair is the comparison within one series of the metric.
type SeriesPair struct {
	Series string `json:"series,omitempty" policy:"meta"`
	// AI and Human are the shares as they are, whatever their contacts are like.
	AI    Side `json:"ai" policy:"-"`
	Human Side `json:"human" policy:"-"`
	// Standardised are the shares as they would be if both had the same mix of strata, that of both together;
	// absent if there is none to compare.
	Standardised *Standardised `json:"standardised,omitempty" policy:"-"`
	Strata       []StratumPair `json:"strata" policy:"-"`
	LeftOut      LeftOut       `json:"left_out" policy:"-"`
}

// LeftOut is how much of the sample is in no stratum that is compared.
type LeftOut struct {
	NoTopic  uint64 `json:"no_topic" policy:"meta"`  // contacts
	OneSided uint64 `json:"one_sided" policy:"meta"` // contacts of strata that only one of the two has
	TooSmall uint64 `json:"too_small" policy:"meta"` // contacts of strata with fewer than the minimum of one of them
	Strata   int    `json:"strata" policy:"meta"`    // how many strata the last two are
}

// Side is the share of one of the two.
type Side struct {
	Value        *float64  `json:"value" policy:"meta"`
	Interval     *Interval `json:"interval,omitempty" policy:"-"`
	Sample       uint64    `json:"sample" policy:"meta"`
	BelowMinimum bool      `json:"below_minimum" policy:"meta"`
	Immature     uint64    `json:"immature" policy:"meta"`
	hits         float64
	of           float64
}

// StratumPair is both sides of one stratum; Difference is AI less human.
type StratumPair struct {
	Topic      string    `json:"topic" policy:"meta"`
	Difficulty string    `json:"difficulty" policy:"meta"`
	Weight     float64   `json:"weight" policy:"meta"` // of all that can be compared
	AI         Side      `json:"ai" policy:"-"`
	Human      Side      `json:"human" policy:"-"`
	Difference float64   `json:"difference" policy:"meta"`
	Interval   *Interval `json:"interval" policy:"-"`
}

// Standardised are both sides over the same mix of strata; Difference is AI less human.
type Standardised struct {
	AI                 float64  `json:"ai" policy:"meta"`
	AIInterval         Interval `json:"ai_interval" policy:"-"`
	Human              float64  `json:"human" policy:"meta"`
	HumanInterval      Interval `json:"human_interval" policy:"-"`
	Difference         float64  `json:"difference" policy:"meta"`
	DifferenceInterval Interval `json:"difference_interval" policy:"-"`
}

// Compare answers how AI does against people, over the same mix of topics and difficulties. It fails with event.Errors for a
// metric that is not Comparable, and as Ask does.
func (r *Reader) Compare(ctx context.Context, metric string, scope report.Scope) (*Comparison, error) {
	q := Question{Metric: metric, Scope: scope, By: ByTopic}
	s, err := r.statement(&q)
	if err != nil {
		return nil, err
	}
	m := s.metrics[0]
	if !m.Comparable {
		return nil, event.Errors{{Field: "id", Reason: fmt.Sprintf("must be a metric by which AI and human can be compared: one of %v", comparable())}}
	}
	answer := &Comparison{Metric: *m, Stratification: stratified, Untrusted: []string{"series[].strata[].topic"}, Series: []SeriesPair{}}
	if answer.About, err = r.reports.Resolve(ctx, &q.Scope, m.Formula); err != nil {
		return nil, err
	}
	params := s.params()
	params["cases_since"] = store.MinTime.UnixMilli() // a case may be open for years
	list, err := store.Compose[pairRow](r.store, "cx/pairs", s.pairs(r.difficulty)).All(ctx, params)
	if err != nil {
		return nil, err
	}
	if n := len(list); n > 0 && list[n-1].Total {
		answer.Sample = report.Sample{People: list[n-1].People, Events: list[n-1].Sample}
		list = list[:n-1]
	}
	for len(list) > 0 {
		var series []pairRow
		series, list = alike(list, func(a, b *pairRow) bool { return a.Series == b.Series })
		answer.Series = append(answer.Series, compared(series, m.Minimum))
	}
	return answer, nil
}

// alike splits off the rows that are like the first.
func alike(list []pairRow, like func(a, b *pairRow) bool) (first, rest []pairRow) {
	end := slices.IndexFunc(list, func(row pairRow) bool { return !like(&row, &list[0]) })
	if end < 0 {
		end = len(list)
	}
	return list[:end], list[end:]
}

func comparable() (ids []string) {
	for i := range registry {
		if registry[i].Comparable {
			ids = append(ids, registry[i].ID)
		}
	}
	return ids
}

// pairRow is a row of statement.pairs.
type pairRow struct {
	Total      bool   `ch:"total"`
	Series     string `ch:"series_name"`
	Topic      string `ch:"topic_name"`
	Difficulty string `ch:"difficulty_name"`
	Began      string `ch:"began_by"`
	Sample     uint64 `ch:"sample"`
	People     uint64 `ch:"people"`
	Hits       int64  `ch:"numerator"`
	Of         int64  `ch:"denominator"`
	Immature   uint64 `ch:"immature"`
}

// pairs yields a row for each series, topic, difficulty and who began, and one for all of them. difficulty is the statement
// of sql/queries/cx.
func (s statement) pairs(difficulty string) string {
	return `SELECT toBool(grouping(series_value)) AS total, toString(series_value) AS series_name, toString(by_value) AS topic_name,
		toString(difficulty) AS difficulty_name, toString(began) AS began_by,
		count() AS sample, uniqExact(profile) AS people, sum(upper) AS numerator, sum(lower) AS denominator, countIf(NOT settled) AS immature
	FROM (
		SELECT c.series_value AS series_value, c.by_value AS by_value, d.difficulty AS difficulty, c.began AS began,
			c.profile AS profile, c.upper AS upper, c.lower AS lower, c.settled AS settled
		FROM (` + s.counted() + `) AS c
		LEFT JOIN (` + difficulty + `) AS d ON d.conversation = c.conversation
		WHERE c.began IN ('ai', 'human')
	)
	GROUP BY GROUPING SETS ((series_value, by_value, difficulty, began), ())
	ORDER BY total, series_name, topic_name, difficulty_name, began_by`
}

// compared makes a pair of the rows of one series, in the order of their strata.
func compared(list []pairRow, minimum int) SeriesPair {
	pair := SeriesPair{Series: list[0].Series, Strata: []StratumPair{}}
	for len(list) > 0 {
		var rows []pairRow
		rows, list = alike(list, func(a, b *pairRow) bool { return a.Topic == b.Topic && a.Difficulty == b.Difficulty })
		pair.take(rows)
	}
	pair.AI.fill(minimum)
	pair.Human.fill(minimum)
	pair.standardise(minimum)
	return pair
}

// take adds the rows of one stratum to both sides, and compares them if they can be.
func (p *SeriesPair) take(rows []pairRow) {
	s := StratumPair{Topic: rows[0].Topic, Difficulty: rows[0].Difficulty}
	for i := range rows {
		if rows[i].Began == "human" {
			p.Human.add(&rows[i])
			s.Human.add(&rows[i])
		} else {
			p.AI.add(&rows[i])
			s.AI.add(&rows[i])
		}
	}
	sample := s.AI.Sample + s.Human.Sample
	switch {
	case s.Topic == "":
		p.LeftOut.NoTopic += sample
	case s.AI.of == 0 || s.Human.of == 0:
		p.LeftOut.OneSided += sample
		p.LeftOut.Strata++
	case min(s.AI.of, s.Human.of) < MinStratum:
		p.LeftOut.TooSmall += sample
		p.LeftOut.Strata++
	default:
		p.Strata = append(p.Strata, s)
	}
}

// standardise fills in what depends on all strata.
func (p *SeriesPair) standardise(minimum int) {
	if len(p.Strata) == 0 {
		return
	}
	all := uint64(0)
	for i := range p.Strata {
		all += p.Strata[i].AI.Sample + p.Strata[i].Human.Sample
	}
	var ai, human []stats.Estimate
	var weights []float64
	for i := range p.Strata {
		t := &p.Strata[i]
		t.AI.fill(minimum)
		t.Human.fill(minimum)
		t.Weight = float64(t.AI.Sample+t.Human.Sample) / float64(all)
		ai, human, weights = append(ai, t.AI.estimate()), append(human, t.Human.estimate()), append(weights, t.Weight)
		d := stats.Difference(t.AI.estimate(), t.Human.estimate())
		t.Difference, t.Interval = d.Value, &d.Interval
	}
	a, h := stats.Weighted(ai, weights), stats.Weighted(human, weights)
	d := stats.Difference(a, h)
	p.Standardised = &Standardised{a.Value, a.Interval, h.Value, h.Interval, d.Value, d.Interval}
}

func (s *Side) add(row *pairRow) {
	s.hits, s.of = s.hits+float64(row.Hits), s.of+float64(row.Of)
	s.Sample, s.Immature = s.Sample+row.Sample, s.Immature+row.Immature
}

func (s *Side) fill(minimum int) {
	s.BelowMinimum = s.Sample < uint64(minimum)
	if s.of > 0 {
		s.Value, s.Interval = ptr(s.hits/s.of), ptr(stats.Wilson(s.hits, s.of))
	}
}

func (s *Side) estimate() stats.Estimate { return stats.Share(s.hits, s.of) }
