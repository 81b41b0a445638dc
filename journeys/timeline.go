// Package journeys shows what happened to a customer, in order.
package journeys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
)

// The bounds of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 500
)

// ErrArchive is wrapped by every error of the archive.
var ErrArchive = errors.New("journeys: read archive")

// minSecret is the least length of the secret that binds cursors, in bytes.
const minSecret = 16

// Profiles finds the profile that an address names; profiles.Service is one.
type Profiles interface {
	Get(ctx context.Context, workspace string, address profiles.Address) (*profiles.Answer, error)
}

// Archive holds the events of all time; Events is one, on ClickHouse.
type Archive interface {
	// Before returns the newest events of the observations that are older than key, newest first,
	// at most limit. A nil key means from the newest on; of channels, where there are any, no others.
	Before(ctx context.Context, workspace string, observations []identity.ObservationID, key *Key, channels []event.Channel, limit int) ([]profiles.Interaction, error)
}

// Tier says where a page comes from.
type Tier string

// The tiers. The hot tier holds every event that is acknowledged and applied; the archive may be
// some seconds behind it.
const (
	TierHot     Tier = "hot"
	TierArchive Tier = "archive"
)

// Timeline pages through the events of a profile, newest first: from the hot state as far as it
// reaches, then from the archive. It is safe for concurrent use.
type Timeline struct {
	profiles Profiles
	archive  Archive
	cursors  cursors
}

// NewTimeline returns a timeline. The secret binds cursors and must be the same on all servers.
func NewTimeline(p Profiles, archive Archive, secret []byte) (*Timeline, error) {
	if len(secret) < minSecret {
		return nil, fmt.Errorf("configure timeline: secret: has %d bytes, needs %d", len(secret), minSecret)
	}
	return &Timeline{profiles: p, archive: archive, cursors: cursors{secret}}, nil
}

// Request asks for one page.
type Request struct {
	Workspace string
	Address   profiles.Address
	Cursor    string // Page.Next of the page before; empty for the first
	Limit     int    // default DefaultLimit, at most MaxLimit
	// Channels are those whose events are told; none: all events. A cursor goes on whatever the channels are.
	Channels []event.Channel

	// Until is the latest time that is told of; zero: all. It says where the first page begins, as Cursor does of others.
	Until time.Time
}

// Page is one page of a timeline.
type Page struct {
	Profile         identity.ProfileID
	Requested       identity.ProfileID // see profiles.Answer
	Answer          *profiles.Answer   // what is known of the profile
	IdentityVersion uint64
	Events          []profiles.Interaction // newest first; may be fewer than asked for
	Next            string                 // empty: there is nothing older
	Tier            Tier
}

// Page returns one page. It fails as profiles.Service.Get does, with ErrCursor, or with
// ErrArchive; a page of the hot tier never waits for the archive.
func (t *Timeline) Page(ctx context.Context, r Request) (*Page, error) {
	answer, err := t.profiles.Get(ctx, r.Workspace, r.Address)
	if err != nil {
		return nil, err
	}
	p := &answer.Profile
	page := &Page{Profile: p.ID, Requested: answer.Requested, IdentityVersion: answer.IdentityVersion, Answer: answer, Tier: TierHot}
	var from *Key
	if !r.Until.IsZero() {
		from = &Key{OrderedAt: r.Until.UTC().Truncate(time.Millisecond).Add(time.Millisecond), OriginalAt: time.UnixMilli(0)}
	}
	if r.Cursor != "" {
		key, err := t.cursors.decode(r.Workspace, p.ID, r.Cursor)
		if err != nil {
			return nil, err
		}
		if from == nil || key.before(*from) {
			from = &key
		}
	}
	limit := clampLimit(r.Limit)
	var more bool
	if page.Events, more = hot(p, from, r.Channels, limit); len(page.Events) == 0 && more {
		page.Tier = TierArchive
		page.Events, err = t.archive.Before(ctx, r.Workspace, observations(p), from, r.Channels, limit)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrArchive, err)
		}
		more = len(page.Events) == limit
	}
	if n := len(page.Events); more && n > 0 {
		page.Next = t.cursors.encode(r.Workspace, p.ID, keyOf(&page.Events[n-1]))
	}
	return page, nil
}

func clampLimit(n int) int {
	if n <= 0 {
		return DefaultLimit
	}
	return min(n, MaxLimit)
}

// hot returns what the profile holds of the page, as far as it misses nothing, and whether there
// is more beyond.
func hot(p *profiles.Profile, from *Key, channels []event.Channel, limit int) (page []profiles.Interaction, more bool) {
	for i := range p.Interactions[:p.Whole] {
		x := &p.Interactions[i]
		if from != nil && !keyOf(x).before(*from) || len(channels) > 0 && !slices.Contains(channels, x.Channel) {
			continue
		}
		if len(page) == limit {
			return page, true
		}
		page = append(page, *x)
	}
	return page, !p.Complete.IsZero()
}

func observations(p *profiles.Profile) []identity.ObservationID {
	ids := make([]identity.ObservationID, len(p.Observations))
	for i := range p.Observations {
		ids[i] = p.Observations[i].ID
	}
	return ids
}
