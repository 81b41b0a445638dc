package sink

import (
	"context"
	"fmt"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
)

// Refuser takes the rows that cannot be stored.
type Refuser interface {
	// Refuse returns nil once the refusals are durable. It may be given the same one again.
	Refuse(ctx context.Context, refusals []outbox.Refusal) error
}

// LogRefuser gives refusals to the log as commands, from where unify quarantines them.
type LogRefuser struct {
	Log stream.Log
	Now func() time.Time // nil: time.Now
}

// Refuse implements Refuser.
func (r LogRefuser) Refuse(ctx context.Context, refusals []outbox.Refusal) error {
	now := time.Now
	if r.Now != nil {
		now = r.Now
	}
	records := make([]stream.Record, len(refusals))
	for i, refusal := range refusals {
		var err error
		if records[i], err = refusal.Record(now()); err != nil {
			return err
		}
	}
	if _, err := r.Log.Append(ctx, records); err != nil {
		return fmt.Errorf("append refusals to the log: %w", err)
	}
	return nil
}

// Reasons of refusals that the sink finds itself.
const (
	reasonGone   = "log_record_gone"       // trimmed, or never there
	reasonDecode = "event_does_not_decode" // its log record is no event any more
	reasonRow    = "row_does_not_decode"   // the outbox holds no row of that table
	reasonEngine = "engine_refused"
)

// refusal is the refusal of one entry.
type refusal struct {
	seq uint64
	outbox.Refusal
}

// refusalOf makes the refusal of a row that the engine refuses.
func refusalOf(table outbox.Table, row *Row, cause error) refusal {
	r := outbox.Refusal{
		Position: row.Position, Ordinal: row.Ordinal, Table: table,
		Reason: reasonEngine, Detail: cause.Error(),
	}
	originOf(row.Value, &r)
	return refusal{row.seq, r}
}

// refuse gives rows to the quarantine.
func (s *Sink) refuse(ctx context.Context, refused ...refusal) error {
	if len(refused) == 0 {
		return nil
	}
	list, seqs := make([]outbox.Refusal, len(refused)), make([]uint64, len(refused))
	for i, r := range refused {
		list[i], seqs[i] = r.Refusal, r.seq
	}
	err := s.retry(ctx, "give refused rows to the log", func(ctx context.Context) error {
		return s.refuser.Refuse(ctx, list)
	})
	if err != nil {
		return err
	}
	for _, r := range list {
		s.metrics.Refused(r.Table)
		s.logger.WarnContext(ctx, "row refused", "table", r.Table.String(), "position", r.String(),
			"ordinal", r.Ordinal, "reason", r.Reason)
	}
	return s.queue.MarkRefused(seqs...)
}
