package analyst_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"tributary/journeys/analyst"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

// TestSegmentsAreThoseOfNow: the last row of a profile counts; of who is restricted or being erased there is none, and for who does
// not see the class there is nothing.
func TestSegmentsAreThoseOfNow(t *testing.T) {
	w := newWorld(t, chdbtest.Engine(t), analyst.Limits{})
	var rows []*store.ProfileSegmentsRow
	put := func(profile, version uint64, segments ...string) {
		row := &store.ProfileSegmentsRow{
			Place: store.Place{LogOffset: uint64(len(rows)), Ordinal: 1 << 30}, Workspace: "acme", Profile: storetest.Observation(profile),
			Version: version, Segments: segments, UpdatedAt: storetest.Start,
		}
		for i := range segments {
			row.Since = append(row.Since, storetest.Start.UnixMilli()+int64(i))
		}
		rows = append(rows, row)
	}
	put(1, 2, "buyers", "pro")
	put(1, 1, "lately")
	put(2, 3, "buyers")
	put(2, 4)
	put(3, 5, "pro")
	put(4, 6, "pro")
	if err := store.Insert(t.Context(), w.write, store.ProfileSegments, rows, rand.Text()); err != nil {
		t.Fatal(err)
	}
	subject := &store.ErasedSubject{Workspace: "acme", Observation: storetest.Observation(4)}
	if err := w.write.BeginErasing(t.Context(), []*store.ErasedSubject{subject}, nil); err != nil {
		t.Fatal(err)
	}
	reader := all("acme")
	reader.Restricted = []uuid.UUID{storetest.Observation(3)}
	const sql = "SELECT segment, dateDiff('millisecond', {start:DateTime64(3)}, since) FROM segments WHERE profile = {who:UUID} OR 1 = 1 ORDER BY segment"
	got, err := w.rows(t, reader, sql, map[string]any{"start": storetest.Start.Format("2006-01-02 15:04:05"), "who": uuid.Nil.String()})
	if err != nil || fmt.Sprint(got) != "[[buyers 0] [pro 1]]" {
		t.Errorf("%v, %v", got, err)
	}
	var fault *analyst.Fault
	if _, err := w.rows(t, without("acme", "segment"), "SELECT count() FROM segments", nil); !errors.As(err, &fault) {
		t.Errorf("without the class: %v, want a fault", err)
	}
}
