package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"tributary/api/admin"
	"tributary/sql/store"
)

// wholePath measures events from a source to ClickHouse, what they take of memory and disk, and
// beside it how fast the very same rows are inserted by themselves.
func (b *bench) wholePath(ctx context.Context) error {
	b.say("memory at rest")
	s, err := b.serve(ctx, b.folder("data"), rolesAll)
	if err != nil {
		return err
	}
	defer func() { s.close() }()
	idle, err := b.atRest(ctx, s)
	if err != nil {
		return err
	}
	keys, err := s.writeKeys(ctx)
	if err != nil {
		return err
	}
	b.say("whole path")
	w, err := b.feed(ctx, s, keys)
	if err != nil {
		return err
	}
	b.say("memory at rest, with data")
	full, err := b.atRest(ctx, s)
	if err != nil {
		return err
	}
	rows, err := s.export(ctx, b.cfg.Events)
	if err != nil {
		return err
	}
	if err := s.shut(); err != nil {
		return err
	}
	b.say("bare insert of the same rows")
	bare, err := b.insertBare(ctx, rows)
	if err != nil {
		return fmt.Errorf("bare insert: %w", err)
	}
	b.reportPath(w, bare)
	b.reportMemory(idle, full, w.peak)
	b.reportDisk(w)
	return nil
}

// atRest is the memory of a server that has nothing to do.
func (b *bench) atRest(ctx context.Context, s *server) (memory, error) {
	select {
	case <-time.After(b.cfg.Rest):
		return s.memory()
	case <-ctx.Done():
		return memory{}, ctx.Err()
	}
}

// pathOutcome is what came of the whole path.
type pathOutcome struct {
	sent      outcome // requests
	events    int
	took      time.Duration // from the first byte sent until the last event could be queried
	used      cpu
	peak      memory
	sentBytes float64 // per event, JSON
	log       int64   // bytes on disk by it
	state     int64
	tables    uint64 // all tables of ClickHouse
}

// feed sends the events after a small number to warm up, and waits until all can be queried.
func (b *bench) feed(ctx context.Context, s *server, keys []string) (w pathOutcome, err error) {
	if _, err := b.send(ctx, s, keys, max(1, min(50, b.cfg.Events/batchEvents/10))); err != nil {
		return w, err
	}
	if err := s.settle(ctx); err != nil {
		return w, err
	}
	disk, err := s.disk(ctx)
	if err != nil {
		return w, err
	}
	had, err := s.queryable(ctx)
	if err != nil {
		return w, err
	}
	used, err := s.cpu()
	if err != nil {
		return w, err
	}
	stop := s.watchMemory(ctx)
	w.events = b.cfg.Events / batchEvents * batchEvents
	err = b.profile(ctx, s, "whole path", time.Duration(w.events)*time.Second/15_000, func() error {
		began := time.Now()
		if w.sent, err = b.send(ctx, s, keys, w.events/batchEvents); err != nil {
			return err
		}
		err = s.await(ctx, "to have all events in ClickHouse", func() (uint64, bool) {
			n, err := s.queryable(ctx)
			return n, err == nil && n >= had+uint64(w.events)
		})
		w.took = time.Since(began)
		return err
	})
	w.peak = stop()
	if err != nil {
		return w, err
	}
	return w, b.account(ctx, s, &w, disk, used, had)
}

func (b *bench) send(ctx context.Context, s *server, keys []string, batches int) (outcome, error) {
	return load{address: s.address, connections: feeders, total: batches,
		requests: func() func([]byte, int) []byte { return b.requester(keys, batchEvents).request }}.run(ctx)
}

// account fills in what the events took, and makes sure that they are there, each once.
func (b *bench) account(ctx context.Context, s *server, w *pathOutcome, disk pathOutcome, used cpu, had uint64) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	now, err := s.cpu()
	if err != nil {
		return err
	}
	w.used = cpu{server: now.server - used.server, engine: now.engine - used.engine}
	after, err := s.disk(ctx)
	if err != nil {
		return err
	}
	w.log, w.state, w.tables = after.log-disk.log, after.state-disk.state, after.tables-disk.tables
	w.sentBytes = b.meanSize()
	accounts, err := s.admin.Reconcile(ctx, admin.AccountQuery{})
	if err != nil {
		return err
	}
	var stored, inClickHouse uint64
	for _, a := range accounts.Sources {
		stored += a.Stored
		if a.StoredClickHouse != nil {
			inClickHouse += *a.StoredClickHouse
		}
	}
	if want := had + uint64(w.events); stored != want || inClickHouse != want {
		return fmt.Errorf("of %d events %d are stored and %d in ClickHouse", want, stored, inClickHouse)
	}
	return nil
}

// meanSize is that of an event as its source sends it, in bytes.
func (b *bench) meanSize() float64 {
	sample := b.requester(make([]string, len(sources)), batchEvents)
	total := 0
	for i := range sources {
		sample.request(nil, i)
		total += len(sample.body)
	}
	return float64(total) / float64(len(sources)*batchEvents)
}

// disk is what log, state and tables take.
func (s *server) disk(ctx context.Context) (d pathOutcome, err error) {
	if d.log, err = diskUse(filepath.Join(s.data, "log")); err != nil {
		return d, err
	}
	if d.state, err = diskUse(filepath.Join(s.data, "state")); err != nil {
		return d, err
	}
	tables, err := s.sizes.All(ctx, nil)
	for _, t := range tables {
		d.tables += t.BytesOnDisk
	}
	return d, err
}

// export reads the rows of the first n events, whole.
func (s *server) export(ctx context.Context, n int) ([]*store.EventRow, error) {
	query, err := store.Prepare[store.EventRow](s.store, "export/events")
	if err != nil {
		return nil, err
	}
	rows := make([]*store.EventRow, 0, n)
	var last store.Place
	for len(rows) < n {
		before := len(rows)
		for row, err := range query.Each(ctx, store.Params{
			"workspace": workspace, "after_partition": last.LogPartition, "after_offset": last.LogOffset,
			"after_ordinal": last.Ordinal, "limit": min(20_000, n-len(rows)),
		}) {
			if err != nil {
				return nil, fmt.Errorf("read rows back: %w", err)
			}
			rows, last = append(rows, &row), row.Place
		}
		if len(rows) == before {
			break
		}
	}
	return rows, nil
}

func (b *bench) reportPath(w pathOutcome, bare insertOutcome) {
	b.report.add("whole path, batches of 100: until queryable", float64(w.events)/w.took.Seconds(), UnitPerSecond,
		"bare insert of the same rows", bare.rate, atLeast(25_000), ratioAtLeast(0.5))
	b.report.add("whole path: acknowledged", w.sent.rate()*batchEvents, UnitPerSecond, "until queryable", float64(w.events)/w.took.Seconds())
	b.report.add("whole path: CPU of server and engine", perMillion(w.used.server+w.used.engine, w.events), UnitCPU,
		"bare insert, driver and engine", bare.cpu)
	b.report.add("whole path: CPU of the engine alone", perMillion(w.used.engine, w.events), UnitCPU,
		"bare insert, engine", bare.engineCPU)
	b.report.note("whole path: %d events as fast as the gateway takes them over %d connections, then waiting; asked every %s how many are in active parts. Beside it %d ready rows of the same events through clickhouse-go into an engine of its own, blocks of %d, %d at once, all threads limited as the sink's.",
		w.events, feeders, pollEvery, bare.rows, insertBlock, insertAtOnce)
}

func (b *bench) reportMemory(idle, full, peak memory) {
	add := func(what string, m memory, aims ...Aim) {
		b.report.add("resident memory, "+what+": server and engine", m.sum(), UnitBytes, "the engine's share", float64(m.engine), aims...)
	}
	add("at rest, empty", idle, atMost(400<<20))
	add("at rest, after the whole path", full)
	add("most during the whole path", peak)
	b.report.note("resident memory counts the pages of the engine's library that are in RAM; at rest is %s after the last work.", b.cfg.Rest)
}

func (b *bench) reportDisk(w pathOutcome) {
	n := float64(w.events)
	total := float64(w.log) + float64(w.state) + float64(w.tables)
	b.report.add("disk: log, state and ClickHouse", total/n, UnitPerEvent, "event as sent", w.sentBytes)
	b.report.add("disk: log", float64(w.log)/n, UnitPerEvent, "event as sent", w.sentBytes)
	b.report.add("disk: state", float64(w.state)/n, UnitPerEvent, "event as sent", w.sentBytes)
	b.report.add("disk: ClickHouse, all tables", float64(w.tables)/n, UnitPerEvent, "event as sent", w.sentBytes)
	b.report.note("disk: growth during the whole path right after it, write-ahead logs and not yet compacted tables included; of ClickHouse the active parts (merged ones go after 8 minutes). Few events make the log's share large: what is in memory tables is on disk uncompressed.")
}
