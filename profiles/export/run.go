package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/privacy"
)

// errErased ends an export whose subject is erased meanwhile.
var errErased = errors.New("export: its subject is erased")

// Run makes what is asked for, one after the other, and removes what has expired, until ctx ends.
func (e *Exporter) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if err := e.sweep(); err != nil {
			e.Logger.ErrorContext(ctx, "an export that expired is not removed yet; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		case id := <-e.waiting:
			e.produce(ctx, id)
		}
	}
}

// produce makes one export, and keeps what became of it.
func (e *Exporter) produce(ctx context.Context, id uuid.UUID) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	m := &making{id, stop, make(chan struct{})}
	e.mu.Lock()
	record := e.records[id]
	if record == nil || record.Status != StatusRunning { // it was erased
		e.mu.Unlock()
		return
	}
	work := *record
	e.making = m
	e.mu.Unlock()

	began := e.Now()
	err := e.pack(ctx, &work)

	e.mu.Lock()
	defer e.mu.Unlock()
	defer close(m.done)
	e.making = nil
	if err == nil {
		err = e.publish(ctx, &work)
	}
	if err == nil {
		*record = work
		e.Logger.InfoContext(ctx, "an export is ready", "export", id, "bytes", work.Bytes, "seconds", e.Now().Sub(began).Seconds())
		return
	}
	e.failed(ctx, record, err)
}

// publish gives a whole archive its name and says that it is ready, unless its subject is erased by now. Whoever
// erases waits for mu, so that nothing comes between.
func (e *Exporter) publish(ctx context.Context, work *Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if erased, err := e.erased(work); erased || err != nil {
		return errors.Join(err, errErased)
	}
	if err := e.folder.publish(work.ID); err != nil {
		return err
	}
	work.Status, work.ReadyAt = StatusReady, e.now()
	work.ExpiresAt = work.ReadyAt.Add(e.Keep)
	return e.folder.write(work)
}

// failed keeps that an export came to nothing. The caller holds mu.
func (e *Exporter) failed(ctx context.Context, record *Record, err error) {
	e.Logger.ErrorContext(ctx, "an export could not be made", "export", record.ID, "error", err)
	switch {
	case errors.Is(err, errErased):
		record.erase(e.now())
	case ctx.Err() != nil:
		record.Status, record.Fault = StatusFailed, "the server was stopped; ask for it again"
	default:
		record.Status, record.Fault = StatusFailed, "a part of the server did not answer; its log says which; ask for it again"
	}
	if err := errors.Join(e.folder.remove(record.ID), e.folder.write(record)); err != nil {
		e.Logger.ErrorContext(ctx, "what is left of an export is removed at the next start", "export", record.ID, "error", err)
	}
}

// pack writes the archive under its temporary name.
func (e *Exporter) pack(ctx context.Context, work *Record) (err error) {
	file, err := e.folder.create(work.ID)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := e.Arrived(ctx, work.CreatedAt); err != nil {
		return fmt.Errorf("wait for the analytics store: %w", err)
	}
	g, err := e.gather(ctx, work)
	if err != nil {
		return err
	}
	if work.Files, err = g.zip(file); err != nil {
		return err
	}
	if work.Bytes, err = file.Seek(0, io.SeekCurrent); err != nil {
		return err
	}
	return file.Sync()
}

// sweep removes what has expired, and forgets what did long ago.
func (e *Exporter) sweep() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var faults []error
	now := e.now()
	for id, r := range e.records {
		switch {
		case r.Status == StatusRunning:
		case r.Status == StatusReady && r.at(now).Status == StatusExpired:
			if err := e.folder.remove(id); err != nil {
				faults = append(faults, err)
				continue
			}
			r.Status = StatusExpired
			faults = append(faults, e.folder.write(r))
		case r.Status != StatusReady && now.Sub(r.CreatedAt) > e.Keep+keepRecords:
			if err := e.folder.forget(id); err != nil {
				faults = append(faults, err)
				continue
			}
			delete(e.records, id)
		}
	}
	return errors.Join(faults...)
}

// Name is what certificates of erasure call the exports.
func (e *Exporter) Name() string { return "exports" }

// Erase removes the exports of the subjects of erasures, one that is being made too, and returns how many there
// were. What is left says that there was one, and not of whom.
func (e *Exporter) Erase(_ context.Context, set *privacy.Set) (int, error) {
	theirs := func(r *Record) bool {
		return r.concerns(func(o identity.ObservationID) bool {
			x := set.OfObservation(o)
			return x != nil && x.Workspace == r.Workspace
		})
	}
	e.await(theirs)
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for id, r := range e.records {
		if !theirs(r) {
			continue
		}
		if err := e.folder.remove(id); err != nil {
			return n, fmt.Errorf("remove export: %w", err)
		}
		erased := *r
		erased.erase(e.now())
		if err := e.folder.write(&erased); err != nil {
			return n, fmt.Errorf("remove export: %w", err)
		}
		*r = erased
		n++
	}
	return n, nil
}

// await stops the export that is being made, if it is one of some, and waits until it has ended.
func (e *Exporter) await(of func(*Record) bool) {
	e.mu.Lock()
	m := e.making
	if m != nil && !of(e.records[m.id]) {
		m = nil
	}
	e.mu.Unlock()
	if m != nil {
		m.stop()
		<-m.done
	}
}
