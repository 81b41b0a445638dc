package identity

import (
	"cmp"
	"fmt"
	"slices"

	"tributary/ingest/event"
)

// DropReason says why a value was not used.
type DropReason string

// The reasons.
const (
	// DropUnusable: the value cannot be normalised (blank, too long, NUL, no such number …).
	DropUnusable DropReason = "unusable"
	// DropBlocked: the value identifies nobody ("null", "test@test.com" …).
	DropBlocked DropReason = "blocked"
	// DropUnknownType: the type is neither known nor "<source>.<kind>".
	DropUnknownType DropReason = "unknown_type"
	// DropExclusive: the event gives two values of an exclusive type; neither is used.
	DropExclusive DropReason = "two_exclusive_values"
)

// Dropped is an identifier or attribute that the event has and its observation has not. The value
// stands in the event only.
type Dropped struct {
	// Field is the path in the event: "identifiers[0]", "attributes.birth_date",
	// "cx.conversation_id", or "identifiers.user_id" for all of an exclusive type.
	Field  string
	Reason DropReason
}

// Observe returns the one observation that an event belongs to, as this event states it, and what
// of the event was not used. It depends on nothing but the event and the configuration.
//
// An event that states a source record belongs to the observation (workspace, source, record id).
// Any other belongs to the set of its normalised identifiers, its conversation and its attributes;
// an event with no identifier and no conversation is an observation of its own, by message id. What an
// agent wrote belongs to the observation that it names, and says nothing of who that is.
func (e *Engine) Observe(ev *event.Event) (Observation, []Dropped) {
	if ev.ByAgent() {
		return Observation{
			ID: ev.Observation, Workspace: ev.Workspace, Source: ev.Source, FirstReceived: ev.ReceivedAt, FirstSeen: ev.At,
		}, nil
	}
	ids, dropped := e.identifiersOf(ev)
	attrs, dropped := e.attributesOf(ev, dropped)
	o := Observation{
		Workspace:     ev.Workspace,
		Source:        ev.Source,
		FirstReceived: ev.ReceivedAt,
		FirstSeen:     ev.At,
		Attributes:    attrs,
	}
	if ev.Record != nil && ev.Record.ID != "" {
		o.RecordID = ev.Record.ID
		o.Identifiers = e.withoutSessions(ids)
		o.ID = e.keyer.record(o.Workspace, o.Source, o.RecordID)
		return o, dropped
	}
	if e.confined(ids) {
		o.Session = e.sessionOf(ids)
	} else {
		ids = e.withoutSessions(ids)
	}
	o.Identifiers = ids
	if len(ids) == 0 {
		o.ID = e.keyer.message(o.Workspace, o.Source, ev.MessageID)
	} else {
		o.ID = e.keyer.stream(o.Workspace, ids, attrs)
	}
	return o, dropped
}

func (e *Engine) identifiersOf(ev *event.Event) ([]Identifier, []Dropped) {
	var dropped []Dropped
	n := len(ev.Identifiers)
	conversation := ev.CX != nil && ev.CX.ConversationID != ""
	if conversation {
		n++
	}
	if n == 0 {
		return nil, nil
	}
	ids := make([]Identifier, 0, n)
	for i, raw := range ev.Identifiers {
		id, reason := e.Normalise(Place{ev.Workspace, ev.Source}, Identifier(raw))
		if reason != "" {
			dropped = append(dropped, Dropped{fmt.Sprintf("identifiers[%d]", i), reason})
			continue
		}
		ids = append(ids, id)
	}
	if conversation {
		raw := Identifier{ev.Source + kindConversation, ev.CX.ConversationID}
		if id, reason := e.Normalise(Place{}, raw); reason == "" {
			ids = append(ids, id)
		} else {
			dropped = append(dropped, Dropped{"cx.conversation_id", reason})
		}
	}
	slices.SortFunc(ids, compareIdentifiers)
	return e.onlyExclusive(slices.Compact(ids), dropped)
}

// onlyExclusive leaves out the values of an exclusive type that has several. ids is sorted.
func (e *Engine) onlyExclusive(ids []Identifier, dropped []Dropped) ([]Identifier, []Dropped) {
	for i := 1; i < len(ids); i++ {
		typ := ids[i].Type
		if ids[i-1].Type != typ || e.observedAs(typ) != classExclusive {
			continue
		}
		ids = slices.DeleteFunc(ids, func(id Identifier) bool { return id.Type == typ })
		dropped = append(dropped, Dropped{"identifiers." + typ, DropExclusive})
		i = 0
	}
	return ids, dropped
}

func (e *Engine) attributesOf(ev *event.Event, dropped []Dropped) ([]Attribute, []Dropped) {
	if len(ev.Attributes) == 0 {
		return nil, dropped
	}
	before := len(dropped)
	attrs := make([]Attribute, 0, len(ev.Attributes))
	for name, raw := range ev.Attributes {
		value, reason := e.NormaliseAttribute(name, raw)
		if reason != "" {
			dropped = append(dropped, Dropped{"attributes." + name, reason})
			continue
		}
		attrs = append(attrs, Attribute{name, value})
	}
	slices.SortFunc(attrs, compareAttributes)
	slices.SortFunc(dropped[before:], func(a, b Dropped) int { return cmp.Compare(a.Field, b.Field) })
	return attrs, dropped
}

// confined says that no identifier is one person's own, so that equal sets of other conversations
// may be other people.
func (e *Engine) confined(ids []Identifier) bool {
	for i := range ids {
		if c := e.observedAs(ids[i].Type); c < classShared && c != classConversation {
			return false
		}
	}
	return true
}

func (e *Engine) sessionOf(ids []Identifier) string {
	for i := range ids {
		if e.observedAs(ids[i].Type) == classConversation {
			return ids[i].Value
		}
	}
	for i := range ids {
		if e.observedAs(ids[i].Type) == classSession {
			return ids[i].Value
		}
	}
	return ""
}

func (e *Engine) withoutSessions(ids []Identifier) []Identifier {
	return slices.DeleteFunc(ids, func(id Identifier) bool { return e.observedAs(id.Type) == classSession })
}

func compareIdentifiers(a, b Identifier) int {
	if c := cmp.Compare(a.Type, b.Type); c != 0 {
		return c
	}
	return cmp.Compare(a.Value, b.Value)
}

func compareAttributes(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) }
