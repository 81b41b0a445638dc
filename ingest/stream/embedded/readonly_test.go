package embedded

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"tributary/ingest/stream"
)

// filesOf is the content of every file of a folder.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = fmt.Sprintf("%x", sha256.Sum256(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestReadOnlyChangesNothing: of a log that was left with records in its WAL alone.
func TestReadOnlyChangesNothing(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	l := open(t, Config{Dir: dir, Shards: 3, BallastBytes: -1})
	record := stream.Record{Kind: stream.KindEvent, Workspace: "acme", Source: "web", Value: []byte("{}")}
	at, err := l.Append(ctx, []stream.Record{record, record})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	before := filesOf(t, dir)
	l = open(t, Config{Dir: dir, ReadOnly: true}) // the number of shards is the log's own
	reader, err := l.Reader(at[0].Partition, 0)
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := reader.Next(ctx, 10); err != nil || len(entries) != 2 {
		t.Errorf("%d records, %v", len(entries), err)
	}
	if got, err := l.Received(ctx); err != nil || len(got.Counts) != 1 || len(got.Next) != 6 {
		t.Errorf("received %+v, %v", got, err)
	}
	if _, err := l.Append(ctx, []stream.Record{record}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("append gives %v", err)
	}
	if err := l.Trim(ctx, at[0].Partition, 1); !errors.Is(err, ErrReadOnly) {
		t.Errorf("trim gives %v", err)
	}
	if err := errors.Join(reader.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	if after := filesOf(t, dir); !maps.Equal(before, after) {
		t.Errorf("the folder was\n%v\nand is\n%v", before, after)
	}

	none := filepath.Join(dir, "none")
	if _, err := Open(Config{Dir: none, ReadOnly: true}); err == nil {
		t.Error("a folder that is not there is opened")
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("a folder was made")
	}
	empty := t.TempDir()
	if l, err := Open(Config{Dir: empty, ReadOnly: true}); err == nil {
		t.Errorf("an empty folder is opened: %v", l.Close())
	}
}
