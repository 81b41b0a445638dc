// Package explain says why somebody is who they are, from the hot state: what links the observations of
// a profile, why others are not of it, what one identifier more would do, how an identifier stands, and
// what other rules would make of the whole history. It changes nothing.
package explain

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
)

// maxAdd bounds Question.Add.
const maxAdd = 10

// Store gives views of the hot state; state.Store is one.
type Store interface {
	View(workspace string) (*state.Snapshot, error)
}

// Finder finds the profile that an address names; profiles.Service is one.
type Finder interface {
	Find(ctx context.Context, hot profiles.Hot, workspace string, address profiles.Address) (*profiles.Found, error)
}

// Service explains. It is safe for concurrent use.
type Service struct {
	store  Store
	engine *identity.Engine // as configured, without the rules of a workspace
	finder Finder
	models models
}

// NewService returns a service over the hot state.
func NewService(store Store, engine *identity.Engine, finder Finder) *Service {
	return &Service{store: store, engine: engine, finder: finder}
}

// Sealed returns the service with what reads the models, which the worker seals by it. It is called before the
// service is used.
func (s *Service) Sealed(h *privacy.Hasher) *Service {
	s.models.hasher = h
	return s
}

// Question is what is to be explained.
type Question struct {
	Address profiles.Address
	// With asks why another profile is the same, or is not; nil: nothing.
	With profiles.Address
	// Add asks what would be if these were said of the profile as well.
	Add []identity.Identifier
	// Read asks for Said.Read.
	Read bool
}

// FieldError says which part of a question is at fault.
type FieldError struct {
	Field string // "with" or "add[0]"
	Err   error
}

// Error returns "field: error".
func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *FieldError) Unwrap() error { return e.Err }

// Explain explains the profile that an address names. It fails with profiles.ErrNotFound,
// *profiles.AddressError, *profiles.AmbiguousError, a *FieldError around one of these,
// identity.ErrTooLarge, ctx's error or that of the store.
func (s *Service) Explain(ctx context.Context, workspace string, q Question) (answer *Answer, err error) {
	m, err := s.open(workspace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	m.read = q.Read
	found, id, err := s.observation(ctx, m, q.Address)
	if err != nil {
		return nil, err
	}
	o := identity.ExplainOptions{Suppose: m.suppose}
	if q.With != nil {
		if _, o.With, err = s.observation(ctx, m, q.With); err != nil {
			return nil, &FieldError{"with", err}
		}
	}
	if o.Add, err = s.normalised(workspace, q.Add); err != nil {
		return nil, err
	}
	x, err := m.engine.Explain(ctx, m.Facts(), m.linker, id, o)
	if err != nil {
		return nil, err
	}
	x.Apart = slices.DeleteFunc(x.Apart, func(a identity.Apart) bool { return profiles.Refused(ctx, m.Snapshot, a.Profile) != nil })
	return m.answer(found, x)
}

// observation finds the profile that an address names, and of its observations the one to ask about: the
// first that holds the identifier, or the one whose id was given.
func (s *Service) observation(ctx context.Context, m *moment, address profiles.Address) (*profiles.Found, identity.ObservationID, error) {
	found, err := s.finder.Find(ctx, m, m.workspace, address)
	if err != nil {
		return nil, uuid.Nil, err
	}
	if address[0].Type == profiles.TypeProfile {
		if found.Requested != uuid.Nil {
			return found, found.Requested, nil
		}
		return found, found.Profile, nil
	}
	if address[0].Type == profiles.TypeObservation {
		return found, uuid.MustParse(address[0].Value), nil // Find has parsed it
	}
	for _, raw := range address {
		id, dropped := s.engine.Normalise(identity.Place{Workspace: m.workspace}, raw)
		if dropped != "" {
			continue
		}
		holders, err := m.Holders(id)
		if err != nil {
			return nil, uuid.Nil, err
		}
		for _, o := range holders {
			a, known, err := m.Assignment(o)
			if err != nil {
				return nil, uuid.Nil, err
			}
			if known && a.Profile == found.Profile {
				return found, o, nil
			}
		}
	}
	return found, found.Profile, nil
}

// normalised brings identifiers into their one form.
func (s *Service) normalised(workspace string, raw []identity.Identifier) ([]identity.Identifier, error) {
	if len(raw) > maxAdd {
		return nil, &FieldError{"add", &profiles.AddressError{Field: "add", Reason: fmt.Sprintf("is given more than %d times", maxAdd)}}
	}
	var list []identity.Identifier
	for i, r := range raw {
		id, dropped := s.engine.Normalise(identity.Place{Workspace: workspace}, r)
		if dropped != "" {
			return nil, &FieldError{fmt.Sprintf("add[%d]", i), &profiles.AddressError{Field: "add", Reason: reasons[dropped]}}
		}
		list = append(list, id)
	}
	return list, nil
}

// reasons say why an identifier names nobody.
var reasons = map[identity.DropReason]string{
	identity.DropUnusable:    "has a value that is none of its type; write telephone numbers with + and the country's code",
	identity.DropBlocked:     "has a value that identifies nobody",
	identity.DropUnknownType: "must be of the type user_id, email, phone, anonymous_id, device_id or <source>.<kind>",
}
