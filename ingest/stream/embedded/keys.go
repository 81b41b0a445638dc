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
//	0x03 workspace-length workspace source   records received from the source, 8 bytes
//	0x10 partition offset            one record, framed (frame.go)
//
// All numbers are big-endian but the length, which is a uvarint.
const (
	prefixMeta    = 0x01
	prefixFirst   = 0x02
	prefixCounter = 0x03
	prefixRecord  = 0x10
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

func counterKey(k stream.SourceKey) []byte {
	key := make([]byte, 0, 2+len(k.Workspace)+len(k.Source)+1)
	key = append(key, prefixCounter)
	key = binary.AppendUvarint(key, uint64(len(k.Workspace)))
	key = append(key, k.Workspace...)
	return append(key, k.Source...)
}

func decodeCounterKey(key []byte) (stream.SourceKey, error) {
	if len(key) == 0 || key[0] != prefixCounter {
		return stream.SourceKey{}, errBadKey
	}
	n, w := binary.Uvarint(key[1:])
	if w <= 0 || n > uint64(len(key)-1-w) {
		return stream.SourceKey{}, errBadKey
	}
	rest := key[1+w:]
	return stream.SourceKey{Workspace: string(rest[:n]), Source: string(rest[n:])}, nil
}
