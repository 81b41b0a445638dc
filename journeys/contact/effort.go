package contact

import (
	"time"

	"tributary/ingest/event"
)

// point is one effort, on the account of the step that causes it.
type point struct {
	kind              Friction
	times             float64 // 1; of a wait, minutes
	at                time.Time
	source, messageID string
	step              *Step
}

// meter goes through the steps of one journey, in order.
type meter struct {
	waitOver time.Duration
	points   []point

	verified, failed bool
	contact          *Step            // the last
	said             map[uint64]place // where the customer said something first
	told             map[string]string
}

// place is where something was said: to whom, as far as transfers tell.
type place struct {
	conversation string
	leg          int
}

// measure returns what was an effort in a journey.
func (c *chain) measure(waitOver time.Duration) []point {
	m := meter{waitOver: waitOver, said: map[uint64]place{}, told: map[string]string{}}
	for _, s := range c.steps {
		switch {
		case s.contact():
			m.contacted(s)
		case s.Kind == kindCase:
			for i := range s.MarkName {
				m.marked(s, i, FrictionReopened, 1)
			}
		case s.Kind == event.NameInvoicePaymentFailed:
			if m.failed {
				m.whole(s, FrictionPaymentLoop)
			}
			m.failed = true
		case s.Kind == event.NameInvoicePaid || s.Kind == event.NamePaymentReceived:
			m.failed = false
		}
	}
	return m.points
}

func (m *meter) contacted(s *Step) {
	if m.contact != nil && s.Channel != "" && m.contact.Channel != "" && s.Channel != m.contact.Channel {
		m.whole(s, FrictionChannelSwitch)
	}
	m.contact = s
	repeated := m.marks(s)
	to := s.teller()
	if s.Topic == "" || to == "" {
		return
	}
	if before := m.told[s.Topic]; !repeated && before != "" && before != to {
		m.whole(s, FrictionRepeated)
	}
	m.told[s.Topic] = to
}

// teller is whom a contact's matter was told: its last agent.
func (s *Step) teller() string {
	switch {
	case s.Agent != "":
		return s.Agent
	case s.AI && !s.Human:
		return string(HandlerAI)
	}
	return ""
}

// marks goes through the marked events of a contact, and says whether the customer repeated something.
func (m *meter) marks(s *Step) (repeated bool) {
	leg, identified := 0, false
	for i, name := range s.MarkName {
		switch name {
		case event.NameConversationTransferred, event.NameConversationHandedOff:
			m.marked(s, i, FrictionTransfer, 1)
			leg++
		case event.NameConversationVerified:
			if m.verified {
				m.marked(s, i, FrictionReverification, 1)
			}
			m.verified = true
		case event.NameConversationIdentified:
			if identified {
				m.marked(s, i, FrictionReverification, 1)
			}
			identified = true
		case event.NameConversationAnswered, event.NameConversationAbandoned:
			m.marked(s, i, FrictionWait, (s.MarkWait[i]-m.waitOver.Seconds())/60)
		case event.NameConversationMessage:
			here := place{s.Key, leg}
			first, known := m.said[s.MarkText[i]]
			if !known {
				m.said[s.MarkText[i]] = here
			} else if first != here {
				m.marked(s, i, FrictionRepeated, 1)
				repeated = true
			}
		}
	}
	return repeated
}

func (m *meter) marked(s *Step, i int, kind Friction, times float64) {
	m.points = append(m.points, point{kind, times, s.MarkAt[i], s.MarkSource[i], s.MarkMessage[i], s})
}

func (m *meter) whole(s *Step, kind Friction) {
	m.points = append(m.points, point{kind, 1, s.BeganAt, s.Source, s.MessageID, s})
}
