// Package stream is the contract of the durable log. Everything that changes who is who, or what
// is kept of them, is a Record in it: events, and the commands that people and programs give.
//
// embedded/ implements it on Pebble for one machine, kafka/ on Apache Kafka; streamtest/ is the
// suite that both pass.
package stream

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrClosed is returned by every method after Close.
	ErrClosed = errors.New("stream: log is closed")
	// ErrTrimmed is returned when asked for offsets older than what the log still holds.
	ErrTrimmed = errors.New("stream: offset is older than the log keeps")
	// ErrFull is returned by Append when the disk's watermark for the record's lane is reached.
	// The caller may try again later; nothing of the batch was kept.
	ErrFull = errors.New("stream: no disk space for this lane")
	// ErrTooLarge is returned by Append when a record is larger than the log takes.
	ErrTooLarge = errors.New("stream: record is too large")
)

// Lane separates what people wait for from what may take its time, so that an import of years
// never delays an event of now.
type Lane uint8

// The lanes.
const (
	LaneLive Lane = iota
	LaneBulk
)

// String returns "live" or "bulk".
func (l Lane) String() string {
	if l == LaneBulk {
		return "bulk"
	}
	return "live"
}

// Kind says what a record's value is.
type Kind uint8

// The kinds of record.
const (
	// KindEvent: an event.Event as JSON.
	KindEvent Kind = iota + 1
	// KindRejected: an item that came in a batch with valid ones and was not valid itself. The
	// value is a JSON object {"reason","field","payload"}; unify puts it into the quarantine.
	KindRejected
	// KindCommand: a command as JSON, {"command":"…", …}.
	KindCommand
	// KindSuppressed: an event was refused because its subject is suppressed. Nothing of it is kept: the
	// value is empty, or a JSON object that says nothing of the subject, and the message id is a hash.
	KindSuppressed
	// KindErased: what is left of a record whose subject was erased. The value is a JSON object that says
	// nothing of the subject, and the message id is empty.
	KindErased
)

// String returns "event", "rejected", "command", "suppressed", "erased", or "unknown".
func (k Kind) String() string {
	switch k {
	case KindEvent:
		return "event"
	case KindRejected:
		return "rejected"
	case KindCommand:
		return "command"
	case KindSuppressed:
		return "suppressed"
	case KindErased:
		return "erased"
	}
	return "unknown"
}

// Record is what is appended. Workspace and Source decide the partition, so that one source's
// records keep their order and sources get a fair share each.
type Record struct {
	Lane       Lane
	Kind       Kind
	Workspace  string
	Source     string
	MessageID  string
	ReceivedAt time.Time // UTC, to the millisecond
	Value      []byte
}

// Partition is one ordered sequence of records. Its number is unique in the log, lanes included,
// and never changes meaning: rows in ClickHouse carry it.
type Partition uint32

// Position is the place of one record.
type Position struct {
	Partition Partition
	Offset    uint64
}

// String returns "partition/offset".
func (p Position) String() string { return fmt.Sprintf("%d/%d", p.Partition, p.Offset) }

// Entry is a record read back, with its place.
type Entry struct {
	Position
	Record
}

// PartitionInfo describes a partition at one moment: it holds the offsets First <= o < Next.
type PartitionInfo struct {
	ID    Partition
	Lane  Lane
	First uint64
	Next  uint64
}

// Log is a durable, partitioned log. All methods are safe for concurrent use.
type Log interface {
	// Append makes the records durable, all or none as far as the caller is told, and returns
	// their positions in the order given. It returns nil only after the records are on disk (or,
	// on Kafka, acknowledged by all in-sync replicas). When it returns an error other than
	// ErrFull, ErrTooLarge and ErrClosed, the records may or may not be there: a caller that
	// retries relies on deduplication by message id. Concurrent calls share one fsync.
	Append(ctx context.Context, records []Record) ([]Position, error)
	// Partitions lists all partitions, ordered by ID. Next counts durable records only.
	Partitions(ctx context.Context) ([]PartitionInfo, error)
	// Reader reads one partition from an offset on. Readers are independent of each other.
	Reader(p Partition, from uint64) (Reader, error)
	// Trim lets the log forget offsets before the given one; it may keep them longer.
	Trim(ctx context.Context, p Partition, before uint64) error
	// Close waits for running appends and releases everything. Closing twice is safe.
	Close() error
}

// Reader reads a partition in order. It is not safe for concurrent use, except Close.
type Reader interface {
	// Next returns at least one and at most max entries, waiting for the first if need be. Only
	// durable records are returned. The returned slices, values included, belong to the caller.
	// It fails with ErrTrimmed, ErrClosed, or ctx's error.
	Next(ctx context.Context, max int) ([]Entry, error)
	// Close ends a waiting Next.
	Close() error
}
