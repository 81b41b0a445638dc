package zendesk

import (
	"strings"

	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// endUser is the role of customers; the others are staff, whose addresses are not a customer's.
const endUser = "end-user"

// user is a webhook event of a user. It tells of one change and never of the whole user: unless the
// user is gone it is no record's version, or it would supersede one that says more.
func (m mapper) user(name string, d *delivery, body []byte) event.Event {
	u := &d.Detail
	at := d.Time.Time()
	e := event.Event{MessageID: string(d.ID), Name: m.cfg.Free(name), OriginalAt: at, Properties: body}
	if u.Role != endUser {
		return e
	}
	e.Identifiers = m.identifiers(person{id: id(u.ID), email: u.Email, external: string(u.ExternalID)})
	switch {
	case name == "user.deleted", name == "user.active_changed" && d.Event.Current == "false":
		e.Record = &event.Record{ID: "user:" + id(u.ID), Version: version(u.UpdatedAt, d.Time), Deleted: true}
	case name == "user.created", name == "user.active_changed", strings.HasSuffix(name, "_changed") && identifying[name]:
		if name == "user.name_changed" {
			e.Attributes = field.Attributes(event.AttrName, string(d.Event.Current))
		}
	default:
		return e
	}
	e.Type, e.Name = event.TypeIdentify, event.NameContactUpdated
	e.Traits, e.Properties = body, nil
	return e
}

// identifying are the changes that say something of who a user is.
var identifying = map[string]bool{
	"user.external_id_changed": true, "user.name_changed": true, "user.identity_changed": true,
	"user.details_changed": true, "user.alias_changed": true, "user.organization_changed": true,
}

// version is the time of the last change. Times of one form are in order as strings.
func version(updated, otherwise field.Text) string {
	if updated == "" {
		updated = otherwise
	}
	if at := updated.Time(); !at.IsZero() {
		return at.Format("2006-01-02T15:04:05.000Z")
	}
	return ""
}

// exported is a user of the export
// (https://developer.zendesk.com/api-reference/ticketing/users/users/#json-format).
type exported struct {
	ID             field.Text `json:"id"`
	Name           string     `json:"name"`
	Email          string     `json:"email"`
	Phone          string     `json:"phone"`
	Shared         bool       `json:"shared_phone_number"`
	ExternalID     field.Text `json:"external_id"`
	Role           string     `json:"role"`
	Active         *bool      `json:"active"`
	OrganizationID field.Text `json:"organization_id"`
	UpdatedAt      field.Text `json:"updated_at"`
}

func (u *exported) person() person {
	return person{id: id(u.ID), email: u.Email, external: string(u.ExternalID), name: u.Name, role: u.Role}
}

// record is a user as it is now. A phone number that Zendesk knows to be shared names nobody.
func (m mapper) record(u *exported, raw []byte) event.Event {
	e := event.Event{
		MessageID: "user:" + id(u.ID) + ":" + string(u.UpdatedAt), OriginalAt: u.UpdatedAt.Time(),
		Name: m.cfg.Free("user"), Properties: raw,
	}
	deleted := u.Active != nil && !*u.Active
	if u.Role != endUser {
		return e
	}
	e.Type, e.Name = event.TypeIdentify, event.NameContactUpdated
	e.Traits, e.Properties = raw, nil
	e.Record = &event.Record{ID: "user:" + id(u.ID), Version: version(u.UpdatedAt, ""), Deleted: deleted}
	e.Identifiers = m.identifiers(u.person())
	if u.Phone != "" && !u.Shared {
		e.Identifiers = append(e.Identifiers, event.Identifier{Type: event.IDPhone, Value: u.Phone})
	}
	e.Attributes = field.Attributes(event.AttrName, u.Name)
	if account := id(u.OrganizationID); account != "" {
		e.CX = &event.CX{AccountID: account}
	}
	return e
}
