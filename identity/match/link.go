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
	store.load(m, prepared, x.records, linkedPairs(m, x))
	return m, store
}

// linkedPairs compares all records that share a blocking key and returns those that hang together.
func linkedPairs(m *Model, x *index) []pairOf {
	records := x.records
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

// linked says whether two records hang together. It looks at what tells people apart first, at streets
// last, and stops where no agreement in what is left could make up for what was found. The first by id
// comes first, since of equally good values the first counts.
func (m *Model) linked(a, b *Prepared, levels *Comparison, e *Evidence) bool {
	*levels = Comparison{}
	left := a.mask & b.mask
	comparePerson(a, b, levels)
	best := bitsOf(m.priorSame) + m.weighAll(personFeatures, levels, e)
	if left &^= personFeatures; best+m.mostOf(left) < linkFloor {
		return false
	}
	m.Schema.compareContacts(a, b, levels)
	best += m.weighAll(m.features&^(personFeatures|placeFeatures), levels, e)
	if left &= placeFeatures; best+m.mostOf(left) < linkFloor {
		return false
	}
	comparePlacesAndAddresses(a, b, levels)
	m.weighAll(placeFeatures, levels, e)
	return m.Score(e) >= linkFloor
}

// Sets of features, as bits.
const (
	personFeatures = 1<<FeatureGiven | 1<<FeatureFamily | 1<<FeatureOther | 1<<FeatureBirth | 1<<FeatureSex
	placeFeatures  = 1<<FeatureAddress | 1<<FeaturePlace
)

// weighAll weighs a set of features and returns the sum.
func (m *Model) weighAll(set uint32, levels *Comparison, e *Evidence) (sum Bits) {
	for ; set != 0; set &= set - 1 {
		f := Feature(bits.TrailingZeros32(set))
		m.weigh(f, levels, e)
		sum += e.Same[f]
	}
	return sum
}

// mostOf is the most that agreement in a set of features can weigh.
func (m *Model) mostOf(set uint32) (sum Bits) {
	if set&placeFeatures == placeFeatures {
		sum = max(m.most[FeatureAddress], m.most[FeaturePlace]) // the weaker does not count
		set &^= placeFeatures
	}
	for ; set != 0; set &= set - 1 {
		sum += m.most[bits.TrailingZeros32(set)]
	}
	return sum
}
