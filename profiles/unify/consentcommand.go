package unify

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/consent"
)

// ConsentCarry says that a refusal stands for another subject too: both were of one profile while it held
// back what was granted for that other. The program gives it by itself. From is To where it was said by, or
// of, somebody who is erased.
type ConsentCarry struct {
	To         ConsentSubject `json:"to"`
	From       ConsentSubject `json:"from"`
	Channel    event.Channel  `json:"channel"`
	Purpose    string         `json:"purpose"`
	At         time.Time      `json:"at"`
	ReceivedAt time.Time      `json:"received_at"`
	Source     string         `json:"source"`
	MessageID  string         `json:"message_id"`
	LegalBasis string         `json:"legal_basis,omitempty"`
	Evidence   string         `json:"evidence,omitempty"`
}

// ConsentSubject is a contact point, by type and normalised value, or an observation.
type ConsentSubject struct {
	Type        string                 `json:"type,omitempty"`
	Value       string                 `json:"value,omitempty"`
	Observation identity.ObservationID `json:"observation,omitzero"`
}

func subjectOf(s consent.Subject) ConsentSubject {
	return ConsentSubject{Type: s.Contact.Type, Value: s.Contact.Value, Observation: s.Observation}
}

func (s ConsentSubject) subject() consent.Subject {
	return consent.Subject{Contact: identity.Identifier{Type: s.Type, Value: s.Value}, Observation: s.Observation}
}

func newConsentCarry(x *consent.Said) ConsentCarry {
	return ConsentCarry{
		To: subjectOf(x.Subject), From: subjectOf(x.Origin), Channel: x.Channel, Purpose: x.Purpose,
		At: x.At, ReceivedAt: x.Received, Source: x.Source, MessageID: x.MessageID,
		LegalBasis: x.LegalBasis, Evidence: x.Evidence,
	}
}

func (c ConsentCarry) said() consent.Said {
	return consent.Said{Subject: c.To.subject(), Statement: consent.Statement{
		Scope: consent.Scope{Channel: c.Channel, Purpose: c.Purpose}, Status: event.ConsentRefused,
		At: c.At.UTC(), Received: c.ReceivedAt.UTC(), Source: c.Source, MessageID: c.MessageID,
		LegalBasis: c.LegalBasis, Evidence: c.Evidence, Origin: c.From.subject(),
	}}
}

// Name implements Command.
func (ConsentCarry) Name() string { return "consent.carry" }

// Validate implements Command.
func (c ConsentCarry) Validate() error {
	var f faults
	for field, s := range map[string]ConsentSubject{"to": c.To, "from": c.From} {
		contact := consent.IsContactType(s.Type) && s.Value != ""
		person := s.Observation != uuid.Nil && s.Type == "" && s.Value == ""
		f.check(contact && s.Observation == uuid.Nil || person, field+": must be a contact point or an observation")
	}
	said := c.said()
	f.check(c.To != c.From || said.IsBare(), "from: is the same as to")
	f.check(c.Channel != "", "channel: is required")
	f.check(event.ValidPurpose(c.Purpose), "purpose: must be a machine name or *")
	f.check(c.MessageID != "", "message_id: is required")
	for field, t := range map[string]time.Time{"at": c.At, "received_at": c.ReceivedAt} {
		f.check(!t.Before(event.MinTime) && !t.After(event.MaxTime), fmt.Sprintf("%s: must be between the years 1900 and 2261", field))
		f.check(t.Equal(t.Truncate(time.Millisecond)), field+": must be to the millisecond")
	}
	return f.err()
}
