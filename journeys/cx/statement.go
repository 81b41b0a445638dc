package cx

import (
	"strings"
	"time"

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

// inSpan confines rows to the span, and the period before it where that is asked for: first is where the earlier of both begins.
const inSpan = `happened_at >= fromUnixTimestamp64Milli({first:Int64}, 'UTC') AND happened_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')`

const ofGroup = ` AND by_value = {group:String}`

// counted yields the rows that the metric, which is alone, counts, with what it makes of each.
func (s statement) counted() string {
	of := &s.metrics[0].of
	text := `SELECT *, ` + of.time() + ` AS happened_at, ` + of.upper() + ` AS upper, ` + of.lower() + ` AS lower,
		` + or(of.series, "''") + ` AS series_value, ` + or(of.mature, "true") + ` AS settled, ` + or(string(s.by), "''") + ` AS by_value
	FROM (` + s.source() + `)
	WHERE ` + of.counted + ` AND ` + inSpan + s.filters()
	if s.group && !of.onePerson { // whose last row, of whatever group, counts
		text += ofGroup
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
    FROM cx_conversations(workspace = {workspace:String}, since = {read_since:Int64}, until = {read_until:Int64},
        known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, restricted = {restricted:Array(UUID)})
) AS c ON c.conversation_id = s.conversation`
}

// stock says whether rows of before the span are part of it. The metrics of a statement are alike in it.
func (s statement) stock() bool { return s.metrics[0].kind == stock }

// items yields what a point was made of, the newest first, after a cursor. Of a stock it is what is there at the end.
func (s statement) items() string {
	rows := `SELECT id, source, profile, happened_at, upper FROM (` + s.counted() + `)`
	switch {
	case s.stock():
		rows = `SELECT id, argMax(c.source, c.happened_at) AS source, argMax(c.profile, c.happened_at) AS profile, max(c.happened_at) AS happened_at, sum(c.upper) AS upper
			FROM (` + s.counted() + `) AS c GROUP BY id HAVING upper > 0`
	case s.metrics[0].of.onePerson:
		rows = `SELECT * FROM (` + s.counted() + ` ORDER BY happened_at DESC, id DESC, source DESC LIMIT 1 BY series_value, profile) WHERE true`
		if s.group {
			rows += ofGroup
		}
	}
	return `SELECT id, toString(source) AS source, profile, happened_at AS at, upper AS numerator FROM (` + rows + `)
	WHERE (happened_at, id, toString(source)) < (fromUnixTimestamp64Milli({before_at:Int64}, 'UTC'), {before_id:String}, {before_source:String})
	ORDER BY happened_at DESC, id DESC, source DESC LIMIT {limit:UInt32}`
}

func whole(column string) string { return "toInt64(" + column + ")" }

func or(column, otherwise string) string {
	if column == "" {
		return otherwise
	}
	return column
}

// params are the arguments of a statement about a scope. It reads more than the span and the period before, if that is asked for, so that
// conversations of up to Reach are whole, and those that began Near are known.
func (s statement) params() store.Params {
	scope := s.scope
	p := scope.Params()
	first := scope.From
	if s.before {
		first = earlier(scope).From
	}
	// Whole days of UTC are read as they are kept, what is left over event by event.
	const day = 24 * time.Hour
	since, until := first.Add(-Reach).Truncate(day), scope.Until.Add(Reach+day-1).Truncate(day)
	if s.stock() {
		first, since, until = store.MinTime, store.MinTime, scope.Until
	}
	p["first"] = store.Millis(first)
	p["read_since"], p["read_until"] = store.Millis(since), store.Millis(until)
	p["near_since"], p["near_until"] = store.Millis(first.Add(-Near)), store.Millis(scope.Until.Add(Near))
	p["zone"] = scope.Zone.String()
	return p
}
