package store

import "context"

// MendProjections finds parts of the table events without sound projections, and has the engine make them, which goes on after
// MendProjections returned: it tells which of which partitions, as surveys/202603. The engine does not sync the files of projections
// (https://github.com/ClickHouse/ClickHouse/issues/111318), so after a loss of power those of the last parts may be broken: what
// is found so when the engine starts it passes over, and reads events instead, but it merges no part that has a projection with
// one that has none; what it takes for sound it would fail to read. It is called once when the program starts.
func (s *Store) MendProjections(ctx context.Context) (mended []string, err error) {
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
	type place struct {
		Partition  string `ch:"partition_id"`
		Projection string `ch:"projection"`
	}
	unsound, err := rowsOf[place](ctx, s, "store/unprojected", nil)
	if err != nil {
		return nil, err
	}
	for _, p := range unsound {
		name := p.Projection + "/" + p.Partition
		if err := s.exec(ctx, s.queries["store/project_"+p.Projection], Params{"partition": p.Partition}); err != nil {
			return mended, wrap("mend the projection "+name, err)
		}
		mended = append(mended, name)
	}
	return mended, nil
}
