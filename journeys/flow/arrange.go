package flow

import (
	"fmt"
	"slices"
	"strings"

	"tributary/profiles"
	"tributary/profiles/computed"
	"tributary/sql/store"
)

// The order of a person's events, as profiles.Arrange makes it of the events that a report looks at, in arrays:
//
//	own  a session of a client is what it did without a pause of profiles.SessionGap, by corrected time; within it
//	     events stand in the client's own order: original_at, client_order, message_id, source
//	told by ordered_at: the corrected time, but within a session never later than that of what the client did after
//	     it; then client, original_at, client_order, message_id, source
//
// An event of no known client is a session of its own.

// arrangedColumns are those of the scope that the order is made of.
var arrangedColumns = []string{"profile", "client", "at", "original_at", "client_order", "message_id", "source"}

// arranged returns a statement with a row for each person and parallel arrays of those of his events that are in a
// selection of the picker, as they are told: t (ordered_at, Unix milliseconds), picks, sources, ids and words, an
// expression of more columns, or of the picker's fields, that is a String.
func arranged(from string, p *computed.Picker, words string, arguments store.Params, more ...string) (string, store.Params) {
	picked, params := p.SQL(from, slices.Concat(arrangedColumns, more), arguments)
	return strings.NewReplacer("PICKED", picked, "WORDS", words, "GAP", fmt.Sprint(profiles.SessionGap.Milliseconds())).Replace(
		`SELECT profile, arrayMap(x -> x.1, told) AS t, arrayMap(x -> x.7, told) AS picks,
    arrayMap(x -> x.6, told) AS sources, arrayMap(x -> x.5, told) AS ids, arrayMap(x -> x.8, told) AS words
FROM (
    SELECT profile, arraySort(arrayMap((least, x) -> (if(x.2 = 0, x.7, least), x.2, x.3, x.4, x.5, x.6, x.8, x.9),
        arrayReduceInRanges('min', arrayMap((i, end) -> (toUInt64(i), toUInt64(end - i + 1)), arrayEnumerate(own), ends), arrayMap(x -> x.7, own)), own)) AS told
    FROM (
        SELECT profile, own, arrayMap(x -> x.1, own) AS sessions,
            arrayReverseFill(end -> end != 0, arrayMap((session, next, i) -> if(session != next, i, 0),
                sessions, arrayPushBack(arrayPopFront(sessions), 0), arrayEnumerate(sessions))) AS ends
        FROM (
            SELECT profile, arraySort(arrayMap((session, x) -> (session, x.1, x.3, x.4, x.5, x.6, x.2, x.7, x.8),
                arrayCumSum(arrayMap((x, before, i) -> toUInt64(i = 1 OR x.1 = 0 OR x.1 != before.1 OR x.2 - before.2 > GAP),
                    seen, arrayPushFront(arrayPopBack(seen), seen[1]), arrayEnumerate(seen))), seen)) AS own
            FROM (
                SELECT profile, arraySort(groupArray((client, toUnixTimestamp64Milli(at), toUnixTimestamp64Milli(original_at),
                    client_order, message_id, toString(source), picks, WORDS))) AS seen
                FROM (PICKED)
                GROUP BY profile
            )
        )
    )
)`), params
}

// nextOf is an array that has for each place the first place from there on of an event that is in a selection of
// the mask; 0: there is none.
func nextOf(mask uint64, as string) string {
	return fmt.Sprintf("arrayReverseFill(n -> n != 0, arrayMap((n, p) -> if(bitAnd(p, %d) != 0, n, 0), arrayEnumerate(picks), picks)) AS %s", mask, as)
}
