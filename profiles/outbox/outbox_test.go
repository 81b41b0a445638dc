package outbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"tributary/ingest/stream"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// disk is a Pebble database on a file system that can lose power.
type disk struct {
	t  *testing.T
	fs *vfs.MemFS
	db *pebble.DB
	*Outbox
}

func newDisk(t *testing.T) *disk {
	d := &disk{t: t, fs: vfs.NewCrashableMem()}
	d.open()
	t.Cleanup(func() { d.check(d.db.Close()) })
	return d
}

func (d *disk) check(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *disk) open() {
	d.t.Helper()
	var err error
	d.db, err = pebble.Open("state", &pebble.Options{FS: d.fs, Logger: quiet{}})
	d.check(err)
	d.Outbox, err = Open(d.db)
	d.check(err)
}

func (d *disk) reopen() {
	d.check(d.db.Close())
	d.open()
}

// losePower drops everything that was not synced.
func (d *disk) losePower() {
	left := d.fs.CrashClone(vfs.CrashCloneCfg{})
	d.check(d.db.Close())
	d.fs = left
	d.open()
}

type quiet struct{}

func (quiet) Infof(string, ...any)      {}
func (quiet) Errorf(string, ...any)     {}
func (quiet) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

func (d *disk) make(n int) []Entry {
	entries := make([]Entry, n)
	for i := range entries {
		entries[i] = Entry{Position: stream.Position{Offset: rand.Uint64()}, Table: TableFacts, Row: []byte("{}"), Value: &i}
	}
	return entries
}

func (d *disk) add(n int) []Entry {
	d.t.Helper()
	entries := d.make(n)
	batch := d.db.NewBatch()
	d.check(d.Writer.Append(batch, entries))
	d.check(batch.Commit(pebble.NoSync))
	d.Writer.Notify()
	return entries
}

func (d *disk) read(after, to uint64, limit int) []Entry {
	d.t.Helper()
	entries, err := d.Queue.Read(after, to, limit)
	d.check(err)
	return entries
}

func (d *disk) take(after, to uint64, limit int) []Entry {
	d.t.Helper()
	entries, err := d.Queue.Take(after, to, limit)
	d.check(err)
	return entries
}

const all = ^uint64(0)

func TestReadReturnsWhatWasAppended(t *testing.T) {
	d := newDisk(t)
	want := append(d.add(3), d.add(4)...)
	if got := d.read(0, all, 100); !sameRows(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	if got := d.read(2, 5, 100); !sameRows(got, want[2:5]) {
		t.Fatalf("span 2..5: got %+v", got)
	}
	if got := d.read(0, all, 2); !sameRows(got, want[:2]) {
		t.Fatalf("limit 2: got %+v", got)
	}
}

// TestTail walks batches through the queue that are taken while they are in memory, after they had
// no room there, and after a restart. However it came, an entry is what was appended, and those
// of a batch that was dropped never show.
func TestTail(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newDisk(t)
		limit := rapid.IntRange(0, 60*entryBytes).Draw(rt, "limit")
		d.Queue.tail.limit = limit
		var want, got []Entry
		rt.Repeat(map[string]func(*rapid.T){
			"commit": func(rt *rapid.T) { want = append(want, d.add(rapid.IntRange(1, 40).Draw(rt, "n"))...) },
			"commit later": func(*rapid.T) {
				batch, entries := d.db.NewBatch(), d.make(3)
				d.check(d.Writer.Append(batch, entries))
				d.check(batch.Commit(pebble.NoSync))
				want = append(append(want, entries...), d.add(1)...)
			},
			"drop": func(*rapid.T) {
				batch := d.db.NewBatch()
				d.check(errors.Join(d.Writer.Append(batch, d.make(5)), batch.Close()))
			},
			"take": func(rt *rapid.T) {
				after := uint64(0)
				if len(got) > 0 {
					after = got[len(got)-1].Seq
				}
				to := min(d.Queue.Last(), after+rapid.Uint64Range(1, 60).Draw(rt, "span"))
				got = append(got, d.take(after, to, rapid.IntRange(1, 50).Draw(rt, "limit"))...)
			},
			"reopen": func(*rapid.T) {
				d.reopen()
				d.Queue.tail.limit = limit
			},
			"": func(rt *rapid.T) {
				if len(got) > len(want) || !sameRows(got, want[:len(got)]) {
					rt.Fatalf("got %+v, want %+v", got, want)
				}
				if d.Queue.tail.size < 0 || len(d.Queue.tail.entries) == 0 && d.Queue.tail.size != 0 {
					rt.Fatalf("size of the tail: %d", d.Queue.tail.size)
				}
			},
		})
		for len(got) < len(want) {
			after := uint64(0)
			if len(got) > 0 {
				after = got[len(got)-1].Seq
			}
			more := d.take(after, d.Queue.Last(), 100)
			if len(more) == 0 {
				rt.Fatalf("%d of %d entries", len(got), len(want))
			}
			got = append(got, more...)
		}
		if !sameRows(got, want) {
			rt.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// sameRows compares but for Value, which is in memory alone.
func sameRows(a, b []Entry) bool {
	return slices.EqualFunc(a, b, func(a, b Entry) bool {
		a.Value, b.Value = nil, nil
		return reflect.DeepEqual(a, b)
	})
}

func TestTailKeepsValuesUntilTheyAreTaken(t *testing.T) {
	d := newDisk(t)
	d.add(4)
	for _, inMemory := range []bool{true, false} {
		for _, e := range d.take(1, 3, 10) {
			if (e.Value != nil) != inMemory {
				t.Errorf("entry %d: value %v; in memory: %v", e.Seq, e.Value, inMemory)
			}
		}
	}
	if got := d.take(3, 4, 10); len(got) != 1 || got[0].Value == nil {
		t.Errorf("what was not taken yet: %+v", got)
	}
}

func TestSeqGoesOnAfterReopening(t *testing.T) {
	d := newDisk(t)
	d.add(5)
	d.reopen()
	if got := d.add(1)[0].Seq; got != 6 {
		t.Fatalf("next seq %d, want 6", got)
	}
	d.check(d.Queue.Done(Plan{To: 6}))
	d.check(d.Queue.Discard(6))
	d.reopen()
	if got := d.add(1)[0].Seq; got != 7 {
		t.Fatalf("seq after all were discarded %d, want 7", got)
	}
}

func TestOtherKeysAreLeftAlone(t *testing.T) {
	d := newDisk(t)
	for _, k := range []string{"w", "wz", "ya", string([]byte{Prefix - 1, 0xff}), string([]byte{Prefix + 1})} {
		d.check(d.db.Set([]byte(k), []byte("mine"), pebble.NoSync))
	}
	d.add(10)
	d.check(d.Queue.Done(Plan{To: 10}))
	d.check(d.Queue.Discard(all))
	it, err := d.db.NewIter(nil)
	d.check(err)
	others := 0
	for ok := it.First(); ok; ok = it.Next() {
		if it.Key()[0] != Prefix {
			others++
		}
	}
	d.check(it.Close())
	if others != 5 {
		t.Fatalf("%d foreign keys left, want 5", others)
	}
}

func TestAppendRefusesMismatchedColumns(t *testing.T) {
	d := newDisk(t)
	batch := d.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for _, e := range []Entry{{}, {Table: TableEvents}, {Table: TableFacts, Event: &EventColumns{}}, {Table: 200}} {
		if err := d.Writer.Append(batch, []Entry{e}); err == nil {
			t.Errorf("%+v was taken", e)
		}
	}
}

func TestWait(t *testing.T) {
	d := newDisk(t)
	done := make(chan error, 1)
	go func() { done <- d.Queue.Wait(context.Background(), 3) }()
	d.add(2)
	select {
	case err := <-done:
		t.Fatalf("returned after two entries: %v", err)
	default:
	}
	d.add(1)
	d.check(<-done)

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := d.Queue.Wait(ctx, 4); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
}

func TestPlanMakesEarlierEntriesDurable(t *testing.T) {
	d := newDisk(t)
	d.add(3)
	want := Plan{After: 0, To: 3, Blocks: []PlannedBlock{{Table: TableFacts, QueryID: "q1", Rows: 3}}}
	d.check(d.Queue.Save(want))
	d.add(2)
	d.losePower()
	plans, err := d.Queue.Plans()
	d.check(err)
	if !reflect.DeepEqual(plans, []Plan{want}) {
		t.Fatalf("plans %+v", plans)
	}
	if got := d.read(0, all, 10); len(got) != 3 {
		t.Fatalf("%d entries left, want the planned 3", len(got))
	}
	if got := d.add(1)[0].Seq; got != 4 {
		t.Fatalf("next seq %d, want 4", got)
	}
}

func TestDoneAndItsLoss(t *testing.T) {
	d := newDisk(t)
	d.add(3)
	p := Plan{To: 3}
	d.check(d.Queue.Save(p))
	d.check(d.Queue.Done(p))
	if d.Queue.Sent() != 3 {
		t.Fatalf("sent %d", d.Queue.Sent())
	}
	d.losePower()
	plans, err := d.Queue.Plans()
	d.check(err)
	if d.Queue.Sent() != 0 || len(plans) != 1 {
		t.Fatalf("after power loss: sent %d, %d plans; cursor and plan go together", d.Queue.Sent(), len(plans))
	}
	d.check(d.Queue.Done(p))
	d.reopen()
	plans, err = d.Queue.Plans()
	d.check(err)
	if d.Queue.Sent() != 3 || len(plans) != 0 {
		t.Fatalf("after reopening: sent %d, %d plans", d.Queue.Sent(), len(plans))
	}
}

func TestDiscardNeverPassesSent(t *testing.T) {
	d := newDisk(t)
	d.add(5)
	d.check(d.Queue.Done(Plan{To: 3}))
	d.check(d.Queue.Discard(all))
	if got := d.read(0, all, 10); len(got) != 2 || got[0].Seq != 4 || d.Queue.Clean() != 3 {
		t.Fatalf("left %+v, clean %d", got, d.Queue.Clean())
	}
}

func TestUncleanStart(t *testing.T) {
	d := newDisk(t)
	begin := func(want bool) {
		t.Helper()
		clean, err := d.Queue.Begin()
		d.check(err)
		if clean != want {
			t.Fatalf("clean %v, want %v", clean, want)
		}
	}
	begin(true)
	d.losePower()
	begin(false)
	d.check(d.Queue.End())
	d.losePower()
	begin(true)
	d.reopen()
	begin(false)
}

func TestCorruptValues(t *testing.T) {
	d := newDisk(t)
	d.add(1)
	d.check(d.db.Set(numberedKey(kindEntry, 2), []byte{codecVersion + 1, 0}, pebble.NoSync))
	d.check(d.db.Set(numberedKey(kindPlan, 2), []byte("{"), pebble.NoSync))
	if _, err := d.Queue.Read(0, all, 10); !errors.Is(err, ErrCorrupt) {
		t.Errorf("entry: %v", err)
	}
	if _, err := d.Queue.Plans(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("plan: %v", err)
	}
	d.check(d.db.Set(markKey(kindSent), []byte("short"), pebble.NoSync))
	if _, err := Open(d.db); !errors.Is(err, ErrCorrupt) {
		t.Errorf("cursor: %v", err)
	}
}

func TestHorizonIsAskedForOnce(t *testing.T) {
	d := newDisk(t)
	want := Offsets{0: 7, 1 << 16: 9}
	for range 3 {
		got, err := d.Queue.Horizon(func() (Offsets, error) { return want, nil })
		d.check(err)
		if !reflect.DeepEqual(got, Offsets{0: 7, 1 << 16: 9}) {
			t.Fatalf("horizon %v", got)
		}
		want = Offsets{5: 5}
		d.losePower()
	}
}

func TestRefusedAreMarkedUntilDiscarded(t *testing.T) {
	d := newDisk(t)
	d.add(10)
	d.check(d.Queue.MarkRefused(3, 5, 9))
	for _, c := range []struct {
		after, to uint64
		want      map[uint64]bool
	}{{0, 10, map[uint64]bool{3: true, 5: true, 9: true}}, {3, 9, map[uint64]bool{5: true, 9: true}}, {5, 8, map[uint64]bool{}}} {
		got, err := d.Queue.Refused(c.after, c.to)
		d.check(err)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d to %d: %v, want %v", c.after, c.to, got, c.want)
		}
	}
	d.check(d.Queue.Done(Plan{To: 8}))
	d.check(d.Queue.Discard(8))
	if got, err := d.Queue.Refused(0, 10); err != nil || !reflect.DeepEqual(got, map[uint64]bool{9: true}) {
		t.Errorf("after discarding: %v, %v", got, err)
	}
}

func TestRefusalRoundTrip(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	want := Refusal{
		Position: stream.Position{Partition: 3, Offset: 4}, Ordinal: 5, Table: TableProfiles,
		Workspace: "acme", Source: "crm", ReceivedAt: at, Reason: "engine_refused", Detail: "Code: 117",
	}
	record, err := want.Record(at)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseRefusal(record.Value)
	if err != nil || got != want {
		t.Fatalf("got %+v, %v", got, err)
	}
	if record.Kind != stream.KindCommand || record.MessageID != "sink.refused:3/4/5" {
		t.Fatalf("record %+v", record)
	}
	for _, bad := range []string{"", "{}", `{"command":"sink.refused","table":"nope"}`, `{"command":"x","table":"events"}`} {
		if _, err := ParseRefusal([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// BenchmarkAppendRead brings steps of 1000 entries through the queue, by way of memory and by way of
// the database alone. table-B/op is what the database wrote of them in the background.
func BenchmarkAppendRead(b *testing.B) {
	b.Run("from=memory", func(b *testing.B) { benchmarkAppendRead(b, (*Queue).Take) })
	b.Run("from=database", func(b *testing.B) { benchmarkAppendRead(b, (*Queue).Read) })
}

func benchmarkAppendRead(b *testing.B, read func(q *Queue, after, to uint64, limit int) ([]Entry, error)) {
	db, err := pebble.Open("state", &pebble.Options{FS: vfs.NewMem(), Logger: quiet{}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	box, err := Open(db)
	if err != nil {
		b.Fatal(err)
	}
	entries := make([]Entry, 1000)
	for i := range entries {
		entries[i] = Entry{Position: stream.Position{Offset: uint64(i)}, Table: TableEvents, Event: &EventColumns{Identifiers: []uint64{1, 2}}}
	}
	b.ReportAllocs()
	after := uint64(0)
	for b.Loop() {
		batch := db.NewBatch()
		if err := errors.Join(box.Writer.Append(batch, entries), batch.Commit(pebble.NoSync)); err != nil {
			b.Fatal(err)
		}
		box.Writer.Notify()
		for to := box.Queue.Last(); after < to; {
			got, err := read(box.Queue, after, to, len(entries))
			if err != nil || len(got) == 0 {
				b.Fatal(len(got), err)
			}
			after = got[len(got)-1].Seq
		}
	}
	m := db.Metrics()
	b.ReportMetric(float64(m.Total().TableBytesFlushed+m.Total().TableBytesCompacted)/float64(b.N), "table-B/op")
	b.ReportMetric(float64(len(entries))*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
