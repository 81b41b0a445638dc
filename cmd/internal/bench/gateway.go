package bench

import (
	"context"
	"fmt"
	"time"
)

// gateway measures the intake with its log, and nothing behind it, beside bare handlers.
func (b *bench) gateway(ctx context.Context) error {
	defer b.discard("gateway")
	s, keys, err := b.gatewayAlone(ctx, b.folder("gateway"))
	if err != nil {
		return err
	}
	defer s.close()
	bare, address, err := b.bare(ctx)
	if err != nil {
		return err
	}
	defer bare.kill()
	for _, kind := range []struct {
		name      string
		each      int
		rate, cpu float64 // first aims
	}{{"single events", 1, 10_000, 110}, {"batches of 100", batchEvents, 100_000, 15}} {
		b.say("gateway, " + kind.name)
		base, err := b.intake(ctx, nil, bare, address, keys, kind.each)
		if err != nil {
			return fmt.Errorf("bare handler, %s: %w", kind.name, err)
		}
		got, err := b.intake(ctx, s, s.process, s.address, keys, kind.each)
		if err != nil {
			return fmt.Errorf("gateway, %s: %w", kind.name, err)
		}
		title := fmt.Sprintf("gateway, %s, %d connections: ", kind.name, connections)
		b.report.add(title+"durable", got.events, UnitPerSecond, "bare gin handler", base.events, atLeast(kind.rate))
		b.report.add(title+"CPU of the server", got.cpu, UnitCPU, "bare gin handler", base.cpu, atMost(kind.cpu))
		b.report.add(title+"answer p50", got.quantile(0.50), UnitSeconds, "bare gin handler", base.quantile(0.50))
		b.report.add(title+"answer p99", got.quantile(0.99), UnitSeconds, "bare gin handler", base.quantile(0.99))
	}
	b.report.note("gateway: a server with the role gateway alone (log and fsync, no unify and no sink), its CPU time from /proc; the load generator's is not in it but shares the CPUs.")
	return nil
}

// gatewayAlone starts a server of the gateway alone. Keys need the worker that applies commands, so
// they are made by a whole server on the same folder before.
func (b *bench) gatewayAlone(ctx context.Context, data string, env ...string) (*server, []string, error) {
	s, err := b.serve(ctx, data, rolesAll, env...)
	if err != nil {
		return nil, nil, err
	}
	keys, err := s.writeKeys(ctx)
	if err != nil {
		s.close()
		return nil, nil, err
	}
	if err := s.shut(); err != nil {
		return nil, nil, err
	}
	s, err = b.serve(ctx, data, rolesGateway, env...)
	return s, keys, err
}

// intakeOutcome is what a process took in.
type intakeOutcome struct {
	outcome
	events float64 // per second
	cpu    float64 // CPU-seconds of the process per million events
}

// intake measures a process that takes events, after a fifth of the time to warm up. s is nil where
// no profile can be had.
func (b *bench) intake(ctx context.Context, s *server, p *process, address string, keys []string, each int) (o intakeOutcome, err error) {
	l := load{address: address, connections: connections, duration: b.cfg.Duration / 5,
		requests: func() func([]byte, int) []byte { return b.requester(keys, each).request }}
	if _, err := l.run(ctx); err != nil {
		return o, err
	}
	l.duration = b.cfg.Duration
	before, err := cpuTime(p.pid())
	if err != nil {
		return o, err
	}
	err = b.profile(ctx, s, fmt.Sprintf("gateway %d", each), b.cfg.Duration, func() error {
		o.outcome, err = l.run(ctx)
		return err
	})
	if err != nil {
		return o, err
	}
	after, err := cpuTime(p.pid())
	o.events = o.rate() * float64(each)
	o.cpu = perMillion(after-before, o.requests*each)
	return o, err
}

func perMillion(used time.Duration, n int) float64 { return used.Seconds() / float64(n) * 1e6 }
