package admin

import (
	"context"
	"fmt"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// Say puts a valid event into the live lane and returns once it is applied. On an error it may or may not be
// there; saying it again under its message id changes nothing.
func (c *Commands) Say(ctx context.Context, e *event.Event) error {
	value, err := event.Encode(e)
	if err != nil {
		return err
	}
	at, err := c.Log.Append(ctx, []stream.Record{{
		Lane: stream.LaneLive, Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID,
		ReceivedAt: e.ReceivedAt, Value: value,
	}})
	if err != nil {
		return fmt.Errorf("append event: %w", err)
	}
	if err := c.Worker.Applied(ctx, at[0]); err != nil {
		return fmt.Errorf("apply event: %w", err)
	}
	return nil
}
