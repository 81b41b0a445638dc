package unify

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
)

// What is left of a record whose person was erased, in a log that was rewritten. A state that is made
// again from it counts every record as it was counted.

// Replacement returns what takes the place of a record that an erasure covers, in a log that is rewritten:
// of a command one that does nothing of it, of anything else a tombstone. The state must have carried the
// erasure out, and applied the record.
func Replacement(engine Engine, hasher *privacy.Hasher, st *state.Store, entry stream.Entry, e *privacy.Erasure) (stream.Entry, error) {
	tombstone, err := tombstoneOf(engine, hasher, st, entry, e)
	if err != nil {
		return entry, err
	}
	if entry.Kind != stream.KindCommand {
		entry.Kind, entry.MessageID, entry.Value = stream.KindErased, "", tombstone.Value()
		return entry, nil
	}
	command, err := ParseCommand(entry.Value)
	if err != nil { // it went to the quarantine, and may do so again
		command = PrivacyVoid{Erasure: e.ID, Was: "unknown"}
	} else if command, err = commandWithout(st, entry, command, &tombstone); err != nil {
		return entry, err
	}
	by, _ := parseBy(entry.Value)
	entry.Value, err = encodeCommand(by, command)
	return entry, err
}

// commandWithout is what is left of a command: of one that says things of several people, what it says of others.
func commandWithout(st *state.Store, entry stream.Entry, command Command, t *privacy.Tombstone) (Command, error) {
	switch c := command.(type) {
	case QuarantineReplay:
		if len(c.With) > 0 {
			c.With, c.Erased = nil, t
			return c, nil
		}
	case TraitSet:
		all, err := st.Erasures(entry.Workspace)
		if err != nil {
			return nil, err
		}
		c.Values = slices.DeleteFunc(c.Values, func(v TraitValue) bool {
			return slices.ContainsFunc(all, func(e *privacy.Record) bool {
				return e.CarriedOut() && e.Reaches(entry.Position, entry.ReceivedAt) && e.Concerns(v.Observation, nil)
			})
		})
		if len(c.Values) > 0 {
			return c, nil
		}
	}
	return PrivacyVoid{Erasure: t.Erasure, Was: command.Name()}, nil
}

func tombstoneOf(engine Engine, hasher *privacy.Hasher, st *state.Store, entry stream.Entry, e *privacy.Erasure) (privacy.Tombstone, error) {
	t := privacy.Tombstone{Erasure: e.ID}
	event, _ := eventAt(entry)
	r := decode(engine, event)
	if r.event != nil {
		t.Message, t.Payload = hex.EncodeToString(r.message[:]), r.payload
	}
	item, found, err := st.Item(entry.Workspace, entry.Position, 0)
	if err != nil {
		return t, fmt.Errorf("read quarantine: %w", err)
	}
	if refused, err := wasRefused(engine, hasher, st, entry, e); refused || err != nil {
		t.Was = privacy.WasSuppressed
		return t, err
	}
	switch {
	case entry.Kind == stream.KindCommand || !found || item.Stage == stageSink: // of which sink.refused tells
	case r.fault != nil:
		t.Was, t.Stage, t.Reason = privacy.WasQuarantined, r.fault.stage, r.fault.reason
	default:
		t.Was, t.Stage, t.Reason = privacy.WasQuarantined, item.Stage, item.Reason
		t.Replayed = item.Status == state.StatusReplayed
	}
	return t, nil
}

// decodeErased reads what is left of an erased record.
func (r *record) decodeErased() {
	t, err := privacy.ParseTombstone(r.Value)
	if err != nil {
		r.fault = &fault{stage: stageUnify, reason: reasonNotJSON, detail: "what is left of an erased record cannot be read", payload: []byte{}}
		return
	}
	r.left(&t)
}

// left makes a record of what is left of it.
func (r *record) left(t *privacy.Tombstone) {
	r.tombstone = t
	sum, err := hex.DecodeString(t.Message)
	if r.marked = err == nil && len(sum) == len(r.message); r.marked {
		copy(r.message[:], sum)
		r.payload = t.Payload
	}
}

// applyTombstone counts what is left of an erased record as the record was counted.
func (a *applier) applyTombstone(space *state.Space, r *record, counts *state.Counts) error {
	t := r.tombstone
	if r.marked {
		mark, seen, err := a.tx.Seen(r.message, r.ReceivedAt)
		if err != nil {
			return err
		}
		if seen {
			counts.Count(state.Duplicate, duplicateReason(mark, r), 1)
			a.report.Duplicates++
			return nil
		}
	}
	if r.erased = space.Erasures().Get(t.Erasure); r.erased == nil {
		r.erased = &privacy.Erasure{ID: t.Erasure, At: r.ReceivedAt}
	}
	switch t.Was {
	case privacy.WasSuppressed:
		r.erased = nil
		a.countGone(space, r, counts)
		return nil
	case privacy.WasQuarantined:
		counts.Count(state.Quarantined, t.Reason, 1)
		return a.quarantine(space, r, &fault{stage: t.Stage, reason: t.Reason})
	}
	if r.marked {
		a.tx.Remember(r.message, state.Mark{Received: r.ReceivedAt, Payload: r.payload})
	}
	a.countErased(space, r, counts)
	return nil
}

// countErased counts an event as erased that is never stored.
func (a *applier) countErased(space *state.Space, r *record, counts *state.Counts) {
	counts.Count(state.Erased, "", 1)
	if r.erased.UpTo.Below(r.Position) {
		space.CountDirect(r.erased.ID, r.Source, r.ReceivedAt, 1)
	}
}

// replayLeft counts an item as what became of it when it was replayed, if nothing but a tombstone is left
// of its record, or of what it was put right to.
func (a *applier) replayLeft(ctx context.Context, space *state.Space, r *record, item *state.Item, c QuarantineReplay) (done bool, err error) {
	if c.Erased != nil {
		return true, a.replayErased(space, r, r.Position, item, c.Erased)
	}
	if len(c.With) > 0 || item.Ordinal != 0 || !a.isTombstone(ctx, r, item.Position) {
		return false, nil
	}
	entry, err := a.readLog(ctx, item.Position)
	if err != nil {
		return true, err
	}
	t, err := privacy.ParseTombstone(entry.Value)
	if err != nil {
		return true, errSkip{reasonNotReplayable, "what is left of the erased record cannot be read"}
	}
	if !t.Replayed && item.Stage != stageSink {
		return true, nil
	}
	if item.Stage == stageSink { // it was counted, and its message id kept, when it was first applied
		t.Message = ""
	}
	t.Was = ""
	return true, a.replayErased(space, r, item.Position, item, &t)
}

// replayErased counts an item as erased. at is where what it became stood.
func (a *applier) replayErased(space *state.Space, r *record, at stream.Position, item *state.Item, t *privacy.Tombstone) error {
	counts, err := space.Counts(item.Source, item.ReceivedAt)
	if err != nil {
		return err
	}
	counts.Count(state.Quarantined, item.Reason, -1)
	item.Status, item.ChangedAt, item.Payload = state.StatusReplayed, r.ReceivedAt, nil
	if err := a.putItem(space, r, item); err != nil {
		return err
	}
	again := &record{Entry: r.Entry, by: r}
	again.Position = at
	again.Source, again.ReceivedAt = item.Source, item.ReceivedAt
	again.left(t)
	return a.applyTombstone(space, again, counts)
}

// refuseErased counts a refused event of somebody who is erased. It moves to the quarantine from where it
// is counted: where the state knew of the erasure before the event, that is erased.
func (a *applier) refuseErased(space *state.Space, item *state.Item, entry stream.Entry) (erased bool, err error) {
	r := decode(a.Engine, entry)
	if _, err := a.subject(space, r); err != nil {
		return false, err
	}
	if r.tombstone != nil {
		r.erased = space.Erasures().Get(r.tombstone.Erasure)
	}
	if r.erased == nil {
		return false, nil
	}
	strip(item, r.erased)
	from := state.Erased
	if known := space.Erasure(r.erased.ID); known != nil && known.Since.Below(entry.Position) {
		from = state.Stored
	}
	counts, err := space.Counts(item.Source, item.ReceivedAt)
	if err != nil {
		return false, err
	}
	if from == state.Erased {
		if counts.Erased == 0 {
			return true, nil
		}
		if r.erased.UpTo.Below(entry.Position) {
			space.CountDirect(r.erased.ID, item.Source, item.ReceivedAt, -1)
		}
	} else if counts.Stored == 0 {
		return true, nil
	}
	counts.Count(from, "", -1)
	counts.Count(state.Quarantined, item.Reason, 1)
	return true, nil
}

// countGone counts a record that is refused, or of somebody who is erased.
func (a *applier) countGone(space *state.Space, r *record, counts *state.Counts) {
	if r.erased != nil {
		a.countErased(space, r, counts)
		return
	}
	counts.Count(state.Suppressed, "", 1)
}

// isTombstone says whether nothing but a tombstone is at a place of the log that is applied.
func (a *applier) isTombstone(ctx context.Context, r *record, pos stream.Position) bool {
	if !a.appliedBefore(r).Below(pos) {
		return false
	}
	entry, err := a.readLog(ctx, pos)
	return err == nil && entry.Kind == stream.KindErased
}

// Covers returns the erasure that a record of the log falls under; nil: none. It is asked by who rewrites
// the log, once the state has applied the record. Commands of privacy hold nothing of anybody.
func Covers(engine Engine, hasher *privacy.Hasher, set *privacy.Set, entry stream.Entry) *privacy.Erasure {
	if entry.Kind == stream.KindErased || entry.Kind == stream.KindSuppressed || set.Len() == 0 ||
		entry.Kind == stream.KindCommand && bytes.Contains(entry.Value, privacyCommand) {
		return nil
	}
	if e := saysOf(set, entry); e != nil {
		return e
	}
	event, isEvent := eventAt(entry)
	r := decode(engine, event)
	if isEvent && r.event != nil {
		return set.Of(entry.Position, r.knownAt(), r.observation.ID, hasher.Event(engine, r.event))
	}
	return set.Mentioned(hasher, engine, entry.Position, entry.ReceivedAt, identity.Place{Workspace: entry.Workspace, Source: entry.Source}, payloadOf(engine, entry))
}

// saysOf returns the erasure of an observation that a command speaks of, in words or values that somebody gave;
// nil: of none.
func saysOf(set *privacy.Set, entry stream.Entry) *privacy.Erasure {
	if entry.Kind != stream.KindCommand {
		return nil
	}
	command, err := ParseCommand(entry.Value)
	if err != nil {
		return nil
	}
	var ids []identity.ObservationID
	switch c := command.(type) {
	case IdentityLink:
		ids = append(ids, c.A, c.B)
	case TraitSet:
		for _, v := range c.Values {
			ids = append(ids, v.Observation)
		}
	}
	for _, id := range ids {
		if e := set.Of(entry.Position, entry.ReceivedAt, id, nil); e != nil {
			return e
		}
	}
	return nil
}

// wasRefused says whether a record that an erasure covers was refused already, by what was said before.
func wasRefused(engine Engine, hasher *privacy.Hasher, st *state.Store, entry stream.Entry, e *privacy.Erasure) (refused bool, err error) {
	suppressed := func(h privacy.IdentifierHash) bool {
		if err == nil {
			refused, err = st.SuppressedAt(entry.Workspace, h, entry.ReceivedAt, e.At)
		}
		return refused || err != nil
	}
	event, _ := eventAt(entry) // of a correction it was asked when that was given
	if r := decode(engine, event); r.event != nil {
		_ = slices.ContainsFunc(hasher.Event(engine, r.event), suppressed)
		return refused, err
	}
	if entry.Kind == stream.KindCommand {
		return false, nil
	}
	hasher.Mentions(engine, identity.Place{Workspace: entry.Workspace, Source: entry.Source}, payloadOf(engine, entry), suppressed)
	return refused, err
}

// payloadOf is what of a record was never an event.
func payloadOf(engine Engine, entry stream.Entry) []byte {
	if r := decode(engine, entry); r.fault != nil && r.fault.payload != nil {
		return r.fault.payload
	}
	return entry.Value
}
