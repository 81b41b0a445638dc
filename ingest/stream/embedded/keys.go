package embedded

import (
	"encoding/binary"
	"errors"

	"tributary/ingest/stream"
)

// The key space. Records of one partition lie together in the order of their offsets, so that a
// read is one scan, and trimmed records are one range.
//
//	0x01                             meta: format version, shards per lane
//	0x02 partition                   first offset that is kept, 8 bytes
//	0x03 length workspace length source day   records received from the source on that UTC day, 8 bytes
//	0x10 partition offset            one record, framed (frame.go)
//	0x20                             never there: what a scrub deletes to have Pebble flush
//
// All numbers are big-endian but the lengths, which are uvarints.
const (
	prefixMeta    = 0x01
	prefixFirst   = 0x02
	prefixCounter = 0x03
	prefixRecord  = 0x10

	prefixSentinel = 0x20
)

const recordKeyLen = 1 + 4 + 8

var errBadKey = errors.New("malformed key")

func putRecordKey(dst []byte, p stream.Partition, offset uint64) {
	dst[0] = prefixRecord
	binary.BigEndian.PutUint32(dst[1:], uint32(p))
	binary.BigEndian.PutUint64(dst[5:], offset)
}

func recordKey(p stream.Partition, offset uint64) []byte {
	key := make([]byte, recordKeyLen)
	putRecordKey(key, p, offset)
	return key
}

// recordOffset returns the offset in a key of prefixRecord.
func recordOffset(key []byte) (uint64, error) {
	if len(key) != recordKeyLen || key[0] != prefixRecord {
		return 0, errBadKey
	}
	return binary.BigEndian.Uint64(key[5:]), nil
}

func firstKey(p stream.Partition) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefixFirst}, uint32(p))
}

func counterKey(k stream.SourceDay) []byte {
	key := make([]byte, 0, 1+2*binary.MaxVarintLen16+len(k.Workspace)+len(k.Source)+4)
	key = append(key, prefixCounter)
	for _, name := range [...]string{k.Workspace, k.Source} {
		key = append(binary.AppendUvarint(key, uint64(len(name))), name...)
	}
	return binary.BigEndian.AppendUint32(key, uint32(k.Day))
}

func decodeCounterKey(key []byte) (k stream.SourceDay, err error) {
	if len(key) == 0 || key[0] != prefixCounter {
		return k, errBadKey
	}
	rest := key[1:]
	for _, name := range [...]*string{&k.Workspace, &k.Source} {
		n, w := binary.Uvarint(rest)
		if w <= 0 || n > uint64(len(rest)-w) {
			return k, errBadKey
		}
		*name, rest = string(rest[w:w+int(n)]), rest[w+int(n):]
	}
	if len(rest) != 4 {
		return k, errBadKey
	}
	k.Day = stream.Day(binary.BigEndian.Uint32(rest))
	return k, nil
}
