package outbox

import (
	"testing"
	"time"
)

// addSegments appends n entries of other tables with one of profile_segments in front, and returns its Seq.
func (d *disk) addSegments(n int) uint64 {
	d.t.Helper()
	entries := d.make(n + 1)
	entries[0].Table = TableProfileSegments
	batch := d.db.NewBatch()
	d.check(d.Writer.Append(batch, entries))
	d.check(batch.Commit(nil))
	d.Writer.Notify()
	return entries[0].Seq
}

func (d *disk) sent(to uint64) {
	d.t.Helper()
	d.check(d.Queue.Done(Plan{After: d.Queue.Sent(), To: to}))
}

func TestSegmentsAreUnsentUntilTheirRowsAre(t *testing.T) {
	d := newDisk(t)
	waits := func(when string, want bool) time.Time {
		t.Helper()
		since, got := d.Queue.SegmentsUnsent()
		if got != want {
			t.Fatalf("%s: waits: %t", when, got)
		}
		return since
	}
	waits("empty", false)
	d.add(3)
	waits("other rows", false)
	before := time.Now()
	first := d.addSegments(2)
	since := waits("a row", true)
	if since.Before(before) || since.After(time.Now()) {
		t.Errorf("since %s", since)
	}
	second := d.addSegments(2)
	d.sent(first - 1)
	if again := waits("what came before is sent", true); !again.Equal(since) {
		t.Errorf("since %s, which was %s", again, since)
	}
	d.sent(first)
	if later := waits("the first is sent", true); later.Before(since) {
		t.Errorf("since %s, after %s", later, since)
	}
	d.sent(second)
	waits("both are sent, though other rows wait", false)

	d.reopen()
	if since := waits("opened with rows that wait", true); !since.IsZero() {
		t.Errorf("since %s", since)
	}
	d.sent(d.Queue.Last())
	waits("all are sent", false)
}

// However many steps wait, a few are kept, and the oldest time is told.
func TestManyStepsWait(t *testing.T) {
	d := newDisk(t)
	d.addSegments(0)
	since, _ := d.Queue.SegmentsUnsent()
	var last uint64
	for range 2 * unsentKept {
		last = d.addSegments(0)
	}
	if n := len(d.Queue.segments); n > unsentKept {
		t.Errorf("%d steps are kept", n)
	}
	if got, waits := d.Queue.SegmentsUnsent(); !waits || !got.Equal(since) {
		t.Errorf("waits: %t, since %s", waits, got)
	}
	d.sent(last - 1)
	if _, waits := d.Queue.SegmentsUnsent(); !waits {
		t.Error("the last is said to be sent")
	}
	d.sent(last)
	if _, waits := d.Queue.SegmentsUnsent(); waits {
		t.Error("all are sent")
	}
}
