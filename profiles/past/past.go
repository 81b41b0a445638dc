// Package past answers who somebody was: the profile as it was known at a time, folded again from what
// had been received by then, and every value that a trait ever had.
package past

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tributary/identity"
	"tributary/profiles"
	"tributary/sql/store"
)

var (
	// ErrUnavailable is wrapped by what comes of an archive that does not answer, or does not hold yet
	// what was received by the time asked for.
	ErrUnavailable = errors.New("past: the archive cannot be read now")
	// ErrFuture is returned for a time that has not come.
	ErrFuture = errors.New("past: the time has not come")
)

// Keyer gives the key under which the archive has an identifier. identity.Engine is one.
type Keyer interface {
	IdentifierKey(workspace string, id identity.Identifier) uint64
}

// Arrived waits until the archive holds all that was received by a time, and what was decided of it.
type Arrived func(ctx context.Context, at time.Time) error

// Config is what a Service is made of. All is required.
type Config struct {
	Store    *store.Store
	Profiles *profiles.Service // that of now: how it resolves addresses, and by which rules it folds
	Rules    profiles.RuleBook
	Keys     Keyer
	Arrived  Arrived
	Now      func() time.Time
}

// Service answers from the analytics store. It is safe for concurrent use.
type Service struct {
	Config
	archive *archive
}

// New returns a service over an open store.
func New(c Config) (*Service, error) {
	var faults []error
	for field, ok := range map[string]bool{
		"store": c.Store != nil, "profiles": c.Profiles != nil, "rules": c.Rules != nil,
		"keys": c.Keys != nil, "arrived": c.Arrived != nil, "now": c.Now != nil,
	} {
		if !ok {
			faults = append(faults, fmt.Errorf("%s: is required", field))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("configure past: %w", err)
	}
	a, err := newArchive(c.Store)
	if err != nil {
		return nil, err
	}
	return &Service{c, a}, nil
}

// Get finds the profile that an address named at a time, as it was known then: by what had been received,
// to the millisecond. It fails like profiles.Service.Get, and with ErrFuture and ErrUnavailable.
//
// Rules of survivorship, identifiers that are blocked and the form of identifiers are those of now; and so is
// who may be told of: whoever is erased by now was never there, and whoever is restricted now is refused.
func (s *Service) Get(ctx context.Context, workspace string, address profiles.Address, at time.Time) (*profiles.Answer, error) {
	if at.After(s.Now()) {
		return nil, ErrFuture
	}
	if err := s.Arrived(ctx, at); err != nil {
		return nil, unavailable(err)
	}
	answer, err := s.Profiles.Over(&then{ctx: ctx, archive: s.archive, keys: s.Keys, at: at, now: s.Profiles}).At(at).Get(ctx, workspace, address)
	if err != nil {
		return nil, err
	}
	return answer, s.usable(ctx, workspace, answer)
}

// usable fails where use of what was a profile's is restricted now.
func (s *Service) usable(ctx context.Context, workspace string, answer *profiles.Answer) error {
	ids := make([]identity.ObservationID, len(answer.Profile.Observations))
	for i := range answer.Profile.Observations {
		ids[i] = answer.Profile.Observations[i].ID
	}
	return s.Profiles.Usable(ctx, workspace, ids...)
}

func unavailable(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// then is the hot store as it was at a time. It is for one call, whose context it holds.
type then struct {
	ctx     context.Context //nolint:containedctx // profiles.Hot has none: it never waits
	archive *archive
	keys    Keyer
	at      time.Time
	now     profiles.HotStore
}

// Snapshot implements profiles.HotStore.
func (t *then) Snapshot(workspace string) (profiles.Hot, error) {
	now, err := t.now.Snapshot(workspace)
	if err != nil {
		return nil, err
	}
	return &moment{
		then: t, today: now, workspace: workspace, at: t.at.UnixMilli(), seen: map[identity.ObservationID]*known{},
		shared: map[identity.Identifier]identity.SharedKind{},
	}, nil
}
