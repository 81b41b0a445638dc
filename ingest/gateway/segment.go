package gateway

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
)

// build makes the event out of a decoded call. The times of the batch stand in for those that its
// item does not have. It returns the faults of values, in terms of the request's fields.
func (c *call) build(key *WriteKey, sentAt string, received time.Time) event.Errors {
	var faults event.Errors
	p, e := &c.payload, &c.event
	e.Workspace, e.Source, e.Type = key.Workspace, key.Source, p.Type
	e.MessageID = p.MessageID
	if e.MessageID == "" {
		e.MessageID = newMessageID()
	}
	e.Name = c.name()
	e.Channel = c.channel()
	c.ofConsent(&faults)
	c.ofAccount(&faults)
	c.ofCommitment(&faults)
	e.Order = c.context.Order
	e.Traits, e.Properties, e.Context = json.RawMessage(p.Traits), json.RawMessage(p.Properties), json.RawMessage(p.Context)
	c.stamp(sentAt, received, &faults)
	c.subject()
	c.attributes()
	c.customerExperience()
	c.require(&faults)
	faults = c.validate(faults)
	if len(key.Origins) > 0 && e.Type == event.TypeTrack {
		browserMay(e.Name, &faults)
	}
	return faults
}

// browserMay adds a fault for what the key of a browser, which everybody can read, may not say.
func browserMay(name string, faults *event.Errors) {
	switch {
	case provesWho(name):
		faults.Add("event", "says who somebody is: that is for servers, and the key of a browser, which everybody can read, may not")
	case event.AboutCommitment(name):
		faults.Add("event", "says what was promised: that is for servers, and the key of a browser, which everybody can read, may not")
	case event.IsDeed(name):
		faults.Add("event", "says what was done for the customer, by which promises are kept: that is for servers, and the key of a browser, which everybody can read, may not")
	}
}

// provesWho says whether an event raises how sure it is who a customer is.
func provesWho(name string) bool {
	return name == event.NameConversationIdentified || name == event.NameConversationVerified
}

func newMessageID() string {
	id, err := uuid.NewV7()
	if err != nil { // the system has no randomness left to give
		id = uuid.New()
	}
	return id.String()
}

// name is the event's name; that of a page or screen is its full name, "category name".
func (c *call) name() string {
	p := &c.payload
	switch p.Type {
	case event.TypeTrack:
		return p.Event
	case event.TypePage, event.TypeScreen:
		return strings.TrimSpace(p.Category + " " + p.Name)
	default:
		return ""
	}
}

// channel takes context.channel, which is ours; else what the call says of its library, or is.
func (c *call) channel() event.Channel {
	if c.context.Channel != "" {
		return event.Channel(c.context.Channel)
	}
	library := c.context.Library.Name
	switch {
	case c.payload.Channel == "browser", c.payload.Channel == "web", library == "analytics.js":
		return event.ChannelWeb
	case c.payload.Channel == "mobile", appLibraries[library]:
		return event.ChannelApp
	case c.payload.Type == event.TypePage:
		return event.ChannelWeb
	case c.payload.Type == event.TypeScreen:
		return event.ChannelApp
	}
	return ""
}

// appLibraries are Segment's libraries for apps.
var appLibraries = map[string]bool{
	"analytics-ios": true, "analytics-android": true, "analytics-kotlin": true, "analytics-swift": true,
	"@segment/analytics-react-native": true, "analytics-react-native": true, "analytics_flutter": true,
	"analytics-flutter": true, "Analytics-CSharp": true, "Analytics.Xamarin": true,
}

// stamp sets the times. originalTimestamp is the client's own; libraries for servers send it as
// timestamp (https://segment.com/docs/connections/spec/common/#timestamps).
func (c *call) stamp(sentAt string, received time.Time, faults *event.Errors) {
	p := &c.payload
	if p.SentAt != "" {
		sentAt = p.SentAt
	}
	field, text := "originalTimestamp", p.OriginalTimestamp
	if text == "" {
		field, text = "timestamp", p.Timestamp
	}
	c.event.Stamp(parseTime(field, text, faults), parseTime("sentAt", sentAt, faults), received)
}

func parseTime(field, text string, faults *event.Errors) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := event.ParseTime(text)
	if err != nil {
		faults.Add(field, err.Error())
	}
	return t
}

// subject collects the identifiers, each with the field it came from, and the source's record.
func (c *call) subject() {
	p, x, e := &c.payload, &c.context, &c.event
	c.identify(event.IDUser, p.UserID, "userId")
	c.identify(event.IDAnonymous, p.AnonymousID, "anonymousId")
	if p.Type == event.TypeAlias {
		c.identify(event.IDAnonymous, p.PreviousID, "previousId")
	}
	c.identify(event.IDEmail, c.person.Email, "email")
	c.identify(event.IDPhone, string(c.person.Phone), "phone")
	c.identify(event.IDDevice, x.Device.ID, "context.device.id")
	c.identify(event.IDDevice, x.Device.AdvertisingID, "context.device.advertisingId")
	c.identifiers = append(c.identifiers, x.Identifiers...)
	e.Identifiers, e.Participants = c.identifiers, x.Participants
	if len(e.Identifiers) == 0 {
		e.Identifiers = nil
	}
	if x.Record != nil {
		c.record = event.Record{ID: string(x.Record.ID), Version: string(x.Record.Version), Deleted: x.Record.Deleted}
		e.Record = &c.record
	}
}

func (c *call) identify(kind, value, origin string) {
	if value == "" {
		return
	}
	c.identifiers = append(c.identifiers, event.Identifier{Type: kind, Value: value})
	c.origins = append(c.origins, origin)
}

// attributes takes the identifying attributes out of the person's traits.
func (c *call) attributes() {
	t := &c.person
	if *t == (personTraits{}) {
		return
	}
	for _, a := range [...]struct{ name, value, other string }{
		{event.AttrName, t.Name, ""},
		{event.AttrFirstName, t.FirstName, t.FirstName2},
		{event.AttrMiddleName, t.Middle, t.Middle2},
		{event.AttrLastName, t.LastName, t.LastName2},
		{event.AttrSuffix, t.Suffix, ""},
		{event.AttrBirthDate, birthDate(t.Birthday), ""},
		{event.AttrGender, t.Gender, ""},
		{event.AttrStreet, t.Address.Street, ""},
		{event.AttrCity, t.Address.City, ""},
		{event.AttrRegion, t.Address.State, ""},
		{event.AttrPostcode, string(t.Address.PostalCode), string(t.Address.PostalCode2)},
		{event.AttrCountry, t.Address.Country, ""},
		{event.AttrCompany, string(t.Company), ""},
	} {
		if a.value == "" {
			a.value = a.other
		}
		if a.value == "" {
			continue
		}
		if c.event.Attributes == nil {
			c.event.Attributes = map[string]string{}
		}
		c.event.Attributes[a.name] = a.value
	}
}

// birthDate cuts a time, as libraries make of a date object, to its date.
func birthDate(s string) string {
	if day, _, timed := strings.Cut(s, "T"); timed && len(day) == len(time.DateOnly) {
		return day
	}
	return s
}

// customerExperience sets the typed fields: those of the properties if the event's name is in the
// vocabulary, and the group as the account.
func (c *call) customerExperience() {
	cx := &c.typed.CX
	cx.Amount = string(c.typed.Amount)
	c.accountOrigin = "properties.account_id"
	if cx.AccountID == "" {
		cx.AccountID, c.accountOrigin = c.payload.GroupID, "groupId"
	}
	if cx.AccountID == "" {
		cx.AccountID, c.accountOrigin = c.context.GroupID, "context.groupId"
	}
	if *cx != (event.CX{}) {
		c.event.CX = cx
	}
}

// require asks for what Segment's API requires of each call. Beyond it, a call may be about a
// record of its source, or about a conversation, case, account or incident instead of a person.
func (c *call) require(faults *event.Errors) {
	p, e := &c.payload, &c.event
	switch p.Type {
	case event.TypeGroup:
		if p.GroupID == "" {
			faults.Add("groupId", "is required")
		}
	case event.TypeAlias:
		if p.PreviousID == "" {
			faults.Add("previousId", "is required")
		}
		if p.UserID == "" {
			faults.Add("userId", "is required")
		}
		return
	default:
	}
	thing := c.typed.ConversationID != "" || c.typed.CaseID != "" || (c.typed.AccountID != "" && c.accountOrigin == "properties.account_id")
	if len(e.Identifiers) == 0 && e.Record == nil && !thing && !strings.HasPrefix(e.Name, "incident.") {
		faults.Add("userId", "or anonymousId is required, or else another identifier of the person")
	}
}

// merged returns the context of an item with what the batch's adds to it: the item's own members
// win (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#batch).
func merged(own, batch raw) raw {
	if len(own) == 0 || string(own) == "null" {
		return batch
	}
	var mine, common map[string]json.RawMessage
	if json.Unmarshal(own, &mine) != nil || json.Unmarshal(batch, &common) != nil {
		return own // of a wrong type, which decoding reports
	}
	for name, value := range mine {
		common[name] = value
	}
	both, err := json.Marshal(common)
	if err != nil {
		return own
	}
	return both
}

func trimSpace(data []byte) []byte { return bytes.TrimSpace(data) }
