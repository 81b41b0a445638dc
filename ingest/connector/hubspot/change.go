package hubspot

import (
	"encoding/json"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// change is one notification (https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide).
type change struct {
	EventID      field.Text `json:"eventId"` // not guaranteed to be unique
	Type         string     `json:"subscriptionType"`
	ObjectTypeID string     `json:"objectTypeId"` // of the generic types, "object.creation" and so on
	ObjectID     field.Text `json:"objectId"`
	OccurredAt   field.Text `json:"occurredAt"` // milliseconds

	PropertyName  string     `json:"propertyName"`
	PropertyValue field.Text `json:"propertyValue"`

	PrimaryObjectID field.Text   `json:"primaryObjectId"` // of a merge
	MergedObjectIDs []field.Text `json:"mergedObjectIds"`
	NewObjectID     field.Text   `json:"newObjectId"`

	AssociationType    string     `json:"associationType"` // of a change of association, such as CONTACT_TO_COMPANY
	FromObjectID       field.Text `json:"fromObjectId"`
	ToObjectID         field.Text `json:"toObjectId"`
	AssociationRemoved bool       `json:"associationRemoved"`
}

// objectTypes are the kinds of the generic subscriptions
// (https://developers.hubspot.com/docs/guides/crm/understanding-the-crm#object-type-ids).
var objectTypes = map[string]string{"0-1": "contact", "0-2": "company", "0-3": "deal", "0-5": "ticket"}

// kind is the kind of object and what happened to it.
func (c *change) kind() (object, what string) {
	object, what, _ = strings.Cut(c.Type, ".")
	if known := objectTypes[c.ObjectTypeID]; object == "object" && known != "" {
		object = known
	}
	return object, what
}

// messageID tells changes apart. The event's own id is not unique, so that what it is about goes with it.
func (c *change) messageID() string {
	parts := []string{string(c.EventID), string(c.OccurredAt), c.Type, string(c.ObjectID)}
	for _, more := range []string{c.PropertyName, string(c.FromObjectID), string(c.ToObjectID), string(c.NewObjectID)} {
		if more != "" {
			parts = append(parts, more)
		}
	}
	return strings.Join(parts, ":")
}

// add makes the events of one change.
func (m *mapper) add(b *connector.Batch, data field.Raw) {
	var c change
	if field.RawObject(data) == nil || field.Read(data, &c) != nil {
		b.Reject("", "body", "must be a list of changes, each an object", data)
		return
	}
	for _, f := range []struct{ name, value string }{
		{"subscriptionType", c.Type}, {"eventId", string(c.EventID)}, {"occurredAt", string(c.OccurredAt)},
	} {
		if f.value == "" {
			b.Reject("", f.name, "is missing: changes cannot be told apart without it", data)
			return
		}
	}
	object, what := c.kind()
	e := event.Event{
		MessageID: c.messageID(), Name: m.config.Free(object + "." + what), OriginalAt: millis(c.OccurredAt), Properties: json.RawMessage(data),
	}
	switch object {
	case "contact":
		m.contactChanged(b, e, &c, what)
		return
	case "company":
		m.companyChanged(&e, &c, what)
	}
	b.Add(e)
}

// contactChanged is a change of a contact.
func (m *mapper) contactChanged(b *connector.Batch, e event.Event, c *change, what string) {
	free := e.Name
	field.Identify(&e, m.contactID(c.ObjectID))
	switch what {
	case "creation":
		e.Type, e.Name = event.TypeIdentify, event.NameContactUpdated
	case "propertyChange":
		e.Type, e.Name = event.TypeIdentify, event.NameContactUpdated
		e.Traits = connector.JSON(map[string]string{c.PropertyName: string(c.PropertyValue)})
		m.describe(&e, c.PropertyName, string(c.PropertyValue))
	case "deletion", "privacyDeletion", "restore":
		e.Type, e.Name = event.TypeIdentify, event.NameContactUpdated
		if c.ObjectID != "" {
			e.Record = &event.Record{ID: string(c.ObjectID), Version: string(c.OccurredAt), Deleted: what != "restore"}
		}
	case "merge":
		e.Type = event.TypeAlias
		for _, id := range append(c.MergedObjectIDs, c.PrimaryObjectID, c.NewObjectID) {
			field.Identify(&e, m.contactID(id))
		}
	case "associationChange":
		m.associated(&e, c)
	}
	b.Add(e)
	if what == "privacyDeletion" { // more than a deletion: the person asked for it
		e.MessageID += ":privacy"
		e.Type, e.Name, e.Record = event.TypeTrack, free, nil
		b.Add(e)
	}
}

// associated puts a contact into a company's account, or takes it out.
func (m *mapper) associated(e *event.Event, c *change) {
	field.Identify(e, m.contactID(c.FromObjectID))
	if c.AssociationType != "CONTACT_TO_COMPANY" || c.ToObjectID == "" {
		return
	}
	e.CX = &event.CX{AccountID: field.Clip(string(c.ToObjectID))}
	if c.AssociationRemoved {
		e.Name = event.NameAccountMemberLeft
		return
	}
	e.Type = event.TypeGroup
}

// companyChanged is a change of an account.
func (m *mapper) companyChanged(e *event.Event, c *change, what string) {
	if c.ObjectID != "" {
		e.CX = &event.CX{AccountID: field.Clip(string(c.ObjectID))}
	}
	switch what {
	case "creation":
		e.Type = event.TypeGroup
	case "propertyChange":
		e.Type = event.TypeGroup
		e.Traits = connector.JSON(map[string]string{c.PropertyName: string(c.PropertyValue)})
	}
}
