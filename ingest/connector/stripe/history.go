package stripe

import (
	"encoding/json"
	"net/url"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// A stream is a list of objects whose history is older than the events that Stripe keeps. All can be
// listed by when they were created.
type stream struct {
	name  string // below /v1/
	query url.Values
	// happened says what the object went through.
	happened func(o *object, until int64) []happening
}

// happening is one thing that an object says of its past: the event that Stripe would have made then.
type happening struct {
	kind string
	at   int64 // seconds; 0: not
}

var streams = []stream{
	{name: "customers", happened: func(o *object, _ int64) []happening {
		return []happening{{"customer.updated", o.Created}}
	}},
	{name: "invoices", happened: func(o *object, _ int64) []happening {
		return []happening{
			{"invoice.created", o.Created},
			{"invoice.finalized", o.Transitions.FinalizedAt},
			{"invoice.paid", o.Transitions.PaidAt},
			{"invoice.voided", o.Transitions.VoidedAt},
		}
	}},
	{name: "charges", query: url.Values{"expand[]": {"data.balance_transaction"}}, happened: chargeHappened},
	// A refund and a dispute are their charge's customer's.
	{name: "refunds", query: url.Values{"expand[]": {"data.charge"}}, happened: created("refund.created")},
	{name: "disputes", query: url.Values{"expand[]": {"data.charge"}}, happened: created("charge.dispute.created")},
	{name: "credit_notes", happened: created("credit_note.created")},
	// Without the status, those that ended are left out.
	{name: "subscriptions", query: url.Values{"status": {"all"}}, happened: func(o *object, _ int64) []happening {
		return []happening{{"customer.subscription.created", o.Created}, {"customer.subscription.deleted", o.EndedAt}}
	}},
}

func created(kind string) func(*object, int64) []happening {
	return func(o *object, _ int64) []happening { return []happening{{kind, o.Created}} }
}

// chargeHappened dates a payment to when the money was booked, which is when the charge was captured:
// a charge itself does not say when.
func chargeHappened(o *object, until int64) []happening {
	switch o.Status {
	case "succeeded":
	case "failed", "pending":
		return []happening{{"charge." + o.Status, o.Created}}
	default:
		return []happening{{"charge.updated", o.Created}}
	}
	captured := o.Created
	if o.Balance.Raw != nil {
		var booked object
		if field.Read(o.Balance.Raw, &booked) == nil && booked.Created > 0 {
			captured = booked.Created
		}
	}
	if captured >= until { // the capture is an event; here it was only reserved
		o.Captured = false
		captured = o.Created
	}
	return []happening{{"charge.succeeded", captured}}
}

// history adds what happened to an object before events begin. Message ids are made of the object's:
// reading it again makes the same.
func (p *puller) history(b *connector.Batch, at checkpoint, o *object, data field.Raw) {
	if o.ID == "" || o.Created == 0 {
		b.Reject(o.ID, "id", "or created is missing: this is no object of Stripe's", data)
		return
	}
	for _, s := range streams {
		if s.name != at.Stream {
			continue
		}
		for _, h := range s.happened(o, at.Until) {
			if h.at > 0 && h.at < at.Until {
				b.Add(p.past(h, *o, data))
			}
		}
	}
}

// past is the event of something that happened to an object.
func (p *puller) past(h happening, o object, data field.Raw) event.Event {
	c := change{object: o}
	c.Type, c.Data.Object = h.kind, data
	if c.Type == "refund.created" && c.object.Charge.ID != "" && c.object.Charge.Raw == nil {
		// Without the charge it cannot be said whose it is; the refund itself is certain.
		c.object.Charge.Raw = field.Raw(`{}`)
	}
	e := event.Event{OriginalAt: time.Unix(h.at, 0).UTC(), Context: json.RawMessage(`{"type":"` + h.kind + `","backfill":true}`)}
	p.fill(&e, &c)
	e.MessageID = o.ID + ":" + e.Name
	if e.Record != nil {
		e.Record.Version = "" // it is as it is now; the events that follow, which have one, come to the same
	}
	return e
}
