package cx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// place says what a point is of.
type place = string

const (
	placeBucket place = "bucket" // one bucket of the span
	placeWhole  place = "whole"  // the whole span
	placeBefore place = "before" // the period before
	placeAll    place = "all"    // the whole span, all groups and series together
)

// measure is what a metric makes of rows, for all places of which they are, or some.
type measure struct {
	*Metric
	rows   string // the condition of those that count
	places string // the condition of places; empty: all
}

// measures are those of the metrics. One that counts people has two, since who answers last in a span does not in each of its buckets.
func (s statement) measures() (list []measure) {
	for i, m := range s.metrics {
		rows := s.counts(m)
		if !m.of.onePerson {
			list = append(list, measure{Metric: m, rows: rows})
			continue
		}
		list = append(list,
			measure{Metric: m, rows: rows + fmt.Sprintf(" AND ifNull(later_%d != begins, true)", i), places: "place = 'bucket'"},
			measure{Metric: m, rows: rows + fmt.Sprintf(" AND isNull(later_%d)", i), places: "place != 'bucket'"})
	}
	return list
}

// counts is the condition of rows that a metric counts, of those of timed.
func (s statement) counts(m *Metric) string {
	if times := s.times(); len(times) > 1 {
		return fmt.Sprintf("%s AND counted_by = %d", m.of.counted, slices.Index(times, m.of.time()))
	}
	return m.of.counted
}

// times are the times by which the metrics count rows.
func (s statement) times() (list []string) {
	for _, m := range s.metrics {
		if at := m.of.time(); !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	return list
}

// timed yields the rows of the scope, each with its bucket; once for each time by which metrics count them. For a metric that counts
// people, later is the bucket of the next row of the same person and series, NULL if there is none.
func (s statement) timed() string {
	times, at, each := s.times(), s.times()[0], ""
	if len(times) > 1 {
		numbers := make([]string, len(times))
		for i := range times {
			numbers[i] = strconv.Itoa(i)
		}
		at, each = "counted_by, counted_at", " ARRAY JOIN ["+strings.Join(numbers, ", ")+"] AS counted_by, ["+strings.Join(times, ", ")+"] AS counted_at"
	}
	text := `SELECT *, ` + at + ` AS happened_at, happened_at < fromUnixTimestamp64Milli({since:Int64}, 'UTC') AS earlier, ` +
		bucketOf[s.grain] + ` AS begins, toString(` + or(string(s.by), "''") + `) AS by_value
	FROM (` + s.source() + `)` + each + `
	WHERE ` + inSpan + s.filters()
	for i, m := range s.metrics {
		if m.of.onePerson {
			text = fmt.Sprintf(`SELECT *, lagInFrame(toNullable(begins)) OVER (PARTITION BY %s, earlier, %s, profile
		ORDER BY happened_at DESC, id DESC, source DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS later_%d
	FROM (%s)`, s.counts(m), or(m.of.series, "''"), i, text)
		}
	}
	return text
}

// places are those of which a cell is, as far as they are asked for.
func (s statement) places() string {
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
	text := func(list []string) string {
		return "CAST([" + strings.Join(list, ", ") + `], 'Array(Tuple(Enum8(\'bucket\', \'whole\', \'before\', \'all\'), Int64))')`
	}
	return "if(earlier, " + text(earlier) + ", " + text(span) + ")"
}

// cells are what is left of the rows of each bucket, group and series: a column for each measure, and for what it makes of them.
type cells struct {
	measures []measure
	columns  []string
	names    []string // of what a cell has of one measure
	arrays   []string // of those of all measures
}

// add gives each measure a column, and returns what stands for that of one measure. Measures for which of is empty have absent in its place; where that is
// all of them it is a constant, and the statement is the shorter for it.
func (c *cells) add(name, absent string, of func(m *measure) string) string {
	list, present := make([]string, len(c.measures)), false
	for i := range c.measures {
		list[i] = absent
		if text := of(&c.measures[i]); text != "" {
			list[i], present = fmt.Sprintf("%s_%d", name, i), true
			c.columns = append(c.columns, text+" AS "+list[i])
		}
	}
	if !present {
		return absent
	}
	return c.array(name, list)
}

// array gives each measure a value that needs no column.
func (c *cells) array(name string, list []string) string {
	c.names, c.arrays = append(c.names, name), append(c.arrays, "["+strings.Join(list, ", ")+"] AS "+name)
	return "c." + name
}

// points yields a row for each metric, place, bucket, group and series with rows that count, in three steps:
//
//   - timed: the rows, each with its bucket,
//   - cells: what the measures make of those of one bucket, group and series. So a row is looked at once, however many metrics are asked for
//     together,
//   - cells once for each measure and place, added up.
//
// They come in no order: to have the engine sort so few rows takes it longer than all of the sorting, for what it thinks about a statement grows
// with the square of its length.
func (s statement) points() string {
	c := cells{measures: s.measures()}
	sum := func(m *measure, column string) string { return "sumIf(" + column + ", " + m.rows + ")" }
	sample := c.add("sample", "0", func(m *measure) string { return "countIf(" + m.rows + ")" })
	people := c.add("people", "", func(m *measure) string { return "uniqExactStateIf(profile, " + m.rows + ")" })
	upper := c.add("upper", "0", func(m *measure) string { return sum(m, m.of.upper()) })
	lower := c.add("lower", "0", func(m *measure) string { return sum(m, m.of.lower()) })
	// Squares of milliseconds and of billionths are more than 64 bits hold.
	product := func(a, b func(c *columns) string) func(m *measure) string {
		return func(m *measure) string {
			if m.kind != net && m.kind != mean {
				return ""
			}
			return sum(m, "toInt256("+a(&m.of)+") * "+b(&m.of))
		}
	}
	square := c.add("square", "0", product((*columns).upper, (*columns).upper))
	cross := c.add("cross", "0", product((*columns).upper, (*columns).lower))
	lowerSquare := c.add("lower_square", "0", product((*columns).lower, (*columns).lower))
	values := c.add("all_values", noNumbers, func(m *measure) string {
		if m.kind != median {
			return ""
		}
		return "groupArrayIf(" + m.of.upper() + ", " + m.rows + ")"
	})
	immature := c.add("immature", "0", func(m *measure) string {
		if m.of.mature == "" {
			return ""
		}
		return "countIf(" + m.rows + " AND NOT " + m.of.mature + ")"
	})
	parts := c.add("parts", noNumbers, func(m *measure) string {
		var list []string
		for _, p := range m.of.parts {
			list = append(list, sum(m, whole(p.column)))
		}
		if list == nil {
			return ""
		}
		return "[" + strings.Join(list, ", ") + "]"
	})
	series := c.add("series", "''", func(m *measure) string { return m.of.series })
	numbers, where := make([]string, len(c.measures)), "c.sample > 0"
	for i, m := range c.measures {
		numbers[i] = fmt.Sprintf("toUInt8(%d)", i)
		if m.places != "" {
			where += fmt.Sprintf(" AND (measure != %d OR %s)", i, m.places)
		}
	}
	number := c.array("measure", numbers)
	return `WITH arraySort(groupArrayArray(` + values + `)) AS sorted, length(sorted) AS n
	SELECT ` + number + ` AS measure, at_place.1 AS place, at_place.2 AS bucket,
		if(place = 'all', '', c.by_value) AS group_name, if(place = 'all', '', ` + series + `) AS series_name,
		sum(` + sample + `) AS sample, uniqExactMergeIf(` + people + `, place = 'all') AS people, sum(` + upper + `) AS numerator, sum(` + lower + `) AS denominator,
		toFloat64(sum(` + square + `)) AS square, toFloat64(sum(` + cross + `)) AS cross, toFloat64(sum(` + lowerSquare + `)) AS lower_square,
		` + medians + `, sum(` + immature + `) AS immature, sumForEach(` + parts + `) AS parts
	FROM (
		SELECT earlier, begins, by_value, ` + strings.Join(c.names, ", ") + ` FROM (
			SELECT earlier, begins, by_value, ` + strings.Join(c.columns, ",\n\t\t\t\t") + `
			FROM (` + s.timed() + `)
			GROUP BY ALL
		) ARRAY JOIN ` + strings.Join(c.arrays, ", ") + `
	) AS c ARRAY JOIN ` + s.places() + ` AS at_place
	WHERE ` + where + `
	GROUP BY measure, place, bucket, group_name, series_name`
}

const noNumbers = "CAST([], 'Array(Int64)')"

// medians are of what is sorted: the median, halfway between the two in the middle where there are as many below as above, and the values between
// which it lies with at least 95 %, whatever they are of: those at the ranks n/2 - z sqrt(n)/2 and 1 + n/2 + z sqrt(n)/2, rounded outwards,
// of n (Conover, Practical Nonparametric Statistics, 1999, section 3.2).
const medians = `(sorted[intDiv(n + 1, 2)] + sorted[intDiv(n, 2) + 1]) / 2 AS middle,
		toFloat64(sorted[toUInt64(greatest(1, floor(n / 2 - 0.979981992270027 * sqrt(n))))]) AS middle_low,
		toFloat64(sorted[toUInt64(least(toFloat64(n), ceil(1 + n / 2 + 0.979981992270027 * sqrt(n))))]) AS middle_high`
