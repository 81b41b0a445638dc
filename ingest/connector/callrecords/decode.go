package callrecords

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/bytedance/sonic"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// wire reads conversations. Strings refer to a copy of the body.
var wire = sonic.Config{CaseSensitive: true, ValidateString: true}.Froze()

var errBody = errors.New("the body is no JSON")

// Decode reads conversations in any of the arrangements that the package's comment names.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	b := connector.Batch{Events: make([]event.Event, 0, 12)} // of a call that was transferred once
	if body := bytes.TrimSpace(r.Body); len(body) > 0 && sonic.Valid(body) {
		w.value(&b, body)
		return b, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(r.Body)) // several values
	for {
		var raw json.RawMessage
		at := decoder.InputOffset()
		switch err := decoder.Decode(&raw); {
		case errors.Is(err, io.EOF) && at > 0:
			return b, nil
		case err != nil && at == 0:
			return b, errBody
		case err != nil:
			b.Reject("", "conversation", "is not JSON, and what follows cannot be read", bytes.TrimSpace(r.Body[at:]))
			return b, nil //nolint:nilerr // the rest is rejected; what came before it counts
		}
		w.value(&b, raw)
	}
}

// value decodes a conversation, a list of them, or an answer that holds a list.
func (w *webhook) value(b *connector.Batch, raw []byte) {
	var items []sonic.NoCopyRawMessage
	switch {
	case raw[0] == '[':
		if err := wire.Unmarshal(raw, &items); err != nil {
			b.Reject("", "conversations", "is not a list of conversations", raw)
			return
		}
	case bytes.Contains(raw[:min(len(raw), 256)], []byte(`"conversations"`)):
		var answer struct {
			Conversations []sonic.NoCopyRawMessage `json:"conversations"`
		}
		if err := wire.Unmarshal(raw, &answer); err != nil || answer.Conversations == nil {
			b.Reject("", "conversations", "is not a list of conversations", raw)
			return
		}
		items = answer.Conversations
	default:
		w.conversation(b, raw)
		return
	}
	for _, item := range items {
		w.conversation(b, item)
	}
}

// reference is the properties of what is read out of a conversation: the conversation itself is kept
// once, as callrecords.conversation.
type reference struct {
	ConversationID string `json:"conversationId"`
}

// call makes the events of one conversation.
type call struct {
	*conversation
	batch   *connector.Batch
	base    event.Event
	cx      event.CX
	queued  *session // the last one, and
	agent   *session // the last that spoke
	spoken  time.Time
	waiting time.Time
}

func (w *webhook) conversation(b *connector.Batch, raw []byte) {
	var c conversation
	if err := wire.Unmarshal(raw, &c); err != nil {
		b.Reject("", "conversation", "has a field of another type than documented", raw)
		return
	}
	if c.ConversationID == "" || c.ConversationStart.IsZero() {
		b.Reject("", "conversationId", "or conversationStart is missing", raw)
		return
	}
	l := &call{conversation: &c, batch: b}
	l.cx = event.CX{ConversationID: c.ConversationID, Direction: event.Direction(c.OriginatingDirection)}
	w.customer(l)
	sum := sha256.Sum256(raw)
	whole := l.base
	whole.Properties = json.RawMessage(raw)
	l.add(whole, w.cfg.Free("conversation"), "state:"+hex.EncodeToString(sum[:8]), c.ConversationStart.Time, nil)
	l.base.Properties = connector.JSON(reference{c.ConversationID})
	l.happened(event.NameConversationStarted, nil, c.ConversationStart.Time, nil)
	for i := range c.Participants {
		l.participant(&c.Participants[i])
	}
	l.end()
}

// add appends an event unless its time has not come.
func (l *call) add(e event.Event, name, id string, at time.Time, fill func(*event.CX)) {
	if at.IsZero() {
		return
	}
	cx := l.cx
	if fill != nil {
		fill(&cx)
	}
	e.Name, e.MessageID, e.OriginalAt, e.CX = name, l.ConversationID+":"+id, at, &cx
	l.batch.Add(e)
}

// happened is add of an event within a session; nil is the whole conversation.
func (l *call) happened(name string, s *session, at time.Time, fill func(*event.CX)) {
	id := strings.TrimPrefix(name, "conversation.")
	if s == nil {
		l.add(l.base, name, id, at, fill)
		return
	}
	l.add(l.base, name, id+":"+s.SessionID, at, func(cx *event.CX) {
		cx.LegID, cx.Queue = s.SessionID, field.Clip(s.queue())
		fill(cx)
	})
}

func (l *call) participant(p *participant) {
	for i := range p.Sessions {
		s := &p.Sessions[i]
		switch p.Purpose {
		case "ivr", "workflow", "botflow":
			l.step(p, s)
		case "acd":
			l.queue(s)
		case "agent", "user":
			l.service(p, s)
		}
	}
}

func (l *call) step(p *participant, s *session) {
	l.happened(event.NameIVRStep, s, s.begin(), func(cx *event.CX) {
		cx.Topic, cx.Disposition, cx.AuthorRole = field.Clip(s.Flow.FlowName), s.Flow.ExitReason, event.AuthorIVR
		if p.Purpose == "botflow" {
			cx.AuthorRole = event.AuthorAI
		}
	})
}

func (l *call) queue(s *session) {
	at := s.begin()
	if !at.Before(l.waiting) {
		l.queued, l.waiting = s, at
	}
	if s.MediaType == "callback" {
		l.happened(event.NameCallbackRequested, s, at, func(*event.CX) {})
	}
	l.happened(event.NameConversationQueued, s, at, func(*event.CX) {})
}

// service is an agent's session: it may only have rung.
func (l *call) service(p *participant, s *session) {
	cx := func(cx *event.CX) { cx.AgentID, cx.Team, cx.AuthorRole = p.UserID, p.TeamID, event.AuthorHuman }
	if spoken := s.of("interact"); len(spoken) > 0 {
		at := spoken[0].SegmentStart.Time
		l.happened(event.NameConversationAnswered, s, at, func(c *event.CX) {
			cx(c)
			if !l.waiting.IsZero() && !at.Before(l.waiting) {
				wait := at.Sub(l.waiting).Seconds()
				c.WaitS = &wait
			}
		})
		if !at.Before(l.spoken) {
			l.agent, l.spoken = s, at
		}
		l.transfer(s, cx)
	}
	for _, g := range s.of("wrapup") {
		l.happened(event.NameConversationWrapped, s, g.SegmentEnd.Time, func(c *event.CX) {
			cx(c)
			c.Disposition, c.Text = field.Clip(g.WrapUpCode), g.WrapUpNote
			if wrap := g.SegmentEnd.Sub(g.SegmentStart.Time).Seconds(); wrap >= 0 {
				c.WrapS = &wrap
			}
		})
	}
}

func (l *call) transfer(s *session, agent func(*event.CX)) {
	left := s.left()
	if left == nil || !strings.Contains(left.DisconnectType, "transfer") {
		return
	}
	l.happened(event.NameConversationTransferred, s, left.SegmentEnd.Time, func(cx *event.CX) {
		agent(cx)
		cx.TalkS, cx.HoldS = s.seconds("interact"), s.seconds("hold")
		switch {
		case s.counts("nConsultTransferred"):
			cx.TransferKind = event.TransferWarm
		case s.counts("nBlindTransferred"):
			cx.TransferKind = event.TransferCold
		}
	})
}

// end says how the conversation came out, if it has.
func (l *call) end() {
	at := l.ConversationEnd.Time
	unmet := l.queued != nil && (l.agent == nil || l.spoken.Before(l.waiting))
	if l.queued != nil && l.queued.MediaType == "callback" {
		name := event.NameCallbackCompleted
		if unmet {
			name = event.NameCallbackFailed
		}
		l.happened(name, l.queued, at, func(*event.CX) {})
	} else if unmet && l.cx.Direction == event.DirectionInbound {
		l.happened(event.NameConversationAbandoned, nil, at, func(cx *event.CX) {
			cx.AuthorRole, cx.LegID, cx.Queue = event.AuthorCustomer, l.queued.SessionID, field.Clip(l.queued.queue())
			if wait := at.Sub(l.waiting).Seconds(); wait >= 0 {
				cx.WaitS = &wait
			}
		})
		return
	}
	l.happened(event.NameConversationEnded, nil, at, func(cx *event.CX) {
		if l.agent == nil {
			return
		}
		cx.LegID, cx.Queue = l.agent.SessionID, field.Clip(l.agent.queue())
		if left := l.agent.left(); left == nil || !strings.Contains(left.DisconnectType, "transfer") {
			cx.TalkS, cx.HoldS = l.agent.seconds("interact"), l.agent.seconds("hold") // else transferred has them
		}
	})
}

// customer names whom the conversation is with, and its channel.
func (w *webhook) customer(l *call) {
	for i := range l.Participants {
		p := &l.Participants[i]
		if value := p.Attributes[w.userID].String(); w.userID != "" && value != "" {
			l.identify(event.Identifier{Type: event.IDUser, Value: value})
		}
		if p.Purpose != "customer" && p.Purpose != "external" {
			continue
		}
		if p.ExternalContactID != "" {
			l.identify(w.cfg.Identifier("external_contact_id", p.ExternalContactID))
		}
		for j := range p.Sessions {
			l.address(&p.Sessions[j])
		}
	}
}

func (l *call) address(s *session) {
	l.base.Channel = channel(s)
	voice, written := s.ANI, s.AddressFrom
	if l.cx.Direction == event.DirectionOutbound {
		voice, written = s.DNIS, s.AddressTo
	}
	for _, address := range append([]string{voice, written}, s.CallbackNumbers...) {
		address = strings.TrimPrefix(address, "tel:")
		switch {
		case strings.HasPrefix(address, "+"):
			l.identify(event.Identifier{Type: event.IDPhone, Value: address})
		case s.MediaType == "email" && strings.Contains(address, "@"):
			l.identify(event.Identifier{Type: event.IDEmail, Value: address})
		}
	}
}

func (l *call) identify(id event.Identifier) {
	for _, known := range l.base.Identifiers {
		if known == id {
			return
		}
	}
	l.base.Identifiers = append(l.base.Identifiers, id)
}

func channel(s *session) event.Channel {
	switch s.MediaType {
	case "voice", "callback":
		return event.ChannelVoice
	case "chat":
		return event.ChannelChat
	case "email":
		return event.ChannelEmail
	case "message":
		switch s.MessageType {
		case "sms":
			return event.ChannelSMS
		case "whatsapp":
			return event.ChannelWhatsApp
		case "webmessaging", "open":
			return event.ChannelChat
		case "facebook", "instagram", "twitter", "line":
			return event.ChannelSocial
		}
	}
	return ""
}
