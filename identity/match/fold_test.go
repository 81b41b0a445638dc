package match_test

import (
	"fmt"
	"testing"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/identity/match/matchtest"
)

// TestManyEqualObservations: a person who says the same a thousand times is one person, before and after
// a model learnt from it, and costs others nothing.
func TestManyEqualObservations(t *testing.T) {
	records, _ := matchtest.NewCrowd(2, 500).Records(500)
	const times = 1000
	for i := range times {
		records = append(records, &match.Record{
			ID: fmt.Sprint(i), Names: []match.PersonName{{Given: "Theodora", Family: "Quimby"}}, Emails: []string{"tquimby71@x.org"},
		})
	}
	ids := number(records)
	prepared := match.Schema{}.PrepareAll(records)
	by := map[identity.ObservationID]*match.Prepared{}
	for i, p := range prepared {
		by[ids[i]] = p
	}
	read := func(id identity.ObservationID) (*identity.Observation, error) {
		return &identity.Observation{ID: id}, nil
	}
	trained, loaded := match.TrainAndLink(match.Schema{}, 1, prepared, read)
	for _, m := range []*match.Model{match.DefaultModel(match.Schema{}), trained} {
		store := loaded
		if m != trained {
			store = match.NewMemory(read)
		}
		l := match.NewLinker(m, store, match.Options{})
		l.Prepare = func(o *identity.Observation) *match.Prepared { return by[o.ID] }
		equal := ids[len(ids)-times:]
		if m != trained {
			for i := range equal { // the last first
				if _, err := l.Put(nil, &identity.Observation{ID: equal[times-1-i]}); err != nil {
					t.Fatal(err)
				}
			}
		}
		g := alone(t, l, equal)
		c, err := l.Cluster(g)
		if err != nil {
			t.Fatal(err)
		}
		if len(g.Near) != times-1 || len(c.Merges) != times-1 || l.Crowded() {
			t.Errorf("model %d: %d pairs, %d merges, crowded %v", m.Number, len(g.Near), len(c.Merges), l.Crowded())
		}
		// The first, which stands for all, goes; another takes its place.
		if before, err := l.Put(&identity.Observation{ID: equal[0]}, nil); err != nil || len(before) != times-1 {
			t.Errorf("model %d: %d before, %v", m.Number, len(before), err)
		}
		if g := alone(t, l, equal[1:]); len(g.Near) != times-2 {
			t.Errorf("model %d: %d pairs without the first", m.Number, len(g.Near))
		}
	}
	if n := len(trained.Dropped); n > 20 {
		t.Errorf("%d keys are dropped", n)
	}
}
