package contact

import (
	"cmp"
	"math"
	"slices"

	"tributary/identity/stats"
)

// Rate is a share, with its interval of 95 % by Wilson's score (E. B. Wilson, 1927): it stays within 0 and 1, and
// says of few cases that they are few. Absent without cases.
type Rate struct {
	Of    int     `json:"of"` // cases
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func rateOf(hits, of int) *Rate {
	if of == 0 {
		return nil
	}
	e := stats.Share(float64(hits), float64(of))
	return &Rate{Of: of, Share: e.Value, Low: e.Low, High: e.High}
}

// Correlation is how far two things go together: Pearson's r of the values (with yes and no as 1 and 0 that is the
// point-biserial one) or of their ranks (Spearman's rho), ties having their mean rank. The interval of 95 % is
// Fisher's z, with the standard error 1/√(n-3), for ranks √((1+ρ²/2)/(n-3)) (D. G. Bonett and T. A. Wright, 2000).
type Correlation struct {
	Method string  `json:"method"` // spearman or point_biserial
	N      int     `json:"n"`
	Value  float64 `json:"value"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// minPairs is how many pairs a correlation needs at least: below it no interval says anything.
const minPairs = 10

// spearman is nil for fewer than minPairs, and where one of the two never changes.
func spearman(x, y []float64) *Correlation {
	r, ok := pearson(ranks(x), ranks(y))
	if !ok {
		return nil
	}
	return within("spearman", len(x), r, math.Sqrt((1+r*r/2)/float64(len(x)-3)))
}

// pointBiserial is nil for fewer than minPairs, and where one of the two never changes; y is of 0 and 1.
func pointBiserial(x, y []float64) *Correlation {
	r, ok := pearson(x, y)
	if !ok {
		return nil
	}
	return within("point_biserial", len(x), r, 1/math.Sqrt(float64(len(x)-3)))
}

func within(method string, n int, r, deviation float64) *Correlation {
	c := &Correlation{Method: method, N: n, Value: r, Low: r, High: r}
	if math.Abs(r) < 1 {
		z := math.Atanh(r)
		c.Low, c.High = math.Tanh(z-stats.Z95*deviation), math.Tanh(z+stats.Z95*deviation)
	}
	return c
}

func pearson(x, y []float64) (r float64, ok bool) {
	if len(x) < minPairs {
		return 0, false
	}
	mx, my := mean(x), mean(y)
	var xx, yy, xy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xx, yy, xy = xx+dx*dx, yy+dy*dy, xy+dx*dy
	}
	if xx == 0 || yy == 0 {
		return 0, false
	}
	return max(-1, min(1, xy/math.Sqrt(xx*yy))), true
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// ranks are those of values, from 1, equal ones having the mean of theirs.
func ranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	all := make([]float64, len(values))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			all[i] = float64(from+to+1) / 2
		}
		from = to
	}
	return all
}

// quantile is the least value that a share q of ascending values does not exceed; 0 of none.
func quantile(ascending []float64, q float64) float64 {
	if len(ascending) == 0 {
		return 0
	}
	return ascending[max(0, int(math.Ceil(q*float64(len(ascending))))-1)]
}
