package unify

import (
	"tributary/profiles"
	"tributary/profiles/state"
)

// account keeps what an event says of the account that it names, and that its subject has a part in it.
func (a *applier) account(space *state.Space, r *record) {
	cx := r.event.CX
	if cx == nil || cx.AccountID == "" {
		return
	}
	o := &r.observation
	speaker, person := profiles.AccountSpeaker(o.ID, r.event.Source, o.RecordID, len(o.Identifiers))
	if person {
		space.AddMembership(cx.AccountID, o.ID).Apply(r.event)
	}
	if profiles.StatesAccount(r.event) {
		space.AddAccount(cx.AccountID, speaker, profiles.SayingOf(r.event)).ApplyAccount(r.event, r.Position)
	}
}
