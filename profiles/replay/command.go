package replay

import (
	"fmt"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/reconcile"
	"tributary/profiles/unify"
)

// mention notes the place that a command is about, if it is one that is carried over with its place.
func (r *run) mention(e *stream.Entry) {
	if refusal, err := outbox.ParseRefusal(e.Value); err == nil {
		r.Refused[item(refusal.Position, refusal.Ordinal)] = true
		return
	}
	switch c, _ := unify.ParseCommand(e.Value); c := c.(type) {
	case unify.QuarantineReplay:
		r.Moved[place(c.Partition, c.Offset).String()] = 0
	case unify.QuarantineDiscard:
		r.Moved[place(c.Partition, c.Offset).String()] = 0
	}
}

func place(p stream.Partition, offset uint64) stream.Position {
	return stream.Position{Partition: p, Offset: offset}
}

func item(p stream.Position, ordinal uint32) string { return fmt.Sprintf("%s/%d", p, ordinal) }

// carry returns the command as it is to stand in the new log, or nil for one that is left out. README.md
// lists them.
func (r *run) carry(e *stream.Entry) (*stream.Record, error) {
	if r.Choice.Workspace != "" && r.Choice.Workspace != e.Workspace || !r.Choice.Until.IsZero() && !e.ReceivedAt.Before(r.Choice.Until) {
		return nil, nil
	}
	command, err := unify.ParseCommand(e.Value)
	name := outbox.CommandRefused
	if err == nil {
		name = command.Name()
	} else if _, refusal := outbox.ParseRefusal(e.Value); refusal != nil {
		name = "unreadable"
	}
	record, err := r.carried(e, command)
	switch {
	case err != nil:
		return nil, err
	case record != nil:
		r.Commands[name]++
	default:
		r.LeftOut[name]++
	}
	return record, nil
}

func (r *run) carried(e *stream.Entry, command unify.Command) (*stream.Record, error) {
	switch c := command.(type) {
	case unify.IdentityLink, unify.IdentityBlock, unify.IdentityUnblock, unify.IdentityRules:
		return &e.Record, nil
	case unify.ConfigPut:
		return r.document(e, c.Bucket), nil
	case unify.ConfigDelete:
		return r.document(e, c.Bucket), nil
	case unify.QuarantineDiscard:
		if r.Refused[item(place(c.Partition, c.Offset), c.Ordinal)] || !r.move(c.Partition, &c.Offset) {
			return nil, nil
		}
		return restate(e, c)
	case unify.QuarantineReplay:
		if len(c.With) == 0 || !r.move(c.Partition, &c.Offset) {
			return nil, nil
		}
		return restate(e, c)
	}
	return nil, nil
}

// document returns the record if the document is what a chosen source says it sent.
func (r *run) document(e *stream.Entry, bucket string) *stream.Record {
	workspace, source, ok := reconcile.SourceOf(bucket)
	if !ok || !r.Choice.source(workspace, source) {
		return nil
	}
	return &e.Record
}

// move puts the offset that a record has now in place of its old one; false: it was not copied.
func (r *run) move(p stream.Partition, offset *uint64) bool {
	now := r.Moved[place(p, *offset).String()]
	if now == 0 {
		return false
	}
	*offset = now - 1
	return true
}

// restate returns the record with another command in it.
func restate(e *stream.Entry, c unify.Command) (*stream.Record, error) {
	record, err := unify.NewRecord(e.Workspace, e.MessageID, e.ReceivedAt, c)
	if err != nil {
		return nil, fmt.Errorf("restate %s at %s: %w", c.Name(), e.Position, err)
	}
	record.Source, record.Lane = e.Source, e.Lane
	return &record, nil
}
