package flow

import (
	"context"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// Between is the answer: how long it took.
type Between struct {
	report.About
	Pairs   Pairs   `json:"pairs" policy:"meta"`
	WindowS float64 `json:"window_s" policy:"meta"`
	// Starts is how many were measured from, and Ended how many of them ended within the window. Open are those of
	// the rest whose window was not over as of the answer.
	Starts uint64 `json:"starts" policy:"meta"`
	Ended  uint64 `json:"ended" policy:"meta"`
	Open   uint64 `json:"open" policy:"meta"`
	// Quantiles are of those that ended; absent if none did. Of n times in order that of level q is that of place
	// floor(q n), from 0 on.
	Quantiles []Quantile `json:"quantiles,omitempty" policy:"-"`
	Histogram []Bin      `json:"histogram" policy:"-"` // to the last that is not empty
}

// Quantile is a time that a share of all are below.
type Quantile struct {
	Level   float64 `json:"level" policy:"meta"`
	Seconds float64 `json:"seconds" policy:"meta"`
}

// Bin is how many took at least FromS and less than BelowS, in seconds; without BelowS, any longer.
type Bin struct {
	FromS  float64  `json:"from_s" policy:"meta"`
	BelowS *float64 `json:"below_s,omitempty" policy:"meta"`
	Count  uint64   `json:"count" policy:"meta"`
}

// betweenRow is the row of between.distribution; times are milliseconds.
type betweenRow struct {
	People    uint64   `ch:"people"`
	Starts    uint64   `ch:"starts"`
	Pairs     uint64   `ch:"pairs"`
	LookedAt  uint64   `ch:"looked_at"`
	Open      uint64   `ch:"open"`
	Quantiles []uint64 `ch:"quantiles"`
	Below     []uint64 `ch:"below"`
}

// Between answers a request. It fails with event.Errors for a request with faults.
func (f *Flow) Between(ctx context.Context, workspace string, r BetweenRequest) (*Between, error) {
	var faults event.Errors
	checked := r.check(workspace, f.now(), &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	about, err := f.reader.Resolve(ctx, &checked.scope, checked.definition())
	if err != nil {
		return nil, err
	}
	sql, params := checked.distribution()
	row, err := store.Compose[betweenRow](f.store, "journeys/time between", sql).One(ctx, params)
	if err != nil {
		return nil, err
	}
	about.Sample = report.Sample{People: row.People, Events: row.LookedAt}
	answer := &Between{
		About: about, Pairs: checked.pairs, WindowS: checked.window.Seconds(),
		Starts: row.Starts, Ended: row.Pairs, Open: row.Open, Histogram: row.bins(),
	}
	for i := range levels {
		if row.Pairs > 0 {
			answer.Quantiles = append(answer.Quantiles, Quantile{levels[i], seconds(row.Quantiles[i])})
		}
	}
	return answer, nil
}

// bins makes the histogram of how many are below each edge.
func (r *betweenRow) bins() []Bin {
	bins, counted := []Bin{}, uint64(0)
	for i := 0; i <= len(edges) && counted < r.Pairs; i++ {
		b := Bin{Count: r.Pairs - counted}
		if i > 0 {
			b.FromS = edges[i-1].Seconds()
		}
		if i < len(edges) {
			below := edges[i].Seconds()
			b.BelowS, b.Count = &below, r.Below[i]-counted
		}
		counted += b.Count
		bins = append(bins, b)
	}
	return bins
}

// BetweenPeopleRequest asks for the people behind a part of the distribution.
type BetweenPeopleRequest struct {
	BetweenRequest
	Page
	// FromS and BelowS are a bin's; BelowS 0: any longer.
	FromS  float64 `json:"from_s,omitempty" policy:"meta"`
	BelowS float64 `json:"below_s,omitempty" policy:"meta"`
	// Unended asks for those with a start that did not end within the window instead.
	Unended bool `json:"unended,omitempty" policy:"meta"`
}

// BetweenPeople answers with the people behind a part: the events of the first pair that is of it.
func (f *Flow) BetweenPeople(ctx context.Context, workspace string, r BetweenPeopleRequest) (*People, error) {
	var faults event.Errors
	checked := r.BetweenRequest.check(workspace, f.now(), &faults)
	r.Page.check(&faults)
	if r.FromS < 0 || r.BelowS < 0 || r.BelowS > 0 && r.BelowS <= r.FromS || r.FromS > maxWindow.Seconds() || r.BelowS > maxWindow.Seconds()+1 {
		faults.Add("below_s", "must be more than from_s, which is at least 0; seconds")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	condition := "x.2 != 0 AND x.3 >= {least:UInt64} AND ({below:UInt64} = 0 OR x.3 < {below:UInt64})"
	if r.Unended {
		condition = "x.2 = 0"
	}
	return f.people(ctx, "time between", &checked.scope, checked.definition(), r.Page, func() (string, store.Params) {
		sql, params := checked.behind(condition)
		if !r.Unended {
			params["least"], params["below"] = uint64(r.FromS*1000), uint64(r.BelowS*1000)
		}
		return sql, params
	})
}
