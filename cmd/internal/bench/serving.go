package bench

import (
	"context"
	"fmt"
	"time"
)

// serving measures freshness, and intake with everything running.
func (b *bench) serving(ctx context.Context) error {
	return b.withData(ctx, func(s *server, keys []string, key string) error {
		if err := b.freshness(ctx, s, keys, key); err != nil {
			return fmt.Errorf("freshness: %w", err)
		}
		return b.everything(ctx, s, keys)
	})
}

// withData runs f with a server that has the data of the whole path, or gets as much.
func (b *bench) withData(ctx context.Context, f func(s *server, writeKeys []string, readKey string) error) error {
	s, err := b.serve(ctx, b.data(), rolesAll)
	if err != nil {
		return err
	}
	defer func() { s.close() }()
	keys, err := s.writeKeys(ctx)
	if err != nil {
		return err
	}
	if has, err := s.queryable(ctx); err != nil {
		return err
	} else if has == 0 { // no part before was asked for
		if _, err := b.feed(ctx, s, keys); err != nil {
			return err
		}
		if err := b.keep(); err != nil {
			return err
		}
	}
	key, err := s.readKey(ctx)
	if err != nil {
		return err
	}
	if err := f(s, keys, key); err != nil {
		return err
	}
	return s.shut()
}

// beside runs f while events come in at a steady rate, and waits until they are all queryable.
func (b *bench) beside(ctx context.Context, s *server, keys []string, f func(*feeder) error, ingest *fed) error {
	feeder, err := b.startFeeder(ctx, s.address, keys)
	if err != nil {
		return err
	}
	err = pause(ctx, b.cfg.Duration/5) // the first inserts are under way before anything is measured
	if err == nil {
		err = f(feeder)
	}
	came, fault := feeder.stop()
	if err == nil {
		err = fault
	}
	if ingest != nil {
		*ingest = came
	}
	if err != nil {
		return err
	}
	return s.settle(ctx)
}

// everything measures the intake of a whole server, in which unify and the sink want their share.
func (b *bench) everything(ctx context.Context, s *server, keys []string) error {
	for _, kind := range []struct {
		name string
		each int
	}{{"single events", 1}, {"batches of 100", batchEvents}} {
		b.say("everything running, " + kind.name)
		before, err := s.queryable(ctx)
		if err != nil {
			return err
		}
		used, err := s.cpu()
		if err != nil {
			return err
		}
		var taken outcome
		l := load{address: s.address, connections: connections, duration: b.cfg.Duration,
			requests: func() func([]byte, int) []byte { return b.requester(keys, kind.each).request }}
		began := time.Now()
		err = b.profile(ctx, s, fmt.Sprintf("everything %d", kind.each), b.cfg.Duration, func() error {
			taken, err = l.run(ctx)
			return err
		})
		if err != nil {
			return err
		}
		if err := s.settle(ctx); err != nil {
			return err
		}
		took := time.Since(began).Seconds()
		after, err := s.queryable(ctx)
		if err != nil {
			return err
		}
		now, err := s.cpu()
		if err != nil {
			return err
		}
		queryable := float64(after-before) / took
		title := fmt.Sprintf("everything running, %s, %d connections: ", kind.name, connections)
		b.report.add(title+"acknowledged", taken.rate()*float64(kind.each), UnitPerSecond, "until queryable", queryable)
		b.report.add(title+"answer p99", taken.quantile(0.99), UnitSeconds, "p50", taken.quantile(0.50))
		b.report.add(title+"CPU of server and engine", perMillion(now.server+now.engine-used.server-used.engine, taken.requests*kind.each), UnitCPU,
			"the engine's share", perMillion(now.engine-used.engine, taken.requests*kind.each))
	}
	return nil
}
