package cx

import "math"

// z is the quantile of the normal distribution for two-sided intervals of 95 %.
const z = 1.959963984540054

// Interval is a confidence interval of 95 %, in the unit of its value.
type Interval struct {
	Low  float64 `json:"low" policy:"meta"`
	High float64 `json:"high" policy:"meta"`
}

// Wilson is the score interval of a share of hits in n trials (Wilson 1927; without correction for continuity). It
// never leaves [0, 1], and holds for small n and for shares near 0 and 1, where the one of Wald does not. The interval of
// no trials is [0, 1].
func Wilson(hits, n float64) Interval {
	if n <= 0 {
		return Interval{0, 1}
	}
	p, z2 := hits/n, z*z
	middle := (p + z2/(2*n)) / (1 + z2/n)
	half := z / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	return Interval{max(0, middle-half), min(1, middle+half)}
}

// netPoints is the interval of a net promoter score, in points, of n answers of which square are promoters or detractors and
// net is promoters less detractors: adjusted Wald, with 3/4 promoter, 3/4 detractor and 3/2 passive added (Rocks 2016).
func netPoints(net, square, n float64) Interval {
	if n <= 0 {
		return Interval{-100, 100}
	}
	d, s := net/(n+3), (square+1.5)/(n+3)
	half := z * math.Sqrt(max(0, s-d*d)/(n+3))
	return Interval{100 * max(-1, d-half), 100 * min(1, d+half)}
}

// ratio is the interval of a sum of numerators through one of denominators, in the unit of the metric, by the normal distribution
// with the variance of a ratio (Cochran, Sampling Techniques, 3rd edition, 1977, section 6.4). Where every denominator is 1 that is
// the one of a mean. Values are not negative. It is nil of fewer than two.
func ratio(row *pointRow, scale float64) *Interval {
	n, lower := float64(row.Sample), float64(row.Denominator)
	if n < 2 || lower == 0 {
		return nil
	}
	r := float64(row.Numerator) / lower
	variance := max(0, row.Square-2*r*row.Cross+r*r*row.LowerSquare) * n / (n - 1) / (lower * lower)
	half := z * math.Sqrt(variance)
	return &Interval{max(0, r-half) / scale, (r + half) / scale}
}

// estimate is a share with its interval.
type estimate struct {
	value float64
	Interval
}

// difference is a less b with its interval: the squares of the distances to the limits add (Newcombe, Statistics in
// Medicine 17, 1998, method 10; for other estimates than shares Zou and Donner, Statistics in Medicine 27, 2008).
func difference(a, b estimate) estimate {
	d := a.value - b.value
	return estimate{d, Interval{
		max(-1, d-math.Hypot(a.value-a.Low, b.High-b.value)),
		min(1, d+math.Hypot(a.High-a.value, b.value-b.Low)),
	}}
}

// weighted is the sum of estimates, each times its weight, with its interval (Zou and Donner 2008). Weights are not negative
// and add up to 1.
func weighted(estimates []estimate, weights []float64) estimate {
	var sum, below, above float64
	for i, e := range estimates {
		w := weights[i]
		sum += w * e.value
		down, up := w*(e.value-e.Low), w*(e.High-e.value)
		below += down * down
		above += up * up
	}
	return estimate{sum, Interval{max(0, sum-math.Sqrt(below)), min(1, sum+math.Sqrt(above))}}
}
