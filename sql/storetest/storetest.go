// Package storetest is the suite that every engine under sql/store passes, embedded or a server,
// and what other packages' tests need to have a store of their own.
package storetest

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"tributary/sql/store"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Engine is where the suite runs. Each test has a database of its own, dropped when it ends.
type Engine struct {
	// Options returns the driver's options for the engine, without a database.
	Options func() *clickhouse.Options
	// Kill is store.Config's.
	Kill func(ctx context.Context, queryID string) error
}

// Bench is one test's store, and a connection beside it to look inside.
type Bench struct {
	*store.Store
	Conn driver.Conn
}

// Store opens a store with all migrations on a new database.
func (e Engine) Store(tb testing.TB) *Bench {
	tb.Helper()
	b := e.empty(tb)
	if _, err := b.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return b
}

// empty opens a store on a database that does not exist yet.
func (e Engine) empty(tb testing.TB) *Bench {
	tb.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	s, err := store.New(e.Options(), store.Config{Database: name, Kill: e.Kill})
	if err != nil {
		tb.Fatal(err)
	}
	options := e.Options()
	options.Auth.Database = name
	conn, err := clickhouse.Open(options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
		if err := conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+name+" SYNC"); err != nil {
			tb.Error(err)
		}
		_ = conn.Close()
	})
	return &Bench{s, conn}
}

// Run runs the suite.
func Run(t *testing.T, e Engine) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Engine)
	}{
		{"Migrate", testMigrate},
		{"MigrateKeepsWhatIsThere", testMigrateAgain},
		{"MigrateRefusesChangedFiles", testMigrateChanged},
		{"TablesAreDurable", testDurable},
		{"ColumnsAgreeWithTables", testColumns},
		{"EventsComeBack", testEventsComeBack},
		{"OtherRowsComeBack", testOtherRows},
		{"EmptyRow", testEmptyRow},
		{"HostileValues", testHostileValues},
		{"HostileJSON", testHostileJSON},
		{"RandomJSON", testRandomJSON},
		{"Times", testTimes},
		{"Partitions", testPartitions},
		{"TwoHundredMonths", testTwoHundredMonths},
		{"Present", testPresent},
		{"Reach", testReach},
		{"Kill", testKill},
		{"KilledInsert", testKilledInsert},
		{"Fence", testFence},
		{"ForgetFenced", testForgetFenced},
		{"IdentityMap", testIdentityMap},
		{"EveryQuery", testEveryQuery},
		{"Timeline", testTimeline},
		{"Counts", testCounts},
		{"Profiles", testProfiles},
		{"Reconcile", testReconcile},
		{"ErasureRules", testErasureRules},
		{"Erase", testErase},
		{"EraseAgain", testEraseAgain},
		{"EraseCameAgain", testEraseCameAgain},
		{"EraseBesideMerges", testEraseBesideMerges},
		{"Errors", testErrors},
		{"Amounts", testAmounts},
		{"Cancelled", testCancelled},
		{"Gone", testGone},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, e) })
	}
}

// insert inserts rows, which must succeed.
func insert[R any](t testing.TB, b *Bench, table *store.Table[R], rows ...*R) {
	t.Helper()
	if err := store.Insert(t.Context(), b.Store, table, rows, ""); err != nil {
		t.Fatal(err)
	}
}

// all runs a named query, which must succeed.
func all[R any](t testing.TB, b *Bench, name string, params store.Params) []R {
	t.Helper()
	query, err := store.Prepare[R](b.Store, name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := query.All(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// one runs a statement that yields one value.
func one[V any](t testing.TB, b *Bench, sql string, args ...any) (v V) {
	t.Helper()
	if err := b.Conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func exec(t testing.TB, b *Bench, sql string) {
	t.Helper()
	if err := b.Conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
