package flow

import (
	"context"

	"tributary/ingest/event"
	"tributary/journeys/report"
)

// The bounds of a list of kinds of events.
const (
	DefaultNames = 200
	MaxNames     = 1000
)

// NamesRequest asks which kinds of events there are.
type NamesRequest struct {
	report.Request
	Limit int `json:"limit,omitempty" policy:"meta"` // default DefaultNames
}

// Names are the kinds of events of a scope, for whoever asks about some of them.
type Names struct {
	report.About
	Events []Name `json:"events" policy:"-"` // the most frequent first
	// HeldBack are kinds that are not told: those of fewer than LeastGroup people, whose name somebody made up.
	HeldBack int `json:"held_back" policy:"meta"`
	LeftOut  int `json:"left_out" policy:"meta"` // kinds beyond the limit
	// Untrusted are the members that sources and customers made up.
	Untrusted []string `json:"untrusted" policy:"meta"`
}

// Name is a kind of events.
type Name struct {
	Name     string   `json:"name" policy:"meta"` // empty: those of the type that have none
	Type     string   `json:"type" policy:"meta"`
	Events   uint64   `json:"events" policy:"meta"`
	People   uint64   `json:"people" policy:"meta"`
	Channels []string `json:"channels" policy:"meta"` // at most 16; "" is none
	Sources  []string `json:"sources" policy:"meta"`  // at most 100
}

// nameRow is a row of flow/names.
type nameRow struct {
	Event    string   `ch:"event"`
	Kind     string   `ch:"kind"`
	Events   uint64   `ch:"events"`
	People   uint64   `ch:"people"`
	Channels []string `ch:"channels"`
	Sources  []string `ch:"sources"`
	Held     bool     `ch:"held"`
	HeldBack uint64   `ch:"held_back"`
	Kinds    uint64   `ch:"kinds"`
	Told     uint64   `ch:"told_people"`
}

const namesDefinition = "names 1: events of the scope by name and type, the most frequent first; made-up names of fewer than 5 people are counted in held_back"

// Names answers a request. It fails with event.Errors for a request with faults.
func (f *Flow) Names(ctx context.Context, workspace string, r NamesRequest) (*Names, error) {
	var faults event.Errors
	scope := r.Scope(workspace, f.now(), &faults)
	if r.Limit == 0 {
		r.Limit = DefaultNames
	}
	if r.Limit < 1 || r.Limit > MaxNames {
		faults.Add("limit", "must be 1 to 1000")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	about, err := f.reader.Resolve(ctx, &scope, namesDefinition)
	if err != nil {
		return nil, err
	}
	params := scope.Params()
	params["least"], params["known"], params["limit"] = uint32(LeastGroup), event.Names(), uint32(r.Limit) //nolint:gosec // at most MaxNames
	rows, err := f.names.All(ctx, params)
	if err != nil {
		return nil, err
	}
	return namesOf(about, rows), nil
}

// namesOf makes the answer of rows, of which those that are held come last.
func namesOf(about report.About, rows []nameRow) *Names {
	a := &Names{About: about, Events: []Name{}, Untrusted: []string{"events[].name"}}
	for i := range rows {
		r := &rows[i]
		a.HeldBack = int(r.HeldBack)                        //nolint:gosec // a count
		a.LeftOut = int(r.Kinds-r.HeldBack) - len(a.Events) //nolint:gosec // a count
		if r.Held {
			break
		}
		a.Events = append(a.Events, Name{r.Event, r.Kind, r.Events, r.People, r.Channels, r.Sources})
		a.LeftOut--
		a.Sample.People = r.Told
		a.Sample.Events += r.Events
	}
	return a
}
