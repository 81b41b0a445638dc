package unify

import (
	"context"
	"fmt"

	"tributary/profiles/state"
)

// Rehearsal is what replaying an item would come to now.
type Rehearsal struct {
	Outcome state.Outcome
	// Reason is why, where an outcome has reasons. Of an item that cannot be replayed at all it is
	// "not_replayable" or "trimmed".
	Reason string
}

// Rehearse tells what a replay of an open item would come to, without doing it. It decodes and
// validates as intake does, and looks for the message id; what a panic, or another item of the same
// selection with the same message id, would change is not foreseen.
func (w *Worker) Rehearse(ctx context.Context, item *state.Item) (Rehearsal, error) {
	a := &applier{Config: &w.config}
	again, err := a.reread(ctx, item)
	if skip, ok := asSkip(err); ok {
		return Rehearsal{state.Quarantined, skip.reason}, nil
	}
	if err != nil {
		return Rehearsal{}, fmt.Errorf("rehearse replay: %w", err)
	}
	switch {
	case again.fault != nil:
		return Rehearsal{state.Quarantined, again.fault.reason}, nil
	case item.Stage == stageSink:
		return Rehearsal{Outcome: state.Stored}, nil
	}
	mark, seen, err := w.config.State.Seen(again.message, again.ReceivedAt)
	if err != nil {
		return Rehearsal{}, fmt.Errorf("rehearse replay: %w", err)
	}
	if seen {
		return Rehearsal{state.Duplicate, duplicateReason(mark, again)}, nil
	}
	return Rehearsal{Outcome: state.Stored}, nil
}
