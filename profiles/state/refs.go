package state

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"tributary/identity/match"
)

// refChange says that a set of numbers holds one, or holds it no more.
type refChange struct {
	ref  match.Ref
	gone bool
}

// appendRefs encodes changes, ascending by number and each number once: the difference from the
// one before as a uvarint, whose lowest bit says that the number is gone. This is an operand of the
// merger, and a whole set if nothing in it is gone.
func appendRefs(b []byte, changes []refChange) []byte {
	last := match.Ref(0)
	for _, c := range changes {
		b = binary.AppendUvarint(b, uint64(c.ref-last)<<1|uint64(bit(c.gone)))
		last = c.ref
	}
	return b
}

// decodeRefs appends what was encoded to changes.
func decodeRefs(changes []refChange, data []byte) ([]refChange, error) {
	last := uint64(0)
	for first := true; len(data) > 0; first = false {
		v, n := binary.Uvarint(data)
		if n <= 0 || v>>1 > math.MaxUint32-last || v>>1 == 0 && !first {
			return changes, fmt.Errorf("%w: set of numbers", ErrCorrupt)
		}
		data = data[n:]
		last += v >> 1
		changes = append(changes, refChange{match.Ref(last), v&1 == 1})
	}
	return changes, nil
}

// refFolding folds changes of a set of numbers: of those of one number the newest stands. A set that
// becomes empty keeps its key until its epoch is dropped: of a merger that lets keys vanish
// (pebble.DeletableValueMerger), Pebble's compactions panic where a value lies below.
type refFolding struct {
	changes []refChange // the oldest first, or the newest
	newest  bool        // the newest first
	many    bool
	value   []byte
}

var refFoldings = sync.Pool{New: func() any { return new(refFolding) }}

func newRefFolding(value []byte) (*refFolding, error) {
	f := refFoldings.Get().(*refFolding)
	var err error
	f.changes, err = decodeRefs(f.changes[:0], value)
	return f, err
}

// MergeNewer implements pebble.ValueMerger.
func (f *refFolding) MergeNewer(value []byte) error { return f.add(value, false) }

// MergeOlder implements pebble.ValueMerger.
func (f *refFolding) MergeOlder(value []byte) error { return f.add(value, true) }

func (f *refFolding) add(value []byte, older bool) (err error) {
	f.many, f.newest = true, older
	f.changes, err = decodeRefs(f.changes, value)
	return err
}

// Finish implements pebble.ValueMerger. The value is valid until the folding is closed.
func (f *refFolding) Finish(includesBase bool) ([]byte, io.Closer, error) {
	if f.many {
		if !f.newest {
			slices.Reverse(f.changes)
		}
		f.changes = newestRefs(f.changes)
	}
	if includesBase { // nothing is left that they could be gone from
		f.changes = slices.DeleteFunc(f.changes, func(c refChange) bool { return c.gone })
	}
	f.value = appendRefs(f.value[:0], f.changes)
	return f.value, f, nil
}

// Close lets the memory be used again.
func (f *refFolding) Close() error {
	f.many = false
	refFoldings.Put(f)
	return nil
}

// newestRefs sorts changes, the newest first, by number, and keeps the newest of each, in place.
func newestRefs(changes []refChange) []refChange {
	slices.SortStableFunc(changes, func(a, b refChange) int { return cmp.Compare(a.ref, b.ref) })
	return slices.CompactFunc(changes, func(a, b refChange) bool { return a.ref == b.ref })
}
