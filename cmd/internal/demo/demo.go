// Package demo makes up a company: a broadband provider with a few thousand customers who visit
// its web page, use its app, chat, call, write, get messages, bills and surveys, for 90 days.
//
// Everything is a function of Config: the same people, the same events, the same message ids. The
// events come in the form in which such sources would send them to the gateway, faults included:
// the same person under several identifiers, shared phones and mailboxes, late, doubled and
// out-of-order events, wrong clocks, malformed payloads. Truth says who each one really was.
//
// Addresses are of example.com, .org and .net (RFC 2606); phone numbers are those reserved for
// fiction (555-0100 to 555-0199 of the North American plan).
package demo

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"
)

// Config says how large the company is.
type Config struct {
	Seed      uint64    // default 1
	Customers int       // default 5,000
	Days      int       // default 90
	Until     time.Time // the history ends before this moment
}

// Validate fills in defaults and reports every fault.
func (c *Config) Validate() error {
	if c.Seed == 0 {
		c.Seed = 1
	}
	if c.Customers == 0 {
		c.Customers = 5000
	}
	if c.Days == 0 {
		c.Days = 90
	}
	var faults []error
	if c.Customers < 10 || c.Customers > maxCustomers {
		faults = append(faults, fmt.Errorf("customers: %d is not within 10 to %d", c.Customers, maxCustomers))
	}
	if c.Days < 7 || c.Days > 730 {
		faults = append(faults, fmt.Errorf("days: %d is not within 7 to 730", c.Days))
	}
	if c.Until.IsZero() {
		faults = append(faults, errors.New("until: must be set"))
	}
	return errors.Join(faults...)
}

// Sources of the company; each sends with a write key of its own.
const (
	SourceWeb       = "web"
	SourceApp       = "app"
	SourceChat      = "chat"
	SourceVoice     = "voice"
	SourceMailbox   = "mailbox"
	SourceMessaging = "messaging"
	SourceCRM       = "crm"
	SourceBilling   = "billing"
	SourceSupport   = "support"
	SourceSurvey    = "survey"
)

// Sources lists them, in the order in which write keys are made.
var Sources = []string{
	SourceWeb, SourceApp, SourceChat, SourceVoice, SourceMailbox,
	SourceMessaging, SourceCRM, SourceBilling, SourceSupport, SourceSurvey,
}

// Item is one message that one source sends.
type Item struct {
	Source string
	// ID is the message id, and Type the kind of call; both empty for malformed items.
	ID, Type string
	// Body is the message as JSON. It has no send time: that is the sender's to add.
	Body []byte
	// Skew is how far the client's clock is ahead of the truth; the times in Body have it in them.
	Skew time.Duration
	// Person is who it was about: the truth; empty for malformed items.
	Person string

	arrives time.Time // the order of sending
}

// Message is one call in the gateway's intake format (that of the Segment specification).
type Message struct {
	Type        string         `json:"type"`
	MessageID   string         `json:"messageId"`
	UserID      string         `json:"userId,omitempty"`
	AnonymousID string         `json:"anonymousId,omitempty"`
	Event       string         `json:"event,omitempty"`
	Name        string         `json:"name,omitempty"`
	Timestamp   string         `json:"timestamp"`
	Traits      map[string]any `json:"traits,omitempty"`
	Properties  map[string]any `json:"properties,omitempty"`
	Context     map[string]any `json:"context,omitempty"`
}

// Company is a generated history.
type Company struct {
	People []Person
	Items  []Item // in the order in which they are sent
	// Malformed is how many of Items the gateway must refuse, and Duplicates how many repeat an
	// earlier message id (Conflicting of them with another payload).
	Malformed, Duplicates, Conflicting int
}

// Generate makes the company up.
func Generate(c Config) (*Company, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	company := &Company{People: population(c)}
	for i := range company.People {
		w := newWriter(c, &company.People[i])
		w.life()
		if err := w.finish(company); err != nil {
			return nil, err
		}
	}
	company.disturb(rand.New(rand.NewPCG(c.Seed, 0xd157)))
	slices.SortStableFunc(company.Items, func(a, b Item) int {
		return cmp.Or(a.arrives.Compare(b.arrives), cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
	return company, nil
}

// WriteTruth writes record_id,entity_id: for each message its source and id, and who it was about.
// A message that was sent twice stands once.
func (c *Company) WriteTruth(to io.Writer) error {
	w := csv.NewWriter(to)
	if err := w.Write([]string{"record_id", "entity_id"}); err != nil {
		return err
	}
	seen := make(map[string]bool, len(c.Items))
	for _, item := range c.Items {
		id := item.Source + "/" + item.ID
		if item.Person == "" || seen[id] {
			continue
		}
		seen[id] = true
		if err := w.Write([]string{id, item.Person}); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
