package match_test

import (
	"cmp"
	"encoding/binary"
	"slices"
	"testing"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/identity/match/matchtest"
)

// crowd links the records of generated people under a model learnt from them.
func crowd(t testing.TB, seed uint64, people int) (*match.Linker, []identity.ObservationID) {
	t.Helper()
	records, _ := matchtest.NewCrowd(seed, people).Records(people)
	ids := number(records)
	prepared := match.Schema{}.PrepareAll(records)
	by := map[identity.ObservationID]*match.Prepared{}
	for i, p := range prepared {
		by[ids[i]] = p
	}
	m, store := match.TrainAndLink(match.Schema{}, 7, prepared, func(id identity.ObservationID) (*identity.Observation, error) {
		return &identity.Observation{ID: id}, nil
	})
	l := match.NewLinker(m, store, match.Options{})
	l.Prepare = func(o *identity.Observation) *match.Prepared { return by[o.ID] }
	return l, ids
}

// number gives records the ids of observations, ascending.
func number(records []*match.Record) []identity.ObservationID {
	ids := make([]identity.ObservationID, len(records))
	for i, r := range records {
		binary.BigEndian.PutUint64(ids[i][:], uint64(i))
		r.ID = string(ids[i][:])
	}
	return ids
}

// alone is the grouping in which everybody stands alone.
func alone(t testing.TB, l *match.Linker, ids []identity.ObservationID) identity.Grouping {
	t.Helper()
	g := identity.Grouping{Apart: func(int, int) bool { return false }}
	for _, id := range ids {
		g.Groups = append(g.Groups, []identity.ObservationID{id})
		near, err := l.Near(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range near {
			if slices.Compare(id[:], o[:]) < 0 {
				g.Near = append(g.Near, [2]identity.ObservationID{id, o})
			}
		}
	}
	slices.SortFunc(g.Near, func(p, q [2]identity.ObservationID) int {
		return cmp.Or(slices.Compare(p[0][:], q[0][:]), slices.Compare(p[1][:], q[1][:]))
	})
	return g
}

// TestWeighingAddsUp weighs the groups of every merge: the parts add up to the score that it was made by.
func TestWeighingAddsUp(t *testing.T) {
	l, ids := crowd(t, 5, 400)
	c, err := l.Cluster(alone(t, l, ids))
	if err != nil {
		t.Fatal(err)
	}
	groups := map[identity.ObservationID][]identity.ObservationID{}
	for _, id := range ids {
		groups[id] = []identity.ObservationID{id}
	}
	for _, m := range c.Merges {
		a, b := groups[m.A], groups[m.B]
		w, err := l.Weigh(a, b)
		if err != nil {
			t.Fatal(err)
		}
		total := w.Prior + w.Overlap + w.Household
		for _, f := range w.Fields {
			total += f.Bits
			if f.Level == "" {
				t.Errorf("%s has no level", f.Field)
			}
		}
		if total != w.Score || w.Score != m.Score || w.Model != 7 {
			t.Fatalf("parts %d, score %d, merged with %d by model %d", total, w.Score, m.Score, w.Model)
		}
		both := slices.Concat(a, b)
		for _, id := range both {
			groups[id] = both
		}
	}
	if len(c.Merges) < 100 {
		t.Errorf("%d merges", len(c.Merges))
	}
}

// TestOneByOneAndAtOnce links a crowd, with keys that are common and heavy, in both ways.
func TestOneByOneAndAtOnce(t *testing.T) {
	l, ids := crowd(t, 9, 1500)
	if m := l.Model(); len(m.Heavy) < 10 || len(m.Common) < 10 {
		t.Fatalf("%d heavy keys, %d common ones", len(m.Heavy), len(m.Common))
	}
	other := match.NewLinker(l.Model(), match.NewMemory(func(id identity.ObservationID) (*identity.Observation, error) {
		return &identity.Observation{ID: id}, nil
	}), match.Options{Cached: 100})
	other.Prepare = l.Prepare
	for _, id := range ids {
		if _, err := other.Put(nil, &identity.Observation{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	one, two := alone(t, l, ids), alone(t, other, ids)
	if !slices.Equal(one.Near, two.Near) || len(one.Near) < 1000 {
		t.Errorf("%d pairs at once, %d one by one", len(one.Near), len(two.Near))
	}
	for _, id := range ids { // and what was loaded can be changed
		for _, now := range []*identity.Observation{nil, {ID: id}} {
			was := &identity.Observation{ID: id}
			if now != nil {
				was = nil
			}
			if _, err := l.Put(was, now); err != nil {
				t.Fatal(err)
			}
		}
	}
	if again := alone(t, l, ids); !slices.Equal(one.Near, again.Near) {
		t.Errorf("%d pairs when all were taken and put again", len(again.Near))
	}
}
