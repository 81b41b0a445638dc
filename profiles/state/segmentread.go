package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"tributary/identity"
	"tributary/profiles/computed"
)

// ErrFeed is returned for a place in a feed that is no more, or was never: the feed is that of another
// state, or what followed is no longer kept.
var ErrFeed = errors.New("state: no such place in the feed of changes")

func iterOf(prefix []byte) *pebble.IterOptions {
	return &pebble.IterOptions{LowerBound: prefix, UpperBound: after(prefix)}
}

// Clock returns the workspace's clock.
func (h *Snapshot) Clock() (time.Time, error) {
	value, err := get(h.db, h.space.key(nil, kindClock))
	if err != nil {
		return time.Time{}, wrapRead("clock", err)
	}
	c, err := readClock(value)
	return c.Time(), err
}

// KeptValues merges the values of an observation under a generation of definitions into v.
func (h *Snapshot) KeptValues(generation uint32, id identity.ObservationID, v *computed.Values) error {
	_, err := h.view(h.valuesKey(nil, generation, id), mergeInto(v))
	return wrapRead("computed values", err)
}

// Standing returns what was found about a profile when it was judged last.
func (h *Snapshot) Standing(profile identity.ProfileID) (Standing, error) {
	value, err := get(h.db, h.idKey(nil, kindStanding, profile))
	if err != nil {
		return Standing{}, wrapRead("memberships", err)
	}
	return decodeStanding(value)
}

// SegmentMember is a profile of a segment.
type SegmentMember struct {
	Profile identity.ProfileID
	Since   time.Time
}

// SegmentMembers lists up to limit profiles of a segment, ascending, those after the given one.
func (h *Snapshot) SegmentMembers(segment string, after identity.ProfileID, limit int) ([]SegmentMember, error) {
	prefix := appendString(h.space.key(nil, kindIn), segment)
	var members []SegmentMember
	from := append(append([]byte{}, prefix...), after[:]...)
	err := scanRange(h.db, append(from, 0), upTo(prefix), func(key, value []byte) error {
		if len(members) == limit {
			return errStop
		}
		since, n := binary.Varint(value)
		if n <= 0 {
			return fmt.Errorf("%w: member of a segment", ErrCorrupt)
		}
		members = append(members, SegmentMember{lastID(key), time.UnixMilli(since).UTC()})
		return nil
	})
	return members, wrapRead("members of a segment", err)
}

// CountMembers returns how many profiles are in a segment.
func (h *Snapshot) CountMembers(segment string) (uint64, error) {
	value, err := get(h.db, h.membersKey(segment))
	n, _ := binary.Uvarint(value) // 0 of none
	return n, wrapRead("members of a segment", err)
}

// upTo is after, for where the word is taken.
func upTo(prefix []byte) []byte { return after(prefix) }

// FeedPlace is a place in the feed of changes: behind the change of that number.
type FeedPlace struct {
	Feed   uint64 // which feed; 0: there was none yet
	Number uint64
}

// FeedEnd is the place behind the newest change.
func (h *Snapshot) FeedEnd() (FeedPlace, error) {
	value, err := get(h.db, h.space.key(nil, kindFeed))
	if err != nil {
		return FeedPlace{}, wrapRead("feed", err)
	}
	head, err := readFeedHead(value)
	return FeedPlace{head.id, head.last}, err
}

// SegmentChanges lists up to limit changes of a segment behind a place, ascending, and the place behind the
// last of them. It fails with ErrFeed if it cannot tell all of them. What it tells is told once: it is
// durable, so no crash takes it back, if the caller has the store synced after it took the snapshot.
func (h *Snapshot) SegmentChanges(segment string, behind FeedPlace, limit int) ([]Change, FeedPlace, error) {
	end, err := h.FeedEnd()
	if err != nil {
		return nil, behind, err
	}
	kept := end.Number - min(end.Number, maxFeed)
	if behind.Feed != end.Feed && behind != (FeedPlace{}) || behind.Number > end.Number || behind.Number < kept {
		return nil, behind, ErrFeed
	}
	var changes []Change
	err = scanRange(h.db, h.changeKey(segment, behind.Number+1), h.changeKey(segment, ^uint64(0)), func(key, value []byte) error {
		if len(changes) == limit {
			return errStop
		}
		c, err := decodeChange(segment, key, value)
		changes = append(changes, c)
		return err
	})
	if len(changes) == limit && limit > 0 {
		end.Number = changes[limit-1].Number
	}
	return changes, end, wrapRead("changes of a segment", err)
}

// Judging says whether any profile waits to be judged, or for a time that has come.
func (h *Snapshot) Judging() (bool, error) {
	waits, err := hasAny(h.db, h.space.key(nil, kindJudge))
	if waits || err != nil {
		return true, wrapRead("profiles to judge", err)
	}
	clock, err := h.Clock()
	if err != nil {
		return true, err
	}
	prefix := h.space.key(nil, kindDue)
	err = scan(h.db, prefix, func(key, _ []byte) error {
		waits = int64(binary.BigEndian.Uint64(key[len(prefix):])) <= clock.UnixMilli()
		return errStop
	})
	return waits, wrapRead("due profiles", err)
}
