package unify

import (
	"time"

	"tributary/identity"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
)

// Who is erased or suppressed is asked of every record before anything of it is kept. That is a function
// of the set of records: erasures and suppressions that the log holds ahead are known before the first
// record is applied (ahead.go), and an erasure reaches at least all that was applied when it came.

// subject says what a record's person asked for: that it is erased, and by which erasure, or that it is
// refused.
func (a *applier) subject(space *state.Space, r *record) (refused bool, err error) {
	r.erased = nil
	if a.Hasher == nil || space.Erasures().Len() == 0 && !space.Suppresses() {
		return false, nil
	}
	if r.event == nil {
		return a.mentioned(space, r)
	}
	hashes := a.hashes(r)
	r.erased = space.Erasures().Of(r.Position, r.knownAt(), r.observation.ID, hashes)
	if !space.Suppresses() {
		return false, nil
	}
	for _, h := range hashes {
		refused, err := space.SuppressedAt(h, r.asked(), r.erasedAt())
		if refused || err != nil {
			r.erased = nil
			return refused, err
		}
	}
	return false, nil
}

// knownAt is when it is asked whether an erasure reaches an event: when it was received; of what an agent wrote, when
// whom it is about was first heard of, for it may have been on its way when they were erased.
func (r *record) knownAt() time.Time {
	if known := r.event.Written().Known; !known.IsZero() {
		return known
	}
	return r.ReceivedAt
}

// erasedAt is when a record's person was erased: what was refused by then stays refused, and what they
// asked for with the erasure is not yet said.
func (r *record) erasedAt() time.Time {
	if r.erased == nil {
		return time.Time{}
	}
	return r.erased.At
}

// asked is when it is asked whether a record may come in: a replay is asked when it is replayed.
func (r *record) asked() time.Time {
	if r.by != nil {
		return r.by.ReceivedAt
	}
	return r.ReceivedAt
}

// mentioned is subject for what was never an event.
func (a *applier) mentioned(space *state.Space, r *record) (refused bool, err error) {
	payload := r.Value
	if r.fault != nil && r.fault.payload != nil {
		payload = r.fault.payload
	}
	place := identity.Place{Workspace: r.Workspace, Source: r.Source}
	r.erased = space.Erasures().Mentioned(a.Hasher, a.Engine, r.Position, r.ReceivedAt, place, payload)
	if !space.Suppresses() {
		return false, nil
	}
	a.Hasher.Mentions(a.Engine, place, payload, func(h privacy.IdentifierHash) bool {
		if err == nil {
			refused, err = space.SuppressedAt(h, r.asked(), r.erasedAt())
		}
		return refused || err != nil
	})
	if refused {
		r.erased = nil
	}
	return refused, err
}

func (a *applier) hashes(r *record) []privacy.IdentifierHash {
	if !r.hashed {
		r.hashes, r.hashed = a.Hasher.Event(a.Engine, r.event), true
	}
	return r.hashes
}

// strip leaves of a quarantined item what says nothing of its person.
func strip(item *state.Item, e *privacy.Erasure) {
	if item.Status == state.StatusOpen {
		item.Status = state.StatusErased
	}
	item.ChangedAt, item.Payload, item.MessageID, item.Field, item.Detail = e.At, nil, "", "", ""
}

// carryOutPrivacy carries out the commands of privacy; false: it is none of them.
func (a *applier) carryOutPrivacy(space *state.Space, r *record) (bool, error) {
	switch c := r.command.(type) {
	case PrivacyRequest:
		a.holdErasure(space, r, c)
		return true, nil
	case PrivacyCancel:
		return true, a.cancelErasure(space, r, c)
	case PrivacyErase:
		return true, a.erase(space, r, c)
	case PrivacyNote:
		return true, a.noteStep(space, c)
	case PrivacyErased:
		return true, a.finishErasure(space, c)
	case PrivacySuppress:
		return true, suppress(space, r, c.Identifiers, true, c.At)
	case PrivacyUnsuppress:
		return true, suppress(space, r, c.Identifiers, false, c.At)
	case PrivacyRestrict:
		return true, a.restrict(space, r, c.Observations, &privacy.Restriction{By: actorOf(c), Reason: c.Reason, At: r.ReceivedAt})
	case PrivacyUnrestrict:
		return true, a.restrict(space, r, c.Observations, nil)
	case PrivacyVoid:
		return true, nil
	}
	return false, nil
}

func suppress(space *state.Space, r *record, all []privacy.IdentifierHash, on bool, at time.Time) error {
	by := state.Stamp{At: at, MessageID: r.MessageID}
	if at.IsZero() {
		by.At = r.ReceivedAt
	}
	for _, h := range all {
		if err := space.Suppress(h, on, by); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) restrict(space *state.Space, r *record, all []identity.ObservationID, why *privacy.Restriction) error {
	a.reconsider(space, r, all...) // who is restricted is in no segment
	if why == nil {
		a.lookAtThem(space, all...) // what came due meanwhile was passed over
	}
	by := state.Stamp{At: r.ReceivedAt, MessageID: r.MessageID}
	for _, id := range all {
		if erasedBefore(space, by, id) {
			continue
		}
		var one *privacy.Restriction
		if why != nil {
			own := *why
			own.Observation, one = id, &own
		}
		if err := space.Restrict(id, one, by); err != nil {
			return err
		}
	}
	return nil
}

// privacyCommand is in the value of every command of privacy.
var privacyCommand = []byte(`"privacy.`)

// aheadRows is before the first ordinal of the rows that an erasure leads to which is carried out ahead of
// its turn: those of its turn come first.
const aheadRows = 1 << 22

// keepPrivacy carries out ahead of its turn what says who is erased, suppressed or restricted.
func (a *applier) keepPrivacy(r *record) (bool, error) {
	if r.fault != nil {
		return false, nil // it is told of in its turn
	}
	space, err := a.tx.Workspace(r.Workspace)
	if err != nil {
		return false, err
	}
	r.rows = aheadRows
	switch c := r.command.(type) {
	case PrivacyErase:
		err = a.erase(space, r, c)
	case PrivacyErased:
		if e := space.Erasure(c.ID); e != nil {
			e.UpTo = e.UpTo.Raise(c.UpTo)
			space.PutErasure(e)
		}
	case PrivacySuppress:
		err = suppress(space, r, c.Identifiers, true, c.At)
	case PrivacyUnsuppress:
		err = suppress(space, r, c.Identifiers, false, c.At)
	case PrivacyRequest, PrivacyCancel, PrivacyRestrict, PrivacyUnrestrict:
		_, err = a.carryOutPrivacy(space, r)
	default:
		return false, nil
	}
	if _, skip := asSkip(err); skip {
		return false, nil
	}
	return true, err
}
