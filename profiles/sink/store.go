package sink

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
)

var (
	// ErrRefused is wrapped by Store.Insert's error when the engine will refuse the same rows
	// for ever, because of what they hold.
	ErrRefused = errors.New("sink: rows refused for ever")
	// ErrOverload is wrapped by Store.Insert's error when fewer rows may be taken.
	ErrOverload = errors.New("sink: store is overloaded")
)

// Store is what the sink needs of the analytics store. It is used by several goroutines at once.
type Store interface {
	// Insert sends the block as one statement of its query id. It returns nil only if all rows
	// are there to be queried, and on disk. After any error, any of the rows may be there or
	// still arrive, until Kill has returned nil for the query id. stream.ErrFenced: another sender has
	// taken over, and nothing is there.
	Insert(ctx context.Context, block Block) error
	// Kill ends the statement of that id, and returns nil once there is certainly none and none
	// that was on its way can begin any more. The id is not used again.
	Kill(ctx context.Context, queryID string) error
	// Present returns the keys of all rows of the table within the ranges.
	Present(ctx context.Context, table outbox.Table, ranges []Range) ([]Key, error)
	// Reach returns the last event row of each partition that has one at or beyond its offset in from.
	Reach(ctx context.Context, from outbox.Offsets) ([]Reached, error)
	// Fence makes the sender one of an epoch: when it returns, nothing that an earlier one sent is under
	// way, and nothing it still sends gets in. It returns stream.ErrFenced if there is a later one.
	Fence(ctx context.Context, epoch uint32) error
	// Forget empties the tables of all rows that are made from the log.
	Forget(ctx context.Context) error
	// ReloadIdentityMap makes the identity_map dictionary as new as its table.
	ReloadIdentityMap(ctx context.Context) error
}

// Reached is the last event row of a partition.
type Reached struct {
	stream.Position
	MessageID string
}

// Key names a row over all tables.
type Key struct {
	stream.Position
	Ordinal uint32
}

// Range is the span of log offsets First..Last, both included, in one partition.
type Range struct {
	Partition   stream.Partition
	First, Last uint64
}

// Row is one row. Value is a pointer to the struct of its table in sql/store.
type Row struct {
	Key
	Value any
	seq   uint64
	// partition tells the rows apart that go to different partitions of their table.
	partition uint32
}

// Block is what one insert statement sends: rows of one table.
type Block struct {
	Table   outbox.Table
	QueryID string
	Rows    []Row
}

// maxRanges limits the condition of one look at the store.
const maxRanges = 256

// rangesOf covers the keys by at most maxRanges ranges per partition, neighbours joined as long as
// the offsets between them are few.
func rangesOf(keys []Key) []Range {
	places := make([]stream.Position, len(keys))
	for i, k := range keys {
		places[i] = k.Position
	}
	slices.SortFunc(places, func(a, b stream.Position) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	for gap := uint64(16); ; gap *= 4 {
		ranges := join(places, gap)
		if len(ranges) <= maxRanges || gap > 1<<60 {
			return ranges
		}
	}
}

func join(sorted []stream.Position, gap uint64) []Range {
	var ranges []Range
	for _, p := range sorted {
		if n := len(ranges); n > 0 && ranges[n-1].Partition == p.Partition && p.Offset-ranges[n-1].Last <= gap {
			ranges[n-1].Last = p.Offset
			continue
		}
		ranges = append(ranges, Range{Partition: p.Partition, First: p.Offset, Last: p.Offset})
	}
	return ranges
}
