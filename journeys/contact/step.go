// Package contact tells how people contact us: journeys across channels, contacts that come again, and what
// makes them an effort. README.md defines each term; the answers repeat the definitions.
package contact

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
)

// Step is one thing in somebody's journey, a row of contact/steps: a conversation or a case with all of its
// events, a visit to web page or app, or a single event such as a bill.
type Step struct {
	Profile   uuid.UUID `ch:"profile"`
	Kind      string    `ch:"kind"` // conversation, case, visit, or the event's name
	Key       string    `ch:"key"`  // conversation or case id; otherwise the first event
	BeganAt   time.Time `ch:"began_at"`
	EndedAt   time.Time `ch:"ended_at"` // the last event, after-call work apart
	Source    string    `ch:"source"`   // of the first event
	MessageID string    `ch:"message_id"`
	Channel   string    `ch:"channel"` // the first that is said
	Topic     string    `ch:"topic"`   // the last that is said
	Team      string    `ch:"team"`
	Agent     string    `ch:"agent"` // the last
	Parent    string    `ch:"parent"`
	// AI, Human: one of them took part. Customer: the customer began it, or said something, or nothing is said of who did.
	AI         bool     `ch:"ai"`
	Human      bool     `ch:"human"`
	Customer   bool     `ch:"customer"`
	Abandoned  bool     `ch:"abandoned"`  // by the customer, and nothing came of it afterwards
	Resolution string   `ch:"resolution"` // the last that is said; of a case: none while it is not resolved
	Sources    []string `ch:"sources"`    // ascending
	Events     uint64   `ch:"events"`     // how many it is made of
	// Of answers to surveys.
	Survey string   `ch:"survey"`
	Score  *float64 `ch:"score"`
	Scale  string   `ch:"scale"`
	About  string   `ch:"about"` // conversation id
	// What of it is an effort, in order of time, an element each: see marks of friction.
	MarkAt      []time.Time `ch:"mark_at"`
	MarkName    []string    `ch:"mark_name"`
	MarkSource  []string    `ch:"mark_source"`
	MarkMessage []string    `ch:"mark_message"`
	MarkWait    []float64   `ch:"mark_wait"` // seconds
	MarkText    []uint64    `ch:"mark_text"` // hash of what the customer said
}

// The kinds of step that are made of several events.
const (
	kindConversation = "conversation"
	kindCase         = "case"
	kindVisit        = "visit"
)

// Handler is who handled a contact.
type Handler string

// The handlers. HandlerBoth: an AI first, and then a human, or the other way round.
const (
	HandlerAI    Handler = "ai"
	HandlerHuman Handler = "human"
	HandlerBoth  Handler = "ai_and_human"
	HandlerNone  Handler = "none"
)

// Handlers lists them.
func Handlers() []Handler { return []Handler{HandlerAI, HandlerHuman, HandlerBoth, HandlerNone} }

func (s *Step) handler() Handler {
	switch {
	case s.AI && s.Human:
		return HandlerBoth
	case s.AI:
		return HandlerAI
	case s.Human:
		return HandlerHuman
	}
	return HandlerNone
}

// contact says whether a step is a contact: a conversation in which the customer took part.
func (s *Step) contact() bool { return s.Kind == kindConversation && s.Customer }

// causes are the events that make steps of their own, and what each is called in a journey.
var causes = map[string]string{
	event.NameInvoiceIssued: "bill", event.NameInvoiceOverdue: "bill_overdue", event.NameInvoiceVoided: "bill",
	event.NameInvoicePaid: "payment", event.NamePaymentReceived: "payment", event.NameInvoicePaymentFailed: "payment_failed",
	event.NameOrderPlaced: "order", event.NameOrderShipped: "order", event.NameOrderDelivered: "order",
	event.NameOrderDelayed: "order_delayed", event.NameOrderReturned: "order_returned",
	event.NameSubscriptionStarted: "subscription", event.NameSubscriptionChanged: "subscription",
	event.NameSubscriptionCancelled: "cancellation",
	event.NameRefundIssued:          "refund", event.NameCreditIssued: "refund",
	event.NameDisputeOpened: "dispute", event.NameComplaintOpened: "complaint",
	event.NameIncidentOpened: "incident", event.NameAppointmentMissed: "appointment_missed",
}

func causeNames() []string {
	names := make([]string, 0, len(causes))
	for name := range causes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// before orders the steps of one person.
func before(a, b *Step) int {
	if c := a.BeganAt.Compare(b.BeganAt); c != 0 {
		return c
	}
	if c := strings.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	return strings.Compare(a.Key, b.Key)
}

// roots maps each of somebody's conversations to the one that it goes on from: a bot's conversation that is
// handed to a human in another one is one contact. A parent that is not among them leads no further; what leads
// into a circle goes on from nothing.
func roots(steps []*Step) map[string]string {
	parent := map[string]string{}
	for _, s := range steps {
		if s.Kind == kindConversation {
			parent[s.Key] = s.Parent
		}
	}
	root := make(map[string]string, len(parent))
	for key := range parent {
		root[key] = rootOf(parent, key)
	}
	return root
}

func rootOf(parent map[string]string, key string) string {
	at := key
	for range parent {
		up := parent[at]
		if _, known := parent[up]; up == "" || !known {
			return at
		}
		at = up
	}
	return key
}
