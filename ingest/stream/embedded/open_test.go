package embedded

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"tributary/ingest/stream"
)

func TestFolderIsLocked(t *testing.T) {
	c := Config{Dir: t.TempDir()}
	l := open(t, c)
	if _, err := Open(c); !errors.Is(err, ErrLocked) {
		t.Errorf("second open: %v, want ErrLocked", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, c).Close(); err != nil {
		t.Error(err)
	}
}

func TestShardsAreFixed(t *testing.T) {
	c := Config{Dir: t.TempDir(), Shards: 3}
	l := open(t, c)
	if infos, _ := l.Partitions(context.Background()); len(infos) != 6 {
		t.Errorf("%d partitions, want 6", len(infos))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c.Shards = 4
	if _, err := Open(c); !errors.Is(err, ErrShards) {
		t.Errorf("open with another number of shards: %v, want ErrShards", err)
	}
	c.Shards = 3
	if err := open(t, c).Close(); err != nil {
		t.Error(err)
	}
}

func TestConfigReportsEveryFault(t *testing.T) {
	err := Config{
		Shards: -1, MaxValueBytes: -1, CacheBytes: 1, MemTableBytes: 1,
		BulkWatermark: Watermark{Percent: 100}, LiveWatermark: Watermark{Percent: -1},
	}.Validate()
	if err == nil {
		t.Fatal("no fault")
	}
	for _, field := range []string{
		"dir", "shards", "max_value_bytes", "cache_bytes", "mem_table_bytes", "bulk_watermark.percent", "live_watermark.percent",
	} {
		if !strings.Contains(err.Error(), field+": ") {
			t.Errorf("no fault of %s in %q", field, err)
		}
	}
	if err := (Config{Dir: "log"}).Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

// TestTrimGivesSpaceBack: what is trimmed leaves the disk once Pebble has flushed and compacted.
func TestTrimGivesSpaceBack(t *testing.T) {
	ctx := context.Background()
	l := open(t, Config{Dir: "log", FS: vfs.NewMem(), Shards: 1, MemTableBytes: 1 << 20})
	defer l.Close()
	fill(t, l, 2000, stream.LaneLive)
	before := l.tableSpace()
	if err := l.Trim(ctx, 0, 1990); err != nil {
		t.Fatal(err)
	}
	if err := l.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := l.db.Compact(ctx, recordKey(0, 0), recordKey(1, 0), false); err != nil {
		t.Fatal(err)
	}
	l.db.TestOnlyWaitForCleaning()
	if after := l.tableSpace(); before < 10<<20 || after > before/5 {
		t.Errorf("disk space went from %d to %d bytes", before, after)
	}
	readAll(t, l, 0, 1990, 10)
}

// TestTrimOfOneLaneGivesSpaceBack: the lanes share files of values, and one of them is trimmed.
func TestTrimOfOneLaneGivesSpaceBack(t *testing.T) {
	ctx := context.Background()
	removed := make(chan struct{}, 1)
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpRemove && strings.HasSuffix(op.Path, ".blob") {
			select {
			case removed <- struct{}{}:
			default:
			}
		}
		return nil
	}))
	l := open(t, Config{Dir: "log", FS: fs, Shards: 1, MemTableBytes: 1 << 20})
	defer l.Close()
	fill(t, l, 1000, stream.LaneLive, stream.LaneBulk, stream.LaneBulk)
	before := l.tableSpace()
	bulk := stream.PartitionOf(stream.LaneBulk, 0)
	if err := l.Trim(ctx, bulk, 2000); err != nil {
		t.Fatal(err)
	}
	if err := l.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := l.db.Compact(ctx, recordKey(0, 0), recordKey(bulk+1, 0), false); err != nil {
		t.Fatal(err)
	}
	for l.tableSpace() > before*3/4 { // garbage may be half of the values
		select {
		case <-removed:
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
	readAll(t, l, 0, 0, 1000)
}

// fill appends n rounds of one record of 10 KB, which does not compress, to each lane, and flushes.
func fill(t *testing.T, l *Log, n int, lanes ...stream.Lane) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		records := make([]stream.Record, len(lanes))
		for j, lane := range lanes {
			value := make([]byte, 10_000)
			for k := range value {
				value[k] = byte(rng.Uint32())
			}
			records[j] = stream.Record{Lane: lane, Kind: stream.KindEvent, Workspace: "acme", MessageID: fmt.Sprint(i), Value: value}
		}
		if _, err := l.Append(context.Background(), records); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.db.Flush(); err != nil {
		t.Fatal(err)
	}
}

// tableSpace returns the bytes of tables and of files of values.
func (l *Log) tableSpace() int64 {
	m := l.db.Metrics()
	return m.Total().TablesSize + int64(m.BlobFiles.LiveSize)
}

// readAll reads from the offset on and expects n records, the first with its own id.
func readAll(t *testing.T, l *Log, id stream.Partition, from uint64, n int) {
	t.Helper()
	r, err := l.Reader(id, from)
	if err != nil {
		t.Fatal(err)
	}
	for next := from; n > 0; {
		entries, err := r.Next(context.Background(), n)
		if err != nil {
			t.Fatalf("%d entries are missing: %v", n, err)
		}
		for _, e := range entries {
			if e.Offset != next || e.MessageID != fmt.Sprint(next) {
				t.Fatalf("got %s of %q, want offset %d", e.Position, e.MessageID, next)
			}
			next++
		}
		n -= len(entries)
	}
}

// TestOneAppendOfManyBytes goes past the size of a memtable, where Pebble treats a batch differently.
func TestOneAppendOfManyBytes(t *testing.T) {
	ctx := context.Background()
	c := Config{Dir: t.TempDir(), MemTableBytes: 1 << 20}
	l := open(t, c)
	records := make([]stream.Record, 1000)
	for i := range records {
		records[i] = stream.Record{
			Kind: stream.KindEvent, Workspace: "acme", MessageID: fmt.Sprint(i), Value: make([]byte, 10_000),
		}
	}
	for range 2 {
		if _, err := l.Append(ctx, records); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, c)
	defer l.Close()
	got, err := l.Received(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if n := got.Counts[stream.SourceDay{SourceKey: stream.SourceKey{Workspace: "acme"}}]; n != 2000 {
		t.Errorf("%d received", n)
	}
	for i := range records {
		records[i].Value = make([]byte, 100_000)
	}
	if _, err := l.Append(ctx, records); !errors.Is(err, stream.ErrTooLarge) {
		t.Errorf("append of 100 MB: %v, want ErrTooLarge", err)
	}
}

// TestOlderLayoutIsRefused: with a message that says which is which, and without a change.
func TestOlderLayoutIsRefused(t *testing.T) {
	fs := vfs.NewMem()
	c := Config{Dir: "log", FS: fs, BallastBytes: -1, FreeSpace: func() (Space, error) { return Space{Free: 1 << 50, Total: 1 << 50}, nil }}
	l := open(t, c)
	if err := errors.Join(l.db.Set([]byte{prefixMeta}, []byte{1, 0, 0, 0, 4}, nil), l.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := Open(c); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "01, this program reads 2") {
			t.Errorf("an older layout gives %v", err)
		}
	}
}
