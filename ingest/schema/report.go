package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Report is what is known of a source's events, and what they should be.
type Report struct {
	Source string        `json:"source"`
	Events []EventReport `json:"events"` // ascending by name
	// NamesBeyond is how many events have names that are not among Events, of which MaxNames are kept.
	// They are stored as all others are.
	NamesBeyond uint64 `json:"names_beyond"`
	// Policy is what becomes of events whose contract does not say it.
	Policy Policy `json:"policy"`
}

// EventReport is what is known of one event of a source. Times are those of receipt.
type EventReport struct {
	Event  string        `json:"event"` // of a call other than track "$" and its type; AnyEvent: a contract for all others
	Events uint64        `json:"events"`
	First  time.Time     `json:"first_seen,omitzero"`
	Last   time.Time     `json:"last_seen,omitzero"`
	Fields []FieldReport `json:"fields"` // the shortest paths first
	// FieldsBeyond is how often fields occurred that are not among Fields, of which MaxFields are kept.
	// They are stored as all others are.
	FieldsBeyond uint64    `json:"fields_beyond"`
	Contract     *Contract `json:"contract,omitempty"`
	Quarantined  uint64    `json:"quarantined"` // events put aside by the contracts of the time
	Dropped      uint64    `json:"dropped"`     // events of which something was left out by them
	// Inferred is a JSON Schema that all of the events keep.
	Inferred json.RawMessage `json:"inferred,omitempty"`

	seen    *Inferred
	judged  bool // by a contract of its own, or of the source
	decided Policy
}

// FieldReport is what was seen of one field.
type FieldReport struct {
	Path   string       `json:"path"`
	Types  []TypeReport `json:"types"`
	Events uint64       `json:"events"`
	First  time.Time    `json:"first_seen"`
	Last   time.Time    `json:"last_seen"`
}

// TypeReport is how often a field had a type.
type TypeReport struct {
	Type   string    `json:"type"`
	Events uint64    `json:"events"`
	First  time.Time `json:"first_seen"`
	Last   time.Time `json:"last_seen"`
}

// NewReport puts together what was inferred of a source's events, by name, and the contracts in force,
// each JSON of a Contract, by name.
func NewReport(source string, events map[string]*Inferred, beyond uint64, contracts map[string][]byte) (*Report, error) {
	r := &Report{Source: source, Events: []EventReport{}, NamesBeyond: beyond, Policy: Accept}
	agreed := map[string]*Contract{}
	for name, value := range contracts {
		c := &Contract{}
		if err := json.Unmarshal(value, c); err != nil {
			return nil, fmt.Errorf("read contract: %w", err)
		}
		agreed[name] = c
	}
	whole := agreed[AnyEvent]
	if whole != nil && whole.Policy != "" {
		r.Policy = whole.Policy
	}
	names := make([]string, 0, len(events)+len(agreed))
	for name := range events {
		names = append(names, name)
	}
	for name := range agreed {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		e := newEventReport(name, events[name], agreed[name])
		e.decided = r.Policy
		if e.Contract != nil && e.Contract.Policy != "" {
			e.decided = e.Contract.Policy
		}
		e.judged = e.Contract != nil && len(e.Contract.Schema) > 0 || whole != nil && len(whole.Schema) > 0
		r.Events = append(r.Events, e)
	}
	return r, nil
}

func newEventReport(name string, x *Inferred, c *Contract) EventReport {
	if x == nil {
		x = &Inferred{}
	}
	e := EventReport{
		Event: name, Events: x.Events.Count, Fields: []FieldReport{}, FieldsBeyond: x.FieldsBeyond(), Contract: c,
		Quarantined: x.Quarantined, Dropped: x.Dropped, seen: x,
	}
	e.First, e.Last = x.Events.times()
	for i := range x.Fields {
		f := &x.Fields[i]
		field := FieldReport{Path: f.Path, Types: []TypeReport{}, Events: f.Count}
		field.First, field.Last = f.times()
		for j := range f.Types {
			t := TypeReport{Type: f.Types[j].Type.Names()[0], Events: f.Types[j].Count}
			t.First, t.Last = f.Types[j].times()
			field.Types = append(field.Types, t)
		}
		e.Fields = append(e.Fields, field)
	}
	return e
}

func (s *Seen) times() (first, last time.Time) {
	if s.Count == 0 {
		return first, last
	}
	return time.UnixMilli(s.First).UTC(), time.UnixMilli(s.Last).UTC()
}

// Only returns the report about one event, with a JSON Schema of what was seen of it; false when nothing
// is known of it.
func (r *Report) Only(name string) (*Report, bool) {
	i := slices.IndexFunc(r.Events, func(e EventReport) bool { return e.Event == name })
	if i < 0 {
		return nil, false
	}
	only := *r
	only.Events = []EventReport{r.Events[i]}
	if e := &only.Events[0]; e.Events > 0 {
		e.Inferred = e.seen.Document()
	}
	return &only, true
}

// DriftReport is how a source's events differ from what they should be.
type DriftReport struct {
	Source string       `json:"source"`
	Events []EventDrift `json:"events"` // those that differ, ascending by name
}

// EventDrift is how one event differs: by its contract where it has one, else by what was seen of it at
// first; and how contracts were broken before, as long as that was after since.
type EventDrift struct {
	Event       string       `json:"event"`
	Contract    bool         `json:"contract"` // whether one is in force
	Policy      Policy       `json:"policy"`   // of that contract, or what one without a policy would have
	Events      uint64       `json:"events"`   // all there were
	Quarantined uint64       `json:"quarantined"`
	Dropped     uint64       `json:"dropped"`
	Differences []Difference `json:"differences"` // of the shortest paths first
	// Beyond is how often contracts were broken in ways that are not among Differences, of which
	// MaxBreaches are kept.
	Beyond uint64 `json:"differences_beyond"`
}

// Drift tells of differences seen since a moment; zero: of all, where there is no contract since the end
// of the first Baseline.
func (r *Report) Drift(since time.Time) *DriftReport {
	d := &DriftReport{Source: r.Source, Events: []EventDrift{}}
	for i := range r.Events {
		e := &r.Events[i]
		differences := slices.DeleteFunc(e.seen.Broken(), func(x Difference) bool { return x.LastSeen.Before(since) })
		if !e.judged && e.Events > 0 {
			differences = append(differences, e.seen.Drift(since)...)
			slices.SortStableFunc(differences, func(a, b Difference) int { return shorter(a.Path, b.Path) })
		}
		if len(differences) == 0 && e.seen.BreachesBeyond() == 0 {
			continue
		}
		d.Events = append(d.Events, EventDrift{
			Event: e.Event, Contract: e.judged, Policy: e.decided, Events: e.Events,
			Quarantined: e.Quarantined, Dropped: e.Dropped, Differences: differences, Beyond: e.seen.BreachesBeyond(),
		})
	}
	return d
}
