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
	order := alike(records)
	var mu sync.Mutex
	var all []pairOf
	parallel(len(records), func(from, to int) {
		probe := probe{m: m}
		var partners []uint32
		var entries []uint64
		var out []pairOf
		for _, i := range order[from:to] {
			if partners, entries = x.partners(int(i), true, entries); len(partners) > 0 {
				probe.set(records[i])
			}
			for _, j := range partners {
				if probe.linked(records[j], &x.outlines[j], true) {
					out = append(out, pairOf{i, j})
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

// alike are the places of records in an order in which those of one name follow each other: they are
// compared with the same ones, which then are still in the processor's caches.
func alike(records []*Prepared) []uint32 {
	type named struct {
		whom  signature
		given uint32
		place uint32
	}
	list := make([]named, len(records))
	for i, p := range records {
		list[i] = named{p.signature, p.outline.values[FeatureGiven], uint32(i)}
	}
	slices.SortFunc(list, func(a, b named) int {
		return cmp.Or(a.whom.compare(b.whom), cmp.Compare(a.given, b.given), cmp.Compare(a.place, b.place))
	})
	order := make([]uint32, len(list))
	for i := range list {
		order[i] = list[i].place
	}
	return order
}

// weighAll weighs a set of features and returns the sum.
func (m *Model) weighAll(set uint32, levels *Comparison, e *Evidence) (sum Bits) {
	for ; set != 0; set &= set - 1 {
		f := Feature(bits.TrailingZeros32(set))
		m.weigh(f, levels, e)
		sum += e.Same[f]
	}
	return sum
}
