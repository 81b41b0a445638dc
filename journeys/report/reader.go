package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tributary/profiles/analysis"
	"tributary/sql/store"
)

// Segments knows how new the members of a segment are that the analytics store has; analysis.Service does.
type Segments interface {
	// Published tells it of a declared segment. It fails with analysis.ErrNoSegment.
	Published(workspace, name string) (analysis.Published, error)
}

// Restrictions knows of whom nothing may be reported; state.Store is one.
type Restrictions interface {
	// RestrictedPeople lists the observations whose use a workspace restricts, and the profiles that they belong to now.
	RestrictedPeople(workspace string) ([]uuid.UUID, error)
}

// About is what every answer says of itself.
type About struct {
	// Definition says in words how the numbers come about; its version is what a changed one is told by.
	Definition string  `json:"definition" policy:"meta"`
	Scope      Request `json:"scope" policy:"-"`
	// IdentityVersion is the state of who is who that the numbers were made by, and AsOf the time up to which
	// what was received is in them: asked for as identity_as_of and known_at they give the same numbers again.
	IdentityVersion uint64    `json:"identity_version" policy:"meta"`
	AsOf            time.Time `json:"as_of" policy:"meta"`
	// Segment says how new the members are of the segment that the scope is confined to; absent: it is to none.
	Segment *analysis.Published `json:"segment,omitempty" policy:"-"`
	// Sample is how many people and events the numbers are made of.
	Sample Sample `json:"sample" policy:"-"`
}

// Sample is what numbers are made of.
type Sample struct {
	People uint64 `json:"people" policy:"meta"`
	Events uint64 `json:"events" policy:"meta"`
}

// Reader makes scopes ready to be read. It is safe for concurrent use.
type Reader struct {
	segments   Segments
	restricted Restrictions
	version    store.Query[versionRow]
	now        func() time.Time
}

type versionRow struct {
	Version uint64 `ch:"version"`
}

// NewReader returns a reader over an open store. restricted may be nil: nobody is.
func NewReader(s *store.Store, segments Segments, restricted Restrictions, now func() time.Time) (*Reader, error) {
	version, err := store.Prepare[versionRow](s, "identity/version")
	if err != nil {
		return nil, err
	}
	return &Reader{segments: segments, restricted: restricted, version: version, now: now}, nil
}

// Resolve finds who is restricted, makes KnownAt the present time where it is not given, and returns what an answer says of
// itself, but for the sample. It fails as Segments does.
func (r *Reader) Resolve(ctx context.Context, s *Scope, definition string) (About, error) {
	about := About{Definition: definition, IdentityVersion: s.IdentityAsOf}
	if s.Segment != "" {
		published, err := r.segments.Published(s.Workspace, s.Segment) // before the members are read: they may be newer
		if err != nil {
			return About{}, fmt.Errorf("read segment: %w", err)
		}
		about.Segment = &published
	}
	if r.restricted != nil {
		var err error
		if s.Restricted, err = r.restricted.RestrictedPeople(s.Workspace); err != nil {
			return About{}, fmt.Errorf("read restrictions: %w", err)
		}
	}
	if s.KnownAt.IsZero() {
		s.KnownAt = r.now().UTC().Truncate(time.Millisecond)
	}
	about.AsOf, about.Scope = s.KnownAt.UTC(), s.Request()
	if s.IdentityAsOf != 0 {
		return about, nil
	}
	row, err := r.version.One(ctx, store.Params{"workspace": s.Workspace})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return About{}, err
	}
	about.IdentityVersion = row.Version
	return about, nil
}
