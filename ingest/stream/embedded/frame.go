package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"tributary/ingest/stream"
)

// A record on disk is a small header and then the value as it came:
//
//	version   1 byte, 1
//	kind      1 byte
//	received  varint, milliseconds since 1970
//	workspace uvarint length, bytes
//	source    uvarint length, bytes
//	message   uvarint length, bytes
//	value     the rest
//
// Lane, partition and offset are in the key. Pebble keeps a checksum of every block.
const frameVersion = 1

var errBadFrame = errors.New("malformed record")

// frame is a record as it lies in a buffer that belongs to somebody else.
type frame struct {
	kind                              stream.Kind
	receivedMs                        int64
	workspace, source, message, value []byte
}

func frameSize(r *stream.Record) int {
	return 2 + varintLen(r.ReceivedAt.UnixMilli()) +
		stringLen(r.Workspace) + stringLen(r.Source) + stringLen(r.MessageID) + len(r.Value)
}

// putFrame writes the record into dst, which has frameSize bytes.
func putFrame(dst []byte, r *stream.Record) {
	dst[0], dst[1] = frameVersion, byte(r.Kind)
	n := 2 + binary.PutVarint(dst[2:], r.ReceivedAt.UnixMilli())
	for _, s := range [...]string{r.Workspace, r.Source, r.MessageID} {
		n += binary.PutUvarint(dst[n:], uint64(len(s)))
		n += copy(dst[n:], s)
	}
	copy(dst[n:], r.Value)
}

// decodeFrame reads a record; the frame's slices point into src.
func decodeFrame(src []byte) (frame, error) {
	if len(src) < 2 {
		return frame{}, fmt.Errorf("%w: %d bytes", errBadFrame, len(src))
	}
	if src[0] != frameVersion {
		return frame{}, fmt.Errorf("%w: version %d", errBadFrame, src[0])
	}
	f := frame{kind: stream.Kind(src[1])}
	if !f.kind.Valid() {
		return frame{}, fmt.Errorf("%w: kind %d", errBadFrame, f.kind)
	}
	rest := src[2:]
	ms, n := binary.Varint(rest)
	if n <= 0 {
		return frame{}, fmt.Errorf("%w: received time", errBadFrame)
	}
	f.receivedMs, rest = ms, rest[n:]
	for _, field := range [...]*[]byte{&f.workspace, &f.source, &f.message} {
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return frame{}, fmt.Errorf("%w: length of a name", errBadFrame)
		}
		end := n + int(size)
		*field, rest = rest[n:end], rest[end:]
	}
	f.value = rest
	return f, nil
}

func (f *frame) receivedAt() time.Time { return time.UnixMilli(f.receivedMs).UTC() }

func stringLen(s string) int { return uvarintLen(uint64(len(s))) + len(s) }

func uvarintLen(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

func varintLen(v int64) int { return uvarintLen(uint64(v)<<1 ^ uint64(v>>63)) }
