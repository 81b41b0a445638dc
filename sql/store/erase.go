package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Rows of people are removed in steps that can be repeated from the first, each as often as need be:
// BeginErasing says whose, FindErased notes the places of their rows, NoteErased those that the caller found by
// reading, CountErased and KeepTotals count, RemoveErased and ChangeErased do it, DropOldParts takes what is left
// of it off the disk, EndErasing forgets the notes. One run at a time.

// ErasedSubject is one observation whose rows are to be removed.
type ErasedSubject struct {
	Workspace   string
	Erasure     uuid.UUID
	Observation uuid.UUID
	// At and Until are privacy.Erasure's: what was received until At goes, and if Until is set, that alone
	// which was received until then. Zero: not said.
	At, Until time.Time
}

// ErasedBound is how far a partition of the log is erased: offsets less than Below.
type ErasedBound struct {
	Erasure      uuid.UUID
	LogPartition uint32
	Below        uint64
}

// ErasedRow is the place of a row of a table that is to be removed or, if Text is not empty, changed.
type ErasedRow struct {
	Place
	Table       string
	Erasure     uuid.UUID
	PartitionID string
	Text        string // what columns become: body of facts; for events see ParticipantsText.Changed
}

// The tables of a run. They have no writer: nothing that a sink sends goes there.
var (
	erasingSubjects = &Table[ErasedSubject]{name: "erasing_subjects", columns: func() []column[ErasedSubject] {
		type R = ErasedSubject
		return []column[R]{
			text("workspace", func(r *R) string { return r.Workspace }),
			id("erasure", func(r *R) uuid.UUID { return r.Erasure }),
			id("observation", func(r *R) uuid.UUID { return r.Observation }),
			uint64s("observation_key", func(r *R) uint64 { return ObservationKey(r.Observation) }),
			moment("at", func(r *R) time.Time { return r.At }),
			moment("until", func(r *R) time.Time { return r.Until }),
		}
	}}
	erasingBounds = &Table[ErasedBound]{name: "erasing_bounds", columns: func() []column[ErasedBound] {
		type R = ErasedBound
		return []column[R]{
			id("erasure", func(r *R) uuid.UUID { return r.Erasure }),
			uint32s("log_partition", func(r *R) uint32 { return r.LogPartition }),
			uint64s("below", func(r *R) uint64 { return r.Below }),
		}
	}}
	erasingRows = &Table[ErasedRow]{name: "erasing_rows", columns: func() []column[ErasedRow] {
		type R = ErasedRow
		return append([]column[R]{
			text("table", func(r *R) string { return r.Table }),
			id("erasure", func(r *R) uuid.UUID { return r.Erasure }),
			text("partition_id", func(r *R) string { return r.PartitionID }),
			text("text", func(r *R) string { return r.Text }),
		}, place(func(r *R) *Place { return &r.Place })...)
	}}
)

// erasureRule says what an erasure does to a table.
type erasureRule struct {
	// by are the columns that name an observation of the person, received when the row's record was. Keyed:
	// the table lies by observation_key, which goes with by.
	by       []string
	received string
	keyed    bool
	// find is a query that notes the rows of the table, in place of by.
	find string
	// change is a query that gives rows another text which name the person and are another's.
	change string
	// keep says why its rows stay.
	keep string
}

// erasureRules has one for every table (a test holds it to that). Tables come in the order in which rows are
// removed: what others are found by goes last, so that a run that was broken off can be begun again.
var erasureRules = []struct {
	table string
	erasureRule
}{
	{"profiles", erasureRule{find: "erase/find_profiles"}},
	{"profile_segments", erasureRule{find: "erase/find_profiles"}},
	{"profile_changes", erasureRule{by: []string{"profile"}, received: "changed_at"}},
	{"consent_changes", erasureRule{by: []string{"observation", "origin_observation"}, received: "received_at"}},
	{"quarantine", erasureRule{}}, // by reading: see QuarantinedTexts
	{"events", erasureRule{by: []string{"observation"}, received: "received_at", keyed: true, change: "erase/change_events"}},
	{"facts", erasureRule{by: []string{"observation"}, received: "received_at", keyed: true, change: "erase/change_facts"}},
	{"identity_decisions", erasureRule{by: []string{"observation"}, received: "decided_at", keyed: true}},
	{"identity_map", erasureRule{by: []string{"observation"}, received: "changed_at", keyed: true}},
	{"disclosures", erasureRule{keep: "it says to whom a person was shown, by keyed hashes of observations and names of fields; no value"}},
	{"audit", erasureRule{keep: "it says what operators did; no value of a customer"}},
}

// ErasureRule says what an erasure does to a table, in words; false: there is no rule.
func ErasureRule(table string) (string, bool) {
	for _, r := range erasureRules {
		if r.table != table {
			continue
		}
		if r.keep != "" {
			return "kept: " + r.keep, true
		}
		return "rows of the person are removed", true
	}
	return "", false
}

// BeginErasing forgets the run before, and notes whose rows are to be removed.
func (s *Store) BeginErasing(ctx context.Context, subjects []*ErasedSubject, bounds []*ErasedBound) error {
	if err := s.EndErasing(ctx); err != nil {
		return err
	}
	err := note(ctx, s, erasingSubjects, subjects)
	if err == nil {
		err = note(ctx, s, erasingBounds, bounds)
	}
	return wrap("note who is erased", err)
}

// EndErasing forgets what was noted.
func (s *Store) EndErasing(ctx context.Context) error {
	for _, table := range []string{erasingSubjects.name, erasingBounds.name, erasingRows.name} {
		if err := s.exec(ctx, s.queries["store/forget"], Params{"table": table}); err != nil {
			return wrap("empty table "+table, err)
		}
	}
	return nil
}

// noteRows is how many rows are noted at once.
const noteRows = 100_000

func note[R any](ctx context.Context, s *Store, t *Table[R], rows []*R) error {
	for chunk := range slices.Chunk(rows, noteRows) {
		columns := t.encoder()
		err := s.send(ctx, t.name, gather(columns, chunk), "")
		t.release(columns)
		if err != nil {
			return err
		}
	}
	return nil
}

// FindErased notes the rows that are found by observation.
func (s *Store) FindErased(ctx context.Context) error {
	for _, r := range erasureRules {
		if r.find != "" {
			if err := s.exec(ctx, s.queries[r.find], Params{"table": r.table}); err != nil {
				return wrap("find erased rows of "+r.table, err)
			}
		}
		for _, by := range r.by {
			query := "erase/find"
			if r.keyed {
				query = "erase/find_keyed"
			}
			if err := s.exec(ctx, s.queries[query], Params{"table": r.table, "by": by, "time": r.received}); err != nil {
				return wrap("find erased rows of "+r.table, err)
			}
		}
	}
	return nil
}

// NoteErased notes rows that the caller found.
func (s *Store) NoteErased(ctx context.Context, rows []*ErasedRow) error {
	return wrap("note erased rows", note(ctx, s, erasingRows, rows))
}

// ErasedCount is how many events of one source and UTC day of receipt an erasure removes.
type ErasedCount struct {
	Erasure uuid.UUID `ch:"erasure"`
	Source  string    `ch:"source"`
	Day     uint32    `ch:"day"` // since 1970-01-01
	Events  uint64    `ch:"events"`
}

// CountErased counts the noted events, before they are removed.
func (s *Store) CountErased(ctx context.Context) ([]ErasedCount, error) {
	return rowsOf[ErasedCount](ctx, s, "erase/counts", nil)
}

// KeepTotals adds the noted events to erased_counts, once for each erasure. Names that are not of the
// vocabulary are left out of it.
func (s *Store) KeepTotals(ctx context.Context, vocabulary []string) error {
	return wrap("keep totals of erased events", s.exec(ctx, s.queries["erase/totals"], Params{"vocabulary": vocabulary}))
}

// AnonymiseTotals takes from the totals which erasure they are of. It comes after the erasure is done.
func (s *Store) AnonymiseTotals(ctx context.Context, erasures []uuid.UUID) error {
	return wrap("anonymise totals of erased events", s.exec(ctx, s.queries["erase/anonymise"], Params{"erasures": erasures}))
}

// NotedRows is how many rows of a table an erasure removes and changes. Rows of profiles are of all erasures of
// the run, of the nil one.
type NotedRows struct {
	Table   string    `ch:"table"`
	Erasure uuid.UUID `ch:"erasure"`
	Removed uint64    `ch:"removed"`
	Changed uint64    `ch:"changed"`
}

// Noted tells what was noted, by table.
func (s *Store) Noted(ctx context.Context) ([]NotedRows, error) {
	return rowsOf[NotedRows](ctx, s, "erase/noted", nil)
}

// RemoveErased removes the noted rows, and changes those that are to be changed. Queries see them no more when
// it returns; old parts hold them still.
func (s *Store) RemoveErased(ctx context.Context) error {
	for _, r := range erasureRules {
		for _, changed := range []bool{true, false} {
			if err := s.mutate(ctx, r.table, r.change, changed); err != nil {
				return wrap("remove erased rows of "+r.table, err)
			}
		}
	}
	return s.ReloadIdentity(ctx)
}

func (s *Store) mutate(ctx context.Context, table, change string, changed bool) error {
	type partition struct {
		ID string `ch:"partition_id"`
	}
	partitions, err := rowsOf[partition](ctx, s, "erase/partitions", Params{"table": table, "changed": changed})
	if err != nil {
		return err
	}
	for _, p := range partitions {
		query, params := "erase/delete", Params{"table": table, "partition": p.ID}
		if changed {
			query, params = change, Params{"partition": p.ID}
		}
		if err := s.exec(ctx, s.queries[query], params); err != nil {
			return err
		}
	}
	return nil
}

// ErasedLeft counts the noted rows that tables still hold, by table: 0 for each proves that they are gone.
func (s *Store) ErasedLeft(ctx context.Context) (map[string]uint64, error) {
	type count struct {
		Rows uint64 `ch:"rows"`
	}
	left := map[string]uint64{}
	for _, r := range erasureRules {
		if r.keep != "" {
			continue
		}
		n, err := rowsOf[count](ctx, s, "erase/present", Params{"table": r.table, "name": r.table})
		if err != nil {
			return nil, err
		}
		left[r.table] = n[0].Rows
	}
	return left, nil
}

// oldParts is how long parts are kept that others have taken the place of, in seconds: so long that a loss of
// power cannot cost rows that were only in memory.
const oldParts = 480

// oldPartsPause is how long DropOldParts waits before it looks again.
const oldPartsPause = 100 * time.Millisecond

// oldPart is a part that another has taken the place of.
type oldPart struct {
	Table string `ch:"table"`
	Name  string `ch:"name"`
}

// DropOldParts removes the parts of all tables that others have taken the place of by now, and returns once they
// are off the disk. Durable is called before: when it returns, all that the engine has written is on disk. Parts
// that merges replace meanwhile are left to their time: of those that are old now alone can any hold what was
// removed. How long parts are kept is put back, by RestoreOldParts if the program dies meanwhile.
func (s *Store) DropOldParts(ctx context.Context, durable func(context.Context) error) (err error) {
	if err := durable(ctx); err != nil {
		return fmt.Errorf("drop old parts: %w", err)
	}
	tables := erasureTables()
	left, err := rowsOf[oldPart](ctx, s, "erase/old_parts", Params{"tables": tables})
	if err != nil || len(left) == 0 {
		return err
	}
	defer func() {
		back := context.WithoutCancel(ctx)
		err = errors.Join(err, s.RestoreOldParts(back))
	}()
	for _, table := range tablesOf(left) {
		if err := s.keepOldParts(ctx, table, 0); err != nil {
			return err
		}
	}
	for {
		for _, table := range tablesOf(left) {
			if err := s.exec(ctx, s.queries["erase/clear"], Params{"table": table}); err != nil {
				return wrap("remove old parts of "+table, err)
			}
		}
		now, err := rowsOf[oldPart](ctx, s, "erase/old_parts", Params{"tables": tables})
		if err != nil {
			return err
		}
		left = slices.DeleteFunc(left, func(p oldPart) bool { return !slices.Contains(now, p) })
		if len(left) == 0 {
			return nil
		}
		select {
		case <-time.After(oldPartsPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func tablesOf(parts []oldPart) []string {
	var tables []string
	for _, p := range parts {
		if !slices.Contains(tables, p.Table) {
			tables = append(tables, p.Table)
		}
	}
	return tables
}

// erasureTables are all that an erasure looks at, or writes to.
func erasureTables() []string {
	tables := make([]string, len(erasureRules))
	for i, r := range erasureRules {
		tables[i] = r.table
	}
	return append(tables, erasingSubjects.name, erasingRows.name, erasingBounds.name, "erased_counts")
}

// DetachedParts is how many parts of a table were set aside: by the engine, which found them broken or left over
// when it started, or by an operator.
type DetachedParts struct {
	Table string `ch:"table"`
	Parts uint64 `ch:"parts"`
}

// Detached lists the tables of which parts were set aside. Those are on disk, may hold anybody's rows, and can
// neither be searched nor be changed.
func (s *Store) Detached(ctx context.Context) ([]DetachedParts, error) {
	return rowsOf[DetachedParts](ctx, s, "erase/detached", Params{"tables": erasureTables()})
}

// RestoreOldParts has every table keep old parts for as long as it should. It is called when the program
// starts, too.
func (s *Store) RestoreOldParts(ctx context.Context) error {
	type short struct {
		Table string `ch:"table"`
	}
	tables, err := rowsOf[short](ctx, s, "erase/shortened", nil)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := s.keepOldParts(ctx, t.Table, oldParts); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) keepOldParts(ctx context.Context, table string, seconds uint64) error {
	return wrap("set how long old parts are kept", s.exec(ctx, s.queries["erase/lifetime"], Params{"table": table, "seconds": seconds}))
}

// Concerned is a profile that an erased observation was ever in.
type Concerned struct {
	Workspace string    `ch:"workspace"`
	Profile   uuid.UUID `ch:"profile"`
}

// ConcernedProfiles lists the profiles that any of the observations was ever in.
func (s *Store) ConcernedProfiles(ctx context.Context) ([]Concerned, error) {
	return rowsOf[Concerned](ctx, s, "erase/concerned", nil)
}

// rowsOf runs a query whose rows are read at once.
func rowsOf[R any](ctx context.Context, s *Store, name string, params Params) ([]R, error) {
	query, err := Prepare[R](s, name)
	if err != nil {
		return nil, err
	}
	return query.All(ctx, params)
}
