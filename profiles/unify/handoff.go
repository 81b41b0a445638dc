package unify

import (
	"errors"

	"tributary/profiles/handoff"
	"tributary/profiles/state"
)

// handoff takes in what an event says of a hand-off. One that is no step of any, which no program of ours wrote,
// stays an event like others.
func (a *applier) handoff(space *state.Space, r *record) error {
	if !handoff.Is(r.event) {
		return nil
	}
	step, err := handoff.ParseStep(r.event)
	if errors.Is(err, handoff.ErrNoStep) {
		a.Logger.Warn("an event is no step of a hand-off", "place", r.String())
		return nil
	}
	if err != nil {
		return err
	}
	_, err = space.AddHandoff(r.observation.ID, step)
	return err
}
