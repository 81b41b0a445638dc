package stream

import "github.com/cespare/xxhash/v2"

// MaxShards is the largest number of shards in a lane: the shard is the low half of a Partition.
const MaxShards = 1 << 16

// Lanes is how many lanes there are.
const Lanes = 2

// PartitionOf returns the number of a shard of a lane: lane<<16 | shard.
func PartitionOf(lane Lane, shard uint16) Partition {
	return Partition(lane)<<16 | Partition(shard)
}

// Lane returns the lane of the partition.
func (p Partition) Lane() Lane { return Lane(p >> 16) }

// Shard returns the number of the partition within its lane.
func (p Partition) Shard() uint16 { return uint16(p) }

// Shard returns the shard of a source among n, 0 < n <= MaxShards. It is xxHash64 (seed 0) of the
// workspace, a zero byte and the source, modulo n, and must never change: a log on disk relies on it.
func Shard(workspace, source string, n int) uint16 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.WriteString(workspace)
	_, _ = d.Write(separator)
	_, _ = d.WriteString(source)
	return uint16(d.Sum64() % uint64(n))
}

var separator = []byte{0}
