package intercom

import (
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// contact is a user or lead
// (https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/contacts/contact).
type contact struct {
	Type       string     `json:"type"`
	ID         field.Text `json:"id"`
	ExternalID field.Text `json:"external_id"`
	Email      string     `json:"email"`
	Phone      string     `json:"phone"`
	Name       string     `json:"name"`
	UpdatedAt  field.Text `json:"updated_at"`
	Location   struct {
		City        string `json:"city"`
		Region      string `json:"region"`
		CountryCode string `json:"country_code"`
	} `json:"location"`
}

// record is a contact as it is now, or is no more. otherwise is its version if it has none itself: the
// notice of a deletion holds nothing but ids.
func (m mapper) record(c *contact, otherwise field.Text, deleted bool, traits []byte) event.Event {
	version := c.UpdatedAt
	if version == "" {
		version = otherwise
	}
	id := "contact:" + string(c.ID)
	e := event.Event{
		MessageID: id + ":" + string(version), Type: event.TypeIdentify, Name: event.NameContactUpdated,
		OriginalAt: version.Time(), Traits: traits,
		Record:      &event.Record{ID: id, Version: string(version), Deleted: deleted},
		Identifiers: m.person(string(c.ID), string(c.ExternalID), c.Email),
		Attributes: field.Attributes(event.AttrName, c.Name, event.AttrCity, c.Location.City,
			event.AttrRegion, c.Location.Region, event.AttrCountry, c.Location.CountryCode),
	}
	if deleted {
		e.MessageID += ":deleted"
	}
	if c.Phone != "" {
		e.Identifiers = append(e.Identifiers, event.Identifier{Type: event.IDPhone, Value: c.Phone})
	}
	return e
}
