package profiles

import (
	"fmt"

	"github.com/google/uuid"

	"tributary/identity"
)

// TypeObservation addresses whoever an observation belongs to: "observation:<uuid>". It follows the observation
// through every merge and split, so that what is about somebody for longer refers to that, and to no profile.
const TypeObservation = "observation"

// OfObservation is the address of whoever an observation belongs to.
func OfObservation(id identity.ObservationID) Address {
	return Address{{Type: TypeObservation, Value: id.String()}}
}

// byObservation finds the profile of an observation.
func (v view) byObservation(value string) (finding, error) {
	id, err := uuid.Parse(value)
	if err != nil || len(value) != len(uuid.Nil.String()) {
		return finding{}, &AddressError{"observation", "is not a UUID"}
	}
	a, known, err := v.Assignment(id)
	if err != nil {
		return finding{}, fmt.Errorf("read assignment: %w", err)
	}
	if !known {
		return finding{}, ErrNotFound
	}
	return finding{profiles: []identity.ProfileID{a.Profile}}, nil
}
