package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"

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

// carry says what becomes of a command: mine if it is of this phase, and then the record as it is to
// stand in the new log, nil if it is left behind.
type carry func(*stream.Entry, unify.Command) (record *stream.Record, mine bool, err error)

// commands copies commands, and counts those that are and those that are left behind.
func (r *run) commands(carry carry) func(context.Context) error {
	return func(ctx context.Context) error {
		return r.pass(ctx, func(e *stream.Entry) (*stream.Record, error) {
			if e.Kind != stream.KindCommand || r.Choice.Workspace != "" && r.Choice.Workspace != e.Workspace ||
				!r.Choice.Until.IsZero() && !e.ReceivedAt.Before(r.Choice.Until) {
				return nil, nil
			}
			name, command := nameOf(e)
			record, mine, err := carry(e, command)
			switch {
			case err != nil || !mine:
				return nil, err
			case record != nil:
				r.Commands[name]++
			default:
				r.LeftOut[name]++
			}
			return record, nil
		})
	}
}

// nameOf reads a command; it is nil of a refusal, and of what this program does not know.
func nameOf(e *stream.Entry) (string, unify.Command) {
	if command, err := unify.ParseCommand(e.Value); err == nil {
		return command.Name(), command
	}
	if _, err := outbox.ParseRefusal(e.Value); err == nil {
		return outbox.CommandRefused, nil
	}
	return "unreadable", nil
}

// decided carries over what people decided about who is who, what events should be, and what sources say.
func (r *run) decided(e *stream.Entry, command unify.Command) (record *stream.Record, mine bool, err error) {
	switch c := command.(type) {
	case unify.QuarantineDiscard, unify.QuarantineReplay:
		return nil, false, nil
	case unify.IdentityLink, unify.IdentityBlock, unify.IdentityUnblock, unify.IdentityRules:
		return &e.Record, true, nil
	case unify.SchemaSet:
		return r.about(e, e.Workspace, c.Source), true, nil
	case unify.SchemaRemove:
		return r.about(e, e.Workspace, c.Source), true, nil
	case unify.ConfigPut:
		return r.document(e, c.Bucket), true, nil
	case unify.ConfigPutAll:
		if record = r.document(e, c.Bucket); record == nil {
			record, err = r.labels(e, c)
		}
		return record, true, err
	case unify.ConfigDelete:
		return r.document(e, c.Bucket), true, nil
	}
	return nil, true, nil
}

// corrected carries over what people said of quarantined items.
func (r *run) corrected(e *stream.Entry, command unify.Command) (record *stream.Record, mine bool, err error) {
	switch c := command.(type) {
	case unify.QuarantineDiscard:
		if r.Refused[item(place(c.Partition, c.Offset), c.Ordinal)] || !r.move(c.Partition, &c.Offset) {
			return nil, true, nil
		}
		record, err = restate(e, c)
		return record, true, err
	case unify.QuarantineReplay:
		if len(c.With) == 0 || !r.move(c.Partition, &c.Offset) {
			return nil, true, nil
		}
		record, err = restate(e, c)
		return record, true, err
	}
	return nil, false, nil
}

// about returns the record if it is about a chosen source.
func (r *run) about(e *stream.Entry, workspace, source string) *stream.Record {
	if !r.Choice.source(workspace, source) {
		return nil
	}
	return &e.Record
}

// document returns the record if the document is what a chosen source says it sent, a target of a metric, or a saved statement.
func (r *run) document(e *stream.Entry, bucket string) *stream.Record {
	if bucket == unify.TargetsBucket+e.Workspace || bucket == unify.QueriesBucket+e.Workspace {
		return &e.Record
	}
	workspace, source, ok := reconcile.SourceOf(bucket)
	if !ok {
		return nil
	}
	return r.about(e, workspace, source)
}

// labels returns the record with those labels that are about conversations of chosen sources; nil if none is.
func (r *run) labels(e *stream.Entry, c unify.ConfigPutAll) (*stream.Record, error) {
	workspace, ok := strings.CutPrefix(c.Bucket, unify.LabelsBucket)
	if !ok {
		return nil, nil
	}
	all := len(c.Documents)
	c.Documents = slices.DeleteFunc(c.Documents, func(d unify.ConfigDocument) bool {
		source, _, _ := strings.Cut(d.Key, "/")
		return !r.Choice.source(workspace, source)
	})
	switch len(c.Documents) {
	case 0:
		return nil, nil
	case all:
		return &e.Record, nil
	}
	return restate(e, c)
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
