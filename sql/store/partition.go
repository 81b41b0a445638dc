package store

import "time"

// MaxPartitions is how many partitions the engine takes in one insert.
const MaxPartitions = 100

// Partition returns the partition of events that the row goes to, by the table's PARTITION BY:
// its month as YYYYMM if it was received within a year of when it happened; else its year as YYYY00,
// or 0 if that is before 2000 or in the future.
func (r *EventRow) Partition() uint32 {
	at, received := stored(r.At), stored(r.ReceivedAt)
	age := received.UnixMilli() - at.UnixMilli()
	switch {
	case age >= -2*24*time.Hour.Milliseconds() && age <= 366*24*time.Hour.Milliseconds():
		return uint32(at.Year())*100 + uint32(at.Month())
	case at.Year() < 2000 || age < 0:
		return 0
	default:
		return uint32(at.Year()) * 100
	}
}

// stored is t as the column holds it.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.UnixMilli(0).UTC()
	}
	return clamp(t).UTC()
}

// SplitByPartition splits rows into blocks of at most limit partitions each (0: MaxPartitions),
// keeping their order within a partition and the rows of one partition in one block. Most often
// the one block returned is rows itself.
func SplitByPartition(rows []*EventRow, limit int) [][]*EventRow {
	if limit <= 0 || limit > MaxPartitions {
		limit = MaxPartitions
	}
	blockOf := make(map[uint32]int, 8) // partition to block
	for _, r := range rows {
		p := r.Partition()
		if _, ok := blockOf[p]; !ok {
			blockOf[p] = len(blockOf) / limit
		}
	}
	if len(blockOf) <= limit {
		return [][]*EventRow{rows}
	}
	blocks := make([][]*EventRow, (len(blockOf)+limit-1)/limit)
	for _, r := range rows {
		b := blockOf[r.Partition()]
		blocks[b] = append(blocks[b], r)
	}
	return blocks
}
