package cx

import (
	"math"

	"tributary/identity/stats"
)

// Interval is a confidence interval of 95 %, in the unit of its value.
type Interval = stats.Interval

// netPoints is the interval of a net promoter score, in points, of n answers of which square are promoters or detractors and
// net is promoters less detractors: adjusted Wald, with 3/4 promoter, 3/4 detractor and 3/2 passive added (Rocks 2016).
func netPoints(net, square, n float64) Interval {
	if n <= 0 {
		return Interval{Low: -100, High: 100}
	}
	d, s := net/(n+3), (square+1.5)/(n+3)
	half := stats.Z95 * math.Sqrt(max(0, s-d*d)/(n+3))
	return Interval{Low: 100 * max(-1, d-half), High: 100 * min(1, d+half)}
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
	half := stats.Z95 * math.Sqrt(variance)
	return &Interval{Low: max(0, r-half) / scale, High: (r + half) / scale}
}
