package outbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"tributary/ingest/stream"
)

// ErrCorrupt is returned when a stored entry or plan cannot be read back.
var ErrCorrupt = errors.New("outbox: corrupt value")

// codecVersion is the first byte of an encoded entry. Raise it when the layout changes, and keep
// reading the older one: entries outlive the program that wrote them.
const codecVersion = 1

// appendEntry encodes e without its Seq, which is in the key:
//
//	version, table, uvarint partition, uvarint offset, uvarint ordinal, then
//	events: 16 bytes observation, uvarint n, n * 8 bytes identifier keys, big-endian
//	others: the row to the end
func appendEntry(dst []byte, e *Entry) []byte {
	dst = append(dst, codecVersion, byte(e.Table))
	dst = binary.AppendUvarint(dst, uint64(e.Partition))
	dst = binary.AppendUvarint(dst, e.Offset)
	dst = binary.AppendUvarint(dst, uint64(e.Ordinal))
	if e.Table != TableEvents {
		return append(dst, e.Row...)
	}
	dst = append(dst, e.Event.Observation[:]...)
	dst = binary.AppendUvarint(dst, uint64(len(e.Event.Identifiers)))
	for _, k := range e.Event.Identifiers {
		dst = binary.BigEndian.AppendUint64(dst, k)
	}
	return dst
}

// decodeEntry fills e, except Seq, from data and keeps no reference to data.
func decodeEntry(e *Entry, data []byte) error {
	if len(data) < 2 {
		return fmt.Errorf("%w: %d bytes", ErrCorrupt, len(data))
	}
	if data[0] != codecVersion {
		return fmt.Errorf("%w: version %d, this program reads %d", ErrCorrupt, data[0], codecVersion)
	}
	e.Table = Table(data[1])
	if !e.Table.valid() {
		return fmt.Errorf("%w: unknown table %d", ErrCorrupt, data[1])
	}
	r := reader{data: data[2:]}
	e.Partition = stream.Partition(r.uvarint(math.MaxUint32))
	e.Offset = r.uvarint(math.MaxUint64)
	e.Ordinal = uint32(r.uvarint(math.MaxUint32))
	if e.Table == TableEvents {
		e.Event = r.eventColumns()
	} else {
		e.Row = append([]byte(nil), r.data...)
	}
	if r.failed {
		return fmt.Errorf("%w: %s entry ends early", ErrCorrupt, e.Table)
	}
	return nil
}

// reader takes values off the front of data; after the first fault it yields zeros.
type reader struct {
	data   []byte
	failed bool
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
	if len(r.data) < len(c.Observation) {
		r.failed = true
		return c
	}
	r.data = r.data[copy(c.Observation[:], r.data):]
	n := r.uvarint(math.MaxUint32)
	if r.failed || uint64(len(r.data)) != 8*n {
		r.failed = true
		return c
	}
	if n > 0 {
		c.Identifiers = make([]uint64, n)
	}
	for i := range c.Identifiers {
		c.Identifiers[i] = binary.BigEndian.Uint64(r.data[8*i:])
	}
	return c
}
