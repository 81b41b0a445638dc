package state

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/privacy"
)

// privacyIndex is who is suppressed and restricted, in memory, as of the last commit: the gate asks of
// every event, and the readers of every profile. About 40 bytes for each.
type privacyIndex struct {
	mu         sync.RWMutex
	suppressed map[string]map[privacy.IdentifierHash]bool // false: no more
	live       map[string]int                             // how many of them are true
	restricted map[string]map[identity.ObservationID]restrictedBy
}

// restrictedBy says why an observation is restricted, as bits.
type restrictedBy uint8

const (
	byOrder   restrictedBy = 1 << iota // privacy.restrict
	byErasure                          // a held erasure
)

type (
	suppressChange struct {
		workspace string
		hash      privacy.IdentifierHash
		on        bool
	}
	restrictChange struct {
		workspace   string
		observation identity.ObservationID
		by          restrictedBy
		on          bool
	}
)

func (x *privacyIndex) load(db *pebble.DB) error {
	x.suppressed, x.live = map[string]map[privacy.IdentifierHash]bool{}, map[string]int{}
	x.restricted = map[string]map[identity.ObservationID]restrictedBy{}
	err := scan(db, []byte{kindSuppressed}, func(key, value []byte) error {
		d := decoder{data: key[1:]}
		c := suppressChange{workspace: d.string()}
		copy(c.hash[:], d.take(len(c.hash)))
		if err := d.end("suppression"); err != nil {
			return err
		}
		all, err := decodeSwitches(value)
		if err == nil && len(all) > 0 {
			c.on = all[len(all)-1].on
			x.suppress(c)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = scan(db, []byte{kindRestricted}, func(key, value []byte) error {
		d := decoder{data: key[1:]}
		workspace := d.string()
		was, err := decodeStamped(value)
		if err == nil && len(was.value) > 0 {
			x.restrict(restrictChange{workspace, lastID(key), byOrder, true})
		}
		return err
	})
	if err != nil {
		return err
	}
	all, err := readErasures(db, []byte{kindErasure})
	for _, r := range all {
		if r.Status == privacy.StatusHeld {
			for _, o := range r.Observations {
				x.restrict(restrictChange{r.Workspace, o, byErasure, true})
			}
		}
	}
	return err
}

func (x *privacyIndex) suppress(c suppressChange) {
	all := x.suppressed[c.workspace]
	if all == nil {
		all = map[privacy.IdentifierHash]bool{}
		x.suppressed[c.workspace] = all
	}
	if was := all[c.hash]; was != c.on {
		if c.on {
			x.live[c.workspace]++
		} else {
			x.live[c.workspace]--
		}
	}
	all[c.hash] = c.on
}

func (x *privacyIndex) restrict(c restrictChange) {
	all := x.restricted[c.workspace]
	if all == nil {
		all = map[identity.ObservationID]restrictedBy{}
		x.restricted[c.workspace] = all
	}
	if now := c.apply(all[c.observation]); now == 0 {
		delete(all, c.observation)
	} else {
		all[c.observation] = now
	}
}

// apply is what restricts an observation after a change.
func (c *restrictChange) apply(by restrictedBy) restrictedBy {
	if c.on {
		return by | c.by
	}
	return by &^ c.by
}

func (x *privacyIndex) restrictedBy(workspace string, id identity.ObservationID) restrictedBy {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.restricted[workspace][id]
}

// take applies what a step changed, which is committed.
func (x *privacyIndex) take(s []suppressChange, r []restrictChange) {
	if len(s)+len(r) == 0 {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range s {
		x.suppress(c)
	}
	for _, c := range r {
		x.restrict(c)
	}
}

// knows says whether an identifier is, or was, suppressed.
func (x *privacyIndex) knows(workspace string, h privacy.IdentifierHash) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	_, known := x.suppressed[workspace][h]
	return known
}

var _ privacy.Suppressions = (*Store)(nil)

// Suppresses implements privacy.Suppressions.
func (s *Store) Suppresses(workspace string) bool {
	s.privacy.mu.RLock()
	defer s.privacy.mu.RUnlock()
	return s.privacy.live[workspace] > 0
}

// Suppressed implements privacy.Suppressions.
func (s *Store) Suppressed(workspace string, h privacy.IdentifierHash) bool {
	s.privacy.mu.RLock()
	defer s.privacy.mu.RUnlock()
	return s.privacy.suppressed[workspace][h]
}

// CountSuppressed is how many identifiers a workspace suppresses.
func (s *Store) CountSuppressed(workspace string) int {
	s.privacy.mu.RLock()
	defer s.privacy.mu.RUnlock()
	return s.privacy.live[workspace]
}

// Restricted says whether one of some observations is kept and not used, by an order or while an erasure
// is held.
func (s *Store) Restricted(workspace string, ids ...identity.ObservationID) bool {
	s.privacy.mu.RLock()
	defer s.privacy.mu.RUnlock()
	all := s.privacy.restricted[workspace]
	if len(all) == 0 {
		return false
	}
	for _, id := range ids {
		if all[id] != 0 {
			return true
		}
	}
	return false
}

// RestrictedObservations lists those whose use a workspace restricts, in no order.
func (s *Store) RestrictedObservations(workspace string) []identity.ObservationID {
	s.privacy.mu.RLock()
	defer s.privacy.mu.RUnlock()
	return slices.Collect(maps.Keys(s.privacy.restricted[workspace]))
}

// RestrictedPeople lists the observations whose use a workspace restricts, and the profiles that they belong to now, for who
// leaves all that is known of them out. Ascending, each once.
func (s *Store) RestrictedPeople(workspace string) ([]uuid.UUID, error) {
	if !s.RestrictsAny(workspace) {
		return nil, nil
	}
	h, err := s.View(workspace)
	if err != nil {
		return nil, err
	}
	all := s.RestrictedObservations(workspace)
	for _, id := range slices.Clone(all) {
		a, known, readErr := h.Assignment(id)
		if readErr != nil {
			return nil, errors.Join(readErr, h.Close())
		}
		if known {
			all = append(all, a.Profile)
		}
	}
	slices.SortFunc(all, compareIDs)
	return slices.Compact(all), h.Close()
}

// RestrictsAny says whether a workspace restricts anybody.
func (s *Store) RestrictsAny(workspace string) bool {
	s.privacy.mu.RLock()
	defer s.privacy.mu.RUnlock()
	return len(s.privacy.restricted[workspace]) > 0
}

// Restricted says so in a snapshot; it is that of now.
func (h *Snapshot) Restricted(ids ...identity.ObservationID) bool {
	return h.store.Restricted(h.name, ids...)
}

// RestrictsAny says so in a snapshot; it is that of now.
func (h *Snapshot) RestrictsAny() bool { return h.store.RestrictsAny(h.name) }

// restrictedProfile says whether use of the profile that an observation belongs to is restricted.
func (h *Snapshot) restrictedProfile(id identity.ObservationID) (bool, error) {
	if !h.RestrictsAny() {
		return false, nil
	}
	a, known, err := h.Assignment(id)
	if !known || err != nil {
		return h.Restricted(id), err
	}
	members, err := h.Members(a.Profile)
	return h.Restricted(id, a.Profile) || h.Restricted(members...), err
}

// Restricted says whether an observation is restricted, by what this step changed too.
func (s *Space) Restricted(id identity.ObservationID) bool {
	by := s.tx.store.privacy.restrictedBy(s.name, id)
	for _, c := range s.tx.restrictions {
		if c.workspace == s.name && c.observation == id {
			by = c.apply(by)
		}
	}
	return by != 0
}

func (s *Store) loadPrivacy() error {
	if err := s.privacy.load(s.db); err != nil {
		return fmt.Errorf("read who is suppressed: %w", err)
	}
	return nil
}
