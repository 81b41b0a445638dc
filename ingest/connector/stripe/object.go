package stripe

import (
	"tributary/ingest/connector/field"
)

// envelope is an event (https://docs.stripe.com/api/events/object). Events of the second generation
// ("v2.core.event") have a time in ISO 8601 and no object.
type envelope struct {
	ID         string     `json:"id"`
	Type       string     `json:"type"`
	Created    field.Text `json:"created"`
	APIVersion string     `json:"api_version"`
	Account    string     `json:"account"` // the connected account that it is about, if any
	Livemode   bool       `json:"livemode"`
	Request    field.Raw  `json:"request"`
	Data       struct {
		Object   field.Raw `json:"object"`
		Previous field.Raw `json:"previous_attributes"`
	} `json:"data"`
}

// object holds the fields that are looked at, of any of Stripe's objects; each has only some of them.
// Amounts are in minor units of the currency (see decimals).
type object struct {
	ID       string    `json:"id"`
	Object   string    `json:"object"`
	Created  int64     `json:"created"` // seconds, as all of its times
	Customer reference `json:"customer"`
	Currency string    `json:"currency"`
	Status   string    `json:"status"`
	Reason   string    `json:"reason"`
	Metadata field.Raw `json:"metadata"`

	// Of a customer (https://docs.stripe.com/api/customers/object).
	Email   string   `json:"email"`
	Phone   string   `json:"phone"`
	Name    string   `json:"name"`
	Address *address `json:"address"`

	// Who others are about, beside customer.
	CustomerEmail     string   `json:"customer_email"`
	CustomerPhone     string   `json:"customer_phone"`
	CustomerName      string   `json:"customer_name"`
	CustomerAddress   *address `json:"customer_address"`
	CustomerDetails   *details `json:"customer_details"` // of a checkout session
	BillingDetails    *details `json:"billing_details"`  // of a charge and a payment method
	ReceiptEmail      string   `json:"receipt_email"`
	ClientReferenceID string   `json:"client_reference_id"` // of a checkout session: the company's own id
	Evidence          struct {
		CustomerEmail string `json:"customer_email_address"`
		CustomerName  string `json:"customer_name"`
	} `json:"evidence"` // of a dispute

	// Of an invoice (https://docs.stripe.com/api/invoices/object).
	Total           *int64 `json:"total"` // also of a credit note
	AmountPaid      *int64 `json:"amount_paid"`
	AmountRemaining *int64 `json:"amount_remaining"`
	Transitions     struct {
		FinalizedAt int64 `json:"finalized_at"`
		PaidAt      int64 `json:"paid_at"`
		VoidedAt    int64 `json:"voided_at"`
	} `json:"status_transitions"`

	// Of a charge (https://docs.stripe.com/api/charges/object), a refund and a dispute.
	Amount         *int64    `json:"amount"`
	AmountCaptured *int64    `json:"amount_captured"`
	AmountRefunded *int64    `json:"amount_refunded"`
	Captured       bool      `json:"captured"`
	Charge         reference `json:"charge"`
	Balance        reference `json:"balance_transaction"`

	// Of a subscription (https://docs.stripe.com/api/subscriptions/object).
	EndedAt      int64 `json:"ended_at"`
	Items        items `json:"items"`
	Cancellation struct {
		Reason   string `json:"reason"`
		Feedback string `json:"feedback"`
		Comment  string `json:"comment"`
	} `json:"cancellation_details"`
}

type address struct {
	Line1      string `json:"line1"`
	Line2      string `json:"line2"`
	City       string `json:"city"`
	State      string `json:"state"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country"`
}

type details struct {
	Email   string   `json:"email"`
	Phone   string   `json:"phone"`
	Name    string   `json:"name"`
	Address *address `json:"address"`
}

// items are what is subscribed to.
type items struct {
	Data []item `json:"data"`
}

type item struct {
	ID       string `json:"id"`
	Quantity *int64 `json:"quantity"`
	Price    struct {
		ID         string    `json:"id"`
		Currency   string    `json:"currency"`
		UnitAmount *int64    `json:"unit_amount"` // null for tiers and for fractions of the minor unit
		Product    reference `json:"product"`
		Recurring  struct {
			Interval  string `json:"interval"`
			Count     int64  `json:"interval_count"`
			UsageType string `json:"usage_type"`
		} `json:"recurring"`
	} `json:"price"`
}

// same says whether it is the same price in the same quantity.
func (i *item) same(other *item) bool {
	return i.ID == other.ID && i.Price.ID == other.Price.ID &&
		(i.Quantity == nil) == (other.Quantity == nil) && (i.Quantity == nil || *i.Quantity == *other.Quantity)
}

// previous are the fields that an update changed, as they were before; nil or empty: not changed.
type previous struct {
	Status         string `json:"status"`
	AmountRefunded *int64 `json:"amount_refunded"`

	Items             *items    `json:"items"`
	Quantity          field.Raw `json:"quantity"`
	CancelAt          field.Raw `json:"cancel_at"`
	CancelAtPeriodEnd field.Raw `json:"cancel_at_period_end"`
	PauseCollection   field.Raw `json:"pause_collection"`
	Discount          field.Raw `json:"discount"`
	Discounts         field.Raw `json:"discounts"`
	CollectionMethod  field.Raw `json:"collection_method"`
	TrialEnd          field.Raw `json:"trial_end"`
}

// reference is another object: its id, or the object itself where it was asked for
// (https://docs.stripe.com/api/expanding_objects).
type reference struct {
	ID  string
	Raw field.Raw // nil if only the id came
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *reference) UnmarshalJSON(data []byte) error {
	*r = reference{}
	if len(data) > 0 && data[0] == '{' {
		var inner struct {
			ID string `json:"id"`
		}
		err := field.Read(data, &inner)
		r.ID, r.Raw = inner.ID, field.Raw(data)
		return err
	}
	var id field.Text
	err := id.UnmarshalJSON(data)
	r.ID = string(id)
	return err
}
