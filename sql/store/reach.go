package store

import "context"

// Reached is the last event that the table events has of a log partition.
type Reached struct {
	LogPartition uint32 `ch:"log_partition"`
	LogOffset    uint64 `ch:"last_offset"`
	MessageID    string `ch:"last_message_id"`
}

// Reach returns the last event of each log partition that has events at or beyond the given offset
// of it, 0 for a partition that is not named. It reads two columns of the whole table.
func (s *Store) Reach(ctx context.Context, from map[uint32]uint64) ([]Reached, error) {
	query, err := Prepare[Reached](s, "store/reach")
	if err != nil {
		return nil, err
	}
	partitions, offsets := []uint32{0}, []uint64{from[0]} // the function refuses empty arrays
	for p, offset := range from {
		if p != 0 {
			partitions, offsets = append(partitions, p), append(offsets, offset)
		}
	}
	return query.All(ctx, Params{"partitions": partitions, "from": offsets})
}

// made are the tables whose rows are made from the log by way of the hot state. Those of events too: of two
// records with one message id in different lanes the first that is applied is stored, and which that was
// only the state knows. They come last, for by them it is seen that there is something to forget.
var made = []string{
	Facts.name, IdentityMap.name, IdentityDecisions.name, Profiles.name, ProfileChanges.name, ProfileSegments.name, Quarantine.name, Events.name,
}

// Forget empties the tables whose rows are made again from the log when the hot state is lost. A
// store that is fenced takes away what came before its epoch.
func (s *Store) Forget(ctx context.Context) error {
	query, params := "store/forget", Params{}
	if epoch := s.writer.Load(); epoch > 0 {
		query, params["epoch"] = "store/forget_fenced", epoch
	}
	for _, name := range made {
		params["table"] = name
		if err := s.exec(ctx, s.queries[query], params); err != nil {
			return wrap("empty table "+name, err)
		}
	}
	return nil
}
