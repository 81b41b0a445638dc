package store

import (
	"time"

	"github.com/google/uuid"
)

// ConsentRow is a row of consent_changes: one thing that was said of consent, about a contact point or,
// where none was named, an observation. See profiles/consent.
type ConsentRow struct {
	Place

	Workspace   string    `json:"workspace"`
	ContactType string    `json:"contact_type,omitempty"` // email or phone; empty: said of the observation
	Contact     string    `json:"contact,omitempty"`      // normalised
	Observation uuid.UUID `json:"observation,omitzero"`   // who said it; zero of what was carried to a contact point
	Channel     string    `json:"channel"`                // *: any
	Purpose     string    `json:"purpose"`                // *: any
	Status      string    `json:"status"`                 // granted, refused or pending
	LegalBasis  string    `json:"legal_basis,omitempty"`
	Evidence    string    `json:"evidence,omitempty"`
	ValidUntil  time.Time `json:"valid_until,omitzero"` // zero: it does not end by itself
	// Carried: it was said of the origin, and holds here since both were of one profile.
	Carried           bool      `json:"carried,omitempty"`
	OriginContactType string    `json:"origin_contact_type,omitempty"`
	OriginContact     string    `json:"origin_contact,omitempty"`
	OriginObservation uuid.UUID `json:"origin_observation,omitzero"`
	Source            string    `json:"source"`
	MessageID         string    `json:"message_id"`
	At                time.Time `json:"at"` // the corrected time
	ReceivedAt        time.Time `json:"received_at"`
}

func consentColumns() []column[ConsentRow] {
	type R = ConsentRow
	return append([]column[R]{
		text("workspace", func(r *R) string { return r.Workspace }),
		text("contact_type", func(r *R) string { return r.ContactType }),
		text("contact", func(r *R) string { return r.Contact }),
		id("observation", func(r *R) uuid.UUID { return r.Observation }),
		text("channel", func(r *R) string { return r.Channel }),
		text("purpose", func(r *R) string { return r.Purpose }),
		text("status", func(r *R) string { return r.Status }),
		text("legal_basis", func(r *R) string { return r.LegalBasis }),
		text("evidence", func(r *R) string { return r.Evidence }),
		moment("valid_until", func(r *R) time.Time { return r.ValidUntil }),
		boolean("carried", func(r *R) bool { return r.Carried }),
		text("origin_contact_type", func(r *R) string { return r.OriginContactType }),
		text("origin_contact", func(r *R) string { return r.OriginContact }),
		id("origin_observation", func(r *R) uuid.UUID { return r.OriginObservation }),
		text("source", func(r *R) string { return r.Source }),
		text("message_id", func(r *R) string { return r.MessageID }),
		moment("at", func(r *R) time.Time { return r.At }),
		moment("received_at", func(r *R) time.Time { return r.ReceivedAt }),
	}, place(func(r *R) *Place { return &r.Place })...)
}
