package state

import (
	"errors"
	"slices"
	"sync"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/consent"
	"tributary/profiles/live"
)

var _ live.Source = (*Store)(nil)

// LiveHead implements live.Source.
func (s *Store) LiveHead(workspace string) (live.Head, error) {
	if err := s.acquire(); err != nil {
		return live.Head{}, err
	}
	defer s.release()
	value, err := get(s.db, newSpace(workspace).key(nil, kindLiveHead))
	if err != nil {
		return live.Head{}, wrapRead("live feed", err)
	}
	head, err := readLiveHead(value)
	return head.Head, err
}

// LivePage implements live.Source.
func (s *Store) LivePage(workspace string, behind, upTo uint64, limit int, want live.Want) (*live.Page, error) {
	h, err := s.View(workspace)
	if err != nil {
		return nil, err
	}
	page, err := h.livePage(behind, upTo, limit, want)
	return page, errors.Join(err, h.Close())
}

func (h *Snapshot) livePage(behind, upTo uint64, limit int, want live.Want) (*live.Page, error) {
	value, err := get(h.db, h.space.key(nil, kindLiveHead))
	if err != nil {
		return nil, wrapRead("live feed", err)
	}
	head, err := readLiveHead(value)
	if err != nil {
		return nil, err
	}
	page := &live.Page{Through: upTo}
	if head.First > behind+1 {
		page.Missed = head.First - 1
		behind = page.Missed
	}
	wanted, err := h.wanted(want)
	if err != nil {
		return nil, err
	}
	left, look, last := limit, live.LookedAt*limit, behind
	err = scanRange(h.db, h.liveKey(nil, behind+1), h.liveKey(nil, upTo+1), func(key, value []byte) error {
		if left == 0 || look == 0 {
			page.Through = last
			return errStop
		}
		e, err := decodeLive(key, value)
		if err != nil {
			return err
		}
		look, last = look-1, e.Number
		if !wanted(&e) {
			return nil
		}
		left--
		told, err := h.told(e)
		if told != nil {
			page.Entries = append(page.Entries, told)
		}
		return err
	})
	return page, wrapRead("live feed", err)
}

// wanted says what is wanted in this moment.
func (h *Snapshot) wanted(want live.Want) (func(*live.Entry) bool, error) {
	entry := want.Entry
	if entry == nil {
		entry = func(*live.Entry) bool { return true }
	}
	if want.Of == uuid.Nil {
		return entry, nil
	}
	a, _, err := h.Assignment(want.Of)
	if err != nil {
		return nil, err
	}
	members, err := h.Members(a.Profile)
	theirs := map[identity.ObservationID]bool{want.Of: true}
	for _, id := range members {
		theirs[id] = true
	}
	return func(e *live.Entry) bool {
		return (theirs[e.Observation] || e.Peer != uuid.Nil && e.Peer == a.Profile) && entry(e)
	}, err
}

// told says whose an entry is now; nil if it may not be told.
func (h *Snapshot) told(e live.Entry) (*live.Told, error) {
	t := &live.Told{Entry: e}
	if e.Observation == uuid.Nil {
		return t, nil
	}
	a, known, err := h.Assignment(e.Observation)
	if !known || err != nil {
		return nil, err
	}
	if a.Standing != identity.StandingUnassigned {
		t.Profile = a.Profile
	}
	if restricted, err := h.restrictedProfile(e.Observation); restricted || err != nil {
		return nil, err
	}
	if e.Peer == uuid.Nil {
		return t, nil
	}
	// What others had to do with somebody is their own; with whom is not told.
	restricted, err := h.restrictedProfile(e.Peer)
	if restricted {
		t.Peer = uuid.Nil
	}
	return t, err
}

// LiveConsent returns what the person of a profile said of consent.
func (s *Store) LiveConsent(workspace string, profile identity.ProfileID) ([]consent.Register, error) {
	h, err := s.View(workspace)
	if err != nil {
		return nil, err
	}
	members, err := h.Members(profile)
	var registers []consent.Register
	if err == nil && len(members) > 0 {
		registers, err = profiles.ConsentOf(h, members)
	}
	return registers, errors.Join(err, h.Close())
}

// LiveProfile returns the profile that an observation belongs to now; the zero one if it is kept no more, or not used.
func (s *Store) LiveProfile(workspace string, id identity.ObservationID) (identity.ProfileID, error) {
	h, err := s.View(workspace)
	if err != nil {
		return uuid.Nil, err
	}
	told, err := h.told(live.Entry{Observation: id})
	if err = errors.Join(err, h.Close()); err != nil || told == nil {
		return uuid.Nil, err
	}
	return told.Profile, nil
}

// liveWatch is who waits for entries, and how often what was told became what may not be told.
type liveWatch struct {
	mu       sync.Mutex
	watchers map[string]map[chan struct{}]bool // by workspace
	revision map[string]uint64
}

// hideAssigned sees to it that what was read of an observation before is not told, for it is of a profile now of whom some
// are restricted. Whom this step restricts itself is seen to anyway.
func (s *Space) hideAssigned(to identity.ProfileID) error {
	if !s.tx.store.RestrictsAny(s.name) || slices.Contains(s.tx.untold, s.name) {
		return nil
	}
	members, err := s.Members(to)
	if err == nil && s.tx.store.Restricted(s.name, members...) {
		s.tx.untold = append(s.tx.untold, s.name)
	}
	return err
}

// WatchLive implements live.Source.
func (s *Store) WatchLive(workspace string) (changed <-chan struct{}, stop func()) {
	w, signal := &s.live, make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watchers == nil {
		w.watchers = map[string]map[chan struct{}]bool{}
	}
	if w.watchers[workspace] == nil {
		w.watchers[workspace] = map[chan struct{}]bool{}
	}
	w.watchers[workspace][signal] = true
	return signal, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if delete(w.watchers[workspace], signal); len(w.watchers[workspace]) == 0 {
			delete(w.watchers, workspace)
		}
	}
}

// LiveRevision implements live.Source.
func (s *Store) LiveRevision(workspace string) uint64 {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	return s.live.revision[workspace]
}

// take tells who waits what a step did, which is committed.
func (w *liveWatch) take(telling []*Space, untold []string, restrictions []restrictChange) {
	if len(telling)+len(untold)+len(restrictions) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range untold {
		w.revise(name)
	}
	for _, c := range restrictions {
		w.revise(c.workspace)
	}
	for _, s := range telling {
		w.wake(s.name)
	}
}

func (w *liveWatch) revise(workspace string) {
	if w.revision == nil {
		w.revision = map[string]uint64{}
	}
	w.revision[workspace]++
	w.wake(workspace)
}

func (w *liveWatch) wake(workspace string) {
	for signal := range w.watchers[workspace] {
		select {
		case signal <- struct{}{}:
		default: // it is awake
		}
	}
}
