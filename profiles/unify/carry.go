package unify

import (
	"context"
	"encoding/json"
	"fmt"

	"tributary/identity"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/sql/store"
)

// applyCommand carries out a command; one that cannot be goes to the quarantine.
func (a *applier) applyCommand(ctx context.Context, space *state.Space, r *record, f *fault) error {
	if f == nil {
		err := a.carryOut(ctx, space, r)
		skip, skipped := asSkip(err)
		if err == nil {
			err = a.tellCommand(space, r)
		}
		if err == nil {
			return a.audit(r, nil)
		}
		if !skipped {
			return err
		}
		f = &fault{stage: stageUnify, reason: skip.reason, detail: skip.detail}
	}
	if err := a.audit(r, f); err != nil {
		return err
	}
	return a.quarantine(space, r, f)
}

func (a *applier) carryOut(ctx context.Context, space *state.Space, r *record) error {
	if r.refusal != nil {
		return a.refuse(ctx, space, r)
	}
	by := state.Stamp{At: r.ReceivedAt, MessageID: r.MessageID}
	var err error
	switch c := r.command.(type) {
	case ConfigPut:
		// Documents may hold what only the program itself should see: they are not told in facts.
		return a.tx.SetDoc(c.Bucket, c.Key, c.Value, by)
	case ConfigPutAll:
		return a.putAll(c, by)
	case ConfigDelete:
		return a.tx.SetDoc(c.Bucket, c.Key, nil, by)
	case AuditNote:
		return nil
	case Disclosure:
		return a.disclose(r, c)
	case IdentityLink:
		err = a.link(ctx, space, r, c, by)
	case IdentityBlock:
		err = a.block(ctx, space, r, c, true, by)
	case IdentityUnblock:
		err = a.block(ctx, space, r, IdentityBlock{Actor: c.Actor, Type: c.Type, Value: c.Value, Part: c.Part}, false, by)
	case IdentityRules:
		err = a.obey(space, r, c, by)
	case IdentityModel:
		err = a.learn(space, r, c)
	case ProfilesDefinitions:
		err = a.define(space, r, c, by)
	case ClockTick:
		space.Advance(c.At, r.Position)
		return nil
	case TraitSet:
		return a.setTraits(space, r, c, by)
	case SchemaSet:
		err = a.setContract(space, c.Source, c.Event, &c.Contract, by)
	case SchemaRemove:
		err = a.setContract(space, c.Source, c.Event, nil, by)
	case ConsentCarry:
		err = a.carryConsent(space, r, c)
	case QuarantineReplay:
		err = a.replay(ctx, space, r, c)
	case QuarantineDiscard:
		err = a.discard(ctx, space, r, c)
	default:
		var known bool
		if known, err = a.carryOutPrivacy(space, r); !known {
			err = fmt.Errorf("command %q is not handled", c.Name())
		}
	}
	if err != nil {
		return err
	}
	return a.row(r, outbox.TableFacts, &store.FactRow{
		Workspace: r.Workspace, Kind: store.FactCommand, Source: r.Source, MessageID: r.MessageID,
		Body: json.RawMessage(r.Value), ReceivedAt: r.ReceivedAt,
	})
}

// link stores a verdict and decides again about both ends.
func (a *applier) link(ctx context.Context, space *state.Space, r *record, c IdentityLink, by state.Stamp) error {
	verdict := identity.Verdict(c.Verdict)
	if c.Verdict == LinkRemove {
		verdict = ""
	}
	if erasedBefore(space, by, c.A, c.B) {
		return nil
	}
	if again, err := a.repeated(r, c.Part); again || err != nil {
		return err
	}
	part, err := c.encode()
	if err != nil {
		return err
	}
	m, err := a.mindOf(space)
	if err != nil {
		return err
	}
	was, err := verdictOn(space, c.A, c.B)
	if err != nil {
		return err
	}
	changed, err := space.SetDecision(state.Decision{
		Link: identity.Link{A: c.A, B: c.B, Verdict: verdict}, Actor: c.Actor, Note: c.Note, Part: part,
	}, by)
	if !changed || err != nil {
		return err
	}
	now, err := verdictOn(space, c.A, c.B)
	if err != nil {
		return err
	}
	m.chores.known.verdict(was, now)
	m.chores.dirty = true
	err = a.row(r, outbox.TableIdentityDecisions, &store.IdentityDecisionRow{
		Workspace: space.Name(), Version: space.Version(), Kind: store.DecisionCommand,
		Observation: c.A, Peer: c.B, Rule: string(c.Verdict), Actor: c.Actor, DecidedAt: r.ReceivedAt,
	})
	if err != nil {
		return err
	}
	return a.concern(ctx, space, r, c.A, c.B)
}

// block stores whether an identifier joins nobody and decides again about all who hold it.
func (a *applier) block(ctx context.Context, space *state.Space, r *record, c IdentityBlock, blocked bool, by state.Stamp) error {
	id, dropped := a.Engine.Normalise(identity.Place{Workspace: r.Workspace}, identity.Identifier{Type: c.Type, Value: c.Value})
	if dropped != "" {
		return errSkip{reasonCommand, "the identifier is never used: " + string(dropped)}
	}
	if again, err := a.repeated(r, c.Part); again || err != nil {
		return err
	}
	part, err := c.encode()
	if err != nil {
		return err
	}
	m, err := a.mindOf(space)
	if err != nil {
		return err
	}
	holders, err := space.Holders(id)
	if err != nil {
		return err
	}
	var changed bool
	near, err := m.relinked(holders, func() (err error) {
		changed, err = space.SetBlock(id, blocked, state.Block{Actor: c.Actor, Note: c.Note, Part: part}, by)
		return err
	})
	if !changed || err != nil {
		return err
	}
	m.chores.known.block(id, blocked)
	m.chores.dirty = true
	a.examine(space, holders...)
	err = a.row(r, outbox.TableIdentityDecisions, &store.IdentityDecisionRow{
		Workspace: space.Name(), Version: space.Version(), Kind: store.DecisionCommand,
		Rule: r.command.Name(), IdentifierType: id.Type, Actor: c.Actor, DecidedAt: r.ReceivedAt,
	})
	if err != nil {
		return err
	}
	return a.concern(ctx, space, r, append(near, holders...)...)
}

// verdictOn returns what people decided about two observations; one without a verdict for nothing.
func verdictOn(space *state.Space, a, b identity.ObservationID) (identity.Link, error) {
	links, err := space.Links(a)
	if err != nil {
		return identity.Link{}, fmt.Errorf("read links: %w", err)
	}
	for _, l := range links {
		if l.A == b || l.B == b {
			return l, nil
		}
	}
	return identity.Link{}, nil
}
