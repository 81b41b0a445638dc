package series

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/mathext"
)

// Counted is the distribution of a count whose own mean is uncertain: a Poisson mixture, negative binomial with the variance
// Mean + Dispersion·Mean² (G. Jongbloed and G. Koole, "Managing uncertainty in call centres using Poisson mixtures", Applied
// Stochastic Models in Business and Industry 17, 2001). Dispersion 0 is Poisson.
type Counted struct{ Mean, Dispersion float64 }

// poissonBelow is a dispersion that makes no difference to speak of.
const poissonBelow = 1e-7

// CDF is the probability of at most k.
func (c Counted) CDF(k float64) float64 {
	k = math.Floor(k)
	switch {
	case k < 0:
		return 0
	case c.Mean <= 0:
		return 1
	case c.Dispersion < poissonBelow:
		return mathext.GammaIncRegComp(k+1, c.Mean)
	}
	r := 1 / c.Dispersion
	return mathext.RegIncBeta(r, k+1, r/(r+c.Mean))
}

// Quantile is the least count that is not exceeded with probability p, 0 < p < 1.
func (c Counted) Quantile(p float64) float64 {
	high := 1 + int(c.Mean)
	for c.CDF(float64(high)) < p && high < math.MaxInt32 {
		high *= 2
	}
	return float64(sort.Search(high, func(k int) bool { return c.CDF(float64(k)) >= p }))
}

// dispersion is that of what was left unexplained by forecasts (moments; not below 0), but in the fold except (-1: none).
func dispersion(folds []fold, except int) float64 {
	excess, squares := 0.0, 0.0
	for k := range folds {
		if k == except {
			continue
		}
		for i, y := range folds[k].actual {
			mu := folds[k].means[i]
			excess += (y-mu)*(y-mu) - mu
			squares += mu * mu
		}
	}
	if squares == 0 || excess <= 0 {
		return 0
	}
	return excess / squares
}
