package identity

import (
	"strings"
	"time"
)

// dateForms are the forms of a date that can be read in one way only. A day before dots is the
// custom wherever dots are written; between slashes it is not.
var dateForms = []string{
	"2006-1-2", "20060102", "2006/1/2", "2006.1.2", "2.1.2006",
	"2 Jan 2006", "2 January 2006", "Jan 2, 2006", "January 2, 2006", "Jan 2 2006", "January 2 2006",
	"2-Jan-2006", "2. January 2006",
}

// normaliseDate returns YYYY-MM-DD, or the text as it is when it is no date or may be two. It
// takes folded text.
func normaliseDate(s string) string {
	if isDate(s) {
		return s
	}
	if len(s) > 11 && (s[10] == 't' || s[10] == ' ') && isDate(s[:10]) {
		return s[:10] // a time of day was added to a date
	}
	if t, ok := slashDate(s); ok {
		return t.Format(time.DateOnly)
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, s); err == nil && t.Year() >= 1000 {
			return t.Format(time.DateOnly)
		}
	}
	return s
}

// isDate says whether s is a valid day in the form YYYY-MM-DD.
func isDate(s string) bool {
	if len(s) != len(time.DateOnly) || s[4] != '-' || s[7] != '-' {
		return false
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// slashDate reads day/month/year or month/day/year when only one of them is possible, or both are
// the same.
func slashDate(s string) (time.Time, bool) {
	if strings.Count(s, "/") != 2 && strings.Count(s, "-") != 2 {
		return time.Time{}, false
	}
	s = strings.ReplaceAll(s, "-", "/")
	dayFirst, err1 := time.Parse("2/1/2006", s)
	monthFirst, err2 := time.Parse("1/2/2006", s)
	switch {
	case err1 == nil && err2 != nil:
		return dayFirst, dayFirst.Year() >= 1000
	case err2 == nil && err1 != nil:
		return monthFirst, monthFirst.Year() >= 1000
	case err1 == nil && dayFirst.Equal(monthFirst):
		return dayFirst, dayFirst.Year() >= 1000
	}
	return time.Time{}, false
}
