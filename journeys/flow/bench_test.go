package flow

import (
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/profiles/computed"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

// rawEvents is report.Events without identity: everybody is their observation.
const rawEvents = `(SELECT *, observation AS profile FROM events WHERE workspace = {workspace:String}
    AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND at < fromUnixTimestamp64Milli({until:Int64}, 'UTC'))`

// generated is ROWS events, 20 of each observation, over 100 days; every third observation belongs to another.
var generated = []string{
	`INSERT INTO events (workspace, source, message_id, type, name, channel, at, original_at, received_at, client, observation, observation_key, log_offset)
SELECT 'bench', 'shop', toString(number), 'track', ['seen', 'added', 'placed', 'delivered', 'contacted'][1 + cityHash64(number, 1) % 5],
    ['web', 'app', 'voice'][1 + cityHash64(number, 2) % 3], toDateTime64('2026-01-01', 3, 'UTC') + toIntervalSecond(cityHash64(number, 3) % 8640000) AS at,
    at AS original, original AS received, 1 + who, toUUID(concat('00000000-0000-0000-8000-', leftPad(lower(hex(who)), 12, '0'))), bitOr(bitShiftLeft(toUInt64(1), 63), who), number
FROM (SELECT number, toUInt64(intDiv(number, 20)) AS who FROM numbers({rows:UInt64}))`,
	`INSERT INTO identity_map (workspace, observation, observation_key, profile, version, changed_at, log_offset)
SELECT 'bench', toUUID(concat('00000000-0000-0000-8000-', leftPad(lower(hex(who)), 12, '0'))), bitOr(bitShiftLeft(toUInt64(1), 63), who),
    toUUID(concat('00000000-0000-0000-8000-', leftPad(lower(hex(who - 1)), 12, '0'))), 1, now64(3), who
FROM (SELECT 1 + 3 * number AS who FROM numbers(intDiv({rows:UInt64}, 60)))`,
}

// BenchmarkReports measures each report over ROWS events (environment variable; 100,000), and as x_raw how many times
// as long it takes as the same by observation, without identity.
func BenchmarkReports(b *testing.B) {
	rows := storetest.BenchRows(b)
	engine := chdbtest.Engine(b)
	bench := storetest.Engine{Options: func() *clickhouse.Options { return chdb.Options(engine, "") }, Kill: engine.Kill}.Store(b)
	for _, sql := range generated {
		if err := bench.Conn.Exec(b.Context(), sql, clickhouse.Named("rows", rows)); err != nil {
			b.Fatal(err)
		}
	}
	if err := bench.ReloadIdentity(b.Context()); err != nil {
		b.Fatal(err)
	}
	for name, made := range benchStatements(b) {
		b.Run(name, func(b *testing.B) {
			sql, params := made()
			run := func(sql string) time.Duration {
				begun := time.Now()
				found, err := bench.Conn.Query(b.Context(), sql, arguments(params)...)
				if err != nil {
					b.Fatal(err)
				}
				for found.Next() { // to the end
				}
				if err := found.Err(); err != nil {
					b.Fatal(err)
				}
				_ = found.Close()
				return time.Since(begun)
			}
			var with, raw time.Duration
			for b.Loop() {
				with += run(sql)
				raw += run(strings.Replace(sql, report.Events, rawEvents, 1))
			}
			b.ReportMetric(float64(with)/float64(raw), "x_raw")
			b.ReportMetric(float64(rows)*float64(b.N)/with.Seconds(), "events/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func arguments(params store.Params) (all []any) {
	for name, v := range params {
		all = append(all, clickhouse.Named(name, v))
	}
	return all
}

// benchStatements are the statements of the reports over all that was generated.
func benchStatements(b *testing.B) map[string]func() (string, store.Params) {
	var faults event.Errors
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	scope := report.Request{From: "2026-01-01", Until: "2026-05-01"}
	named := func(name string) computed.Selection { return computed.Selection{Events: []string{name}} }
	seen, placed, delivered := named("seen"), named("placed"), named("delivered")
	funnel := (&FunnelRequest{Request: scope, Steps: []Step{{Selection: seen}, {Selection: placed}, {Selection: delivered}}, Breakdown: "event.channel"}).check("bench", now, &faults)
	kept := (&RetentionRequest{Request: scope, Born: placed, Returns: placed}).check("bench", now, &faults)
	along := (&PathsRequest{Request: scope, Starts: &seen}).check("bench", now, &faults)
	took := (&BetweenRequest{Request: scope, Starts: placed, Ends: delivered}).check("bench", now, &faults)
	if err := faults.Err(); err != nil {
		b.Fatal(err)
	}
	for _, s := range []*report.Scope{&funnel.scope, &kept.scope, &along.scope, &took.scope} {
		s.KnownAt = now
	}
	return map[string]func() (string, store.Params){"funnel": funnel.counts, "retention": kept.cells, "paths": along.links, "time_between": took.distribution}
}
