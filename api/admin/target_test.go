package admin_test

import (
	"testing"

	"tributary/api/admin"
	"tributary/journeys/cx"
)

// TestTargetsOverTheSocket: through the log into the state, and away again.
func TestTargetsOverTheSocket(t *testing.T) {
	s := newServer(t)
	value := 0.8
	n := admin.NewTarget{Goal: cx.Goal{Metric: "csat", Value: &value, Grain: cx.GrainMonth}, IdempotencyKey: "k1", Actor: "kim"}
	for range 2 {
		set, err := s.SetTarget(t.Context(), "acme", n)
		s.must(err)
		if set.SetBy.Name != "kim" || set.SetBy.Actor == "" || set.Better != cx.BetterLarger {
			t.Errorf("set is %+v", set)
		}
	}
	list, err := s.Targets(t.Context(), "acme")
	if err != nil || len(list) != 1 || *list[0].Value != value {
		t.Fatalf("%+v, %v", list, err)
	}
	if other, err := s.Targets(t.Context(), "other"); err != nil || len(other) != 0 {
		t.Errorf("another workspace has %+v, %v", other, err)
	}
	value = 0.9
	if _, err := s.SetTarget(t.Context(), "acme", n); err == nil {
		t.Error("one key sets two targets")
	}
	n.IdempotencyKey = ""
	if _, err := s.SetTarget(t.Context(), "acme", n); err == nil {
		t.Error("a target is set without a key")
	}
	if removed, err := s.RemoveTarget(t.Context(), "acme", list[0].ID.String(), "kim"); err != nil || removed.RemovedBy == nil {
		t.Errorf("removed %+v, %v", removed, err)
	}
	if list, err = s.Targets(t.Context(), "acme"); err != nil || len(list) != 0 {
		t.Errorf("there are %+v, %v", list, err)
	}
}
