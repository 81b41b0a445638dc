// Package effect says what goes with the quality of service: whether people whom it was good to stay longer and pay more
// than people like them, and which uses of AI pay.
//
// It tells associations among people who were alike in what was known of them before, and never causes. README.md has
// the formulas and what is not adjusted for.
package effect

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// Reports makes the reports. It is safe for concurrent use.
type Reports struct {
	reader *report.Reader
	units  store.Query[unit]
	costs  store.Query[costRow]
	now    func() time.Time
}

// New returns the reports over an open store.
func New(s *store.Store, reader *report.Reader, now func() time.Time) (*Reports, error) {
	units, err := store.Prepare[unit](s, "effect/units")
	if err != nil {
		return nil, err
	}
	costs, err := store.Prepare[costRow](s, "effect/costs")
	if err != nil {
		return nil, err
	}
	return &Reports{reader, units, costs, now}, nil
}

// Report is what is answered.
type Report struct {
	report.About
	Exposure Exposed `json:"exposure"`
	Outcomes
	WaitOverS int `json:"wait_over_s"`
	// NotAdjusted is what may be behind a difference all the same.
	NotAdjusted []string `json:"not_adjusted"`
	RevenueCuts []Cut    `json:"revenue_cuts"`
	// Immature are people whose window is not over yet, Gone those who had cancelled before it began: both are left out.
	Immature int `json:"immature"`
	Gone     int `json:"gone"`
	// Stayed compares who stayed, Paid what people paid, by currency; they are never added.
	Stayed    Outcome   `json:"stayed"`
	Paid      []Outcome `json:"paid"`
	Untrusted []string  `json:"untrusted"` // members that sources and models wrote
}

func (q *query) definition() string {
	adjusted := "nothing"
	if len(q.Adjust) > 0 {
		adjusted = strings.Trim(strings.ReplaceAll(fmt.Sprint(q.Adjust), " ", ", "), "[]")
	}
	return fmt.Sprintf("effect 1: an adjusted association, not a cause. Each person counts once, with the first contact of the scope among: %s. Exposed: %s. "+
		"Outcomes are of the %d days after that is known. Compared within strata of %s, as known before the contact, and standardised to all people of strata that have both; "+
		"whoever differs in something else, as in why they made contact or how much in need they were, differs for that as well. Intervals are of 95 %%: Wilson's with Kish's effective sample and "+
		"Newcombe's of shares; by the central limit theorem of amounts.", q.exposure.Of, q.exposure.Exposed, q.Days, adjusted)
}

// notAdjusted is what a difference may come from besides the service.
func notAdjusted(adjust []Covariate) []string {
	list := []string{}
	for _, c := range Covariates() {
		if !slices.Contains(adjust, c) {
			list = append(list, string(c))
		}
	}
	return append(list, "how serious the matter was", "how content the customer was before", "price, product and competition", "what the sources do not send")
}

// Effect reports what goes with a quality of service. It fails with event.Errors, and as report.Reader.Resolve and the
// store do.
func (r *Reports) Effect(ctx context.Context, workspace string, request Request) (*Report, error) {
	var faults event.Errors
	q := request.check(workspace, r.now(), &faults)
	limit := number(request.Limit, DefaultStrata, MaxStrata, "limit", &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	about, err := r.reader.Resolve(ctx, &q.scope, q.definition())
	if err != nil {
		return nil, err
	}
	p, err := r.read(ctx, q)
	if err != nil {
		return nil, err
	}
	answer := &Report{
		About: about, Exposure: q.exposure, Outcomes: q.Outcomes, WaitOverS: q.waitOver, NotAdjusted: notAdjusted(q.Adjust),
		RevenueCuts: p.listCuts(), Immature: p.immature, Gone: p.gone, Paid: []Outcome{},
		Stayed:    p.retention(&q.Outcomes, limit),
		Untrusted: []string{"stayed.strata[].topic", "paid[].strata[].topic"},
	}
	answer.Sample = report.Sample{People: uint64(len(p.units)), Events: p.events}
	for _, currency := range p.currencies() {
		answer.Paid = append(answer.Paid, p.revenue(&q.Outcomes, currency, limit))
	}
	return answer, nil
}

func (p *people) listCuts() []Cut {
	list := make([]Cut, 0, len(p.cuts))
	for _, currency := range slices.Sorted(maps.Keys(p.cuts)) {
		list = append(list, p.cuts[currency])
	}
	return list
}
