package salesforce

import (
	"encoding/json"
	"strconv"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// record holds the standard fields that are looked at, of any object
// (https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference). Change events
// have Name and addresses of people as objects, outbound messages each part as a field.
type record struct {
	ID           field.Text `json:"Id"`
	Modstamp     field.Text `json:"SystemModstamp"`
	LastModified field.Text `json:"LastModifiedDate"`
	IsDeleted    field.Text `json:"IsDeleted"`

	Email       string    `json:"Email"`
	Phone       string    `json:"Phone"`
	MobilePhone string    `json:"MobilePhone"`
	Name        field.Raw `json:"Name"`
	FirstName   string    `json:"FirstName"`
	MiddleName  string    `json:"MiddleName"`
	LastName    string    `json:"LastName"`
	Suffix      string    `json:"Suffix"`
	Birthdate   string    `json:"Birthdate"`
	Company     string    `json:"Company"` // of a lead

	MailingAddress *address `json:"MailingAddress"` // of a contact
	Address        *address `json:"Address"`        // of a lead
	MailingStreet  string   `json:"MailingStreet"`
	MailingCity    string   `json:"MailingCity"`
	MailingState   string   `json:"MailingState"`
	MailingZip     string   `json:"MailingPostalCode"`
	MailingCountry string   `json:"MailingCountry"`
	Street         string   `json:"Street"`
	City           string   `json:"City"`
	State          string   `json:"State"`
	Zip            string   `json:"PostalCode"`
	Country        string   `json:"Country"`

	AccountID        string     `json:"AccountId"`
	ContactID        string     `json:"ContactId"`
	ConvertedContact string     `json:"ConvertedContactId"`
	PersonContact    string     `json:"PersonContactId"` // of a person account, as the next two
	PersonEmail      string     `json:"PersonEmail"`
	PersonMobile     string     `json:"PersonMobilePhone"`
	Amount           field.Text `json:"Amount"`
	Currency         string     `json:"CurrencyIsoCode"`
	Stage            string     `json:"StageName"`
}

type address struct {
	Street  string `json:"Street"`
	City    string `json:"City"`
	State   string `json:"State"`
	Zip     string `json:"PostalCode"`
	Country string `json:"Country"`
}

// add makes the event of a change.
func (w *webhook) add(b *connector.Batch, c change) {
	var r record
	if field.Read(c.fields, &r) != nil {
		b.Reject(c.id, "sObject", "must be an object", c.fields)
		return
	}
	if c.record == "" {
		c.record = string(r.ID)
	}
	if c.record == "" {
		b.Reject(c.id, "sObject.Id", "is missing: choose it among the message's fields", c.fields)
		return
	}
	if c.at.IsZero() {
		c.at = r.Modstamp.Time()
	}
	if c.at.IsZero() {
		c.at = r.LastModified.Time()
	}
	if c.kind == kindState && r.IsDeleted == "true" {
		c.kind = kindDeleted
	}
	e := event.Event{MessageID: c.id, Name: w.config.Free(strings.ToLower(c.entity) + "." + c.word()), OriginalAt: c.at}
	switch {
	case c.kind == kindEvent: // there are no fields
		if c.entity == "Contact" {
			field.Identify(&e, w.config.Identifier("contact_id", c.record))
		}
	case c.entity == "Contact" || c.entity == "Lead" || c.entity == "Account" && r.PersonContact != "":
		w.person(&e, &c, &r)
	case c.entity == "Account":
		e.CX = &event.CX{AccountID: field.Clip(c.record)}
		if c.kind != kindDeleted {
			e.Type = event.TypeGroup
		}
	default:
		w.about(&e, &r)
		if c.entity == "Case" {
			w.caseChanged(&e, &c)
		}
	}
	if e.Type == "" {
		e.Properties, e.Context = c.fields, c.header
		if c.kind == kindEvent && c.header != nil {
			e.Properties, e.Context = c.header, nil
		}
	} else {
		e.Traits, e.Context = c.fields, c.header
	}
	b.Add(e)
}

// word is what happened, for a free event.
func (c *change) word() string {
	switch {
	case c.what != "":
		return c.what
	case c.kind == kindDeleted:
		return "delete"
	}
	return "update"
}

// person makes a person's record of a change, or, if it tells a part of it only, adds to the person.
func (w *webhook) person(e *event.Event, c *change, r *record) {
	e.Type, e.Name = event.TypeIdentify, event.NameContactUpdated
	if c.kind != kindPart {
		e.Record = &event.Record{ID: c.record, Deleted: c.kind == kindDeleted}
		if !c.at.IsZero() {
			e.Record.Version = strconv.FormatInt(c.at.UnixMilli(), 10)
		}
	}
	switch c.entity {
	case "Contact":
		field.Identify(e, w.config.Identifier("contact_id", c.record))
	case "Lead":
		field.Identify(e, w.config.Identifier("lead_id", c.record))
		field.Identify(e, w.config.Identifier("contact_id", r.ConvertedContact))
	case "Account":
		field.Identify(e, w.config.Identifier("contact_id", r.PersonContact))
		r.AccountID = c.record
	}
	field.Identify(e, event.Identifier{Type: event.IDUser, Value: w.own(c.fields)})
	for _, email := range [...]string{r.Email, r.PersonEmail} {
		field.Identify(e, event.Identifier{Type: event.IDEmail, Value: email})
	}
	for _, phone := range [...]string{r.Phone, r.MobilePhone, r.PersonMobile} {
		field.Identify(e, event.Identifier{Type: event.IDPhone, Value: phone})
	}
	r.describe(e)
	if r.AccountID != "" {
		e.CX = &event.CX{AccountID: field.Clip(r.AccountID)}
	}
}

// own is the company's own id of the customer.
func (w *webhook) own(fields json.RawMessage) string {
	if w.userField == "" {
		return ""
	}
	var all map[string]field.Text
	if field.Read(fields, &all) != nil {
		return ""
	}
	return string(all[w.userField])
}

// describe adds who the person is. A name that is an object has the parts of the fields.
func (r *record) describe(e *event.Event) {
	if field.RawObject(r.Name) != nil {
		_ = field.Read(r.Name, r) // it is JSON: the record was
	}
	field.Describe(e, event.AttrFirstName, r.FirstName)
	field.Describe(e, event.AttrMiddleName, r.MiddleName)
	field.Describe(e, event.AttrLastName, r.LastName)
	field.Describe(e, event.AttrSuffix, r.Suffix)
	field.Describe(e, event.AttrBirthDate, r.Birthdate)
	field.Describe(e, event.AttrCompany, r.Company)
	for _, a := range [...]*address{
		{r.Street, r.City, r.State, r.Zip, r.Country},
		{r.MailingStreet, r.MailingCity, r.MailingState, r.MailingZip, r.MailingCountry}, r.Address, r.MailingAddress,
	} {
		if a == nil {
			continue
		}
		field.Describe(e, event.AttrStreet, a.Street)
		field.Describe(e, event.AttrCity, a.City)
		field.Describe(e, event.AttrRegion, a.State)
		field.Describe(e, event.AttrPostcode, a.Zip)
		field.Describe(e, event.AttrCountry, a.Country)
	}
}

// about is another object, such as an opportunity: whose it is, and what it is worth.
func (w *webhook) about(e *event.Event, r *record) {
	field.Identify(e, w.config.Identifier("contact_id", r.ContactID))
	currency := r.Currency
	if currency == "" {
		currency = w.currency
	}
	cx := event.CX{AccountID: field.Clip(r.AccountID), Disposition: field.Clip(r.Stage)}
	cx.Amount, cx.Currency = field.Money(string(r.Amount), currency)
	if cx != (event.CX{}) {
		e.CX = &cx
	}
}
