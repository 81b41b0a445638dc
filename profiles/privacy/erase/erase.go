// Package erase carries erasures out in every store: it removes the rows of the analytics store, writes the log
// anew, takes old bytes off the disk, asks each store again, and certifies what it found.
//
// An erasure goes through steps. Each is noted when it is done and may be done twice, so a crash anywhere costs
// the step that was under way. Erasures that are due together go through them together.
package erase

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/privacy"
	"tributary/sql/store"
)

// State is what the runner needs of the hot state; state.Store is one.
type State interface {
	// Offsets are how far the log is applied.
	Offsets() map[stream.Partition]uint64
	// Holds says whether an observation is there, and when the first record of it that is kept was received.
	Holds(workspace string, id identity.ObservationID) (held bool, first time.Time, err error)
	// Stale returns what marks a profile whose row is still to be written anew: another mark each time that it
	// came to wait. Empty: it does not.
	Stale(workspace string, profile identity.ProfileID) (mark string, err error)
	// Scrub takes what was deleted off the disk.
	Scrub(ctx context.Context) error
}

// Sink is what the runner needs of the sink; sink.Sink is one.
type Sink interface {
	// Settle waits until all that the outbox holds is stored for good, and let go of.
	Settle(ctx context.Context, durable func(context.Context) error) error
}

// Files are files of one kind in the data folder, or beside it, that hold something of people.
type Files interface {
	// Name tells the kind, as it stands in the certificate.
	Name() string
	// Erase removes what they hold of the subjects of erasures, and returns how many files that were. It finds
	// nothing the second time.
	Erase(ctx context.Context, set *privacy.Set) (int, error)
}

// Config is what a Runner works with. All is required but where a default is told.
type Config struct {
	Desk  privacy.Desk
	Log   stream.Log
	State State
	Sink  Sink
	Store *store.Store

	Hasher *privacy.Hasher
	Engine privacy.Normaliser
	// Covers returns the erasure of a set that a record of the log falls under, Replacement what takes its
	// place; see unify.Covers and unify.Replacement.
	Covers      func(set *privacy.Set, entry stream.Entry) *privacy.Erasure
	Replacement func(entry stream.Entry, e *privacy.Erasure) (stream.Entry, error)
	// Vocabulary are the names of events that say nothing of a product, so that totals may bear them.
	Vocabulary []string
	// Durable returns when all that the analytics store has written is on disk. Default: at once, for a server
	// that syncs what it writes.
	Durable func(context.Context) error
	// Retention is how long a log that cannot be rewritten keeps records; 0: for ever.
	Retention time.Duration
	// Files are the kinds of files that may hold something of people. Default: none.
	Files []Files
	// Kept says in words what is left as it is, and Backups what the operator has to do about copies.
	Kept, Backups []string
	// Sign returns the sum of a certificate, by a key of this installation.
	Sign func(text []byte) string
	// Every is how far apart the runner looks whether an erasure is due. Default 2 s.
	Every  time.Duration
	Now    func() time.Time
	Logger *slog.Logger
	// At, if a test sets it, is called before each step and each part of it; its error ends the run as a crash
	// would.
	At func(part string) error
}

// Validate reports every fault, each with its field.
func (c Config) Validate() error {
	var faults []error
	need := func(ok bool, field string) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s: is required", field))
		}
	}
	need(c.Desk != nil, "desk")
	need(c.Log != nil, "log")
	need(c.State != nil, "state")
	need(c.Sink != nil, "sink")
	need(c.Store != nil, "store")
	need(c.Hasher != nil, "hasher")
	need(c.Engine != nil, "engine")
	need(c.Covers != nil, "covers")
	need(c.Replacement != nil, "replacement")
	need(c.Sign != nil, "sign")
	if c.Retention < 0 || c.Every < 0 {
		faults = append(faults, errors.New("retention, every: must not be negative"))
	}
	return errors.Join(faults...)
}

// Runner carries erasures out.
type Runner struct{ Config }

// New returns a runner.
func New(c Config) (*Runner, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("configure erasure: %w", err)
	}
	if c.Durable == nil {
		c.Durable = func(context.Context) error { return nil }
	}
	if c.Every == 0 {
		c.Every = 2 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Runner{c}, nil
}

// Run carries out what is due until ctx ends. What fails is tried again; it returns an error only when ctx ends.
func (r *Runner) Run(ctx context.Context) error {
	restored := false
	for {
		err := r.once(ctx, &restored)
		if err != nil && ctx.Err() == nil {
			r.Logger.ErrorContext(ctx, "an erasure is not done yet; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(r.Every):
		}
	}
}

func (r *Runner) once(ctx context.Context, restored *bool) error {
	if !*restored { // a run before may have died while old parts were being dropped
		if err := r.Store.RestoreOldParts(ctx); err != nil {
			return err
		}
		*restored = true
	}
	return r.Once(ctx)
}

// Once carries out what is due now, and what a run before left undone. It returns when all of it is certified.
func (r *Runner) Once(ctx context.Context) error {
	due, err := r.Desk.Due(ctx)
	if err != nil {
		return fmt.Errorf("list erasures that are due: %w", err)
	}
	carrying, inside := errgroup.WithContext(ctx)
	carrying.SetLimit(notesAtOnce)
	for _, e := range due {
		if err := r.at("erase"); err != nil {
			return errors.Join(err, carrying.Wait())
		}
		carrying.Go(func() error {
			if _, err := r.Desk.Erase(inside, e.Workspace, e.ID); err != nil {
				return fmt.Errorf("erase %s from the state: %w", e.ID, err)
			}
			return nil
		})
	}
	if err := carrying.Wait(); err != nil {
		return err
	}
	erasing, err := r.underWay(ctx)
	if err != nil || len(erasing) == 0 {
		return err
	}
	return r.carryOut(ctx, newBatch(erasing))
}

// underWay lists the erasures that are carried out and not finished, once all that they reach is applied. After
// a crash, and while a state is made again from the log, that may take a while; and the log may tell meanwhile
// that one was finished.
func (r *Runner) underWay(ctx context.Context) ([]*privacy.Record, error) {
	all, err := r.Desk.Erasing(ctx)
	if err != nil {
		return nil, fmt.Errorf("list erasures under way: %w", err)
	}
	var left []*privacy.Record
	for _, e := range all {
		now, err := r.Desk.Erase(ctx, e.Workspace, e.ID)
		if err != nil {
			return nil, fmt.Errorf("wait until what erasure %s reaches is applied: %w", e.ID, err)
		}
		if now.Status == privacy.StatusErasing {
			left = append(left, now)
		}
	}
	return left, nil
}

// batch is the erasures that go through the steps together.
type batch struct {
	records []*privacy.Record
	set     *privacy.Set
	// workspaces are theirs.
	workspaces []string
}

func newBatch(records []*privacy.Record) *batch {
	b := &batch{records: records, set: privacy.NewSet()}
	seen := map[string]bool{}
	for _, e := range records {
		b.set.Add(&e.Erasure)
		if !seen[e.Workspace] {
			seen[e.Workspace] = true
			b.workspaces = append(b.workspaces, e.Workspace)
		}
	}
	return b
}

// lacks lists the erasures of which a step is not noted.
func (b *batch) lacks(step string) (all []*privacy.Record) {
	for _, e := range b.records {
		if e.Step(step) == nil {
			all = append(all, e)
		}
	}
	return all
}

// within fails if something that the erasures reach is not applied.
func (b *batch) within(applied map[stream.Partition]uint64) error {
	for _, e := range b.records {
		for p, below := range e.UpTo {
			if applied[p] < below {
				return fmt.Errorf("erasure %s reaches up to %d/%d, and the log is applied up to %d", e.ID, p, below, applied[p])
			}
		}
	}
	return nil
}

// step is one of the steps: it returns what is noted of each erasure.
type step struct {
	name string
	do   func(ctx context.Context, b *batch) (map[uuid.UUID]privacy.Step, error)
}

// The names of the steps, as they are noted.
const (
	stepCounted   = "counted"
	stepAnalytics = "analytics_store"
	stepState     = "state"
	stepLog       = "log"
	stepFiles     = "files"
)

func (r *Runner) steps() []step {
	return []step{
		{stepCounted, r.count},
		{stepAnalytics, r.removeRows},
		{stepState, r.scrubState},
		{stepLog, r.rewriteLog},
		{stepFiles, r.removeFiles},
	}
}

// carryOut goes through the steps. Notes are given while the next step is at work already, for each waits for
// its turn behind what comes in; but what is counted is noted before it is removed.
func (r *Runner) carryOut(ctx context.Context, b *batch) error {
	began := r.Now()
	notes, noting := errgroup.WithContext(ctx)
	notes.SetLimit(notesAtOnce)
	err := r.walk(noting, b, notes)
	if err := errors.Join(err, notes.Wait()); err != nil {
		return err
	}
	if err := r.finish(ctx, b); err != nil {
		return err
	}
	r.Logger.InfoContext(ctx, "erasure is done", "erasures", len(b.records), "seconds", r.Now().Sub(began).Seconds())
	return nil
}

// walk takes the steps that are not noted.
func (r *Runner) walk(ctx context.Context, b *batch, notes *errgroup.Group) error {
	for _, s := range r.steps() {
		lacking := b.lacks(s.name)
		if len(lacking) == 0 {
			continue
		}
		if err := r.at(s.name); err != nil {
			return err
		}
		began := r.Now()
		done, err := s.do(ctx, b)
		if err != nil {
			return fmt.Errorf("erase from %s: %w", s.name, err)
		}
		if err := r.note(ctx, s.name, lacking, done, notes); err != nil {
			return err
		}
		r.Logger.InfoContext(ctx, "erasure", "step", s.name, "erasures", len(lacking), "seconds", r.Now().Sub(began).Seconds())
	}
	return nil
}

// notesAtOnce is how many notes are on their way to the log at once: they share its syncs.
const notesAtOnce = 64

// note notes a step of the erasures that lack it, by the group; a count is noted when it returns.
func (r *Runner) note(ctx context.Context, name string, lacking []*privacy.Record, done map[uuid.UUID]privacy.Step, notes *errgroup.Group) error {
	if err := r.at(name + " noted"); err != nil {
		return err
	}
	if name == stepCounted {
		notes, ctx = errgroup.WithContext(ctx)
		notes.SetLimit(notesAtOnce)
	}
	for _, e := range lacking {
		s := done[e.ID]
		s.Name, s.At = name, r.Now().UTC().Truncate(time.Millisecond)
		e.Steps = append(e.Steps, s)
		notes.Go(func() error {
			if err := r.Desk.Note(ctx, e.Workspace, e.ID, s); err != nil {
				return fmt.Errorf("note the step %s: %w", name, err)
			}
			return nil
		})
	}
	if name == stepCounted {
		return notes.Wait()
	}
	return nil
}

func (r *Runner) at(part string) error {
	if r.At == nil {
		return nil
	}
	return r.At(part)
}

// workers is how many partitions of the log are read at once.
func workers() int { return max(1, runtime.GOMAXPROCS(0)) }
