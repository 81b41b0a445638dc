package cx

import (
	"math"
	"testing"
)

// TestNetPoints: of 10 answers.
func TestNetPoints(t *testing.T) {
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
