package hubspot

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// record is an object as the API gives it (https://developers.hubspot.com/docs/api-reference/search/guide).
type record struct {
	ID         field.Text `json:"id"`
	Properties field.Raw  `json:"properties"` // texts; null where there is no value
	UpdatedAt  field.Text `json:"updatedAt"`
	CreatedAt  field.Text `json:"createdAt"`
	Archived   bool       `json:"archived"`
	ArchivedAt field.Text `json:"archivedAt"`

	// contacts and companies are those of a deal, by their ids, which are asked for beside it.
	contacts, companies []string
}

// millis reads a time in milliseconds, or in ISO 8601; zero if it is neither.
func millis(t field.Text) time.Time {
	if n, err := strconv.ParseInt(string(t), 10, 64); err == nil {
		return time.UnixMilli(n).UTC()
	}
	return t.Time()
}

// changed is when the object was last changed, or deleted.
func (r *record) changed() time.Time {
	at := r.UpdatedAt.Time()
	if archived := r.ArchivedAt.Time(); r.Archived && archived.After(at) {
		at = archived
	}
	return at
}

func (m *mapper) contactID(id field.Text) event.Identifier {
	return m.config.Identifier("contact_id", string(id))
}

// attributes are the default properties of a contact that identify a person.
var attributes = map[string]string{
	"firstname": event.AttrFirstName, "lastname": event.AttrLastName, "company": event.AttrCompany, "address": event.AttrStreet,
	"city": event.AttrCity, "state": event.AttrRegion, "zip": event.AttrPostcode, "country": event.AttrCountry,
	"gender": event.AttrGender, "date_of_birth": event.AttrBirthDate,
}

// describe adds what a property of a contact says of who it is.
func (m *mapper) describe(e *event.Event, property, value string) {
	switch property {
	case "":
		return
	case "email":
		field.Identify(e, event.Identifier{Type: event.IDEmail, Value: value})
	case "hs_additional_emails":
		for email := range strings.SplitSeq(value, ";") {
			field.Identify(e, event.Identifier{Type: event.IDEmail, Value: email})
		}
	case "phone", "mobilephone":
		field.Identify(e, event.Identifier{Type: event.IDPhone, Value: value})
	case m.userProperty:
		field.Identify(e, event.Identifier{Type: event.IDUser, Value: value})
	default:
		if name := attributes[property]; name != "" {
			field.Describe(e, name, value)
		}
	}
}

// pulled makes the event of a record of the API.
func (m *mapper) pulled(b *connector.Batch, kind string, r *record, data []byte) {
	at := r.changed()
	switch {
	case r.ID == "":
		b.Reject("", "id", "is missing", data)
		return
	case at.IsZero():
		b.Reject("", "updatedAt", "must be a time: states of a record cannot be told apart without it", data)
		return
	}
	what, version := "updated", strconv.FormatInt(at.UnixMilli(), 10)
	if r.Archived {
		what = "deletion"
	}
	e := event.Event{
		MessageID: kind + ":" + string(r.ID) + ":" + what + ":" + version, Name: m.config.Free(kind + "." + what), OriginalAt: at,
	}
	properties := texts(r.Properties)
	switch kind {
	case "contact":
		e.Type, e.Name = event.TypeIdentify, event.NameContactUpdated
		e.Record = &event.Record{ID: string(r.ID), Version: version, Deleted: r.Archived}
		m.contact(&e, r, properties)
	case "company":
		e.CX = &event.CX{AccountID: field.Clip(string(r.ID))}
		if !r.Archived {
			e.Type = event.TypeGroup
		}
	case "deal":
		m.deal(&e, r, properties)
	}
	if e.Type == "" || e.Type == event.TypeTrack {
		e.Properties = data
	} else {
		e.Traits, e.Context = field.RawObject(r.Properties), rest(data)
	}
	b.Add(e)
}

func (m *mapper) contact(e *event.Event, r *record, properties map[string]string) {
	field.Identify(e, m.contactID(r.ID))
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		m.describe(e, name, properties[name])
	}
	if company := properties["associatedcompanyid"]; company != "" {
		e.CX = &event.CX{AccountID: field.Clip(company)}
	}
}

// deal is about its first contact; the others took part.
func (m *mapper) deal(e *event.Event, r *record, properties map[string]string) {
	e.CX = &event.CX{Disposition: field.Clip(properties["dealstage"])}
	e.CX.Amount, e.CX.Currency = field.Money(properties["amount"], properties["deal_currency_code"])
	if len(r.companies) > 0 {
		e.CX.AccountID = field.Clip(r.companies[0])
	}
	for i, id := range r.contacts {
		if i == 0 {
			field.Identify(e, m.contactID(field.Text(id)))
		} else if i < event.MaxParticipants {
			e.Participants = append(e.Participants, event.Participant{Role: "contact", Identifier: m.contactID(field.Text(id))})
		}
	}
	if *e.CX == (event.CX{}) {
		e.CX = nil
	}
}

// texts are the properties that have a value.
func texts(properties field.Raw) map[string]string {
	var values map[string]field.Text
	if field.RawObject(properties) == nil || field.Read(properties, &values) != nil {
		return nil
	}
	given := make(map[string]string, len(values))
	for name, value := range values {
		if value != "" {
			given[name] = string(value)
		}
	}
	return given
}

// rest is a record without its properties.
func rest(data []byte) json.RawMessage {
	var members map[string]field.Raw
	if field.Read(data, &members) != nil {
		return nil
	}
	delete(members, "properties")
	return field.Join(members)
}
