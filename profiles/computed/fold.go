package computed

import (
	"fmt"
	"strings"
)

// fold makes the function of the events that from selects. The buckets of a window matter to most_frequent
// alone.
func (s *statement) fold(from string) string {
	switch s.def.Of {
	case FuncCount:
		return s.simple(from, "concat('#', toString(countIf(counts)))")
	case FuncExists:
		return s.simple(from, "'!true'")
	case FuncSum:
		return s.simple(from, "concat('#', toString(assumeNotNull(sum(num))))")
	case FuncMin:
		return s.simple(from, "concat('#', toString(assumeNotNull(min(num))))")
	case FuncMax:
		return s.simple(from, "concat('#', toString(assumeNotNull(max(num))))")
	case FuncMean:
		return s.simple(from, "concat('#', toString(assumeNotNull(sum(num)) / countIf(counts)))")
	case FuncFirst:
		return s.simple(from, "argMinIf(one, (at, message_id, source, one), counts)")
	case FuncLast:
		return s.simple(from, "argMaxIf(one, (at, message_id, source, one), counts)")
	case FuncUnique:
		return s.unique(from)
	default:
		return s.mostFrequent(from)
	}
}

// simple is a function that is an aggregate of ClickHouse.
func (s *statement) simple(from, value string) string {
	left := "toUInt64(0)"
	if s.tellsLeftOut() {
		left = "countIf(NOT counts)"
	}
	return "SELECT profile, " + value + " AS value, true AS exact, " + left + " AS left_out\nFROM (" + from + ")\nGROUP BY profile\nHAVING countIf(counts) > 0"
}

// unique is window.unique.
func (s *statement) unique(from string) string {
	return strings.NewReplacer("MANY", itoa(maxHashes), "LESS", itoa(maxHashes-1)).Replace(
		`SELECT profile,
    concat('#', toString(if(length(hashes) <= MANY, toUInt256(length(hashes)),
        intDiv(toUInt256(LESS) * toUInt256('18446744073709551616'), greatest(toUInt256(hashes[MANY]), toUInt256(MANY)))))) AS value,
    length(hashes) <= MANY AS exact, left_out
FROM (
    SELECT profile, arraySort(groupUniqArrayIf(xxHash64(one), counts)) AS hashes, countIf(NOT counts) AS left_out
    FROM (`) + from + ")\n    GROUP BY profile\n    HAVING countIf(counts) > 0)"
}

// mostFrequent is window.mostFrequent: of each bucket, the first values in the order of compareText.
func (s *statement) mostFrequent(from string) string {
	return fmt.Sprintf(`SELECT profile, argMinIf(one, (-toInt64(kept), length(one), one), kept > 0) AS value, NOT max(beyond) AS exact, sum(left_out) AS left_out
FROM (
    SELECT profile, one, sumIf(n, counts AND rank <= %[1]d) AS kept, max(counts AND rank > %[1]d) AS beyond, sumIf(n, NOT counts) AS left_out
    FROM (
        SELECT *, row_number() OVER (PARTITION BY profile, bucket, counts ORDER BY length(one), one) AS rank
        FROM (SELECT profile, bucket, counts, one, count() AS n FROM (%[2]s) GROUP BY profile, bucket, counts, one))
    GROUP BY profile, one)
GROUP BY profile
HAVING sum(kept) > 0`, s.key.tallies(), from)
}
