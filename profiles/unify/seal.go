package unify

import (
	"fmt"
	"strconv"

	"tributary/identity/match"
	"tributary/profiles/privacy"
)

// A model of identities holds short hashes of the values that several records have. Hashes of what somebody may
// guess, such as a name, say whether it was there; so a model is sealed wherever it is written, in the log
// and in the state, and who has these without the installation's key learns nothing of it.

// sealModel is a model as it is written; h may be nil: as it is.
func sealModel(h *privacy.Hasher, workspace string, m *match.Model) ([]byte, error) {
	encoded, err := m.MarshalBinary()
	if err != nil || h == nil {
		return encoded, err
	}
	return h.Seal(encoded, aboutModel(workspace, m.Number)...), nil
}

// ReadModel reads a model of a workspace as it is written. h is the hasher of the worker that wrote it.
func ReadModel(h *privacy.Hasher, workspace string, number uint32, written []byte) (m *match.Model, err error) {
	if h != nil {
		if written, err = h.Unseal(written, aboutModel(workspace, number)...); err != nil {
			return nil, fmt.Errorf("read model: %w", err)
		}
	}
	m = new(match.Model)
	if err := m.UnmarshalBinary(written); err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	return m, nil
}

func aboutModel(workspace string, number uint32) []string {
	return []string{"model of identities", workspace, strconv.FormatUint(uint64(number), 10)}
}
