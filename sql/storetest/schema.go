package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tributary/sql/store"
)

func testMigrate(t *testing.T, e Engine) {
	b := e.empty(t)
	known, err := store.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Ready(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an empty engine is ready: %v", err)
	}
	applied, err := b.Migrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(applied) != len(known) {
		t.Errorf("applied %d migrations of %d", len(applied), len(known))
	}
	if err := b.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// A program that was killed between a statement and its row in the ledger repeats the statement.
func testMigrateAgain(t *testing.T, e Engine) {
	b := e.Store(t)
	insert(t, b, store.Events, Rows(1, 10)...)
	exec(t, b, "TRUNCATE TABLE schema_migrations")
	if _, err := b.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := b.Migrate(t.Context())
	if err != nil || len(again) != 0 {
		t.Errorf("a third time applies %d migrations: %v", len(again), err)
	}
	if n := one[uint64](t, b, "SELECT count() FROM events"); n != 10 {
		t.Errorf("%d rows are left of 10", n)
	}
}

func testMigrateChanged(t *testing.T, e Engine) {
	b := e.Store(t)
	exec(t, b, "TRUNCATE TABLE schema_migrations")
	exec(t, b, "INSERT INTO schema_migrations (version, name, checksum) SELECT 2, 'events', 'another'")
	if _, err := b.Migrate(t.Context()); !errors.Is(err, store.ErrChanged) {
		t.Errorf("got %v", err)
	}
}

// durable are the settings without which an insert that was answered is lost when power fails.
var durable = []string{
	"fsync_after_insert = 1", "fsync_part_directory = 1", "min_rows_to_fsync_after_merge = 1", "old_parts_lifetime = 480",
}

// bounded is the setting without which properties of many different names stop merges for minutes.
const bounded = "object_shared_data_serialization_version = 'map_with_buckets'"

func testDurable(t *testing.T, e Engine) { testDurableTables(t, e.Store(t)) }

func testDurableTables(t *testing.T, b *Bench) {
	t.Helper()
	type table struct {
		Name       string `ch:"name"`
		Engine     string `ch:"engine"`
		EngineFull string `ch:"engine_full"`
	}
	tables := all[table](t, b, "operate/durability", nil)
	if len(tables) != len(store.TableNames())+6 { // and the ledger, the fence, what an erasure notes, and what it leaves
		t.Errorf("there are %d tables", len(tables))
	}
	for _, table := range tables {
		for _, setting := range durable {
			if !strings.Contains(table.EngineFull, setting) {
				t.Errorf("%s lacks %s", table.Name, setting)
			}
		}
		if table.Name == "events" && !strings.Contains(table.EngineFull, bounded) {
			t.Errorf("%s lacks %s", table.Name, bounded)
		}
	}
}

// What the rows are sent as has to be what the tables have, but for String, which stands for
// LowCardinality(String) and JSON as well. The writer is the store's own to add; see testFence.
func testColumns(t *testing.T, e Engine) {
	b := e.Store(t)
	sent := map[string][]string{}
	sent["events"] = describe(store.Events)
	sent["facts"] = describe(store.Facts)
	sent["identity_map"] = describe(store.IdentityMap)
	sent["identity_decisions"] = describe(store.IdentityDecisions)
	sent["profiles"] = describe(store.Profiles)
	sent["profile_changes"] = describe(store.ProfileChanges)
	sent["quarantine"] = describe(store.Quarantine)
	sent["disclosures"] = describe(store.Disclosures)
	sent["audit"] = describe(store.Audit)
	sent["consent_changes"] = describe(store.ConsentChanges)
	sent["profile_segments"] = describe(store.ProfileSegments)
	for _, name := range store.TableNames() {
		has := one[[]string](t, b, `
			SELECT groupArray(concat(name, ' ', replaceAll(type, 'LowCardinality(String)', 'String')))
			FROM (SELECT * FROM system.columns WHERE database = currentDatabase() AND table = ? AND name != 'writer' ORDER BY position)`, name)
		if !slices.Equal(has, sent[name]) {
			t.Errorf("%s has the columns\n%q, rows are sent as\n%q", name, has, sent[name])
		}
	}
}

func describe[R any](t *store.Table[R]) []string {
	var all []string
	for _, c := range t.Columns() {
		all = append(all, c.Name+" "+c.Type)
	}
	return all
}
