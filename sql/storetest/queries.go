package storetest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	statements "tributary/sql"
	"tributary/sql/store"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

var parameter = regexp.MustCompile(`\{(\w+):([^}]+)\}`)

// sample is a value of each type that queries take.
var sample = map[string]any{
	"String": "x", "UInt32": 1, "UInt64": 1, "Int64": 1, "Float64": 1.5, "Float32": float32(1.5), "UUID": uuid.Nil, "Array(String)": []string{"x"},
	"Array(UInt64)": []uint64{1}, "Array(UUID)": []uuid.UUID{uuid.Nil}, "Identifier": "events", "DateTime64(3)": Start,
	"Array(UInt32)": []uint32{1}, "Bool": true, "Date32": "2024-05-06",
}

// testEveryQuery has the engine plan every query of sql/queries, so that none names a column or a
// function that is not there. What is no query (store/…) is run by other tests.
func testEveryQuery(t *testing.T, e Engine) {
	b := e.Store(t)
	names := b.Names()
	if len(names) < 10 {
		t.Fatalf("there are %d queries", len(names))
	}
	for _, name := range names {
		text, err := statements.Queries.ReadFile("queries/" + name + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		if !isQuery(string(text)) {
			continue
		}
		var args []any
		for _, p := range parameter.FindAllStringSubmatch(string(text), -1) {
			value, ok := sample[p[2]]
			if !ok {
				t.Errorf("%s: no sample of %s", name, p[2])
			}
			args = append(args, clickhouse.Named(p[1], value))
		}
		rows, err := b.Conn.Query(t.Context(), "EXPLAIN "+string(text), args...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_ = rows.Close()
	}
}

func isQuery(sql string) bool {
	for line := range strings.Lines(sql) {
		if !strings.HasPrefix(line, "--") {
			return strings.HasPrefix(line, "SELECT") || strings.HasPrefix(line, "WITH")
		}
	}
	return false
}

// testTimeline pages through the timeline of two observations, with many rows of one time.
func testTimeline(t *testing.T, e Engine) {
	b := e.Store(t)
	mine := []uuid.UUID{Observation(1), Observation(2)}
	rows := Rows(11, 300)
	var want []string
	for i, row := range rows {
		row.At = Start.Add(time.Duration(i/40) * time.Millisecond)
		row.OriginalAt, row.Order, row.Client = row.At, 0, 0
		row.MessageID = fmt.Sprintf("m-%03d", i)
		row.Observation = Observation(uint64(i % 3))
		if i%3 != 0 {
			want = append(want, row.MessageID)
		}
	}
	slices.Reverse(want)
	insert(t, b, store.Events, rows...)
	stranger := *rows[1]
	stranger.Workspace = "other"
	insert(t, b, store.Events, &stranger)
	var got []string
	before := store.TimelineRow{OrderedAt: Start.Add(time.Hour)}
	for {
		page := all[store.TimelineRow](t, b, "timeline/page", store.Params{
			"workspace": "acme", "observations": mine, "observation_keys": keys(mine),
			"before_ordered_at": before.OrderedAt.UnixMilli(), "before_original_at": before.OriginalAt.UnixMilli(),
			"before_client": before.Client, "before_order": before.Order,
			"before_message_id": before.MessageID, "before_source": before.Source, "channels": []string{}, "limit": 7,
		})
		for _, row := range page {
			got = append(got, row.MessageID)
			before = row
		}
		if len(page) < 7 {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("paged through %d events, want %d: %v", len(got), len(want), got)
	}
}

func keys(observations []uuid.UUID) []uint64 {
	var all []uint64
	for _, o := range observations {
		all = append(all, store.ObservationKey(o))
	}
	return all
}
