package state

import "github.com/cockroachdb/pebble/v2"

// freshKeys is about how many keys a generation of fresh holds.
const freshKeys = 256 << 10

// fresh says which message ids and which sets of numbers may be in Pebble's memtables. They have no
// filter, and a lookup in each of them costs more than one in all tables; nearly every lookup is for
// an id, or a blocking key, that is nowhere.
//
// It is two generations of 64-bit keys. When the young one is full, a flush is asked for that takes
// with it all the memtables that there are, and the old one goes when that flush is done. An id that
// it names without need, as after an abort, merely costs the longer lookup.
type fresh struct {
	db         *pebble.DB
	limit      int // keys of the young generation
	young, old map[uint64]struct{}
	all        bool            // nothing is known of what is in memory: everything may be
	dropped    bool            // all is to stay until what this step does is in tables
	flushed    <-chan struct{} // closed when old, or all, can go; nil when there is none
}

func newFresh(db *pebble.DB) (*fresh, error) {
	f := &fresh{db: db, limit: freshKeys, young: map[uint64]struct{}{}, all: true}
	return f, f.flush()
}

func (f *fresh) flush() (err error) {
	f.flushed, err = f.db.AsyncFlush()
	return err
}

func (f *fresh) add(key uint64) { f.young[key] = struct{}{} }

// drop notes that this step deletes a range of keys, which hides what tables hold.
func (f *fresh) drop() { f.all, f.dropped = true, true }

func (f *fresh) has(key uint64) bool {
	if f.all {
		return true
	}
	if _, ok := f.young[key]; ok {
		return true
	}
	_, ok := f.old[key]
	return ok
}

// turn changes generations if it is time to. It is called after a commit, when no iterator is open:
// one that is may not see what was flushed since.
func (f *fresh) turn() error {
	if f.dropped { // a flush that is under way does not take it along
		f.dropped = false
		return f.flush()
	}
	select {
	case <-f.flushed: // never, if nil
		f.flushed, f.old, f.all = nil, nil, false
	default:
	}
	if len(f.young) < f.limit || f.flushed != nil {
		return nil
	}
	f.young, f.old = make(map[uint64]struct{}, f.limit), f.young
	return f.flush()
}
