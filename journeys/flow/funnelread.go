package flow

import (
	"context"
	"encoding/json"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/profiles/computed"
	"tributary/sql/store"
)

// Funnel is the answer: of all, and by group.
type Funnel struct {
	report.About
	Order     Order       `json:"order" policy:"meta"`
	WindowS   float64     `json:"window_s" policy:"meta"`
	Steps     []StepCount `json:"steps" policy:"-"`
	Breakdown string      `json:"breakdown,omitempty" policy:"meta"`
	// Groups are those with the most people, at most MaxGroups, and last the rest, if there are more.
	Groups []Group `json:"groups,omitempty" policy:"-"`
	// Open is how many have not come to the end, but still may: their window had not ended as of the answer.
	Open uint64 `json:"open" policy:"meta"`
	// Untrusted are the members that sources and customers made up.
	Untrusted []string `json:"untrusted" policy:"meta"`
}

// StepCount is one step. Shares and times are absent where nobody is.
type StepCount struct {
	Name   string `json:"name" policy:"meta"`
	People uint64 `json:"people" policy:"meta"`
	// OfFirst and OfPrevious are shares of the people of the first step and of the one before, 0 to 1.
	OfFirst    *float64 `json:"of_first,omitempty" policy:"meta"`
	OfPrevious *float64 `json:"of_previous,omitempty" policy:"meta"`
	// SincePrevious and SinceFirst are how long those took who came here.
	SincePrevious *Took `json:"since_previous,omitempty" policy:"-"`
	SinceFirst    *Took `json:"since_first,omitempty" policy:"-"`
}

// Took is how long something took, in seconds. Of n times in order it is that of place floor(n/2), floor(9n/10), from 0 on.
type Took struct {
	MedianS float64 `json:"median_s" policy:"meta"`
	P90S    float64 `json:"p90_s" policy:"meta"`
}

// Group is the people who began with one value of the breakdown.
type Group struct {
	Value json.RawMessage `json:"value" policy:"meta"` // null: none
	// Other says that these are all who are in no group of their own: there are no times of them.
	Other bool        `json:"other,omitempty" policy:"meta"`
	Steps []StepCount `json:"steps" policy:"-"`
}

// funnelRow is a row of funnel.counts; times are milliseconds.
type funnelRow struct {
	Total         uint8      `ch:"total"`
	Word          string     `ch:"word"`
	People        []uint64   `ch:"people"`
	SincePrevious [][]uint64 `ch:"since_previous"`
	SinceFirst    [][]uint64 `ch:"since_first"`
	Open          uint64     `ch:"open"`
	LookedAt      uint64     `ch:"looked_at"`
}

// Funnel answers a request. It fails with event.Errors for a request with faults.
func (f *Flow) Funnel(ctx context.Context, workspace string, r FunnelRequest) (*Funnel, error) {
	var faults event.Errors
	checked := r.check(workspace, f.now(), &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	about, err := f.reader.Resolve(ctx, &checked.scope, checked.definition())
	if err != nil {
		return nil, err
	}
	sql, params := checked.counts()
	rows, err := query[funnelRow](ctx, f, "funnel", sql, params)
	if err != nil {
		return nil, err
	}
	return checked.answer(about, rows), nil
}

// answer makes the answer of rows, of which the first is that of all.
func (f *funnel) answer(about report.About, rows []funnelRow) *Funnel {
	a := &Funnel{About: about, Order: f.order, WindowS: f.window.Seconds(), Breakdown: f.breakdown, Untrusted: []string{"groups[].value"}}
	all := funnelRow{People: make([]uint64, len(f.steps))}
	if len(rows) > 0 {
		all, rows = rows[0], rows[1:]
	}
	a.Steps, a.Open = f.stepCounts(&all), all.Open
	a.Sample = report.Sample{People: all.People[0], Events: all.LookedAt}
	if f.breakdown == "" {
		return a
	}
	rest := append([]uint64{}, all.People...)
	for i := range rows {
		if len(a.Groups) == MaxGroups || free(f.breakdown) && rows[i].People[0] < LeastGroup {
			break
		}
		a.Groups = append(a.Groups, Group{Value: computed.Literal(rows[i].Word), Steps: f.stepCounts(&rows[i])})
		for k, n := range rows[i].People {
			rest[k] -= n
		}
	}
	if rest[0] > 0 {
		a.Groups = append(a.Groups, Group{Value: json.RawMessage("null"), Other: true, Steps: f.stepCounts(&funnelRow{People: rest})})
	}
	return a
}

// stepCounts makes the steps of a row.
func (f *funnel) stepCounts(r *funnelRow) []StepCount {
	steps := make([]StepCount, len(f.steps))
	for k := range steps {
		s := StepCount{Name: f.steps[k], People: r.People[k], OfFirst: share(r.People[k], r.People[0])}
		if f.order == Any {
			s.Name = ""
		}
		if k > 0 {
			s.OfPrevious = share(r.People[k], r.People[k-1])
		}
		if k > 0 && r.People[k] > 0 && r.SinceFirst != nil {
			s.SincePrevious, s.SinceFirst = took(r.SincePrevious[k]), took(r.SinceFirst[k])
		}
		steps[k] = s
	}
	return steps
}

func took(milli []uint64) *Took { return &Took{MedianS: seconds(milli[0]), P90S: seconds(milli[1])} }

func share(n, of uint64) *float64 {
	if of == 0 {
		return nil
	}
	x := float64(n) / float64(of)
	return &x
}

// FunnelPeopleRequest asks for the people behind a step.
type FunnelPeopleRequest struct {
	FunnelRequest
	Page
	// Step is its number, from 1 on.
	Step int `json:"step" policy:"meta"`
	// Dropped asks for those who came to the step and not to the next one, instead of all who came.
	Dropped bool `json:"dropped,omitempty" policy:"meta"`
}

// FunnelPeople answers with the people behind a step. It fails as Funnel does.
func (f *Flow) FunnelPeople(ctx context.Context, workspace string, r FunnelPeopleRequest) (*People, error) {
	var faults event.Errors
	checked := r.FunnelRequest.check(workspace, f.now(), &faults)
	r.Page.check(&faults)
	if r.Step < 1 || r.Step > len(r.Steps) {
		faults.Add("step", "must be the number of a step, from 1 on")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	condition := "depth >= {step:UInt8}"
	if r.Dropped {
		condition = "depth = {step:UInt8}"
	}
	return f.people(ctx, "funnel", &checked.scope, checked.definition(), r.Page, func() (string, store.Params) {
		sql, params := checked.behind(condition)
		params["step"] = uint8(r.Step)
		return sql, params
	})
}
