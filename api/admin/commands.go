package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/stream"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// Appender takes records; stream.Log is one.
type Appender interface {
	Append(ctx context.Context, records []stream.Record) ([]stream.Position, error)
}

// Worker tells when records are applied and everything is decided; unify.Worker is one.
type Worker interface {
	Applied(ctx context.Context, pos stream.Position) error
	Rehearse(ctx context.Context, items []*state.Item) ([]unify.Rehearsal, error)
	Status(workspace string) (unify.Status, error)
	Precision(workspace string) (unify.Precision, error)
	Settle(ctx context.Context, workspace string) error
	Decided(ctx context.Context, workspace string) error
}

// Commands gives commands through the log, and waits until they are applied. It is safe for
// concurrent use, and is an auth.Config.
type Commands struct {
	Log    Appender
	Worker Worker
	Now    func() time.Time
}

// Do gives a command and returns its place once it is applied. On an error it may or may not have
// been given: all commands can be given again.
func (c *Commands) Do(ctx context.Context, workspace string, command unify.Command) (stream.Position, error) {
	at, err := c.give(ctx, workspace, []unify.Command{command})
	if len(at) == 0 {
		return stream.Position{}, err
	}
	return at[0], err
}

// DoAll gives commands and returns once all are applied; see Do.
func (c *Commands) DoAll(ctx context.Context, workspace string, commands []unify.Command) error {
	if len(commands) == 0 {
		return nil
	}
	_, err := c.give(ctx, workspace, commands)
	return err
}

// DoNamed is DoAll of commands that have their names: who gives them again gives the same.
func (c *Commands) DoNamed(ctx context.Context, workspace string, commands []unify.Named) error {
	if len(commands) == 0 {
		return nil
	}
	_, err := c.append(ctx, workspace, commands)
	return err
}

func (c *Commands) give(ctx context.Context, workspace string, commands []unify.Command) ([]stream.Position, error) {
	named := make([]unify.Named, len(commands))
	for i, command := range commands {
		// Versions 7 of one process ascend, so two commands of one millisecond keep their order.
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("give command: %w", err)
		}
		named[i] = unify.Named{MessageID: id.String(), Command: command}
	}
	return c.append(ctx, workspace, named)
}

func (c *Commands) append(ctx context.Context, workspace string, commands []unify.Named) ([]stream.Position, error) {
	by, now := unify.ByOf(ctx), c.Now()
	records := make([]stream.Record, len(commands))
	for i, command := range commands {
		var err error
		if records[i], err = unify.NewRecordBy(by, workspace, command.MessageID, now, command.Command); err != nil {
			return nil, fmt.Errorf("give command: %w", err)
		}
	}
	at, err := c.Log.Append(ctx, records)
	if err != nil {
		return nil, fmt.Errorf("give command: %w", err)
	}
	for _, pos := range at {
		if err := c.Worker.Applied(ctx, pos); err != nil {
			return at, fmt.Errorf("apply command: %w", err)
		}
	}
	return at, nil
}

// Note puts a line into the audit trail about what is no command. It returns once the line is durable,
// and does not wait until it can be read.
func (c *Commands) Note(ctx context.Context, workspace string, note unify.AuditNote) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("note in the audit trail: %w", err)
	}
	record, err := unify.NewRecordBy(unify.ByOf(ctx), workspace, id.String(), c.Now(), note)
	if err == nil {
		_, err = c.Log.Append(ctx, []stream.Record{record})
	}
	if err != nil {
		return fmt.Errorf("note in the audit trail: %w", err)
	}
	return nil
}

// PutAll stores documents of one bucket of the run-time configuration, all or none.
func (c *Commands) PutAll(ctx context.Context, workspace, bucket string, documents []unify.ConfigDocument) error {
	_, err := c.Do(ctx, workspace, unify.ConfigPutAll{Bucket: bucket, Documents: documents})
	return err
}

// Delete removes a document of the run-time configuration.
func (c *Commands) Delete(ctx context.Context, workspace, bucket, key string) error {
	_, err := c.Do(ctx, workspace, unify.ConfigDelete{Bucket: bucket, Key: key})
	return err
}

// Put stores a document of the run-time configuration.
func (c *Commands) Put(ctx context.Context, workspace, bucket, key string, value json.RawMessage) error {
	_, err := c.Do(ctx, workspace, unify.ConfigPut{Bucket: bucket, Key: key, Value: value})
	return err
}
