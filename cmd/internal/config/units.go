package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is written as in Go, with days besides: 500ms, 30s, 12h, 7d.
type Duration time.Duration

// UnmarshalYAML reads a duration.
func (d *Duration) UnmarshalYAML(text []byte) error {
	word := unquote(text)
	if days, found := strings.CutSuffix(word, "d"); found {
		if n, err := strconv.Atoi(days); err == nil {
			*d = Duration(time.Duration(n) * 24 * time.Hour)
			return nil
		}
	}
	n, err := time.ParseDuration(word)
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 500ms, 30s, 12h or 7d", word)
	}
	*d = Duration(n)
	return nil
}

// Size is a number of bytes, written with a unit: 64MiB, 4GiB, 512KiB, 1000.
type Size int64

var sizeUnits = []struct {
	suffix string
	bytes  float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"B", 1}, {"", 1}}

// UnmarshalYAML reads a size.
func (s *Size) UnmarshalYAML(text []byte) error {
	word := unquote(text)
	for _, unit := range sizeUnits {
		number, found := strings.CutSuffix(word, unit.suffix)
		if !found {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || n < 0 {
			break
		}
		*s = Size(n * unit.bytes)
		return nil
	}
	return fmt.Errorf("%q is not a size such as 64MiB or 4GiB", word)
}

func unquote(text []byte) string { return strings.Trim(strings.TrimSpace(string(text)), `"'`) }

// Moment is a date, or a date and time as in RFC 3339; a date means its midnight, UTC.
type Moment time.Time

// UnmarshalYAML reads a moment.
func (m *Moment) UnmarshalYAML(text []byte) error {
	word := unquote(text)
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, word); err == nil {
			*m = Moment(t.UTC())
			return nil
		}
	}
	return fmt.Errorf("%q is not a date such as 2024-01-31 or a time such as 2024-01-31T12:00:00Z", word)
}
