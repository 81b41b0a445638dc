package unify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
)

// holdErasure keeps a requested erasure. Its subject is restricted from then on.
func (a *applier) holdErasure(space *state.Space, r *record, c PrivacyRequest) {
	if space.Erasure(c.ID) != nil {
		return // it is told again, or was carried out ahead
	}
	e := privacy.Erasure{
		ID: c.ID, Workspace: space.Name(), Observations: slices.Clone(c.Observations), Identifiers: slices.Clone(c.Identifiers),
		Suppress: c.Suppress, RequestedBy: actorOf(c), Reason: c.Reason, RequestedAt: r.ReceivedAt, HoldUntil: c.HoldUntil,
	}
	slices.SortFunc(e.Observations, compareIDs)
	slices.SortFunc(e.Identifiers, privacy.IdentifierHash.Compare)
	space.PutErasure(&privacy.Record{Erasure: e, Status: privacy.StatusHeld})
}

func (a *applier) cancelErasure(space *state.Space, r *record, c PrivacyCancel) error {
	was := space.Erasure(c.ID)
	switch {
	case was == nil:
		return errSkip{"no_such_erasure", "no erasure of that id is held"}
	case was.Status != privacy.StatusHeld:
		return nil
	}
	a.lookAtThem(space, was.Observations...)
	was.Status, was.CancelledBy, was.CancelledAt = privacy.StatusCancelled, actorOf(c), r.ReceivedAt
	space.PutErasure(was)
	return nil
}

func (a *applier) noteStep(space *state.Space, c PrivacyNote) error {
	e := space.Erasure(c.ID)
	if e == nil {
		return errSkip{"no_such_erasure", "no erasure of that id is known"}
	}
	if step := e.Step(c.Step.Name); step != nil {
		*step = c.Step
	} else {
		e.Steps = append(e.Steps, c.Step)
	}
	space.PutErasure(e)
	return nil
}

// erase carries an erasure out, unless that was done ahead of its turn, or before.
func (a *applier) erase(space *state.Space, r *record, c PrivacyErase) error {
	if c.Workspace != r.Workspace {
		return errSkip{reasonMismatch, "the erasure names another workspace than its record"}
	}
	was := space.Erasure(c.ID)
	if was != nil && was.CarriedOut() {
		return nil
	}
	now := &privacy.Record{Erasure: c.Erasure, Status: privacy.StatusErasing}
	if was != nil {
		now.RequestedAt, now.RequestedBy = was.RequestedAt, was.RequestedBy
	}
	now.Since = a.appliedBefore(r)
	now.UpTo = maps.Clone(c.UpTo).Raise(now.Since)
	space.PutErasure(now)
	if c.Suppress {
		if err := suppress(space, r, c.Identifiers, true, c.At); err != nil {
			return err
		}
	}
	for _, id := range now.Observations { // of those too that the state does not have yet
		space.ForgetRestriction(id)
	}
	gone, err := a.forgetAll(space, r, &now.Erasure)
	a.erasing = append(a.erasing, erasing{space, r, &now.Erasure, gone})
	return err
}

// erasing is an erasure that this step carries out.
type erasing struct {
	space   *state.Space
	by      *record
	erasure *privacy.Erasure
	gone    []identity.ObservationID // what the state held
}

// appliedBefore is how far the log is applied when it is a record's turn.
func (a *applier) appliedBefore(r *record) privacy.UpTo {
	applied := privacy.UpTo(a.State.Offsets())
	for _, other := range a.taken {
		if other == r {
			break
		}
		applied[other.Partition] = max(applied[other.Partition], other.Offset+1)
	}
	return applied
}

// forgetAll removes the observations of an erasure from the state, and has decided again about those who
// were joined by them. It returns which it removed.
func (a *applier) forgetAll(space *state.Space, r *record, e *privacy.Erasure) (ids []identity.ObservationID, err error) {
	gone, err := a.held(space, e)
	if err != nil {
		return nil, err
	}
	left := map[identity.ObservationID]bool{}
	for _, o := range gone {
		near, err := a.forget(space, r, o)
		if err != nil {
			return nil, fmt.Errorf("forget: %w", err)
		}
		if err := a.forgetBlocks(space, o, e); err != nil {
			return nil, err
		}
		ids = append(ids, o.ID)
		for _, id := range near {
			left[id] = true
		}
	}
	for _, o := range gone {
		delete(left, o.ID)
	}
	seeds := slices.SortedFunc(maps.Keys(left), compareIDs)
	return ids, a.concern(context.Background(), space, r, seeds...)
}

// held lists what the state holds of an erasure's subject: its observations, and those that came since
// and hold an identifier that was the subject's alone.
func (a *applier) held(space *state.Space, e *privacy.Erasure) ([]*state.Observed, error) {
	known := map[identity.ObservationID]bool{}
	var all []*state.Observed
	add := func(id identity.ObservationID) error {
		if known[id] {
			return nil
		}
		known[id] = true
		o, err := space.Observed(id)
		if o != nil {
			all = append(all, o)
		}
		return err
	}
	for _, id := range e.Observations {
		if err := add(id); err != nil {
			return nil, err
		}
	}
	if a.Hasher == nil {
		return all, nil
	}
	found := map[identity.Identifier]bool{}
	look := func(id identity.Identifier) error {
		if e.Holds(a.Hasher.Identifier(space.Name(), id)) {
			found[id] = true
		}
		return nil
	}
	for _, o := range all {
		for _, id := range o.Identifiers {
			_ = look(id) // which never fails
		}
	}
	if len(found) < len(e.Identifiers) { // some of the observations are still to be applied: a hash alone finds nobody
		if err := space.EachIdentifier(look); err != nil {
			return nil, err
		}
	}
	ids := slices.SortedFunc(maps.Keys(found), func(a, b identity.Identifier) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Value, b.Value))
	})
	for _, id := range ids {
		holders, err := space.Holders(id)
		if err != nil {
			return nil, err
		}
		for _, holder := range holders {
			if err := add(holder); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// forgetBlocks removes what is kept of identifiers of the subject that were blocked once.
func (a *applier) forgetBlocks(space *state.Space, o *state.Observed, e *privacy.Erasure) error {
	if a.Hasher == nil {
		return nil
	}
	for _, id := range o.Identifiers {
		if !e.Holds(a.Hasher.Identifier(space.Name(), id)) {
			continue
		}
		if err := space.ForgetBlock(id); err != nil {
			return err
		}
	}
	return nil
}

// forget removes one observation, and returns whom that may concern.
func (a *applier) forget(space *state.Space, r *record, o *state.Observed) ([]identity.ObservationID, error) {
	m, err := a.mindOf(space)
	if err != nil {
		return nil, err
	}
	near, err := m.engine.Affected(space, &o.Observation)
	if err != nil {
		return nil, fmt.Errorf("find whom it concerns: %w", err)
	}
	linked, err := m.put(o, nil)
	if err != nil {
		return nil, err
	}
	near = append(near, linked...)
	verdicts, err := space.Links(o.ID)
	if err != nil {
		return nil, err
	}
	for _, l := range verdicts {
		m.chores.known.verdict(l, identity.Link{})
		m.chores.dirty = true
		near = append(near, l.A, l.B)
	}
	assigned, known, err := space.Assignment(o.ID)
	if err != nil {
		return nil, err
	}
	if known {
		members, err := space.Members(assigned.Profile)
		if err != nil {
			return nil, err
		}
		near = append(near, members...)
		if err := errors.Join(a.markStale(space, assigned.Profile, r), a.regroup(space, assigned.Profile, r)); err != nil {
			return nil, err
		}
	}
	if err := space.ForgetValues(o.ID); err != nil {
		return nil, err
	}
	return near, space.Forget(o.ID)
}

// finishErasure keeps what an erasure came to.
func (a *applier) finishErasure(space *state.Space, c PrivacyErased) error {
	e := space.Erasure(c.ID)
	switch {
	case e == nil:
		return errSkip{"no_such_erasure", "no erasure of that id is known"}
	case e.Status == privacy.StatusErased:
		return nil
	case e.Status != privacy.StatusErasing:
		return errSkip{"not_carried_out", "the erasure was not carried out"}
	}
	e.Status, e.ErasedAt, e.Certificate = privacy.StatusErased, c.At, c.Certificate
	e.UpTo = e.UpTo.Raise(c.UpTo)
	e.Removed = privacy.AddCounts(c.Removed)
	space.PutErasure(e)
	return nil
}

// settleErasures does what erasures leave for the end of a step: the quarantine and what was said of consent
// are gone through once, whatever their number, and what they removed is counted once all that they reach is applied.
func (a *applier) settleErasures(fs *feeds) error {
	if err := a.eraseItems(); err != nil {
		return err
	}
	for _, space := range a.tx.Spaces() {
		var fault error
		space.EachErasure(func(e *privacy.Record) {
			if fault == nil && e.Status == privacy.StatusErased && !e.Settled && fs.passed(e.UpTo) {
				fault = countRemoved(space, e)
			}
		})
		if fault != nil {
			return fault
		}
	}
	return nil
}

// passed says whether all below a bound is applied.
func (fs *feeds) passed(upTo privacy.UpTo) bool {
	for p, next := range upTo {
		if f := fs.feed(p); f != nil && f.next < next {
			return false
		}
	}
	return true
}

// countRemoved moves the events that were stored and are removed from stored to erased. Those that were
// counted directly are erased already.
func countRemoved(space *state.Space, e *privacy.Record) error {
	direct := map[privacy.Count]uint64{}
	for _, c := range e.Direct {
		direct[privacy.Count{Source: c.Source, Day: c.Day}] = c.Events
	}
	for _, c := range e.Removed {
		counts, err := space.Counts(c.Source, c.Day.Start())
		if err != nil {
			return err
		}
		n := c.Events - min(c.Events, direct[privacy.Count{Source: c.Source, Day: c.Day}])
		n = min(n, counts.Stored)
		counts.Count(state.Stored, "", -int(n))
		counts.Count(state.Erased, "", int(n))
	}
	e.Settled = true
	space.PutErasure(e)
	return nil
}

// eraseItems strips what stands in the quarantine of those who are erased in this step.
func (a *applier) eraseItems() error {
	by := map[*state.Space][]erasing{}
	for _, e := range a.erasing {
		by[e.space] = append(by[e.space], e)
	}
	if err := forgetTold(a.erasing); err != nil {
		return err
	}
	if err := a.leaveAll(); err != nil {
		return err
	}
	a.erasing = a.erasing[:0]
	if a.Hasher == nil {
		return nil
	}
	for space, all := range by {
		if err := errors.Join(a.eraseConsent(space, all), forgetFormer(space, all), space.ForgetExamples()); err != nil {
			return err
		}
		set := privacy.NewSet()
		for _, e := range all {
			set.Add(e.erasure)
		}
		var found []*state.Item
		keep := func(i *state.Item) error {
			found = append(found, i)
			return nil
		}
		if err := space.EachItem(keep); err != nil {
			return err
		}
		found = append(found, space.OwnItems()...)
		for _, i := range found {
			if err := a.eraseItem(space, all[len(all)-1].by, i, set); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetFormer removes that the erased were in profiles of others.
func forgetFormer(space *state.Space, all []erasing) error {
	gone := map[identity.ObservationID]bool{}
	for _, e := range all {
		for _, id := range slices.Concat(e.gone, e.erasure.Observations) {
			gone[id] = true
		}
	}
	return space.ForgetFormer(func(id identity.ObservationID) bool { return gone[id] })
}

// eraseItem strips an item if one of the erased is its person.
func (a *applier) eraseItem(space *state.Space, by *record, i *state.Item, set *privacy.Set) error {
	item, err := space.Item(i.Position, i.Ordinal)
	if err != nil || item == nil {
		return err
	}
	e := a.ofItem(item, set)
	if e == nil || item.Status == state.StatusErased {
		return nil
	}
	bare := *item
	strip(&bare, e)
	bare.Version++
	return a.putItem(space, by, &bare)
}

func (a *applier) ofItem(item *state.Item, set *privacy.Set) *privacy.Erasure {
	if item.Kind == stream.KindEvent && len(item.Payload) > 0 {
		entry := stream.Entry{Position: item.Position, Record: stream.Record{
			Kind: item.Kind, Workspace: item.Workspace, Source: item.Source, MessageID: item.MessageID, ReceivedAt: item.ReceivedAt, Value: item.Payload,
		}}
		if r := decode(a.Engine, entry); r.event != nil {
			return set.Of(r.Position, r.knownAt(), r.observation.ID, a.hashes(r))
		}
	}
	place := identity.Place{Workspace: item.Workspace, Source: item.Source}
	for _, text := range [][]byte{item.Payload, []byte(item.Detail), []byte(item.MessageID)} {
		if e := set.Mentioned(a.Hasher, a.Engine, item.Position, item.ReceivedAt, place, text); e != nil {
			return e
		}
	}
	return nil
}

// erasedBefore says whether one of some observations is erased, and by an erasure later than a command:
// what the command says of it is erased too.
func erasedBefore(space *state.Space, by state.Stamp, ids ...identity.ObservationID) bool {
	for _, id := range ids {
		if e := space.Erasures().OfObservation(id); e != nil && !by.At.After(e.At) {
			return true
		}
	}
	return false
}
