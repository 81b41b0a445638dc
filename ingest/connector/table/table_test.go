package table

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tributary/ingest/connector"
)

func TestStatement(t *testing.T) {
	table := Table{Table: "billing.invoices", Cursor: "updated_at", Key: "id"}
	some := Table{Table: "invoices", Columns: []string{"total", "ID"}, Cursor: "updated_at", Key: "id"}
	for _, c := range []struct {
		kind  string
		table Table
		from  bound
		want  string
	}{
		{Postgres, table, boundNone, `SELECT * FROM "billing"."invoices" WHERE "updated_at" IS NOT NULL ORDER BY "updated_at", "id" LIMIT 10`},
		{Postgres, table, boundCursor, `SELECT * FROM "billing"."invoices" WHERE "updated_at" >= $1 ORDER BY "updated_at", "id" LIMIT 10`},
		{Postgres, table, boundKey, `SELECT * FROM "billing"."invoices" WHERE "updated_at" >= $1 AND ("updated_at" > $1 OR "id" > $2) ORDER BY "updated_at", "id" LIMIT 10`},
		{MySQL, some, boundKey, "SELECT `total`, `ID`, `updated_at` FROM `invoices` WHERE `updated_at` >= ? AND (`updated_at` > ? OR `id` > ?) ORDER BY `updated_at`, `id` LIMIT 10"},
	} {
		d := Database{Kind: c.kind, Page: 10}
		if got := d.statement(&c.table, c.from); got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}

func TestFaultsAreAllReported(t *testing.T) {
	d := Database{Kind: "oracle", Page: -1, Tables: []Table{
		{Name: "a", Table: `a"; drop table a; --`, Columns: []string{"b c"}, Cursor: "", Key: "1", Overlap: "soon"}, {Name: "a", Cursor: "c", Key: "k", Overlap: "-5m"},
	}}
	var faults []string
	d.Check("database", func(at, format string, args ...any) { faults = append(faults, at+": "+fmt.Sprintf(format, args...)) })
	all := strings.Join(faults, "\n")
	for _, want := range []string{
		"database.kind:", "database.page:", "tables[0].table:", "tables[0].columns[0]:", "tables[0].cursor:", "tables[0].key:", "tables[0].overlap:",
		"tables[1].name:", "tables[1].overlap:",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("missing: %s", want)
		}
	}
}

func TestValues(t *testing.T) {
	at := time.Date(2026, 4, 14, 10, 30, 0, 250_000_000, time.FixedZone("", 3600))
	for _, c := range []struct {
		kind string
		v    any
		want string
	}{
		{"TEXT", nil, "null"}, {"BOOL", true, "true"}, {"INT8", int64(-7), "-7"}, {"FLOAT8", 1.5, "1.5"}, {"TEXT", "a\"b\x00\xff", `"a\"b\u0000�"`},
		{"NUMERIC", "12.500", "12.500"}, {"NUMERIC", "NaN", `"NaN"`}, {"DECIMAL", []byte("0.10"), "0.10"}, {"VARCHAR", []byte("x"), `"x"`},
		{"JSONB", `{"a": 1}`, `{"a": 1}`}, {"BYTEA", []byte("abc"), `"YWJj"`}, {"BLOB", []byte("abc"), `"YWJj"`},
		{"TIMESTAMPTZ", at, `"2026-04-14T09:30:00.25Z"`}, {"DATE", time.Date(2026, 4, 14, 0, 0, 0, 0, time.UTC), `"2026-04-14"`},
		{"UNSIGNED BIGINT", uint64(18446744073709551615), "18446744073709551615"},
	} {
		if got := string(appendValue(nil, c.kind, c.v)); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.kind, c.v, got, c.want)
		}
	}
}

// A DSN that cannot be read is not repeated: it holds a password.
func TestErrorsKeepTheDSN(t *testing.T) {
	for kind, dsn := range map[string]string{Postgres: "postgres://u:hunter2@host:port/x", MySQL: "u:hunter2@tcp(host"} {
		c := connector.Connector{Name: "billing", Settings: []connector.Setting{{Name: "dsn", Kind: connector.KindSecret}}}
		cfg, err := c.Configure("billing", map[string]string{"dsn": dsn}, func(s string) (string, error) { return s, nil })
		if err != nil {
			t.Fatal(err)
		}
		_, err = New(cfg, &Database{Kind: kind, DSN: "dsn"}, nil, nil)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
