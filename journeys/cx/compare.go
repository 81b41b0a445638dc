package cx

import (
	"context"
	"fmt"
	"slices"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// Comparison sets contacts that AI began beside those that a human began.
type Comparison struct {
	report.About
	Metric Metric `json:"metric" policy:"-"`
	// Untrusted are the members that sources and models wrote.
	Untrusted []string     `json:"untrusted" policy:"meta"`
	Series    []SeriesPair `json:"series" policy:"-"`
}

// SeriesPair is the comparison within one series of the metric.
type SeriesPair struct {
	Series string `json:"series,omitempty" policy:"meta"`
	// AI and Human are the shares as they are, whatever the topics.
	AI    Side `json:"ai" policy:"-"`
	Human Side `json:"human" policy:"-"`
	// Standardised are the shares as they would be if both had the same mix of topics, that of both together;
	// absent if they share no topic.
	Standardised *Standardised `json:"standardised,omitempty" policy:"-"`
	Topics       []TopicPair   `json:"topics" policy:"-"`
	// LeftOut is how many of the sample have no topic, or one that only one of the two has.
	LeftOut uint64 `json:"left_out" policy:"meta"`
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

// TopicPair is both sides of one topic; Difference is AI less human.
type TopicPair struct {
	Topic      string    `json:"topic" policy:"meta"`
	Weight     float64   `json:"weight" policy:"meta"` // of the topic among all that can be compared
	AI         Side      `json:"ai" policy:"-"`
	Human      Side      `json:"human" policy:"-"`
	Difference float64   `json:"difference" policy:"meta"`
	Interval   *Interval `json:"interval" policy:"-"`
}

// Standardised are both sides over the same mix of topics; Difference is AI less human.
type Standardised struct {
	AI                 float64  `json:"ai" policy:"meta"`
	AIInterval         Interval `json:"ai_interval" policy:"-"`
	Human              float64  `json:"human" policy:"meta"`
	HumanInterval      Interval `json:"human_interval" policy:"-"`
	Difference         float64  `json:"difference" policy:"meta"`
	DifferenceInterval Interval `json:"difference_interval" policy:"-"`
}

// Compare answers how AI does against people, topic by topic. It fails with event.Errors for a metric that is not
// Comparable, and as Ask does.
func (r *Reader) Compare(ctx context.Context, metric string, scope report.Scope) (*Comparison, error) {
	s, err := r.statement(&Question{Metric: metric, Scope: scope, By: ByTopic})
	if err != nil {
		return nil, err
	}
	if !s.metric.Comparable {
		return nil, event.Errors{{Field: "id", Reason: fmt.Sprintf("must be a metric by which AI and human can be compared: one of %v", comparable())}}
	}
	answer := &Comparison{Metric: *s.metric, Untrusted: []string{"series[].topics[].topic"}, Series: []SeriesPair{}}
	if answer.About, err = r.reports.Resolve(ctx, &scope, s.metric.Formula); err != nil {
		return nil, err
	}
	list, err := store.Compose[pairRow](r.store, "cx/pairs", s.pairs()).All(ctx, s.params(&scope))
	if err != nil {
		return nil, err
	}
	if n := len(list); n > 0 && list[n-1].Total {
		answer.Sample = report.Sample{People: list[n-1].People, Events: list[n-1].Sample}
		list = list[:n-1]
	}
	for len(list) > 0 {
		end := slices.IndexFunc(list, func(row pairRow) bool { return row.Series != list[0].Series })
		if end < 0 {
			end = len(list)
		}
		answer.Series = append(answer.Series, compared(list[:end], s.metric.Minimum))
		list = list[end:]
	}
	return answer, nil
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
	Total    bool   `ch:"total"`
	Series   string `ch:"series_name"`
	Topic    string `ch:"topic_name"`
	Began    string `ch:"began_by"`
	Sample   uint64 `ch:"sample"`
	People   uint64 `ch:"people"`
	Hits     int64  `ch:"numerator"`
	Of       int64  `ch:"denominator"`
	Immature uint64 `ch:"immature"`
}

// pairs yields a row for each series, topic and who began, and one for all of them.
func (s statement) pairs() string {
	return `SELECT toBool(grouping(series_value)) AS total, toString(series_value) AS series_name, toString(by_value) AS topic_name, toString(began) AS began_by,
		count() AS sample, uniqExact(profile) AS people, sum(upper) AS numerator, sum(lower) AS denominator, countIf(NOT settled) AS immature
	FROM (` + s.counted() + `)
	WHERE began IN ('ai', 'human')
	GROUP BY GROUPING SETS ((series_value, by_value, began), ())
	ORDER BY total, series_name, topic_name, began_by`
}

// compared makes a pair of the rows of one series, in the order of their topics.
func compared(list []pairRow, minimum int) SeriesPair {
	pair := SeriesPair{Series: list[0].Series, Topics: []TopicPair{}}
	for i, row := range list {
		side := &pair.AI
		if row.Began == "human" {
			side = &pair.Human
		}
		side.add(&row)
		if row.Topic == "" || i == 0 || list[i-1].Topic != row.Topic || list[i-1].Of == 0 || row.Of == 0 {
			continue
		}
		var t TopicPair // ai comes before human
		t.Topic = row.Topic
		t.AI.add(&list[i-1])
		t.Human.add(&row)
		pair.Topics = append(pair.Topics, t)
	}
	pair.AI.fill(minimum)
	pair.Human.fill(minimum)
	pair.standardise(minimum)
	return pair
}

// standardise fills in what depends on all topics.
func (p *SeriesPair) standardise(minimum int) {
	all := uint64(0)
	for i := range p.Topics {
		all += p.Topics[i].AI.Sample + p.Topics[i].Human.Sample
	}
	p.LeftOut = p.AI.Sample + p.Human.Sample - all
	if all == 0 {
		return
	}
	var ai, human []estimate
	var weights []float64
	for i := range p.Topics {
		t := &p.Topics[i]
		t.AI.fill(minimum)
		t.Human.fill(minimum)
		t.Weight = float64(t.AI.Sample+t.Human.Sample) / float64(all)
		ai, human, weights = append(ai, t.AI.estimate()), append(human, t.Human.estimate()), append(weights, t.Weight)
		d := difference(t.AI.estimate(), t.Human.estimate())
		t.Difference, t.Interval = d.value, &d.Interval
	}
	a, h := weighted(ai, weights), weighted(human, weights)
	d := difference(a, h)
	p.Standardised = &Standardised{a.value, a.Interval, h.value, h.Interval, d.value, d.Interval}
}

func (s *Side) add(row *pairRow) {
	s.hits, s.of = s.hits+float64(row.Hits), s.of+float64(row.Of)
	s.Sample, s.Immature = s.Sample+row.Sample, s.Immature+row.Immature
}

func (s *Side) fill(minimum int) {
	s.BelowMinimum = s.Sample < uint64(minimum)
	if s.of > 0 {
		s.Value, s.Interval = ptr(s.hits/s.of), ptr(Wilson(s.hits, s.of))
	}
}

func (s *Side) estimate() estimate { return estimate{s.hits / s.of, Wilson(s.hits, s.of)} }
