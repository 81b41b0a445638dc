package email

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// Mapper makes events of messages, for a source with Settings.
type Mapper struct {
	cfg       connector.Config
	own, bots map[string]bool // addresses, and domains behind "@"
}

// NewMapper returns the mapper of a configured source.
func NewMapper(cfg connector.Config) *Mapper {
	return &Mapper{cfg: cfg, own: set(cfg.List("addresses")), bots: set(cfg.List("bot_addresses"))}
}

func set(items []string) map[string]bool {
	all := map[string]bool{}
	for _, item := range items {
		all[strings.ToLower(item)] = true
	}
	return all
}

func has(all map[string]bool, address string) bool {
	address = strings.ToLower(address)
	at := strings.LastIndexByte(address, '@')
	return all[address] || at >= 0 && all[address[at:]]
}

// short is an id that fits into an event's, or a digest of it.
func short(id string) string {
	const most = 200
	if len(id) <= most {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "sha256:" + hex.EncodeToString(sum[:16])
}

// Map puts the events of a message into b, with properties for all that it held. The message must have
// an ID and a sender.
func (m *Mapper) Map(b *connector.Batch, msg *Message, properties []byte) {
	outbound := has(m.own, msg.From.Email)
	kind := msg.kind()
	e := event.Event{
		MessageID: "mail:" + short(bare(msg.ID)), Name: event.NameConversationMessage, Channel: event.ChannelEmail,
		OriginalAt: msg.At, Properties: properties,
		CX: &event.CX{ConversationID: short(msg.thread()), Topic: topic(msg.Subject), Text: msg.words()},
	}
	m.people(&e, msg, outbound)
	switch kind {
	case autoReply:
		e.Name = m.cfg.Free("auto_reply")
	case bounce:
		e.Name = m.cfg.Free("bounced")
		e.Identifiers, e.Attributes = addressed(ParseAddress(msg.Header["x-failed-recipients"])), nil
	case bulk:
		e.Name = m.cfg.Free("bulk")
	case written:
	}
	if kind != written {
		e.CX.AuthorRole = event.AuthorSystem
	} else if msg.first() {
		started := e
		cx := *e.CX
		cx.Text = ""
		started.CX, started.Name, started.MessageID = &cx, event.NameConversationStarted, e.MessageID+":started"
		b.Add(started)
	}
	b.Add(e)
}

// people says who wrote to whom.
func (m *Mapper) people(e *event.Event, msg *Message, outbound bool) {
	subject := msg.From
	e.CX.Direction, e.CX.AuthorRole = event.DirectionInbound, event.AuthorCustomer
	if outbound {
		e.CX.Direction, e.CX.AuthorRole = event.DirectionOutbound, event.AuthorHuman
		e.CX.AgentID = field.Clip(strings.ToLower(msg.From.Email))
		if has(m.bots, msg.From.Email) {
			e.CX.AuthorRole = event.AuthorAI
		}
		subject = Address{}
		for _, a := range append(msg.To[:len(msg.To):len(msg.To)], msg.Cc...) {
			if !has(m.own, a.Email) {
				subject = a
				break
			}
		}
	}
	e.Identifiers = addressed(subject)
	e.Attributes = field.Attributes(event.AttrName, subject.Name)
	seen := map[string]bool{strings.ToLower(subject.Email): true, "": true}
	m.participants(e, "to", msg.To, seen)
	m.participants(e, "cc", msg.Cc, seen)
}

func addressed(a Address) []event.Identifier {
	return field.Identifiers(event.Identifier{Type: event.IDEmail, Value: a.Email})
}

// participants adds those of a list who are neither the company nor there already.
func (m *Mapper) participants(e *event.Event, role string, list []Address, seen map[string]bool) {
	for _, a := range list {
		address := strings.ToLower(a.Email)
		if seen[address] || has(m.own, address) || len(e.Participants) == event.MaxParticipants {
			continue
		}
		seen[address] = true
		e.Participants = append(e.Participants, event.Participant{Role: role, Identifier: event.Identifier{Type: event.IDEmail, Value: a.Email}})
	}
}

// answers are what mail programs put before a subject, sometimes with a count: "Re[2]:".
var answers = wordSet("re fw fwd aw wg sv vs rv res tr antw")

// topic is the subject of the thread.
func topic(subject string) string {
	for {
		subject = strings.TrimSpace(subject)
		name, rest, found := strings.Cut(subject, ":")
		name, _, _ = strings.Cut(name, "[")
		if !found || len(name) > 4 || !answers[strings.ToLower(strings.TrimSpace(name))] {
			return field.Clip(subject)
		}
		subject = rest
	}
}
