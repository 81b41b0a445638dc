package cx

import (
	"math"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 5e-5 }

// TestIntervals: the examples of Newcombe, Statistics in Medicine 17 (1998), pages 857 and 873, methods 3 and 10.
func TestIntervals(t *testing.T) {
	for _, c := range []struct{ hits, n, low, high float64 }{
		{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {0, 0, 0, 1},
	} {
		if got := Wilson(c.hits, c.n); !near(got.Low, c.low) || !near(got.High, c.high) {
			t.Errorf("%v of %v: %+v, want %v to %v", c.hits, c.n, got, c.low, c.high)
		}
	}
	of := func(hits, n float64) estimate { return estimate{hits / n, Wilson(hits, n)} }
	for _, c := range []struct{ a, m, b, n, low, high float64 }{
		{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090}, {10, 10, 0, 10, 0.6075, 1},
	} {
		if got := difference(of(c.a, c.m), of(c.b, c.n)); !near(got.Low, c.low) || !near(got.High, c.high) {
			t.Errorf("%v/%v - %v/%v: %+v, want %v to %v", c.a, c.m, c.b, c.n, got, c.low, c.high)
		}
	}
	if got := weighted([]estimate{of(56, 70)}, []float64{1}); got != of(56, 70) {
		t.Errorf("one stratum: %+v", got)
	}
	// 5 promoters, 2 detractors, 3 passives: (3/13 - 1.96 sqrt((8.5/13 - (3/13)^2)/13)).
	if got := netPoints(3, 7, 10); math.Abs(got.Low+19.03) > 0.05 || math.Abs(got.High-65.19) > 0.05 {
		t.Errorf("points: %+v", got)
	}
}

// TestRegistryIsWhole: what a reader is told of a metric is there.
func TestRegistryIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Metrics() {
		if seen[m.ID] || m.Name == "" || m.Formula == "" || m.Unit == "" || m.Better == "" || m.Source == "" || len(m.By) == 0 {
			t.Errorf("%s lacks something", m.ID)
		}
		if (m.WindowDays > 0) != (m.of.mature != "") {
			t.Errorf("%s: window and maturity do not go together", m.ID)
		}
		seen[m.ID] = true
	}
	if len(seen) < 25 {
		t.Errorf("there are %d metrics", len(seen))
	}
}
