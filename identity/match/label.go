package match

import (
	"cmp"
	"math"
	"slices"

	"tributary/identity"
	"tributary/identity/stats"
)

// Label is what a person said of two observations: whether they are one.
type Label struct {
	A, B identity.ObservationID
	Same bool
}

// Judgement is a labelled pair under a model: its score, and what the person said.
type Judgement struct {
	Score Bits
	Same  bool
}

// labelWeight is how many pairs of a sample a label counts for, when the probabilities of levels are
// estimated. Labels are given to pairs that are hard to tell, so it is small: they correct the
// estimate and do not replace it.
const labelWeight = 4

// judged is a labelled pair of records, the first by id first.
type judged struct {
	a, b *Prepared
	same bool
}

// judgedPairs finds the records of labels among all, ascending by id. A pair that was labelled both ways is left out.
func judgedPairs(records []*Prepared, labels []Label) []judged {
	place := func(id identity.ObservationID) (uint32, bool) {
		i, ok := slices.BinarySearchFunc(records, string(id[:]), func(p *Prepared, id string) int { return cmp.Compare(p.ID, id) })
		return uint32(i), ok
	}
	said := map[pairOf]bool{}
	disputed := map[pairOf]bool{}
	for _, l := range labels {
		a, ok1 := place(l.A)
		b, ok2 := place(l.B)
		if !ok1 || !ok2 || a == b {
			continue
		}
		p := pairOf{min(a, b), max(a, b)}
		if before, again := said[p]; again && before != l.Same {
			disputed[p] = true
		}
		said[p] = l.Same
	}
	var out []judged
	for p, same := range said {
		if !disputed[p] {
			out = append(out, judged{records[p.a], records[p.b], same})
		}
	}
	slices.SortFunc(out, func(x, y judged) int { return cmp.Or(cmp.Compare(x.a.ID, y.a.ID), cmp.Compare(x.b.ID, y.b.ID)) })
	return out
}

// addJudged counts the levels of labelled pairs of one kind.
func (t *trainer) addJudged(counts [][maxLevels]float64, same bool) {
	var c Comparison
	for _, j := range t.judged {
		if j.same != same {
			continue
		}
		t.m.Schema.Compare(j.a, j.b, &c)
		for f := range t.m.Weights {
			if l := c.Levels[f]; l != Missing && !t.m.generic(Feature(f), c.Values[f]) {
				counts[f][l] += labelWeight
			}
		}
	}
}

// judge scores the labelled pairs.
func (m *Model) judge(pairs []judged) {
	m.Judged = nil
	var c Comparison
	var e Evidence
	for _, j := range pairs {
		m.Schema.Compare(j.a, j.b, &c)
		m.Weigh(&c, &e)
		m.Judged = append(m.Judged, Judgement{m.Score(&e), j.same})
	}
	slices.SortFunc(m.Judged, func(x, y Judgement) int {
		if c := cmp.Compare(x.Score, y.Score); c != 0 || x.Same == y.Same {
			return c
		}
		if x.Same {
			return 1
		}
		return -1
	})
}

// Measured is how precise pairs are whose score is high enough to merge, as far as people labelled
// some of them: with 95 % confidence between Low and High (Wilson, 1927). It holds for pairs of the
// kind that people label, and the labels have moved the model a little as well.
type Measured struct {
	Labels int     `json:"labels"`
	Right  int     `json:"right"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// MeasuredPrecision measures the pairs of this estimated precision or more. Without labels, Labels is
// 0: then there is only the estimate.
func (m *Model) MeasuredPrecision(estimated float64) Measured {
	return Measure(m.Judged, ScoreFor(estimated), math.MaxInt32)
}

// Measure measures the pairs with a score from one on and below another. Without any Labels is 0, and the interval
// says nothing: it is from 0 to 1.
func Measure(judged []Judgement, from, below Bits) Measured {
	var x Measured
	for _, j := range judged {
		if j.Score >= from && j.Score < below {
			x.Labels++
			if j.Same {
				x.Right++
			}
		}
	}
	limits := stats.Wilson(float64(x.Right), float64(x.Labels))
	x.Low, x.High = limits.Low, limits.High
	return x
}
