package state

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"tributary/identity"
	"tributary/profiles"
)

// Where promises are: under their observation, with which they go, and found by when they are due, by id and by the
// account that they name. What was promised and what became of it stands in the states of observations. Each event
// that says what is promised adds an entry, and none is changed: of a promise whose day was moved, who reads leaves
// out the entries of other days. Now and then those are dropped that no state has a register of any more.

// The second parts of keys of kindPledgedBy.
const (
	pledgedByDue     = 'd' // due observation id
	pledgedByID      = 'i' // id observation
	pledgedByAccount = 'a' // account observation
)

// sortableTime is a time as eight bytes that sort by it; the zero time comes last.
func sortableTime(b []byte, t time.Time) []byte {
	at := uint64(math.MaxUint64)
	if !t.IsZero() {
		at = uint64(t.UnixMilli()) ^ 1<<63 //nolint:gosec // the bits are what is wanted
	}
	return binary.BigEndian.AppendUint64(b, at)
}

func (d *decoder) sortableTime() time.Time {
	b := d.take(8)
	if b == nil {
		return time.Time{}
	}
	at := binary.BigEndian.Uint64(b)
	if at == math.MaxUint64 {
		return time.Time{}
	}
	return time.UnixMilli(int64(at ^ 1<<63)).UTC() //nolint:gosec // as it was written
}

// pledgedUnder makes the key of a promise under its observation. What comes after the observation is what the
// other keys are found by.
func (s space) pledgedUnder(p *profiles.Pledged) []byte {
	b := sortableTime(s.idKey(nil, kindPledged, p.Observation), p.DueAt)
	return appendString(appendString(b, p.AccountID), p.ID)
}

func (s space) pledgedBy(part byte) []byte { return append(s.key(nil, kindPledgedBy), part) }

func (s space) pledgedByDueKey(p *profiles.Pledged) []byte {
	b := append(sortableTime(s.pledgedBy(pledgedByDue), p.DueAt), p.Observation[:]...)
	return append(b, p.ID...)
}

func (s space) pledgedByName(part byte, name string, id identity.ObservationID) []byte {
	return append(appendString(s.pledgedBy(part), name), id[:]...)
}

// HasPledged says whether anything was ever promised in this workspace.
func (s *Space) HasPledged() bool { return s.has(kindPledged) }

// pledgedOneIn is how many promises are noted to one look at which of those to the observation are kept still.
const pledgedOneIn = 64

// Pledge notes that an observation was promised something, which its state has.
func (s *Space) Pledge(p *profiles.Pledged) error {
	s.kinds.put(kindPledged)
	for _, key := range append(s.pledgedKeys(p), s.pledgedUnder(p)) {
		s.tx.write(key, []byte{})
	}
	if rand.Uint32N(pledgedOneIn) > 0 { //nolint:gosec // no secret
		return nil
	}
	return s.prunePledged(p.Observation)
}

// prunePledged forgets where promises to an observation are of which its state has no register.
func (s *Space) prunePledged(id identity.ObservationID) error {
	kept, err := s.Kept(id)
	if err != nil {
		return err
	}
	stays := map[string]bool{}
	for _, p := range kept.Pledged(id) {
		for _, key := range append(s.pledgedKeys(&p), s.pledgedUnder(&p)) {
			stays[string(key)] = true
		}
	}
	return s.eachPledged(id, func(keys [][]byte) {
		for _, key := range keys {
			if !stays[string(key)] {
				s.tx.write(key, nil)
			}
		}
	})
}

// pledgedKeys are the keys by which a promise is found.
func (s space) pledgedKeys(p *profiles.Pledged) [][]byte {
	keys := [][]byte{s.pledgedByDueKey(p), s.pledgedByName(pledgedByID, p.ID, p.Observation)}
	if p.AccountID != "" {
		keys = append(keys, s.pledgedByName(pledgedByAccount, p.AccountID, p.Observation))
	}
	return keys
}

// forgetPledged forgets where the promises to an observation are.
func (s *Space) forgetPledged(id identity.ObservationID) error {
	if !s.has(kindPledged) {
		return nil
	}
	return s.eachPledged(id, func(keys [][]byte) {
		for _, key := range keys {
			s.tx.write(key, nil)
		}
	})
}

// eachPledged calls f with the keys of each promise to an observation. f may write them.
func (s *Space) eachPledged(id identity.ObservationID, f func(keys [][]byte)) error {
	prefix := s.idKey(nil, kindPledged, id)
	err := s.eachOwn(prefix, func(key, _ []byte) error {
		d := decoder{data: key[len(prefix):]}
		p := profiles.Pledged{Observation: id, DueAt: d.sortableTime(), AccountID: d.string(), ID: d.string()}
		if err := d.end("promise"); err != nil {
			return err
		}
		f(append(s.pledgedKeys(&p), bytes.Clone(key)))
		return nil
	})
	return wrapRead("promises", err)
}

var _ profiles.HotPledged = (*Snapshot)(nil)

// PledgedAfter implements profiles.HotPledged.
func (h *Snapshot) PledgedAfter(last *profiles.Pledged, until time.Time, most int) (all []profiles.Pledged, err error) {
	prefix := h.pledgedBy(pledgedByDue)
	from := prefix
	if last != nil {
		from = append(h.pledgedByDueKey(last), 0)
	}
	to := sortableTime(h.pledgedBy(pledgedByDue), until)
	if until.IsZero() {
		to = after(prefix)
	}
	err = scanRange(h.db, from, to, func(key, _ []byte) error {
		if len(all) == most {
			return errStop
		}
		d := decoder{data: key[len(prefix):]}
		p := profiles.Pledged{DueAt: d.sortableTime(), Observation: d.id()}
		if d.failed {
			return fmt.Errorf("%w: promise", ErrCorrupt)
		}
		p.ID = string(d.data)
		all = append(all, p)
		return nil
	})
	return all, wrapRead("promises", err)
}

// PledgedAs implements profiles.HotPledged.
func (h *Snapshot) PledgedAs(id string) ([]identity.ObservationID, error) {
	return h.pledgedTo(pledgedByID, id)
}

// PledgedOf implements profiles.HotPledged.
func (h *Snapshot) PledgedOf(account string) ([]identity.ObservationID, error) {
	return h.pledgedTo(pledgedByAccount, account)
}

func (h *Snapshot) pledgedTo(part byte, name string) (all []identity.ObservationID, err error) {
	err = scan(h.db, appendString(h.pledgedBy(part), name), func(key, _ []byte) error {
		all = append(all, lastID(key))
		return nil
	})
	return all, wrapRead("promises", err)
}

// HasPledged implements profiles.HotPledged.
func (h *Snapshot) HasPledged(id identity.ObservationID) (bool, error) {
	if !h.has(kindPledged) {
		return false, nil
	}
	any, err := hasAny(h.db, h.idKey(nil, kindPledged, id))
	return any, wrapRead("promises", err)
}

// PledgedWorkspaces lists the workspaces in which anything was promised.
func (s *Store) PledgedWorkspaces() (names []string, err error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	for from := []byte{kindPledged}; ; {
		found := ""
		err := scanRange(s.db, from, []byte{kindPledged + 1}, func(key, _ []byte) error {
			d := decoder{data: key[1:]}
			found = strings.Clone(d.string())
			return errStop
		})
		if err != nil || found == "" {
			return names, wrapRead("promises", err)
		}
		names, from = append(names, found), after(newSpace(found).key(nil, kindPledged))
	}
}
