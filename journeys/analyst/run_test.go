package analyst_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"tributary/journeys/analyst"
	"tributary/sql/chdb/chdbtest"
)

// TestStatementsRun runs what analysts write, and compares with what is known of the rows.
func TestStatementsRun(t *testing.T) {
	w := newWorld(t, chdbtest.Engine(t), analyst.Limits{})
	for sql, want := range map[string]string{
		"SELECT count() FROM events":                    fmt.Sprint(events),
		"select count(*) from events;":                  fmt.Sprint(events),
		"SELECT uniqExact(message_id) FROM events AS e": fmt.Sprint(events),
		"FROM events SELECT count() -- all of them":     fmt.Sprint(events),
		"SELECT (SELECT count() FROM events) + 1":       fmt.Sprint(events + 1),
		"WITH e AS (SELECT * FROM events) SELECT count() FROM e JOIN e AS f ON e.message_id = f.message_id": fmt.Sprint(events),
		"WITH facts AS (SELECT 7 AS n) SELECT sum(n) FROM facts":                                            "7",
		"SELECT countIf(source = 'source_1') FROM events":                                                   fmt.Sprint(events / 4),
		"SELECT count() FROM (SELECT name, count() c FROM events GROUP BY name HAVING c > 1000)":            "0",
		"SELECT 1 + 2 * 3":                                                 "7",
		"SELECT (1 + 2) * 3":                                               "9",
		"SELECT 'it''s /* no */ -- \\n comment'":                           "it's /* no */ -- \n comment",
		"SELECT 'format csv settings'":                                     "format csv settings",
		"SELECT length('é')":                                               "2",
		"SELECT [1,2,3][2] + (4,5).2":                                      "7",
		"SELECT arraySum(x -> x * 2, [1,2,3])":                             "12",
		"SELECT CASE WHEN 1 = 1 THEN 'a' ELSE 'b' END":                     "a",
		"SELECT '5'::UInt8 + CAST('6' AS UInt8)":                           "11",
		"SELECT toDate('2026-03-01') + INTERVAL 1 DAY = DATE '2026-03-02'": "1",
		"SELECT n FROM values('n UInt8, s String', (1, 'a'), (2, 'b')) WHERE s IN ('b', 'c')":                                    "2",
		"SELECT sum(number) FROM numbers(10)":                                                                                    "45",
		"SELECT max(r) FROM (SELECT row_number() OVER (PARTITION BY source ORDER BY at) AS r FROM events)":                       fmt.Sprint(events / 4),
		"SELECT a FROM (SELECT 1 AS a UNION ALL SELECT 2 AS a) ORDER BY a DESC LIMIT 1":                                          "2",
		"SELECT count() FROM events WHERE at BETWEEN '2026-03-01 00:00:00' AND '2026-03-02 00:00:00' AND NOT name ILIKE '%zzz%'": fmt.Sprint(events),
		"SELECT count() FROM events LEFT ARRAY JOIN [1, 2] AS n":                                                                 fmt.Sprint(2 * events),
		"SELECT EXISTS (SELECT 1 FROM profiles)":                                                                                 "0",
		"SELECT count() FROM segments":                                                                                           "0",
		"SELECT count() FROM identities":                                                                                         "0",
		"SELECT sum(messages) FROM conversations":                                                                                fmt.Sprint(events / 5),
		"SELECT quantileExact(0.5)(number) FROM numbers(5)":                                                                      "2",
		`SELECT "two words" FROM (SELECT 3 AS "two words")`:                                                                      "3",
		"SELECT {n:UInt8} + length({list:Array(String)})":                                                                        "7",
		"SELECT number FROM numbers(3) ORDER BY number WITH FILL TO 5 LIMIT {n:UInt8}":                                           "0",
	} {
		params := map[string]any{}
		if strings.Contains(sql, "{n:") {
			params["n"] = 5.0
		}
		if strings.Contains(sql, "{list:") {
			params["list"] = []any{`a'b\`, "c"}
		}
		rows, err := w.rows(t, all("acme"), sql, params)
		if err != nil || len(rows) == 0 {
			t.Errorf("%s: %v, %d rows", sql, err, len(rows))
			continue
		}
		if got := fmt.Sprint(rows[0][0]); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}

// TestNoRowsHaveColumns: an answer without rows says what they would be.
func TestNoRowsHaveColumns(t *testing.T) {
	w := newWorld(t, chdbtest.Engine(t), analyst.Limits{})
	result, err := w.Run(t.Context(), all("acme"), "SELECT at, source AS s, toInt64({n:UInt8}) AS n FROM events LIMIT 0", map[string]any{"n": 1.0})
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	var got []string
	for _, c := range result.Columns {
		got = append(got, c.Name+" "+c.Type)
	}
	if more, err := result.Next(make([]any, 3)); more || err != nil || fmt.Sprint(got) != "[at DateTime64(3, 'UTC') s LowCardinality(String) n Int64]" {
		t.Errorf("%q, %v, %v", got, more, err)
	}
}

// TestHiddenColumnsAreNotThere: what the policy hides is in no view, whatever the expression, and the answer says so.
func TestHiddenColumnsAreNotThere(t *testing.T) {
	w := newWorld(t, chdbtest.Engine(t), analyst.Limits{})
	reader := without("acme", "content", "money")
	for _, sql := range []string{
		"SELECT text FROM events", "SELECT length(events.text) FROM events", "SELECT count() FROM events WHERE text LIKE '%a%'",
		"WITH e AS (SELECT * FROM events) SELECT text FROM e", "SELECT a.amount FROM events AS a", "SELECT properties FROM events",
		"SELECT e.at FROM events e JOIN events f USING (text)",
	} {
		_, err := w.rows(t, reader, sql, nil)
		var fault *analyst.Fault
		if !errors.As(err, &fault) || fault.Class == "" {
			t.Errorf("%s: %v, want a fault that names the class", sql, err)
		}
	}
	rows, err := w.rows(t, reader, "SELECT * FROM events LIMIT 1", nil)
	shown, err2 := w.rows(t, all("acme"), "SELECT * FROM events LIMIT 1", nil)
	if err != nil || err2 != nil || len(rows[0]) != len(shown[0])-7 {
		t.Errorf("%v, %v: %d columns are left of %d", err, err2, len(rows[0]), len(shown[0]))
	}
}

// TestHiddenEventsAreNotThere: rows of a class that the policy hides are in no view.
func TestHiddenEventsAreNotThere(t *testing.T) {
	w := newWorld(t, chdbtest.Engine(t), analyst.Limits{})
	messages, surveys := events/5, events/50
	for class, left := range map[string]int{
		"conversation": events - messages, "satisfaction": events - surveys, "behaviour": messages + surveys, "money": events,
	} {
		rows, err := w.rows(t, without("acme", class), "SELECT count() FROM events", nil)
		if err != nil || fmt.Sprint(rows[0][0]) != fmt.Sprint(left) {
			t.Errorf("without %s: %v, %v, want %d", class, rows, err, left)
		}
	}
}

// TestRestrictedPeopleAreNotThere: of a profile of which an observation is restricted nothing shows.
func TestRestrictedPeopleAreNotThere(t *testing.T) {
	w := newWorld(t, chdbtest.Engine(t), analyst.Limits{})
	reader, who := all("acme"), w.acme[3].Observation
	reader.Restricted = []uuid.UUID{who}
	theirs := 0
	for _, row := range w.acme {
		if row.Observation == who {
			theirs++
		}
	}
	rows, err := w.rows(t, reader, "SELECT count(), countIf(observation = {who:UUID}) FROM events", map[string]any{"who": who.String()})
	if err != nil || fmt.Sprint(rows) != fmt.Sprintf("[[%d 0]]", events-theirs) {
		t.Errorf("%v, %v, want %d", rows, err, events-theirs)
	}
}

// TestLimits: what asks for too much is ended, and says so.
func TestLimits(t *testing.T) {
	e := chdbtest.Engine(t)
	for sql, limits := range map[string]analyst.Limits{
		"SELECT * FROM events":                                           {RowsReturned: 10},
		"SELECT count() FROM events WHERE name != ''":                    {RowsRead: 10},
		"SELECT number FROM numbers(1000000)":                            {Bytes: 1000},
		"SELECT length(groupArray(number)) FROM numbers(100000000)":      {Memory: 50 << 20},
		"SELECT count() FROM numbers(100000000000) WHERE number % 7 = 1": {Time: 1e9},
	} {
		w := newWorld(t, e, limits)
		if _, err := w.rows(t, all("acme"), sql, nil); !errors.Is(err, analyst.ErrTooMuch) {
			t.Errorf("%s: %v, want that it is too much", sql, err)
		}
	}
}

// TestPlacesAreTheWorkspaces: a workspace has so many statements at a time, and each gives its place back.
func TestPlacesAreTheWorkspaces(t *testing.T) {
	w := newWorld(t, chdbtest.Engine(t), analyst.Limits{Concurrent: 1})
	first, err := w.Run(t.Context(), all("acme"), "SELECT number FROM numbers(1000000)", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Run(t.Context(), all("acme"), "SELECT 1", nil); !errors.Is(err, analyst.ErrBusy) {
		t.Errorf("a second statement: %v, want that it is refused", err)
	}
	if _, err := w.rows(t, all("other"), "SELECT 1", nil); err != nil {
		t.Errorf("another workspace's: %v", err)
	}
	first.Close()
	first.Close()
	if _, err := w.rows(t, all("acme"), "SELECT 1", nil); err != nil {
		t.Errorf("after the first: %v", err)
	}
}
