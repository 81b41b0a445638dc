package cx

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// Near is how far from a contact another one of the same person counts: the widest window of a metric of contacts.
const Near = 7 * 24 * time.Hour

// Reach is how much is read before and after a span, in whole days of UTC: a conversation that lasts longer is seen in part. It is more than any window.
const Reach = 30*24*time.Hour + Near

// ErrNoMetric says that there is no metric of that id.
var ErrNoMetric = errors.New("there is no such metric")

// Question asks for a metric.
type Question struct {
	Metric string
	Scope  report.Scope
	Grain  Grain
	By     Dimension
	Whole  bool // the whole span as well as its buckets
	Before bool // and the period before it
}

// Reader asks metrics. It is safe for concurrent use.
type Reader struct {
	store      *store.Store
	reports    *report.Reader
	targets    *Targets
	now        func() time.Time
	statements map[rows]string
	difficulty string // the statement of that name
	restated   store.Query[restatedRow]
	events     store.Query[eventRow]
}

// NewReader returns a reader over an open store that holds values against targets; of nil ones there are none.
func NewReader(s *store.Store, reports *report.Reader, targets *Targets, now func() time.Time) (*Reader, error) {
	r := &Reader{store: s, reports: reports, targets: targets, now: now, statements: map[rows]string{}}
	var err error
	for i := range registry {
		name := registry[i].rows
		if r.statements[name], err = s.Statement("cx/" + string(name)); err != nil {
			return nil, err
		}
	}
	if r.difficulty, err = s.Statement("cx/difficulty"); err != nil {
		return nil, err
	}
	if r.restated, err = store.Prepare[restatedRow](s, "cx/restated"); err != nil {
		return nil, err
	}
	r.events, err = store.Prepare[eventRow](s, "cx/events")
	return r, err
}

// statement finds the metrics, which are made of the same rows, and checks how they are told apart. It fails with ErrNoMetric, and with
// event.Errors.
func (r *Reader) statement(q *Question) (statement, error) {
	m, ok := Find(q.Metric)
	if !ok {
		return statement{}, ErrNoMetric
	}
	if err := q.check(&m); err != nil {
		return statement{}, err
	}
	return r.statementOf(q, &m), nil
}

func (r *Reader) statementOf(q *Question, metrics ...*Metric) statement {
	return statement{metrics: metrics, rows: r.statements[metrics[0].rows], scope: &q.Scope, grain: q.Grain, by: q.By, whole: q.Whole, before: q.Before}
}

// check reports every fault of a question about a metric.
func (q *Question) check(m *Metric) error {
	var faults event.Errors
	if q.By != "" && !slices.Contains(m.By, q.By) {
		faults.Add("by", fmt.Sprintf("must be one of %v for the metric %s", m.By, m.ID))
	}
	if bucketOf[q.Grain] == "" {
		faults.Add("grain", "must be hour, day, week or month, or be left out for one value over the whole span")
	}
	if q.Scope.From.Year() < 1970 || q.Scope.Until.Year() > 2105 {
		faults.Add("from", "must lie with until between the years 1970 and 2105")
	}
	if n := buckets(q); n > MaxBuckets {
		faults.Add("grain", fmt.Sprintf("makes more than %d buckets of this span; ask for a coarser one", MaxBuckets))
	}
	return faults.Err()
}

// survey is the kind of survey that the metric counts; empty: it counts others, or all.
func (m *Metric) survey() string {
	switch m.ID {
	case "csat", "nps", "ces":
		return m.ID
	}
	return ""
}
