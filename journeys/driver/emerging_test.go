package driver

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

func TestRisenFindsWhatRose(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	all := make([]counted, 30)
	for i := range all {
		rate := distuv.Poisson{Lambda: float64(2 + 3*i), Src: r}
		all[i].now = int(rate.Rand())
		for range 8 {
			all[i].before = append(all[i].before, int(rate.Rand()))
		}
	}
	all[7].now *= 4
	all = append(all, counted{now: 12, before: make([]int, 8)}, counted{before: make([]int, 8)})
	rises := risen(all)
	for i, x := range rises {
		if rose := i == 7 || i == 30; rose != (x.Q < .05) {
			t.Errorf("%d: %+v of %+v", i, x, all[i])
		}
	}
}

// TestFewFalseAlarms: where nothing changes, a tenth of the reports at most tells of anything at a rate of 0.05.
func TestFewFalseAlarms(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 5))
	alarms := 0
	for range 300 {
		all := make([]counted, 20)
		for i := range all {
			mean := distuv.Gamma{Alpha: 1, Beta: .05, Src: r}.Rand()
			draw := func() int {
				return int(distuv.Poisson{Lambda: mean*distuv.Gamma{Alpha: 20, Beta: 20, Src: r}.Rand() + 1e-9, Src: r}.Rand())
			}
			all[i].now = draw()
			for range 8 {
				all[i].before = append(all[i].before, draw())
			}
		}
		for _, x := range risen(all) {
			if x.Q < .05 {
				alarms++
				break
			}
		}
	}
	if alarms > 30 {
		t.Errorf("%d of 300 reports tell of a rise that is none", alarms)
	}
}

// TestDiscoveries compares with the definition: a p-value is found at a rate q if it is at most the greatest p(k) <= qk/n.
func TestDiscoveries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ps := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 20).Draw(t, "p")
		qs := discoveries(ps)
		q := rapid.Float64Range(.001, .999).Draw(t, "q")
		limit := -1.0
		for _, p := range ps {
			rank := 0
			for _, other := range ps {
				if other <= p {
					rank++
				}
			}
			if p <= q*float64(rank)/float64(len(ps)) {
				limit = max(limit, p)
			}
		}
		for i, p := range ps {
			if (p <= limit) != (qs[i] <= q) && math.Abs(qs[i]-q) > 1e-9 {
				t.Fatalf("p %v has q %v; at %v the limit is %v of %v", p, qs[i], q, limit, ps)
			}
		}
	})
}

// TestMore compares with the probabilities of draws, and a table of R. A. Fisher's: the lady who tasted tea.
func TestMore(t *testing.T) {
	if p := more(4, 4, 4, 8); math.Abs(p-1/70.) > 1e-12 {
		t.Errorf("four of four cups: %v", p)
	}
	if p := more(3, 4, 4, 8); math.Abs(p-17/70.) > 1e-12 {
		t.Errorf("three of four cups: %v", p)
	}
	if p := more(0, 100, 3000, 20000); math.Abs(p-1) > 1e-9 {
		t.Errorf("at least none: %v", p)
	}
}
