package importer

import (
	"encoding/json"
	"fmt"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// What is made durable together: as many records, or as many bytes. An append is one fsync.
const (
	batchRecords = 2000
	batchBytes   = 4 << 20
)

// batch is what a run of rows came to, on its way to the log.
type batch struct {
	workspace, source string
	received          time.Time

	records []stream.Record
	ends    []int  // of the values in arena, one for each record
	arena   []byte // all values
	part    Report // of these rows

	position int   // rows read when the batch was full
	read     int64 // of the file, likewise, of total
	total    int64
	state    json.RawMessage // of a Singer tap, to be told once these rows are durable
	names    []string        // of the events since the last mark
}

// mark is a place to which a batch can go back.
type mark struct{ records, bytes int }

// begin is called before each row.
func (b *batch) begin() mark {
	b.names = b.names[:0]
	return mark{len(b.records), len(b.arena)}
}

// back forgets what was added since the mark.
func (b *batch) back(m mark) {
	b.records, b.ends, b.arena, b.names = b.records[:m.records], b.ends[:m.records], b.arena[:m.bytes], b.names[:0]
}

// keep counts what was added since the last begin.
func (b *batch) keep() {
	for _, name := range b.names {
		b.part.ByName[name]++
	}
	b.part.Events += len(b.names)
}

// add adds an event, which may be used again afterwards.
func (b *batch) add(e *event.Event) error {
	arena, err := event.AppendEncode(b.arena, e)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	b.arena = arena
	b.queue(stream.KindEvent, e.MessageID)
	name := e.Name
	if name == "" {
		name = string(e.Type)
	}
	b.names = append(b.names, name)
	return nil
}

// reject adds a row for the quarantine. The payload is JSON.
func (b *batch) reject(fault *RowError, id string, payload []byte) {
	b.part.Rejected++
	if len(b.part.First) < maxFaults {
		b.part.First = append(b.part.First, fault.owned())
	}
	b.arena = append(b.arena, `{"reason":`...)
	b.arena = appendQuoted(b.arena, validText(fault.Reason))
	b.arena = append(b.arena, `,"field":`...)
	b.arena = appendQuoted(b.arena, validText(fault.Field))
	b.arena = append(b.arena, `,"payload":`...)
	b.arena = append(append(b.arena, payload...), '}')
	b.queue(stream.KindRejected, id)
}

func (b *batch) queue(kind stream.Kind, messageID string) {
	b.records = append(b.records, stream.Record{
		Lane: stream.LaneBulk, Kind: kind, Workspace: b.workspace, Source: b.source,
		MessageID: messageID, ReceivedAt: b.received,
	})
	b.ends = append(b.ends, len(b.arena))
}

func (b *batch) full() bool { return len(b.records) >= batchRecords || len(b.arena) >= batchBytes }

// seal gives the records their values, once the arena no longer moves.
func (b *batch) seal() {
	start := 0
	for i, end := range b.ends {
		b.records[i].Value = b.arena[start:end:end]
		start = end
	}
}

// next is an empty batch after this one.
func (b *batch) next() *batch {
	return &batch{
		workspace: b.workspace, source: b.source, received: b.received, position: b.position, names: b.names[:0],
		records: make([]stream.Record, 0, cap(b.records)), ends: make([]int, 0, cap(b.ends)),
		arena: make([]byte, 0, cap(b.arena)), part: Report{ByName: map[string]int{}},
	}
}
