package connect

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// contactRecord is what we read of a contact record
// (https://docs.aws.amazon.com/connect/latest/adminguide/ctr-data-model.html). Times are ISO 8601,
// durations whole seconds.
type contactRecord struct {
	ContactID                  string                `json:"ContactId"`
	InitialContactID           string                `json:"InitialContactId"`
	PreviousContactID          string                `json:"PreviousContactId"`
	NextContactID              string                `json:"NextContactId"`
	Channel                    string                `json:"Channel"`
	InitiationMethod           string                `json:"InitiationMethod"`
	DisconnectReason           string                `json:"DisconnectReason"`
	InitiationTimestamp        string                `json:"InitiationTimestamp"`
	DisconnectTimestamp        string                `json:"DisconnectTimestamp"`
	TransferCompletedTimestamp string                `json:"TransferCompletedTimestamp"`
	LastUpdateTimestamp        string                `json:"LastUpdateTimestamp"`
	Attributes                 map[string]field.Text `json:"Attributes"`
	CustomerEndpoint           *endpoint             `json:"CustomerEndpoint"`
	Agent                      *agent                `json:"Agent"`
	Queue                      *queue                `json:"Queue"`
}

type endpoint struct {
	Address string `json:"Address"`
	Type    string `json:"Type"` // TELEPHONE_NUMBER and others
}

type agent struct {
	ARN                          string   `json:"ARN"`
	Username                     string   `json:"Username"`
	ConnectedToAgentTimestamp    string   `json:"ConnectedToAgentTimestamp"`
	AgentInteractionDuration     *float64 `json:"AgentInteractionDuration"`
	CustomerHoldDuration         *float64 `json:"CustomerHoldDuration"`
	AfterContactWorkEndTimestamp string   `json:"AfterContactWorkEndTimestamp"`
	AfterContactWorkDuration     *float64 `json:"AfterContactWorkDuration"`
	RoutingProfile               struct {
		Name string `json:"Name"`
	} `json:"RoutingProfile"`
}

type queue struct {
	ARN              string   `json:"ARN"`
	Name             string   `json:"Name"`
	EnqueueTimestamp string   `json:"EnqueueTimestamp"`
	Duration         *float64 `json:"Duration"`
}

// leg makes the events of one contact.
type leg struct {
	*contactRecord
	batch *connector.Batch
	base  event.Event // what all have in common
	cx    event.CX
}

func (w *webhook) contactRecord(b *connector.Batch, raw []byte) {
	var c contactRecord
	if err := wire.Unmarshal(raw, &c); err != nil {
		b.Reject("", "record", "has a field of another type than documented", raw)
		return
	}
	l := &leg{contactRecord: &c, batch: b}
	l.base = event.Event{Channel: channel(c.Channel), Identifiers: w.customer(&c)}
	l.cx = event.CX{
		ConversationID: conversationOf(c.ContactID, c.InitialContactID), LegID: c.ContactID, Direction: direction(c.InitiationMethod),
	}
	if c.Queue != nil {
		l.cx.Queue = field.Clip(nameOrID(c.Queue.Name, c.Queue.ARN))
	}
	w.whole(l, raw)
	l.base.Properties = connector.JSON(reference{c.ContactID})
	if c.InitiationMethod == "MONITOR" {
		return // a supervisor listens: nothing happens to the customer
	}
	l.opening()
	l.service()
	l.closing()
}

// reference is the properties of what is read out of a record: the record itself is kept once, as
// connect.contact_record.
type reference struct {
	ContactID string `json:"ContactId"`
}

// whole is the record as it came. Its version is when Connect last changed it, else its content.
func (w *webhook) whole(l *leg, raw []byte) {
	e, cx := l.base, l.cx
	e.Name, e.Properties, e.CX = w.cfg.Free("contact_record"), json.RawMessage(raw), &cx
	e.OriginalAt = field.Time(l.LastUpdateTimestamp)
	version := l.LastUpdateTimestamp
	if version == "" {
		sum := sha256.Sum256(raw)
		version = hex.EncodeToString(sum[:8])
	}
	e.MessageID = l.ContactID + ":" + version
	l.batch.Add(e)
}

// happened appends an event of the leg unless its time is missing: then it has not happened.
func (l *leg) happened(name, at string, fill func(*event.CX)) {
	e, cx := l.base, l.cx
	if e.OriginalAt = field.Time(at); e.OriginalAt.IsZero() {
		return
	}
	if fill != nil {
		fill(&cx)
	}
	e.Name, e.CX = name, &cx
	e.MessageID = l.ContactID + ":" + strings.TrimPrefix(name, "conversation.")
	if name == event.NameConversationEnded && l.InitiationMethod == "DISCONNECT" && l.PreviousContactID != "" {
		// A flow that ran after the contact before it ended: the conversation has one end, not two.
		e.MessageID = l.PreviousContactID + ":ended"
	}
	l.batch.Add(e)
}

func (l *leg) opening() {
	switch {
	case l.InitiationMethod == "CALLBACK":
		l.happened(event.NameCallbackRequested, l.InitiationTimestamp, nil)
	case l.PreviousContactID == "":
		l.happened(event.NameConversationStarted, l.InitiationTimestamp, func(cx *event.CX) {
			if cx.Direction == event.DirectionInbound {
				cx.AuthorRole = event.AuthorCustomer
			}
		})
	}
}

// service is the queue and the agent.
func (l *leg) service() {
	if l.Queue != nil {
		l.happened(event.NameConversationQueued, l.Queue.EnqueueTimestamp, nil)
	}
	if l.Agent == nil {
		return
	}
	l.cx.AgentID, l.cx.Team = nameOrID(l.Agent.Username, l.Agent.ARN), field.Clip(l.Agent.RoutingProfile.Name)
	l.happened(event.NameConversationAnswered, l.Agent.ConnectedToAgentTimestamp, func(cx *event.CX) {
		cx.AuthorRole = event.AuthorHuman
		if l.Queue != nil {
			cx.WaitS = l.Queue.Duration
		}
	})
}

func (l *leg) closing() {
	name := l.end()
	at := l.DisconnectTimestamp
	if name == event.NameConversationTransferred && l.TransferCompletedTimestamp != "" {
		at = l.TransferCompletedTimestamp
	}
	l.happened(name, at, func(cx *event.CX) {
		cx.Disposition, cx.AuthorRole = l.DisconnectReason, endedBy(l.DisconnectReason)
		switch {
		case l.Agent != nil:
			cx.TalkS, cx.HoldS = l.Agent.AgentInteractionDuration, l.Agent.CustomerHoldDuration
		case l.Queue != nil:
			cx.WaitS = l.Queue.Duration
		}
	})
	if l.InitiationMethod == "CALLBACK" {
		name := event.NameCallbackFailed
		if l.answered() {
			name = event.NameCallbackCompleted
		}
		l.happened(name, l.DisconnectTimestamp, nil)
	}
	if l.Agent != nil {
		l.happened(event.NameConversationWrapped, l.Agent.AfterContactWorkEndTimestamp, func(cx *event.CX) {
			cx.AuthorRole, cx.WrapS = event.AuthorHuman, l.Agent.AfterContactWorkDuration
		})
	}
}

// end names how the contact ended: in another contact, without an agent while the customer waited, or for good.
func (l *leg) end() string {
	switch {
	case l.TransferCompletedTimestamp != "" || l.NextContactID != "" && l.DisconnectReason != "CUSTOMER_DISCONNECT":
		return event.NameConversationTransferred
	case l.Queue != nil && !l.answered() && l.cx.Direction == event.DirectionInbound && l.base.Channel != "": // nobody waits on a task
		return event.NameConversationAbandoned
	}
	return event.NameConversationEnded
}

func (l *leg) answered() bool { return l.Agent != nil && l.Agent.ConnectedToAgentTimestamp != "" }

// customer names whom the contact is with.
func (w *webhook) customer(c *contactRecord) []event.Identifier {
	var ids []event.Identifier
	if e := c.CustomerEndpoint; e != nil && e.Address != "" {
		switch e.Type {
		case "TELEPHONE_NUMBER":
			ids = append(ids, event.Identifier{Type: event.IDPhone, Value: e.Address})
		case "EMAIL_ADDRESS":
			ids = append(ids, event.Identifier{Type: event.IDEmail, Value: e.Address})
		}
	}
	for _, a := range w.attributes {
		if value := c.Attributes[a.name].String(); value != "" {
			ids = append(ids, event.Identifier{Type: a.kind, Value: value})
		}
	}
	return ids
}

// conversationOf is the first contact of a chain of transfers.
func conversationOf(contact, initial string) string {
	if initial != "" {
		return initial
	}
	return contact
}

func channel(s string) event.Channel {
	switch s {
	case "VOICE":
		return event.ChannelVoice
	case "CHAT":
		return event.ChannelChat
	case "EMAIL":
		return event.ChannelEmail
	}
	return "" // TASK: nobody meets the customer
}

// direction goes by how the contact began. A transfer's direction is that of the first contact, which
// its record does not tell; the customer of a queue or agent transfer is nearly always a caller.
func direction(method string) event.Direction {
	switch method {
	case "OUTBOUND", "EXTERNAL_OUTBOUND", "CALLBACK":
		return event.DirectionOutbound
	case "INBOUND", "TRANSFER", "QUEUE_TRANSFER", "API", "WEBRTC_API", "DISCONNECT":
		return event.DirectionInbound
	}
	return ""
}

func endedBy(reason string) event.AuthorRole {
	switch reason {
	case "CUSTOMER_DISCONNECT":
		return event.AuthorCustomer
	case "AGENT_DISCONNECT":
		return event.AuthorHuman
	case "CONTACT_FLOW_DISCONNECT":
		return event.AuthorIVR
	case "":
		return ""
	}
	return event.AuthorSystem
}

// nameOrID is a name, or the id at the end of an ARN.
func nameOrID(name, arn string) string {
	if name != "" {
		return name
	}
	return arn[strings.LastIndexByte(arn, '/')+1:]
}
