package analyst_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tributary/journeys/analyst"
	"tributary/sql/chdb/chdbtest"
)

// refusedByTheCheck are statements of which nothing reaches the engine.
var refusedByTheCheck = []string{
	// Files, networks, other servers, other tables.
	"SELECT * FROM file('/etc/passwd')", "SELECT * FROM file('/etc/passwd', 'LineAsString')", "SELECT * FROM `file`('/etc/passwd')",
	"SELECT file('/etc/passwd')", "SELECT * FROM url('http://localhost', 'CSV')", "SELECT * FROM s3('http://x/y.csv')", "SELECT * FROM gcs('x')",
	"SELECT * FROM hdfs('hdfs://x')", "SELECT * FROM azureBlobStorage('x')", "SELECT * FROM remote('127.0.0.1', system.one)",
	"SELECT * FROM remoteSecure('127.0.0.1', 'events')", "SELECT * FROM cluster('c', tributary.events)", "SELECT * FROM clusterAllReplicas('c', system, one)",
	"SELECT * FROM merge('', '.*')", "SELECT * FROM merge(currentDatabase(), '^events$')", "SELECT * FROM dictionary('identity_now')",
	"SELECT * FROM mergeTreeIndex(currentDatabase(), events)", "SELECT * FROM mergeTreeProjection('d', 't', 'p')", "SELECT * FROM view(SELECT 1)",
	"SELECT * FROM viewIfPermitted(SELECT 1 ELSE null('x Int'))", "SELECT * FROM input('x String')", "SELECT * FROM executable('x', TSV, 'a String')",
	"SELECT * FROM mysql('h', 'd', 't', 'u', 'p')", "SELECT * FROM postgresql('h', 'd', 't', 'u', 'p')", "SELECT * FROM mongodb('x')", "SELECT * FROM redis('x')",
	"SELECT * FROM sqlite('x', 'y')", "SELECT * FROM jdbc('x', 'y')", "SELECT * FROM odbc('x', 'y')", "SELECT * FROM deltaLake('x')", "SELECT * FROM iceberg('x')",
	"SELECT * FROM generateRandom('a UInt8')", "SELECT * FROM loop(events)", "SELECT * FROM format(CSV, 'x')", "SELECT * FROM zeros(10)",
	"SELECT * FROM generateSeries(1, 10)", "SELECT * FROM null('x Int8')", "SELECT * FROM Python('x')", "SELECT * FROM fuzzJSON('x')", "SELECT * FROM timeSeriesData('x')",
	"SELECT * FROM analyst_events(workspace = 'other')", "SELECT * FROM analyst_events", "SELECT * FROM events(workspace = 'other')",
	"SELECT * FROM events_in_order(workspace = 'other', since = '2020-01-01', until = '2030-01-01')", "SELECT * FROM consent_now(workspace = 'other')",
	"SELECT * FROM facts", "SELECT * FROM identity_map", "SELECT * FROM `facts`", `SELECT * FROM "facts"`, "SELECT * FROM identity_now",
	"SELECT * FROM system.tables", "SELECT * FROM system.query_log", "SELECT * FROM `system`.`tables`", "SELECT * FROM `system.tables`", "SELECT * FROM system . tables",
	"SELECT * FROM INFORMATION_SCHEMA.TABLES", "SELECT * FROM information_schema.columns", "SELECT * FROM default.events", "SELECT * FROM tributary.events",
	"SELECT * FROM events, facts", "SELECT * FROM events JOIN facts USING (message_id)", "SELECT * FROM events ARRAY JOIN [1] AS a JOIN facts ON 1",
	"SELECT 1 FROM (SELECT * FROM facts)", "SELECT (SELECT count() FROM facts)", "SELECT 1 WHERE EXISTS (SELECT 1 FROM facts)",
	"SELECT 1 UNION ALL SELECT count() FROM facts", "SELECT 1 EXCEPT SELECT 1 FROM facts", "(SELECT 1) UNION ALL (SELECT 1 FROM facts)",
	"WITH facts AS (SELECT * FROM facts) SELECT * FROM facts", "SELECT * FROM (WITH facts AS (SELECT 1) SELECT * FROM facts), facts",
	"WITH a AS (WITH facts AS (SELECT 1 AS x) SELECT x FROM facts) SELECT * FROM facts", "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
	"WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT * FROM r", "WITH (SELECT 1) AS facts SELECT * FROM facts", "WITH 'facts' AS t SELECT * FROM t",
	"SELECT 1 AS facts FROM facts", "SELECT * FROM events AS facts, facts", "WITH `x` AS (SELECT 1) SELECT * FROM X",
	// What a name may be to the right of IN.
	"SELECT 1 WHERE 'a' IN facts", "SELECT 1 WHERE 'a' IN (facts)", "SELECT 1 WHERE 'a' IN ((facts))", "SELECT 1 WHERE 'a' NOT IN `facts`",
	"SELECT 1 WHERE 'a' IN tributary.facts", "SELECT 1 WHERE 'a' GLOBAL IN facts", "SELECT in('a', facts)", "SELECT notIn('a', facts)", "SELECT nullIn(1, facts)",
	"SELECT globalIn('a', facts)", "SELECT 1 WHERE 'a' IN (facts AS f)", "SELECT 1 WHERE 'a' IN ((facts) AS f)", "SELECT 1 WHERE 'a' IN events", "SELECT 1 WHERE (1, 2) IN facts",
	"WITH x AS (SELECT 1) SELECT 1 WHERE 1 IN x", "SELECT 1 WHERE 1 IN (file('/etc/passwd'))", "SELECT 1 WHERE 1 IN {t:Identifier}",
	// Functions that read by a name, tell of the server, wait or call others.
	"SELECT dictGet('identity_now', 'profile', 1)", "SELECT dictGet(identity_now, 'profile', 1)", "SELECT dictGetOrDefault('identity_now', 'profile', 1, 2)",
	"SELECT dictGetUUID('identity_now', 'profile', 1)", "SELECT dictHas('identity_now', 1)", "SELECT dictGetKeys('identity_now', 'profile', 1)", "SELECT DICTGET('a', 'b', 1)",
	"SELECT joinGet('t', 'c', 1)", "SELECT hasColumnInTable('system', 'one', 'dummy')", "SELECT catboostEvaluate('/x', 1)", "SELECT evalMLMethod(1, 2)",
	"SELECT getSetting('max_threads')", "SELECT getServerSetting('path')", "SELECT getMergeTreeSetting('index_granularity')", "SELECT getMacro('x')", "SELECT getClientHTTPHeader('x')",
	"SELECT currentUser()", "SELECT user()", "SELECT currentDatabase()", "SELECT DATABASE()", "SELECT hostName()", "SELECT fqdn()", "SELECT version()", "SELECT uptime()",
	"SELECT tcpPort()", "SELECT serverUUID()", "SELECT queryID()", "SELECT currentProfiles()", "SELECT currentRoles()", "SELECT connectionId()", "SELECT displayName()",
	"SELECT filesystemAvailable()", "SELECT showCertificate()", "SELECT buildId()", "SELECT errorCodeToName(1)", "SELECT addressToLine(1)", "SELECT demangle('x')", "SELECT globalVariable('x')",
	"SELECT sleep(3)", "SELECT sleepEachRow(1) FROM events", "SELECT throwIf(1, 'x')", "SELECT logTrace('x')", "SELECT aiGenerate('x')", "SELECT AIExtract('x', 'y')",
	"SELECT arrayReduce('sum', [1])", "SELECT arrayReduceInRanges('sum', [(1,1)], [1])", "SELECT initializeAggregation('sum', 1)", "SELECT finalizeAggregation(x)",
	"SELECT sumState(1)", "SELECT sumMerge(x)", "SELECT runningAccumulate(x)", "SELECT formatRow('CSV', 1)", "SELECT structureToCapnProtoSchema('x')", "SELECT fuzzQuery('x')",
	"SELECT formatQuery('SELECT 1')", "SELECT zookeeperSessionUptime()", "SELECT transactionID()", "SELECT __getScalar('x')", "SELECT __actionName(1, 'x')", "SELECT _CAST(1, 'String')",
	"SELECT indexHint(1)", "SELECT ignore(1)", "SELECT isMergeTreePartCoveredBy('a', 'b')", "SELECT regionToName(1)", "SELECT timeSeriesIdToTags(1)", "SELECT tid()", "SELECT chdb()",
	"SELECT aggThrow(1)", "SELECT flameGraph([1])", "SELECT blockNumber()", "SELECT getTypeSerializationStreams(1)", "SELECT repeat('x', 1000000)", "SELECT range(1000000000)",
	"SELECT arrayWithConstant(1000000000, 1)", "SELECT randomString(1000000)", "SELECT `sleep`(3)", `SELECT "sleep"(3)`, "SELECT sleep/**/(3)", "SELECT sleep\n(3)", "SELECT SLEEP(3)",
	"SELECT arrayMap(sleep, [1])", "SELECT arrayMap((sleep), [1])", "SELECT arrayMap(`sleep`, [1])", "SELECT arrayMap(getSetting, ['max_threads'])", "SELECT arrayMap(file, ['/etc/passwd'])",
	"SELECT arrayFilter(sleep AS s, [1])", "SELECT arrayFold(dictGet, ['a'], 'b')", "SELECT mapApply(file, map('a', 'b'))", "SELECT sleep AS s, arrayMap(s, [1])", "SELECT arrayMap(if(1, sleep, sleep), [1])", "SELECT arrayMap([1], sleep)", "WITH sleep AS s SELECT arraySort(s, [1])",
	"SELECT arrayMap((SELECT x), [1])", "SELECT sumIfState(1, 1)", "SELECT countResample(1, 2, 3)(1, 2)", "SELECT sumForEach([1])",
	// Forms of the engine that reach further than they look.
	"SELECT * APPLY(sum) FROM events", "SELECT * APPLY sleep FROM events", "SELECT COLUMNS('.*') FROM events", "SELECT events.COLUMNS('.*') FROM events", "SELECT * REPLACE (1 AS at) FROM events",
	"SELECT * EXCEPT at FROM events", "SELECT * FROM (EXPLAIN SELECT 1)", "SELECT * FROM (EXPLAIN QUERY TREE SELECT (SELECT 1))", "SELECT * FROM (SHOW TABLES)", "SELECT * FROM (VALUES (1, 2))",
	"SELECT * FROM values('a DEFAULT sleep(1)', 1)", "SELECT * FROM values('a UInt8 ALIAS file(''/etc/passwd'')', 1)", "SELECT * FROM values(1, 2)", "SELECT * FROM values('a Enum8(1)', 1)",
	"SELECT CAST(1, 'AggregateFunction(sum, UInt8)')", "SELECT CAST('x' AS Object('json'))", "SELECT 1::Dynamic", "SELECT CAST(1 AS Enum8('a' = 1))", "SELECT {x:Identifier}", "SELECT * FROM {x:Identifier}",
	"SELECT {tributary_workspace:String}", "SELECT {TRIBUTARY_WORKSPACE:String}", "SELECT {workspace}", "SELECT {a b:String}", "SELECT {x:AggregateFunction(sum, UInt8)}", "SELECT {`x`:String}", "SELECT {x:String:String}",
	"SELECT * FROM events FINAL", "SELECT * FROM events SAMPLE 0.1", "SELECT * FROM events PASTE JOIN events", "SELECT * FROM events GLOBAL JOIN events USING (at)", "SELECT 1 ? 2 : 3",
	"SELECT a.b.c.d FROM events", "SELECT tributary.events.text FROM events", "SELECT system.one.dummy", "SELECT @@version", "SELECT $1", "SELECT ?", "SELECT :x",
	"SELECT sum(a) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN (SELECT 1) PRECEDING AND CURRENT ROW) FROM events", "SELECT 1 LIMIT (SELECT 1)", "SELECT 1 LIMIT 1 + 1",
	"SELECT 1 ORDER BY 1 WITH FILL INTERPOLATE (a AS (SELECT 1 FROM facts))", "SELECT 1 GROUP BY 1 WITH TOTALS", "SELECT 1 ORDER BY 1 COLLATE 'de'", "SELECT TOP 1 1", "SELECT 1 FROM events PREWHERE 1",
	"SELECT 1 SETTINGS max_threads = 1", "SELECT 1 SETTINGS additional_table_filters = {'events': '1'}", "SELECT 1 FROM events SETTINGS readonly = 0", "(SELECT 1 SETTINGS readonly = 0)",
	"SELECT 1 FORMAT CSV", "SELECT 1 FORMAT CSV SETTINGS format_csv_delimiter = 'x'", "SELECT 1 INTO OUTFILE '/tmp/x'", "SELECT 1 INTO OUTFILE '/tmp/x' FORMAT CSV", "SELECT 1 INTO OUTFILE '/tmp/x' AND STDOUT",
	// Other statements, and more than one.
	"", ";", " ", "--", "/* */", "SELECT", "SELECT 1; SELECT 2", "SELECT 1;;DROP TABLE events", "SELECT 1 /* ; */; -- x\nDROP TABLE events", "DROP TABLE events", "INSERT INTO events VALUES (1)",
	"INSERT INTO FUNCTION file('/tmp/x') SELECT 1", "ALTER TABLE events DELETE WHERE 1", "CREATE TABLE x (a UInt8) ENGINE = Memory", "TRUNCATE TABLE events", "RENAME TABLE events TO x", "OPTIMIZE TABLE events",
	"SYSTEM RELOAD DICTIONARIES", "SET readonly = 0", "USE system", "SHOW TABLES", "DESCRIBE TABLE events", "DESCRIBE file('/etc/passwd')", "EXISTS TABLE events", "KILL QUERY WHERE 1", "GRANT ALL ON *.* TO x",
	"EXPLAIN SELECT 1", "EXPLAIN AST SELECT 1", "EXPLAIN QUERY TREE SELECT (SELECT 1)", "EXPLAIN PIPELINE SELECT 1", "EXPLAIN SYNTAX SELECT 1", "CHECK TABLE events", "BACKUP TABLE events TO Disk('a', 'b')", "ATTACH TABLE x",
	"DETACH TABLE events", "WITH x AS (SELECT 1) INSERT INTO events SELECT * FROM x", "FROM events INSERT INTO x SELECT 1", "SELECT 1 PARALLEL WITH SELECT 2", "BEGIN TRANSACTION", "DELETE FROM events WHERE 1", "UPDATE events SET x = 1",
	"CALL x()", "EXECUTE AS x SELECT 1", "PREPARE x", "SELECT 1 UNION SELECT 2", "VALUES (1)", "events", "(((",
	// Encodings and signs that look like something else.
	"SELECT\u00a01", "SELECT\u20031", "SELECT 1\u037e SELECT 2", "ＳELECT 1", "SELECT 1 \x00", "SELECT '\xff'", "SELECT $$a$$", "SELECT $x$a$x$", "SELECT 'a' 'b", "SELECT `a", "SELECT \"a", "SELECT 'a\\x41'", "SELECT 'a\\0'",
	"SELECT x'41'", "SELECT b'01'", "SELECT 0x41", "SELECT 0b1", "SELECT 1_000", "SELECT inf(1)", "SELECT \u2018a\u2019", "SELECT \u2212 1", "SELECT 1 # x", "SELECT 1 #! x", "SELECT /* a /* b */ c */ 1", "SELECT 1 /*", "#!SELECT 1",
	"SELECT * FROM `events\n` ", "SELECT * FROM `ev``ents`", "SELECT `a\\`, (SELECT 1) AS \\`b`", "SELECT 1 AS `a)\n TableIdentifier x`", "SELECT 1 AS `a (alias b)`", "SELECT 1 AS ``", "SELECT `a.b` FROM events", "SELECT 1 AS \"a\x00\"",
	"SELECT * FROM \u0435vents", "SELECT 1 \\G", "\ufeffSELECT 1", "SELECT \\N", "SELECT 1 AS a\\b",
	// Size and depth.
	"SELECT " + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000), "SELECT " + strings.Repeat("-", 10_001) + "1", "SELECT " + strings.Repeat("NOT ", 5_000) + "1",
	strings.Repeat("SELECT * FROM (", 100) + "SELECT 1" + strings.Repeat(")", 100), "SELECT " + strings.Repeat("[", 1_000), "SELECT " + strings.Repeat("- ", 5_000) + "1", "SELECT 1" + strings.Repeat("::UInt8", 3_000),
	"SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", 100), "SELECT '" + strings.Repeat("a", analyst.MaxSQL) + "'", "SELECT " + strings.Repeat("if(1,", 3_000), "SELECT x" + strings.Repeat("[1]", 3_000), strings.Repeat("(", 30_000), "SELECT CAST(1 AS " + strings.Repeat("Array(", 3_000),
	"SELECT {x:" + strings.Repeat("Array(", 3_000) + "}", "SELECT " + strings.Repeat("CASE WHEN ", 3_000), "SELECT " + strings.Repeat("a,", 9_999) + "a",
}

// harmless are statements that the check lets through, and that find nothing of the other workspace's.
var harmless = []string{
	"SELECT * FROM events", "SELECT * FROM conversations", "SELECT * FROM profiles", "SELECT * FROM identities", "SELECT * FROM segments", "SELECT * FROM events WHERE 1 = 1 OR source = 'foreign'",
	"SELECT * FROM events WHERE source = 'foreign'", "SELECT count() FROM events WHERE name LIKE 'foreign%'", "SELECT groupUniqArray(source) FROM events", "SELECT topK(100)(name) FROM events", "SELECT * FROM events WHERE toUInt8OrNull(name) IS NULL",
	"SELECT any(text), anyLast(source), min(name), max(source) FROM events", "SELECT a.source, b.name FROM events a FULL JOIN events b ON a.at = b.at AND b.source = 'foreign'", "SELECT * FROM events a RIGHT JOIN events b ON a.at = b.at",
	"SELECT * FROM events AS facts", "WITH facts AS (SELECT * FROM events) SELECT * FROM facts WHERE source = 'foreign'", "SELECT source FROM events ORDER BY source LIMIT 1 BY source",
	"SELECT source, count() FROM events GROUP BY source WITH ROLLUP", "SELECT lagInFrame(source) OVER (ORDER BY at) FROM events", "SELECT 'tributary.facts', '; DROP TABLE events', '{tributary_workspace:String}', '/*', '--'",
	"SELECT '\\\\', '\\'', '%\\%'", "SELECT 1 AS `format csv`, 2 AS `settings readonly`", "SELECT arrayFilter(facts -> facts > 1, [1, 2])", "SELECT workspace FROM (SELECT 'acme' AS workspace)",
	"WITH 'other' AS workspace, 'other' AS tributary_workspace SELECT * FROM events", "SELECT * FROM (SELECT 'other' AS workspace) x CROSS JOIN events", "SELECT events FROM (SELECT count() AS events FROM events)",
	"SELECT * FROM (SELECT * FROM (SELECT * FROM events))", "(SELECT source FROM events) EXCEPT (SELECT 'acme')", "SELECT source FROM events INTERSECT SELECT 'foreign'", "SELECT source IN (SELECT 'foreign') AS f, * FROM events WHERE f",
}

// errsOnForeignRows fail if the engine computes them of a row that is not shown: such as that no text of it is a number.
var errsOnForeignRows = []string{
	"SELECT count() FROM events WHERE toUInt8(if(source = 'foreign', 'x', '1')) = 1", "SELECT count() FROM events WHERE intDiv(1, if(source LIKE 'for%', 0, 1)) = 1",
	"SELECT toUInt8(if(source = 'foreign', 'x', '1')) AS a, count() FROM events GROUP BY a",
	"SELECT count() FROM events a JOIN events b ON toUInt8(if(a.source = 'foreign', 'x', '1')) = b.client_order", "SELECT max(toDate(if(text LIKE 'foreign%', 'x', '2026-01-01'))) FROM events WHERE at > '2000-01-01'",
	"SELECT count() FROM events WHERE at > '2000-01-01' AND toUInt8(if(message_id != '' AND source = 'foreign', 'x', '1')) = 1 ORDER BY 1",
}

// TestAttacks: nothing of the other workspace's, of the server's or of a file's is told, whatever is asked, by the engine
// in this process and by one as serve runs it.
func TestAttacks(t *testing.T) {
	for name, e := range map[string]engine{"embedded": chdbtest.Engine(t), "child": supervised(t)} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, e, analyst.Limits{})
			for _, sql := range refusedByTheCheck {
				w.refuses(t, sql)
			}
			for _, sql := range append(harmless, errsOnForeignRows...) {
				rows, err := w.rows(t, all("acme"), sql, nil)
				if err != nil {
					t.Errorf("%s: %v", sql, err)
				}
				if bytes.Contains(fmt.Append(nil, rows), []byte("foreign ")) {
					t.Errorf("%s: shows what is another workspace's", sql)
				}
			}
		})
	}
}

func (w *world) refuses(t *testing.T, sql string) {
	t.Helper()
	_, err := w.rows(t, all("acme"), sql, map[string]any{})
	var fault *analyst.Fault
	if !errors.As(err, &fault) || fault.Line < 1 || fault.Column < 1 || strings.Contains(fault.Reason, "not understood alike") {
		t.Errorf("%.200q: %v, want a refusal that says what and where", sql, err)
	}
}
