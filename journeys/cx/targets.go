package cx

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// MaxTargets bounds how many targets a workspace has at a time.
const MaxTargets = 1000

// Commands gives commands through the log and waits until they are applied; admin.Commands does.
type Commands interface {
	Do(ctx context.Context, workspace string, command unify.Command) (stream.Position, error)
}

// Documents keeps documents; state.Store does.
type Documents interface {
	Doc(bucket, key string) (json.RawMessage, bool, error)
	Docs(bucket string) ([]state.Doc, error)
}

// Targets sets what metrics are to come to. It is safe for concurrent use.
type Targets struct {
	commands  Commands
	documents Documents
	now       func() time.Time
}

// NewTargets returns the targets that stand in documents, where commands put them.
func NewTargets(commands Commands, documents Documents, now func() time.Time) *Targets {
	return &Targets{commands, documents, now}
}

// bucket is where the targets of a workspace stand in the run-time configuration, by their id.
func bucket(workspace string) string { return unify.TargetsBucket + workspace }

// Set sets a target under an id that its author chose: again the same, it is answered as it stands, so that it is set once
// whatever the number of tries. It fails with event.Errors, each with its path, and with ErrOtherTarget.
func (t *Targets) Set(ctx context.Context, workspace string, id uuid.UUID, goal Goal, by Author) (*Target, error) {
	if err := goal.check(); err != nil {
		return nil, err
	}
	there, err := t.find(workspace, id)
	if err == nil && there == nil {
		if err = t.room(workspace); err != nil {
			return nil, err
		}
		m, _ := Find(goal.Metric)
		by.Actor = unify.ByOf(ctx).Actor
		set := &Target{ID: id, Goal: goal, Better: m.Better, SetAt: t.now().UTC().Truncate(time.Millisecond), SetBy: by}
		if err = t.put(unify.WithAction(ctx, "metrics.target.set"), workspace, set, by); err == nil {
			there, err = t.find(workspace, id) // of two at once under one id the later stands
		}
	}
	switch {
	case err != nil:
		return nil, err
	case there == nil || !there.same(&goal):
		return nil, ErrOtherTarget
	}
	return there, nil
}

// room fails if the workspace has as many targets as it may.
func (t *Targets) room(workspace string) error {
	list, err := t.List(workspace)
	if err == nil && len(list) >= MaxTargets {
		return event.Errors{{Field: "metric", Reason: fmt.Sprintf("cannot have another target: the workspace has %d; remove some", MaxTargets)}}
	}
	return err
}

// Remove takes a target back: no bucket is held against it from now on, but where known_at is earlier. One that is removed is
// answered as it is. It fails with ErrNoTarget.
func (t *Targets) Remove(ctx context.Context, workspace string, id uuid.UUID, by Author) (*Target, error) {
	there, err := t.find(workspace, id)
	switch {
	case err != nil:
		return nil, err
	case there == nil:
		return nil, ErrNoTarget
	case !there.RemovedAt.IsZero():
		return there, nil
	}
	by.Actor = unify.ByOf(ctx).Actor
	there.RemovedAt, there.RemovedBy = t.now().UTC().Truncate(time.Millisecond), &by
	if err := t.put(unify.WithAction(ctx, "metrics.target.remove"), workspace, there, by); err != nil {
		return nil, err
	}
	return there, nil
}

// List lists the targets that are not removed, by metric, group and series, of one the latest first.
func (t *Targets) List(workspace string) ([]Target, error) {
	all, err := t.all(workspace)
	return slices.DeleteFunc(all, func(t Target) bool { return !t.RemovedAt.IsZero() }), err
}

// all lists the targets, those that were removed included.
func (t *Targets) all(workspace string) ([]Target, error) {
	docs, err := t.documents.Docs(bucket(workspace))
	if err != nil {
		return nil, fmt.Errorf("read targets: %w", err)
	}
	list := make([]Target, len(docs))
	for i := range docs {
		if err := json.Unmarshal(docs[i].Value, &list[i]); err != nil {
			return nil, fmt.Errorf("read target: %w", err)
		}
	}
	slices.SortFunc(list, func(a, b Target) int {
		return cmp.Or(
			cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.By, b.By), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Series, b.Series),
			b.SetAt.Compare(a.SetAt), slices.Compare(a.ID[:], b.ID[:]),
		)
	})
	return list, nil
}

// find returns a target, and nil if there is none of that id.
func (t *Targets) find(workspace string, id uuid.UUID) (*Target, error) {
	value, ok, err := t.documents.Doc(bucket(workspace), id.String())
	if err != nil || !ok {
		return nil, err
	}
	found := new(Target)
	if err := json.Unmarshal(value, found); err != nil {
		return nil, fmt.Errorf("read target: %w", err)
	}
	return found, nil
}

func (t *Targets) put(ctx context.Context, workspace string, target *Target, by Author) error {
	value, err := json.Marshal(target)
	if err != nil {
		return err
	}
	_, err = t.commands.Do(ctx, workspace, unify.ConfigPut{
		Actor: cmp.Or(by.ID, by.Name), Bucket: bucket(workspace), Key: target.ID.String(), Value: value,
	})
	return err
}
