package state

import (
	"fmt"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"tributary/identity"
	"tributary/profiles"
)

// Snapshot is one moment of one workspace. It implements profiles.Hot over a Pebble snapshot: taking
// one costs a mutex and no copy, and it holds up compaction of what it sees until it is closed. It
// is for one goroutine.
type Snapshot struct {
	space
	store *Store
	db    *pebble.Snapshot
	once  sync.Once
	key   []byte
	err   error
}

var _ profiles.Hot = (*Snapshot)(nil)

// Snapshot implements profiles.HotStore.
func (s *Store) Snapshot(workspace string) (profiles.Hot, error) {
	h, err := s.View(workspace)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// View opens a view of one workspace as it stands now, with all that explains who is who. The
// caller closes it.
func (s *Store) View(workspace string) (*Snapshot, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	return &Snapshot{space: newSpace(workspace), store: s, db: s.db.NewSnapshot()}, nil
}

// Assignment implements profiles.Hot.
func (h *Snapshot) Assignment(id identity.ObservationID) (identity.Assignment, bool, error) {
	a, err := readAssignment(h.view, h.space, id)
	if a == nil || err != nil {
		return identity.Assignment{}, false, wrapRead("assignment", err)
	}
	return *a, true, nil
}

// Members implements profiles.Hot.
func (h *Snapshot) Members(id identity.ProfileID) ([]identity.ObservationID, error) {
	members, err := scanIDs(h.db, h.idKey(nil, kindMember, id))
	return members, wrapRead("members", err)
}

// Parts implements profiles.Hot. An id that stands for a profile has none, whoever had left it when
// the id was handed out.
func (h *Snapshot) Parts(id identity.ProfileID, since uint64) ([]identity.ProfileID, error) {
	own, known, err := h.Assignment(id)
	if err != nil || !known || own.Profile == id && since == 0 {
		return nil, err
	}
	var former []identity.ObservationID
	err = scan(h.db, h.idKey(nil, kindFormer, id), func(key, value []byte) error {
		d := newDecoder(value)
		if left := d.uvarint(); left > since || own.Profile != id {
			former = append(former, lastID(key))
		}
		return d.end("former member")
	})
	if err != nil {
		return nil, wrapRead("former members", err)
	}
	parts := []identity.ProfileID{own.Profile}
	for _, o := range former {
		a, known, err := h.Assignment(o)
		if err != nil {
			return nil, err
		}
		if known {
			parts = append(parts, a.Profile)
		}
	}
	slices.SortFunc(parts, compareIDs)
	if parts = slices.Compact(parts); len(parts) == 1 {
		return nil, nil
	}
	return parts, nil
}

func (h *Snapshot) view(key []byte, f func(value []byte) error) (bool, error) {
	return view(h.db, key, f)
}

// Observation implements profiles.Hot.
func (h *Snapshot) Observation(id identity.ObservationID) (*identity.Observation, error) {
	o, err := readObserved(h.view, h.space, id)
	if o == nil || err != nil {
		return nil, wrapRead("observation", err)
	}
	return &o.Observation, nil
}

// Holders implements profiles.Hot.
func (h *Snapshot) Holders(i identity.Identifier) ([]identity.ObservationID, error) {
	block, err := readBlock(h.db, h.space, i)
	if err != nil || len(block.value) > 0 {
		return nil, wrapRead("block", err)
	}
	holders, err := scanIDs(h.db, h.identifierKey(nil, kindHolder, i))
	return holders, wrapRead("holders", err)
}

// State implements profiles.Hot.
func (h *Snapshot) State(id identity.ObservationID) (*profiles.State, error) {
	state := new(profiles.State)
	h.key = h.idKey(h.key, kindState, id)
	found, err := h.view(h.key, state.UnmarshalBinary)
	if !found || err != nil {
		return nil, wrapRead("state", err)
	}
	return state, nil
}

// IdentityVersion implements profiles.Hot.
func (h *Snapshot) IdentityVersion() (uint64, error) {
	version, err := readVersion(h.db, h.space)
	return version, wrapRead("identity version", err)
}

// Close implements profiles.Hot.
func (h *Snapshot) Close() error {
	h.once.Do(func() {
		h.err = h.db.Close()
		h.store.release()
	})
	return h.err
}

func wrapRead(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read %s: %w", what, err)
}
