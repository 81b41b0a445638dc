package connect

import (
	"encoding/json"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// bridged is an event of EventBridge, its detail that of a contact event
// (https://docs.aws.amazon.com/connect/latest/adminguide/contact-events.html).
type bridged struct {
	ID         string        `json:"id"`
	DetailType string        `json:"detail-type"`
	Time       string        `json:"time"`
	Detail     contactDetail `json:"detail"`
}

type contactDetail struct {
	EventType           string `json:"eventType"`
	ContactID           string `json:"contactId"`
	InitialContactID    string `json:"initialContactId"`
	PreviousContactID   string `json:"previousContactId"`
	Channel             string `json:"channel"`
	InitiationMethod    string `json:"initiationMethod"`
	InitiationTimestamp string `json:"initiationTimestamp"`
	DisconnectTimestamp string `json:"disconnectTimestamp"`
	DisconnectReason    string `json:"disconnectReason"`
	QueueInfo           *struct {
		QueueARN         string `json:"queueArn"`
		EnqueueTimestamp string `json:"enqueueTimestamp"`
	} `json:"queueInfo"`
	AgentInfo *struct {
		AgentARN                  string `json:"agentArn"`
		ConnectedToAgentTimestamp string `json:"connectedToAgentTimestamp"`
	} `json:"agentInfo"`
}

// contactEvent makes an event of EventBridge free, or, if so configured, what it means.
func (w *webhook) contactEvent(b *connector.Batch, raw []byte) {
	var e bridged
	if err := wire.Unmarshal(raw, &e); err != nil {
		b.Reject("", "detail", "has a field of another type than documented", raw)
		return
	}
	if e.ID == "" {
		b.Reject("", "id", "is missing", raw)
		return
	}
	d := &e.Detail
	out := event.Event{
		MessageID: e.ID, Name: w.cfg.Free("contact_event." + d.EventType), OriginalAt: field.Time(e.Time),
		Channel: channel(d.Channel), Properties: json.RawMessage(raw),
	}
	if d.ContactID == "" {
		out.Name = w.cfg.Free("event." + strings.ReplaceAll(strings.ToLower(e.DetailType), " ", "_"))
		b.Add(out)
		return
	}
	out.CX = d.cx()
	if name, what := d.meaning(); w.mapEvents && name != "" {
		out.Name, out.MessageID = name, d.ContactID+":"+what
	}
	b.Add(out)
}

// meaning is the vocabulary's name of a contact event, "" if it has none, and what its id ends with.
func (d *contactDetail) meaning() (name, what string) {
	switch d.EventType {
	case "INITIATED":
		if d.PreviousContactID == "" {
			return event.NameConversationStarted, "started"
		}
	case "QUEUED":
		return event.NameConversationQueued, "queued"
	case "CONNECTED_TO_AGENT":
		return event.NameConversationAnswered, "answered"
	case "DISCONNECTED":
		if d.AgentInfo == nil && d.QueueInfo != nil && direction(d.InitiationMethod) == event.DirectionInbound {
			return event.NameConversationAbandoned, "abandoned"
		}
		return event.NameConversationEnded, "ended"
	}
	return "", ""
}

func (d *contactDetail) cx() *event.CX {
	cx := &event.CX{
		ConversationID: conversationOf(d.ContactID, d.InitialContactID), LegID: d.ContactID,
		Direction: direction(d.InitiationMethod), Disposition: d.DisconnectReason,
	}
	if d.QueueInfo != nil {
		cx.Queue = nameOrID("", d.QueueInfo.QueueARN)
	}
	if d.AgentInfo == nil {
		return cx
	}
	cx.AgentID, cx.AuthorRole = nameOrID("", d.AgentInfo.AgentARN), event.AuthorHuman
	if d.QueueInfo != nil && d.EventType == "CONNECTED_TO_AGENT" {
		from, to := field.Time(d.QueueInfo.EnqueueTimestamp), field.Time(d.AgentInfo.ConnectedToAgentTimestamp)
		if seconds := to.Sub(from).Seconds(); !from.IsZero() && !to.IsZero() && seconds >= 0 {
			cx.WaitS = &seconds
		}
	}
	return cx
}

// agentState is what we read of an agent event
// (https://docs.aws.amazon.com/connect/latest/adminguide/agent-event-stream-model.html).
type agentState struct {
	EventID        string `json:"EventId"`
	EventType      string `json:"EventType"`
	EventTimestamp string `json:"EventTimestamp"`
	AgentARN       string `json:"AgentARN"`
	Current        struct {
		Configuration struct {
			Username string `json:"Username"`
		} `json:"Configuration"`
	} `json:"CurrentAgentSnapshot"`
}

func (w *webhook) agentEvent(b *connector.Batch, raw []byte) {
	var a agentState
	if err := wire.Unmarshal(raw, &a); err != nil {
		b.Reject("", "CurrentAgentSnapshot", "has a field of another type than documented", raw)
		return
	}
	b.Add(event.Event{
		MessageID: a.EventID, Name: w.cfg.Free("agent." + strings.ToLower(a.EventType)),
		OriginalAt: field.Time(a.EventTimestamp), Properties: json.RawMessage(raw),
		CX: &event.CX{AgentID: nameOrID(a.Current.Configuration.Username, a.AgentARN)},
	})
}
