package outbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"tributary/ingest/stream"
)

// ErrCorrupt is returned when stored entries or a plan cannot be read back.
var ErrCorrupt = errors.New("outbox: corrupt value")

// codecVersion is the first byte of encoded entries. Raise it when the layout changes: entries
// outlive the program that wrote them, and another one must not take them for its own.
const codecVersion = 3

// smallestEntry is the least number of bytes of an encoded entry.
const smallestEntry = 5

// appendEntry encodes e without its Seq:
//
//	table, uvarint partition, uvarint offset, uvarint ordinal, then
//	events: 16 bytes observation, uvarint n, n * 8 bytes identifier keys, big-endian,
//	        uvarint n, n * (uvarint size, dropped path)
//	others: uvarint n, n bytes of row
func appendEntry(dst []byte, e *Entry) []byte {
	dst = append(dst, byte(e.Table))
	dst = binary.AppendUvarint(dst, uint64(e.Partition))
	dst = binary.AppendUvarint(dst, e.Offset)
	dst = binary.AppendUvarint(dst, uint64(e.Ordinal))
	if e.Table != TableEvents {
		dst = binary.AppendUvarint(dst, uint64(len(e.Row)))
		return append(dst, e.Row...)
	}
	dst = append(dst, e.Event.Observation[:]...)
	dst = binary.AppendUvarint(dst, uint64(len(e.Event.Identifiers)))
	for _, k := range e.Event.Identifiers {
		dst = binary.BigEndian.AppendUint64(dst, k)
	}
	dst = binary.AppendUvarint(dst, uint64(len(e.Event.Dropped)))
	for _, path := range e.Event.Dropped {
		dst = append(binary.AppendUvarint(dst, uint64(len(path))), path...)
	}
	return dst
}

// appendHead begins the encoding of n entries that are stored together.
func appendHead(dst []byte, n int) []byte {
	return binary.AppendUvarint(append(dst, codecVersion), uint64(n))
}

// reader takes values off the front of what is stored under one key; after the first fault it
// yields zeros.
type reader struct {
	data   []byte
	failed bool

	seq  uint64 // of the next entry
	left int    // entries
}

// readEntries begins to read entries that are stored together; last is the Seq of the last.
func readEntries(data []byte, last uint64) (reader, error) {
	if len(data) == 0 {
		return reader{}, fmt.Errorf("%w: no bytes", ErrCorrupt)
	}
	if data[0] != codecVersion {
		return reader{}, fmt.Errorf("%w: version %d, this program reads %d", ErrCorrupt, data[0], codecVersion)
	}
	r := reader{data: data[1:]}
	n := r.uvarint(min(last, uint64(len(data)/smallestEntry)))
	if r.failed {
		return reader{}, fmt.Errorf("%w: fewer bytes than entries", ErrCorrupt)
	}
	r.seq, r.left = last-n+1, int(n)
	return r, nil
}

// next reads an entry into e, which is zero and keeps no reference to the data.
func (r *reader) next(e *Entry) error {
	if err := r.entry(e); err != nil {
		return err
	}
	e.Seq = r.seq
	r.seq++
	if r.left--; r.left == 0 && len(r.data) > 0 {
		return fmt.Errorf("%w: %d bytes after the last entry", ErrCorrupt, len(r.data))
	}
	return nil
}

func (r *reader) entry(e *Entry) error {
	e.Table = Table(r.byte())
	if !r.failed && !e.Table.valid() {
		return fmt.Errorf("%w: unknown table %d", ErrCorrupt, e.Table)
	}
	e.Partition = stream.Partition(r.uvarint(math.MaxUint32))
	e.Offset = r.uvarint(math.MaxUint64)
	e.Ordinal = uint32(r.uvarint(math.MaxUint32))
	if e.Table == TableEvents {
		e.Event = r.eventColumns()
	} else {
		e.Row = append([]byte(nil), r.bytes(r.uvarint(math.MaxInt64))...)
	}
	if r.failed {
		return fmt.Errorf("%w: %s entry ends early", ErrCorrupt, e.Table)
	}
	return nil
}

func (r *reader) byte() byte {
	b := r.bytes(1)
	if b == nil {
		return 0
	}
	return b[0]
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.failed, r.data = true, nil
		return nil
	}
	taken := r.data[:n]
	r.data = r.data[n:]
	return taken
}

func (r *reader) uvarint(limit uint64) uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 || v > limit {
		r.failed, r.data = true, nil
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) eventColumns() *EventColumns {
	c := new(EventColumns)
	copy(c.Observation[:], r.bytes(uint64(len(c.Observation))))
	n := r.uvarint(uint64(len(r.data) / 8))
	keys := r.bytes(8 * n)
	if n > 0 {
		c.Identifiers = make([]uint64, len(keys)/8)
	}
	for i := range c.Identifiers {
		c.Identifiers[i] = binary.BigEndian.Uint64(keys[8*i:])
	}
	for range r.uvarint(uint64(len(r.data))) {
		c.Dropped = append(c.Dropped, string(r.bytes(r.uvarint(math.MaxInt64))))
	}
	return c
}
