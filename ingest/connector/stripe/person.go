package stripe

import (
	"encoding/json"
	"strconv"

	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// contact makes a customer's record of an event about it. Stripe gives a customer no version: it is the
// time of the event, which its webhook and its API say alike.
func (m *mapper) contact(e *event.Event, c *change) {
	o := &c.object
	e.Type, e.Name = event.TypeIdentify, event.NameContactUpdated
	if c.Type != "customer.created" && c.Type != "customer.updated" && c.Type != "customer.deleted" {
		e.Type, e.Name = event.TypeTrack, m.config.Free(c.Type)
	}
	m.identify(e, o.ID, o)
	field.Identify(e, event.Identifier{Type: event.IDEmail, Value: o.Email})
	field.Identify(e, event.Identifier{Type: event.IDPhone, Value: o.Phone})
	field.Describe(e, event.AttrName, o.Name)
	o.Address.describe(e)
	if e.Type == event.TypeTrack {
		e.Properties = json.RawMessage(c.Data.Object)
		return
	}
	e.Traits = json.RawMessage(c.Data.Object)
	e.Record = &event.Record{ID: o.ID, Deleted: c.Type == "customer.deleted"}
	if !e.OriginalAt.IsZero() {
		e.Record.Version = strconv.FormatInt(e.OriginalAt.Unix(), 10)
	}
}

// payer is the object that says whose it is. A refund or a dispute names only its charge: that is known
// where the charge itself came along.
func (o *object) payer() *object {
	if o.Customer.ID == "" && o.Charge.Raw != nil {
		charge := new(object)
		if field.Read(o.Charge.Raw, charge) == nil {
			return charge
		}
	}
	return o
}

// subject says who an object is about: a dispute may say it in its evidence.
func (m *mapper) subject(e *event.Event, o *object) {
	m.identify(e, o.Customer.ID, o)
	for _, email := range [...]string{o.CustomerEmail, o.ReceiptEmail, o.Evidence.CustomerEmail} {
		field.Identify(e, event.Identifier{Type: event.IDEmail, Value: email})
	}
	field.Identify(e, event.Identifier{Type: event.IDPhone, Value: o.CustomerPhone})
	field.Describe(e, event.AttrName, o.Evidence.CustomerName)
	field.Describe(e, event.AttrName, o.CustomerName)
	o.CustomerAddress.describe(e)
	o.BillingDetails.describe(e)
	o.CustomerDetails.describe(e)
}

// identify adds the ids: Stripe's of the customer, and the company's own.
func (m *mapper) identify(e *event.Event, customer string, o *object) {
	field.Identify(e, m.config.Identifier("customer_id", customer))
	field.Identify(e, event.Identifier{Type: event.IDUser, Value: o.ClientReferenceID})
	field.Identify(e, event.Identifier{Type: event.IDUser, Value: lookup(o.Metadata, m.userKey)})
}

func (d *details) describe(e *event.Event) {
	if d == nil {
		return
	}
	field.Identify(e, event.Identifier{Type: event.IDEmail, Value: d.Email})
	field.Identify(e, event.Identifier{Type: event.IDPhone, Value: d.Phone})
	field.Describe(e, event.AttrName, d.Name)
	d.Address.describe(e)
}

func (a *address) describe(e *event.Event) {
	if a == nil {
		return
	}
	street := a.Line1
	if a.Line2 != "" {
		street += ", " + a.Line2
	}
	field.Describe(e, event.AttrStreet, street)
	field.Describe(e, event.AttrCity, a.City)
	field.Describe(e, event.AttrRegion, a.State)
	field.Describe(e, event.AttrPostcode, a.PostalCode)
	field.Describe(e, event.AttrCountry, a.Country)
}
