package embedded

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/stream"
)

// TestPowerLoss cuts the power of a machine at random moments, while it appends, reads and trims
// and while it starts. What was not synced survives block by block at random.
func TestPowerLoss(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 10
	}
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m := &machine{
				T: t, fs: vfs.NewCrashableMem(), rng: rand.New(rand.NewPCG(7, uint64(seed))),
				appended: make(map[string]stream.Record), certain: make(map[stream.Position]string),
				trimmed: make(map[stream.Partition]uint64), erasing: make(map[string]bool), erased: make(map[string]bool),
			}
			for range 6 {
				m.live()
				m.check()
			}
		})
	}
}

// machine is a computer that loses power now and then, and what the test knows of its log.
type machine struct {
	*testing.T
	fs  *vfs.MemFS
	rng *rand.Rand

	mu       sync.Mutex
	appended map[string]stream.Record   // by message id: all that was tried
	certain  map[stream.Position]string // acknowledged, or seen by a reader
	trimmed  map[stream.Partition]uint64
	serial   int

	erasing, erased map[string]bool // by message id: begun, and acknowledged
	gone            map[string]bool // what was acknowledged as erased when the power was cut
}

// unlocked is a file system without locks: MemFS takes one of its own twice for them, which hangs
// when it is cloned in between.
type unlocked struct{ *vfs.MemFS }

func (unlocked) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

func (m *machine) open() *Log {
	m.Helper()
	return open(m.T, Config{
		Dir: "log", FS: unlocked{m.fs}, Shards: 3, MemTableBytes: 1 << 20,
		FreeSpace: func() (Space, error) { return Space{Free: 1 << 50, Total: 1 << 50}, nil },
		Fatal:     func(err error) { panic(err) },
	})
}

// cut returns the disk as it is found after a loss of power now.
func (m *machine) cut() *vfs.MemFS {
	percent := [...]int{0, 10, 50, 90, 100}[m.rng.IntN(5)]
	return m.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: m.rng})
}

// live starts the log, works with it, and cuts the power after a number of acknowledgements.
func (m *machine) live() {
	l := m.open()
	ctx, cancel := context.WithCancel(context.Background())
	limit := int64(1 + m.rng.IntN(120))
	begin, err := l.Partitions(ctx)
	if err != nil {
		m.Fatal(err)
	}
	var acknowledged atomic.Int64
	enough := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 4 {
		rng := rand.New(rand.NewPCG(m.rng.Uint64(), uint64(w)))
		wg.Go(func() {
			for ctx.Err() == nil {
				if m.append(ctx, l, rng) && acknowledged.Add(1) == limit {
					close(enough)
				}
			}
		})
	}
	for _, p := range begin {
		wg.Go(func() { m.follow(ctx, l, p.ID, p.Next) })
	}
	if m.rng.IntN(2) == 0 {
		wg.Go(func() { m.trim(l, begin) })
	}
	if m.rng.IntN(2) == 0 {
		wg.Go(func() { m.erase(ctx, l, begin) })
	}
	<-enough
	certain := m.snapshot()
	m.mu.Lock()
	m.gone = maps.Clone(m.erased)
	m.mu.Unlock()
	after := m.cut()
	cancel()
	wg.Wait()
	if err := l.Close(); err != nil {
		m.Errorf("close: %v", err)
	}
	m.fs, m.certain, m.erased = after, certain, maps.Clone(m.gone)
}

// append appends a random batch and reports whether it was acknowledged.
func (m *machine) append(ctx context.Context, l *Log, rng *rand.Rand) bool {
	records := make([]stream.Record, 1+rng.IntN(4))
	m.mu.Lock()
	for i := range records {
		m.serial++
		value := make([]byte, 8+rng.IntN(2000))
		binary.BigEndian.PutUint64(value, rng.Uint64())
		records[i] = stream.Record{
			Lane: stream.Lane(rng.IntN(2)), Kind: stream.Kind(1 + rng.IntN(3)),
			Workspace: "acme", Source: fmt.Sprint(rng.IntN(6)), MessageID: fmt.Sprint(m.serial), Value: value,
		}
		m.appended[records[i].MessageID] = records[i]
	}
	m.mu.Unlock()
	positions, err := l.Append(ctx, records)
	if err != nil {
		if ctx.Err() == nil {
			m.Errorf("append: %v", err)
		}
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, p := range positions {
		m.certain[p] = records[i].MessageID
	}
	return true
}

// follow reads a partition: what it sees must be there after the loss of power.
func (m *machine) follow(ctx context.Context, l *Log, p stream.Partition, from uint64) {
	r, err := l.Reader(p, from)
	if err != nil {
		m.Error(err)
		return
	}
	for {
		entries, err := r.Next(ctx, 10)
		if err != nil {
			if ctx.Err() == nil {
				m.Errorf("next: %v", err)
			}
			return
		}
		m.mu.Lock()
		for _, e := range entries {
			m.certain[e.Position] = e.MessageID
		}
		m.mu.Unlock()
	}
}

// trim forgets half of what the log held when it was opened, so that no follower is overtaken.
func (m *machine) trim(l *Log, begin []stream.PartitionInfo) {
	for _, p := range begin {
		before := p.First + (p.Next-p.First)/2
		m.mu.Lock()
		m.trimmed[p.ID] = max(m.trimmed[p.ID], before)
		m.mu.Unlock()
		if err := l.Trim(context.Background(), p.ID, before); err != nil {
			m.Errorf("trim: %v", err)
		}
	}
}

// erase replaces some of what the log held when it was opened, and scrubs.
func (m *machine) erase(ctx context.Context, l *Log, begin []stream.PartitionInfo) {
	for _, p := range begin {
		for at := p.First; at < p.Next; at += 5 {
			m.eraseOne(ctx, l, stream.Position{Partition: p.ID, Offset: at})
		}
	}
	if err := l.Scrub(ctx); err != nil && ctx.Err() == nil {
		m.Errorf("scrub: %v", err)
	}
}

func (m *machine) eraseOne(ctx context.Context, l *Log, at stream.Position) {
	m.mu.Lock()
	id, ok := m.certain[at]
	record := m.appended[id]
	m.mu.Unlock()
	if !ok || !record.Kind.Counted() {
		return
	}
	m.mu.Lock()
	m.erasing[id] = true
	m.mu.Unlock()
	e := stream.Entry{Position: at, Record: record}
	e.Kind, e.Value = stream.KindErased, nil // the id stays, for the test's sake
	if err := l.Replace(ctx, []stream.Entry{e}); err != nil {
		if ctx.Err() == nil {
			m.Errorf("replace: %v", err)
		}
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.erased[id] = true
}

func (m *machine) snapshot() map[stream.Position]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	certain := make(map[stream.Position]string, len(m.certain))
	for p, id := range m.certain {
		certain[p] = id
	}
	return certain
}

// check starts the log, cutting the power while it starts now and then, and compares it with what
// is certain. Whatever it shows is certain from then on.
func (m *machine) check() {
	for m.rng.IntN(2) == 0 {
		cut := make(chan *vfs.MemFS)
		go func() { cut <- m.cut() }()
		l := m.open()
		next := <-cut
		if err := l.Close(); err != nil {
			m.Errorf("close: %v", err)
		}
		m.fs = next
	}
	l := m.open()
	defer l.Close()
	found, counts := m.read(l)
	for p, id := range m.certain {
		if got, ok := found[p]; ok && got != id {
			m.Errorf("at %s: record %s, want %s", p, got, id)
		} else if !ok && p.Offset >= m.trimmed[p.Partition] {
			m.Errorf("at %s: record %s is lost", p, id)
		}
	}
	got, err := l.Received(context.Background())
	if err != nil {
		m.Fatal(err)
	}
	for k, n := range counts {
		if got.Counts[k] < n {
			m.Errorf("%s: %d received, the log holds %d", k.Source, got.Counts[k], n)
		}
	}
	if len(m.trimmed) == 0 { // else the log holds fewer than it received
		for k, n := range got.Counts {
			if counts[k] != n {
				m.Errorf("%s: %d received, the log holds %d", k.Source, n, counts[k])
			}
		}
	}
	m.certain = found
}

// read reads the whole log: offsets without a gap, each record as it was appended, none twice.
func (m *machine) read(l *Log) (map[stream.Position]string, map[stream.SourceDay]uint64) {
	ctx := context.Background()
	infos, err := l.Partitions(ctx)
	if err != nil {
		m.Fatal(err)
	}
	found, counts, seen := make(map[stream.Position]string), make(map[stream.SourceDay]uint64), make(map[string]bool)
	for _, p := range infos {
		if p.First > m.trimmed[p.ID] {
			m.Errorf("partition %d begins at %d, trimmed up to %d", p.ID, p.First, m.trimmed[p.ID])
		}
		r, err := l.Reader(p.ID, p.First)
		if err != nil {
			m.Fatal(err)
		}
		for at := p.First; at < p.Next; {
			entries, err := r.Next(ctx, 100)
			if err != nil {
				m.Fatalf("next at %d/%d of %d: %v", p.ID, at, p.Next, err)
			}
			for _, e := range entries {
				want, ok := m.appended[e.MessageID]
				if e.Kind == stream.KindErased && m.erasing[e.MessageID] {
					want.Kind, want.Value = stream.KindErased, nil
				} else if m.gone[e.MessageID] {
					m.Fatalf("at %s: record %s is there again", e.Position, e.MessageID)
				}
				if e.Offset != at || seen[e.MessageID] || !ok || e.Kind != want.Kind || !slices.Equal(e.Value, want.Value) {
					m.Fatalf("at %s, want offset %d: record %q is not what was appended", e.Position, at, e.MessageID)
				}
				found[e.Position], seen[e.MessageID] = e.MessageID, true
				if e.Kind.Counted() {
					counts[stream.SourceDay{SourceKey: stream.SourceKey{Workspace: e.Workspace, Source: e.Source}, Day: stream.DayOf(e.ReceivedAt)}]++
				}
				at++
			}
		}
	}
	return found, counts
}
