package flow

import (
	"fmt"
	"strings"

	"tributary/journeys/report"
	"tributary/sql/store"
)

// people returns a statement with a row for each person who began: profile, depth (how many steps the furthest attempt
// reached), at (Unix milliseconds of each step, 0 beyond), refs of the events, word (the breakdown) and events, how many
// of theirs were looked at.
//
// An attempt is an entry in arrays c1, c2, …, which have the place of its event in each step, 0 where it did
// not come that far.
func (f *funnel) people() (string, store.Params) {
	scope := f.scope.Through(f.scope.Until.Add(f.window))
	words := "''"
	if f.breakdown != "" {
		words = "v0"
	}
	from, params := arranged(report.Events, f.picker, words, scope.Params())
	params["begun_before"], params["window"] = f.scope.Until.UnixMilli(), f.window.Milliseconds()
	chains := f.chains()
	if f.order == Any {
		chains = f.anyOrder()
	}
	names := make([]string, len(f.steps))
	reached := make([]string, len(f.steps))
	for k := range f.steps {
		names[k] = fmt.Sprintf("c%d", k+1)
		reached[k] = fmt.Sprintf("toUInt8(c%d[i] != 0)", k+1)
	}
	places := "[" + strings.Join(names, "[best], ") + "[best]]"
	if f.order == Any {
		places = fmt.Sprintf("arrayResize(arraySort(n -> (n = 0, n), %s), %d)", places, len(names))
	}
	return strings.NewReplacer("FROM_ARRANGED", from, "NEXTS", strings.Join(f.nexts(), ",\n        "),
		"CHAINS", strings.Join(chains, ",\n        "), "DEPTHS", strings.Join(reached, " + "), "PLACES", places).Replace(
		`SELECT profile, toUInt8(depths[best]) AS depth, PLACES AS places, arrayMap(n -> t[n], places) AS at,
    arrayMap(n -> (sources[n], ids[n]), arrayFilter(n -> n != 0, places)) AS refs, words[places[1]] AS word, toUInt64(length(t)) AS events
FROM (
    SELECT *, arrayMap(i -> DEPTHS, arrayEnumerate(c1)) AS depths, indexOf(depths, arrayMax(depths)) AS best
    FROM (
        SELECT *, CHAINS
        FROM (SELECT *, NEXTS FROM (FROM_ARRANGED))
    )
    WHERE notEmpty(c1)
)`), params
}

// nexts are the arrays by which the next event of a step or an exclusion is found.
func (f *funnel) nexts() (all []string) {
	for k := range f.steps {
		all = append(all, nextOf(1<<k, fmt.Sprintf("next%d", k+1)))
	}
	for x := range f.exclusions {
		all = append(all, nextOf(1<<(len(f.steps)+x), fmt.Sprintf("excluded%d", x+1)))
	}
	return append(all, nextOf(1<<len(f.steps)-1, "nextAny"))
}

// chains makes c1, the places of the first step, and c<k> of c<k-1>.
func (f *funnel) chains() []string {
	all := []string{"arrayFilter((n, p, at) -> bitAnd(p, 1) != 0 AND at < {begun_before:Int64}, arrayEnumerate(t), picks, t) AS c1"}
	for k := 2; k <= len(f.steps); k++ {
		next := fmt.Sprintf("next%d[n + 1]", k)
		holds := []string{"n != 0", next + " != 0", "t[" + next + "] - t[first] <= {window:Int64}"}
		if f.order == Strict {
			holds = append(holds, "nextAny[n + 1] = "+next)
		}
		for x, e := range f.exclusions {
			if e.After < k && k <= e.Before {
				holds = append(holds, fmt.Sprintf("(excluded%[1]d[n + 1] = 0 OR excluded%[1]d[n + 1] >= %[2]s)", x+1, next))
			}
		}
		all = append(all, fmt.Sprintf("arrayMap((first, n) -> if(%s, %s, 0), c1, c%d) AS c%d", strings.Join(holds, " AND "), next, k-1, k))
	}
	return all
}

// anyOrder makes attempts of each event of any step: c<k> is the first event of step k from there on.
func (f *funnel) anyOrder() []string {
	all := []string{fmt.Sprintf("arrayFilter((n, p, at) -> bitAnd(p, %d) != 0 AND at < {begun_before:Int64}, arrayEnumerate(t), picks, t) AS begun", uint64(1)<<len(f.steps)-1)}
	for k := 1; k <= len(f.steps); k++ {
		all = append(all, fmt.Sprintf("arrayMap(n -> if(next%[1]d[n] != 0 AND t[next%[1]d[n]] - t[n] <= {window:Int64}, next%[1]d[n], 0), begun) AS c%[1]d", k))
	}
	return all
}

// counts returns a statement with a row for each group and one, with total 1, for all.
func (f *funnel) counts() (string, store.Params) {
	people, params := f.people()
	params["as_of"] = f.scope.KnownAt.UnixMilli()
	var reached, before, first []string
	for k := 1; k <= len(f.steps); k++ {
		reached = append(reached, fmt.Sprintf("countIf(depth >= %d)", k))
		before = append(before, fmt.Sprintf("quantilesExactIf(0.5, 0.9)(toUInt64(at[%d] - at[%d]), depth >= %d)", k, max(k-1, 1), k))
		first = append(first, fmt.Sprintf("quantilesExactIf(0.5, 0.9)(toUInt64(at[%d] - at[1]), depth >= %d)", k, k))
	}
	return fmt.Sprintf(`SELECT toUInt8(grouping(word)) AS total, word, [%s] AS people, [%s] AS since_previous, [%s] AS since_first,
    countIf(depth < %d AND at[1] + {window:Int64} > {as_of:Int64}) AS open, sum(events) AS looked_at
FROM (%s)
GROUP BY GROUPING SETS ((word), ())
ORDER BY total DESC, people[1] DESC, word
LIMIT %d`, strings.Join(reached, ", "), strings.Join(before, ", "), strings.Join(first, ", "), len(f.steps), people, MaxGroups+2), params
}

// behind returns a statement with the people of a page who have a depth, of one group or of all.
func (f *funnel) behind(condition string) (string, store.Params) {
	people, params := f.people()
	return `SELECT profile, arrayMap(x -> fromUnixTimestamp64Milli(x, 'UTC'), arraySlice(at, 1, depth)) AS times,
    arrayMap(x -> x.1, refs) AS sources, arrayMap(x -> x.2, refs) AS message_ids
FROM (` + people + `)
WHERE ` + condition + ` AND profile > {after:UUID}
ORDER BY profile
LIMIT {limit:UInt32}`, params
}
