package state

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/privacy"
)

// held is what the writer keeps of a workspace's erasures: all of them, for every event is asked about.
type held struct {
	records map[uuid.UUID]*privacy.Record
	set     *privacy.Set // of those that are carried out
	changed map[uuid.UUID]bool
	// suppresses: some identifier is, or was, suppressed.
	suppresses bool
}

func (s *Space) loadPrivacy(db pebble.Reader) (err error) {
	s.held = held{records: map[uuid.UUID]*privacy.Record{}, set: privacy.NewSet(), changed: map[uuid.UUID]bool{}}
	all, err := readErasures(db, s.key(nil, kindErasure))
	if err != nil {
		return err
	}
	for _, r := range all {
		s.held.keep(r)
	}
	s.held.suppresses, err = hasAny(db, s.key(nil, kindSuppressed))
	return err
}

func (h *held) keep(r *privacy.Record) {
	h.records[r.ID] = r
	if r.Status == privacy.StatusErasing || r.Status == privacy.StatusErased {
		h.set.Add(&r.Erasure)
	}
}

// Erasures are those of the workspace that are carried out, as of this step.
func (s *Space) Erasures() *privacy.Set { return s.held.set }

// Erasure returns one with all that became of it, to be changed within this step and put back; nil when
// there is none.
func (s *Space) Erasure(id uuid.UUID) *privacy.Record { return s.held.records[id] }

// EachErasure calls f for each erasure, whatever its status, in no order.
func (s *Space) EachErasure(f func(*privacy.Record)) {
	for _, r := range s.held.records {
		f(r)
	}
}

// PutErasure keeps an erasure in place of what is there under its id.
func (s *Space) PutErasure(r *privacy.Record) {
	s.held.keep(r)
	s.held.changed[r.ID] = true
	for _, o := range r.Observations {
		s.tx.restrictions = append(s.tx.restrictions, restrictChange{s.name, o, byErasure, s.isHeld(o)})
	}
}

// isHeld says whether a held erasure names an observation.
func (s *Space) isHeld(o identity.ObservationID) bool {
	for _, r := range s.held.records {
		if r.Status != privacy.StatusHeld {
			continue
		}
		if _, found := slices.BinarySearchFunc(r.Observations, o, compareIDs); found {
			return true
		}
	}
	return false
}

// CountDirect adds an event to those that an erasure had counted as erased when they came; n may be -1.
func (s *Space) CountDirect(id uuid.UUID, source string, received time.Time, n int) {
	r := s.held.records[id]
	if r == nil {
		return
	}
	r.Direct = privacy.AddCounts(r.Direct, []privacy.Count{{Source: source, Day: stream.DayOf(received), Events: uint64(n)}})
	s.held.changed[id] = true
}

// flushErasures encodes those that changed.
func (t *Tx) flushErasures() error {
	for _, s := range t.spaces {
		for id := range s.held.changed {
			value, err := json.Marshal(s.held.records[id])
			if err != nil {
				return fmt.Errorf("encode erasure: %w", err)
			}
			t.key = s.idKey(t.key, kindErasure, id)
			if err := t.set(t.key, value); err != nil {
				return err
			}
		}
		clear(s.held.changed)
	}
	return nil
}

func readErasures(db pebble.Reader, prefix []byte) ([]*privacy.Record, error) {
	var all []*privacy.Record
	err := scan(db, prefix, func(_, value []byte) error {
		r := new(privacy.Record)
		if err := json.Unmarshal(value, r); err != nil {
			return fmt.Errorf("%w: erasure: %w", ErrCorrupt, err)
		}
		all = append(all, r)
		return nil
	})
	return all, wrapRead("erasures", err)
}

// Suppress notes that an identifier is suppressed, or no more, from a moment on.
func (s *Space) Suppress(h privacy.IdentifierHash, on bool, by Stamp) error {
	key := s.hashKey(nil, h)
	value, err := s.tx.read(key)
	if err != nil {
		return wrapRead("suppression", err)
	}
	all, err := decodeSwitches(value)
	if err != nil {
		return err
	}
	at, found := slices.BinarySearchFunc(all, by, func(a change, b Stamp) int {
		switch {
		case a.Before(b):
			return -1
		case b.Before(a.Stamp):
			return 1
		}
		return 0
	})
	if found {
		return nil
	}
	all = slices.Insert(all, at, change{by, on})
	if n := len(all); n > maxSwitches {
		all = all[n-maxSwitches:]
	}
	s.held.suppresses = true
	s.tx.write(key, appendSwitches(nil, all))
	s.tx.suppressions = append(s.tx.suppressions, suppressChange{s.name, h, all[len(all)-1].on})
	return nil
}

// maxSwitches bounds how often an identifier's suppression may have changed: older changes are forgotten.
const maxSwitches = 32

// change says that an identifier was suppressed, or no more, from a moment on.
type change struct {
	Stamp
	on bool
}

// Suppresses says whether the workspace suppresses, or suppressed, anybody.
func (s *Space) Suppresses() bool { return s.held.suppresses }

// SuppressedAt says whether an identifier was suppressed when a record was received, by what was said
// before some moment; zero: by all that was said.
func (s *Space) SuppressedAt(h privacy.IdentifierHash, received, before time.Time) (bool, error) {
	key := s.hashKey(s.tx.key, h)
	s.tx.key = key
	if _, own := s.tx.own[string(key)]; !own && !s.tx.store.privacy.knows(s.name, h) {
		return false, nil
	}
	value, err := s.tx.read(key)
	if err != nil {
		return false, wrapRead("suppression", err)
	}
	all, err := decodeSwitches(value)
	return isOn(all, received, before), err
}

// isOn says how an identifier stood when a record was received, by what was said before some moment.
func isOn(all []change, received, before time.Time) (on bool) {
	for _, c := range all {
		if c.At.After(received) || !before.IsZero() && !c.At.Before(before) {
			break
		}
		on = c.on
	}
	return on
}

// SuppressedAt is that of Space, as of the last commit.
func (s *Store) SuppressedAt(workspace string, h privacy.IdentifierHash, received, before time.Time) (bool, error) {
	if err := s.acquire(); err != nil {
		return false, err
	}
	defer s.release()
	value, err := get(s.db, newSpace(workspace).hashKey(nil, h))
	if value == nil || err != nil {
		return false, wrapRead("suppression", err)
	}
	all, err := decodeSwitches(value)
	return isOn(all, received, before), err
}

func appendSwitches(b []byte, all []change) []byte {
	b = binary.AppendUvarint(append(b, codecVersion), uint64(len(all)))
	for _, c := range all {
		b = appendString(binary.AppendVarint(b, c.At.UnixMilli()), c.MessageID)
		b = append(b, bit(c.on))
	}
	return b
}

func decodeSwitches(value []byte) ([]change, error) {
	if value == nil {
		return nil, nil
	}
	d := newDecoder(value)
	all := make([]change, d.count(3))
	for i := range all {
		all[i] = change{Stamp{At: time.UnixMilli(d.varint()).UTC(), MessageID: d.string()}, d.byte() == 1}
	}
	return all, d.end("suppression")
}

// Restrict notes that an observation is kept and not used, or, with nil, that it is used again. A later
// stamp may have been there.
func (s *Space) Restrict(id identity.ObservationID, r *privacy.Restriction, by Stamp) error {
	key := s.idKey(nil, kindRestricted, id)
	value, err := s.tx.read(key)
	if err != nil {
		return wrapRead("restriction", err)
	}
	if value != nil {
		was, err := decodeStamped(value)
		if err != nil {
			return err
		}
		if !was.Before(by) {
			return nil
		}
	}
	now := stamped{Stamp: by}
	if r != nil {
		if now.value, err = json.Marshal(r); err != nil {
			return fmt.Errorf("encode restriction: %w", err)
		}
	}
	s.tx.write(key, now.encode())
	s.tx.restrictions = append(s.tx.restrictions, restrictChange{s.name, id, byOrder, r != nil})
	return nil
}

// Erasures lists the erasures of a workspace, the oldest first.
func (s *Store) Erasures(workspace string) ([]*privacy.Record, error) {
	return s.erasures(newSpace(workspace).key(nil, kindErasure))
}

// AllErasures lists those of all workspaces, the oldest first.
func (s *Store) AllErasures() ([]*privacy.Record, error) { return s.erasures([]byte{kindErasure}) }

func (s *Store) erasures(prefix []byte) ([]*privacy.Record, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	all, err := readErasures(s.db, prefix)
	slices.SortStableFunc(all, func(a, b *privacy.Record) int { return a.RequestedAt.Compare(b.RequestedAt) })
	return all, err
}

// Erasure reads one; nil when there is none.
func (s *Store) Erasure(workspace string, id uuid.UUID) (*privacy.Record, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	value, err := get(s.db, newSpace(workspace).idKey(nil, kindErasure, id))
	if value == nil || err != nil {
		return nil, wrapRead("erasure", err)
	}
	r := new(privacy.Record)
	if err := json.Unmarshal(value, r); err != nil {
		return nil, fmt.Errorf("%w: erasure: %w", ErrCorrupt, err)
	}
	return r, nil
}

// Restriction reads why an observation is restricted by an order; nil when it is not.
func (s *Store) Restriction(workspace string, id identity.ObservationID) (*privacy.Restriction, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	value, err := get(s.db, newSpace(workspace).idKey(nil, kindRestricted, id))
	if value == nil || err != nil {
		return nil, wrapRead("restriction", err)
	}
	d, err := decodeStamped(value)
	if err != nil || len(d.value) == 0 {
		return nil, err
	}
	r := new(privacy.Restriction)
	return r, errors.Join(json.Unmarshal(d.value, r))
}

func (s space) hashKey(b []byte, h privacy.IdentifierHash) []byte {
	return append(s.key(b, kindSuppressed), h[:]...)
}

// EachSuppression calls f with every identifier whose suppression ever changed, of all workspaces: how it stands
// and since when.
func (s *Store) EachSuppression(f func(workspace string, h privacy.IdentifierHash, on bool, at time.Time) error) error {
	if err := s.acquire(); err != nil {
		return err
	}
	defer s.release()
	err := scan(s.db, []byte{kindSuppressed}, func(key, value []byte) error {
		d := decoder{data: key[1:]}
		workspace := d.string()
		var h privacy.IdentifierHash
		copy(h[:], d.take(len(h)))
		all, err := decodeSwitches(value)
		if err = errors.Join(err, d.end("suppression")); err != nil || len(all) == 0 {
			return err
		}
		last := all[len(all)-1]
		return f(workspace, h, last.on, last.At)
	})
	return wrapRead("suppressions", err)
}

// SaidOfSuppression says whether it is known that an identifier's suppression changed at a moment, or
// later.
func (s *Store) SaidOfSuppression(workspace string, h privacy.IdentifierHash, at time.Time) (bool, error) {
	if err := s.acquire(); err != nil {
		return false, err
	}
	defer s.release()
	value, err := get(s.db, newSpace(workspace).hashKey(nil, h))
	if value == nil || err != nil {
		return false, wrapRead("suppression", err)
	}
	all, err := decodeSwitches(value)
	return len(all) > 0 && !all[len(all)-1].At.Before(at), err
}
