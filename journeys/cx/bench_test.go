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

// generated is ROWS events of a year, 20 of each observation: 10 pages that it saw at any time, a conversation of 7 events in half an
// hour, what it says of it, and a case. Every third observation belongs to another, which had its conversation two days before.
var generated = []string{
	`INSERT INTO events (workspace, source, message_id, type, name, channel, at, original_at, received_at, client, observation, observation_key, log_offset,
    conversation_id, direction, author_role, team, queue, case_id, topic, wait_s, talk_s, hold_s, wrap_s, resolution, survey_id, survey, about_conversation_id, score, scale, cost)
WITH
    number % 20 AS k,
    ['conversation.started', 'conversation.queued', 'conversation.answered', 'conversation.message', 'conversation.message', 'conversation.answered', 'conversation.ended'] AS course,
    toDateTime64('2025-06-01', 3, 'UTC') AS day0,
    cityHash64(who - if(who % 3 = 1 AND who > 1, 1, 0), 1) % 31363200 + if(who % 3 = 1, 172800, 0) AS began,
    k >= 10 AND k < 17 AS talks,
    k = 12 OR k = 13 AS by_ai, k = 15 AND who % 2 = 0 OR k = 14 AND who % 2 = 0 AS by_human
SELECT 'bench', 'shop', toString(number), 'track',
    multiIf(k < 10, 'page.viewed', talks, if(k = 15 AND who % 2 = 1, 'conversation.message', course[k - 9]), k = 17, 'survey.answered', k = 18, 'case.opened', 'case.resolved'),
    if(k < 10, 'web', ['chat', 'voice', 'email'][1 + who % 3]),
    day0 + toIntervalSecond(if(k < 10, cityHash64(number, 3) % 31536000, began + k * 180)) AS at, at AS original, at AS received, 1 + who,
    toUUID(concat('00000000-0000-0000-8000-', leftPad(lower(hex(who)), 12, '0'))), bitOr(bitShiftLeft(toUInt64(1), 63), who), number,
    if(talks, concat('c', toString(who)), ''), if(talks, 'inbound', ''), multiIf(by_ai, 'ai', by_human, 'human', ''),
    ['north', 'south'][1 + who % 2], ['first', 'second'][1 + who % 2], if(k >= 18, concat('case', toString(who)), ''),
    if(talks OR k > 17, ['invoice', 'delivery', 'return', 'login', 'outage', 'plan', 'refund', 'price'][1 + who % 8], ''),
    if(k = 12, who % 90, NULL), if(k = 16, 60 + who % 600, NULL), if(k = 16, who % 60, NULL), if(k = 16, who % 40, NULL),
    if(k = 16, ['confirmed', 'unconfirmed'][1 + who % 2], ''), if(k = 17, concat('s', toString(who)), ''), if(k = 17, ['csat', 'nps', 'ces'][1 + who % 3], ''),
    if(k = 17, concat('c', toString(who)), ''), if(k = 17, 1 + cityHash64(who, 5) % 5, NULL), if(k = 17, ['1-5', '0-10', '1-5'][1 + who % 3], ''), if(k = 16, 0.25, NULL)
FROM (SELECT number, toUInt64(intDiv(number, 20)) AS who FROM numbers({rows:UInt64}))
SETTINGS max_partitions_per_insert_block = 100`,
	`INSERT INTO identity_map (workspace, observation, observation_key, profile, version, changed_at, log_offset)
SELECT 'bench', toUUID(concat('00000000-0000-0000-8000-', leftPad(lower(hex(who)), 12, '0'))), bitOr(bitShiftLeft(toUInt64(1), 63), who),
    toUUID(concat('00000000-0000-0000-8000-', leftPad(lower(hex(who - 1)), 12, '0'))), 1, now64(3), who
FROM (SELECT 1 + 3 * number AS who FROM numbers(intDiv({rows:UInt64}, 60)))`,
}

type nobody struct{}

func (nobody) Published(string, string) (analysis.Published, error) { return analysis.Published{}, nil }

// BenchmarkMetrics measures each metric by day over the last 90 days of a year with ROWS events (environment variable;
// 100,000), and as x_raw how many times as long it takes as the same by observation, without identity.
func BenchmarkMetrics(b *testing.B) {
	rows := storetest.BenchRows(b)
	engine := chdbtest.Engine(b)
	bench := storetest.Engine{Options: func() *clickhouse.Options { return chdb.Options(engine, "") }, Kill: engine.Kill}.Store(b)
	for _, text := range append(generated, rawViews(b)...) {
		if err := bench.Conn.Exec(b.Context(), text, clickhouse.Named("rows", rows)); err != nil {
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
			sql, params := s.points(), s.params(&q.Scope)
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
	text = strings.ReplaceAll(text, "dictGetOrDefault('identity_now', 'profile', observation_key, observation)", "observation")
	return strings.NewReplacer("scope_events", "scope_events_raw", "cx_contacts", "cx_contacts_raw").Replace(text)
}

// rawViews are the views of metrics, without identity.
func rawViews(b *testing.B) (all []string) {
	for _, name := range []string{"0043_scope_events_by_segment.sql", "0044_cx_contacts_again.sql"} {
		text, err := sql.Migrations.ReadFile("migrations/" + name)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, withoutIdentity(string(text)))
	}
	return all
}
