package unify

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"tributary/ingest/stream"
)

// feed is one partition on its way to the applier: a goroutine reads and decodes ahead, and the
// applier takes from cur, which it refills from chunks.
type feed struct {
	partition stream.Partition
	lane      stream.Lane
	reader    stream.Reader
	chunks    chan []*record

	end   uint64 // of the partition, when the worker began
	cur   []*record
	next  uint64 // the applier's: offset after the last record taken
	moved bool   // in this step
}

// feeds is all of them.
type feeds struct {
	engine  Engine
	ahead   int
	lanes   [stream.Lanes][]*feed
	ready   chan struct{} // has a token when a chunk may be waiting
	failed  chan error    // one per feed at most
	decoder chan struct{} // limits how many decode at once
	// foresight is what events will probably be judged by.
	foresight *foresight
}

// openFeeds opens a reader for each partition where the state stands.
func (w *Worker) openFeeds(ctx context.Context) (*feeds, error) {
	infos, err := w.config.Log.Partitions(ctx)
	if err != nil {
		return nil, fmt.Errorf("list partitions: %w", err)
	}
	fs := &feeds{
		engine: w.config.Engine, ahead: w.config.ReadAhead,
		ready: make(chan struct{}, 1), failed: make(chan error, len(infos)),
		decoder: make(chan struct{}, runtime.NumCPU()),
	}
	offsets := w.config.State.Offsets()
	for _, info := range infos {
		if err := fs.open(w.config.Log, info, offsets[info.ID]); err != nil {
			return nil, errors.Join(err, fs.close())
		}
	}
	return fs, nil
}

func (fs *feeds) open(log stream.Log, info stream.PartitionInfo, from uint64) error {
	if from < info.First {
		return fmt.Errorf("%w: partition %d begins at %d, applied up to %d", ErrBehind, info.ID, info.First, from)
	}
	if from > info.Next {
		return fmt.Errorf("%w: partition %d ends at %d, applied up to %d", ErrAhead, info.ID, info.Next, from)
	}
	reader, err := log.Reader(info.ID, from)
	if err != nil {
		return fmt.Errorf("read partition %d: %w", info.ID, err)
	}
	fs.lanes[info.Lane] = append(fs.lanes[info.Lane], &feed{
		partition: info.ID, lane: info.Lane, reader: reader, end: info.Next, next: from, chunks: make(chan []*record, 1),
	})
	return nil
}

func (fs *feeds) close() error {
	var errs []error
	for _, lane := range fs.lanes {
		for _, f := range lane {
			errs = append(errs, f.reader.Close())
		}
	}
	return errors.Join(errs...)
}

// start runs every feed until ctx ends. A feed that fails says so once and ends.
func (fs *feeds) start(ctx context.Context) *sync.WaitGroup {
	var running sync.WaitGroup
	for _, lane := range fs.lanes {
		for _, f := range lane {
			running.Go(func() {
				err := fs.run(ctx, f)
				if closing := f.reader.Close(); err == nil {
					err = closing
				}
				if ctx.Err() == nil {
					fs.failed <- fmt.Errorf("read partition %d: %w", f.partition, err)
				}
			})
		}
	}
	return &running
}

func (fs *feeds) run(ctx context.Context, f *feed) error {
	for {
		entries, err := f.reader.Next(ctx, fs.ahead)
		if errors.Is(err, stream.ErrTrimmed) { // by somebody else's hand, such as a retention of Kafka
			err = fmt.Errorf("%w: %w", ErrBehind, err)
		}
		if err != nil {
			return err
		}
		chunk, err := fs.decode(ctx, entries)
		if err != nil {
			return err
		}
		select {
		case f.chunks <- chunk:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case fs.ready <- struct{}{}:
		default:
		}
	}
}

func (fs *feeds) decode(ctx context.Context, entries []stream.Entry) ([]*record, error) {
	select {
	case fs.decoder <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-fs.decoder }()
	chunk := make([]*record, len(entries))
	for i := range entries {
		chunk[i] = decode(fs.engine, entries[i])
		fs.foresight.judge(chunk[i])
	}
	return chunk, nil
}

// failure returns the error of a feed that has ended.
func (fs *feeds) failure() error {
	select {
	case err := <-fs.failed:
		return err
	default:
		return nil
	}
}

// wait blocks until something may be there to take, or another thing is due.
func (fs *feeds) wait(ctx context.Context, due <-chan time.Time) error {
	select {
	case <-fs.ready:
		return nil
	case <-due:
		return nil
	case err := <-fs.failed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fill gets records to take, if some are there now.
func (f *feed) fill() bool {
	if len(f.cur) == 0 {
		select {
		case f.cur = <-f.chunks:
		default:
		}
	}
	return len(f.cur) > 0
}

// take returns up to n records that are there now, in order. It stops before a command that is about
// another record, which is taken alone, and not while it has to wait.
func (f *feed) take(n int, wait func(*feed) bool) []*record {
	if !f.fill() || f.cur[0].awaits != nil && wait(f) {
		return nil
	}
	n = min(n, len(f.cur))
	if next := slices.IndexFunc(f.cur[1:n], func(r *record) bool { return r.awaits != nil }); next >= 0 {
		n = 1 + next
	}
	taken := f.cur[:n]
	f.cur = f.cur[n:]
	f.next, f.moved = taken[n-1].Offset+1, true
	return taken
}

// feed returns the feed of a partition, or nil.
func (fs *feeds) feed(p stream.Partition) *feed {
	for _, lane := range fs.lanes {
		for _, f := range lane {
			if f.partition == p {
				return f
			}
		}
	}
	return nil
}

// mustWait says whether the next record of f is a command about a record that is in the log but not
// applied. That happens when a state is made again from the log: the commands of an hour overtake
// the events of a year. Who waits for himself, by way of others or not, does not wait: a command can
// name a place before there is anything.
func (fs *feeds) mustWait(f *feed, applied func(stream.Partition) uint64) bool {
	awaited := func(f *feed) *feed {
		if len(f.cur) == 0 || f.cur[0].awaits == nil {
			return nil
		}
		pos := *f.cur[0].awaits
		other := fs.feed(pos.Partition)
		if other == nil || pos.Offset >= other.end || pos.Offset < applied(pos.Partition) {
			return nil
		}
		return other
	}
	first := awaited(f)
	if first == f { // this step's commit is enough, if it is in this step
		return f.cur[0].awaits.Offset < f.next
	}
	other := first
	for range len(fs.lanes[stream.LaneLive]) + len(fs.lanes[stream.LaneBulk]) {
		if other == nil {
			return first != nil
		}
		other = awaited(other)
	}
	return false
}
