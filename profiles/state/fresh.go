package state

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"
)

// freshKeys is about how many keys a generation of fresh holds.
const freshKeys = 256 << 10

// fresh says which message ids may be in Pebble's memtables. They have no filter, and a lookup in
// each of them costs more than one in all tables; nearly every lookup is for an id that is nowhere.
//
// It is two generations of 64-bit keys. When the young one is full, a flush is asked for that takes
// with it all the memtables that there are, and the old one goes when that flush is done. An id that
// it names without need, as after an abort, merely costs the longer lookup.
type fresh struct {
	db         *pebble.DB
	limit      int // keys of the young generation
	young, old map[uint64]struct{}
	all        bool            // nothing is known yet of what is in memory: every id may be
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

func (f *fresh) add(id MessageHash) { f.young[freshKey(id)] = struct{}{} }

func (f *fresh) has(id MessageHash) bool {
	if f.all {
		return true
	}
	key := freshKey(id)
	if _, ok := f.young[key]; ok {
		return true
	}
	_, ok := f.old[key]
	return ok
}

func freshKey(id MessageHash) uint64 { return binary.BigEndian.Uint64(id[:]) }

// turn changes generations if it is time to. It is called after a commit, when no iterator is open:
// one that is may not see what was flushed since.
func (f *fresh) turn() error {
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
