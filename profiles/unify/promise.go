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

// promise notes what an event promises, and that it may keep or change what was.
func (a *applier) promise(space *state.Space, r *record) {
	e := r.event
	if e.Type != event.TypeTrack || e.CX == nil {
		if space.HasPledged() && e.CX != nil && e.CX.AccountID != "" {
			a.lookAtAccount(space, e.CX.AccountID)
		}
		return
	}
	id := r.observation.ID
	about := event.AboutCommitment(e.Name)
	if about && e.CX.CommitmentID != "" && (e.Name == event.NameCommitmentProposed || e.Name == event.NameCommitmentMade) {
		space.Pledge(&profiles.Pledged{Observation: id, ID: e.CX.CommitmentID, AccountID: e.CX.AccountID, DueAt: e.CX.DueAt})
	}
	if !space.HasPledged() {
		return
	}
	if about || profiles.IsDeed(e.Name) {
		a.promised = append(a.promised, promised{workspace: space.Name(), observation: id})
	}
	if e.CX.AccountID != "" {
		a.lookAtAccount(space, e.CX.AccountID)
	}
}

func (a *applier) lookAtAccount(space *state.Space, account string) {
	a.promised = append(a.promised, promised{workspace: space.Name(), account: account})
}

// promisedMoved notes that a profile lost or got an observation.
func (a *applier) promisedMoved(space *state.Space, c *change) {
	if !space.HasPledged() {
		return
	}
	a.promised = append(a.promised, promised{workspace: space.Name(), observation: c.now.Observation})
	if c.known && c.was.Profile != c.now.Profile {
		a.promised = append(a.promised, promised{workspace: space.Name(), observation: c.was.Profile})
	}
}
