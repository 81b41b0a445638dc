package match

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"

	"tributary/identity"
)

// linkFloor is the score of two records at and above which they hang together. Groups are compared
// only if two of their records do.
const linkFloor Bits = 0

// TrainAndLink makes a model of observations, prepared under the schema, as Train does, and keys and
// links them under it all at once, on all processors: what a Linker comes to that was given them one
// by one. read is as for NewMemory.
func TrainAndLink(s Schema, number uint32, prepared []*Prepared, read func(identity.ObservationID) (*identity.Observation, error), labels ...Label) (*Model, *Memory) {
	prepared = byID(prepared)
	m, x := train(s, number, prepared, labels)
	store := NewMemory(read)
	store.load(m, prepared, linkedPairs(m, x, prepared))
	return m, store
}

// linkedPairs compares all records that share a blocking key and returns those that hang together.
func linkedPairs(m *Model, x *index, records []*Prepared) []pairOf {
	var mu sync.Mutex
	var all []pairOf
	parallel(len(records), func(from, to int) {
		var levels Comparison
		var e Evidence
		var partners []uint32
		var entries []uint64
		var out []pairOf
		for i := from; i < to; i++ {
			partners, entries = x.partners(i, true, entries)
			for _, j := range partners {
				if m.linked(records[i], records[j], &levels, &e) {
					out = append(out, pairOf{uint32(i), j})
				}
			}
		}
		mu.Lock()
		all = append(all, out...)
		mu.Unlock()
	})
	slices.SortFunc(all, func(p, q pairOf) int {
		return cmp.Or(cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b))
	})
	return all
}

// linked says whether two records hang together. It stops early where names and dates contradict so
// much that no agreement elsewhere could make up for it.
func (m *Model) linked(a, b *Prepared, levels *Comparison, e *Evidence) bool {
	if a.ID > b.ID {
		a, b = b, a // of equally good values the first counts
	}
	*levels = Comparison{}
	comparePerson(a, b, levels)
	if m.hopeless(a, b, levels, e) {
		return false
	}
	m.Schema.compareRest(a, b, levels)
	m.Weigh(levels, e)
	return m.Score(e) >= linkFloor
}

// hopeless says whether a score cannot reach the floor, whatever is still to be compared.
func (m *Model) hopeless(a, b *Prepared, levels *Comparison, e *Evidence) bool {
	best := bitsOf(m.priorSame)
	for f := FeatureGiven; f <= FeatureSex; f++ {
		m.weigh(f, levels, e)
		best += e.Same[f]
	}
	both := a.mask & b.mask >> (FeatureSex + 1) << (FeatureSex + 1)
	if both&(1<<FeatureAddress) != 0 && both&(1<<FeaturePlace) != 0 {
		best += max(m.most[FeatureAddress], m.most[FeaturePlace]) // the weaker does not count
		both &^= 1<<FeatureAddress | 1<<FeaturePlace
	}
	for ; both != 0; both &= both - 1 {
		best += m.most[bits.TrailingZeros32(both)]
	}
	return best < linkFloor
}
