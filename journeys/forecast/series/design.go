package series

import (
	"math"
	"time"
)

// How the regression sees a slot: a few columns that are not 0. The numbers are standard deviations of the effects (on the
// logarithm of the volume) that are thought likely before any data are seen; the fit moves from 0 as far as data say.
const (
	likelySeason      = 1.0
	likelyInteraction = 0.5
	likelyHoliday     = 1.5
	likelyTrend       = 0.2 // over four weeks
	likelyCause       = 0.7
	likelyYear        = 0.3
)

// damping is how much of a trend is left after each week ahead.
const damping = 0.8

// Old slots count less: half after so many weeks. With two years of history all of it is needed, for the yearly effects.
const (
	halfLife       = 12 // weeks
	halfLifeYearly = 104
	harmonics      = 3 // of the year
)

// A term is one column of the design that is not 0 in a slot.
type term struct {
	column int
	value  float64
}

// lag is a span of slots before one: from the nearest to the farthest.
type lag struct {
	name     string
	from, to int
}

// lags are the spans by which causes are looked at.
func (g Grain) lags() []lag {
	if g == Hour {
		return []lag{{"0-1 hours", 0, 1}, {"2-5 hours", 2, 5}, {"6-23 hours", 6, 23}, {"24-71 hours", 24, 71}}
	}
	return []lag{{"0 days", 0, 0}, {"1 day", 1, 1}, {"2-3 days", 2, 3}, {"4-7 days", 4, 7}}
}

// design turns slots into terms, as of an origin: it uses nothing of later.
type design struct {
	in      *Input
	origin  int
	causes  []int // indices into in.Causes
	largest map[[2]int]float64
	likely  []float64 // by column: see above; 0 for the first, which is free
	yearly  bool

	weekday, hour, both, off, trend, year, cause int // the first column of each kind
}

func newDesign(in *Input, origin int, causes []int) *design {
	d := &design{in: in, origin: origin, causes: causes, largest: map[[2]int]float64{}, likely: []float64{0}}
	d.yearly = origin >= 2*365*in.Grain.day()
	add := func(n int, likely float64) (first int) {
		first = len(d.likely)
		for range n {
			d.likely = append(d.likely, likely)
		}
		return first
	}
	d.weekday = add(7, likelySeason)
	if in.Grain == Hour {
		d.hour = add(24, likelySeason)
		d.both = add(7*24, likelyInteraction)
	}
	d.off = add(2, likelyHoliday)
	d.trend = add(1, likelyTrend)
	if d.yearly {
		d.year = add(2*harmonics, likelyYear)
	}
	d.cause = add(len(causes)*len(in.Grain.lags()), likelyCause)
	for k, c := range causes {
		for l, span := range in.Grain.lags() {
			for i := range origin {
				key := [2]int{k, l}
				d.largest[key] = math.Max(d.largest[key], d.lagged(&in.Causes[c], span, i))
			}
		}
	}
	return d
}

// weight is how much the slot i counts.
func (d *design) weight(i int) float64 {
	half := float64(halfLife)
	if d.yearly {
		half = halfLifeYearly
	}
	return math.Exp2(-float64(d.origin-1-i) / (half * float64(d.in.Grain.week())))
}

// lagged is the logarithm of what a cause counted in a span before the slot i.
func (d *design) lagged(c *Cause, span lag, i int) float64 {
	sum := 0.0
	for j := i - span.to; j <= i-span.from; j++ {
		sum += d.in.at(c, j, d.origin)
	}
	return math.Log1p(sum)
}

// terms appends those of the slot i.
func (d *design) terms(to []term, i int) []term {
	at := d.in.slot(i)
	weekday := int(at.Weekday())
	to = append(to, term{0, 1}, term{d.weekday + weekday, 1})
	if d.in.Grain == Hour {
		to = append(to, term{d.hour + at.Hour(), 1}, term{d.both + weekday*24 + at.Hour(), 1})
	}
	if d.in.Calendar.holiday(at) {
		to = append(to, term{d.off, 1})
	} else if d.in.Calendar.holiday(at.AddDate(0, 0, -1)) {
		to = append(to, term{d.off + 1, 1})
	}
	to = append(to, term{d.trend, d.trended(i)})
	if d.yearly {
		to = d.season(to, at)
	}
	for k, c := range d.causes {
		for l, span := range d.in.Grain.lags() {
			if largest := d.largest[[2]int{k, l}]; largest > 0 {
				if x := d.lagged(&d.in.Causes[c], span, i) / largest; x > 0 {
					to = append(to, term{d.cause + k*len(d.in.Grain.lags()) + l, x})
				}
			}
		}
	}
	return to
}

// trended counts four weeks as 1, from the origin on, and ever less of those ahead.
func (d *design) trended(i int) float64 {
	weeks := float64(i-d.origin+1) / float64(d.in.Grain.week())
	if weeks > 0 {
		weeks = (1 - math.Pow(damping, weeks)) / -math.Log(damping)
	}
	return weeks / 4
}

func (d *design) season(to []term, at time.Time) []term {
	turn := 2 * math.Pi * float64(at.YearDay()) / 365.25
	for k := range harmonics {
		sin, cos := math.Sincos(turn * float64(k+1))
		to = append(to, term{d.year + 2*k, sin}, term{d.year + 2*k + 1, cos})
	}
	return to
}
