package flow

import (
	"context"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// Retention is the answer: a row for each period in which somebody was born.
type Retention struct {
	report.About
	By      Period   `json:"by" policy:"meta"`
	Cohorts []Cohort `json:"cohorts" policy:"-"`
}

// Cohort is the people who were born in one period.
type Cohort struct {
	Begins string `json:"begins" policy:"meta"` // the first day of the period, in the scope's zone
	People uint64 `json:"people" policy:"meta"`
	Cells  []Cell `json:"cells" policy:"-"` // from the period of birth on, without those that had not begun
}

// Cell is who of a cohort came back in one period.
type Cell struct {
	Period int     `json:"period" policy:"meta"` // 0: that of birth
	People uint64  `json:"people" policy:"meta"`
	Share  float64 `json:"share" policy:"meta"`
	// Immature: the period was not over, so that more may come.
	Immature bool `json:"immature,omitempty" policy:"meta"`
}

type cohortRow struct {
	Cohort   int32    `ch:"cohort"`
	People   uint64   `ch:"people"`
	Back     []uint64 `ch:"back"`
	LookedAt uint64   `ch:"looked_at"`
}

// Retention answers a request. It fails with event.Errors for a request with faults.
func (f *Flow) Retention(ctx context.Context, workspace string, r RetentionRequest) (*Retention, error) {
	var faults event.Errors
	checked := r.check(workspace, f.now(), &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	about, err := f.reader.Resolve(ctx, &checked.scope, checked.definition())
	if err != nil {
		return nil, err
	}
	sql, params := checked.cells()
	rows, err := query[cohortRow](ctx, f, "retention", sql, params)
	if err != nil {
		return nil, err
	}
	answer := &Retention{About: about, By: checked.by, Cohorts: make([]Cohort, len(rows))}
	for i := range rows {
		answer.Cohorts[i] = checked.cohort(&rows[i], about.AsOf)
		answer.Sample.People += rows[i].People
		answer.Sample.Events += rows[i].LookedAt
	}
	return answer, nil
}

func (t *retention) cohort(r *cohortRow, asOf time.Time) Cohort {
	c := Cohort{Begins: t.by.begins(int(r.Cohort), t.scope.Zone).Format(time.DateOnly), People: r.People, Cells: []Cell{}}
	for k, n := range r.Back {
		if t.by.begins(int(r.Cohort)+k, t.scope.Zone).After(asOf) {
			break
		}
		c.Cells = append(c.Cells, Cell{
			Period: k, People: n, Share: float64(n) / float64(r.People),
			Immature: t.by.begins(int(r.Cohort)+k+1, t.scope.Zone).After(asOf),
		})
	}
	return c
}

// RetentionPeopleRequest asks for the people behind a cell.
type RetentionPeopleRequest struct {
	RetentionRequest
	Page
	Cohort string `json:"cohort" policy:"meta"` // Cohort.Begins, or any day of that period
	Period int    `json:"period" policy:"meta"` // Cell.Period
	// Missing asks for those of the cohort who did not come back in the period.
	Missing bool `json:"missing,omitempty" policy:"meta"`
}

// RetentionPeople answers with the people behind a cell: the event of their birth, and the first they came back with
// in the period.
func (f *Flow) RetentionPeople(ctx context.Context, workspace string, r RetentionPeopleRequest) (*People, error) {
	var faults event.Errors
	checked := r.RetentionRequest.check(workspace, f.now(), &faults)
	r.Page.check(&faults)
	day, err := time.ParseInLocation(time.DateOnly, r.Cohort, checked.scope.Zone)
	if err != nil {
		faults.Add("cohort", "must be a day, such as 2026-03-01")
	}
	if r.Period < 0 || r.Period > checked.periods {
		faults.Add("period", "must be 0 to periods")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	condition := "has(returned, cohort + {period:Int32})"
	if r.Missing {
		condition = "NOT " + condition
	}
	return f.people(ctx, "retention", &checked.scope, checked.definition(), r.Page, func() (string, store.Params) {
		sql, params := checked.behind(condition)
		params["cohort"], params["period"] = int32(checked.by.of(day)), int32(r.Period)
		return sql, params
	})
}

// of is the number of the period of a day; see number.
func (p Period) of(day time.Time) int {
	days := int(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400)
	switch p {
	case Day:
		return days
	case Week:
		return floorDiv(days+3, 7)
	default:
		return day.Year()*12 + int(day.Month()) - 1
	}
}

func floorDiv(a, b int) int {
	if a%b < 0 {
		return a/b - 1
	}
	return a / b
}
