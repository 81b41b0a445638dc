package profiles

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tributary/ingest/event"
)

// maxKept is how many kept promises come with the others: what was done is history.
const maxKept = 2

// promiseNames say what was promised.
var promiseNames = map[CommitmentKind]string{
	CommitmentRefund: "a refund", CommitmentCredit: "a credit", CommitmentCallback: "a call back", CommitmentDelivery: "a delivery",
	CommitmentAppointment: "an appointment", CommitmentReply: "a reply", CommitmentOther: "something",
}

var promisedBy = map[event.AuthorRole]string{
	event.AuthorHuman: "an agent", event.AuthorAI: "the AI", event.AuthorSystem: "the system", event.AuthorCustomer: "the customer",
}

// promises tells what was promised to the customer: first what is broken and what is overdue, then what is due next, what
// an AI proposed and nobody confirmed, and what was kept last. Older kept ones are history.
func (t *teller) promises() (facts, history []Fact) {
	var list []*Commitment
	for i := range t.p.Commitments {
		if c := &t.p.Commitments[i]; c.Status != CommitmentWithdrawn {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b *Commitment) int {
		return cmp.Or(t.urgency(a)-t.urgency(b), a.DueAt.Compare(b.DueAt), b.ChangedAt.Compare(a.ChangedAt), strings.Compare(a.ID, b.ID))
	})
	kept := 0
	for _, c := range list {
		if c.Status == CommitmentKept {
			if kept++; kept > maxKept {
				history = append(history, t.promise(c))
				continue
			}
		}
		facts = append(facts, t.promise(c))
	}
	return facts, history
}

func (t *teller) urgency(c *Commitment) int {
	switch {
	case c.Status == CommitmentBroken:
		return 0
	case t.overdue(c):
		return 1
	case c.Status == CommitmentMade && !c.DueAt.IsZero():
		return 2
	case c.Status == CommitmentMade:
		return 3
	case c.Status == CommitmentProposed:
		return 4
	}
	return 5
}

func (t *teller) overdue(c *Commitment) bool {
	return c.Status == CommitmentMade && !c.DueAt.IsZero() && c.DueAt.Before(t.r.AsOf)
}

func (t *teller) promise(c *Commitment) Fact {
	var b strings.Builder
	b.WriteString("Promise of " + cmp.Or(promiseNames[c.Kind.known()], "something"))
	if c.Amount != "" {
		b.WriteString(" of " + number(c.Amount) + " " + currency(c.Currency))
	}
	if by := promisedBy[c.Role]; by != "" {
		b.WriteString(" by " + by)
	}
	if !c.MadeAt.IsZero() {
		b.WriteString(", " + day(c.MadeAt))
	}
	b.WriteString(": " + t.standing(c) + ".")
	f := Fact{Kind: FactPromise, Text: b.String(), At: c.ChangedAt, Source: c.Source, of: ofPromise(c)}
	origin := originSource
	if _, known := byAuthor[c.Role]; known {
		origin = string(c.Role)
	}
	for _, q := range []Quote{{Name: "promise", Text: c.Text, Origin: origin, Cut: c.TextCut}, {Name: "message", Text: c.Quote, Origin: originSource, Cut: c.QuoteCut}} {
		if q.Text != "" {
			f.Quotes = append(f.Quotes, q)
		}
	}
	f.quote("id", c.ID)
	return f
}

// standing says how a promise stands.
func (t *teller) standing(c *Commitment) string {
	due := ""
	if !c.DueAt.IsZero() {
		due = " by " + minute(c.DueAt.In(time.UTC))
	}
	switch {
	case c.Status == CommitmentBroken:
		return "broken" + strings.Replace(due, " by ", ", it was due ", 1)
	case t.overdue(c):
		return "overdue" + strings.Replace(due, " by ", " since ", 1)
	case c.Status == CommitmentKept && c.Late:
		return "kept, but late"
	case c.Status == CommitmentKept:
		return "kept"
	case c.Status == CommitmentProposed:
		return "proposed" + due + ", and confirmed by nobody"
	case due != "":
		return "due" + due
	}
	return "open, without a date"
}

func ofPromise(c *Commitment) reference {
	return reference{of: "promise", owner: c.Observation, one: c.ID}
}
