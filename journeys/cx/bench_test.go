package cx

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/journeys/report"
	"tributary/profiles/analysis"
	"tributary/sql"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

type nobody struct{}

func (nobody) Published(string, string) (analysis.Published, error) { return analysis.Published{}, nil }

// BenchmarkMetrics measures each metric by day over the last 90 days of a year with ROWS events (environment variable;
// 100,000), and as x_raw how many times as long it takes as the same by observation, without identity.
func BenchmarkMetrics(b *testing.B) {
	rows := storetest.BenchRows(b)
	engine := chdbtest.Engine(b)
	bench := storetest.Engine{Options: func() *clickhouse.Options { return chdb.Options(engine, "") }, Kill: engine.Kill}.Store(b)
	storetest.GenerateContacts(b, bench.Conn, "bench", time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), rows)
	for _, text := range rawViews(b) {
		if err := bench.Conn.Exec(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
	if err := bench.ReloadIdentity(b.Context()); err != nil {
		b.Fatal(err)
	}
	now := time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC)
	reports, err := report.NewReader(bench.Store, nobody{}, nil, func() time.Time { return now })
	if err != nil {
		b.Fatal(err)
	}
	reader, err := NewReader(bench.Store, reports, nil, func() time.Time { return now })
	if err != nil {
		b.Fatal(err)
	}
	for i := range registry {
		id := registry[i].ID
		b.Run(id, func(b *testing.B) {
			q := Question{Metric: id, Grain: GrainDay, Scope: report.Scope{
				Workspace: "bench", From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 5, 30, 0, 0, 0, 0, time.UTC), Zone: time.UTC, KnownAt: now}}
			s, err := reader.statement(&q)
			if err != nil {
				b.Fatal(err)
			}
			sql, params := s.points(), s.params()
			var with, raw time.Duration
			for b.Loop() {
				with += timed(b, bench, sql, params)
				raw += timed(b, bench, withoutIdentity(sql), params)
			}
			b.ReportMetric(with.Seconds()/float64(b.N), "s")
			b.ReportMetric(float64(with)/float64(raw), "x_raw")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// timed is how long a statement takes, with all of its answer.
func timed(b *testing.B, bench *storetest.Bench, sql string, params store.Params) time.Duration {
	begun := time.Now()
	list, err := store.Compose[pointRow](bench.Store, "cx/points", sql).All(context.Background(), params)
	if err != nil {
		b.Fatal(err)
	}
	if len(list) == 0 {
		b.Fatal("no answer")
	}
	return time.Since(begun)
}

// withoutIdentity is a statement in which everybody is their observation.
func withoutIdentity(text string) string {
	text = strings.NewReplacer(
		"dictGetOrDefault('identity_now', 'profile', observation_key, observation)", "observation",
		"dictGetOrDefault('identity_now', 'profile', reinterpretAsUInt64(substring(max(p.who), 26)), known_as)", "known_as",
	).Replace(text)
	return strings.NewReplacer("scope_events", "scope_events_raw", "cx_conversations", "cx_conversations_raw", "cx_surveys", "cx_surveys_raw").Replace(text)
}

// rawViews are the views of metrics, without identity.
func rawViews(b *testing.B) (all []string) {
	for _, name := range []string{"0043_scope_events_by_segment.sql", "0053_cx_conversations.sql", "0055_cx_surveys_whole_days.sql"} {
		text, err := sql.Migrations.ReadFile("migrations/" + name)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, withoutIdentity(string(text)))
	}
	return all
}
