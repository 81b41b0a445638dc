package cx

import (
	"fmt"
	"slices"
	"strconv"
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

// statement makes the statements of metrics that are made of the same rows, so that these are read once: names come from the
// registry, values are bound.
type statement struct {
	metrics []*Metric
	rows    string // of the metrics, as sql/queries has it
	scope   *report.Scope
	grain   Grain
	by      Dimension // empty: by nothing
	group   bool      // of that group alone, bound as group
	series  bool      // of that series alone, bound as series
	whole   bool      // points of the whole span come with those of its buckets
	before  bool      // and points of the period before it
}

// place says what a point is of.
type place = string

const (
	placeBucket place = "bucket" // one bucket of the span
	placeWhole  place = "whole"  // the whole span
	placeBefore place = "before" // the period before
	placeAll    place = "all"    // the whole span, all groups and series together
)

const placesType = "Array(Tuple(Enum8('bucket', 'whole', 'before', 'all'), Int64))"

// measures is an array with a tuple for each metric: its number, whether it counts the row, and what it makes of it.
func (s statement) measures() string {
	list := make([]string, len(s.metrics))
	for i, m := range s.metrics {
		list[i] = fmt.Sprintf("tuple(toUInt8(%d), toBool(%s), %s, %s, %s, toString(%s), toBool(%s))", i,
			m.of.counted, or(m.of.at, "at"), whole(m.of.numerator), whole(or(m.of.denominator, "1")), or(m.of.series, "''"), or(m.of.mature, "true"))
	}
	return "[" + strings.Join(list, ",\n\t\t") + "]"
}

// parts are the columns that numerators consist of, each once.
func (s statement) parts() (columns []string) {
	for _, m := range s.metrics {
		for _, p := range m.of.parts {
			if !slices.Contains(columns, p.column) {
				columns = append(columns, p.column)
			}
		}
	}
	return columns
}

func whole(column string) string { return "toInt64(" + column + ")" }

// counted yields the rows that metrics count, once for each that does, with its bucket, group and series. first is where the span
// begins, or the period before it; earlier tells the two apart.
func (s statement) counted() string {
	text := `SELECT *, measure.1 AS metric, measure.3 AS happened_at, measure.4 AS upper, measure.5 AS lower, measure.6 AS series_value, measure.7 AS settled,
		happened_at < fromUnixTimestamp64Milli({since:Int64}, 'UTC') AS earlier, ` + bucketOf[s.grain] + ` AS begins, ` + or(string(s.by), "''") + ` AS by_value
	FROM (` + s.source() + `) ARRAY JOIN arrayFilter(m -> m.2, ` + s.measures() + `) AS measure
	WHERE happened_at >= fromUnixTimestamp64Milli({first:Int64}, 'UTC') AND happened_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
` + s.filters()
	if s.group {
		text += ` AND by_value = {group:String}`
	}
	if s.series {
		text += ` AND series_value = {series:String}`
	}
	return text
}

// filters confine rows to those of the scope. What it does not ask for is not in the statement, so that the engine need not read it.
func (s statement) filters() (text string) {
	if len(s.scope.Channels) > 0 {
		text += ` AND channel IN {channels:Array(String)}`
	}
	if len(s.scope.Sources) > 0 {
		text += ` AND source IN {sources:Array(String)}`
	}
	if len(s.scope.AgentKinds) > 0 {
		text += ` AND agent_kind IN {agent_kinds:Array(String)}`
	}
	if s.scope.Segment != "" {
		text += ` AND ` + report.OfSegment
	}
	return text
}

// source yields the rows of the metrics. Surveys are told apart by what is known of the conversation that they are about, if anything of
// that is asked for.
func (s statement) source() string {
	conversation := s.by != "" && s.by != BySource || len(s.scope.Channels) > 0 || len(s.scope.AgentKinds) > 0
	if s.metrics[0].rows != ofSurveys || !conversation {
		return s.rows
	}
	return AboutConversations(s.rows)
}

// AboutConversations is the statement of surveys, sql/queries/cx/surveys, with what is known of the conversation that each is about where it
// does not say it itself: channel, topic, team and the like.
func AboutConversations(surveys string) string {
	return `SELECT s.* REPLACE (
    if(c.channel != '', c.channel, s.channel) AS channel, if(s.topic != '', s.topic, c.topic) AS topic, c.agent_kind AS agent_kind, c.began AS began,
    if(s.team != '', s.team, c.team) AS team, if(s.queue != '', s.queue, c.queue) AS queue,
    if(s.language != '', s.language, c.language) AS language, if(s.product != '', s.product, c.product) AS product)
FROM (
` + strings.TrimSpace(surveys) + `
) AS s
LEFT JOIN (
    SELECT conversation_id, channel, topic, agent_kind, began, team, queue, language, product
    FROM cx_contacts(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64},
        known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, restricted = {restricted:Array(UUID)})
) AS c ON c.conversation_id = s.conversation`
}

// placed yields the counted rows once for each place of which they are.
func (s statement) placed() string {
	span, earlier := []string{"('bucket', begins)", "('all', 0)"}, []string{}
	if s.whole {
		span = append(span, "('whole', 0)")
	}
	if s.stock() { // what happened before is part of it
		earlier = slices.Clone(span)
	}
	if s.before {
		earlier = append(earlier, "('before', 0)")
	}
	places := func(list []string) string {
		return "CAST([" + strings.Join(list, ", ") + "], '" + strings.ReplaceAll(placesType, "'", "\\'") + "')"
	}
	return `SELECT metric, id, source, profile, happened_at, upper, lower, settled, ` + strings.Join(append(s.parts(), ""), ", ") + `at_place.1 AS place, at_place.2 AS bucket,
		if(place = 'all', '', toString(by_value)) AS group_name, if(place = 'all', '', series_value) AS series_name
	FROM (` + s.counted() + `) ARRAY JOIN if(earlier, ` + places(earlier) + `, ` + places(span) + `) AS at_place`
}

// ofPeople leaves the last row of each person alone, by the columns keys, of the metrics that count people.
func (s statement) ofPeople(rows, keys string) string {
	people := s.are(func(m *Metric) bool { return m.of.onePerson })
	if people == none {
		return rows
	}
	return `SELECT * FROM (
		SELECT *, row_number() OVER (PARTITION BY metric, ` + keys + `, profile ORDER BY happened_at DESC, id DESC, source DESC) AS latest
		FROM (` + rows + `)
	) WHERE latest = 1 OR NOT ` + people
}

// none is the condition that no row meets.
const none = "false"

// are is the condition that a row is of a metric like that.
func (s statement) are(like func(m *Metric) bool) string {
	var list []string
	for i, m := range s.metrics {
		if like(m) {
			list = append(list, strconv.Itoa(i))
		}
	}
	if len(list) == 0 {
		return none
	}
	return "(metric IN (" + strings.Join(list, ", ") + "))"
}

// stock says whether rows of before the span are part of it. The metrics of a statement are alike in it.
func (s statement) stock() bool { return s.metrics[0].kind == stock }

// points yields a row for each metric, place, bucket, group and series with rows that count.
func (s statement) points() string {
	middle, low, high := "0", "0", "0"
	if of := s.are(func(m *Metric) bool { return m.kind == median }); of != none {
		middle = "quantileExactInclusiveIf(0.5)(upper, " + of + ")"
		low, high = strings.ReplaceAll(medianLow, "@", of), strings.ReplaceAll(medianHigh, "@", of)
	}
	square, cross, lowerSquare := "0", "0", "0"
	if of := s.are(func(m *Metric) bool { return m.kind == net || m.kind == mean }); of != none { // squares of milliseconds and of billionths are more than 64 bits hold
		square, cross, lowerSquare = "sumIf(toInt256(upper) * upper, "+of+")", "sumIf(toInt256(upper) * lower, "+of+")", "sumIf(toInt256(lower) * lower, "+of+")"
	}
	var parts []string
	for _, column := range s.parts() {
		parts = append(parts, "sum("+whole(column)+")")
	}
	return `SELECT metric, place, bucket, group_name, series_name,
		count() AS sample, uniqExactIf(profile, place = 'all') AS people, sum(upper) AS numerator, sum(lower) AS denominator,
		toFloat64(` + square + `) AS square, toFloat64(` + cross + `) AS cross, toFloat64(` + lowerSquare + `) AS lower_square,
		toFloat64(` + middle + `) AS middle, toFloat64(` + low + `) AS middle_low, toFloat64(` + high + `) AS middle_high, countIf(NOT settled) AS immature, CAST([` + strings.Join(parts, ", ") + `], 'Array(Int64)') AS parts
	FROM (` + s.ofPeople(s.placed(), "place, bucket, series_name") + `)
	GROUP BY metric, place, bucket, group_name, series_name
	ORDER BY metric, place, bucket, group_name, series_name`
}

// medianLow and medianHigh are the values between which the median lies with at least 95 %, whatever it is of: those at the ranks
// n/2 - z sqrt(n)/2 and 1 + n/2 + z sqrt(n)/2, rounded outwards, of n (Conover, Practical Nonparametric Statistics, 1999, section 3.2).
const (
	medianLow  = "arraySort(groupArrayIf(upper, @))[toUInt64(greatest(1, floor(count() / 2 - 0.979981992270027 * sqrt(count()))))]"
	medianHigh = "arraySort(groupArrayIf(upper, @))[toUInt64(least(toFloat64(count()), ceil(1 + count() / 2 + 0.979981992270027 * sqrt(count()))))]"
)

// items yields what a point was made of, the newest first, after a cursor. Of a stock it is what is there at the end.
func (s statement) items() string {
	rows := `SELECT id, source, profile, happened_at, upper FROM (` + s.ofPeople(s.counted(), "series_value") + `)`
	if s.stock() {
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

// params are the arguments of a statement about a scope. It reads more than the span and the period before, if that is asked for:
// conversations that last up to Reach, and what came within Reach before and after.
func (s statement) params() store.Params {
	scope := s.scope
	p := scope.Params()
	first := scope.From
	if s.before {
		first = earlier(scope).From
	}
	since, until := first.Add(-Reach), scope.Until.Add(Reach)
	if s.stock() {
		first, since, until = store.MinTime, store.MinTime, scope.Until
	}
	p["first"] = max(first.UnixMilli(), store.MinTime.UnixMilli())
	p["read_since"], p["read_until"] = max(since.UnixMilli(), store.MinTime.UnixMilli()), min(until.UnixMilli(), store.MaxTime.UnixMilli())
	p["zone"] = scope.Zone.String()
	return p
}
