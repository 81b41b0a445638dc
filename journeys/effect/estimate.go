package effect

import (
	"math"

	"tributary/identity/stats"
)

// sums is what is known of a value over some people: shares are means of 0 and 1.
type sums struct {
	n    int
	mean float64
	off  float64 // the sum of the squares of what is off the mean (Welford, Technometrics 4, 1962)
}

func (s *sums) add(v float64) {
	s.n++
	delta := v - s.mean
	s.mean += delta / float64(s.n)
	s.off += delta * (v - s.mean)
}

// variance is that of a sample; of fewer than two it is otherwise.
func (s *sums) variance(otherwise float64) float64 {
	if s.n < 2 {
		return otherwise
	}
	return s.off / float64(s.n-1)
}

// Estimate is a value with its interval of 95 %; nil: it cannot be told.
type Estimate struct {
	Value    float64         `json:"value"`
	Interval *stats.Interval `json:"interval,omitempty"`
}

// standardShare is the share that a group would have with other weights of its strata, which add up to 1. Its interval is
// Wilson's with as many cases as an unweighted sample would need for the same precision (Kish 1965; with an interval for
// shares: Korn and Graubard, Survey Methodology 24, 1998): strata of one or two people, of which no interval of
// their own says anything, cost precision, and no more.
func standardShare(strata []sums, weights []float64) Estimate {
	p, spent := 0.0, 0.0
	for i, s := range strata {
		p += weights[i] * s.mean
		spent += weights[i] * weights[i] / float64(s.n)
	}
	p = min(1, max(0, p)) // weights that add up to 1 but for rounding
	n := 1 / spent
	return estimateOf(p, stats.Wilson(p*n, n))
}

func estimateOf(value float64, i stats.Interval) Estimate { return Estimate{value, &i} }

// shareDifference is a less b.
func shareDifference(a, b Estimate) Estimate {
	d := stats.Difference(stats.Estimate{Value: a.Value, Interval: *a.Interval}, stats.Estimate{Value: b.Value, Interval: *b.Interval})
	return estimateOf(d.Value, d.Interval)
}

// amount is a mean with its standard error; negative: unknown.
type amount struct{ mean, err float64 }

// standardAmount is the mean that a group would have with other weights of its strata, which add up to 1. Where one
// person is all of a stratum, its variance is taken to be that of the whole group, which is too large rather than too
// small (collapsed strata: Cochran, Sampling Techniques, 3rd edition, 1977, 5A.12).
func standardAmount(strata []sums, weights []float64, whole *sums) amount {
	all := whole.variance(-1)
	mean, square := 0.0, 0.0
	for i, s := range strata {
		v := s.variance(all)
		if v < 0 {
			return amount{s.mean, -1} // nobody else is in the group
		}
		mean += weights[i] * s.mean
		square += weights[i] * weights[i] * v / float64(s.n)
	}
	return amount{mean, math.Sqrt(square)}
}

// less is a less b; they are of different people.
func (a amount) less(b amount) amount {
	if a.err < 0 || b.err < 0 {
		return amount{a.mean - b.mean, -1}
	}
	return amount{a.mean - b.mean, math.Hypot(a.err, b.err)}
}

// estimate is the amount with its interval by the central limit theorem.
func (a amount) estimate() Estimate {
	if a.err < 0 {
		return Estimate{Value: a.mean}
	}
	return estimateOf(a.mean, stats.Interval{Low: a.mean - stats.Z95*a.err, High: a.mean + stats.Z95*a.err})
}
