package unify

import (
	"context"
	"fmt"
	"runtime/debug"

	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/consent"
	"tributary/profiles/live"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/sql/store"
)

// What is said of consent is kept for each contact point, or observation. A refusal that holds back what
// was granted for another subject of the same profile is carried to that one, so that it stands whatever
// becomes of the profile: in the state at once, and in the log as a command (carrier.go). What was merged
// is known by looking: after every step, at the profiles of the observations in examined.
//
// A state that is made again from the log passes through mergers that nobody ever saw, as commands and
// events come in another order. Nothing is carried by itself until all is applied that the log held when
// the worker began: the log has the commands of what was. Till then the observations are noted in the state.

// examinedStep is how many noted observations a step looks at.
const examinedStep = 256

// examined are observations whose profiles are to be looked at when the step ends.
type examined struct {
	space       *state.Space
	observation identity.ObservationID
}

// examine notes that a profile got this observation, or that something was said of consent there.
func (a *applier) examine(space *state.Space, ids ...identity.ObservationID) {
	if !space.HasConsent() {
		return
	}
	a.reconsider(space, nil, ids...)
	for _, id := range ids {
		a.examined = append(a.examined, examined{space, id})
	}
}

// consent adds what an event says of consent.
func (a *applier) consent(space *state.Space, r *record) error {
	for _, said := range consent.FromEvent(r.event, &r.observation) {
		if _, err := space.Say(&said); err != nil {
			return fmt.Errorf("keep consent: %w", err)
		}
		if err := a.row(r, outbox.TableConsentChanges, consentRow(r.Workspace, &said)); err != nil {
			return err
		}
		who, err := of(space, said.Subject)
		if err != nil {
			return err
		}
		a.examine(space, who...)
		space.Tell(live.Entry{Kind: live.ConsentChanged, Observation: r.observation.ID})
		tellConsent(space, who)
	}
	return nil
}

// of returns the observations that a subject is, or that hold it.
func of(space *state.Space, s consent.Subject) ([]identity.ObservationID, error) {
	if !s.IsContact() {
		return []identity.ObservationID{s.Observation}, nil
	}
	holders, err := space.Holders(s.Contact)
	if err != nil {
		return nil, fmt.Errorf("read holders: %w", err)
	}
	return holders, nil
}

// carryConsent carries out ConsentCarry.
func (a *applier) carryConsent(space *state.Space, r *record, c ConsentCarry) error {
	said := c.said()
	space.DropCarried(consent.CarryID(space.Name(), said.Subject, &said.Statement))
	if !a.withoutErased(space, r, &said) {
		return nil
	}
	if _, err := space.Hold(&said); err != nil {
		return fmt.Errorf("carry refusal: %w", err)
	}
	who, err := of(space, said.Subject)
	if err != nil {
		return err
	}
	a.reconsider(space, r, who...)
	tellConsent(space, who)
	return a.row(r, outbox.TableConsentChanges, consentRow(r.Workspace, &said))
}

func consentRow(workspace string, x *consent.Said) *store.ConsentRow {
	observation := x.Speaker
	if !x.IsContact() {
		observation = x.Observation
	}
	return &store.ConsentRow{
		Workspace: workspace, ContactType: x.Contact.Type, Contact: x.Contact.Value, Observation: observation,
		Channel: string(x.Channel), Purpose: x.Purpose, Status: string(x.Status),
		LegalBasis: x.LegalBasis, Evidence: x.Evidence, ValidUntil: x.ValidUntil,
		Carried:           x.Origin != consent.Subject{},
		OriginContactType: x.Origin.Contact.Type, OriginContact: x.Origin.Contact.Value, OriginObservation: x.Origin.Observation,
		Source: x.Source, MessageID: x.MessageID, At: x.At, ReceivedAt: x.Received,
	}
}

// carryAll carries what the step's changes call for.
func (a *applier) carryAll(ctx context.Context, fs *feeds) error {
	if !a.current && !fs.current() {
		for _, x := range a.examined {
			x.space.PutUnseen(x.observation)
		}
		a.examined = a.examined[:0]
		return nil
	}
	if !a.current {
		a.current, a.unseen = true, true
	}
	seen := map[examined]bool{} // by profile
	for _, x := range a.examined {
		if err := a.carryFor(ctx, x, seen); err != nil {
			return err
		}
	}
	a.examined = a.examined[:0]
	return a.carryUnseen(ctx, seen)
}

// carryUnseen looks at some of the observations that were noted.
func (a *applier) carryUnseen(ctx context.Context, seen map[examined]bool) error {
	if !a.unseen {
		return nil
	}
	names, err := a.State.UnseenWorkspaces()
	if err != nil {
		return err
	}
	left := examinedStep
	for _, name := range names {
		space, err := a.tx.Workspace(name)
		if err != nil {
			return err
		}
		ids, err := space.Unseen(left)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := a.carryFor(ctx, examined{space, id}, seen); err != nil {
				return err
			}
			space.DropUnseen(id)
		}
		if left -= len(ids); left == 0 {
			return nil
		}
	}
	// What this step noted itself, before it was current, is found by the next.
	a.unseen = a.unseen && left < examinedStep
	return nil
}

// carryFor carries what the profile of an observation calls for, once in a step. One over which pure code
// panics is left as it is.
func (a *applier) carryFor(ctx context.Context, x examined, seen map[examined]bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			a.Logger.ErrorContext(ctx, "panic while carrying refusals", "detail", panicDetail(p), "stack", string(debug.Stack()))
			err = nil
		}
	}()
	assigned, known, err := x.space.Assignment(x.observation)
	if err != nil || !known {
		return err
	}
	if x.observation = assigned.Profile; seen[x] {
		return nil
	}
	seen[x] = true
	members, err := x.space.Members(assigned.Profile)
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	registers, err := profiles.ConsentOf(x.space, members)
	if err != nil {
		return err
	}
	for _, said := range consent.Carry(registers) {
		if err := a.carryOne(x.space, &said); err != nil {
			return err
		}
	}
	return nil
}

// carryOne carries one refusal, and has the log told of it.
func (a *applier) carryOne(space *state.Space, said *consent.Said) error {
	changed, err := space.Hold(said)
	if err != nil || !changed {
		return err
	}
	who, err := of(space, said.Subject)
	if err != nil {
		return err
	}
	tellConsent(space, who)
	value, err := encodeCommand(By{}, newConsentCarry(said))
	if err != nil {
		return err
	}
	space.AddCarried(consent.CarryID(space.Name(), said.Subject, &said.Statement), value)
	a.carried = true
	return nil
}

// current says whether all is taken that the log held when the worker began.
func (fs *feeds) current() bool {
	for _, lane := range fs.lanes {
		for _, f := range lane {
			if f.next < f.end {
				return false
			}
		}
	}
	return true
}
