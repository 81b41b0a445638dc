package state

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
)

// codecVersion is the first byte of every encoded value that is more than a number, an id or a set of
// numbers. Raise it when a layout changes, and keep reading the older one.
const codecVersion = 1

// Observed is an observation as it is stored.
type Observed struct {
	identity.Observation
	// Stated is the version of the source record that the observation states now; zero for a
	// stream observation.
	Stated Version
	// Collided: another observation of the workspace has the same 64-bit key. Both are kept out
	// of the index, and so of merging, for what ClickHouse looks up by that key must be one thing.
	Collided bool
}

// facts is the observation as the identity engine sees it.
func (o *Observed) facts() *identity.Observation {
	if !o.Collided {
		return &o.Observation
	}
	bare := o.Observation
	bare.Identifiers, bare.Attributes = nil, nil
	return &bare
}

// Version orders the versions of a source record (event.Record): by Version, then At, then
// MessageID.
type Version struct {
	Version   string
	At        int64 // corrected time, Unix milliseconds
	MessageID string
}

func (o *Observed) append(b []byte) []byte {
	b = append(b, codecVersion, bit(o.Collided))
	b = binary.AppendVarint(b, o.FirstReceived.UnixMilli())
	b = binary.AppendVarint(b, o.FirstSeen.UnixMilli())
	for _, s := range [...]string{o.Source, o.RecordID, o.Session, o.Stated.Version, o.Stated.MessageID} {
		b = appendString(b, s)
	}
	b = binary.AppendVarint(b, o.Stated.At)
	b = binary.AppendUvarint(b, uint64(len(o.Identifiers)))
	for _, i := range o.Identifiers {
		b = appendString(appendString(b, i.Type), i.Value)
	}
	b = binary.AppendUvarint(b, uint64(len(o.Attributes)))
	for _, a := range o.Attributes {
		b = appendString(appendString(b, a.Name), a.Value)
	}
	return b
}

func decodeObserved(workspace string, id identity.ObservationID, data []byte) (*Observed, error) {
	d := newDecoder(data)
	d.text = string(d.data)
	o := &Observed{Collided: d.byte() == 1}
	o.ID, o.Workspace = id, workspace
	o.FirstReceived = time.UnixMilli(d.varint()).UTC()
	o.FirstSeen = time.UnixMilli(d.varint()).UTC()
	for _, s := range [...]*string{&o.Source, &o.RecordID, &o.Session, &o.Stated.Version, &o.Stated.MessageID} {
		*s = d.string()
	}
	o.Stated.At = d.varint()
	if n := d.count(2); n > 0 {
		o.Identifiers = make([]identity.Identifier, n)
	}
	for i := range o.Identifiers {
		o.Identifiers[i] = identity.Identifier{Type: d.string(), Value: d.string()}
	}
	if n := d.count(2); n > 0 {
		o.Attributes = make([]identity.Attribute, n)
	}
	for i := range o.Attributes {
		o.Attributes[i] = identity.Attribute{Name: d.string(), Value: d.string()}
	}
	return o, d.end("observation")
}

var standings = [...]identity.Standing{identity.StandingFounder, identity.StandingMember, identity.StandingUnassigned}

func appendAssignment(b []byte, a *identity.Assignment) []byte {
	b = append(b, codecVersion)
	b = append(b, a.Profile[:]...)
	standing := byte(len(standings))
	for i, s := range standings {
		if s == a.Standing {
			standing = byte(i)
		}
	}
	b = append(b, standing)
	b = binary.AppendUvarint(b, uint64(len(a.Candidates)))
	for _, c := range a.Candidates {
		b = append(b, c[:]...)
	}
	b = appendString(appendString(b, a.Reason.Rule), a.Reason.IdentifierType)
	b = append(b, a.Reason.Peer[:]...)
	return binary.AppendVarint(b, int64(a.Reason.Score))
}

func decodeAssignment(id identity.ObservationID, data []byte) (identity.Assignment, error) {
	d := newDecoder(data)
	a := identity.Assignment{Observation: id, Profile: d.id()}
	if n := int(d.byte()); n < len(standings) {
		a.Standing = standings[n]
	} else {
		d.fail()
	}
	for range d.count(len(id)) {
		a.Candidates = append(a.Candidates, d.id())
	}
	a.Reason.Rule, a.Reason.IdentifierType = d.string(), d.string()
	a.Reason.Peer = d.id()
	score := d.varint()
	if a.Reason.Score = identity.Bits(score); int64(a.Reason.Score) != score {
		d.fail()
	}
	return a, d.end("assignment")
}

// Stamp orders what people decide about the same thing: the greater wins, so that the outcome
// does not hang on the order in which commands are applied.
type Stamp struct {
	At        time.Time // when the command was received
	MessageID string
}

// Before says whether s was superseded by t.
func (s Stamp) Before(t Stamp) bool {
	if a, b := s.At.UnixMilli(), t.At.UnixMilli(); a != b {
		return a < b
	}
	return s.MessageID < t.MessageID
}

// stamped is a decision with its stamp: a verdict, a block, a document; empty when taken back.
type stamped struct {
	Stamp
	value []byte
}

func (s stamped) encode() []byte {
	b := []byte{codecVersion}
	b = binary.AppendVarint(b, s.At.UnixMilli())
	return append(appendString(b, s.MessageID), s.value...)
}

// decodeStamped keeps a reference to data.
func decodeStamped(data []byte) (stamped, error) {
	d := newDecoder(data)
	s := stamped{Stamp: Stamp{At: time.UnixMilli(d.varint()).UTC(), MessageID: d.string()}}
	s.value, d.data = d.data, nil
	return s, d.end("decision")
}

// decoder takes values off the front of data; after the first fault it yields zeros.
type decoder struct {
	data   []byte
	text   string // a copy of data as it was, if all strings are to share it; else each is a copy of its own
	failed bool
}

func newDecoder(data []byte) *decoder {
	if len(data) == 0 || data[0] != codecVersion {
		return &decoder{failed: true}
	}
	return &decoder{data: data[1:]}
}

func (d *decoder) fail() { d.failed, d.data = true, nil }

func (d *decoder) end(what string) error {
	if d.failed || len(d.data) > 0 {
		return fmt.Errorf("%w: %s", ErrCorrupt, what)
	}
	return nil
}

func (d *decoder) take(n int) []byte {
	if n > len(d.data) {
		d.fail()
		return nil
	}
	b := d.data[:n]
	d.data = d.data[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.data)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.data = d.data[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.data)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.data = d.data[n:]
	return v
}

// count reads how many things of at least size bytes each follow.
func (d *decoder) count(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.data)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > math.MaxInt32 {
		d.fail()
		return ""
	}
	if d.text == "" {
		return string(d.take(int(n)))
	}
	rest := d.text[len(d.text)-len(d.data):]
	return rest[:len(d.take(int(n)))]
}

func (d *decoder) id() uuid.UUID {
	var id uuid.UUID
	copy(id[:], d.take(len(id)))
	return id
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}
