package state

import (
	"cmp"
	"fmt"
	"slices"

	"tributary/identity/match"
)

// refSets are the sets of one kind as the writer holds them: who has a blocking key, or whom an
// observation is linked to. What a step changes is written when it is committed, one operand of the
// merger for each set, so that no set needs to be read to be added to.
type refSets struct {
	kind    byte
	in      places
	cached  cache[refSetID, *refSet]
	changed []changedRef        // in this step
	dropped map[spaceEpoch]bool // in this step: nothing is left of what is stored
	scratch []refChange
}

type (
	// refSetID names a set by a blocking key, or by the number of an observation.
	refSetID struct {
		space, epoch uint32
		key          uint64
	}
	spaceEpoch struct{ space, epoch uint32 }
	// changedRef is a change of a set, and the how manieth of the step it is.
	changedRef struct {
		refSetID
		refChange
		order uint32
	}
)

func newRefSets(kind byte, in places, limit int) *refSets {
	return &refSets{kind: kind, in: in, cached: newCache[refSetID, *refSet](limit), dropped: map[spaceEpoch]bool{}}
}

func (s *refSets) of(id refSetID) *refSet {
	set, ok := s.cached.get(id)
	if !ok {
		set = &refSet{read: len(s.dropped) > 0 && s.dropped[spaceEpoch{id.space, id.epoch}]}
		s.cached.put(id, set)
	}
	return set
}

func (s *refSets) change(id refSetID, c refChange) {
	if s.of(id).change(c) {
		s.changed = append(s.changed, changedRef{id, c, uint32(len(s.changed))})
	}
}

// read returns the members of a set, ascending. They are valid until it changes.
func (s *refSets) read(w *Space, id refSetID) ([]match.Ref, error) {
	set := s.of(id)
	if set.read {
		return set.in, nil
	}
	s.scratch = s.scratch[:0]
	w.tx.key = w.refSetKey(w.tx.key, s.kind, id.epoch, id.key)
	_, err := s.in.of(s.fresh(id)).view(w.tx.key, func(value []byte) (err error) {
		s.scratch, err = decodeRefs(s.scratch, value)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read set of numbers: %w", err)
	}
	set.complete(s.scratch)
	return set.in, nil
}

// fresh is what a set is known by to places.
func (s *refSets) fresh(id refSetID) uint64 {
	return id.key ^ (uint64(s.kind)<<56^uint64(id.epoch)<<24^uint64(id.space))*0x9e3779b97f4a7c15
}

// drop deletes all sets of an epoch.
func (s *refSets) drop(w *Space, epoch uint32) error {
	of := func(id refSetID) bool { return id.space == w.number && id.epoch == epoch }
	s.cached.drop(of)
	s.changed = slices.DeleteFunc(s.changed, func(c changedRef) bool { return of(c.refSetID) })
	s.dropped[spaceEpoch{w.number, epoch}] = true
	s.in.fresh.drop()
	prefix := w.epochKey(nil, s.kind, epoch)
	return w.tx.batch.DeleteRange(prefix, after(prefix), nil)
}

// flush writes what the step changed, in the order of keys, in which Pebble takes it fastest.
func (s *refSets) flush(t *Tx) error {
	slices.SortFunc(s.changed, compareChanges)
	for rest := s.changed; len(rest) > 0; {
		id, n := rest[0].refSetID, 0
		s.scratch = s.scratch[:0]
		for ; n < len(rest) && rest[n].refSetID == id; n++ {
			s.scratch = append(s.scratch, rest[n].refChange)
		}
		rest = rest[n:]
		t.key = t.spaces[id.space].refSetKey(t.key, s.kind, id.epoch, id.key)
		t.value = appendRefs(t.value[:0], newestRefs(s.scratch))
		if err := t.batch.Merge(t.key, t.value, nil); err != nil {
			return fmt.Errorf("write set of numbers: %w", err)
		}
		s.in.fresh.add(s.fresh(id))
	}
	return nil
}

// endStep forgets what belongs to the step, when its batch is committed or dropped.
func (s *refSets) endStep() {
	s.changed = s.changed[:0]
	clear(s.dropped)
}

// compareChanges puts the newest change of a set first.
func compareChanges(a, b changedRef) int {
	if a.space != b.space {
		return cmp.Compare(a.space, b.space)
	}
	if a.epoch != b.epoch {
		return cmp.Compare(a.epoch, b.epoch)
	}
	if a.key != b.key {
		return cmp.Compare(a.key, b.key)
	}
	return cmp.Compare(b.order, a.order)
}

// refSet is a set of numbers as the writer holds it: all of it, or only what was changed, as long
// as nobody asked who is in it. What it holds of a set that was not read stays true when it is
// committed, for adding twice or removing twice is no change.
type refSet struct {
	in, out []match.Ref // ascending; out is empty once the set is read
	read    bool
}

// change says whether the set is another one now, as far as is known.
func (s *refSet) change(c refChange) bool {
	to, from := &s.in, &s.out
	if c.gone {
		to, from = from, to
	}
	was := removeRef(from, c.ref)
	if s.read && c.gone {
		return was
	}
	return insertRef(to, c.ref)
}

// complete adds what is stored.
func (s *refSet) complete(stored []refChange) {
	for _, c := range stored {
		if _, out := slices.BinarySearch(s.out, c.ref); !out && !c.gone {
			insertRef(&s.in, c.ref)
		}
	}
	s.out, s.read = nil, true
}

// insertRef says whether the number was not there.
func insertRef(list *[]match.Ref, r match.Ref) bool {
	at, found := slices.BinarySearch(*list, r)
	if !found {
		*list = slices.Insert(*list, at, r)
	}
	return !found
}

// removeRef says whether the number was there.
func removeRef(list *[]match.Ref, r match.Ref) bool {
	at, found := slices.BinarySearch(*list, r)
	if found {
		*list = slices.Delete(*list, at, at+1)
	}
	return found
}
