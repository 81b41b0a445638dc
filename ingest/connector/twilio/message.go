package twilio

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// message is a message as callbacks and Event Streams tell of it.
type message struct {
	sid, status, from, to, body, service, optOut, profile, whatsappID string
	inbound                                                           bool
	at                                                                time.Time // zero: not said
	raw                                                               []byte
}

// message reads the parameters of an incoming message or of a status callback. Both have SmsStatus;
// an incoming message is "received" and has no MessageStatus.
func (p params) message() message {
	m := message{
		sid: p.get("MessageSid"), status: p.get("MessageStatus"), from: p.get("From"), to: p.get("To"),
		body: p.get("Body"), service: p.get("MessagingServiceSid"), optOut: p.get("OptOutType"),
		profile: p.get("ProfileName"), whatsappID: p.get("WaId"), raw: p.json(),
	}
	if m.sid == "" {
		m.sid = p.get("SmsSid")
	}
	if m.status == "" {
		m.status = p.get("SmsStatus")
	}
	m.inbound = m.status == "received" || m.status == "receiving"
	return m
}

// message makes the events of a message's state.
func (w *webhook) message(b *connector.Batch, m *message) {
	if m.status == "" || m.sid == "" {
		b.Reject("", "MessageStatus", "is missing", m.raw)
		return
	}
	m.status = strings.ToLower(m.status)
	e := event.Event{
		MessageID: m.sid + ":" + m.status, OriginalAt: m.at, Channel: m.channel(),
		Properties: m.raw, CX: m.cx(),
	}
	w.subject(&e, m)
	if m.inbound {
		w.received(b, m, e)
		return
	}
	e.Name = w.statusName(m)
	b.Add(e)
}

// statusName is the name of an outgoing message's state.
func (w *webhook) statusName(m *message) string {
	if w.campaigns[m.service] {
		switch m.status {
		case "sent":
			return event.NameCampaignSent
		case "delivered":
			return event.NameCampaignDelivered
		case "undelivered", "failed":
			return event.NameCampaignFailed
		case "read":
			return event.NameCampaignOpened
		}
	} else if m.status == "sent" {
		return event.NameConversationMessage
	}
	return w.cfg.Free("message." + m.status)
}

// received makes the events of an incoming message: what it says, and what it asks for.
func (w *webhook) received(b *connector.Batch, m *message, e event.Event) {
	e.Name = event.NameConversationMessage
	b.Add(e)
	campaign := w.campaigns[m.service]
	also := func(name, what string) {
		e.Name, e.MessageID = name, m.sid+":"+what
		b.Add(e)
	}
	if campaign {
		also(event.NameCampaignReplied, "replied")
	}
	granted, asked := m.consent()
	if !asked {
		return
	}
	if campaign && !granted {
		also(event.NameCampaignUnsubscribed, "unsubscribed")
	}
	said := event.CX{}
	if e.CX != nil {
		said = *e.CX
	}
	said.Consent, said.Purpose = event.ConsentRefused, "marketing"
	if granted {
		said.Consent = event.ConsentGranted
	}
	e.CX = &said
	e.Properties = connector.JSON(consent{Purpose: "marketing", Granted: granted, Channel: e.Channel, Message: m.raw})
	also(event.NameConsentChanged, "consent")
}

// cx are the typed fields of a message.
func (m *message) cx() *event.CX {
	ours, theirs := m.from, m.to
	cx := &event.CX{Direction: event.DirectionOutbound, LegID: m.sid, Text: m.body}
	if m.inbound {
		ours, theirs = m.to, m.from
		cx.Direction, cx.AuthorRole = event.DirectionInbound, event.AuthorCustomer
	}
	sum := sha256.Sum256([]byte(ours + "\x00" + theirs)) // the channel is in both
	cx.ConversationID = hex.EncodeToString(sum[:16])
	return cx
}

// subject names the customer: who an incoming message is from, and an outgoing one to.
func (w *webhook) subject(e *event.Event, m *message) {
	address := m.to
	if m.inbound {
		address = m.from
	}
	if _, number, prefixed := strings.Cut(address, ":"); prefixed {
		address = number
	}
	switch {
	case strings.HasPrefix(address, "+"):
		e.Identifiers = append(e.Identifiers, event.Identifier{Type: event.IDPhone, Value: address})
	case address != "":
		e.Identifiers = append(e.Identifiers, w.cfg.Identifier("address", address))
	}
	if m.whatsappID != "" {
		e.Identifiers = append(e.Identifiers, w.cfg.Identifier("whatsapp_id", m.whatsappID))
	}
	if m.profile != "" {
		e.Attributes = map[string]string{event.AttrName: m.profile}
	}
}

// channel goes by the prefix of an address, "whatsapp:+15550100"; without one it is SMS or MMS.
func (m *message) channel() event.Channel {
	prefix, _, found := strings.Cut(m.from, ":")
	if !found {
		if prefix, _, found = strings.Cut(m.to, ":"); !found {
			return event.ChannelSMS
		}
	}
	switch prefix {
	case "whatsapp":
		return event.ChannelWhatsApp
	case "rcs":
		return event.ChannelRCS
	case "messenger", "instagram":
		return event.ChannelSocial
	}
	return ""
}

// consent is the properties of consent.changed.
type consent struct {
	Purpose string        `json:"purpose"`
	Granted bool          `json:"granted"`
	Channel event.Channel `json:"channel"`
	Message rawJSON       `json:"message"`
}

// keywords are those that Twilio acts upon by default, for the whole message and in any case
// (https://help.twilio.com/articles/223134027). Messaging Services with Advanced Opt-Out have their
// own, and say in OptOutType what they took a message for.
var keywords = map[string]bool{
	"STOP": false, "STOPALL": false, "UNSUBSCRIBE": false, "CANCEL": false, "END": false, "QUIT": false,
	"REVOKE": false, "OPTOUT": false,
	"START": true, "UNSTOP": true, // and YES, which in a conversation may answer anything
}

// consent says whether the message gives or takes back consent, and if it asks for either.
func (m *message) consent() (granted, asked bool) {
	switch m.optOut {
	case "STOP":
		return false, true
	case "START":
		return true, true
	case "":
		granted, asked = keywords[strings.ToUpper(strings.TrimSpace(m.body))]
		return granted, asked
	}
	return false, false // HELP
}
