// Package unify is the worker that applies the log: it removes duplicates, decides who is who,
// keeps the state of each observation, counts what became of every record, and fills the outbox
// for the sink. Each step of it is one atomic write to the hot state.
//
// README.md tells why no order of arrival and no crash changes the outcome.
package unify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/outbox"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
)

var (
	// ErrStopped is returned to those who wait for a position when the worker ends.
	ErrStopped = errors.New("unify: worker has stopped")
	// ErrBehind is returned by Run when the log no longer holds what the state has yet to see.
	// The state must then be rebuilt.
	ErrBehind = errors.New("unify: the log was trimmed beyond the state")
	// ErrAhead is returned by Run when the state has seen what the log does not hold: they are not
	// of one data folder. Going on would pass over new records.
	ErrAhead = errors.New("unify: the state is ahead of the log")
)

// Defaults of Config.
const (
	DefaultStepRecords = 1024
	DefaultStepTime    = 4 * time.Millisecond
	DefaultBulkRecords = 64
	DefaultReadAhead   = 128
	// DefaultPublishAfter is that of Config.PublishAfter.
	DefaultPublishAfter = 30 * time.Second
)

// Writer is unify's end of the outbox (outbox.Writer).
type Writer interface {
	Append(batch *pebble.Batch, entries []outbox.Entry) error
	Notify()
}

// Engine decides who is who; it is pure and safe for concurrent use (identity.Engine).
type Engine interface {
	Observe(*event.Event) (identity.Observation, []identity.Dropped)
	Resolve(context.Context, identity.Facts, identity.Likeness, []identity.ObservationID) (identity.Resolution, error)
	ResolveWhole(context.Context, identity.Facts, identity.Likeness, []identity.ObservationID) (identity.Resolution, error)
	Affected(identity.Facts, *identity.Observation) ([]identity.ObservationID, error)
	Normalise(identity.Place, identity.Identifier) (identity.Identifier, identity.DropReason)
	With(identity.Rules) (*identity.Engine, error)
	Rules() identity.Rules
	Matching() identity.Matching
	Ignores(typ string) bool
	Blocks(identity.Identifier) bool
	IdentifierKey(workspace string, id identity.Identifier) uint64
}

// Report tells of one committed step.
type Report struct {
	Live, Bulk int // records by lane
	// Stored, Duplicates and Quarantined are what became of them; commands are none of these.
	Stored, Duplicates, Quarantined int
	Took                            time.Duration
	// Oldest is the received time of the oldest live record of the step; zero if there was none.
	Oldest time.Time
}

// Metrics hears of every step. It must not block.
type Metrics interface{ Step(Report) }

// Config is what a Worker is made of. All but the sizes, Logger, Metrics and Now is required.
type Config struct {
	Log    stream.Log
	State  *state.Store
	Engine Engine
	Outbox Writer
	// Hasher hashes identifiers of those who are erased or suppressed. Without one nobody is suppressed, and
	// an erasure goes by observations alone.
	Hasher *privacy.Hasher

	// StepRecords and StepTime end a step, whichever is reached first. Defaults: 1024, 4 ms.
	StepRecords int
	StepTime    time.Duration
	// BulkRecords is how many records of the bulk lane a step takes even when live ones wait, so
	// that an import never starves. Default 64.
	BulkRecords int
	// PublishAfter is how long after a change a profile's row in ClickHouse is written anew, so that
	// what comes in a burst makes one row. Default 30 s.
	PublishAfter time.Duration
	// JudgeAfter is how long after a change that a segment looks at a profile is judged, so that a burst
	// is judged once. Default 1 s.
	JudgeAfter time.Duration
	// TickEvery is how often the workspace's clock is moved on where something is due and nothing comes
	// in. Default 1 minute.
	TickEvery time.Duration
	// History reads what was stored before a computed trait was declared. Nil: it counts from then on.
	History History
	// Rules tells those of survivorship, for these rows. Default: the newest survives.
	Rules profiles.RuleBook
	// ReadAhead is how many records of one partition are read and decoded at a time; up to three
	// such runs are held per partition. Default 128.
	ReadAhead int

	Logger  *slog.Logger     // default: nothing is logged
	Metrics Metrics          // default: nobody hears
	Now     func() time.Time // default: time.Now
}

// Validate reports every fault of the configuration, each with its field.
func (c Config) Validate() error {
	var f []error
	check := func(ok bool, fault string) {
		if !ok {
			f = append(f, errors.New(fault))
		}
	}
	check(c.Log != nil, "log: is required")
	check(c.State != nil, "state: is required")
	check(c.Engine != nil, "engine: is required")
	check(c.Outbox != nil, "outbox: is required")
	check(c.StepRecords >= 0, "step_records: is negative")
	check(c.StepTime >= 0, "step_time: is negative")
	check(c.BulkRecords >= 0, "bulk_records: is negative")
	check(c.ReadAhead >= 0, "read_ahead: is negative")
	check(c.PublishAfter >= 0, "publish_after: is negative")
	check(c.JudgeAfter >= 0, "judge_after: is negative")
	check(c.TickEvery >= 0, "tick_every: is negative")
	if fixed, ok := c.Rules.(profiles.Rules); ok {
		if err := fixed.Validate(); err != nil {
			f = append(f, fmt.Errorf("rules: %w", err))
		}
	}
	c = c.withDefaults()
	check(c.BulkRecords < c.StepRecords, "bulk_records: is not less than step_records")
	return errors.Join(f...)
}

func (c Config) withDefaults() Config {
	if c.StepRecords == 0 {
		c.StepRecords = DefaultStepRecords
	}
	if c.StepTime == 0 {
		c.StepTime = DefaultStepTime
	}
	if c.BulkRecords == 0 {
		c.BulkRecords = min(DefaultBulkRecords, max(1, c.StepRecords/2))
	}
	if c.ReadAhead == 0 {
		c.ReadAhead = DefaultReadAhead
	}
	if c.JudgeAfter == 0 {
		c.JudgeAfter = DefaultJudgeAfter
	}
	if c.TickEvery == 0 {
		c.TickEvery = DefaultTickEvery
	}
	if c.PublishAfter == 0 {
		c.PublishAfter = DefaultPublishAfter
	}
	if c.Rules == nil {
		c.Rules = profiles.Rules{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = noMetrics{}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

type noMetrics struct{}

func (noMetrics) Step(Report) {}

// Worker applies the log to the state. There is one per state.
type Worker struct {
	config  Config
	trainer *trainer
	life    context.Context // ends when Run has returned
	end     context.CancelCauseFunc
}

// New returns a worker that is ready to Run.
func New(c Config) (*Worker, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("configure unify: %w", err)
	}
	w := &Worker{config: c.withDefaults()}
	w.trainer = newTrainer(&w.config)
	w.life, w.end = context.WithCancelCause(context.Background())
	return w, nil
}

// Run applies the log until ctx ends, which is no error. It is called once. Whatever it returns,
// what it has committed is whole: it may be started again, by a new Worker, from where it stood.
func (w *Worker) Run(ctx context.Context) error {
	defer w.end(ErrStopped)
	err := w.run(ctx)
	if err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return fmt.Errorf("run unify: %w", err)
}

func (w *Worker) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	feeds, err := w.openFeeds(ctx)
	if err != nil {
		return err
	}
	carrier := newCarrier(&w.config)
	a := newApplier(&w.config, w.trainer)
	a.carrier = carrier
	feeds.foresight = &a.foresight
	a.historian.wake = feeds.ready
	running := feeds.start(ctx)
	running.Go(func() { w.trainer.run(ctx) })
	running.Go(func() { (&ticker{Config: &w.config}).run(ctx) })
	running.Go(func() { a.historian.run(ctx) })
	running.Go(func() { carrier.run(ctx) })
	running.Go(func() { a.keeper.run(ctx) })
	err = a.run(ctx, feeds)
	stop()
	running.Wait()
	return err
}

// Applied returns nil once the record at pos is applied: what it did is then visible to who opens
// a snapshot. It fails with ctx's error, or with ErrStopped when the worker ends before.
func (w *Worker) Applied(ctx context.Context, pos stream.Position) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(w.life, func() { cancel(ErrStopped) })() //nolint:contextcheck // the worker's life is not the caller's
	err := w.config.State.Wait(ctx, pos)
	if err != nil && errors.Is(context.Cause(ctx), ErrStopped) {
		return ErrStopped
	}
	return err
}
