package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// context measures readers, without and beside ingest.
func (b *bench) context(ctx context.Context) error {
	return b.withData(ctx, func(s *server, keys []string, key string) error {
		if err := b.contexts(ctx, s, keys, key); err != nil {
			return fmt.Errorf("contexts: %w", err)
		}
		return nil
	})
}

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
	s, err := b.serve(ctx, b.folder("data"), rolesAll)
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

// contextLoad is readers of random customers' contexts.
func (b *bench) contextLoad(address, key string, perReader float64) load {
	return load{address: address, connections: readers, duration: b.cfg.Duration, perSecond: perReader * readers,
		requests: func() func([]byte, int) []byte {
			r := rand.New(rand.NewPCG(rand.Uint64(), 0))
			return func(to []byte, _ int) []byte {
				to = appendUser(append(to, "GET /v1/profiles/user_id:"...), r.Uint64N(b.events.people))
				return append(append(append(to, "/context HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer "...), key...), "\r\n\r\n"...)
			}
		}}
}

func (b *bench) contexts(ctx context.Context, s *server, keys []string, key string) error {
	points, pointCPU, err := b.pointReads(ctx)
	if err != nil {
		return err
	}
	b.report.add(fmt.Sprintf("plain Pebble point read, %d keys, %d readers: CPU", b.events.people, readers), pointCPU, UnitCPUPerCall, "", 0)
	b.report.add("plain Pebble point read: p50", points.quantile(0.50), UnitSeconds, "p99", points.quantile(0.99))
	bare, address, err := b.bare(ctx)
	if err != nil {
		return err
	}
	defer bare.kill()
	for _, pace := range []struct {
		name      string
		perReader float64
		aim       []Aim
	}{{fmt.Sprintf("%d readers asking without a pause", readers), 0, nil},
		{fmt.Sprintf("%d readers asking %g times a second each", readers, calmCallsPer), calmCallsPer, []Aim{atMost(0.010)}},
		{fmt.Sprintf("%d readers, %d calls/s", readers, callsPerS), callsPerS / float64(readers), []Aim{atMost(0.005)}}} {
		b.say("context, " + pace.name)
		base, err := b.emptyRoute(ctx, bare, address, key, pace.perReader)
		if err != nil {
			return fmt.Errorf("bare handler: %w", err)
		}
		base.points, base.pointCPU = points, pointCPU
		idle, used, err := b.read(ctx, s, key, pace.perReader, "context")
		if err != nil {
			return err
		}
		busy := besideIngest{}
		err = b.beside(ctx, s, keys, func(ingest *feeder) error {
			var err error
			if busy.shares, err = b.shares(s, ingest, func() error {
				busy.outcome, _, err = b.read(ctx, s, key, pace.perReader, "context beside ingest")
				return err
			}); err != nil {
				return err
			}
			busy.bare, err = b.contextLoad(address, key, pace.perReader).run(ctx)
			return err
		}, &busy.ingest)
		if err != nil {
			return err
		}
		b.reportContexts(pace.name, base, idle, used, busy, pace.aim)
	}
	b.report.note("context: GET /v1/profiles/user_id:…/context of a random one of %d customers, with %.1f events in the mean; each reader waits for its answer. With a pause, the time counts from when a call was due. %d readers without a pause take the whole machine, ingest or not: they show the most calls, not what one waits.", b.events.people, float64(b.cfg.Events)/float64(b.events.people), readers)
	b.report.note("plain Pebble point read: Get of a random key of as many as there are customers, %d bytes under each, %d readers in this process without a pause.", pointValue, readers)
	b.report.note("beside ingest: %d events/s in batches of 100 over %d connections, everything running.", ingestPerS, feeders)
	return nil
}

// yardsticks are what a call is compared to: an empty route of the same server, and the least that reading takes.
type yardsticks struct {
	outcome
	used     float64 // CPU-seconds per million
	points   outcome
	pointCPU float64
}

func (b *bench) emptyRoute(ctx context.Context, bare *process, address, key string, perReader float64) (y yardsticks, err error) {
	before, err := cpuTime(bare.pid())
	if err != nil {
		return y, err
	}
	if y.outcome, err = b.contextLoad(address, key, perReader).run(ctx); err != nil {
		return y, err
	}
	after, err := cpuTime(bare.pid())
	y.used = perMillion(after-before, y.requests)
	return y, err
}

// read measures readers, and the server's CPU-seconds per million calls.
func (b *bench) read(ctx context.Context, s *server, key string, perReader float64, name string) (o outcome, used float64, err error) {
	l := b.contextLoad(s.address, key, perReader)
	l.duration /= 5
	if _, err := l.run(ctx); err != nil {
		return o, 0, err
	}
	l.duration = b.cfg.Duration
	before, err := cpuTime(s.pid())
	if err != nil {
		return o, 0, err
	}
	err = b.profile(ctx, s, fmt.Sprintf("%s %g", name, perReader), b.cfg.Duration, func() error {
		o, err = l.run(ctx)
		return err
	})
	if err != nil {
		return o, 0, err
	}
	after, err := cpuTime(s.pid())
	return o, perMillion(after-before, o.requests), err
}

// besideIngest is what came of readers while events came in.
type besideIngest struct {
	outcome
	bare   outcome // of the bare handler, at the same time of day: what the busy machine costs by itself
	shares shares
	ingest fed
}

func (b *bench) reportContexts(name string, base yardsticks, idle outcome, used float64, busy besideIngest, aim []Aim) {
	b.report.add("context, "+name+": calls", idle.rate(), UnitCalls, "bare gin handler", base.rate())
	b.report.add("context, "+name+": CPU of the server", used, UnitCPUPerCall, "bare gin handler", base.used)
	b.report.add("context, "+name+": CPU of the server, again", used, UnitCPUPerCall, "plain Pebble point read", base.pointCPU)
	b.report.add("context, "+name+": p50", idle.quantile(0.50), UnitSeconds, "bare gin handler", base.quantile(0.50))
	b.report.add("context, "+name+": p99", idle.quantile(0.99), UnitSeconds, "bare gin handler", base.quantile(0.99))
	b.report.add("context, "+name+": p99, again", idle.quantile(0.99), UnitSeconds, "plain Pebble point read", base.points.quantile(0.99))
	b.report.add("context, "+name+": p99.9", idle.quantile(0.999), UnitSeconds, "bare gin handler", base.quantile(0.999))
	b.report.add("  beside ingest: calls", busy.rate(), UnitCalls, "without ingest", idle.rate())
	b.report.add("  beside ingest: p50", busy.quantile(0.50), UnitSeconds, "without ingest", idle.quantile(0.50))
	b.report.add("  beside ingest: p99", busy.quantile(0.99), UnitSeconds, "without ingest", idle.quantile(0.99), aim...)
	b.report.add("  beside ingest: p99, again", busy.quantile(0.99), UnitSeconds, "bare gin handler beside the same ingest", busy.bare.quantile(0.99))
	b.report.add("  beside ingest: p99.9", busy.quantile(0.999), UnitSeconds, "bare gin handler beside the same ingest", busy.bare.quantile(0.999))
	b.report.add("  beside ingest: sent late by the readers, p99", quantile(busy.late, 0.99), UnitSeconds, "", 0)
	b.report.add("  beside ingest: cores, server", busy.shares.server, UnitCores, "engine", busy.shares.engine)
	b.report.add("  beside ingest: cores, load of events", busy.shares.ingest, UnitCores, "readers", busy.shares.readers)
	b.report.add("  beside ingest: cores, all of the machine", busy.shares.all, UnitCores, "what is none of these", busy.shares.others())
	b.report.add("  beside ingest: events acknowledged meanwhile", busy.ingest.rate(), UnitPerSecond, "events sent", ingestPerS)
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
