package flow

import (
	"fmt"
	"strings"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/profiles/computed"
	"tributary/sql/store"
)

// Period is what people are put together by: when they were born, and whether they came back in one.
type Period string

// The periods, of the scope's zone. A week begins on Monday.
const (
	Day   Period = "day"
	Week  Period = "week"
	Month Period = "month"
)

// Bounds of a retention.
const (
	DefaultPeriods = 12
	MaxPeriods     = 60
	// MaxCohorts bounds the rows of the answer.
	MaxCohorts = 400
)

// RetentionRequest asks who of those who did one thing comes back to do another.
type RetentionRequest struct {
	report.Request
	Born    computed.Selection `json:"born" policy:"-"`
	Returns computed.Selection `json:"returns" policy:"-"`
	By      Period             `json:"by,omitempty" policy:"meta"`      // default Week
	Periods int                `json:"periods,omitempty" policy:"meta"` // after that of birth; default DefaultPeriods
}

// retention is a RetentionRequest that was checked.
type retention struct {
	scope   report.Scope
	by      Period
	periods int
	picker  *computed.Picker // bits: born, returns
}

func (r *RetentionRequest) check(workspace string, now time.Time, faults *event.Errors) *retention {
	t := &retention{scope: r.Scope(workspace, now, faults), by: r.By, periods: r.Periods}
	if t.by == "" {
		t.by = Week
	}
	if t.by != Day && t.by != Week && t.by != Month {
		faults.Add("by", "must be day, week or month")
	}
	if t.periods == 0 {
		t.periods = DefaultPeriods
	}
	if t.periods < 1 || t.periods > MaxPeriods {
		faults.Add("periods", "must be 1 to 60")
	}
	t.picker = pick(faults, named{"born", &r.Born}, named{"returns", &r.Returns})
	if days := t.scope.Until.Sub(t.scope.From).Hours() / 24; t.by == Day && days > MaxCohorts {
		faults.Add("by", "would make more than 400 rows; ask for weeks, or a shorter time")
	}
	return t
}

func (t *retention) definition() string {
	return fmt.Sprintf("retention 1: people by the %[1]s (%[2]s) of their first event of born within the scope; cell k: the share that has an event of returns, later than that, in the k-th %[1]s after; a cell is immature as long as its %[1]s was not over as of the answer",
		t.by, t.scope.Zone)
}

// number makes the number of a period of a time: of days and weeks since 1970-01-01 or the Monday before it, of
// months since the year 0.
func (p Period) number(at string) string {
	switch p {
	case Day:
		return "toInt32(toDate32(" + at + ", {zone:String}))"
	case Week:
		return "toInt32(floor((toInt32(toDate32(" + at + ", {zone:String})) + 3) / 7))"
	default:
		return "(toInt32(toYear(toDate32(" + at + ", {zone:String}))) * 12 + toInt32(toMonth(toDate32(" + at + ", {zone:String}))) - 1)"
	}
}

// begins is when the period of a number begins in a zone.
func (p Period) begins(number int, zone *time.Location) time.Time {
	switch p {
	case Day:
		return time.Date(1970, 1, 1+number, 0, 0, 0, 0, zone)
	case Week:
		return time.Date(1970, 1, -2+7*number, 0, 0, 0, 0, zone)
	default:
		return time.Date(0, time.Month(1+number), 1, 0, 0, 0, 0, zone)
	}
}

// people returns a statement with a row for each person who was born: profile, cohort, born_at, first (the event of
// birth), returned (the numbers of the periods they came back in), came (when first, and which event, in each) and events.
func (t *retention) people() (string, store.Params) {
	scope := t.scope.Through(t.scope.KnownAt.Add(event.MaxAhead))
	picked, params := t.picker.SQL(report.Events, []string{"profile", "at", "message_id", "source"}, scope.Params())
	params["zone"], params["born_before"] = t.scope.Zone.String(), t.scope.Until.UnixMilli()
	return strings.NewReplacer("PICKED", picked, "COHORT", t.by.number("born_at"), "RETURN", t.by.number("x.1")).Replace(
		`SELECT profile, born_at, birth, toInt32(COHORT) AS cohort, arrayFilter(x -> x.1 > born_at, arraySort(later)) AS back,
    arrayDistinct(arrayMap(x -> RETURN, back)) AS returned, events
FROM (
    SELECT profile, min(if(bitAnd(picks, 1) != 0 AND at < fromUnixTimestamp64Milli({born_before:Int64}, 'UTC'), (at, message_id, toString(source)), (toDateTime64('2299-01-01', 3, 'UTC'), '', ''))) AS birth,
        birth.1 AS born_at, groupArrayIf((at, message_id, toString(source)), bitAnd(picks, 2) != 0) AS later, count() AS events
    FROM (PICKED)
    GROUP BY profile
    HAVING born_at < fromUnixTimestamp64Milli({born_before:Int64}, 'UTC')
)`), params
}

// cells returns a statement with a row for each cohort.
func (t *retention) cells() (string, store.Params) {
	people, params := t.people()
	params["periods"] = uint32(t.periods)
	return `SELECT cohort, count() AS people, sumForEach(arrayMap(k -> toUInt64(has(returned, cohort + toInt32(k))), range({periods:UInt32} + 1))) AS back, sum(events) AS looked_at
FROM (` + people + `)
GROUP BY cohort
ORDER BY cohort`, params
}

// behind returns a statement with the people of a page of one cell.
func (t *retention) behind(condition string) (string, store.Params) {
	people, params := t.people()
	return strings.NewReplacer("PEOPLE", people, "CONDITION", condition, "RETURN", t.by.number("x.1")).Replace(
		`SELECT profile, arrayMap(x -> x.1, made) AS times, arrayMap(x -> x.3, made) AS sources, arrayMap(x -> x.2, made) AS message_ids
FROM (
    SELECT profile, arrayConcat([birth], arraySlice(arrayFilter(x -> RETURN = cohort + {period:Int32}, back), 1, 1)) AS made
    FROM (PEOPLE)
    WHERE cohort = {cohort:Int32} AND CONDITION AND profile > {after:UUID}
    ORDER BY profile
    LIMIT {limit:UInt32}
)
ORDER BY profile`), params
}
