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

// Pairs is which events of a person a time is measured between.
type Pairs string

// The pairs. Each ends with the first event of ends after it.
const (
	FirstPair  Pairs = "first" // one of each person: from the first event of starts
	EveryStart Pairs = "every" // from every event of starts
)

// BetweenRequest asks how long one thing takes after another.
type BetweenRequest struct {
	report.Request
	Starts computed.Selection `json:"starts" policy:"-"`
	Ends   computed.Selection `json:"ends" policy:"-"`
	Pairs  Pairs              `json:"pairs,omitempty" policy:"meta"` // default FirstPair
	// Window is how much later an end may be, such as 12h or 7d; default 30d.
	Window string `json:"window,omitempty" policy:"meta"`
}

// between is a BetweenRequest that was checked.
type between struct {
	scope  report.Scope
	pairs  Pairs
	window time.Duration
	picker *computed.Picker // bits: starts, ends
}

func (r *BetweenRequest) check(workspace string, now time.Time, faults *event.Errors) *between {
	b := &between{scope: r.Scope(workspace, now, faults), pairs: r.Pairs, window: parseWindow(r.Window, "window", faults)}
	if b.pairs == "" {
		b.pairs = FirstPair
	}
	if b.pairs != FirstPair && b.pairs != EveryStart {
		faults.Add("pairs", "must be first or every")
	}
	b.picker = pick(faults, named{"starts", &r.Starts}, named{"ends", &r.Ends})
	return b
}

func (b *between) definition() string {
	which := map[Pairs]string{FirstPair: "the first event of starts of each person", EveryStart: "every event of starts"}[b.pairs]
	return "time between 1: from " + which + " within the scope to the first event of ends after it, at most " + b.window.String() + " later"
}

// people returns a statement with a row for each person with a start: profile, t, sources, ids, spans (place of start, place
// of end or 0, milliseconds) and events.
func (b *between) people() (string, store.Params) {
	scope := b.scope.Through(b.scope.Until.Add(b.window))
	from, params := arranged(report.Events, b.picker, "''", scope.Params())
	params["begun_before"], params["window"] = b.scope.Until.UnixMilli(), b.window.Milliseconds()
	starts := "arrayFilter((n, p, at) -> bitAnd(p, 1) != 0 AND at < {begun_before:Int64}, arrayEnumerate(t), picks, t)"
	if b.pairs == FirstPair {
		starts = "arraySlice(" + starts + ", 1, 1)"
	}
	return strings.NewReplacer("ARRANGED", from, "STARTS", starts, "NEXT", nextOf(2, "nextEnd")).Replace(
		`SELECT profile, t, sources, ids, toUInt64(length(t)) AS events,
    arrayMap(n -> if(nextEnd[n + 1] != 0 AND t[nextEnd[n + 1]] - t[n] <= {window:Int64}, (n, nextEnd[n + 1], toUInt64(t[nextEnd[n + 1]] - t[n])), (n, 0, toUInt64(0))), STARTS) AS spans
FROM (SELECT *, NEXT FROM (ARRANGED))
WHERE notEmpty(spans)`), params
}

// levels are the quantiles that are told.
var levels = []float64{0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99}

// edges are the upper ends of the bins of the histogram; the last bin has none.
var edges = []time.Duration{
	time.Second, 10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 2 * 24 * time.Hour, 3 * 24 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour, 30 * 24 * time.Hour,
	90 * 24 * time.Hour, 180 * 24 * time.Hour,
}

// distribution returns a statement with one row.
func (b *between) distribution() (string, store.Params) {
	people, params := b.people()
	asked := make([]string, len(levels))
	for i, level := range levels {
		asked[i] = fmt.Sprint(level)
	}
	ends := make([]uint64, len(edges))
	for i, edge := range edges {
		ends[i] = uint64(edge.Milliseconds())
	}
	params["edges"], params["as_of"] = ends, b.scope.KnownAt.UnixMilli()
	return `SELECT count() AS people, sum(length(spans)) AS starts, sum(length(took)) AS pairs, sum(events) AS looked_at,
    sum(arrayCount(x -> x.2 = 0 AND t[x.1] + {window:Int64} > {as_of:Int64}, spans)) AS open,
    quantilesExactArray(` + strings.Join(asked, ", ") + `)(took) AS quantiles,
    sumForEach(arrayMap(edge -> toUInt64(arrayCount(x -> x < edge, took)), {edges:Array(UInt64)})) AS below
FROM (SELECT *, arrayMap(x -> x.3, arrayFilter(x -> x.2 != 0, spans)) AS took FROM (` + people + `))`, params
}

// behind returns a statement with the people of a page who have a pair of which a condition holds, and the first such.
func (b *between) behind(condition string) (string, store.Params) {
	people, params := b.people()
	return strings.NewReplacer("PEOPLE", people, "CONDITION", condition).Replace(
		`SELECT profile, arrayMap(n -> fromUnixTimestamp64Milli(t[n], 'UTC'), made) AS times,
    arrayMap(n -> sources[n], made) AS sources, arrayMap(n -> ids[n], made) AS message_ids
FROM (
    SELECT profile, t, sources, ids, arrayFilter(x -> CONDITION, spans) AS fit, arrayFilter(n -> n != 0, [fit[1].1, fit[1].2]) AS made
    FROM (PEOPLE)
)
WHERE notEmpty(fit) AND profile > {after:UUID}
ORDER BY profile
LIMIT {limit:UInt32}`), params
}
