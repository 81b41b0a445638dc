package state

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/stream"
)

// Space is the writer's view of one workspace. It implements identity.Facts for the step.
type Space struct {
	tx *Tx
	space
	kinds   *kinds // what is there, for readers too
	number  uint32
	version uint64
	// Most workspaces have no links, contracts and set traits: then nothing is looked up. Of what readers look up as well,
	// kinds tells (has).
	hasLinks, hasContracts, hasSetTraits bool
	// unsettled: some were put off. It may be true though they are resolved by now.
	unsettled bool

	clock  Clock
	ticked bool  // the clock moved in this step
	due    int64 // Unix milliseconds of the first profile that waits for a time; 0: none

	held     held // erasures (privacy.go)
	telling  telling
	numbered uint32 // greatest number of an observation
	// settledBelow is an id below which nothing is unsettled, as of this step.
	settledBelow identity.ObservationID
}

var _ identity.Facts = (*Space)(nil)

func (s *Space) load() error {
	db := s.tx.store.db
	var err error
	if s.version, err = readVersion(db, s.space); err != nil {
		return err
	}
	if s.unsettled, err = hasAny(db, s.key(nil, kindUnsettled)); err != nil {
		return err
	}
	if s.hasLinks, err = hasAny(db, s.key(nil, kindLink)); err != nil {
		return err
	}
	if s.hasContracts, err = hasAny(db, s.key(nil, kindContract)); err != nil {
		return err
	}
	if s.hasSetTraits, err = hasAny(db, s.key(nil, kindSetTrait)); err != nil {
		return err
	}
	if err = s.loadClock(); err != nil {
		return err
	}
	if err = s.loadPrivacy(db); err != nil {
		return err
	}
	s.numbered, err = readNumberedUpTo(db, s.space)
	return err
}

// has says whether the workspace may have anything of a kind (presence.go), of what this step puts too.
func (s *Space) has(kind byte) bool {
	return s.kinds.has(kind, func() (bool, error) { return hasAny(s.tx.store.db, s.key(nil, kind)) })
}

// Name is the workspace's name.
func (s *Space) Name() string { return s.name }

// Version is the workspace's identity_version.
func (s *Space) Version() uint64 { return s.version }

// NextVersion raises the identity_version.
func (s *Space) NextVersion() (uint64, error) {
	s.version++
	value := binary.BigEndian.AppendUint64(nil, s.version)
	return s.version, s.tx.set(s.key(nil, kindVersion), value)
}

// Observed returns an observation as it is stored; nil, nil when there is none of that id. It may
// be kept but not changed.
func (s *Space) Observed(id identity.ObservationID) (*Observed, error) {
	return s.tx.observed.load(spaceID{s.number, id}, func() (*Observed, error) {
		return readObserved(s.tx.at.view, s.space, id)
	})
}

// Observation implements identity.Facts.
func (s *Space) Observation(id identity.ObservationID) (*identity.Observation, error) {
	o, err := s.Observed(id)
	if o == nil || err != nil {
		return nil, err
	}
	return o.facts(), nil
}

// Holders implements identity.Facts. They are in no order.
func (s *Space) Holders(i identity.Identifier) ([]identity.ObservationID, error) {
	return s.tx.holders.load(spaceIdentifier{s.number, i}, func() ([]identity.ObservationID, error) {
		return s.tx.at.ids(s.identifierKey(s.tx.key, kindHolder, i))
	})
}

// Put stores an observation in place of what is there under its id, and keeps the index right. The
// caller does not change o afterwards. It returns the observations that lose their identifiers
// because their 64-bit key turned out to be that of o, each as it was.
func (s *Space) Put(o *Observed) (collided []*Observed, err error) {
	was, err := s.Observed(o.ID)
	if err != nil {
		return nil, err
	}
	if was == nil {
		if collided, err = s.claim(o); err != nil {
			return nil, err
		}
		s.fresh(o.ID)
	} else {
		o.Collided = was.Collided
	}
	return collided, s.replace(was, o)
}

// claim takes the 64-bit key of a new observation. When others have it, all are kept out of the
// index from now on.
func (s *Space) claim(o *Observed) ([]*Observed, error) {
	key := s.shortKey(nil, identity.ObservationKey(o.ID))
	value, err := s.tx.read(key)
	if err != nil {
		return nil, err
	}
	var collided []*Observed
	for rest := value; len(rest) >= len(o.ID); rest = rest[len(o.ID):] {
		other, err := s.Observed(uuid.UUID(rest[:len(o.ID)]))
		if err != nil {
			return nil, err
		}
		o.Collided = true
		if other == nil || other.Collided {
			continue
		}
		bare := *other
		bare.Collided = true
		if err := s.replace(other, &bare); err != nil {
			return nil, err
		}
		collided = append(collided, other)
	}
	s.tx.write(key, append(slices.Clip(value), o.ID[:]...))
	return collided, nil
}

// replace writes an observation and the difference in the index.
func (s *Space) replace(was, now *Observed) error {
	had, has := was.indexed(), now.indexed()
	for _, i := range had {
		if !slices.Contains(has, i) {
			if err := s.index(i, now.ID, false); err != nil {
				return err
			}
		}
	}
	for _, i := range has {
		if !slices.Contains(had, i) {
			if err := s.index(i, now.ID, true); err != nil {
				return err
			}
		}
	}
	s.tx.observed.put(spaceID{s.number, now.ID}, now)
	s.tx.key, s.tx.value = s.idKey(s.tx.key, kindObserved, now.ID), now.append(s.tx.value[:0])
	return s.tx.set(s.tx.key, s.tx.value)
}

func (o *Observed) indexed() []identity.Identifier {
	if o == nil || o.Collided {
		return nil
	}
	return o.Identifiers
}

func (s *Space) index(i identity.Identifier, id identity.ObservationID, present bool) error {
	holders, err := s.Holders(i)
	if err != nil {
		return err
	}
	if present { // at the end, for who has the shorter list keeps it: many may share a value
		holders = append(holders, id)
	} else {
		holders = without(holders, id)
	}
	s.tx.holders.put(spaceIdentifier{s.number, i}, holders)
	s.tx.key = append(s.identifierKey(s.tx.key, kindHolder, i), id[:]...)
	if present {
		return s.tx.set(s.tx.key, nil)
	}
	return s.tx.delete(s.tx.key)
}

// without returns a copy of ids without one.
func without(ids []uuid.UUID, id uuid.UUID) []uuid.UUID {
	return slices.DeleteFunc(slices.Clone(ids), func(other uuid.UUID) bool { return other == id })
}

// with returns a copy of the ascending ids with or without one.
func with(ids []uuid.UUID, id uuid.UUID, present bool) []uuid.UUID {
	at, found := slices.BinarySearchFunc(ids, id, compareIDs)
	switch {
	case found == present:
		return ids
	case present:
		return slices.Insert(slices.Clip(ids), at, id)
	default:
		return slices.Delete(slices.Clone(ids), at, at+1)
	}
}

func compareIDs(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }

// Counts returns the counts of a source's records received on the day of the given time, to be
// changed by the caller within this step.
func (s *Space) Counts(source string, received time.Time) (*Counts, error) {
	id := countID{s.number, source, stream.DayOf(received)}
	h, err := s.tx.counts.load(id, func() (*heldCounts, error) {
		h := &heldCounts{space: s, source: source, day: id.day}
		s.tx.key = s.countKey(s.tx.key, source, id.day)
		err := view(s.tx.store.db, s.tx.key, func(value []byte) error {
			counts, err := decodeCounts(value)
			h.Counts = *counts
			return err
		})
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	if !h.dirty {
		h.dirty = true
		s.tx.dirtyCounts = append(s.tx.dirtyCounts, h)
	}
	return &h.Counts, nil
}
