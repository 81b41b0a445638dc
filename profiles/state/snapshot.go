package state

import (
	"errors"
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
	at    cursor // of all that is looked up by key; what calls back has an iterator of its own
	reads int    // of it since it was opened
	kinds *kinds
	once  sync.Once
	key   []byte
	err   error
}

var (
	_ profiles.Hot         = (*Snapshot)(nil)
	_ profiles.StateReader = (*Snapshot)(nil)
)

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
	db := s.db.NewSnapshot()
	return &Snapshot{
		space: newSpace(workspace), store: s, db: db, kinds: s.presence.kinds(workspace), at: cursor{db: db, mostlyThere: true},
	}, nil
}

// has says whether the workspace may have anything of a kind (presence.go). The kind is one of which the writer says
// that it puts some.
func (h *Snapshot) has(kind byte) bool {
	return h.kinds.has(kind, func() (bool, error) {
		h.key = h.space.key(h.key, kind)
		return h.at.any(h.key)
	})
}

// Assignment implements profiles.Hot.
func (h *Snapshot) Assignment(id identity.ObservationID) (identity.Assignment, bool, error) {
	var a identity.Assignment
	h.key = h.heldKey(h.key, id, heldAssignment)
	found, err := h.view(h.key, func(value []byte) (err error) {
		a, err = decodeAssignment(id, value)
		return err
	})
	return a, found && err == nil, wrapRead("assignment", err)
}

// Members implements profiles.Hot.
func (h *Snapshot) Members(id identity.ProfileID) ([]identity.ObservationID, error) {
	h.key = h.heldKey(h.key, id, heldMember)
	members, err := h.at.ids(h.key)
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
	if h.reads++; h.reads == maxReads {
		h.reads = 0
		if err := h.at.end(); err != nil {
			return false, err
		}
	}
	return h.at.view(key, f)
}

// maxReads is how many reads an iterator serves: it holds on to tables and memory that are replaced meanwhile,
// as an erasure does, and a reading of everybody takes long.
const maxReads = 4096

// Observation implements profiles.Hot.
func (h *Snapshot) Observation(id identity.ObservationID) (*identity.Observation, error) {
	var o *Observed
	h.key = h.idKey(h.key, kindObserved, id)
	_, err := h.view(h.key, func(value []byte) (err error) {
		o, err = decodeObserved(h.name, id, value)
		return err
	})
	if o == nil || err != nil {
		return nil, wrapRead("observation", err)
	}
	return &o.Observation, nil
}

// Holders implements profiles.Hot.
func (h *Snapshot) Holders(i identity.Identifier) ([]identity.ObservationID, error) {
	if blocked, err := h.Blocked(i); blocked || err != nil {
		return nil, err
	}
	h.key = h.identifierKey(h.key, kindHolder, i)
	holders, err := h.at.ids(h.key)
	return holders, wrapRead("holders", err)
}

// State implements profiles.Hot.
func (h *Snapshot) State(id identity.ObservationID) (*profiles.State, error) {
	state := new(profiles.State)
	if found, err := h.ReadState(id, state); !found || err != nil {
		return nil, err
	}
	return state, nil
}

// ReadState implements profiles.StateReader.
func (h *Snapshot) ReadState(id identity.ObservationID, state *profiles.State) (bool, error) {
	h.key = h.heldKey(h.key, id, heldState)
	found, err := h.view(h.key, state.UnmarshalBinary)
	return found && err == nil, wrapRead("state", err)
}

// IdentityVersion implements profiles.Hot.
func (h *Snapshot) IdentityVersion() (uint64, error) {
	var version uint64
	h.key = h.space.key(h.key, kindVersion)
	_, err := h.view(h.key, func(value []byte) (err error) {
		version, err = decodeVersion(value)
		return err
	})
	return version, wrapRead("identity version", err)
}

// Close implements profiles.Hot.
func (h *Snapshot) Close() error {
	h.once.Do(func() {
		h.err = errors.Join(h.at.end(), h.db.Close())
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
