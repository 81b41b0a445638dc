package match

import (
	"strconv"
	"strings"
)

// date is a day of birth as far as it is known; parts that are not known are 0. What is no day of
// the calendar ("1857-02-57") is kept as it is, for it differs from the right one by one slip.
type date struct {
	year, month, day int
	twoDigits        bool   // the century was guessed
	ambiguous        bool   // day and month may be the other way around
	text             string // eight digits
	value            uint64 // hash
}

var months = map[string]int{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}

// newDate reads a date, or reports false. Between slashes the month comes first unless dayFirst;
// a number over 12 decides.
func newDate(s string, dayFirst bool) (date, bool) {
	folded := fold(s)
	if i := strings.IndexByte(folded, 't'); i >= 8 {
		folded = folded[:i]
	}
	if i := strings.IndexByte(folded, ' '); i >= 8 && strings.IndexByte(folded[i:], ':') > 0 {
		folded = folded[:i]
	}
	groups := words(folded)
	d, ok := dateOf(groups, dayFirst || strings.Contains(folded, "."))
	if !ok || d.year == 1 || d.year == 9999 {
		return date{}, false
	}
	if d.twoDigits {
		d.year += 1900
		if d.year < 1931 {
			d.year += 100
		}
	}
	d.text = pad(d.year, 4) + pad(d.month, 2) + pad(d.day, 2)
	d.value = hash64(saltBirth, d.text)
	return d, true
}

func dateOf(groups []string, dayFirst bool) (date, bool) {
	switch len(groups) {
	case 1:
		return compactDate(groups[0], dayFirst)
	case 2:
		y, err1 := strconv.Atoi(groups[0])
		m, err2 := strconv.Atoi(groups[1])
		return date{year: y, month: m}, err1 == nil && err2 == nil && len(groups[0]) == 4
	case 3:
	default:
		return date{}, false
	}
	var n [3]int
	monthAt := -1
	for i, g := range groups {
		if len(g) >= 3 && months[g[:3]] > 0 {
			n[i], monthAt = months[g[:3]], i
			continue
		}
		g = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(g, "st"), "nd"), "rd"), "th")
		v, err := strconv.Atoi(g)
		if err != nil || v < 0 {
			return date{}, false
		}
		n[i] = v
	}
	if len(groups[0]) == 4 {
		if monthAt == 2 {
			return date{year: n[0], month: n[2], day: n[1]}, true
		}
		return date{year: n[0], month: n[1], day: n[2]}, true
	}
	d := date{year: n[2], twoDigits: len(groups[2]) <= 2}
	switch {
	case monthAt == 0:
		d.month, d.day = n[0], n[1]
	case monthAt == 1:
		d.month, d.day = n[1], n[0]
	case n[0] > 12 || dayFirst && n[1] <= 12:
		d.day, d.month = n[0], n[1]
		d.ambiguous = n[0] <= 12
	default:
		d.month, d.day = n[0], n[1]
		d.ambiguous = n[1] <= 12
	}
	return d, true
}

// compactDate reads YYYYMMDD, DDMMYYYY and a year alone.
func compactDate(s string, dayFirst bool) (date, bool) {
	v, err := strconv.Atoi(s)
	if err != nil {
		return date{}, false
	}
	switch len(s) {
	case 4:
		return date{year: v}, true
	case 8:
		if y := v / 10000; y >= 1000 && y < 2200 {
			return date{year: y, month: v / 100 % 100, day: v % 100}, true
		}
		a, b := v/1000000, v/10000%100
		if dayFirst || a > 12 {
			a, b = b, a
		}
		return date{year: v % 10000, month: a, day: b, ambiguous: a <= 12 && b <= 12}, true
	}
	return date{}, false
}

func pad(n, width int) string {
	s := strconv.Itoa(n)
	for len(s) < width {
		s = "0" + s
	}
	return s
}

func (d *date) whole() bool { return d.year > 0 && d.month > 0 && d.day > 0 }

func (d *date) sameYear(e *date) bool {
	return d.year == e.year || (d.twoDigits || e.twoDigits) && d.year%100 == e.year%100
}
