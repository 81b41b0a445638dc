package unify

import (
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/state"
)

// What was promised, and what became of it, is kept in the states of observations (profiles/commitment.go). Here is
// noted where promises are, and whose are to be looked at again (keeper.go).

// promised is whose promises are to be looked at: those of an observation's profile, or of all that were promised
// something about an account.
type promised struct {
	workspace   string
	observation identity.ObservationID
	account     string
}

// promise notes what an event promises, and that it may keep or change what was. What is said of an account may make its
// subject a part of it; only a deed concerns all to whom something was promised about the account.
func (a *applier) promise(space *state.Space, r *record) error {
	e, id := r.event, r.observation.ID
	if e.CX == nil {
		return nil
	}
	said := e.Type == event.TypeTrack && event.AboutCommitment(e.Name)
	if said && e.CX.CommitmentID != "" && (e.Name == event.NameCommitmentProposed || e.Name == event.NameCommitmentMade) {
		err := space.Pledge(&profiles.Pledged{Observation: id, ID: e.CX.CommitmentID, AccountID: e.CX.AccountID, DueAt: e.CX.DueAt})
		if err != nil {
			return err
		}
	}
	if !space.HasPledged() {
		return nil
	}
	did := e.Type == event.TypeTrack && event.IsDeed(e.Name)
	if said || did || e.CX.AccountID != "" {
		a.promised = append(a.promised, promised{workspace: space.Name(), observation: id})
	}
	if did && e.CX.AccountID != "" {
		a.promised = append(a.promised, promised{workspace: space.Name(), account: e.CX.AccountID})
	}
	return nil
}

// lookAtThem has the promises to observations looked at, as when use of them is no longer restricted.
func (a *applier) lookAtThem(space *state.Space, ids ...identity.ObservationID) {
	if !space.HasPledged() {
		return
	}
	for _, id := range ids {
		a.promised = append(a.promised, promised{workspace: space.Name(), observation: id})
	}
}

// promisedMoved notes that a profile lost or got an observation.
func (a *applier) promisedMoved(space *state.Space, c *change) {
	a.lookAtThem(space, c.now.Observation)
	if c.known && c.was.Profile != c.now.Profile {
		a.lookAtThem(space, c.was.Profile)
	}
}
