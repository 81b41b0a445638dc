package explain

import (
	"encoding/json"
	"errors"

	"tributary/identity"
)

// Ruled are the rules of a workspace.
type Ruled struct {
	// Rules is the document as identity.Rules.Encode writes it; that of the default rules where the
	// workspace has none of its own.
	Rules json.RawMessage `json:"rules"`
	// Own says that it has.
	Own bool `json:"own"`
	Pending
}

// Rules returns the rules of a workspace.
func (s *Service) Rules(workspace string) (ruled Ruled, err error) {
	m, err := s.open(workspace)
	if err != nil {
		return ruled, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	encoded, err := m.Rules()
	ruled = Ruled{Rules: encoded, Own: len(encoded) > 0, Pending: m.pending()}
	if !ruled.Own {
		ruled.Rules = identity.Rules{}.Encode()
	}
	return ruled, err
}
