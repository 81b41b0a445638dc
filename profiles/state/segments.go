package state

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"tributary/identity"
)

// Who is in which segment, as it was judged last; when that is to be judged again by time alone; and the
// feed of what changed.

// Membership says that a profile is in a segment.
type Membership struct {
	Segment string
	Since   time.Time // of the workspace's clock
}

// Standing is what was found about a profile when it was judged last.
type Standing struct {
	Memberships []Membership // ascending by segment
	// Due is when time alone may change it; zero: never.
	Due time.Time
}

func (s *Standing) append(b []byte) []byte {
	b = append(b, codecVersion)
	b = binary.AppendVarint(b, milliOf(s.Due))
	b = binary.AppendUvarint(b, uint64(len(s.Memberships)))
	for _, m := range s.Memberships {
		b = binary.AppendVarint(appendString(b, m.Segment), m.Since.UnixMilli())
	}
	return b
}

// decodeStanding reads what append made. The names share one copy of data.
func decodeStanding(data []byte) (s Standing, err error) {
	if data == nil {
		return s, nil
	}
	d, all := newDecoder(data), string(data)
	if due := d.varint(); due != 0 {
		s.Due = time.UnixMilli(due).UTC()
	}
	s.Memberships = make([]Membership, d.count(2))
	for i := range s.Memberships {
		n := len(d.take(d.count(1)))
		end := len(all) - len(d.data)
		s.Memberships[i] = Membership{all[end-n : end], time.UnixMilli(d.varint()).UTC()}
	}
	return s, d.end("memberships")
}

func milliOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Standing returns what was found about a profile when it was judged last.
func (s *Space) Standing(profile identity.ProfileID) (Standing, error) {
	value, err := s.tx.read(s.idKey(s.tx.key, kindStanding, profile))
	if err != nil {
		return Standing{}, wrapRead("memberships", err)
	}
	return decodeStanding(value)
}

// SetStanding stores what was found about a profile, in place of was, and lists it under what it is in. It
// returns the changes, which get their numbers in the feed.
func (s *Space) SetStanding(profile identity.ProfileID, was, now *Standing, at time.Time) ([]Change, error) {
	changes := now.since(was, profile, at)
	if err := s.feed(changes); err != nil {
		return nil, err
	}
	for i := range changes {
		if err := s.count(&changes[i]); err != nil {
			return nil, err
		}
	}
	s.reschedule(profile, was.Due, now.Due)
	if len(changes) == 0 && was.Due.Equal(now.Due) {
		return nil, nil
	}
	key := s.idKey(nil, kindStanding, profile)
	if len(now.Memberships) == 0 && now.Due.IsZero() {
		s.tx.write(key, nil)
	} else {
		s.tx.write(key, now.append(nil))
	}
	return changes, nil
}

// since lists what is different from was: exits and entries, ascending by segment.
func (s *Standing) since(was *Standing, profile identity.ProfileID, at time.Time) (changes []Change) {
	old, now := was.Memberships, s.Memberships
	for len(old) > 0 || len(now) > 0 {
		var order int
		switch {
		case len(old) == 0:
			order = 1
		case len(now) == 0:
			order = -1
		default:
			order = strings.Compare(old[0].Segment, now[0].Segment)
		}
		if order < 0 {
			changes = append(changes, Change{Segment: old[0].Segment, Profile: profile, At: at})
		}
		if order > 0 {
			changes = append(changes, Change{Segment: now[0].Segment, Profile: profile, Entered: true, At: at})
		}
		if order <= 0 {
			old = old[1:]
		}
		if order >= 0 {
			now = now[1:]
		}
	}
	return changes
}

func (s *Space) reschedule(profile identity.ProfileID, was, now time.Time) {
	if was.Equal(now) {
		return
	}
	if !was.IsZero() {
		s.tx.write(s.dueKey(was.UnixMilli(), profile), nil)
	}
	if !now.IsZero() {
		s.tx.write(s.dueKey(now.UnixMilli(), profile), []byte{})
		if s.due == 0 || now.UnixMilli() < s.due {
			s.due = now.UnixMilli()
		}
	}
}

// IsDue says whether the clock has reached what a profile waits for; it may say so too often.
func (s *Space) IsDue() bool { return s.due != 0 && s.due <= s.clock.Milli }

// TakeDue returns up to n profiles that the clock has reached, and takes them off the list: the caller
// marks them to be judged. It is asked before this step judges any.
func (s *Space) TakeDue(n int) (profiles []identity.ProfileID, err error) {
	prefix := s.key(nil, kindDue)
	s.due = 0
	err = scan(s.tx.store.db, prefix, func(key, _ []byte) error {
		milli := int64(binary.BigEndian.Uint64(key[len(prefix):]))
		if milli > s.clock.Milli || len(profiles) == n {
			s.due = milli
			return errStop
		}
		profiles = append(profiles, lastID(key))
		s.tx.write(bytes.Clone(key), nil)
		return nil
	})
	return profiles, wrapRead("due profiles", err)
}

// Due lists the workspaces in which a profile waits for a time that has come.
func (s *Store) Due(now time.Time) ([]string, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	var names []string
	it, err := s.db.NewIter(iterOf([]byte{kindDue}))
	if err != nil {
		return nil, wrapRead("due profiles", err)
	}
	for valid := it.First(); valid; {
		d := decoder{data: it.Key()[1:]}
		name := d.string()
		if len(d.data) >= 8 && int64(binary.BigEndian.Uint64(d.data)) <= now.UnixMilli() {
			names = append(names, name)
		}
		valid = it.SeekGE(after(newSpace(name).key(nil, kindDue)))
	}
	return names, wrapRead("due profiles", it.Close())
}

// Change is one entry of the feed: a profile that entered a segment, or left it.
type Change struct {
	Number  uint64 // ascending within the workspace
	Segment string
	Profile identity.ProfileID
	Entered bool
	At      time.Time // of the workspace's clock
}

// maxFeed is how many of the newest changes of a workspace are kept in the feed; more are until it is trimmed.
const (
	maxFeed   = 1_000_000
	trimEvery = 4096 // changes
)

// feedHead says which feed it is, and how many changes it ever had. A state that is made again has another.
type feedHead struct {
	id   uint64
	last uint64
}

func readFeedHead(value []byte) (h feedHead, err error) {
	if value == nil {
		return h, nil
	}
	if len(value) != 16 {
		return h, fmt.Errorf("%w: feed", ErrCorrupt)
	}
	return feedHead{binary.BigEndian.Uint64(value), binary.BigEndian.Uint64(value[8:])}, nil
}

// LastChange is the number of the newest change of the workspace; 0: there was none.
func (s *Space) LastChange() (uint64, error) {
	value, err := s.tx.read(s.key(nil, kindFeed))
	if err != nil {
		return 0, wrapRead("feed", err)
	}
	head, err := readFeedHead(value)
	return head.last, err
}

// feed appends changes to the feed, which numbers them.
func (s *Space) feed(changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	key := s.key(nil, kindFeed)
	value, err := s.tx.read(key)
	if err != nil {
		return wrapRead("feed", err)
	}
	head, err := readFeedHead(value)
	if err != nil {
		return err
	}
	for head.id == 0 {
		var id [8]byte
		_, _ = rand.Read(id[:]) // never fails
		head.id = binary.BigEndian.Uint64(id[:])
	}
	before := head.last
	for i := range changes {
		c := &changes[i]
		head.last++
		c.Number = head.last
		text := append(make([]byte, 0, 32), codecVersion, bit(c.Entered))
		text = binary.AppendVarint(text, c.At.UnixMilli())
		s.tx.write(s.changeKey(c.Segment, c.Number), append(text, c.Profile[:]...))
	}
	s.tx.write(key, binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, head.id), head.last))
	if head.last > maxFeed && head.last/trimEvery != before/trimEvery {
		return s.trimFeed(head.last - maxFeed)
	}
	return nil
}

// count lists a change's profile under its segment, or no more, and keeps how many are there.
func (s *Space) count(c *Change) error {
	key := s.membersKey(c.Segment)
	value, err := s.tx.read(key)
	if err != nil {
		return wrapRead("members of a segment", err)
	}
	n, _ := binary.Uvarint(value) // 0 of none
	if c.Entered {
		n++
		s.tx.write(s.inKey(c.Segment, c.Profile), binary.AppendVarint(nil, c.At.UnixMilli()))
	} else {
		n--
		s.tx.write(s.inKey(c.Segment, c.Profile), nil)
	}
	s.tx.write(key, binary.AppendUvarint(nil, n))
	return nil
}

// trimFeed forgets the changes of every segment up to a number.
func (s *Space) trimFeed(to uint64) error {
	it, err := s.tx.store.db.NewIter(iterOf(s.key(nil, kindChange)))
	if err != nil {
		return wrapRead("feed", err)
	}
	prefix := len(s.key(nil, kindChange))
	for valid := it.First(); valid; {
		d := decoder{data: it.Key()[prefix:]}
		name := d.string()
		if err := s.tx.batch.DeleteRange(s.changeKey(name, 0), s.changeKey(name, to+1), nil); err != nil {
			_ = it.Close()
			return err
		}
		valid = it.SeekGE(after(appendString(s.key(nil, kindChange), name)))
	}
	return wrapRead("feed", it.Close())
}

func (s space) inKey(segment string, profile identity.ProfileID) []byte {
	return append(appendString(s.key(nil, kindIn), segment), profile[:]...)
}

func (s space) membersKey(segment string) []byte {
	return appendString(s.key(nil, kindFeed), segment)
}

func (s space) dueKey(milli int64, profile identity.ProfileID) []byte {
	return append(binary.BigEndian.AppendUint64(s.key(nil, kindDue), uint64(milli)), profile[:]...)
}

func (s space) changeKey(segment string, number uint64) []byte {
	return binary.BigEndian.AppendUint64(appendString(s.key(nil, kindChange), segment), number)
}

func decodeChange(segment string, key, value []byte) (c Change, err error) {
	d := newDecoder(value)
	c = Change{Segment: segment, Number: binary.BigEndian.Uint64(key[len(key)-8:])}
	c.Entered = d.byte() == 1
	c.At = time.UnixMilli(d.varint()).UTC()
	c.Profile = d.id()
	return c, d.end("change of a segment")
}
