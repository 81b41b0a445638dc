package shopify

import (
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// firstText is the first text that is not empty.
func firstText[T ~string](texts ...T) T {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// person says who a customer is.
func (d *delivery) person(e *event.Event, c *customer) {
	if c == nil {
		return
	}
	field.Identify(e, d.config.Identifier("customer_id", string(c.ID)))
	field.Identify(e, event.Identifier{Type: event.IDUser, Value: string(c.Multipass)})
	field.Identify(e, event.Identifier{Type: event.IDEmail, Value: c.Email})
	field.Identify(e, event.Identifier{Type: event.IDPhone, Value: c.Phone})
	c.DefaultAddress.describe(e)
	field.Describe(e, event.AttrFirstName, c.FirstName)
	field.Describe(e, event.AttrLastName, c.LastName)
}

// buyer says whose an order, a fulfilment or another object is that names a customer or how to reach one.
// The address is that of the bill: goods may go to somebody else.
func (d *delivery) buyer(e *event.Event) {
	o := &d.object
	d.person(e, o.Customer)
	field.Identify(e, d.config.Identifier("customer_id", string(o.CustomerID)))
	field.Identify(e, event.Identifier{Type: event.IDEmail, Value: firstText(o.Email, o.ContactEmail)})
	field.Identify(e, event.Identifier{Type: event.IDPhone, Value: o.Phone})
	o.BillingAddress.describe(e)
}

// byOrder names the buyer by the order.
func (d *delivery) byOrder(e *event.Event, order field.Text) {
	field.Identify(e, d.config.Identifier("order_id", string(order)))
}

func (a *address) describe(e *event.Event) {
	if a == nil {
		return
	}
	street := a.Address1
	if a.Address2 != "" {
		street += ", " + a.Address2
	}
	field.Describe(e, event.AttrName, a.Name)
	field.Describe(e, event.AttrFirstName, a.FirstName)
	field.Describe(e, event.AttrLastName, a.LastName)
	field.Describe(e, event.AttrCompany, a.Company)
	field.Describe(e, event.AttrStreet, street)
	field.Describe(e, event.AttrCity, a.City)
	field.Describe(e, event.AttrRegion, firstText(a.ProvinceCode, a.Province))
	field.Describe(e, event.AttrPostcode, string(a.Zip))
	field.Describe(e, event.AttrCountry, firstText(a.CountryCode, a.Country))
}
