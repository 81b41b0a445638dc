package state

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

const day = 24 * time.Hour

// Counts is what became of the records of one source. Each applied event or rejected item is
// counted once in Received and in exactly one of the six after it:
//
//	Received = Stored + Duplicate + Quarantined + Suppressed + Erased
type Counts struct {
	Received    uint64
	Stored      uint64
	Duplicate   uint64
	Quarantined uint64
	Suppressed  uint64
	Erased      uint64
	// Conflict is how many of the duplicates had another payload than the first.
	Conflict uint64
	// Reasons splits Quarantined by reason.
	Reasons map[string]uint64
}

// Outcomes is the sum of all that can become of a record.
func (c *Counts) Outcomes() uint64 {
	return c.Stored + c.Duplicate + c.Quarantined + c.Suppressed + c.Erased
}

// Quarantine adds n, which may be -1, to what is quarantined for a reason.
func (c *Counts) Quarantine(reason string, n int) {
	if c.Reasons == nil {
		c.Reasons = map[string]uint64{}
	}
	c.Quarantined += uint64(n)
	if c.Reasons[reason] += uint64(n); c.Reasons[reason] == 0 {
		delete(c.Reasons, reason)
	}
}

// Add adds o to c.
func (c *Counts) Add(o *Counts) {
	c.Received += o.Received
	c.Stored += o.Stored
	c.Duplicate += o.Duplicate
	c.Quarantined += o.Quarantined
	c.Suppressed += o.Suppressed
	c.Erased += o.Erased
	c.Conflict += o.Conflict
	for reason, n := range o.Reasons {
		if c.Reasons == nil {
			c.Reasons = map[string]uint64{}
		}
		c.Reasons[reason] += n
	}
}

func (c *Counts) append(b []byte) []byte {
	b = append(b, codecVersion)
	for _, n := range [...]uint64{c.Received, c.Stored, c.Duplicate, c.Quarantined, c.Suppressed, c.Erased, c.Conflict} {
		b = binary.AppendUvarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(c.Reasons)))
	for _, reason := range slices.Sorted(maps.Keys(c.Reasons)) {
		b = binary.AppendUvarint(appendString(b, reason), c.Reasons[reason])
	}
	return b
}

func decodeCounts(data []byte) (*Counts, error) {
	d := newDecoder(data)
	c := new(Counts)
	for _, n := range [...]*uint64{&c.Received, &c.Stored, &c.Duplicate, &c.Quarantined, &c.Suppressed, &c.Erased, &c.Conflict} {
		*n = d.uvarint()
	}
	if n := d.count(2); n > 0 {
		c.Reasons = make(map[string]uint64, n)
		for range n {
			reason := d.string()
			c.Reasons[reason] = d.uvarint()
		}
	}
	return c, d.end("counts")
}

// Day is the number of the UTC day of t, counted from 1970-01-01.
func Day(t time.Time) uint32 { return uint32(max(0, t.Unix()) / int64(day/time.Second)) }

// DayCounts is what became of one source's records that were received on one UTC day.
type DayCounts struct {
	stream.SourceKey
	Day time.Time
	Counts
}

// Tally is how far the log is applied and what became of it, at one moment.
type Tally struct {
	Offsets map[stream.Partition]uint64 // next to apply
	Days    []DayCounts                 // by workspace, source and day
}

// Sources adds up the days.
func (t *Tally) Sources() map[stream.SourceKey]Counts {
	sums := map[stream.SourceKey]Counts{}
	for i := range t.Days {
		sum := sums[t.Days[i].SourceKey]
		sum.Add(&t.Days[i].Counts)
		sums[t.Days[i].SourceKey] = sum
	}
	return sums
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
		c := DayCounts{SourceKey: stream.SourceKey{Workspace: d.string(), Source: d.string()}}
		if number := d.take(4); number != nil {
			c.Day = time.Unix(int64(binary.BigEndian.Uint32(number))*int64(day/time.Second), 0).UTC()
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
