package forecast

import (
	"fmt"
	"slices"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/forecast/series"
	"tributary/journeys/report"
)

// Request asks for a forecast. The scope is the history it is made from; until is at most now, and from by default as much
// before it as is used at most.
type Request struct {
	report.Request

	Grain   series.Grain `json:"grain"`
	Horizon int          `json:"horizon"`         // hours or days from until on
	By      []string     `json:"by,omitempty"`    // topic, channel; empty: all contacts in one series
	Limit   int          `json:"limit,omitempty"` // how many series, those with most contacts; default DefaultSeries
	Level   float64      `json:"level,omitempty"` // of prediction intervals; default 0.9

	// Recent is how many hours or days of the history to answer with, the last ones, to show them beside the forecast.
	Recent int `json:"recent,omitempty"`

	// Holidays are days of the zone, such as 2026-12-25: of the past, to learn from, and of the horizon.
	Holidays []string `json:"holidays,omitempty"`
	// Planned are counts of causes that are known in advance, such as the next billing run.
	Planned  []Planned `json:"planned,omitempty"`
	Staffing *Goal     `json:"staffing,omitempty"`
}

// Planned is a count of a cause in an hour or day of the horizon.
type Planned struct {
	Cause string  `json:"cause"`
	At    string  `json:"at"` // a day of the zone, or a time
	Count float64 `json:"count"`
}

// Goal asks how many agents a service level takes in each hour.
type Goal struct {
	ServiceLevel float64  `json:"service_level"` // share of contacts, such as 0.8
	WithinS      float64  `json:"within_s"`      // that is answered within so many seconds
	HandleS      *float64 `json:"aht_s,omitempty"`
	// Patience says how long contacts wait before they give up: none (Erlang C; the default), history, or given.
	Patience     string   `json:"patience,omitempty"`
	PatienceS    *float64 `json:"patience_s,omitempty"`
	MaxOccupancy float64  `json:"max_occupancy,omitempty"`
	Shrinkage    float64  `json:"shrinkage,omitempty"` // share of paid time in which agents are not at work
}

// The bounds of requests.
const (
	DefaultSeries = 10
	MaxSeries     = 20
	MaxRecent     = 28 * 24
	maxHolidays   = 400
	maxPlanned    = 200
	defaultLevel  = 0.9
)

// span is how much history a grain uses at most and how far it forecasts.
func span(g series.Grain) (history, horizon int) {
	if g == series.Hour {
		return 26 * 7 * 24, 28 * 24
	}
	return 4 * 366, 182
}

// A plan is a request that was checked.
type plan struct {
	Request
	scope    report.Scope
	holidays map[string]bool
	first    time.Time // of the slots of the history
	slots    int
	planned  map[string]map[int]float64 // by cause and index from the end of the history
}

// check reports every fault.
func (r Request) check(workspace string, now time.Time) (*plan, error) {
	var faults event.Errors
	if r.Grain != series.Hour && r.Grain != series.Day {
		faults.Add("grain", "must be hour or day")
		return nil, faults.Err()
	}
	p := &plan{Request: r, holidays: map[string]bool{}, planned: map[string]map[int]float64{}}
	p.defaults(now)
	p.scope = p.Scope(workspace, now, &faults)
	p.numbers(&faults)
	p.calendar(&faults)
	if p.Staffing != nil {
		p.Staffing.check(p.Grain, &faults)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	p.cut(now)
	p.plan(&faults)
	return p, faults.Err()
}

func (p *plan) defaults(now time.Time) {
	if p.From == "" {
		history, _ := span(p.Grain)
		days := history
		if p.Grain == series.Hour {
			days /= 24
		}
		p.From = now.UTC().AddDate(0, 0, -days).Format(time.RFC3339)
	}
	if p.Limit == 0 {
		p.Limit = DefaultSeries
	}
	if p.Level == 0 {
		p.Level = defaultLevel
	}
}

func (p *plan) numbers(faults *event.Errors) {
	if _, most := span(p.Grain); p.Horizon < 1 || p.Horizon > most {
		faults.Add("horizon", fmt.Sprintf("must be from 1 to %d %ss", most, p.Grain))
	}
	if p.Limit < 1 || p.Limit > MaxSeries {
		faults.Add("limit", fmt.Sprintf("must be from 1 to %d", MaxSeries))
	}
	if p.Recent < 0 || p.Recent > MaxRecent {
		faults.Add("recent", fmt.Sprintf("must be from 0 to %d", MaxRecent))
	}
	if !(p.Level >= .5 && p.Level <= .99) {
		faults.Add("level", "must be from 0.5 to 0.99")
	}
	for i, by := range p.By {
		if by != byTopic && by != byChannel || slices.Contains(p.By[:i], by) {
			faults.Add(fmt.Sprintf("by[%d]", i), "must be topic or channel, each once")
		}
	}
}

// What series may be split by.
const (
	byTopic   = "topic"
	byChannel = "channel"
)

func (p *plan) calendar(faults *event.Errors) {
	if len(p.Holidays) > maxHolidays {
		faults.Add("holidays", fmt.Sprintf("lists more than %d", maxHolidays))
		return
	}
	for i, day := range p.Holidays {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			faults.Add(fmt.Sprintf("holidays[%d]", i), "must be a day such as 2026-12-25")
		}
		p.holidays[day] = true
	}
}

// cut makes the history whole slots, before now, and no more of them than are used.
func (p *plan) cut(now time.Time) {
	from, until := p.scope.From, p.scope.Until
	if until.After(now) {
		until = now.In(p.scope.Zone)
	}
	history, _ := span(p.Grain)
	if p.Grain == series.Hour {
		until = until.Truncate(time.Hour)
		if earliest := until.Add(-time.Duration(history) * time.Hour); from.Before(earliest) {
			from = earliest
		}
		if whole := from.Truncate(time.Hour); whole.Before(from) {
			from = whole.Add(time.Hour)
		}
		p.slots = max(0, int(until.Sub(from)/time.Hour))
	} else {
		until = midnight(until)
		if earliest := until.AddDate(0, 0, -history); from.Before(earliest) {
			from = earliest
		}
		if whole := midnight(from); whole.Before(from) {
			from = whole.AddDate(0, 0, 1)
		}
		p.slots = max(0, int(dayNumber(until)-dayNumber(from)))
	}
	p.first, p.scope.From, p.scope.Until = from, from, until
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// dayNumber counts the days since 1970 of a time's own date.
func dayNumber(t time.Time) int64 {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// number is that of the slot in which a time is, as the queries have it.
func (p *plan) number(t time.Time) int64 {
	if p.Grain == series.Hour {
		return t.Unix() / 3600
	}
	return dayNumber(t.In(p.scope.Zone))
}

func (p *plan) plan(faults *event.Errors) {
	if len(p.Planned) > maxPlanned {
		faults.Add("planned", fmt.Sprintf("lists more than %d", maxPlanned))
		return
	}
	for i, one := range p.Planned {
		path := fmt.Sprintf("planned[%d]", i)
		if !slices.ContainsFunc(causes, func(c cause) bool { return c.name == one.Cause }) {
			faults.Add(path+".cause", "must be "+causeNames())
			continue
		}
		at, err := time.ParseInLocation(time.DateOnly, one.At, p.scope.Zone)
		if err != nil {
			at, err = time.Parse(time.RFC3339, one.At)
		}
		slot := int(p.number(at)-p.number(p.first)) - p.slots
		switch {
		case err != nil:
			faults.Add(path+".at", "must be a day such as 2026-03-01, or a time such as 2026-03-01T08:00:00Z")
		case slot < 0 || slot >= p.Horizon:
			faults.Add(path+".at", "must lie within the horizon")
		case !(one.Count >= 0 && one.Count < 1e12):
			faults.Add(path+".count", "must be a number of at least 0")
		default:
			if p.planned[one.Cause] == nil {
				p.planned[one.Cause] = map[int]float64{}
			}
			p.planned[one.Cause][slot] += one.Count
		}
	}
}
