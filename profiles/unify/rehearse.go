package unify

import (
	"context"
	"encoding/json"
	"fmt"

	"tributary/ingest/schema"
	"tributary/profiles/state"
)

// Rehearsal is what replaying an item would come to now.
type Rehearsal struct {
	Outcome state.Outcome
	// Reason is why, where an outcome has reasons. Of an item that cannot be replayed at all it is
	// "not_replayable" or "trimmed".
	Reason string
}

// Rehearse tells what a replay of open items would come to, of each by itself, without doing it. It
// decodes, validates and judges as intake does, and looks for message ids. What is not foreseen: a panic,
// and that two of the items have one message id.
func (w *Worker) Rehearse(ctx context.Context, items []*state.Item) ([]Rehearsal, error) {
	h := &rehearser{applier: applier{Config: &w.config}, known: map[rehearsedKind]*schema.Judge{}}
	all := make([]Rehearsal, len(items))
	for i, item := range items {
		would, err := h.rehearse(ctx, item)
		if err != nil {
			return nil, fmt.Errorf("rehearse replay: %w", err)
		}
		all[i] = would
	}
	return all, nil
}

// rehearser reads as the applier does, and what it may from outside of a step.
type rehearser struct {
	applier
	known map[rehearsedKind]*schema.Judge
}

type rehearsedKind struct{ workspace, source, event string }

func (h *rehearser) rehearse(ctx context.Context, item *state.Item) (Rehearsal, error) {
	again, err := h.reread(ctx, item)
	if skip, ok := asSkip(err); ok {
		return Rehearsal{state.Quarantined, skip.reason}, nil
	}
	if err != nil {
		return Rehearsal{}, err
	}
	switch {
	case again.fault != nil:
		return Rehearsal{state.Quarantined, again.fault.reason}, nil
	case item.Stage == stageSink:
		return Rehearsal{Outcome: state.Stored}, nil
	}
	judge, err := h.judgeOf(again)
	if err != nil {
		return Rehearsal{}, err
	}
	if judge != nil {
		if f := (verdict{judge.Policy, judge.Breaches(again.event)}).fault(again); f != nil {
			return Rehearsal{state.Quarantined, f.reason}, nil
		}
	}
	mark, seen, err := h.State.Seen(again.message, again.ReceivedAt)
	if seen && err == nil {
		return Rehearsal{state.Duplicate, duplicateReason(mark, again)}, nil
	}
	return Rehearsal{Outcome: state.Stored}, err
}

// judgeOf returns the contract of now for a record's event; nil: none.
func (h *rehearser) judgeOf(r *record) (*schema.Judge, error) {
	kind := rehearsedKind{r.Workspace, r.Source, schema.EventName(r.event)}
	if judge, known := h.known[kind]; known {
		return judge, nil
	}
	contracts, err := h.State.Contracts(r.Workspace, r.Source)
	if err != nil {
		return nil, err
	}
	var found [2]*schema.Contract
	for i, name := range [2]string{kind.event, schema.AnyEvent} {
		if value := contracts[name]; len(value) > 0 {
			found[i] = &schema.Contract{}
			if err := json.Unmarshal(value, found[i]); err != nil {
				return nil, fmt.Errorf("contract of %q: %w", r.Source, err)
			}
		}
	}
	judge, err := schema.NewJudge(found[0], found[1])
	h.known[kind] = judge
	return judge, err
}
