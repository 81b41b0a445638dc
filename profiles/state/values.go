package state

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"

	"tributary/identity"
	"tributary/profiles/computed"
)

// What computed traits are made of, for each observation and generation of definitions, is added to by
// operands of the merger, as states are: an event costs its own bytes, and nothing is read.

type (
	valuesID struct {
		space      uint32
		generation uint32
		id         identity.ObservationID
	}
	addedValues struct {
		computed.Values
		space      *Space
		generation uint32
		id         identity.ObservationID
	}
)

// valueSet is what a step adds.
type valueSet struct {
	added map[valuesID]*addedValues
	order []*addedValues // scratch of a commit
	spare []*addedValues // memory of earlier steps
}

// Values returns what the step adds to the values of an observation under a generation of definitions,
// to be changed by the caller within this step: at first none.
func (s *Space) Values(generation uint32, id identity.ObservationID) *computed.Values {
	set := &s.tx.values
	key := valuesID{s.number, generation, id}
	added, ok := set.added[key]
	if !ok {
		if n := len(set.spare); n > 0 {
			added, set.spare = set.spare[n-1], set.spare[:n-1]
		} else {
			added = new(addedValues)
		}
		added.space, added.generation, added.id = s, generation, id
		if set.added == nil {
			set.added = map[valuesID]*addedValues{}
		}
		set.added[key] = added
	}
	return &added.Values
}

// KeptValues merges the values of an observation as of this step into v.
func (s *Space) KeptValues(generation uint32, id identity.ObservationID, v *computed.Values) error {
	s.tx.key = s.valuesKey(s.tx.key, generation, id)
	if _, err := s.tx.at.view(s.tx.key, mergeInto(v)); err != nil {
		return wrapRead("computed values", err)
	}
	if added, ok := s.tx.values.added[valuesID{s.number, generation, id}]; ok {
		v.Merge(&added.Values)
	}
	return nil
}

// mergeInto returns a function that adds encoded values to v. Most people are one observation, of which
// nothing is merged.
func mergeInto(v *computed.Values) func([]byte) error {
	return func(encoded []byte) error {
		var kept computed.Values
		into := &kept
		if v.Empty() {
			into = v
		}
		if err := into.Decode(encoded); err != nil {
			return fmt.Errorf("%w: computed values: %w", ErrCorrupt, err)
		}
		v.Merge(&kept)
		return nil
	}
}

// DropValues forgets all values of a generation.
func (s *Space) DropValues(generation uint32) error {
	prefix := s.generationKey(nil, generation)
	for key := range s.tx.values.added {
		if key.space == s.number && key.generation == generation {
			delete(s.tx.values.added, key)
		}
	}
	return s.tx.batch.DeleteRange(prefix, after(prefix), nil)
}

// flushValues writes what was added, in the order of keys.
func (t *Tx) flushValues() (err error) {
	set := &t.values
	set.order = set.order[:0]
	for _, added := range set.added {
		if !added.Empty() {
			set.order = append(set.order, added)
		}
	}
	slices.SortFunc(set.order, func(a, b *addedValues) int { return compareIDs(a.id, b.id) })
	for _, added := range set.order {
		t.key = added.space.valuesKey(t.key, added.generation, added.id)
		if t.value, err = added.AppendBinary(t.value[:0]); err != nil {
			return fmt.Errorf("write computed values: %w", err)
		}
		if err := t.batch.Merge(t.key, t.value, nil); err != nil {
			return err
		}
	}
	return nil
}

// forget ends what the step adds, and keeps the memory for the next one.
func (set *valueSet) forget() {
	for _, added := range set.added {
		added.Reset()
		set.spare = append(set.spare, added)
	}
	clear(set.added)
}

// valuesFolding is one fold of values under way. A single operand is passed on as it is.
type valuesFolding struct {
	only []byte
	many bool
	sum  computed.Values
	x    computed.Values
}

var valuesFoldings = sync.Pool{New: func() any { return new(valuesFolding) }}

func newValuesFolding(value []byte) *valuesFolding {
	f := valuesFoldings.Get().(*valuesFolding)
	f.only = append(f.only[:0], value...)
	return f
}

// MergeNewer implements pebble.ValueMerger.
func (f *valuesFolding) MergeNewer(value []byte) error { return f.add(value) }

// MergeOlder implements pebble.ValueMerger.
func (f *valuesFolding) MergeOlder(value []byte) error { return f.add(value) }

func (f *valuesFolding) add(value []byte) error {
	if !f.many {
		f.many = true
		f.sum.Reset()
		if err := f.sum.Decode(f.only); err != nil {
			return fmt.Errorf("%w: computed values: %w", ErrCorrupt, err)
		}
	}
	f.x.Reset()
	if err := f.x.Decode(value); err != nil {
		return fmt.Errorf("%w: computed values: %w", ErrCorrupt, err)
	}
	f.sum.Merge(&f.x)
	return nil
}

// Finish returns the encoded fold, which is valid until the folding is closed.
func (f *valuesFolding) Finish(bool) ([]byte, io.Closer, error) {
	if !f.many {
		return f.only, f, nil
	}
	var err error
	f.only, err = f.sum.AppendBinary(f.only[:0])
	return f.only, f, err
}

// Close lets the memory be used again.
func (f *valuesFolding) Close() error {
	f.many = false
	valuesFoldings.Put(f)
	return nil
}

// ForgetValues removes all that is computed of an observation, and what was set of it from outside. What this
// step adds to it is dropped too.
func (s *Space) ForgetValues(id identity.ObservationID) error {
	for key, added := range s.tx.values.added {
		if key.space == s.number && key.id == id {
			added.Reset()
		}
	}
	it, err := s.tx.store.db.NewIter(iterOf(s.key(nil, kindValues)))
	if err != nil {
		return wrapRead("computed values", err)
	}
	prefix := len(s.key(nil, kindValues))
	for valid := it.First(); valid; {
		generation := binary.BigEndian.Uint32(it.Key()[prefix:])
		if err := s.tx.delete(s.valuesKey(nil, generation, id)); err != nil {
			_ = it.Close()
			return err
		}
		valid = it.SeekGE(after(s.generationKey(nil, generation)))
	}
	if err := it.Close(); err != nil {
		return wrapRead("computed values", err)
	}
	set, err := s.SetTraits(id)
	for _, t := range set {
		s.tx.write(appendString(s.idKey(nil, kindSetTrait, id), t.Name), nil)
	}
	return err
}
