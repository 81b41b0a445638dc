package profiles

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tributary/ingest/event"
)

// Where it hurt. Only what is certain is told: it is counted among the interactions that are kept, so that
// there may be more, and never less.

const (
	hurtsFrom   = 2               // times from which something is told: once is told by its event
	longWait    = 2 * time.Minute // from which a wait for an agent is told
	maxRepeats  = 3               // topics
	maxSwitches = 2               // conversations and cases
)

// hurts are the events that hurt, in the order in which they are told, and what is said when there were several.
var hurts = []struct{ name, words string }{
	{event.NameConversationAbandoned, "Gave up waiting"},
	{event.NameConversationTransferred, "Was passed on to another agent or team"},
	{event.NameConversationHumanRequested, "Asked for a human"},
	{event.NameCaseReopened, "A case was opened again"},
	{event.NameCaseEscalated, "A case was escalated"},
	{event.NameSLABreached, "The time promised for a case was exceeded"},
	{event.NameCallbackFailed, "A callback failed"},
	{event.NameAppointmentMissed, "An appointment was missed"},
	{event.NameOrderDelayed, "An order was delayed"},
	{event.NameInvoicePaymentFailed, "A payment failed"},
}

// matter is what several interactions are about: a topic, a conversation or a case.
type matter struct {
	key      string
	quote    string          // its topic, or its id
	contacts map[string]bool // conversations and cases
	channels map[event.Channel]bool
	first    time.Time
	last     time.Time
}

func (m *matter) see(x *Interaction) {
	if m.first.IsZero() || x.At.Before(m.first) {
		m.first = x.At
	}
	if x.At.After(m.last) {
		m.last = x.At
	}
	m.contacts[contactOf(x)] = true
	if x.Channel != "" {
		m.channels[x.Channel] = true
	}
}

// contactOf names the contact that an interaction belongs to: its conversation, else its case; "" for none.
func contactOf(x *Interaction) string {
	switch {
	case x.ConversationID != "":
		return "v" + x.ConversationID
	case x.CaseID != "":
		return "c" + x.CaseID
	}
	return ""
}

func (t *teller) journey() []Fact {
	list := t.repeats()
	list = append(list, t.switches()...)
	list = append(list, t.waits()...)
	for i := range hurts {
		h := &hurts[i]
		n, last := 0, time.Time{}
		for j := range t.p.Interactions {
			if x := &t.p.Interactions[j]; x.Name == h.name {
				n++
				last = laterOf(last, x.At)
			}
		}
		if n >= hurtsFrom {
			f := t.sum(FactJourney, h.name, fmt.Sprintf("%s %s.", h.words, t.times(n)))
			f.At = last
			list = append(list, f)
		}
	}
	return list
}

func laterOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// times says how often, at least, where events are missing.
func (t *teller) times(n int) string {
	if t.p.LeftOut.Interactions > 0 {
		return fmt.Sprintf("at least %d times", n)
	}
	return fmt.Sprintf("%d times", n)
}

// matters collects the contacts by a key, in ascending order of keys; an empty one is none.
func (t *teller) matters(key func(*Interaction) string) []*matter {
	var found map[string]*matter
	for i := range t.p.Interactions {
		x := &t.p.Interactions[i]
		k := key(x)
		if k == "" || contactOf(x) == "" {
			continue
		}
		m := found[k]
		if m == nil {
			if found == nil {
				found = map[string]*matter{}
			}
			m = &matter{key: k, contacts: map[string]bool{}, channels: map[event.Channel]bool{}}
			found[k] = m
		}
		m.quote = max(m.quote, cmp.Or(x.Topic, x.ConversationID, x.CaseID))
		m.see(x)
	}
	list := make([]*matter, 0, len(found))
	for _, k := range sortedKeys(found) {
		list = append(list, found[k])
	}
	return list
}

// repeats tells about what the customer has been in touch more than once.
func (t *teller) repeats() []Fact {
	all := t.matters(func(x *Interaction) string { return strings.ToLower(strings.TrimSpace(x.Topic)) })
	all = slices.DeleteFunc(all, func(m *matter) bool { return len(m.contacts) < hurtsFrom })
	slices.SortStableFunc(all, func(a, b *matter) int {
		return cmp.Or(cmp.Compare(len(b.contacts), len(a.contacts)), b.last.Compare(a.last))
	})
	var list []Fact
	for _, m := range all[:min(len(all), maxRepeats)] {
		text := fmt.Sprintf("In touch %s about one topic, since %s", t.times(len(m.contacts)), day(m.first))
		f := t.sum(FactJourney, "topic "+m.key, text+m.ways()+".")
		f.At = m.last
		f.quote("topic", m.quote)
		list = append(list, f)
	}
	return list
}

// ways lists the channels, if there are several.
func (m *matter) ways() string {
	var words []string
	for _, c := range channelOrder {
		if m.channels[c] {
			words = append(words, byChannel[c])
		}
	}
	if len(words) < 2 {
		return ""
	}
	return ", " + list(words)
}

var channelOrder = []event.Channel{
	event.ChannelVoice, event.ChannelChat, event.ChannelEmail, event.ChannelSMS, event.ChannelRCS, event.ChannelWhatsApp,
	event.ChannelSocial, event.ChannelApp, event.ChannelWeb, event.ChannelStore, event.ChannelMail,
}

// switches tells of conversations and cases that went over several channels.
func (t *teller) switches() []Fact {
	all := t.matters(contactOf)
	all = slices.DeleteFunc(all, func(m *matter) bool { return m.ways() == "" })
	slices.SortStableFunc(all, func(a, b *matter) int { return b.last.Compare(a.last) })
	var list []Fact
	for _, m := range all[:min(len(all), maxSwitches)] {
		f := t.sum(FactJourney, "switch "+m.key, "One matter went on "+strings.TrimPrefix(m.ways(), ", ")+".")
		f.At = m.last
		f.quote("topic", m.quote)
		list = append(list, f)
	}
	return list
}

// waits tells how long the customer waited for an agent: from the queue to the answer in one conversation, as far
// as both are kept.
func (t *teller) waits() []Fact {
	var queued map[string]time.Time
	n, longest, last := 0, time.Duration(0), time.Time{}
	for i := len(t.p.Interactions) - 1; i >= 0; i-- { // oldest first
		x := &t.p.Interactions[i]
		switch x.Name {
		case event.NameConversationQueued:
			if queued == nil {
				queued = map[string]time.Time{}
			}
			queued[x.ConversationID] = x.At
		case event.NameConversationAnswered, event.NameConversationAbandoned:
			from, known := queued[x.ConversationID]
			if wait := x.At.Sub(from); known && wait >= longWait {
				n, longest, last = n+1, max(longest, wait), laterOf(last, x.At)
			}
			delete(queued, x.ConversationID)
		}
	}
	if n == 0 {
		return nil
	}
	f := t.sum(FactJourney, "wait", fmt.Sprintf("Waited for an agent %s, up to %s.", t.often(n), count(int(longest/time.Minute), "minute")))
	f.At = last
	return []Fact{f}
}

func (t *teller) often(n int) string {
	if n == 1 {
		return "once"
	}
	return t.times(n)
}
