package storetest

import (
	"errors"
	"testing"
	"time"

	"tributary/sql/store"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// other opens another store on the bench's database, as another process would.
func (b *Bench) other(t testing.TB, e Engine) *store.Store {
	t.Helper()
	s, err := store.New(e.Options(), store.Config{Database: b.Database(), Kill: e.Kill})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// testFence: once a writer has taken over, nothing of an earlier one gets into any table, neither what it
// sends late nor what was on its way.
func testFence(t *testing.T, e Engine) {
	later := e.Store(t)
	earlier := later.other(t, e)
	if err := earlier.Fence(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	rows := Rows(3, 4)
	put := func(s *store.Store, row *store.EventRow) error {
		return store.Insert(t.Context(), s, store.Events, []*store.EventRow{row}, "")
	}
	if err := put(earlier, rows[0]); err != nil {
		t.Fatal(err)
	}
	underway := make(chan error, 1)
	go func() { // an insert that does not end by itself
		ctx := clickhouse.Context(t.Context(), clickhouse.WithQueryID(store.StatementName(1, "underway")))
		underway <- later.Conn.Exec(ctx, `INSERT INTO facts (workspace, log_partition, log_offset, writer)
			SELECT 'late', 0, number, 1 FROM numbers(1000000000000) WHERE sipHash64(number) = 1`)
	}()
	for one[uint64](t, later, "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO facts%' AND query LIKE '%late%'") == 0 {
		time.Sleep(time.Millisecond) // nothing tells when it begins
	}
	if err := later.Fence(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-underway:
		if err == nil {
			t.Error("a statement of the earlier writer came to its end")
		}
	case <-time.After(time.Minute):
		t.Fatal("a statement of the earlier writer goes on")
	}
	if err := put(later.Store, rows[1]); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*store.Store{"of the earlier epoch": earlier, "never fenced": later.other(t, e)} {
		wantClass(t, put(s, rows[2]), store.ErrFenced)
		if n := one[uint64](t, later, "SELECT count() FROM events"); n != 2 {
			t.Errorf("%s: %d events", name, n)
		}
	}
	wantClass(t, earlier.Fence(t.Context(), 1), store.ErrFenced)
	if n := one[uint64](t, later, "SELECT count() FROM events WHERE writer = 2"); n != 1 {
		t.Errorf("%d events of the later epoch", n)
	}
	for _, table := range store.TableNames() {
		err := store.Classify(later.Conn.Exec(t.Context(), "INSERT INTO "+table+" (writer) VALUES (1)"))
		if !errors.Is(err, store.ErrFenced) {
			t.Errorf("%s takes rows of the earlier epoch: %v", table, err)
		}
	}
}

// testForgetFenced: a writer that comes late to empty tables takes nothing of the one after it.
func testForgetFenced(t *testing.T, e Engine) {
	later := e.Store(t)
	earlier := later.other(t, e)
	fact := func(offset uint64) *store.FactRow {
		return &store.FactRow{Workspace: "acme", Place: store.Place{LogOffset: offset}}
	}
	insert(t, later, store.Facts, fact(1))
	if err := earlier.Fence(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := store.Insert(t.Context(), earlier, store.Facts, []*store.FactRow{fact(2)}, ""); err != nil {
		t.Fatal(err)
	}
	if err := later.Fence(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := later.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	insert(t, later, store.Facts, fact(3))
	if err := earlier.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := one[[]uint64](t, later, "SELECT groupArray(log_offset) FROM facts"); len(got) != 1 || got[0] != 3 {
		t.Errorf("facts %v are left, want 3 alone", got)
	}
}
