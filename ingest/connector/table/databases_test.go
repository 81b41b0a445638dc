//go:build databases

package table

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/mapping"
	"tributary/ingest/event"
)

// each runs a test on both databases.
func each(t *testing.T, test func(t *testing.T, s *server)) {
	for _, kind := range []string{Postgres, MySQL} {
		t.Run(kind, func(t *testing.T) { test(t, servers[kind]) })
	}
}

func (s *server) exec(t testing.TB, text string, args ...any) {
	t.Helper()
	if s.kind == MySQL {
		for i := range args {
			text = strings.Replace(text, fmt.Sprintf("$%d", i+1), "?", 1)
		}
	}
	if _, err := s.db.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// pull is a source at work on a table, on a clock of its own.
type pull struct {
	t          testing.TB
	s          *server
	table      Table
	size       int
	now        time.Time
	since      time.Time
	checkpoint json.RawMessage
}

func (p *pull) puller() connector.Puller {
	p.t.Helper()
	m := mapping.Mapping{ID: `"\(.id):\(.version)"`, Events: []mapping.Rule{{
		Name: "contact.updated", Record: &mapping.Record{ID: ".id", Version: ".version", Deleted: ".gone"},
	}}}
	mapper, err := m.Compile("mapping")
	if err != nil {
		p.t.Fatal(err)
	}
	d := &Database{Kind: p.s.kind, Page: p.size, Tables: []Table{p.table}}
	d.Check("database", func(at, format string, args ...any) { p.t.Fatalf("%s: "+format, append([]any{at}, args...)...) })
	c := connector.Connector{Name: "billing", Settings: []connector.Setting{{Name: "dsn", Kind: connector.KindSecret}}}
	cfg, err := c.Configure("billing", map[string]string{"dsn": p.s.dsn}, func(s string) (string, error) { return s, nil })
	if err != nil {
		p.t.Fatal(err)
	}
	cfg.Now = func() time.Time { return p.now }
	puller, err := New(cfg, d, map[string]*mapping.Mapper{"": mapper}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return puller
}

// round pulls to the end, each page by a puller that knows nothing but the checkpoint.
func (p *pull) round() []event.Event {
	p.t.Helper()
	var events []event.Event
	for {
		puller := p.puller()
		page, err := puller.Pull(p.t.Context(), connector.Position{Checkpoint: p.checkpoint, Since: p.since})
		puller.(*Puller).Close()
		if err != nil {
			p.t.Fatal(err)
		}
		for _, r := range page.Rejected {
			p.t.Fatalf("rejected: %s %s", r.Field, r.Reason)
		}
		events, p.checkpoint = append(events, page.Events...), page.Checkpoint
		if len(p.checkpoint) > connector.MaxCheckpointBytes {
			p.t.Fatalf("the checkpoint is %d bytes", len(p.checkpoint))
		}
		if !page.More {
			return events
		}
	}
}

func ids(events []event.Event) string {
	all := make([]string, len(events))
	for i, e := range events {
		all[i] = e.MessageID
	}
	return strings.ReplaceAll(strings.Join(all, " "), ":contact.updated", "")
}

var noon = time.Date(2026, 4, 14, 12, 0, 0, 0, time.UTC)

// create makes a table; its cursor is a time in microseconds.
func (s *server) create(t testing.TB, name string) {
	t.Helper()
	kind := map[string]string{Postgres: "timestamptz", MySQL: "timestamp(6) NULL"}[s.kind]
	s.exec(t, "DROP TABLE IF EXISTS "+name)
	s.exec(t, "CREATE TABLE "+name+" (id bigint PRIMARY KEY, changed "+kind+", version int NOT NULL DEFAULT 1, gone boolean NOT NULL DEFAULT false)")
}

func (s *server) insert(t testing.TB, name string, id int, at time.Time) {
	t.Helper()
	s.exec(t, "INSERT INTO "+name+" (id, changed) VALUES ($1, $2)", id, at)
}

// Rows of equal cursors fall into several pages, and each comes once.
func TestEqualCursors(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		s.create(t, "equal_cursors")
		const rows = 500
		values := make([]string, rows)
		for i := range values {
			values[i] = fmt.Sprintf("(%d, '2026-04-14 12:00:0%d')", i+1, i%3)
		}
		s.exec(t, "INSERT INTO equal_cursors (id, changed) VALUES "+strings.Join(values, ", "))
		s.exec(t, "INSERT INTO equal_cursors (id, changed) VALUES (1000, NULL)")
		p := &pull{t: t, s: s, size: 7, now: noon.Add(time.Hour), table: Table{Name: "equal_cursors", Cursor: "changed", Key: "id"}}
		seen := map[string]int{}
		for _, e := range p.round() {
			seen[e.MessageID]++
		}
		if len(seen) != rows {
			t.Errorf("%d of %d rows", len(seen), rows)
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s comes %d times", id, n)
			}
		}
		p.now = p.now.Add(time.Hour) // beyond the overlap
		if again := p.round(); len(again) > 0 {
			t.Errorf("a round without news brings %d rows", len(again))
		}
	})
}

func TestSinceAndChanges(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		s.create(t, "changes")
		for i := range 5 {
			s.insert(t, "changes", i+1, noon.Add(time.Duration(i)*time.Minute))
		}
		p := &pull{t: t, s: s, size: 2, now: noon.Add(time.Hour), since: noon.Add(2 * time.Minute), table: Table{Name: "changes", Cursor: "changed", Key: "id"}}
		first := p.round()
		if got := ids(first); got != "3:1 4:1 5:1" || first[0].Record.Deleted {
			t.Errorf("from the third minute on: %s, deleted %v", got, first[0].Record.Deleted)
		}
		p.now = p.now.Add(time.Hour)
		s.exec(t, "UPDATE changes SET version = 2, gone = true, changed = $1 WHERE id = 1", noon.Add(time.Hour))
		got := p.round()
		if ids(got) != "1:2" || !got[0].Record.Deleted || !strings.Contains(string(got[0].Traits), `"changed":"2026-04-14T13:00:00Z"`) {
			t.Errorf("after a change: %s, %+v", ids(got), got)
		}
	})
}

// A row whose transaction commits late has a cursor from before rows that were read already.
func TestLateCommit(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		s.create(t, "late")
		p := &pull{t: t, s: s, size: 10, now: noon.Add(10 * time.Second), table: Table{Name: "late", Cursor: "changed", Key: "id", Overlap: "1m"}}
		slow, err := s.db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := slow.ExecContext(t.Context(), "INSERT INTO late (id, changed) VALUES (1, '2026-04-14 12:00:00')"); err != nil {
			t.Fatal(err)
		}
		s.insert(t, "late", 2, noon.Add(5*time.Second))
		if got := ids(p.round()); got != "2:1" {
			t.Errorf("before the commit: %s", got)
		}
		if err := slow.Commit(); err != nil {
			t.Fatal(err)
		}
		p.now = p.now.Add(30 * time.Second)
		if got := ids(p.round()); got != "1:1 2:1" {
			t.Errorf("after the commit: %s", got)
		}
		p.now = p.now.Add(time.Hour)
		if got := ids(p.round()); got != "" {
			t.Errorf("later on, again: %s", got)
		}
		s.insert(t, "late", 3, noon.Add(time.Hour))
		if got := ids(p.round()); got != "3:1" {
			t.Errorf("what is new then: %s", got)
		}
	})
}

// Writers whose transactions commit in any order: at last every row's last version has come.
func TestWritersMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		s.create(t, "busy")
		const writers, changes, rows = 4, 60, 20
		for i := range writers * rows {
			s.insert(t, "busy", i, time.Now())
		}
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for range changes {
					if err := s.change(t.Context(), w*rows+rand.IntN(rows)); err != nil { //nolint:gosec // any row does
						t.Error(err)
						return
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { all.Wait(); close(done) }()
		p := &pull{t: t, s: s, size: 9, table: Table{Name: "busy", Cursor: "changed", Key: "id", Overlap: "1m"}}
		last := map[string]string{}
		for over := false; !over; {
			select {
			case <-done:
				over = true
			default:
			}
			p.now = time.Now()
			for _, e := range p.round() {
				if event.CompareVersions(e.Record.Version, last[e.Record.ID]) > 0 {
					last[e.Record.ID] = e.Record.Version
				}
			}
		}
		want, err := s.db.QueryContext(t.Context(), "SELECT id, version FROM busy")
		if err != nil {
			t.Fatal(err)
		}
		defer want.Close()
		for want.Next() {
			var id, version string
			if err := want.Scan(&id, &version); err != nil {
				t.Fatal(err)
			}
			if last[id] != version {
				t.Errorf("row %s: version %s has come, %s is there", id, last[id], version)
			}
		}
		if err := want.Err(); err != nil {
			t.Error(err)
		}
	})
}

// change is a transaction that takes its time between the cursor's value and the commit.
func (s *server) change(ctx context.Context, id int) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	text := "UPDATE busy SET version = version + 1, changed = $1 WHERE id = $2"
	if s.kind == MySQL {
		text = "UPDATE busy SET version = version + 1, changed = ? WHERE id = ?"
	}
	if _, err := tx.ExecContext(ctx, text, time.Now(), id); err != nil {
		return err
	}
	time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond) //nolint:gosec // the writer's own pace
	return tx.Commit()
}

func TestNumberAsCursor(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		s.create(t, "numbered")
		for _, id := range []int{1, 2, 5} {
			s.insert(t, "numbered", id, noon)
		}
		p := &pull{t: t, s: s, size: 2, now: noon, table: Table{Name: "numbered", Cursor: "id", Key: "id", Overlap: "2"}}
		if got := ids(p.round()); got != "1:1 2:1 5:1" {
			t.Errorf("first: %s", got)
		}
		s.insert(t, "numbered", 4, noon) // a number of a sequence that committed late
		p.now = p.now.Add(time.Second)
		if got := ids(p.round()); got != "4:1 5:1" {
			t.Errorf("within the overlap: %s", got)
		}
		p.now = p.now.Add(time.Hour)
		if got := ids(p.round()); got != "" {
			t.Errorf("after it: %s", got)
		}
	})
}

func TestTypes(t *testing.T) {
	tables := map[string]string{
		Postgres: `DROP TABLE IF EXISTS types; CREATE TABLE types (id uuid PRIMARY KEY, changed timestamp, n numeric(30,4), i bigint, f double precision, b boolean, d date, j jsonb, raw bytea, words text, version int, gone boolean, tz timestamptz, list int[]);
			INSERT INTO types VALUES ('00000000-0000-4000-8000-000000000001', '2026-04-14 12:00:00.123456', 12345678901234567890.5000, 9007199254740993, 1.5, true, '2026-04-14', '{"a": [1]}', 'abc', 'Zoë "x"', 1, false, '2026-04-14 12:00:00+02', '{1,2}')`,
		MySQL: `DROP TABLE IF EXISTS types; CREATE TABLE types (id char(36) PRIMARY KEY, changed datetime(6), n decimal(30,4), i bigint unsigned, f double, b boolean, d date, j json, raw blob, words text CHARACTER SET utf8mb4, version int, gone boolean);
			INSERT INTO types VALUES ('00000000-0000-4000-8000-000000000001', '2026-04-14 12:00:00.123456', 12345678901234567890.5000, 18446744073709551615, 1.5, true, '2026-04-14', '{"a": [1]}', 'abc', 'Zoë "x"', 1, false)`,
	}
	wants := map[string]string{
		Postgres: `{"id":"00000000-0000-4000-8000-000000000001","changed":"2026-04-14T12:00:00.123456Z","n":12345678901234567890.5000,"i":9007199254740993,"f":1.5,"b":true,"d":"2026-04-14","j":{"a": [1]},"raw":"YWJj","words":"Zoë \"x\"","version":1,"gone":false,"tz":"2026-04-14T10:00:00Z","list":"{1,2}"}`,
		MySQL:    `{"id":"00000000-0000-4000-8000-000000000001","changed":"2026-04-14T12:00:00.123456Z","n":12345678901234567890.5000,"i":18446744073709551615,"f":1.5,"b":1,"d":"2026-04-14","j":"{\"a\": [1]}","raw":"YWJj","words":"Zoë \"x\"","version":1,"gone":0}`,
	}
	each(t, func(t *testing.T, s *server) {
		s.exec(t, tables[s.kind])
		p := &pull{t: t, s: s, size: 1, now: noon.Add(24 * time.Hour), table: Table{Name: "types", Cursor: "changed", Key: "id"}}
		got := p.round()
		if len(got) != 1 || string(got[0].Traits) != wants[s.kind] {
			t.Errorf("%d events: %s\nwant %s", len(got), got[0].Traits, wants[s.kind])
		}
		p.now = p.now.Add(time.Hour)
		if again := p.round(); len(again) != 0 { // the place, a time and a uuid, goes through the checkpoint unchanged
			t.Errorf("a round without news brings %d rows", len(again))
		}
	})
}

// What reads cannot write, whatever the table is.
func TestReadOnly(t *testing.T) {
	s := servers[Postgres]
	s.exec(t, `DROP VIEW IF EXISTS sly; DROP TABLE IF EXISTS taken; CREATE TABLE taken (n int);
		CREATE OR REPLACE FUNCTION take() RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO taken VALUES (1) RETURNING n';
		CREATE VIEW sly AS SELECT take() AS id, now() AS changed`)
	p := &pull{t: t, s: s, size: 1, now: noon, table: Table{Name: "sly", Cursor: "changed", Key: "id"}}
	_, err := p.puller().Pull(t.Context(), connector.Position{})
	if err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("a view that writes: %v", err)
	}
}

func TestErrors(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		s.create(t, "errors")
		for name, table := range map[string]Table{
			"there_is_none": {Name: "there_is_none", Cursor: "changed", Key: "id"},
			"nothing":       {Name: "errors", Cursor: "nothing", Key: "id"},
		} {
			p := &pull{t: t, s: s, size: 1, now: noon, table: table}
			if _, err := p.puller().Pull(t.Context(), connector.Position{}); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func BenchmarkPull(b *testing.B) {
	for kind, s := range servers {
		b.Run(kind, func(b *testing.B) {
			s.create(b, "many")
			const rows = 5000
			values := make([]string, rows)
			for i := range values {
				values[i] = fmt.Sprintf("(%d, '2026-04-14 12:00:00')", i)
			}
			s.exec(b, "INSERT INTO many (id, changed) VALUES "+strings.Join(values, ", "))
			s.exec(b, "CREATE INDEX many_changed ON many (changed, id)")
			b.ResetTimer()
			for range b.N {
				p := &pull{t: b, s: s, size: 1000, now: noon.Add(time.Hour), table: Table{Name: "many", Cursor: "changed", Key: "id"}}
				if got := len(p.round()); got != rows {
					b.Fatal(got)
				}
			}
			b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
