package store

import (
	"time"

	"github.com/google/uuid"
)

// ProfileSegmentsRow is a row of profile_segments: which segments a profile is in, as it was judged last. Of the rows of a
// profile the one of the greatest version counts.
type ProfileSegmentsRow struct {
	Place

	Workspace string    `json:"workspace"`
	Profile   uuid.UUID `json:"profile"`
	// Version is the number, in the workspace's feed of changes, of the last change that the row says.
	Version uint64 `json:"version"`
	// Segments ascend; since when the profile is in each, Since says: Unix milliseconds of the workspace's clock. Empty:
	// the profile is in none any more.
	Segments  []string  `json:"segments,omitempty"`
	Since     []int64   `json:"since,omitempty"`
	UpdatedAt time.Time `json:"updated_at"` // the workspace's clock when the profile was judged
}

func profileSegmentsColumns() []column[ProfileSegmentsRow] {
	type R = ProfileSegmentsRow
	return append([]column[R]{
		text("workspace", func(r *R) string { return r.Workspace }),
		id("profile", func(r *R) uuid.UUID { return r.Profile }),
		uint64s("version", func(r *R) uint64 { return r.Version }),
		list("segments", "String", func(r *R) []string { return r.Segments }),
		list("since", "Int64", func(r *R) []int64 { return r.Since }),
		moment("updated_at", func(r *R) time.Time { return r.UpdatedAt }),
	}, place(func(r *R) *Place { return &r.Place })...)
}
