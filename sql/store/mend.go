package store

import "context"

// MendProjection finds parts of the table events without a sound projection conversations, and has the engine make it, which goes
// on after MendProjection returned. The engine does not sync the files of projections
// (https://github.com/ClickHouse/ClickHouse/issues/111318), so after a loss of power those of the last parts may be broken: what
// is found so when the engine starts it passes over, and reads events instead, but it merges no part that has a projection with
// one that has none; what it takes for sound it would fail to read. It is called once when the program starts.
func (s *Store) MendProjection(ctx context.Context) (partitions []string, err error) {
	type part struct {
		Name string `ch:"name"`
	}
	young, err := rowsOf[part](ctx, s, "store/young_parts", nil)
	if err != nil {
		return nil, err
	}
	for _, p := range young {
		// It reads the part whole, so that the engine finds a broken projection; it takes no parameter there.
		err := s.conn.Exec(ctx, "CHECK TABLE events PART "+quoteText(p.Name))
		if err != nil && ctx.Err() != nil { // else it is a part that was merged meanwhile
			return nil, err
		}
	}
	type partition struct {
		ID string `ch:"partition_id"`
	}
	unsound, err := rowsOf[partition](ctx, s, "store/unprojected", nil)
	if err != nil {
		return nil, err
	}
	for _, p := range unsound {
		if err := s.exec(ctx, s.queries["store/project"], Params{"partition": p.ID}); err != nil {
			return partitions, wrap("mend the projection of partition "+p.ID, err)
		}
		partitions = append(partitions, p.ID)
	}
	return partitions, nil
}
