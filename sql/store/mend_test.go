package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tributary/sql/store"
	"tributary/sql/storetest"
)

// TestBrokenProjectionsAreMended spoils the projection of one part, as a loss of power may: it is found and made again, so that
// parts are merged again.
func TestBrokenProjectionsAreMended(t *testing.T) {
	b := embedded(t).Store(t)
	for i, chunk := range slices.Collect(slices.Chunk(storetest.Rows(7, 20), 10)) {
		for j, row := range chunk {
			row.Workspace, row.ConversationID, row.LogPartition, row.LogOffset = "acme", "c1", 0, uint64(10*i+j)
			row.At, row.ReceivedAt = storetest.Start, storetest.Start
		}
		if err := store.Insert(t.Context(), b.Store, store.Events, chunk, ""); err != nil {
			t.Fatal(err)
		}
	}
	if mended, err := b.MendProjections(t.Context()); err != nil || len(mended) != 0 {
		t.Fatalf("of sound parts: %v, %v", mended, err)
	}
	var path, id string
	err := b.Conn.QueryRow(t.Context(), "SELECT path, partition_id FROM system.parts WHERE database = currentDatabase() AND table = 'events' AND active ORDER BY name LIMIT 1").Scan(&path, &id)
	if err != nil {
		t.Fatal(err)
	}
	var broken []string
	for _, projection := range []string{"conversations", "surveys"} {
		file := filepath.Join(path, projection+".proj", "data.bin")
		info, err := os.Stat(file)
		if err == nil {
			err = os.WriteFile(file, make([]byte, info.Size()), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		broken = append(broken, projection+"/"+id)
	}
	mended, err := b.MendProjections(t.Context())
	if err != nil || !slices.Equal(mended, broken) {
		t.Fatalf("mended %v, %v, want %s", mended, err, broken)
	}
	for _, statement := range []string{
		"ALTER TABLE events MATERIALIZE PROJECTION conversations SETTINGS mutations_sync = 2", // waits for that before it
		"ALTER TABLE events MATERIALIZE PROJECTION surveys SETTINGS mutations_sync = 2",
		"OPTIMIZE TABLE events FINAL SETTINGS optimize_throw_if_noop = 1",
	} {
		if err := b.Conn.Exec(t.Context(), statement); err != nil {
			t.Error(err)
		}
	}
	var rows uint64
	if err := b.Conn.QueryRow(t.Context(), "SELECT count() FROM mergeTreeProjection(currentDatabase(), 'events', 'conversations') WHERE conversation_id = 'c1'").Scan(&rows); err != nil || rows == 0 {
		t.Errorf("%d rows, %v", rows, err)
	}
}
