package state

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"tributary/identity"
	"tributary/ingest/stream"
)

// Stale names a profile whose row in ClickHouse is to be written anew, and the place that the row
// will stand at.
type Stale struct {
	Workspace string
	Profile   identity.ProfileID
	Position  stream.Position
	Ordinal   uint32
	Since     time.Time // when it became so; the zero time after a restart
}

type staleID struct {
	workspace string
	profile   identity.ProfileID
}

// staleSet is all profiles that wait for one thing, to be published or to be judged, oldest first. They are
// in the database too, so that a crash forgets none.
type staleSet struct {
	kind    byte    // of their keys
	queue   []Stale // as of the last commit
	waiting map[staleID]struct{}
	added   []Stale // in this step
	taken   int     // from the front of queue, in this step
}

func (s *staleSet) load(db *pebble.DB, kind byte) error {
	s.kind, s.waiting = kind, map[staleID]struct{}{}
	err := scan(db, []byte{kind}, func(key, value []byte) error {
		d := decoder{data: key[1:]}
		workspace := d.string()
		if len(value) != staleSize {
			return fmt.Errorf("%w: stale profile", ErrCorrupt)
		}
		s.queue = append(s.queue, Stale{
			Workspace: workspace, Profile: lastID(key),
			Position: stream.Position{
				Partition: stream.Partition(binary.BigEndian.Uint32(value)), Offset: binary.BigEndian.Uint64(value[4:]),
			},
			Ordinal: binary.BigEndian.Uint32(value[12:]),
		})
		return nil
	})
	for _, x := range s.queue {
		s.waiting[staleID{x.Workspace, x.Profile}] = struct{}{}
	}
	return err
}

const staleSize = 4 + 8 + 4

func (s *staleSet) commit() {
	for _, x := range s.queue[:s.taken] {
		delete(s.waiting, staleID{x.Workspace, x.Profile})
	}
	s.queue = append(s.queue[s.taken:], s.added...)
	s.added, s.taken = s.added[:0], 0
}

func (s *staleSet) abort() {
	for _, x := range s.added {
		delete(s.waiting, staleID{x.Workspace, x.Profile})
	}
	s.added, s.taken = s.added[:0], 0
}

// IsStale says whether the profile's row is already to be written anew.
func (s *Space) IsStale(profile identity.ProfileID) bool {
	_, stale := s.tx.stale.waiting[staleID{s.name, profile}]
	return stale
}

// MarkStale says that the row of a profile that IsStale not is to be written anew, at the given
// place.
func (s *Space) MarkStale(profile identity.ProfileID, at stream.Position, ordinal uint32, now time.Time) error {
	return s.mark(&s.tx.stale, profile, at, ordinal, now)
}

// MarkJudge says that a profile is to be judged, by a record at the given place.
func (s *Space) MarkJudge(profile identity.ProfileID, at stream.Position, now time.Time) error {
	if _, waits := s.tx.judge.waiting[staleID{s.name, profile}]; waits {
		return nil
	}
	return s.mark(&s.tx.judge, profile, at, 0, now)
}

func (s *Space) mark(set *staleSet, profile identity.ProfileID, at stream.Position, ordinal uint32, now time.Time) error {
	t := s.tx
	set.waiting[staleID{s.name, profile}] = struct{}{}
	set.added = append(set.added, Stale{Workspace: s.name, Profile: profile, Position: at, Ordinal: ordinal, Since: now})
	t.key = s.idKey(t.key, set.kind, profile)
	t.value = binary.BigEndian.AppendUint32(t.value[:0], uint32(at.Partition))
	t.value = binary.BigEndian.AppendUint64(t.value, at.Offset)
	t.value = binary.BigEndian.AppendUint32(t.value, ordinal)
	return t.set(t.key, t.value)
}

// OldestStale is since when the oldest profile is stale; false if none is.
func (t *Tx) OldestStale() (time.Time, bool) { return t.stale.oldest() }

// OldestJudge is since when the oldest profile waits to be judged; false if none does.
func (t *Tx) OldestJudge() (time.Time, bool) { return t.judge.oldest() }

func (s *staleSet) oldest() (time.Time, bool) {
	if q := s.queue[s.taken:]; len(q) > 0 {
		return q[0].Since, true
	}
	return time.Time{}, false
}

// TakeStale takes up to n profiles that have been stale since before the given time, oldest first.
// They are stale no more once the step commits.
func (t *Tx) TakeStale(before time.Time, n int) ([]Stale, error) { return t.take(&t.stale, before, n) }

// TakeJudge takes up to n profiles that have waited to be judged since before the given time, oldest first.
func (t *Tx) TakeJudge(before time.Time, n int) ([]Stale, error) { return t.take(&t.judge, before, n) }

// Judging is how many profiles wait to be judged.
func (t *Tx) Judging() int { return len(t.judge.queue) + len(t.judge.added) - t.judge.taken }

func (t *Tx) take(set *staleSet, before time.Time, n int) ([]Stale, error) {
	queue := set.queue[set.taken:]
	n = min(n, len(queue))
	for i := range queue[:n] {
		if queue[i].Since.After(before) {
			n = i
			break
		}
		key := newSpace(queue[i].Workspace).idKey(nil, set.kind, queue[i].Profile)
		if err := t.delete(key); err != nil {
			return nil, err
		}
	}
	set.taken += n
	return queue[:n], nil
}

// Stale is how many profiles wait for their row.
func (t *Tx) Stale() int { return len(t.stale.queue) + len(t.stale.added) - t.stale.taken }

// Published is what the last row of a profile was: its version, and a hash of what it said. Version
// 0: there was none.
type Published struct{ Version, Content uint64 }

// Published returns what the last row of a profile was.
func (s *Space) Published(profile identity.ProfileID) (p Published, err error) {
	if s.tx.forgotten[spaceID{s.number, profile}] {
		return p, nil
	}
	_, err = s.tx.at.view(s.idKey(s.tx.key, kindPublished, profile), func(value []byte) error {
		if len(value) != 16 {
			return fmt.Errorf("%w: published profile", ErrCorrupt)
		}
		p.Version, p.Content = binary.BigEndian.Uint64(value), binary.BigEndian.Uint64(value[8:])
		return nil
	})
	return p, err
}

// Publish notes what the row says that this step writes. A step publishes a profile once.
func (s *Space) Publish(profile identity.ProfileID, p Published) error {
	t := s.tx
	t.key = s.idKey(t.key, kindPublished, profile)
	t.value = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(t.value[:0], p.Version), p.Content)
	return t.set(t.key, t.value)
}
