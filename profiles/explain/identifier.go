package explain

import (
	"context"
	"errors"

	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/privacy"
)

// Standing is how one identifier stands. It is written as JSON as it stands.
type Standing struct {
	Value
	IdentityVersion uint64 `json:"identity_version" policy:"meta"`
	Model           uint32 `json:"model" policy:"meta"`
	Pending
	Untrusted []string `json:"untrusted" policy:"meta"`
}

// Identifier says how an identifier stands: unknown, personal, shared, generic or blocked. It fails with
// *profiles.AddressError, privacy.ErrRestricted if use of all who have it is restricted, ctx's error or
// that of the store.
func (s *Service) Identifier(ctx context.Context, workspace string, raw identity.Identifier) (answer *Standing, err error) {
	id, dropped := s.engine.Normalise(identity.Place{Workspace: workspace}, raw)
	if dropped != "" && dropped != identity.DropBlocked {
		return nil, &profiles.AddressError{Field: "address", Reason: reasons[dropped]}
	}
	m, err := s.open(workspace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	answer = &Standing{Model: m.status.Model, Pending: m.pending(), Untrusted: []string{"identifier", "reason", "blocked"}}
	if answer.IdentityVersion, err = m.IdentityVersion(); err != nil {
		return nil, err
	}
	if dropped != "" { // no observation has it
		answer.Value = newValue(&identity.ValueStatus{
			Identifier: raw, State: identity.ValueBlocked, Reason: "It is one of the values that identify nobody.",
		})
		return answer, nil
	}
	status, err := m.engine.Status(ctx, m.Facts(), m.linker, id)
	if err != nil {
		return nil, err
	}
	known := len(status.Profiles)
	if status.Profiles, err = m.shown(ctx, status.Profiles); err != nil {
		return nil, err
	}
	if known > 0 && len(status.Profiles) == 0 {
		return nil, privacy.ErrRestricted
	}
	answer.Value, err = m.value(status)
	return answer, err
}

// shown leaves out profiles whose use is restricted.
func (m *moment) shown(ctx context.Context, ids []identity.ProfileID) (shown []identity.ProfileID, err error) {
	for _, id := range ids {
		switch refused := profiles.Refused(ctx, m.Snapshot, id); {
		case refused == nil:
			shown = append(shown, id)
		case !errors.Is(refused, privacy.ErrRestricted):
			return nil, refused
		}
	}
	return shown, nil
}
