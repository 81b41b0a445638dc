package unify

import (
	"fmt"
	"slices"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/consent"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
)

// An erasure takes out what was said of contact points that were the person's alone, of the person's
// observations, and by the person of contact points that others have too. A refusal that stands against
// somebody else stays, without anything that tells of the person, and the log is told of it: the records that
// it came from are replaced.

// eraseConsent does that for the erasures that a step carried out.
func (a *applier) eraseConsent(space *state.Space, all []erasing) error {
	if a.Hasher == nil {
		return nil
	}
	erased := func(s consent.Subject) bool {
		return slices.ContainsFunc(all, func(e erasing) bool { return e.holds(a.Hasher, space.Name(), s) })
	}
	if err := a.dropErased(space, erased); err != nil {
		return err
	}
	return space.EachConsent(func(of consent.Subject, l *consent.Ledger) error {
		if erased(of) {
			space.ForgetConsent(of)
			return nil
		}
		bare, changed := l.Forget(of, erased)
		if !changed {
			return nil
		}
		if err := space.PutConsent(of, l); err != nil {
			return fmt.Errorf("forget consent: %w", err)
		}
		for i := range bare {
			if err := a.carryOne(space, &consent.Said{Subject: of, Statement: bare[i]}); err != nil {
				return err
			}
		}
		return nil
	})
}

// keepRefusals keeps what an event of an erased person, which the state never had, refuses for contact points that
// others have too: as eraseConsent does of what the state had.
func (a *applier) keepRefusals(space *state.Space, r *record) error {
	for _, said := range consent.FromEvent(r.event, &r.observation) {
		if said.Status != event.ConsentRefused || !said.IsContact() || a.isErased(space, r, said.Subject) {
			continue
		}
		if others, err := of(space, said.Subject); len(others) == 0 || err != nil {
			if err != nil {
				return err
			}
			continue // nobody else is known by it: keeping it would keep theirs
		}
		said.Statement = said.Bare(said.Subject)
		if err := a.carryOne(space, &said); err != nil {
			return err
		}
	}
	return nil
}

// holds says whether a subject of consent was the erased person's alone.
func (e *erasing) holds(hasher *privacy.Hasher, workspace string, s consent.Subject) bool {
	if s.IsContact() {
		return e.erasure.Holds(hasher.Identifier(workspace, s.Contact))
	}
	return slices.Contains(e.gone, s.Observation) || slices.Contains(e.erasure.Observations, s.Observation)
}

// dropErased forgets commands that wait for the log and name the erased.
func (a *applier) dropErased(space *state.Space, erased func(consent.Subject) bool) error {
	return space.EachCarried(func(id string, value []byte) error {
		command, err := ParseCommand(value)
		if err != nil {
			return err
		}
		if c, ok := command.(ConsentCarry); ok && (erased(c.To.subject()) || erased(c.From.subject())) {
			space.DropCarried(id)
		}
		return nil
	})
}

// withoutErased leaves of a refusal that is carried what says nothing of who is erased; false: it is to none.
func (a *applier) withoutErased(space *state.Space, r *record, said *consent.Said) bool {
	if a.Hasher == nil || space.Erasures().Len() == 0 {
		return true
	}
	if a.isErased(space, r, said.Subject) {
		return false
	}
	if a.isErased(space, r, said.Origin) {
		said.Statement = said.Bare(said.Subject)
	}
	return true
}

func (a *applier) isErased(space *state.Space, r *record, s consent.Subject) bool {
	var hashes []privacy.IdentifierHash
	var observation identity.ObservationID
	if s.IsContact() {
		hashes = append(hashes, a.Hasher.Identifier(space.Name(), s.Contact))
	} else {
		observation = s.Observation
	}
	return space.Erasures().Of(r.Position, r.ReceivedAt, observation, hashes) != nil
}
