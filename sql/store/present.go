package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Range is the span of log offsets First to Last, both included, of one log partition.
type Range struct {
	Partition   uint32
	First, Last uint64
}

// Present returns the places of all rows of a table that are within the ranges, in no order. Of
// tables that keep the greatest version alone (identity_map, profiles, profile_segments, quarantine) a row may be
// missing because a newer one took its place; to insert it again does no harm.
func (s *Store) Present(ctx context.Context, table string, ranges []Range) ([]Place, error) {
	byPartition := map[uint32][]Range{}
	for _, r := range ranges {
		byPartition[r.Partition] = append(byPartition[r.Partition], r)
	}
	var places []Place
	for partition, ranges := range byPartition {
		found, err := s.present(ctx, table, partition, ranges)
		if err != nil {
			return nil, fmt.Errorf("look for rows of %s: %w", table, err)
		}
		places = append(places, found...)
	}
	return places, nil
}

func (s *Store) present(ctx context.Context, table string, partition uint32, ranges []Range) ([]Place, error) {
	if !slices.Contains(tableNames, table) {
		return nil, fmt.Errorf("there is no table %q: %w", table, ErrNotFound)
	}
	firsts, lasts := make([]uint64, len(ranges)), make([]uint64, len(ranges))
	for i, r := range ranges {
		firsts[i], lasts[i] = r.First, r.Last
	}
	query, err := Prepare[Place](s, "store/present")
	if err != nil {
		return nil, err
	}
	var places []Place
	for row, err := range query.Each(ctx, Params{
		"table": table, "partition": partition,
		"first": slices.Min(firsts), "last": slices.Max(lasts), "firsts": firsts, "lasts": lasts,
	}) {
		if err != nil {
			return nil, err
		}
		places = append(places, row)
	}
	return places, nil
}

// Kill ends the statement of a query id, if there is one, and returns when it has ended; then
// nothing more of it comes into a table. The id must not be used again. A statement that was still
// on its way to a server is met by a second look after Config.KillSettle.
func (s *Store) Kill(ctx context.Context, queryID string) error {
	if queryID == "" {
		return errors.New("kill statement: empty query id")
	}
	if s.cfg.Kill != nil {
		return wrap("kill statement", s.cfg.Kill(ctx, queryID))
	}
	if err := s.exec(ctx, s.queries["store/kill"], Params{"query_id": queryID}); err != nil {
		return wrap("kill statement", err)
	}
	settled := time.NewTimer(s.cfg.KillSettle)
	defer settled.Stop()
	select {
	case <-settled.C:
	case <-ctx.Done():
		return fmt.Errorf("kill statement: %w", ctx.Err())
	}
	return wrap("kill statement", s.exec(ctx, s.queries["store/kill"], Params{"query_id": queryID}))
}

// ReloadIdentity makes the dictionary identity_now as new as the table identity_map. Queries go on
// with the old one until the new one is complete.
//
// While a dictionary of any database is made or dropped, the engine can lose sight of others, until it
// looks through all of them the next time, every five seconds
// (https://github.com/ClickHouse/ClickHouse/pull/28853): so one that is not found is asked for again.
func (s *Store) ReloadIdentity(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		err := s.exec(ctx, s.queries["store/reload_identity"], nil)
		if attempt == reloadAttempts || !dictionaryMissing(err) {
			return wrap("reload identity map", err)
		}
		select {
		case <-time.After(reloadPause):
		case <-ctx.Done():
			return fmt.Errorf("reload identity map: %w", ctx.Err())
		}
	}
}

const (
	reloadAttempts = 40
	reloadPause    = 250 * time.Millisecond
)

// dictionaryMissing tells whether the engine says that it knows no such dictionary.
func dictionaryMissing(err error) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && exception.Code == 36 && strings.Contains(exception.Message, "not found")
}

func wrap(action string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", action, Classify(err))
}
