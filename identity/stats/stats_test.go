package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"tributary/identity/stats"
)

// near says whether two values are the same to the four digits that are published.
func near(a, b float64) bool { return math.Abs(a-b) < 5e-5 }

// TestWilson: the examples of Newcombe, Statistics in Medicine 17 (1998), pages 857-872, table I, method 3.
func TestWilson(t *testing.T) {
	for _, c := range []struct{ hits, n, low, high float64 }{
		{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {0, 0, 0, 1},
	} {
		if got := stats.Wilson(c.hits, c.n); !near(got.Low, c.low) || !near(got.High, c.high) {
			t.Errorf("%v of %v: %+v, want %v to %v", c.hits, c.n, got, c.low, c.high)
		}
	}
}

// TestDifference: the examples of Newcombe, Statistics in Medicine 17 (1998), pages 873-890, table II, method 10.
func TestDifference(t *testing.T) {
	for _, c := range []struct{ a, m, b, n, low, high float64 }{
		{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090}, {6, 7, 2, 7, 0.0582, 0.8062}, {5, 56, 0, 29, -0.0381, 0.1926},
		{0, 10, 0, 20, -0.1611, 0.2775}, {0, 10, 0, 10, -0.2775, 0.2775}, {10, 10, 0, 20, 0.6791, 1}, {10, 10, 0, 10, 0.6075, 1},
	} {
		got := stats.Difference(stats.Share(c.a, c.m), stats.Share(c.b, c.n))
		if !near(got.Low, c.low) || !near(got.High, c.high) || got.Value != c.a/c.m-c.b/c.n {
			t.Errorf("%v/%v - %v/%v: %+v, want %v to %v", c.a, c.m, c.b, c.n, got, c.low, c.high)
		}
	}
}

// share draws hits, trials and their share.
func share(t *rapid.T, name string) (hits, n float64, e stats.Estimate) {
	trials := rapid.IntRange(1, 100_000).Draw(t, name+" of")
	hits, n = float64(rapid.IntRange(0, trials).Draw(t, name)), float64(trials)
	return hits, n, stats.Share(hits, n)
}

func same(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// TestWilsonIsTheScoreTestsInverse: its limits are the shares that the score test just does not refuse: those whose
// distance to what was seen is Z95 standard deviations of their own.
func TestWilsonIsTheScoreTestsInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hits, n, e := share(t, "hits")
		if e.Low < 0 || e.Low > e.Value || e.Value > e.High || e.High > 1 {
			t.Fatalf("%+v is out of order", e)
		}
		for _, limit := range []float64{e.Low, e.High} {
			distance, deviation := math.Abs(e.Value-limit), math.Sqrt(limit*(1-limit)/n)
			if !same(distance, stats.Z95*deviation) && math.Abs(distance/deviation-stats.Z95) > 1e-5 {
				t.Fatalf("%v is %v deviations from %v", limit, distance/deviation, e.Value)
			}
		}
		if of := stats.Wilson(n-hits, n); !same(of.Low, 1-e.High) || !same(of.High, 1-e.Low) {
			t.Fatalf("hits have %+v, misses %+v", e, of)
		}
		if more := stats.Wilson(2*hits, 2*n); more.High-more.Low >= e.High-e.Low {
			t.Fatalf("twice as many trials have %+v, not narrower than %+v", more, e)
		}
	})
}

// TestDifferenceTurnsRound: the other way round it is the same but for its sign; it holds no more than the limits of both
// would at their worst; and less what is certainly nothing it is what it was.
func TestDifferenceTurnsRound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, _, a := share(t, "a")
		_, _, b := share(t, "b")
		d, back := stats.Difference(a, b), stats.Difference(b, a)
		if !same(d.Value, -back.Value) || !same(d.Low, -back.High) || !same(d.High, -back.Low) {
			t.Fatalf("a less b is %+v, b less a %+v", d, back)
		}
		if d.Low > d.Value || d.Value > d.High || d.Low < a.Low-b.High-1e-9 || d.High > a.High-b.Low+1e-9 {
			t.Fatalf("%+v less %+v is %+v", a, b, d)
		}
		if all := stats.Difference(a, stats.Estimate{}); !same(all.Low, a.Low) || !same(all.High, a.High) {
			t.Fatalf("%+v less nothing is %+v", a, all)
		}
	})
}

// TestWeighted: one stratum is itself, and two halves of it are as precise as it or more.
func TestWeighted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, _, a := share(t, "a")
		if got := stats.Weighted([]stats.Estimate{a}, []float64{1}); !same(got.Low, a.Low) || !same(got.High, a.High) || got.Value != a.Value {
			t.Fatalf("of %+v alone it is %+v", a, got)
		}
		got := stats.Weighted([]stats.Estimate{a, a}, []float64{0.5, 0.5})
		if !same(got.Value, a.Value) || !same(got.Value-got.Low, (a.Value-a.Low)/math.Sqrt2) || !same(got.High-got.Value, (a.High-a.Value)/math.Sqrt2) {
			t.Fatalf("of two such as %+v it is %+v", a, got)
		}
	})
}
