package unify

import (
	"context"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/stream"
)

// Time passes where nothing comes in, too: a window of a computed trait empties, and somebody leaves a
// segment. What is judged goes by the workspace's clock, which is the greatest received time that was
// applied, so that a state that is made again comes to the same. Where something is due, and the clock
// stands, the ticker has the log say how late it is.

// DefaultTickEvery is that of Config.TickEvery.
const DefaultTickEvery = time.Minute

// ticker appends clock.tick to the log.
type ticker struct {
	*Config
	// last is where the last tick of a workspace stands: while it is not applied, no other follows.
	last map[string]stream.Position
}

func (t *ticker) run(ctx context.Context) {
	t.last = map[string]stream.Position{}
	every := time.NewTicker(t.TickEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if err := t.tick(ctx, t.Now()); err != nil && ctx.Err() == nil {
			t.Logger.ErrorContext(ctx, "clock could not be moved on", "error", err)
		}
	}
}

// tick moves the clocks of the workspaces in which something is due.
func (t *ticker) tick(ctx context.Context, now time.Time) error {
	names, err := t.State.Due(now)
	if err != nil {
		return err
	}
	for _, workspace := range names {
		if last, ticked := t.last[workspace]; ticked && !t.State.Applied(last) {
			continue
		}
		r, err := NewRecord(workspace, "tick-"+uuid.NewString(), now, ClockTick{At: now.UTC().Truncate(time.Millisecond)})
		if err != nil {
			return err
		}
		positions, err := t.Log.Append(ctx, []stream.Record{r})
		if err != nil {
			return err
		}
		t.last[workspace] = positions[0]
	}
	return nil
}
