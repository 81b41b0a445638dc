package embedded

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

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
	value := make([]byte, 10_000)
	for i := range 2000 {
		for j := range value { // does not compress
			value[j] = byte(j*j>>3 + i*j)
		}
		r := stream.Record{Kind: stream.KindEvent, Workspace: "acme", MessageID: fmt.Sprint(i), Value: value}
		if _, err := l.Append(ctx, []stream.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.db.Flush(); err != nil {
		t.Fatal(err)
	}
	before := l.db.Metrics().Total().TablesSize
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
	if after := l.db.Metrics().Total().TablesSize; after > before/5 {
		t.Errorf("disk space went from %d to %d bytes", before, after)
	}
	r, err := l.Reader(0, 1990)
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := r.Next(ctx, 100); err != nil || len(entries) != 10 {
		t.Errorf("%d entries are left, want 10: %v", len(entries), err)
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
	if n := got[stream.SourceKey{Workspace: "acme"}]; err != nil || n != 2000 {
		t.Errorf("%d received: %v", n, err)
	}
	for i := range records {
		records[i].Value = make([]byte, 100_000)
	}
	if _, err := l.Append(ctx, records); !errors.Is(err, stream.ErrTooLarge) {
		t.Errorf("append of 100 MB: %v, want ErrTooLarge", err)
	}
}
