package unify

import (
	"fmt"
	"slices"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/live"
	"tributary/profiles/state"
)

// What listeners are told (profiles/live), in the batch of the change. Of an observation that a step heard more
// of it is told once, however much that was.

// policyBucket is where documents of the reader policy are, by workspace (api/policy).
const policyBucket = "policy"

// maxHolders bounds how many of those who share a contact point are told of when something is said of it.
const maxHolders = 64

// tell tells of an event that was stored.
func (a *applier) tell(space *state.Space, r *record) {
	id := r.observation.ID
	space.Tell(live.Entry{Kind: live.ProfileChanged, Observation: id})
	name := r.event.Name
	switch {
	case event.AboutCommitment(name): // which sources say too
		name = profiles.PromiseNews(r.event)
	case !r.event.ByAgent():
		return
	}
	if kind, known := live.KindOf(name); known {
		e := live.Entry{Kind: kind, Observation: id}
		if cx := r.event.CX; cx != nil {
			e.Ref = cx.CommitmentID
			if cx.HandoffID != "" {
				e.Ref = cx.HandoffID
			}
		}
		space.Tell(e)
	}
}

// tellCommand tells of a command that was carried out.
func (a *applier) tellCommand(space *state.Space, r *record) error {
	switch c := r.command.(type) {
	case ConfigPut:
		return a.tellPolicy(c.Bucket, c.Key)
	case ConfigDelete:
		return a.tellPolicy(c.Bucket, c.Key)
	case ProfilesDefinitions:
		space.Tell(live.Entry{Kind: live.DefinitionsChanged})
	case TraitSet:
		for _, v := range c.Values {
			if known, err := space.Observed(v.Observation); err != nil {
				return fmt.Errorf("read observation: %w", err)
			} else if known != nil {
				space.Tell(live.Entry{Kind: live.ProfileChanged, Observation: v.Observation})
			}
		}
	case PrivacyErase:
		space.Tell(live.Entry{Kind: live.Erased, Ref: c.ID.String()})
	}
	return nil
}

// tellPolicy tells that a workspace's reader policy is another.
func (a *applier) tellPolicy(bucket, workspace string) error {
	if bucket != policyBucket {
		return nil
	}
	space, err := a.tx.Workspace(workspace)
	if err == nil {
		space.Tell(live.Entry{Kind: live.PolicyChanged})
	}
	return err
}

// tellIdentity tells that a profile became part of another, or that it is apart now.
func (c *change) tellIdentity(space *state.Space, version uint64) {
	founded, founds := c.known && c.was.Profile == c.now.Observation, c.now.Profile == c.now.Observation
	switch {
	case founded && !founds:
		space.Tell(live.Entry{Kind: live.IdentityMerged, Observation: c.now.Observation, Peer: c.now.Profile, To: version})
	case c.known && !founded && founds:
		space.Tell(live.Entry{Kind: live.IdentitySplit, Observation: c.now.Observation, Peer: c.was.Profile, To: version})
	}
}

// tellConsent tells that what holds for some observations may be another.
func tellConsent(space *state.Space, ids []identity.ObservationID) {
	for _, id := range ids[:min(len(ids), maxHolders)] {
		space.Tell(live.Entry{Kind: live.ConsentChanged, Observation: id})
	}
}

// tellSegments tells what one judging changed.
func tellSegments(space *state.Space, changes []state.Change) {
	for i := range changes {
		kind := live.SegmentLeft
		if changes[i].Entered {
			kind = live.SegmentEntered
		}
		space.Tell(live.Entry{Kind: kind, Observation: changes[i].Profile, Ref: changes[i].Segment})
	}
}

// forgetTold takes those whom a step erased out of the feeds.
func forgetTold(all []erasing) error {
	gone := map[*state.Space]map[identity.ObservationID]bool{}
	for _, e := range all {
		if gone[e.space] == nil {
			gone[e.space] = map[identity.ObservationID]bool{}
		}
		for _, id := range slices.Concat(e.gone, e.erasure.Observations) {
			gone[e.space][id] = true
		}
	}
	for space, ids := range gone {
		if err := space.ForgetLive(func(id identity.ObservationID) bool { return ids[id] }); err != nil {
			return err
		}
	}
	return nil
}
