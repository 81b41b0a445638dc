package state

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

// Outcome is what can become of a received record.
type Outcome uint8

// The outcomes. Their numbers are in the stored form.
const (
	Stored Outcome = iota + 1
	Duplicate
	Quarantined
	Suppressed
	Erased
)

var outcomeNames = [...]string{"", "stored", "duplicate", "quarantined", "suppressed", "erased"}

// String returns the outcome's name, such as "stored".
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return ""
}

// Reason is why something became of a record; a machine name.
type Reason struct {
	Outcome Outcome
	Name    string
}

// The reasons of duplicates.
const (
	ReasonRepeat   = "repeat"   // the same once more
	ReasonConflict = "conflict" // the same message id with another payload: the first stands
)

// Counts is what became of records of one source. Each applied event or rejected item is counted
// once in Received and in exactly one of the outcomes:
//
//	Received = Stored + Duplicate + Quarantined + Suppressed + Erased
//
// Counts of disjoint sets of records add up (Add).
type Counts struct {
	Received    uint64
	Stored      uint64
	Duplicate   uint64
	Quarantined uint64
	Suppressed  uint64
	Erased      uint64
	// Reasons splits the outcomes that have reasons: those of one outcome add up to it.
	Reasons map[Reason]uint64
	// Last is when the newest of them was received, Unix milliseconds.
	Last int64
}

// Outcomes is the sum of all that can become of a record.
func (c *Counts) Outcomes() uint64 {
	return c.Stored + c.Duplicate + c.Quarantined + c.Suppressed + c.Erased
}

// Receive counts a record, of which one outcome is to be counted as well.
func (c *Counts) Receive(at time.Time) {
	c.Received++
	c.Last = max(c.Last, at.UnixMilli())
}

// Count adds n, which may be negative, to an outcome, for a reason; an empty one is none.
func (c *Counts) Count(o Outcome, reason string, n int) {
	switch o {
	case Stored:
		c.Stored += uint64(n)
	case Duplicate:
		c.Duplicate += uint64(n)
	case Quarantined:
		c.Quarantined += uint64(n)
	case Suppressed:
		c.Suppressed += uint64(n)
	case Erased:
		c.Erased += uint64(n)
	}
	if reason != "" {
		c.addReason(Reason{o, reason}, uint64(n))
	}
}

func (c *Counts) addReason(r Reason, n uint64) {
	if c.Reasons == nil {
		c.Reasons = map[Reason]uint64{}
	}
	if c.Reasons[r] += n; c.Reasons[r] == 0 {
		delete(c.Reasons, r)
	}
}

// Quarantine adds n, which may be -1, to what is quarantined for a reason.
func (c *Counts) Quarantine(reason string, n int) { c.Count(Quarantined, reason, n) }

// Of is how many records an outcome has for a reason.
func (c *Counts) Of(o Outcome, reason string) uint64 { return c.Reasons[Reason{o, reason}] }

// Add adds o to c.
func (c *Counts) Add(o *Counts) {
	c.Received += o.Received
	c.Stored += o.Stored
	c.Duplicate += o.Duplicate
	c.Quarantined += o.Quarantined
	c.Suppressed += o.Suppressed
	c.Erased += o.Erased
	c.Last = max(c.Last, o.Last)
	for r, n := range o.Reasons {
		c.addReason(r, n)
	}
}

func (c *Counts) numbers() [6]*uint64 {
	return [...]*uint64{&c.Received, &c.Stored, &c.Duplicate, &c.Quarantined, &c.Suppressed, &c.Erased}
}

func (c *Counts) append(b []byte) []byte {
	b = append(b, codecVersion)
	for _, n := range c.numbers() {
		b = binary.AppendUvarint(b, *n)
	}
	b = binary.AppendVarint(b, c.Last)
	b = binary.AppendUvarint(b, uint64(len(c.Reasons)))
	for _, r := range slices.SortedFunc(maps.Keys(c.Reasons), compareReasons) {
		b = binary.AppendUvarint(appendString(append(b, byte(r.Outcome)), r.Name), c.Reasons[r])
	}
	return b
}

func compareReasons(a, b Reason) int {
	return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Name, b.Name))
}

func decodeCounts(data []byte) (*Counts, error) {
	d := newDecoder(data)
	c := new(Counts)
	for _, n := range c.numbers() {
		*n = d.uvarint()
	}
	c.Last = d.varint()
	if n := d.count(3); n > 0 {
		c.Reasons = make(map[Reason]uint64, n)
		for range n {
			r := Reason{Outcome: Outcome(d.byte()), Name: d.string()}
			c.Reasons[r] = d.uvarint()
		}
	}
	return c, d.end("counts")
}

// DayCounts is what became of one source's records that were received on one UTC day.
type DayCounts struct {
	stream.SourceDay
	Counts
}

// Tally is how far the log is applied and what became of it, at one moment.
type Tally struct {
	Offsets map[stream.Partition]uint64 // next to apply
	Days    []DayCounts                 // by workspace, source and day
}

// Tally reads offsets and counts of all workspaces as one consistent view.
func (s *Store) Tally() (*Tally, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	snapshot := s.db.NewSnapshot()
	defer func() { _ = snapshot.Close() }()
	tally := new(Tally)
	var err error
	if tally.Offsets, err = readOffsets(snapshot); err == nil {
		tally.Days, err = readCounts(snapshot, []byte{kindCount})
	}
	if err != nil {
		return nil, fmt.Errorf("read tally: %w", err)
	}
	return tally, nil
}

// Counts reads the counts of one workspace.
func (s *Store) Counts(workspace string) ([]DayCounts, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	days, err := readCounts(s.db, newSpace(workspace).key(nil, kindCount))
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	return days, nil
}

func readCounts(r pebble.Reader, prefix []byte) ([]DayCounts, error) {
	var days []DayCounts
	err := scan(r, prefix, func(key, value []byte) error {
		d := decoder{data: key[1:]}
		c := DayCounts{}
		c.Workspace, c.Source = d.string(), d.string()
		if number := d.take(4); number != nil {
			c.Day = stream.Day(binary.BigEndian.Uint32(number))
		}
		counts, err := decodeCounts(value)
		if err == nil {
			c.Counts = *counts
			err = d.end("count key")
		}
		days = append(days, c)
		return err
	})
	return days, err
}
