package stripe

import (
	"slices"

	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// name is the event's name in the vocabulary, or "", and sets its fields. Where Stripe tells one thing
// with several events, one was chosen, and the others stay free events:
//
//   - an invoice is paid with invoice.paid (and not invoice.payment_succeeded, which leaves out those
//     paid otherwise);
//   - a payment is received when its charge is captured: charge.succeeded if that captured it too, else
//     charge.captured. Every payment has a charge, with and without a payment intent, an invoice or a
//     checkout, so payment_intent.succeeded and the like stay free;
//   - a refund is issued with charge.refunded, whose charge says whose it was; refund.created is one only
//     where there is no charge.
func (c *change) name(cx *event.CX) string {
	o := &c.object
	switch c.Type {
	case "invoice.finalized":
		pay(cx, o.Total, o.Currency)
		return event.NameInvoiceIssued
	case "invoice.overdue":
		pay(cx, o.AmountRemaining, o.Currency)
		return event.NameInvoiceOverdue
	case "invoice.voided":
		pay(cx, o.Total, o.Currency)
		return event.NameInvoiceVoided
	case "invoice.paid":
		pay(cx, o.AmountPaid, o.Currency)
		return event.NameInvoicePaid
	case "invoice.payment_failed":
		pay(cx, o.AmountRemaining, o.Currency)
		return event.NameInvoicePaymentFailed
	case "charge.succeeded", "charge.captured":
		return c.payment(cx)
	case "charge.refunded":
		pay(cx, since(o.AmountRefunded, c.previous.AmountRefunded), o.Currency)
		return event.NameRefundIssued
	case "refund.created":
		return c.refund(cx)
	case "charge.dispute.created":
		cx.Topic = o.Reason
		pay(cx, o.Amount, o.Currency)
		return event.NameDisputeOpened
	case "charge.dispute.closed":
		cx.Topic, cx.Disposition = o.Reason, o.Status
		pay(cx, o.Amount, o.Currency)
		return event.NameDisputeClosed
	case "credit_note.created":
		cx.Topic = o.Reason
		pay(cx, first(o.Total, o.Amount), o.Currency)
		return event.NameCreditIssued
	case "customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted":
		return c.subscription(cx)
	}
	return ""
}

// once says whether an object goes through what a name says one time only. The message id is then made of
// the two: webhook, events and history agree on it, and so do the two events that Stripe now and then
// makes of one thing (https://docs.stripe.com/webhooks#handle-duplicate-events).
func (c *change) once(name string) bool {
	switch name {
	case event.NameInvoiceIssued, event.NameInvoicePaid, event.NameInvoiceVoided, event.NameSubscriptionStarted, event.NameSubscriptionCancelled,
		event.NameDisputeOpened, event.NameDisputeClosed, event.NameCreditIssued, event.NamePaymentReceived:
		return c.object.ID != ""
	}
	return false
}

// payment is a captured charge. One that is captured in parts is told, with the sum, when the last part is
// (https://docs.stripe.com/payments/multicapture#multicapture-webhooks).
func (c *change) payment(cx *event.CX) string {
	o := &c.object
	if !o.Captured && c.Type == "charge.succeeded" { // it is only reserved
		return ""
	}
	pay(cx, first(o.AmountCaptured, o.Amount), o.Currency)
	return event.NamePaymentReceived
}

func (c *change) refund(cx *event.CX) string {
	o := &c.object
	if o.Charge.ID != "" && o.Charge.Raw == nil || o.Status == "failed" || o.Status == "canceled" {
		return ""
	}
	cx.Topic = o.Reason
	pay(cx, o.Amount, o.Currency)
	return event.NameRefundIssued
}

// subscription tells whether a subscription started, changed in substance, or ended. One that waits for
// its first payment has not started; an update that moves the period, say, is a free event
// (https://docs.stripe.com/billing/subscriptions/overview#subscription-lifecycle).
func (c *change) subscription(cx *event.CX) string {
	o := &c.object
	if len(o.Items.Data) > 0 {
		cx.Product = field.Clip(o.Items.Data[0].Price.Product.ID)
	}
	units, currency := perPeriod(o.Items.Data)
	pay(cx, units, currency)
	waiting := o.Status == "" || o.Status == "incomplete" || o.Status == "incomplete_expired"
	switch {
	case waiting: // or gave up waiting
		return ""
	case c.Type == "customer.subscription.deleted":
		cx.Disposition, cx.Topic, cx.Text = o.Cancellation.Reason, o.Cancellation.Feedback, o.Cancellation.Comment
		return event.NameSubscriptionCancelled
	case c.Type == "customer.subscription.created", c.previous.Status == "incomplete":
		return event.NameSubscriptionStarted
	case c.substantial():
		return event.NameSubscriptionChanged
	}
	return ""
}

// substantial says whether an update changed what the customer has or pays.
func (c *change) substantial() bool {
	p := &c.previous
	for _, changed := range [...]field.Raw{
		p.Quantity, p.CancelAt, p.CancelAtPeriodEnd, p.PauseCollection, p.Discount, p.Discounts, p.CollectionMethod, p.TrialEnd,
	} {
		if len(changed) > 0 {
			return true
		}
	}
	if p.Status != "" {
		return true
	}
	// A renewal also touches the items: since 2025-03-31 the period stands there.
	return p.Items != nil && !slices.EqualFunc(p.Items.Data, c.object.Items.Data, func(a, b item) bool { return a.same(&b) })
}
