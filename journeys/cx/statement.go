package cx

import (
	"strings"

	"tributary/journeys/report"
	"tributary/sql/store"
)

// Grain is how long a bucket is, in the zone of the scope. Weeks begin on Monday.
type Grain string

// The grains; GrainNone makes one bucket of the whole span.
const (
	GrainNone  Grain = ""
	GrainHour  Grain = "hour"
	GrainDay   Grain = "day"
	GrainWeek  Grain = "week"
	GrainMonth Grain = "month"
)

// bucketOf is where the bucket of a row begins, in Unix seconds.
var bucketOf = map[Grain]string{
	GrainNone:  "toInt64(0)",
	GrainHour:  "toInt64(toUnixTimestamp(toStartOfHour(happened_at, {zone:String})))",
	GrainDay:   "toInt64(toUnixTimestamp(toStartOfDay(happened_at, {zone:String})))",
	GrainWeek:  "toInt64(toUnixTimestamp(toDateTime(toStartOfWeek(happened_at, 1, {zone:String}), {zone:String})))",
	GrainMonth: "toInt64(toUnixTimestamp(toDateTime(toStartOfMonth(happened_at, {zone:String}), {zone:String})))",
}

// statement makes the statements of a metric: names come from the registry, values are bound.
type statement struct {
	metric *Metric
	rows   string // of the metric, as sql/queries has it
	grain  Grain
	by     Dimension // empty: by nothing
	group  bool      // of that group alone, bound as group
	series bool      // of that series alone, bound as series
	whole  bool      // rows of the whole span come with those of the buckets
}

// counted yields the rows that the metric counts, each with its bucket, group and series.
func (s statement) counted() string {
	of := &s.metric.of
	at, since := or(of.at, "at"), "happened_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND "
	if s.metric.kind == stock {
		since = "" // what happened before is part of it
	}
	text := `SELECT *, ` + bucketOf[s.grain] + ` AS bucket, ` + or(string(s.by), "''") + ` AS by_value, ` + or(of.series, "''") + ` AS series_value,
		toInt64(` + of.numerator + `) AS upper, toInt64(` + or(of.denominator, "1") + `) AS lower, ` + or(of.mature, "true") + ` AS settled
	FROM (SELECT *, ` + at + ` AS happened_at FROM (` + s.rows + `) WHERE ` + of.counted + `)
	WHERE ` + since + `happened_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
		AND (empty({channels:Array(String)}) OR channel IN {channels:Array(String)})
		AND (empty({sources:Array(String)}) OR source IN {sources:Array(String)})
		AND (empty({agent_kinds:Array(String)}) OR agent_kind IN {agent_kinds:Array(String)})
		AND ` + report.OfSegment
	if s.group {
		text += ` AND by_value = {group:String}`
	}
	if s.series {
		text += ` AND series_value = {series:String}`
	}
	if of.onePerson {
		text += ` ORDER BY happened_at DESC, id DESC, source DESC LIMIT 1 BY profile, bucket, series_value`
	}
	return text
}

// alike says whether the rows that the metric counts of the whole span are those that it counts of its buckets.
func (s statement) alike() bool { return !s.metric.of.onePerson && s.metric.kind != stock }

// points yields a row for each bucket, group and series with rows that count, if asked one for each group and series of the
// whole span, and one for all of them.
func (s statement) points() string {
	middle, low, high := "0", "0", "0"
	if s.metric.kind == median {
		middle = "quantileExactInclusive(0.5)(upper)"
		low, high = medianLow, medianHigh
	}
	square, cross, lowerSquare := "0", "0", "0"
	if s.metric.kind == net || s.metric.kind == mean { // squares of milliseconds and of billionths are more than 64 bits hold
		square, cross, lowerSquare = "sum(toInt256(upper) * upper)", "sum(toInt256(upper) * lower)", "sum(toInt256(lower) * lower)"
	}
	parts := make([]string, len(s.metric.of.parts))
	for i, p := range s.metric.of.parts {
		parts[i] = "sum(toInt64(" + p.column + "))"
	}
	sets := "(bucket, by_value, series_value)"
	if s.whole {
		sets += ", (by_value, series_value)"
	}
	return `SELECT toBool(grouping(by_value)) AS total, toBool(grouping(bucket)) AS whole, bucket, toString(by_value) AS group_name, toString(series_value) AS series_name,
		count() AS sample, uniqExact(profile) AS people, sum(upper) AS numerator, sum(lower) AS denominator,
		toFloat64(` + square + `) AS square, toFloat64(` + cross + `) AS cross, toFloat64(` + lowerSquare + `) AS lower_square,
		toFloat64(` + middle + `) AS middle, toFloat64(` + low + `) AS middle_low, toFloat64(` + high + `) AS middle_high, countIf(NOT settled) AS immature, CAST([` + strings.Join(parts, ", ") + `], 'Array(Int64)') AS parts
	FROM (` + s.counted() + `)
	GROUP BY GROUPING SETS (` + sets + `, ())
	ORDER BY total, whole, bucket, group_name, series_name`
}

// medianLow and medianHigh are the values between which the median lies with at least 95 %, whatever it is of: those at the ranks
// n/2 - z sqrt(n)/2 and 1 + n/2 + z sqrt(n)/2, rounded outwards, of n (Conover, Practical Nonparametric Statistics, 1999, section 3.2).
const (
	medianLow  = "arraySort(groupArray(upper))[toUInt64(greatest(1, floor(count() / 2 - 0.979981992270027 * sqrt(count()))))]"
	medianHigh = "arraySort(groupArray(upper))[toUInt64(least(toFloat64(count()), ceil(1 + count() / 2 + 0.979981992270027 * sqrt(count()))))]"
)

// items yields what a point was made of, the newest first, after a cursor. Of a stock it is what is there at the end.
func (s statement) items() string {
	rows := `SELECT id, source, profile, happened_at, upper FROM (` + s.counted() + `)`
	if s.metric.kind == stock {
		rows = `SELECT id, argMax(c.source, c.happened_at) AS source, argMax(c.profile, c.happened_at) AS profile, max(c.happened_at) AS happened_at, sum(c.upper) AS upper
			FROM (` + s.counted() + `) AS c GROUP BY id HAVING upper > 0`
	}
	return `SELECT id, toString(source) AS source, profile, happened_at AS at, upper AS numerator FROM (` + rows + `)
	WHERE (happened_at, id, toString(source)) < (fromUnixTimestamp64Milli({before_at:Int64}, 'UTC'), {before_id:String}, {before_source:String})
	ORDER BY happened_at DESC, id DESC, source DESC LIMIT {limit:UInt32}`
}

func or(column, otherwise string) string {
	if column == "" {
		return otherwise
	}
	return column
}

// params are the arguments of a statement about a scope. It reads more than the span: conversations that last up to
// Reach, and what came within Reach before and after.
func (s statement) params(scope *report.Scope) store.Params {
	p := scope.Params()
	since, until := scope.From.Add(-Reach), scope.Until.Add(Reach)
	if s.metric.kind == stock {
		since, until = store.MinTime, scope.Until
	}
	p["read_since"], p["read_until"] = max(since.UnixMilli(), store.MinTime.UnixMilli()), min(until.UnixMilli(), store.MaxTime.UnixMilli())
	p["contacts_since"], p["contacts_until"] = p["read_since"], p["read_until"]
	if !s.ofContacts(scope) {
		p["contacts_since"], p["contacts_until"] = int64(0), int64(0)
	}
	p["zone"] = scope.Zone.String()
	return p
}

// ofContacts tells whether the rows of surveys need anything of the conversations that they are about.
func (s statement) ofContacts(scope *report.Scope) bool {
	return s.by != "" && s.by != BySource || len(scope.Channels) > 0 || len(scope.AgentKinds) > 0
}
