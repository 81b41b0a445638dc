package node

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// TestRebuildKeepsWhoCameFirst: one message id in both lanes, as from a webhook and a puller. Made again from
// the log, where the lanes come in another order, the state stores it once all the same.
func TestRebuildKeepsWhoCameFirst(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	for _, lane := range []stream.Lane{stream.LaneBulk, stream.LaneLive} {
		for _, id := range []string{"m-1", "m-2", "m-3"} {
			e := event.Event{
				Workspace: "default", Source: "web", MessageID: id, Type: event.TypeTrack, Name: "thing.seen",
				Identifiers: []event.Identifier{{Type: event.IDUser, Value: "u-1"}},
			}
			received := time.Now().UTC().Truncate(time.Millisecond)
			e.Stamp(received, time.Time{}, received)
			value, err := event.Encode(&e)
			if err != nil {
				t.Fatal(err)
			}
			p.append(stream.Record{Lane: lane, Kind: stream.KindEvent, Workspace: "default", Source: "web", MessageID: id, ReceivedAt: received, Value: value})
		}
		p.settle()
	}
	p.stop()
	if err := os.RemoveAll(filepath.Join(dir, "state")); err != nil {
		t.Fatal(err)
	}
	p = start(t, dir)
	p.settle()
	a := p.account("web")
	if a.Stored != 3 || a.StoredClickHouse == nil || *a.StoredClickHouse != 3 {
		t.Errorf("stored %d, ClickHouse has %d, want 3 of each", a.Stored, *a.StoredClickHouse)
	}
}
