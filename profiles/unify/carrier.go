package unify

import (
	"context"
	"fmt"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/state"
)

// carrier sends the refusals that were carried (consent.go) through the log. They wait in the state until
// the log's own record of them is applied; what a crash left is sent again, which changes nothing.
type carrier struct {
	*Config
	wake chan struct{}
}

// carrierBatch is how many commands are appended at once, and carrierWait how long the log is given after it
// refused.
const (
	carrierBatch = 256
	carrierWait  = time.Second
)

func newCarrier(c *Config) *carrier { return &carrier{Config: c, wake: make(chan struct{}, 1)} }

// look has the carrier look what waits.
func (c *carrier) look() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run sends until ctx ends.
func (c *carrier) run(ctx context.Context) {
	sent := map[state.CarriedID]bool{}
	for ctx.Err() == nil {
		var again <-chan time.Time
		if err := c.sendAll(ctx, &sent); err != nil && ctx.Err() == nil {
			c.Logger.ErrorContext(ctx, "carried refusals of consent could not be put into the log", "error", err)
			again = time.After(carrierWait)
		}
		select {
		case <-c.wake:
		case <-again:
		case <-ctx.Done():
		}
	}
}

// sendAll sends what waits and was not sent; of what no longer waits it forgets that it was.
func (c *carrier) sendAll(ctx context.Context, sent *map[state.CarriedID]bool) error {
	now := map[state.CarriedID]bool{}
	for last := (state.Carried{}); ; {
		waiting, err := c.State.Carried(last, carrierBatch)
		if err != nil {
			return fmt.Errorf("read carried refusals: %w", err)
		}
		if len(waiting) == 0 {
			*sent = now
			return nil
		}
		if err := c.send(ctx, waiting, *sent, now); err != nil {
			return err
		}
		last = waiting[len(waiting)-1]
	}
}

func (c *carrier) send(ctx context.Context, waiting []state.Carried, sent, now map[state.CarriedID]bool) error {
	var records []stream.Record
	for i := range waiting {
		w := &waiting[i]
		if now[w.CarriedID] = true; sent[w.CarriedID] {
			continue
		}
		records = append(records, stream.Record{
			Lane: stream.LaneLive, Kind: stream.KindCommand, Workspace: w.Workspace, Source: CommandSource,
			MessageID: w.ID, ReceivedAt: c.Now().UTC().Truncate(time.Millisecond), Value: w.Command,
		})
	}
	if len(records) == 0 {
		return nil
	}
	if _, err := c.Log.Append(ctx, records); err != nil {
		return fmt.Errorf("append carried refusals: %w", err)
	}
	for i := range waiting {
		sent[waiting[i].CarriedID] = true
	}
	return nil
}
