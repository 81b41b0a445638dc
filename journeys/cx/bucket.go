package cx

import (
	"cmp"
	"slices"
	"time"

	"tributary/journeys/report"
)

// MaxBuckets bounds how many buckets a span may have.
const MaxBuckets = 2000

// next is where the bucket after one begins.
func (g Grain) next(at time.Time) time.Time {
	switch g {
	case GrainHour:
		return at.Add(time.Hour)
	case GrainDay:
		return at.AddDate(0, 0, 1)
	case GrainWeek:
		return at.AddDate(0, 0, 7)
	case GrainMonth, GrainNone:
	}
	return at.AddDate(0, 1, 0)
}

// start is where the bucket of a time begins, as the statements have it.
func (g Grain) start(at time.Time) time.Time {
	day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
	switch g {
	case GrainHour:
		_, offset := at.Zone()
		shift := time.Duration(offset) * time.Second
		return at.Add(shift).Truncate(time.Hour).Add(-shift)
	case GrainDay:
		return day
	case GrainWeek:
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case GrainMonth, GrainNone:
	}
	return day.AddDate(0, 0, 1-day.Day())
}

// buckets is about how many buckets a question has.
func buckets(q *Question) int {
	length := map[Grain]time.Duration{GrainHour: time.Hour, GrainDay: 24 * time.Hour, GrainWeek: 7 * 24 * time.Hour, GrainMonth: 28 * 24 * time.Hour}[q.Grain]
	if length == 0 {
		return 1
	}
	return int(q.Scope.Until.Sub(q.Scope.From)/length) + 1
}

// span is the part of the scope that the bucket which begins at a Unix second has.
func span(q *Question, bucket int64) (from, until time.Time) {
	from, until = q.Scope.From, q.Scope.Until
	if q.Grain == GrainNone {
		return from, until
	}
	begin := time.Unix(bucket, 0).In(q.Scope.Zone)
	if end := q.Grain.next(begin); end.Before(until) {
		until = end
	}
	if begin.After(from) {
		from = begin
	}
	return from, until
}

// earlier is the scope of the period before: as many days of the zone where the span is of whole days, else as long a time.
func earlier(s *report.Scope) report.Scope {
	before := *s
	from, until := s.From.In(s.Zone), s.Until.In(s.Zone)
	before.From, before.Until = s.From.Add(s.From.Sub(s.Until)), s.From
	if days := daysBetween(from, until); from.AddDate(0, 0, days).Equal(until) {
		before.From = from.AddDate(0, 0, -days)
	}
	return before
}

// daysBetween is how many dates lie between two times.
func daysBetween(from, until time.Time) int {
	date := func(at time.Time) time.Time { return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC) }
	return int(date(until).Sub(date(from)) / (24 * time.Hour))
}

// running turns what changed into what there is at the end of every bucket of the scope, by group. What changed before
// the scope is where it begins.
func running(q *Question, changes []pointRow) []pointRow {
	groups := map[string][]pointRow{}
	for _, c := range changes {
		groups[c.Group] = append(groups[c.Group], c)
	}
	var list []pointRow
	for group, changes := range groups {
		total, at := int64(0), 0
		for begin := first(q); begin.Before(q.Scope.Until); begin = q.Grain.next(begin) {
			end := begin.Unix()
			for ; at < len(changes) && changes[at].Bucket <= end; at++ {
				total += changes[at].Numerator
			}
			list = append(list, pointRow{Bucket: end, Group: group, Numerator: total, Sample: uint64(max(0, total))})
			if q.Grain == GrainNone {
				break
			}
		}
	}
	slices.SortFunc(list, func(a, b pointRow) int { return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Group, b.Group)) })
	return list
}

// first is where the first bucket of a question begins.
func first(q *Question) time.Time {
	if q.Grain == GrainNone {
		return time.Unix(0, 0)
	}
	return q.Grain.start(q.Scope.From)
}
