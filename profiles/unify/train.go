package unify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"tributary/identity/match"
	"tributary/ingest/stream"
	"tributary/profiles/state"
)

// trainer makes new models beside the worker, from a snapshot of the state, and sends them through the
// log: whoever applies the log comes to the same.
type trainer struct {
	*Config
	mu     sync.Mutex
	wanted map[string]bool // by workspace, until the model is applied or could not be made
	queue  chan string
}

// trainerQueue is how many workspaces may wait; who finds it full asks again.
const trainerQueue = 256

func newTrainer(c *Config) *trainer {
	return &trainer{Config: c, wanted: map[string]bool{}, queue: make(chan string, trainerQueue)}
}

// want has a new model made for a workspace, unless one is under way.
func (t *trainer) want(workspace string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.wanted[workspace] {
		return
	}
	select {
	case t.queue <- workspace:
		t.wanted[workspace] = true
	default:
	}
}

// done says that a model arrived, or that none will.
func (t *trainer) done(workspace string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.wanted, workspace)
}

// run makes models until ctx ends.
func (t *trainer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case workspace := <-t.queue:
			if err := t.train(ctx, workspace); err != nil {
				t.done(workspace)
				if ctx.Err() == nil {
					t.Logger.ErrorContext(ctx, "model of identities could not be made", "workspace", workspace, "error", err)
				}
			}
		}
	}
}

// train makes a model of what is there now.
func (t *trainer) train(ctx context.Context, workspace string) (err error) {
	began := time.Now()
	facts, err := t.State.View(workspace)
	if err != nil {
		return fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, facts.Close()) }()
	chores, err := readChores(facts)
	if err != nil {
		return err
	}
	var schema match.Schema
	records, trained, err := prepareAll(ctx, facts, &schema)
	if err != nil {
		return err
	}
	number := chores.newest() + 1
	model := match.Train(schema, number, records)
	encoded, err := json.Marshal(model)
	if err != nil {
		return err
	}
	t.Logger.InfoContext(ctx, "model of identities made", "workspace", workspace, "model", number,
		"observations", trained.Count, "bytes", len(encoded), "took", time.Since(began))
	return t.send(ctx, workspace, number, trained, encoded)
}

// prepareAll reads all observations that can be compared.
func prepareAll(ctx context.Context, facts *state.Snapshot, schema *match.Schema) (records []*match.Prepared, all known, err error) {
	after := uuid.Nil
	for ctx.Err() == nil {
		observed, err := facts.ObservedFrom(after, 1024)
		if err != nil || len(observed) == 0 {
			return records, all, err
		}
		for _, o := range observed {
			after = o.ID
			if fresh := compared(o); fresh != nil && match.Comparable(fresh) {
				all.add(fresh)
				records = append(records, schema.Prepare(match.RecordOf(schema, fresh)))
			}
		}
	}
	return nil, all, ctx.Err()
}

// modelPartBytes is how large the parts are that a model travels in: as base64 in JSON less than what
// any log takes as one record.
const modelPartBytes = 512 << 10

// send puts a model into the log.
func (t *trainer) send(ctx context.Context, workspace string, number uint32, trained known, encoded []byte) error {
	id := uuid.New().String()
	total := (len(encoded) + modelPartBytes - 1) / modelPartBytes
	for part := range total {
		from := part * modelPartBytes
		c := IdentityModel{
			Number: number, ID: id, Part: part, Parts: total, Observations: trained.Count, Sum: trained.Sum,
			Data: encoded[from:min(from+modelPartBytes, len(encoded))],
		}
		record, err := NewRecord(workspace, fmt.Sprintf("model-%s-%d", id, part), t.Now(), c)
		if err != nil {
			return err
		}
		if _, err := t.Log.Append(ctx, []stream.Record{record}); err != nil {
			return fmt.Errorf("append model: %w", err)
		}
	}
	return nil
}
