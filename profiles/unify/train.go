package unify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/ingest/stream"
	"tributary/profiles/state"
)

// trainer makes new models beside the worker, from a snapshot of the state, and sends them through the
// log: whoever applies the log comes to the same.
type trainer struct {
	*Config
	mu     sync.Mutex
	wanted map[string]bool    // by workspace, until the model is applied or could not be made
	failed map[string]setback // by workspace, those since the last that arrived
	queue  chan string
}

// setback says when to try again after a model could not be made.
type setback struct {
	until time.Time
	wait  time.Duration
}

// How long a workspace waits for another try: twice as long each time.
const (
	firstWait = time.Second
	mostWait  = time.Hour
)

// trainerQueue is how many workspaces may wait; who finds it full asks again.
const trainerQueue = 256

func newTrainer(c *Config) *trainer {
	return &trainer{Config: c, wanted: map[string]bool{}, failed: map[string]setback{}, queue: make(chan string, trainerQueue)}
}

// want has a new model made for a workspace, unless one is under way or could not be made lately.
func (t *trainer) want(workspace string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.wanted[workspace] || time.Now().Before(t.failed[workspace].until) {
		return
	}
	select {
	case t.queue <- workspace:
		t.wanted[workspace] = true
	default:
	}
}

// done says that a model arrived, or that it was of no use.
func (t *trainer) done(workspace string, useful bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.wanted, workspace)
	if useful {
		delete(t.failed, workspace)
		return
	}
	wait := min(mostWait, max(firstWait, 2*t.failed[workspace].wait))
	t.failed[workspace] = setback{time.Now().Add(wait), wait}
}

// run makes models until ctx ends.
func (t *trainer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case workspace := <-t.queue:
			if err := t.train(ctx, workspace); err != nil {
				t.done(workspace, false)
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
	all, err := t.read(ctx, facts)
	if err != nil {
		return err
	}
	number := chores.newest() + 1
	sealed, err := all.learn(ctx, number, func(m *match.Model) ([]byte, error) { return sealModel(t.Hasher, workspace, m) })
	if err != nil {
		return err
	}
	t.Logger.InfoContext(ctx, "model of identities made", "workspace", workspace, "model", number,
		"observations", all.known.Count, "bytes", len(sealed), "took", time.Since(began))
	return t.send(ctx, workspace, number, all, sealed)
}

// lesson is what a model is made of.
type lesson struct {
	schema  match.Schema
	records []*match.Prepared
	labels  []match.Label
	known   known
	rules   uint64
}

// learn makes the model, as it is written. When ctx ends it does not wait for it: what goes on holds nothing but
// memory.
func (l *lesson) learn(ctx context.Context, number uint32, write func(*match.Model) ([]byte, error)) ([]byte, error) {
	type outcome struct {
		written []byte
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- outcome{err: fmt.Errorf("panic in training: %s", panicDetail(p))}
			}
		}()
		written, err := write(match.Train(l.schema, number, l.records, l.labels...))
		done <- outcome{written, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case o := <-done:
		return o.written, o.err
	}
}

// read reads all that a model of a workspace is made of.
func (t *trainer) read(ctx context.Context, facts *state.Snapshot) (*lesson, error) {
	engine, err := engineOf(t.Engine, facts)
	if err != nil {
		return nil, err
	}
	l := &lesson{schema: SchemaOf(engine.Rules()), rules: hashRules(engine.Rules())}
	blocks, err := facts.AllBlocks()
	if err != nil {
		return nil, err
	}
	blocked := map[identity.Identifier]bool{}
	for _, id := range blocks {
		blocked[id] = true
		l.known.block(id, true)
	}
	links, err := facts.AllLinks()
	if err != nil {
		return nil, err
	}
	for _, link := range links {
		l.known.verdict(identity.Link{}, link)
		l.labels = append(l.labels, match.Label{A: link.A, B: link.B, Same: link.Verdict == identity.MustMerge})
	}
	see := sight{
		schema: &l.schema, engine: engine,
		blocked: func(id identity.Identifier) (bool, error) { return blocked[id], nil },
	}
	return l, l.observe(ctx, facts, &see)
}

// observe reads all observations that can be compared.
func (l *lesson) observe(ctx context.Context, facts *state.Snapshot, see *sight) error {
	after := uuid.Nil
	for ctx.Err() == nil {
		observed, err := facts.ObservedFrom(after, 1024)
		if err != nil || len(observed) == 0 {
			return err
		}
		for _, o := range observed {
			after = o.ID
			fresh := compared(o)
			if fresh == nil {
				continue
			}
			l.known.observation(nil, fresh)
			if p := see.prepare(fresh); p != nil {
				l.records = append(l.records, p)
			}
		}
	}
	return ctx.Err()
}

// modelPartBytes is how large the parts are that a model travels in: as base64 in JSON less than what
// any log takes as one record.
const modelPartBytes = 512 << 10

// send puts a model into the log.
func (t *trainer) send(ctx context.Context, workspace string, number uint32, all *lesson, sealed []byte) error {
	id := uuid.New().String()
	total := (len(sealed) + modelPartBytes - 1) / modelPartBytes
	for part := range total {
		from := part * modelPartBytes
		c := IdentityModel{
			Number: number, ID: id, Part: part, Parts: total, Observations: all.known.Count, Sum: all.known.Sum, Rules: all.rules,
			Data: sealed[from:min(from+modelPartBytes, len(sealed))],
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
