package erase

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/privacy"
)

// readRecords is how many records of the log are looked at before what is found among them is replaced.
const readRecords = 2000

// rewriteLog puts tombstones in the places of the records of the erased, and takes the old ones off the disk. A
// log that cannot be rewritten is waited for: what it still holds, and until when, stands in the certificate.
func (r *Runner) rewriteLog(ctx context.Context, b *batch) (map[uuid.UUID]privacy.Step, error) {
	eraser, ok := r.Log.(stream.Eraser)
	if !ok {
		return r.awaitRetention(ctx, b)
	}
	w := &rewrite{Runner: r, eraser: eraser, set: b.set, found: map[uuid.UUID]*Line{}}
	partitions, err := r.Log.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	applied := r.State.Offsets() // what came later was not kept
	if err := b.within(applied); err != nil {
		return nil, err
	}
	reading, inside := errgroup.WithContext(ctx)
	reading.SetLimit(workers())
	for _, p := range partitions {
		reading.Go(func() error {
			return r.read(inside, p.ID, p.First, applied[p.ID], func(entries []stream.Entry) error { return w.chunk(inside, entries) })
		})
	}
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	if err := r.at("log: scrub"); err != nil {
		return nil, err
	}
	if err := eraser.Scrub(ctx); err != nil {
		return nil, err
	}
	lines := map[uuid.UUID][]Line{}
	for _, e := range b.records {
		line := Line{Store: "log"}
		if found := w.found[e.ID]; found != nil {
			line.Removed, line.Changed = found.Removed, found.Changed
		}
		lines[e.ID] = []Line{line}
	}
	return r.lines(lines, "every record up to the erasure was read, those of the person replaced by tombstones in their places and read back; no file holds what was replaced")
}

// rewrite is one passage through the log.
type rewrite struct {
	*Runner
	eraser stream.Eraser
	set    *privacy.Set

	mu    sync.Mutex
	found map[uuid.UUID]*Line
}

// chunk replaces what is of the erased among some records, and reads it back.
func (w *rewrite) chunk(ctx context.Context, entries []stream.Entry) error {
	var replaced []stream.Entry
	for i := range entries {
		e, entry, err := w.look(entries[i])
		if err != nil {
			return fmt.Errorf("look at %s: %w", entries[i].Position, err)
		}
		if e == nil {
			continue
		}
		replaced = append(replaced, entry)
		w.count(e.ID, entry.Kind == stream.KindEvent || isCommandLeft(&entry))
	}
	if len(replaced) == 0 {
		return nil
	}
	if err := w.at("log: replace"); err != nil {
		return err
	}
	if err := w.eraser.Replace(ctx, replaced); err != nil {
		return err
	}
	return w.readBack(ctx, replaced)
}

// isCommandLeft says whether what takes a record's place is a command that still does something.
func isCommandLeft(entry *stream.Entry) bool {
	return entry.Kind == stream.KindCommand && !bytes.Contains(entry.Value, []byte(`"privacy.void"`))
}

func (w *rewrite) count(id uuid.UUID, changed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	line := w.found[id]
	if line == nil {
		line = &Line{}
		w.found[id] = line
	}
	if changed {
		line.Changed++
	} else {
		line.Removed++
	}
}

// look says whether a record is, or holds something, of an erased person, and what takes its place.
func (w *rewrite) look(entry stream.Entry) (*privacy.Erasure, stream.Entry, error) {
	if entry.Kind == stream.KindCommand {
		switch e, left := w.command(w.set, &entry); {
		case left != nil:
			entry.Value = left
			return e, entry, nil
		case e != nil:
			entry, err := w.Replacement(entry, e)
			return e, entry, err
		}
	}
	if e := w.Covers(w.set, entry); e != nil {
		entry, err := w.Replacement(entry, e)
		return e, entry, err
	}
	if entry.Kind != stream.KindEvent && entry.Kind != stream.KindCommand || !bytes.Contains(entry.Value, participantsMember) {
		return nil, entry, nil
	}
	return w.cut(entry)
}

var participantsMember = []byte(`"participants":`)

// cut takes erased people out of the participants of another's event.
func (w *rewrite) cut(entry stream.Entry) (*privacy.Erasure, stream.Entry, error) {
	value, ok := outbox.EventIn(&entry.Record)
	if !ok {
		return nil, entry, nil
	}
	e := new(event.Event)
	if err := event.DecodeInto(e, value); err != nil || len(e.Participants) == 0 {
		return nil, entry, nil //nolint:nilerr // what is no event went to the quarantine, and was looked at as that
	}
	place := identity.Place{Workspace: entry.Workspace, Source: e.Source}
	left, of := w.without(w.set, entry.Position, entry.ReceivedAt, place, e.Participants)
	if of == nil {
		return nil, entry, nil
	}
	participants, err := json.Marshal(left)
	if err != nil {
		return nil, entry, err
	}
	e.Participants, e.Context = left, inContext(e.Context, participants)
	text, err := event.Encode(e)
	if err != nil {
		return nil, entry, err
	}
	if entry.Kind == stream.KindEvent {
		entry.Value = text
		return of, entry, nil
	}
	var command map[string]json.RawMessage
	if err := json.Unmarshal(entry.Value, &command); err != nil {
		return nil, entry, err
	}
	command["with"] = text
	entry.Value, err = json.Marshal(command)
	return of, entry, err
}

// inContext is an event's context, which is kept as it was received, with other participants. All else of it stays,
// byte for byte.
func inContext(context json.RawMessage, participants []byte) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(context, &members) != nil || members["participants"] == nil {
		return context
	}
	return bytes.ReplaceAll(context, members["participants"], participants)
}

// readBack asks the log for what was replaced.
func (w *rewrite) readBack(ctx context.Context, replaced []stream.Entry) error {
	for _, want := range replaced {
		reader, err := w.Log.Reader(want.Partition, want.Offset)
		if err != nil {
			return err
		}
		got, err := reader.Next(ctx, 1)
		_ = reader.Close()
		if err != nil {
			return fmt.Errorf("read %s back: %w", want.Position, err)
		}
		if got[0].Kind != want.Kind || !bytes.Equal(got[0].Value, want.Value) {
			return fmt.Errorf("read %s back: the log holds another record than it was given", want.Position)
		}
	}
	return nil
}

// awaitRetention says what a log that cannot be rewritten still holds, and until when.
func (r *Runner) awaitRetention(_ context.Context, b *batch) (map[uuid.UUID]privacy.Step, error) {
	done := map[uuid.UUID]privacy.Step{}
	for _, e := range b.records {
		w := Waiting{Store: "log", Below: e.UpTo, Why: "this log cannot be rewritten; its retention removes records by age"}
		if r.Retention > 0 {
			w.Until = e.At.Add(r.Retention).UTC().Truncate(time.Second)
		} else {
			w.Why = "this log cannot be rewritten and keeps records for ever (log.retention: 0): no date can be given; set a retention, or delete its records by hand"
		}
		detail, err := json.Marshal(noted{Waiting: []Waiting{w}})
		if err != nil {
			return nil, err
		}
		done[e.ID] = privacy.Step{Detail: detail}
	}
	return done, nil
}
