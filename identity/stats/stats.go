// Package stats holds the confidence intervals that reports and models give. All are of 95 %. It stands with the domain
// below all others that use it, and knows of none.
package stats

import "math"

// Z95 is the quantile of the normal distribution for two-sided intervals of 95 %.
const Z95 = 1.959963984540054

// Interval is a confidence interval of 95 %, in the unit of its value.
type Interval struct {
	Low  float64 `json:"low" policy:"meta"`
	High float64 `json:"high" policy:"meta"`
}

// Wilson is the score interval of a share of hits in n trials (Wilson, Journal of the American Statistical Association 22,
// 1927; without correction for continuity). It never leaves [0, 1], and holds for small n and for shares near 0 and 1, where
// the one of Wald does not. Neither need be whole: n may be an effective size of a sample. The interval of no trials is [0, 1].
func Wilson(hits, n float64) Interval {
	if n <= 0 {
		return Interval{0, 1}
	}
	p, z2 := hits/n, Z95*Z95
	middle := (p + z2/(2*n)) / (1 + z2/n)
	half := Z95 / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	return Interval{max(0, min(p, middle-half)), min(1, max(p, middle+half))} // of 0 and 1 rounding would leave them out
}

// Estimate is a value, as a share, with its interval.
type Estimate struct {
	Value float64
	Interval
}

// Share is the share of hits in n trials, of which there is at least one, with its interval.
func Share(hits, n float64) Estimate { return Estimate{hits / n, Wilson(hits, n)} }

// Difference is share a less share b, which are of different cases: the squares of the distances to the limits add
// (Newcombe, Statistics in Medicine 17, 1998, pages 873-890, method 10; for other estimates than single shares Zou and Donner,
// Statistics in Medicine 27, 2008). It never leaves [-1, 1].
func Difference(a, b Estimate) Estimate {
	d := a.Value - b.Value
	return Estimate{d, Interval{
		max(-1, d-math.Hypot(a.Value-a.Low, b.High-b.Value)),
		min(1, d+math.Hypot(a.High-a.Value, b.Value-b.Low)),
	}}
}

// Weighted is the sum of shares, each times its weight, with its interval (Zou and Donner 2008). Weights are not negative and
// add up to 1.
func Weighted(shares []Estimate, weights []float64) Estimate {
	var sum, below, above float64
	for i, e := range shares {
		w := weights[i]
		sum += w * e.Value
		down, up := w*(e.Value-e.Low), w*(e.High-e.Value)
		below += down * down
		above += up * up
	}
	return Estimate{sum, Interval{max(0, sum-math.Sqrt(below)), min(1, sum+math.Sqrt(above))}}
}
