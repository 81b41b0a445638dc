package sink

import (
	"context"
	"fmt"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// history reads what the analytics store holds, for computed traits that are new.
type history struct {
	queue *outbox.Queue
	query store.Query[store.EventRow]
}

// NewHistory returns the history that the sink has written from a queue.
func NewHistory(q *outbox.Queue, s *store.Store) (unify.History, error) {
	query, err := store.Prepare[store.EventRow](s, "profiles/history")
	if err != nil {
		return nil, err
	}
	return &history{queue: q, query: query}, nil
}

// historyPoll is how often Ready looks.
const historyPoll = 20 * time.Millisecond

// Ready implements unify.History: it waits for the sink.
func (h *history) Ready(ctx context.Context) error {
	last := h.queue.Last()
	ticker := time.NewTicker(historyPoll)
	defer ticker.Stop()
	for h.queue.Sent() < last {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the sink: %w", ctx.Err())
		case <-ticker.C:
		}
	}
	return nil
}

// Events implements unify.History.
func (h *history) Events(
	ctx context.Context, workspace string, partition stream.Partition, from, to uint64, limit int,
) (events []unify.PastEvent, next uint64, err error) {
	rows := h.query.Each(ctx, store.Params{
		"workspace": workspace, "partition": uint32(partition), "from": from, "to": to, "limit": uint64(limit),
	})
	for row, err := range rows {
		if err != nil {
			return nil, 0, fmt.Errorf("read history: %w", err)
		}
		e, err := row.Event()
		if err != nil {
			return nil, 0, fmt.Errorf("read history: %w", err)
		}
		events = append(events, unify.PastEvent{Offset: row.LogOffset, Observation: row.Observation, Event: e})
	}
	if len(events) < limit {
		return events, to, nil
	}
	return events, events[limit-1].Offset + 1, nil
}
