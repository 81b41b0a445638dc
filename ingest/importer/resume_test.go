package importer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tributary/ingest/stream"
)

var errGone = errors.New("the log is gone")

// dying takes some appends, and then is gone.
type dying struct {
	tape
	appends int
}

func (l *dying) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	if l.appends == 0 {
		return nil, errGone
	}
	l.appends--
	return l.tape.Append(ctx, records)
}

// TestGoesOnWhereItStopped: in every format an import that was interrupted goes on, and all of it is
// there once; a third run does nothing, --restart everything.
func TestGoesOnWhereItStopped(t *testing.T) {
	const rows = 5000
	for name, im := range orderFiles(t, rows) {
		t.Run(name, func(t *testing.T) {
			im.Resume = NewProgressStore(filepath.Join(t.TempDir(), "imports"))
			log := &dying{appends: 2}
			first, err := im.Run(t.Context(), log)
			if !errors.Is(err, errGone) || first.Rows == 0 || first.Rows >= rows || first.Complete || first.Events != len(log.records) {
				t.Fatalf("%+v, %v, %d records", first, err, len(log.records))
			}
			log.appends = -1
			second, err := im.Run(t.Context(), log)
			if err != nil || second.ResumedFrom != first.Rows || second.Rows != rows || !second.Complete || second.Events != len(log.records) {
				t.Fatalf("%+v, %v, %d records", second, err, len(log.records))
			}
			ids := map[string]bool{}
			for _, r := range log.records {
				ids[r.MessageID] = true
			}
			if want := rows + rows/3; len(ids) != want || len(log.records) != want {
				t.Errorf("%d events, %d of them different; want %d", len(log.records), len(ids), want)
			}
			third, err := im.Run(t.Context(), log)
			if err != nil || third.Before == nil || len(log.records) != len(ids) {
				t.Errorf("imported before, but %+v, %v", third, err)
			}
			im.Restart = true
			if again, err := im.Run(t.Context(), log); err != nil || again.ResumedFrom != 0 || len(log.records) != 2*len(ids) {
				t.Errorf("begun again, but %+v, %v", again, err)
			}
		})
	}
}

// TestResumeKeepsToWhatItIs: another mapping, source or content begins anew; the same content under
// another name does not.
func TestResumeKeepsToWhatItIs(t *testing.T) {
	im := orderFiles(t, 100)["orders.csv"]
	im.Resume = NewProgressStore(t.TempDir())
	run := func(im Import) Report {
		t.Helper()
		report, err := im.Run(t.Context(), &tape{})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	if run(im).Before != nil || run(im).Before == nil {
		t.Fatal("the second run must find the first")
	}
	other := im
	other.Mapping = mappingOf(t, orderMapping+"    properties: [gift]\n")
	if run(other).Before != nil {
		t.Error("another mapping counts as the same")
	}
	other = im
	other.Source = "shop2"
	if run(other).Before != nil {
		t.Error("another source counts as the same")
	}
	text, err := os.ReadFile(im.Path)
	if err != nil {
		t.Fatal(err)
	}
	other = im
	other.Path = writeFile(t, "renamed.csv", string(text))
	if run(other).Before == nil {
		t.Error("the same content counts as another")
	}
	other.Path = writeFile(t, "longer.csv", string(text)+string(text[len(text)-1:]))
	if run(other).Before != nil {
		t.Error("another content counts as the same")
	}
}

// TestOneImportAtATime: the same import does not run twice at once, and broken progress is none.
func TestOneImportAtATime(t *testing.T) {
	im := orderFiles(t, 100)["orders.csv"]
	dir := t.TempDir()
	im.Resume = NewProgressStore(dir)
	blocked := make(chan error, 1)
	im.Progress = func(*Report, int64, int64) {
		other := im
		other.Progress = nil
		_, err := other.Run(t.Context(), &tape{})
		blocked <- err
	}
	if _, err := im.Run(t.Context(), &tape{}); err != nil {
		t.Fatal(err)
	}
	if err := <-blocked; !errors.Is(err, ErrRunning) {
		t.Errorf("beside itself: %v", err)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	if err := os.WriteFile(kept[0], []byte(`{"rows": 7`), 0o600); err != nil {
		t.Fatal(err)
	}
	im.Progress = nil
	if report, err := im.Run(t.Context(), &tape{}); err != nil || report.Before != nil || report.ResumedFrom != 0 {
		t.Errorf("broken progress: %+v, %v", report, err)
	}
}

// TestProgressIsNeverAhead: what is kept after each append never counts rows that are not durable.
func TestProgressIsNeverAhead(t *testing.T) {
	im := orderFiles(t, 8_000)["orders.jsonl"]
	log := &tape{}
	seen := 0
	im.Progress = func(report *Report, _, _ int64) {
		seen++
		if report.Events > len(log.records) {
			t.Errorf("%d events are told, %d are durable", report.Events, len(log.records))
		}
	}
	if _, err := im.Run(t.Context(), log); err != nil || seen < 5 {
		t.Errorf("%d times, %v", seen, err)
	}
}
