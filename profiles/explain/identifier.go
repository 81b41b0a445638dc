package explain

import (
	"context"
	"errors"

	"tributary/identity"
	"tributary/profiles"
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
// *profiles.AddressError, ctx's error or that of the store.
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
	answer.Value, err = m.value(status)
	return answer, err
}
