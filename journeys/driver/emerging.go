package driver

import (
	"cmp"
	"math"
	"slices"

	"tributary/journeys/forecast/series"
)

// counted is how often something was in a span and in the spans of the same length before it, the latest first.
type counted struct {
	now    int
	before []int
}

// rise is how a count compares with its own history.
type rise struct {
	Expected float64 `json:"expected"` // mean of the spans before
	P        float64 `json:"p"`        // probability of a count this great, had nothing changed
	// Q is the share of false ones to be expected among all that are told with no greater Q.
	Q float64 `json:"q"`
}

// risen tests each count against its history. Without change it would be negative binomial around the mean of the spans before,
// with their common dispersion, and the mean itself is uncertain, the more the fewer spans and contacts there are: so its variance
// is (m + αm²)(1 + 1/k). Of many counts some are great by chance; Q goes by Y. Benjamini and Y. Hochberg, "Controlling the false
// discovery rate", Journal of the Royal Statistical Society B 57, 1995.
func risen(all []counted) []rise {
	alpha := common(all)
	rises, ps := make([]rise, len(all)), make([]float64, len(all))
	for i, c := range all {
		k, sum := float64(len(c.before)), 0.0
		for _, n := range c.before {
			sum += float64(n)
		}
		m := (sum + .5) / k // half a contact, so that what never was can rise
		of := series.Counted{Mean: m, Dispersion: alpha + (1/m+alpha)/k}
		ps[i] = math.Max(0, 1-of.CDF(float64(c.now-1)))
		rises[i] = rise{Expected: sum / k, P: ps[i]}
	}
	for i, q := range discoveries(ps) {
		rises[i].Q = q
	}
	return rises
}

// common is the dispersion of the spans before, over all counts (moments).
func common(all []counted) float64 {
	excess, squares := 0.0, 0.0
	for _, c := range all {
		k := float64(len(c.before))
		if k < 2 {
			continue
		}
		mean := 0.0
		for _, n := range c.before {
			mean += float64(n) / k
		}
		for _, n := range c.before {
			excess += (float64(n)-mean)*(float64(n)-mean)*k/(k-1) - mean
			squares += mean * mean
		}
	}
	if squares == 0 {
		return 0
	}
	return math.Max(0, excess/squares)
}

// discoveries are the q-values of p-values: the least false discovery rate at which each is told.
func discoveries(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(ps[b], ps[a]) })
	qs, least := make([]float64, len(ps)), 1.0
	for rank, i := range order {
		least = math.Min(least, ps[i]*float64(len(ps))/float64(len(ps)-rank))
		qs[i] = least
	}
	return qs
}

// more is the probability that of drawn out of total, of which marked are marked, at least found are: Fisher's exact test,
// one-sided.
func more(found, drawn, marked, total int) float64 {
	choose := func(n, k int) float64 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		c, _ := math.Lgamma(float64(n - k + 1))
		return a - b - c
	}
	sum := 0.0
	for x := max(found, drawn+marked-total); x <= min(drawn, marked); x++ {
		sum += math.Exp(choose(marked, x) + choose(total-marked, drawn-x) - choose(total, drawn))
	}
	return math.Min(1, sum)
}
