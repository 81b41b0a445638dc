// Package sink brings the rows that unify put into the outbox to ClickHouse, each exactly once.
//
// It trusts no acknowledgement that it did not get. What is about to be sent is written down and
// synced first; when the outcome of a statement is unknown, it is ended, the store is asked which
// rows are there, and the missing ones are sent again.
package sink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"

	"golang.org/x/sync/errgroup"
)

// Config says how the sink works. The zero value of an optional field means its default.
type Config struct {
	// MaxRows and MaxBytes (of log records and rows) limit what is sent at once, and with it
	// memory: three times as much is held at most. Defaults 30,000 and 24 MiB.
	MaxRows  int
	MaxBytes int
	// FlushEvery is how far apart sends are that are not full: each makes a part of every table that
	// it has rows of, to be synced and merged. Default 1 s.
	FlushEvery time.Duration
	// MaxPartitions limits the partitions of its table that one statement writes to: each becomes a
	// file of its own, and the engine refuses more than 100. Default 12.
	MaxPartitions int
	// InFlight is how many spans may be on their way at once. Default 2.
	InFlight int
	// Decoders is how many log partitions are read and decoded at once. Default 2.
	Decoders int
	// Timeout ends a statement whose answer does not come. Default 1 min.
	Timeout time.Duration
	// DrainTimeout limits how long a stop may take to send what is waiting. Default 10 s.
	DrainTimeout time.Duration
	// RetryMin and RetryMax bound the pause after a failure, which doubles. Defaults 100 ms, 5 s.
	RetryMin, RetryMax time.Duration
	// KeepFor is how long after its acknowledgement a row can still be looked for: the tables'
	// old_parts_lifetime, after which the engine has only synced parts. Default 480 s.
	KeepFor time.Duration
	// ReloadEvery is the least time between two reloads of the identity dictionary; it is longer if
	// they would take more than a tenth of the time, up to 30 times as long. Default 1 s.
	ReloadEvery time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

func (c *Config) setDefaults() {
	setDefault(&c.MaxRows, 30_000)
	setDefault(&c.MaxBytes, 24<<20)
	setDefault(&c.FlushEvery, time.Second)
	setDefault(&c.MaxPartitions, 12)
	setDefault(&c.InFlight, 2)
	setDefault(&c.Decoders, 2)
	setDefault(&c.Timeout, time.Minute)
	setDefault(&c.DrainTimeout, 10*time.Second)
	setDefault(&c.RetryMin, 100*time.Millisecond)
	setDefault(&c.RetryMax, 5*time.Second)
	setDefault(&c.KeepFor, 480*time.Second)
	setDefault(&c.ReloadEvery, time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// Validate reports all faults, each with its field.
func (c Config) Validate() error {
	c.setDefaults()
	var faults []error
	positive := func(name string, value int64) {
		if value <= 0 {
			faults = append(faults, fmt.Errorf("%s: must be greater than 0, is %d", name, value))
		}
	}
	positive("max_rows", int64(c.MaxRows))
	positive("max_bytes", int64(c.MaxBytes))
	positive("flush_every", int64(c.FlushEvery))
	positive("in_flight", int64(c.InFlight))
	positive("decoders", int64(c.Decoders))
	positive("timeout", int64(c.Timeout))
	positive("drain_timeout", int64(c.DrainTimeout))
	positive("retry_min", int64(c.RetryMin))
	positive("keep_for", int64(c.KeepFor))
	positive("reload_every", int64(c.ReloadEvery))
	if c.RetryMax < c.RetryMin {
		faults = append(faults, errors.New("retry_max: is less than retry_min"))
	}
	if c.MaxPartitions < 1 || c.MaxPartitions > 100 {
		faults = append(faults, fmt.Errorf("max_partitions: must be 1 to 100, is %d", c.MaxPartitions))
	}
	return errors.Join(faults...)
}

// Parts are what the sink works on. Metrics and Logger may be nil.
type Parts struct {
	Queue *outbox.Queue
	// Applied is how far the state has applied the log, before unify goes on with it. With it the
	// sink makes sure that log, state and store belong together (ErrStateOld, ErrForeign); nil: it
	// does not.
	Applied outbox.Offsets
	Log     stream.Log
	Store   Store
	Refuser Refuser
	// Lease is the right to send, of a log that several processes share, and Note what its owner has
	// written down beside it; nil: there is one process only.
	Lease   Lease
	Note    Note
	Metrics Metrics
	Logger  *slog.Logger
}

// Sink is the outbox's only consumer.
type Sink struct {
	cfg     Config
	queue   *outbox.Queue
	store   Store
	refuser Refuser
	metrics Metrics
	logger  *slog.Logger
	loader  *loader

	lease     Lease // nil: there is one sink only
	epoch     uint32
	announced announced

	pinned  outbox.Offsets // how far the state had come when nothing beyond it was sent
	horizon outbox.Offsets // below it, rows may be there that this outbox never sent

	stop    <-chan struct{} // closed when Run is to come to an end
	reload  chan struct{}   // holds one: the identity dictionary is out of date
	marks   marks           // the finisher's
	settles chan settling   // answered by the finisher

	deliveries sync.WaitGroup

	mu     sync.Mutex
	began  time.Time
	flying []*cycle // begun and not finished, oldest first

	// hook, when set by a test, is called at each step of a span's way; its error ends Run as a
	// crash would.
	hook func(step) error
}

// New returns a sink that Run starts. It is called before unify runs.
func New(cfg Config, parts Parts) (*Sink, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("sink config: %w", err)
	}
	cfg.setDefaults()
	if parts.Metrics == nil {
		parts.Metrics = noMetrics{}
	}
	if parts.Logger == nil {
		parts.Logger = slog.New(slog.DiscardHandler)
	}
	var pinned outbox.Offsets
	if parts.Applied != nil {
		var err error
		if pinned, err = parts.Queue.Pin(parts.Applied); err != nil {
			return nil, err
		}
	}
	s := &Sink{
		pinned: pinned, lease: parts.Lease,
		cfg: cfg, queue: parts.Queue, store: parts.Store, refuser: parts.Refuser,
		metrics: parts.Metrics, logger: parts.Logger,
		loader:  newLoader(parts.Log, cfg.Decoders),
		reload:  make(chan struct{}, 1),
		settles: make(chan settling),
		marks:   marks{step: cfg.KeepFor / marksKept},
	}
	if s.lease != nil {
		s.epoch, s.announced.note = s.lease.Epoch(), parts.Note
	}
	return s, nil
}

// errStopping says that something was left undone because the sink is to stop.
var errStopping = errors.New("sink: stopping")

// Run works until ctx ends, then sends what is waiting, for at most DrainTimeout and as long as
// nothing fails, and returns nil. What remains stays in the outbox. It returns an error only when
// the outbox itself cannot be read or written, ErrStateOld and ErrForeign, and stream.ErrFenced when
// another process owns the log. It may be called once.
func (s *Sink) Run(ctx context.Context) error {
	s.stop = ctx.Done()
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(s.cfg.DrainTimeout, cancel)
		context.AfterFunc(hard, func() { timer.Stop() })
	})()
	defer s.loader.close()

	s.mu.Lock()
	s.began = s.cfg.Now()
	s.mu.Unlock()
	recovered, err := s.start(hard)
	if err == nil {
		err = s.flow(hard)
	}
	if errors.Is(err, errStopping) || hard.Err() != nil {
		err = nil
	}
	cancel()
	s.deliveries.Wait()
	if err == nil && recovered {
		err = s.queue.End()
	}
	if err != nil {
		return fmt.Errorf("run sink: %w", err)
	}
	return nil
}

// start looks at what an earlier run left behind. It says whether it came to the end of that.
func (s *Sink) start(ctx context.Context) (bool, error) {
	clean, err := s.queue.Begin()
	if err != nil {
		return false, err
	}
	if err := s.fence(ctx); err != nil {
		return false, err
	}
	if err := s.agree(ctx); err != nil {
		return false, err
	}
	s.horizon, err = s.queue.Horizon(func() (ends outbox.Offsets, err error) {
		err = s.retry(ctx, "list partitions", func(ctx context.Context) (err error) {
			ends, err = s.loader.ends(ctx)
			return err
		})
		return ends, err
	})
	if err != nil {
		return false, err
	}
	if s.pinned != nil { // all that is there is known now, or looked for
		if err := s.queue.Unpin(); err != nil {
			return false, err
		}
	}
	if err := s.recover(ctx, clean); err != nil {
		return false, err
	}
	return true, s.at(stepRecovered)
}

// flow is the work itself: spans are assembled, planned and sent, and finished, each by its own
// goroutine and all in order; only sending overlaps.
func (s *Sink) flow(hard context.Context) error {
	assembled, sent := make(chan *cycle), make(chan *cycle, s.cfg.InFlight)
	slots := make(chan struct{}, s.cfg.InFlight)
	work, ctx := errgroup.WithContext(hard)
	work.Go(func() error {
		defer close(assembled)
		return s.assemble(ctx, assembled)
	})
	work.Go(func() error {
		defer close(sent)
		return s.send(ctx, assembled, sent, slots)
	})
	reloads, endReloads := context.WithCancel(ctx)
	work.Go(func() error {
		defer endReloads()
		return s.finish(ctx, sent, slots)
	})
	work.Go(func() error { return s.reloadIdentityMap(reloads) })
	return work.Wait()
}

// step is a place on a span's way where a test may let the program crash.
type step string

const (
	stepRecovered  step = "recovered"   // what an earlier run left is settled
	stepPlanned    step = "planned"     // the plan is synced
	stepBeforeSend step = "before_send" // of one block
	stepSent       step = "sent"        // one block is acknowledged
	stepBeforeDone step = "before_done" // all blocks are; the cursor is not moved
	stepDone       step = "done"        // the cursor is moved
	stepDiscarded  step = "discarded"   // entries behind the clean point are removed
)

func (s *Sink) at(st step) error {
	if s.hook == nil {
		return nil
	}
	return s.hook(st)
}
