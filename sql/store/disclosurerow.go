package store

import (
	"time"

	"github.com/google/uuid"
)

// DisclosureRow is a row of disclosures: what was shown of a person, to whom, and what for.
type DisclosureRow struct {
	Place

	Workspace         string    `json:"workspace"`
	Kind              string    `json:"kind"`                   // DisclosureAnswer or DisclosureListed
	Observations      []uint64  `json:"observations,omitempty"` // ObservationKey of each
	ObservationsTotal uint32    `json:"observations_total,omitempty"`
	Profile           uuid.UUID `json:"profile"`
	IdentityVersion   uint64    `json:"identity_version,omitempty"`
	Actor             string    `json:"actor"`
	Purpose           string    `json:"purpose,omitempty"`
	Reader            string    `json:"reader,omitempty"`
	Level             string    `json:"level,omitempty"`
	Route             string    `json:"route"`
	RequestID         string    `json:"request_id,omitempty"`
	Classes           []string  `json:"classes,omitempty"`
	Shown             []string  `json:"shown,omitempty"`
	Masked            []string  `json:"masked,omitempty"`
	Withheld          []string  `json:"withheld,omitempty"`
	DisclosedAt       time.Time `json:"disclosed_at"`
}

// The kinds of disclosure.
const (
	DisclosureAnswer = "answer"
	DisclosureListed = "listed" // one of several that an answer lists: candidates of an address, members of a segment
)

func disclosureColumns() []column[DisclosureRow] {
	type R = DisclosureRow
	return append([]column[R]{
		text("workspace", func(r *R) string { return r.Workspace }),
		text("kind", func(r *R) string { return r.Kind }),
		list("observations", "UInt64", func(r *R) []uint64 { return r.Observations }),
		uint32s("observations_total", func(r *R) uint32 { return r.ObservationsTotal }),
		id("profile", func(r *R) uuid.UUID { return r.Profile }),
		uint64s("identity_version", func(r *R) uint64 { return r.IdentityVersion }),
		text("actor", func(r *R) string { return r.Actor }),
		text("purpose", func(r *R) string { return r.Purpose }),
		text("reader", func(r *R) string { return r.Reader }),
		text("level", func(r *R) string { return r.Level }),
		text("route", func(r *R) string { return r.Route }),
		text("request_id", func(r *R) string { return r.RequestID }),
		list("classes", "String", func(r *R) []string { return r.Classes }),
		list("shown", "String", func(r *R) []string { return r.Shown }),
		list("masked", "String", func(r *R) []string { return r.Masked }),
		list("withheld", "String", func(r *R) []string { return r.Withheld }),
		moment("disclosed_at", func(r *R) time.Time { return r.DisclosedAt }),
	}, place(func(r *R) *Place { return &r.Place })...)
}
