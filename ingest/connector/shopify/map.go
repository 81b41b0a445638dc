package shopify

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// events makes the events of a delivery, by its topic. A topic, or a state, that the vocabulary has no
// name for makes a free event.
func (d *delivery) events() {
	o := &d.object
	before := d.batch.Len()
	switch d.topic {
	case "customers/create", "customers/update", "customers/enable", "customers/disable", "customers/delete":
		d.contact()
	case "customers_email_marketing_consent/update":
		d.consent(event.ChannelEmail, o.EmailConsent)
	case "customers_marketing_consent/update":
		d.consent(event.ChannelSMS, o.SMSConsent)
	case "orders/create":
		d.order(d.named(event.NameOrderPlaced, o.ID, o.ProcessedAt.Time(), o.CreatedAt.Time(), d.at))
	case "orders/paid":
		d.order(d.named(event.NamePaymentReceived, o.ID, d.at, o.UpdatedAt.Time()))
	case "fulfillments/create", "fulfillments/update":
		d.fulfilment()
	case "refunds/create":
		d.refund()
	case "disputes/create":
		d.dispute(d.named(event.NameDisputeOpened, o.ID, o.InitiatedAt.Time(), d.at))
	case "disputes/update":
		if final(o.Status) {
			d.dispute(d.named(event.NameDisputeClosed, o.ID, o.FinalizedOn.Time(), d.at))
		}
	}
	if d.batch.Len() == before {
		d.other()
	}
}

// personal are the beginnings of topics whose payloads are about a buyer; others, such as those of the
// shop itself, have an email and a phone of somebody else.
var personal = []string{
	"orders/", "order_", "draft_orders/", "checkouts/", "customers", "customer_", "fulfillments/", "refunds/", "returns/", "disputes/",
	"subscription_",
}

// other is a free event, about whoever the payload names.
func (d *delivery) other() {
	e := d.free()
	if slices.ContainsFunc(personal, func(p string) bool { return strings.HasPrefix(d.topic, p) }) {
		o := &d.object
		order := o.OrderID
		if strings.HasPrefix(d.topic, "orders/") {
			order = o.ID
		}
		d.buyer(&e)
		if len(e.Identifiers) == 0 {
			d.byOrder(&e, order)
		}
		if order != "" {
			e.CX = &event.CX{OrderID: field.Clip(string(order))}
		}
	}
	d.batch.Add(e)
}

// contact is a customer's record. Its version is when it was updated, in milliseconds; a deletion has only
// the time at which it was told.
func (d *delivery) contact() {
	o := &d.object
	at := o.UpdatedAt.Time()
	deleted := d.topic == "customers/delete"
	if deleted || at.IsZero() {
		at = d.at
	}
	e := event.Event{Type: event.TypeIdentify, Name: event.NameContactUpdated, OriginalAt: at, Traits: d.body}
	e.Record = &event.Record{ID: string(o.ID), Deleted: deleted}
	if !at.IsZero() {
		e.Record.Version = strconv.FormatInt(at.UnixMilli(), 10)
	}
	e.MessageID = d.id + ":" + d.topic
	switch {
	case o.ID == "":
		e.Record = nil
	case deleted:
		e.MessageID = string(o.ID) + ":" + e.Name + ":deleted"
	case e.Record.Version != "":
		e.MessageID = string(o.ID) + ":" + e.Name + ":" + e.Record.Version
	}
	d.person(&e, &o.customer)
	d.batch.Add(e)
}

// consentOf are the states of marketing consent that say something. not_subscribed never agreed, invalid and
// redacted are of the address
// (https://shopify.dev/docs/api/admin-graphql/latest/enums/CustomerEmailMarketingState).
var consentOf = map[string]event.Consent{
	"subscribed": event.ConsentGranted, "unsubscribed": event.ConsentRefused, "pending": event.ConsentPending,
}

func (d *delivery) consent(channel event.Channel, c *consent) {
	o := &d.object
	if c == nil {
		return
	}
	e := d.free()
	e.Name, e.Channel = event.NameConsentChanged, channel
	e.OriginalAt = first(c.UpdatedAt.Time(), d.at)
	e.CX = &event.CX{Disposition: field.Clip(c.State)}
	if e.CX.Consent = consentOf[c.State]; e.CX.Consent != "" {
		e.CX.Purpose = "marketing"
	}
	field.Identify(&e, d.config.Identifier("customer_id", string(firstText(o.CustomerID, o.ID))))
	field.Identify(&e, event.Identifier{Type: event.IDEmail, Value: firstText(o.EmailAddress, o.Email)})
	field.Identify(&e, event.Identifier{Type: event.IDPhone, Value: o.Phone})
	d.batch.Add(e)
}

// order is an event about a whole order. It carries the order's own id as an identifier, so that refunds
// and disputes, which have nothing else, find the buyer.
func (d *delivery) order(e event.Event) {
	o := &d.object
	d.buyer(&e)
	d.byOrder(&e, o.ID)
	e.CX = &event.CX{OrderID: field.Clip(string(o.ID))}
	e.CX.Amount, e.CX.Currency = field.Money(string(o.TotalPrice), o.Currency)
	if p := o.TotalPriceSet.Presentment; d.money == moneyPresentment {
		e.CX.Amount, e.CX.Currency = field.Money(string(p.Amount), p.Currency)
	}
	d.batch.Add(e)
}

// fulfilment tells of a shipment. It is shipped when it is made with success, or when it comes to that
// later; where it is then, each once. An update is kept as a free event besides: most change nothing of
// these (https://shopify.dev/docs/api/admin-rest/latest/resources/fulfillment).
func (d *delivery) fulfilment() {
	o := &d.object
	created := d.topic == "fulfillments/create"
	if !created {
		d.other()
	}
	if o.Status != "success" {
		return
	}
	switch o.ShipmentStatus {
	case "", "confirmed", "label_printed", "label_purchased":
		d.shipment(event.NameOrderShipped)
		return
	}
	if created {
		d.shipment(event.NameOrderShipped)
	}
	switch o.ShipmentStatus {
	case "delivered":
		d.shipment(event.NameOrderDelivered)
	case "delayed":
		d.shipment(event.NameOrderDelayed)
	}
}

func (d *delivery) shipment(name string) {
	o := &d.object
	at := o.UpdatedAt
	if name == event.NameOrderShipped {
		at = o.CreatedAt
	}
	e := d.named(name, o.ID, at.Time(), d.at)
	d.buyer(&e)
	if len(e.Identifiers) == 0 {
		d.byOrder(&e, o.OrderID)
	}
	e.CX = &event.CX{OrderID: field.Clip(string(o.OrderID)), Disposition: field.Clip(o.ShipmentStatus)}
	d.batch.Add(e)
}

// refund is money that went back, goods that came back, or both.
func (d *delivery) refund() {
	o := &d.object
	var names []string
	amount, currency, paid := d.refunded()
	if paid {
		names = append(names, event.NameRefundIssued)
	}
	for _, line := range o.RefundLines {
		if line.RestockType == "return" {
			names = append(names, event.NameOrderReturned)
			break
		}
	}
	for _, name := range names {
		e := d.named(name, o.ID, o.ProcessedAt.Time(), o.CreatedAt.Time(), d.at)
		e.CX = &event.CX{OrderID: field.Clip(string(o.OrderID))}
		if name == event.NameRefundIssued {
			e.CX.Amount, e.CX.Currency = amount, currency
		}
		d.byOrder(&e, o.OrderID)
		d.batch.Add(e)
	}
}

// refunded is the sum of what was paid back, if that is known and of one currency, and whether anything
// was paid back.
func (d *delivery) refunded() (amount, currency string, paid bool) {
	sum, decimals, mixed := new(big.Rat), 0, false
	for _, t := range d.object.Transactions {
		if t.Kind != "refund" || t.Status != "success" {
			continue
		}
		part, _ := field.Money(string(t.Amount), t.Currency)
		value, ok := new(big.Rat).SetString(part)
		if ok {
			sum.Add(sum, value)
		}
		_, fraction, _ := strings.Cut(part, ".")
		decimals = max(decimals, len(fraction))
		mixed = mixed || !ok || paid && t.Currency != currency
		currency, paid = t.Currency, true
	}
	if mixed || !paid {
		return "", "", paid
	}
	amount, currency = field.Money(sum.FloatString(decimals), currency)
	return amount, currency, paid
}

// final says whether a dispute's status is its last
// (https://shopify.dev/docs/api/admin-rest/latest/resources/dispute).
func final(status string) bool {
	return status == "won" || status == "lost" || status == "accepted" || status == "charge_refunded"
}

func (d *delivery) dispute(e event.Event) {
	o := &d.object
	e.CX = &event.CX{OrderID: field.Clip(string(o.OrderID)), Topic: field.Clip(o.Reason)}
	if e.Name == event.NameDisputeClosed {
		e.CX.Disposition = field.Clip(o.Status)
	}
	e.CX.Amount, e.CX.Currency = field.Money(string(o.Amount), o.Currency)
	d.byOrder(&e, o.OrderID)
	d.batch.Add(e)
}
