// Package live is the feed of changes of a workspace: what a listener is told about, in the order in which it
// became so. An entry has ids and names of kinds, never a value of a customer's; who wants to know more asks.
//
// The state numbers and keeps the entries, in the batch of the change (profiles/state); Hub hands them to
// listeners.
package live

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
)

// Kind says what changed.
type Kind string

// The kinds, beside the names of what agents write: commitment.*, handoff.* and note.added.
const (
	ProfileChanged Kind = "profile.changed" // something more is known of an observation
	IdentityMerged Kind = "identity.merged" // a profile is part of another now
	IdentitySplit  Kind = "identity.split"  // a profile is apart from another now
	// IdentityVersion: who is who changed, of anybody.
	IdentityVersion    Kind = "identity.version"
	SegmentEntered     Kind = "segment.entered"
	SegmentLeft        Kind = "segment.left"
	ConsentChanged     Kind = "consent.changed"
	Erased             Kind = "erased"
	DefinitionsChanged Kind = "definitions.changed"
	PolicyChanged      Kind = "policy.changed"
)

// kinds are stored by their place in this list: it only grows, at the end.
var kinds = []Kind{
	ProfileChanged, IdentityMerged, IdentitySplit, IdentityVersion, SegmentEntered, SegmentLeft, ConsentChanged, Erased,
	DefinitionsChanged, PolicyChanged,
	event.NameCommitmentProposed, event.NameCommitmentMade, event.NameCommitmentKept, event.NameCommitmentBroken, event.NameCommitmentWithdrawn,
	event.NameHandoffOffered, event.NameHandoffAccepted, event.NameHandoffExtended, event.NameHandoffRead, event.NameHandoffReturned, event.NameHandoffReleased,
	event.NameNoteAdded,
}

var codes = func() map[Kind]byte {
	m := make(map[Kind]byte, len(kinds))
	for i, k := range kinds {
		m[k] = byte(i)
	}
	return m
}()

// Kinds lists all kinds.
func Kinds() []Kind { return slices.Clone(kinds) }

// KindOf returns the kind of an event that an agent wrote; false: its name is none.
func KindOf(name string) (Kind, bool) {
	code, known := codes[Kind(name)]
	return Kind(name), known && code > codes[PolicyChanged]
}

// Agents says whether it is the name of what an agent wrote.
func (k Kind) Agents() bool {
	_, is := KindOf(string(k))
	return is
}

// Coalesced says whether entries of that kind say nothing but that something changed: a step tells it once of each
// observation.
func (k Kind) Coalesced() bool {
	return k == ProfileChanged || k == ConsentChanged || k == DefinitionsChanged || k == PolicyChanged
}

// Entry is one change. Which fields there are hangs on its kind.
type Entry struct {
	Number uint64 // ascending within a feed, with gaps where somebody was erased
	Kind   Kind
	At     time.Time // the workspace's clock when it became so, to the millisecond
	// Observation is whom it concerns: of a profile its founding one. Zero: nobody alone.
	Observation identity.ObservationID
	// Peer is the founding observation of the other profile: the one that Observation is part of now, or
	// that it was part of. Zero where that one is erased.
	Peer identity.ObservationID
	// From and To are versions of who is who: of IdentityVersion both, of a merger or split To alone.
	From, To uint64
	// Ref is the segment's name, or the id of the hand-off, commitment or erasure.
	Ref string
}

// ErrCorrupt is returned for an entry that cannot be read back.
var ErrCorrupt = errors.New("live: corrupt entry")

const codecVersion = 1

// Flags of an encoded entry: which fields follow.
const (
	hasObservation = 1 << iota
	hasPeer
	hasVersions
)

// Append appends the entry to b without its number, which is in its key.
func (e *Entry) Append(b []byte) []byte {
	var flags byte
	if e.Observation != uuid.Nil {
		flags |= hasObservation
	}
	if e.Peer != uuid.Nil {
		flags |= hasPeer
	}
	if e.From != 0 || e.To != 0 {
		flags |= hasVersions
	}
	b = append(b, codecVersion, codes[e.Kind], flags)
	b = binary.AppendVarint(b, e.At.UnixMilli())
	if flags&hasObservation != 0 {
		b = append(b, e.Observation[:]...)
	}
	if flags&hasPeer != 0 {
		b = append(b, e.Peer[:]...)
	}
	if flags&hasVersions != 0 {
		b = binary.AppendUvarint(binary.AppendUvarint(b, e.From), e.To)
	}
	return append(b, e.Ref...)
}

// Decode reads the entry of a number. It shares no memory with data.
func Decode(number uint64, data []byte) (e Entry, err error) {
	if len(data) < 3 || data[0] != codecVersion || int(data[1]) >= len(kinds) || data[2] >= hasVersions<<1 {
		return e, ErrCorrupt
	}
	e.Number, e.Kind = number, kinds[data[1]]
	flags, rest, ok := data[2], data[3:], true
	milli, n := binary.Varint(rest)
	if n <= 0 {
		return e, ErrCorrupt
	}
	e.At, rest = time.UnixMilli(milli).UTC(), rest[n:]
	id := func(has byte) (id uuid.UUID) {
		if flags&has != 0 {
			ok = ok && len(rest) >= len(id)
			rest = rest[copy(id[:], rest):]
		}
		return id
	}
	version := func() uint64 {
		if flags&hasVersions == 0 {
			return 0
		}
		v, n := binary.Uvarint(rest)
		ok = ok && n > 0
		rest = rest[max(n, 0):]
		return v
	}
	e.Observation, e.Peer = id(hasObservation), id(hasPeer)
	e.From, e.To = version(), version()
	if !ok {
		return Entry{}, ErrCorrupt
	}
	e.Ref = string(rest)
	return e, nil
}

// Place is a place in a feed: behind the entry of that number. Its text is the id of a Server-Sent Event.
type Place struct {
	Feed   uint64 // which feed: a state that is made again has another
	Number uint64
}

// String returns "<feed>-<number>".
func (p Place) String() string { return string(p.Append(nil)) }

// Append appends what String returns to b.
func (p Place) Append(b []byte) []byte {
	b = hex.AppendEncode(b, binary.BigEndian.AppendUint64(nil, p.Feed))
	return strconv.AppendUint(append(b, '-'), p.Number, 10)
}

// ParsePlace reads what String returned.
func ParsePlace(text string) (p Place, err error) {
	feed, number, ok := strings.Cut(text, "-")
	if !ok || len(feed) != 16 {
		return p, errors.New("live: a place is <feed>-<number>")
	}
	p.Feed, err = strconv.ParseUint(feed, 16, 64)
	if err == nil {
		p.Number, err = strconv.ParseUint(number, 10, 64)
	}
	if err != nil || p.String() != text {
		return Place{}, errors.New("live: a place is <feed>-<number>")
	}
	return p, nil
}

// Head says which entries a feed holds: those from First to Last, of which some may be gone.
type Head struct{ Feed, First, Last uint64 }

// Told is an entry as it is told: with whose it is now.
type Told struct {
	Entry
	// Profile is the profile that Observation belongs to; zero where it is nobody's.
	Profile identity.ProfileID

	cache sync.Map
}

// Cached returns what encode returned for a key at first: what listeners with the same rights are told is encoded
// once for all of them.
func Cached[K comparable, V any](t *Told, key K, encode func() (V, error)) (V, error) {
	if v, ok := t.cache.Load(key); ok {
		return v.(V), nil
	}
	v, err := encode()
	if err == nil {
		t.cache.Store(key, v)
	}
	return v, err
}

// Page is a run of entries behind a place.
type Page struct {
	Entries []*Told // ascending; those of people who are restricted, and of the erased, are left out
	// Through is the number up to which these are all.
	Through uint64
	// Missed is the greatest number behind the place that is no longer held; 0: none is missing.
	Missed uint64
	// Lagging: the place was further behind than what listeners share.
	Lagging bool
}
