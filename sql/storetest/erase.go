package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"tributary/sql/store"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

// testErasureRules: a new table needs a rule.
func testErasureRules(t *testing.T, e Engine) {
	b := e.Store(t)
	for _, table := range store.TableNames() {
		rule, ok := store.ErasureRule(table)
		if !ok {
			t.Errorf("%s: no erasure rule: say in sql/store/erase.go which of its rows are a person's", table)
		}
		t.Logf("%s: %s", table, rule)
	}
	_ = b
}

// erasing is what the tests of erasure share: events of three observations, of which the first is erased up to
// offset 200.
type erasing struct {
	*Bench
	erasure uuid.UUID
	rows    []*store.EventRow
}

func newErasing(t *testing.T, e Engine) *erasing {
	b := &erasing{Bench: e.Store(t), erasure: uuid.MustParse("0190a0a0-0000-7000-8000-000000000001"), rows: Rows(5, 300)}
	for i, row := range b.rows {
		row.Workspace, row.Observation = "acme", Observation(uint64(i%3))
		row.LogPartition, row.LogOffset, row.Ordinal = 0, uint64(i), 0
		row.ReceivedAt = Start.Add(time.Duration(i) * time.Hour)
		row.Participants = ""
		if i%3 == 1 && i < 30 {
			row.Participants = `[{"role":"cc","identifiers":[{"type":"email","value":"ada@example.com"}]}]`
		}
	}
	insert(t, b.Bench, store.Events, b.rows...)
	place := func(n uint64) store.Place { return store.Place{LogPartition: 0, LogOffset: n, Ordinal: 1} }
	first, other := Observation(0), Observation(1)
	for i, o := range []uuid.UUID{first, other} {
		n := uint64(10 * i)
		insert(t, b.Bench, store.Facts, &store.FactRow{Place: place(n), Workspace: "acme", Kind: store.FactObservation, Observation: o, ReceivedAt: Start})
		insert(t, b.Bench, store.IdentityMap, &store.IdentityMapRow{Place: place(n + 1), Workspace: "acme", Observation: o, Profile: Observation(9), Version: 1, ChangedAt: Start})
		insert(t, b.Bench, store.IdentityDecisions, &store.IdentityDecisionRow{Place: place(n + 2), Workspace: "acme", Observation: o, Profile: Observation(9), Version: 1, DecidedAt: Start})
		insert(t, b.Bench, store.ProfileChanges, &store.ProfileChangeRow{Place: place(n + 3), Workspace: "acme", Profile: o, Kind: "created", ChangedAt: Start})
		insert(t, b.Bench, store.ConsentChanges, &store.ConsentRow{Place: place(n + 4), Workspace: "acme", Observation: o, ReceivedAt: Start})
	}
	for version := range uint64(3) { // the third was made without the first
		insert(t, b.Bench, store.Profiles, &store.ProfileRow{Place: place(50 + version), Workspace: "acme", Profile: Observation(9), Version: version + 1, UpdatedAt: Start})
		insert(t, b.Bench, store.ProfileSegments, &store.ProfileSegmentsRow{
			Place: store.Place{LogOffset: 50 + version, Ordinal: 2}, Workspace: "acme", Profile: Observation(9), Version: version + 1, UpdatedAt: Start,
		})
	}
	for i, profile := range []uuid.UUID{first, Observation(77)} {
		insert(t, b.Bench, store.ProfileSegments, &store.ProfileSegmentsRow{
			Place: store.Place{LogOffset: 60 + uint64(i), Ordinal: 2}, Workspace: "acme", Profile: profile, Version: 1, Segments: []string{"vip"}, Since: []int64{0}, UpdatedAt: Start,
		})
	}
	insert(t, b.Bench, store.Profiles, &store.ProfileRow{Place: place(60), Workspace: "acme", Profile: Observation(77), Version: 1, UpdatedAt: Start})
	return b
}

// begin notes what is to be removed.
func (b *erasing) begin(t *testing.T, until time.Time) {
	t.Helper()
	subject := &store.ErasedSubject{Workspace: "acme", Erasure: b.erasure, Observation: Observation(0), At: Start, Until: until}
	bound := &store.ErasedBound{Erasure: b.erasure, LogPartition: 0, Below: 200}
	if err := b.BeginErasing(t.Context(), []*store.ErasedSubject{subject}, []*store.ErasedBound{bound}); err != nil {
		t.Fatal(err)
	}
	if err := b.FindErased(t.Context()); err != nil {
		t.Fatal(err)
	}
	var rows []*store.ErasedRow
	for text, err := range b.Participants(t.Context(), []string{"acme"}) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, text.Changed("[]", text.Context))
	}
	if err := b.NoteErased(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
}

// settled stands for the file system of the engine.
func settled(context.Context) error { return nil }

func testErase(t *testing.T, e Engine) {
	for name, until := range map[string]time.Time{"by place": {}, "by receipt": Start.Add(99 * time.Hour)} {
		t.Run(name, func(t *testing.T) {
			b := newErasing(t, e)
			want := uint64(67) // 0, 3, … 198
			if !until.IsZero() {
				want = 34 // 0, 3, … 99
			}
			other := one[uint64](t, b.Bench, "SELECT sum(cityHash64(toString(tuple(* EXCEPT (participants, query))))) FROM events WHERE observation != ?", Observation(0))
			b.begin(t, until)
			counts, err := b.CountErased(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var events uint64
			for _, c := range counts {
				if c.Erasure != b.erasure {
					t.Errorf("counted for %s", c.Erasure)
				}
				events += c.Events
			}
			if events != want {
				t.Errorf("%d events are counted, want %d", events, want)
			}
			if err := b.KeepTotals(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if err := b.RemoveErased(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := one[uint64](t, b.Bench, "SELECT count() FROM events"); n != 300-want {
				t.Errorf("%d events are left, want %d", n, 300-want)
			}
			if now := one[uint64](t, b.Bench, "SELECT sum(cityHash64(toString(tuple(* EXCEPT (participants, query))))) FROM events WHERE observation != ?", Observation(0)); now != other {
				t.Error("events of others are not what they were")
			}
			if n := one[uint64](t, b.Bench, "SELECT countIf(participants = '[]') FROM events WHERE participants != ''"); n != 10 {
				t.Errorf("participants of %d events were changed, want 10", n)
			}
			for _, table := range []string{"facts", "identity_map", "identity_decisions", "consent_changes"} {
				if n := one[uint64](t, b.Bench, "SELECT countIf(observation = ?) + 10 * count() FROM "+table, Observation(0)); n != 10 {
					t.Errorf("%s: %d, want one row, of the other", table, n)
				}
			}
			for _, table := range []string{"profiles", "profile_segments"} {
				if got := one[[]uint64](t, b.Bench, "SELECT arraySort(groupArray(version)) FROM "+table+" WHERE profile = ?", Observation(9)); !slices.Equal(got, []uint64{3}) {
					t.Errorf("%s: versions %v of the profile are left, want the last", table, got)
				}
				if n := one[uint64](t, b.Bench, "SELECT count() FROM "+table+" WHERE profile = ?", Observation(77)); n != 1 {
					t.Errorf("%s: another's profile is gone", table)
				}
				if n := one[uint64](t, b.Bench, "SELECT count() FROM "+table+" WHERE profile = ?", Observation(0)); n != 0 {
					t.Errorf("%s: the profile of the erased is there", table)
				}
			}
			left, err := b.ErasedLeft(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for table, n := range left {
				if n != 0 {
					t.Errorf("%s holds %d noted rows", table, n)
				}
			}
			if got := one[uint64](t, b.Bench, "SELECT sum(events) FROM erased_counts WHERE workspace = 'acme'"); got != want {
				t.Errorf("totals hold %d events, want %d", got, want)
			}
			if err := b.DropOldParts(t.Context(), settled); err != nil {
				t.Fatal(err)
			}
			if n := one[uint64](t, b.Bench, "SELECT count() FROM system.parts WHERE database = currentDatabase() AND NOT active AND table = 'events'"); n != 0 {
				t.Errorf("%d old parts are left", n)
			}
			testDurableTables(t, b.Bench)
			testDetached(t, b.Bench)
			if err := b.AnonymiseTotals(t.Context(), []uuid.UUID{b.erasure}); err != nil {
				t.Fatal(err)
			}
			if n := one[uint64](t, b.Bench, "SELECT countIf(erasure = ?) FROM erased_counts", b.erasure); n != 0 {
				t.Error("totals tell whose they are")
			}
		})
	}
}

// testEraseAgain: a run that was broken off after any step is begun again from the first.
func testEraseAgain(t *testing.T, e Engine) {
	b := newErasing(t, e)
	b.begin(t, time.Time{})
	if err := b.KeepTotals(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	b.begin(t, time.Time{})
	if err := b.KeepTotals(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := b.RemoveErased(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.begin(t, time.Time{})
	for _, step := range []func() error{
		func() error { return b.KeepTotals(t.Context(), nil) }, func() error { return b.RemoveErased(t.Context()) },
		func() error { return b.EndErasing(t.Context()) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if n := one[uint64](t, b.Bench, "SELECT sum(events) FROM erased_counts WHERE workspace = 'acme'"); n != 67 {
		t.Errorf("totals hold %d events, want 67", n)
	}
	if n := one[uint64](t, b.Bench, "SELECT count() FROM events"); n != 300-67 {
		t.Errorf("%d events are left, want %d", n, 300-67)
	}
}

// testEraseCameAgain: who came again after the erasure is not looked for, however often what is known of them is
// written anew meanwhile: the search comes to an end.
func testEraseCameAgain(t *testing.T, e Engine) {
	b := newErasing(t, e)
	later := Start.Add(time.Hour)
	place := func(n uint64) store.Place { return store.Place{LogPartition: 0, LogOffset: n, Ordinal: 1} }
	row := func(n uint64, profile uuid.UUID, version uint64) {
		t.Helper()
		insert(t, b.Bench, store.Profiles, &store.ProfileRow{Place: place(n), Workspace: "acme", Profile: profile, Version: version, UpdatedAt: later})
	}
	insert(t, b.Bench, store.IdentityDecisions, &store.IdentityDecisionRow{
		Place: place(300), Workspace: "acme", Observation: Observation(0), Profile: Observation(78), Version: 2, DecidedAt: later,
	})
	row(301, Observation(0), 8)
	row(302, Observation(78), 8)
	b.begin(t, time.Time{})
	if err := b.RemoveErased(t.Context()); err != nil {
		t.Fatal(err)
	}
	row(303, Observation(0), 9)
	row(304, Observation(78), 9)
	b.begin(t, time.Time{})
	noted, err := b.Noted(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range noted {
		if n.Removed > 0 {
			t.Errorf("%d rows of %s are found again", n.Removed, n.Table)
		}
	}
	if n := one[uint64](t, b.Bench, "SELECT countIf(version = 9) FROM profiles WHERE profile IN (?, ?)", Observation(0), Observation(78)); n != 2 {
		t.Errorf("%d of 2 profiles are there that were made again", n)
	}
}

// aborted is the code of a merge that was called off.
const aborted = 236

// testEraseBesideMerges: while rows come in and merges replace parts without end, the parts that an erasure replaced
// are removed, and that has an end.
func testEraseBesideMerges(t *testing.T, e Engine) {
	b := newErasing(t, e)
	b.begin(t, time.Time{})
	if err := b.RemoveErased(t.Context()); err != nil {
		t.Fatal(err)
	}
	const oldParts = "SELECT groupArray(name) FROM system.parts WHERE database = currentDatabase() AND NOT active AND table = 'events'"
	old := one[[]string](t, b.Bench, oldParts)
	if len(old) == 0 {
		t.Fatal("the erasure replaced no part")
	}
	ctx, stop := context.WithCancel(t.Context())
	merging := make(chan error, 1)
	go func() {
		for n := uint64(1000); ctx.Err() == nil; n++ {
			row := *b.rows[1]
			row.LogOffset = n
			err := store.Insert(t.Context(), b.Store, store.Events, []*store.EventRow{&row}, "")
			if err == nil {
				err = b.Conn.Exec(t.Context(), "OPTIMIZE TABLE events FINAL")
			}
			// Dropping a partition calls off the merges of the moment; the next round merges again.
			if exception := (*clickhouse.Exception)(nil); err != nil && (!errors.As(err, &exception) || exception.Code != aborted) {
				merging <- err
				return
			}
		}
		merging <- nil
	}()
	bounded, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err := b.DropOldParts(bounded, settled)
	stop()
	if err := errors.Join(err, <-merging); err != nil {
		t.Fatalf("beside merges: %v", err)
	}
	for _, name := range one[[]string](t, b.Bench, "SELECT groupArray(name) FROM system.parts WHERE database = currentDatabase() AND table = 'events'") {
		if slices.Contains(old, name) {
			t.Errorf("old part %s is still there", name)
		}
	}
}

// testDetached: parts that are set aside, of which no query tells, are told of.
func testDetached(t *testing.T, b *Bench) {
	t.Helper()
	for _, want := range []int{0, 1} {
		all, err := b.Detached(t.Context())
		if err != nil || len(all) != want || want > 0 && (all[0].Table != "facts" || all[0].Parts == 0) {
			t.Errorf("%+v (%v) are set aside, want %d tables", all, err, want)
		}
		if want == 0 {
			exec(t, b, "ALTER TABLE facts DETACH PARTITION ALL")
		}
	}
}
