package cx

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"tributary/ingest/event"
)

// Errors of targets.
var (
	ErrNoTarget = errors.New("there is no such target")
	// ErrOtherTarget says that the id names a target that was set as something else.
	ErrOtherTarget = errors.New("the id names another target")
)

// Goal is what a metric is to come to, and where.
type Goal struct {
	Metric string   `json:"metric"`
	Value  *float64 `json:"value"` // in the unit of the metric; which way is better the registry says
	// By and Group confine it to one group of a breakdown; empty: it is of all together.
	By    Dimension `json:"by,omitempty"`
	Group string    `json:"group,omitempty"`
	// Series confines it to one series of the metric; empty: it is of each.
	Series string `json:"series,omitempty"`
	// Grain confines it to buckets of that length; empty: it is of any span.
	Grain Grain `json:"grain,omitempty"`
	// From and Until are days such as 2026-01-01 of the zone in which the metric is asked for, Until exclusive; empty: open.
	From  string `json:"from,omitempty"`
	Until string `json:"until,omitempty"`
}

// Target is a goal that was set. One that was removed is kept: reports of a known_at before go by it.
type Target struct {
	ID uuid.UUID `json:"id"`
	Goal
	Better    Better    `json:"better"` // the registry's
	SetAt     time.Time `json:"set_at"`
	SetBy     Author    `json:"set_by"`
	RemovedAt time.Time `json:"removed_at,omitzero"`
	RemovedBy *Author   `json:"removed_by,omitempty"`
}

// Author is who set or removed a target.
type Author struct {
	Actor string `json:"actor,omitempty"` // as the audit trail has it, such as key:3f2a
	// ID and Name are on whose behalf, as they said.
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// maxGroup bounds the names of a group and of a series, in bytes.
const maxGroup = 256

// check reports every fault.
func (g *Goal) check() error {
	var faults event.Errors
	m, ok := Find(g.Metric)
	if !ok {
		faults.Add("metric", "must be the id of a metric; GET /v1/metrics lists those there are")
		return faults
	}
	if m.Better == BetterNeither {
		faults.Add("metric", "is not better in either direction, so that a target of it could be neither met nor missed")
	}
	if reason := m.outside(g.Value); reason != "" {
		faults.Add("value", reason)
	}
	switch {
	case g.By == "" && g.Group != "":
		faults.Add("by", fmt.Sprintf("is required with group: one of %v", m.By))
	case g.By != "" && !slices.Contains(m.By, g.By):
		faults.Add("by", fmt.Sprintf("must be one of %v for this metric", m.By))
	case g.By != "" && !named(g.Group):
		faults.Add("group", "must name one of the values that by tells apart, in at most 256 bytes")
	}
	if g.Series != "" && (m.Series == "" || !named(g.Series)) {
		faults.Add("series", "must be one of the series of the metric, if it has any")
	}
	if bucketOf[g.Grain] == "" {
		faults.Add("grain", "must be hour, day, week or month, or be left out for any span")
	}
	from, until := checkDay(g.From, "from", &faults), checkDay(g.Until, "until", &faults)
	if !from.IsZero() && !until.IsZero() && !from.Before(until) {
		faults.Add("until", "must be after from; it is exclusive, so that 2026 is from 2026-01-01 until 2027-01-01")
	}
	return faults.Err()
}

func named(text string) bool { return text != "" && len(text) <= maxGroup && utf8.ValidString(text) }

func checkDay(text, path string, faults *event.Errors) time.Time {
	at := day(text, time.UTC)
	if text != "" && at.IsZero() {
		faults.Add(path, "must be a day such as 2026-01-01, or be left out")
	}
	return at
}

// day is where a day of a zone begins; zero of anything else.
func day(text string, zone *time.Location) time.Time {
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}
	}
	return at
}

// outside says why a value cannot be one of the metric; empty: it can.
func (m *Metric) outside(value *float64) string {
	low, high, what := 0.0, math.Inf(1), "must be 0 or more"
	switch m.Unit {
	case UnitShare:
		high, what = 1, "must be a share from 0 to 1: 80 % is 0.8"
	case UnitPoints:
		low, high, what = -100, 100, "must be from -100 to 100"
	case UnitSeconds, UnitCost, UnitCases, UnitCount, UnitRatio:
	}
	switch {
	case value == nil:
		return "is required, in the unit of the metric: " + string(m.Unit)
	case math.IsNaN(*value) || math.IsInf(*value, 0) || *value < low || *value > high:
		return what
	}
	return ""
}

// same says whether two goals are one.
func (g *Goal) same(o *Goal) bool {
	a, b := *g, *o
	equal := *a.Value == *b.Value
	a.Value, b.Value = nil, nil
	return equal && a == b
}
