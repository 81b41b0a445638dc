package effect

import (
	"slices"
	"strconv"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/cx"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// The bounds and defaults of requests.
const (
	DefaultDays       = 90 // of the window after a contact
	MaxDays           = 366
	DefaultBeforeDays = 90 // of what is known before
	MaxBeforeDays     = 366
	DefaultActiveDays = 30
	DefaultWaitOver   = 120 // seconds
	MaxWaitOver       = 3600
	DefaultStrata     = 20
	MaxStrata         = 500

	// tenureDays is how far back the first event of somebody is looked for.
	tenureDays = 731
	day        = 24 * time.Hour
)

// plusNames and minusNames are the events that revenue may be made of: what adds, and what takes away.
var (
	plusNames  = []string{event.NameOrderPlaced, event.NameInvoiceIssued, event.NameInvoicePaid, event.NamePaymentReceived}
	minusNames = []string{event.NameRefundIssued, event.NameCreditIssued, event.NameOrderReturned}
	// revenueDefault counts no money twice: what was ordered without an invoice, what was invoiced, and what went back.
	revenueDefault = []string{event.NameOrderPlaced, event.NameInvoicePaid, event.NameRefundIssued}
)

// Outcomes say what is looked at after a contact, and what people are made alike in.
type Outcomes struct {
	Days       int         `json:"days,omitempty"`        // default DefaultDays
	Retention  Retained    `json:"retention,omitempty"`   // default RetainedNotChurned
	ActiveDays int         `json:"active_days,omitempty"` // default DefaultActiveDays, at most Days
	BeforeDays int         `json:"before_days,omitempty"` // default DefaultBeforeDays
	Revenue    []string    `json:"revenue,omitempty"`     // names of events
	Adjust     []Covariate `json:"adjust,omitempty"`
}

// Request asks what goes with a quality of service.
type Request struct {
	Measure
	Limit int `json:"limit,omitempty"` // of strata shown for each outcome; default DefaultStrata
}

// Measure is what is compared. The filter chooses contacts; what people do and pay afterwards may be anywhere.
type Measure struct {
	report.Request
	Exposure Exposure `json:"exposure"`
	Outcomes
	WaitOverS *int `json:"wait_over_s,omitempty"` // of long_wait; default DefaultWaitOver
}

// query is a request that was checked.
type query struct {
	scope    report.Scope
	exposure Exposed
	Outcomes
	waitOver int
	perTopic bool
	agents   bool
}

func (r *Measure) check(workspace string, now time.Time, faults *event.Errors) *query {
	q := &query{scope: r.Scope(workspace, now, faults), Outcomes: r.Outcomes, waitOver: DefaultWaitOver}
	var ok bool
	if q.exposure, ok = exposed(r.Exposure); !ok {
		faults.Add("exposure", "must be one of "+exposureNames())
	}
	q.fill(Covariates(), faults)
	if r.WaitOverS != nil {
		if q.waitOver = *r.WaitOverS; q.waitOver < 0 || q.waitOver > MaxWaitOver {
			faults.Add("wait_over_s", "must be a whole number from 0 to 3600")
		}
	}
	return q
}

// fill puts defaults where nothing is said, and checks what is.
func (o *Outcomes) fill(adjust []Covariate, faults *event.Errors) {
	o.Days = number(o.Days, DefaultDays, MaxDays, "days", faults)
	o.BeforeDays = number(o.BeforeDays, DefaultBeforeDays, MaxBeforeDays, "before_days", faults)
	o.ActiveDays = number(o.ActiveDays, min(DefaultActiveDays, o.Days), o.Days, "active_days", faults)
	if o.Retention == "" {
		o.Retention = RetainedNotChurned
	}
	if !slices.Contains([]Retained{RetainedNotChurned, RetainedActive, RetainedNotCancelled}, o.Retention) {
		faults.Add("retention", "must be not_churned, active or not_cancelled")
	}
	if o.Revenue == nil {
		o.Revenue = revenueDefault
	}
	for i, name := range o.Revenue {
		if !slices.Contains(plusNames, name) && !slices.Contains(minusNames, name) {
			faults.Add("revenue["+strconv.Itoa(i)+"]", "must be order.placed, invoice.issued, invoice.paid or payment.received, which add, or refund.issued, credit.issued or order.returned, which take away")
		}
	}
	if o.Adjust == nil {
		o.Adjust = adjust
	}
	for i, c := range o.Adjust {
		if !slices.Contains(Covariates(), c) {
			faults.Add("adjust["+strconv.Itoa(i)+"]", "must be tenure, revenue_before, contacts_before, topic or channel")
		}
	}
}

// number is n, or what stands for 0; it must be from 1 to most.
func number(n, otherwise, most int, field string, faults *event.Errors) int {
	if n == 0 {
		return otherwise
	}
	if n < 0 || n > most {
		faults.Add(field, "must be a whole number from 1 to "+strconv.Itoa(most))
		return otherwise
	}
	return n
}

// params are the arguments of effect/units.
func (q *query) params() store.Params {
	p := q.scope.Params()
	reads(p, &q.scope, max(cx.Reach, time.Duration(q.BeforeDays)*day))
	first := q.scope.From.Add(-tenureDays * day)
	last := q.scope.Until.Add(cx.Reach + time.Duration(q.Days)*day)
	p["events_since"], p["events_until"] = store.Millis(first), store.Millis(last)
	p["exposure"], p["settles"], p["wait_over_ms"] = string(q.exposure.Name), q.exposure.SettlesDays > 0, int64(q.waitOver)*1000
	p["days"], p["active_days"], p["before_days"] = uint32(q.Days), uint32(q.ActiveDays), uint32(q.BeforeDays)
	p["plus"], p["minus"] = picked(plusNames, q.Revenue), picked(minusNames, q.Revenue)
	p["vocabulary"], p["agents"], p["per_topic"] = event.Names(), q.agents, q.perTopic
	return p
}

// reads adds how far conversations are read.
func reads(p store.Params, s *report.Scope, lead time.Duration) {
	p["read_since"], p["read_until"] = store.Millis(s.From.Add(-lead)), store.Millis(s.Until.Add(cx.Reach))
}

func picked(from, names []string) []string {
	list := []string{}
	for _, name := range from {
		if slices.Contains(names, name) {
			list = append(list, name)
		}
	}
	return list
}
