package twilio

import (
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// call makes the event of a call's status callback.
func (w *webhook) call(b *connector.Batch, p *params) {
	sid, parent, status := p.get("CallSid"), p.get("ParentCallSid"), p.get("CallStatus")
	e := event.Event{
		MessageID: sid + ":" + status, Channel: event.ChannelVoice, Properties: p.json(),
		CX: &event.CX{ConversationID: sid, LegID: sid, Direction: event.DirectionOutbound},
	}
	inbound := p.get("Direction") == "inbound"
	if inbound {
		e.CX.Direction = event.DirectionInbound
	}
	// RFC 2822, as in "Tue, 14 Apr 2026 09:30:00 +0000".
	if at, err := time.Parse(time.RFC1123Z, p.get("Timestamp")); err == nil {
		e.OriginalAt = at
	}
	if parent != "" {
		e.CX.ConversationID, e.CX.Direction = parent, ""
		e.Name = w.legName(status)
		w.dialled(&e, p)
	} else {
		e.Name = w.callName(status, inbound)
		w.caller(&e, p, inbound)
	}
	w.outcome(&e, status, p.get("CallDuration"))
	b.Add(e)
}

// callName is the name of a call's state. Twilio's application takes an incoming call; whom we call
// takes an outgoing one.
func (w *webhook) callName(status string, inbound bool) string {
	switch status {
	case "initiated":
		return event.NameConversationStarted
	case "ringing":
		if inbound {
			return event.NameConversationStarted
		}
	case "in-progress":
		return event.NameConversationAnswered
	case "completed":
		return event.NameConversationEnded
	case "busy", "no-answer", "failed", "canceled":
		if inbound {
			return event.NameConversationAbandoned
		}
		return event.NameConversationEnded
	}
	return w.cfg.Free("call." + status)
}

// legName is the name of the state of a call that another one dialled.
func (w *webhook) legName(status string) string {
	switch status {
	case "ringing":
		return event.NameConversationOffered
	case "in-progress":
		return event.NameConversationAnswered
	}
	return w.cfg.Free("call." + status)
}

func (w *webhook) outcome(e *event.Event, status, duration string) {
	switch status {
	case "in-progress":
		switch {
		case e.CX.LegID != e.CX.ConversationID:
			e.CX.AuthorRole = event.AuthorHuman
		case e.CX.Direction == event.DirectionInbound:
			e.CX.AuthorRole = event.AuthorIVR
		default:
			e.CX.AuthorRole = event.AuthorCustomer
		}
	case "completed", "busy", "no-answer", "failed", "canceled":
		e.CX.Disposition = status
		if seconds, err := strconv.ParseFloat(duration, 64); err == nil && seconds >= 0 && seconds < 1e9 {
			e.CX.TalkS = &seconds
		}
	}
}

// caller names the customer of a call: who calls us, or whom we call.
func (w *webhook) caller(e *event.Event, p *params, inbound bool) {
	number := p.get("To")
	if inbound {
		number = p.get("From")
	}
	if strings.HasPrefix(number, "+") { // not "sip:…", "client:…", "anonymous"
		e.Identifiers = append(e.Identifiers, event.Identifier{Type: event.IDPhone, Value: number})
	}
}

// dialled names whom a call's leg rings: rarely the customer, so it is no identifier of the subject.
func (w *webhook) dialled(e *event.Event, p *params) {
	to := p.get("To")
	if to == "" {
		return
	}
	id := w.cfg.Identifier("address", to)
	if strings.HasPrefix(to, "+") {
		id = event.Identifier{Type: event.IDPhone, Value: to}
	}
	e.Participants = append(e.Participants, event.Participant{Role: "dialled", Identifier: id})
}
