package series

import "time"

// Grain is how long a slot is.
type Grain string

// The grains.
const (
	Hour Grain = "hour"
	Day  Grain = "day"
)

// week is how many slots a week has; 0: no such grain.
func (g Grain) week() int {
	switch g {
	case Hour:
		return 7 * 24
	case Day:
		return 7
	}
	return 0
}

// day is how many slots a day has.
func (g Grain) day() int { return g.week() / 7 }

// Calendar says which local time and day a slot is.
type Calendar struct {
	Zone     *time.Location
	Holidays map[string]bool // by 2006-01-02
}

func (c *Calendar) holiday(t time.Time) bool { return c.Holidays[t.Format(time.DateOnly)] }

// slot is when the slot i begins. Days are those of the zone, of 23 to 25 hours; hours are all alike.
func (in *Input) slot(i int) time.Time {
	if in.Grain == Hour {
		return in.Start.Add(time.Duration(i) * time.Hour)
	}
	return in.Start.AddDate(0, 0, i)
}

// index is the slot in which t is.
func (in *Input) index(t time.Time) int {
	if in.Grain == Hour {
		return int(t.Sub(in.Start) / time.Hour)
	}
	midnight := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(midnight(t.In(in.Calendar.Zone)).Sub(midnight(in.Start)).Hours() / 24)
}

// monthBefore is the same time on the same day of the month before, or on its last day where it has none such.
func monthBefore(t time.Time) time.Time {
	before := t.AddDate(0, -1, 0)
	if before.Day() != t.Day() {
		before = before.AddDate(0, 0, -before.Day())
	}
	return before
}

// at is the count of a cause in the slot i, of which only those before origin are known.
func (in *Input) at(c *Cause, i, origin int) float64 {
	switch {
	case i < 0:
		return 0
	case i < origin:
		return c.Counts[i]
	}
	if planned, ok := c.Planned[i-len(in.Counts)]; ok && origin == len(in.Counts) {
		return planned
	}
	if c.Monthly {
		if before := in.index(monthBefore(in.slot(i))); before >= 0 {
			return in.at(c, before, origin)
		}
		return 0
	}
	recent := c.Counts[max(0, origin-4*in.Grain.week()):origin]
	return mean(recent)
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum / float64(max(1, len(list)))
}

// unseenHolidays says whether the horizon holds holidays and the history none.
func (in *Input) unseenHolidays() bool {
	ahead := false
	for i := len(in.Counts) + in.Horizon - 1; i >= 0; i -= in.Grain.day() {
		if in.Calendar.holiday(in.slot(i)) {
			if i < len(in.Counts) {
				return false
			}
			ahead = true
		}
	}
	return ahead
}
