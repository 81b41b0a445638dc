package sink

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
	"tributary/profiles/outbox"
	"tributary/sql/store"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const benchRows = 60_000

// BenchmarkSink measures how many rows of 1 KB events per second get from outbox and log to where
// they can be queried, state and log on disk, and what share that is of inserting the very same
// rows, ready made, one block after the other, in the same run: with events that are still in
// memory, and with those that are read from the log.
func BenchmarkSink(b *testing.B) {
	b.Run("from=memory", func(b *testing.B) { benchmarkSink(b, true) })
	b.Run("from=log", func(b *testing.B) { benchmarkSink(b, false) })
}

func benchmarkSink(b *testing.B, remember bool) {
	r := newBenchRig(b)
	r.remembers = remember
	r.check(r.run(nil)) // an outbox that begins with an empty log need not look before it sends
	b.ReportAllocs()
	var sink, bare stopwatch
	for b.Loop() {
		b.StopTimer()
		from := len(r.places)
		r.receiveMany(benchRows)
		r.insertBare(from, &bare)
		b.StartTimer()
		for at := from; at < len(r.places); { // as much as memory holds at a time
			at = r.unifyMany(at, 12_000)
			sink.start()
			r.check(r.run(nil))
			sink.stop()
		}
	}
	rows := float64(b.N * benchRows)
	b.ReportMetric(rows/sink.took.Seconds(), "rows/s")
	b.ReportMetric(rows/bare.took.Seconds(), "bare-rows/s")
	b.ReportMetric(bare.took.Seconds()/sink.took.Seconds(), "share-of-bare")
	b.ReportMetric(float64(sink.cpu.Microseconds())/rows, "cpu-µs/row")
	b.ReportMetric(float64(bare.cpu.Microseconds())/rows, "bare-cpu-µs/row")
}

// stopwatch adds up elapsed time, and the CPU time of the process, merges in the engine included.
type stopwatch struct {
	took, cpu time.Duration
	began     time.Time
	used      time.Duration
}

func (w *stopwatch) start() { w.began, w.used = time.Now(), cpuTime() }

func (w *stopwatch) stop() {
	w.took += time.Since(w.began)
	w.cpu += cpuTime() - w.used
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func newBenchRig(b *testing.B) *rig {
	r := newRig(b, 1)
	r.check(r.db.Close())
	r.check(r.log.Close())
	r.cfg = Config{RetryMin: time.Millisecond}
	var err error
	r.db, err = pebble.Open(b.TempDir(), &pebble.Options{Logger: quiet{}})
	r.check(err)
	r.box, err = outbox.Open(r.db)
	r.check(err)
	r.log, err = embedded.Open(embedded.Config{Dir: b.TempDir(), FS: vfs.Default})
	r.check(err)
	return r
}

// receiveMany appends n events of about 1 KB to the log.
func (r *rig) receiveMany(n int) {
	r.t.Helper()
	for from := len(r.places); len(r.places)-from < n; {
		records := make([]stream.Record, 1000)
		for i := range records {
			records[i] = r.bigRecord(len(r.places) + i)
		}
		places, err := r.log.Append(context.Background(), records)
		r.check(err)
		r.places = append(r.places, places...)
		for _, record := range records {
			r.values = append(r.values, record.Value)
		}
	}
}

var words = strings.Fields("order parcel invoice late window refund agent card street question answer delivery")

func (r *rig) bigRecord(i int) stream.Record {
	at := start.Add(-time.Duration(r.rng.IntN(60*24)) * time.Hour)
	text := make([]string, 60)
	for n := range text {
		text[n] = words[r.rng.IntN(len(words))]
	}
	e := event.Event{
		Workspace: "acme", Source: fmt.Sprintf("source-%d", i%5), MessageID: fmt.Sprintf("message-%d", i),
		Type: event.TypeTrack, Name: "conversation.message", Channel: event.ChannelChat,
		OriginalAt: at, SentAt: at, ReceivedAt: at.Add(time.Second), At: at,
		Identifiers: []event.Identifier{
			{Type: event.IDUser, Value: fmt.Sprintf("user-%d", i%5000)},
			{Type: event.IDEmail, Value: fmt.Sprintf("user-%d@example.com", i%5000)},
		},
		CX: &event.CX{
			ConversationID: fmt.Sprintf("conversation-%d", i/7), Turn: int64(i % 7), AuthorRole: event.AuthorCustomer,
			Direction: event.DirectionInbound, Queue: "orders", Language: "en", Text: strings.Join(text[:20], " "),
		},
		Properties: json.RawMessage(fmt.Sprintf(`{"order":"o-%d","price":%d.5,"items":[{"sku":"a-%d","n":2}],"note":%q}`,
			i, i%900, i%50, strings.Join(text, " "))),
		Context: json.RawMessage(`{"ip":"192.0.2.7","locale":"en-GB","userAgent":"Mozilla/5.0 (X11; Linux x86_64)"}`),
	}
	value, err := event.Encode(&e)
	r.check(err)
	return stream.Record{
		Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID,
		ReceivedAt: e.ReceivedAt, Value: value,
	}
}

// unifyMany gives the outbox the next events of the log, up to n: a row each, without others. It
// returns how many are there now.
func (r *rig) unifyMany(from, n int) int {
	to := min(from+n, len(r.places))
	for at := from; at < to; {
		entries := r.benchEntries(at, min(at+200, to))
		if r.remembers {
			r.rememberMany(at, entries)
		}
		at += len(entries)
		batch := r.db.NewBatch()
		r.check(r.box.Writer.Append(batch, entries))
		r.check(batch.Commit(pebble.NoSync))
		r.box.Writer.Notify()
	}
	return to
}

// rememberMany gives the entries the events that unify has in memory.
func (r *rig) rememberMany(from int, entries []outbox.Entry) {
	for i := range entries {
		value := r.values[from+i]
		e, err := event.Decode(value)
		r.check(err)
		entries[i].Value, entries[i].Size = e, len(value)
	}
}

func (r *rig) benchEntries(from, to int) []outbox.Entry {
	entries := make([]outbox.Entry, 0, to-from)
	for i := from; i < to; i++ {
		entries = append(entries, outbox.Entry{Position: r.places[i], Table: outbox.TableEvents, Event: &outbox.EventColumns{
			Observation: observation(i % 5000), Identifiers: []uint64{uint64(i % 5000), uint64(i%5000) << 32},
		}})
	}
	return entries
}

// insertBare makes the rows, and measures how long it takes to insert them alone.
func (r *rig) insertBare(from int, watch *stopwatch) {
	l := newLoader(r.log, 2)
	defer l.close()
	for at := from; at < len(r.places); at += 20_000 {
		entries := r.benchEntries(at, min(at+20_000, len(r.places)))
		records, err := l.load(context.Background(), entries)
		r.check(err)
		c := newCycle(0)
		c.add(entries, records)
		for _, row := range c.rows[outbox.TableEvents] { // not to be taken for the sink's
			row.Value.(*store.EventRow).LogOffset |= 1 << 40
		}
		c.seal(benchPartitions, 0)
		watch.start()
		for _, block := range c.blocks {
			r.check(r.store.Insert(context.Background(), block))
		}
		watch.stop()
	}
}

// benchPartitions is the sink's default.
const benchPartitions = 12
