package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// call is one way to ask for a context: where to, and what stands before and after the customer.
type call struct{ name, path, before, after string }

var (
	restCall = call{"REST", "/v1/context", `{"identifiers":[{"type":"user_id","value":"`, `"}]}`}
	toolCall = call{
		"MCP", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_context","arguments":{"customer":"user_id:`, `"}}}`,
	}
)

// agents measures the context call, without and beside ingest, by the route and by the tool.
func (b *bench) agents(ctx context.Context) error {
	return b.withData(ctx, func(s *server, writeKeys []string, key string) error {
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
		y := agentRig{b: b, s: s, bare: bare, address: address, writeKeys: writeKeys, key: key, pointCPU: pointCPU}
		if err := y.run(ctx); err != nil {
			return fmt.Errorf("agents: %w", err)
		}
		b.report.note("agents: POST /v1/context of a random one of %d customers, with %.1f events in the mean, over %d kept connections; MCP: the tool get_context about the same. CPU is that of server and engine for each call, with the record of what was disclosed on its way into ClickHouse.", b.events.people, float64(b.cfg.Events)/float64(b.events.people), readers)
		b.report.note("agents without a pause are a closed loop: each asks when it is answered, so the time is that of a queue of %d, by Little's law readers / calls per second, and shows the most calls, not what one waits. With calls/s the time counts from when a call was due, whether a connection was free or not: an open loop, which omits no waiting.", readers)
		b.report.note("plain Pebble point read: Get of a random key of as many as there are customers, %d bytes under each, %d readers in this process without a pause.", pointValue, readers)
		b.report.note("beside ingest: %g events/s in batches of 100 over %d connections, everything running. CPU per call beside ingest is what server and engine use beyond what as many events cost without readers: events that are only applied later count for the calls' good.", b.ingest, feeders)
		return nil
	})
}

// rhythm is how often readers ask.
type rhythm struct {
	name           string
	perSecond      float64 // of all readers; 0: without a pause
	p99, calls     []Aim   // beside ingest
	addedByTheTool float64 // seconds that the tool may take more at p99; 0: any
}

func rhythms() []rhythm {
	return []rhythm{
		{name: fmt.Sprintf("%d readers without a pause", readers), calls: []Aim{atLeast(callsPerS)}},
		{name: fmt.Sprintf("%g calls/s", calmCallsPer*readers), perSecond: calmCallsPer * readers, p99: []Aim{atMost(0.010)}},
		{name: fmt.Sprintf("%d calls/s", callsPerS), perSecond: callsPerS, p99: []Aim{atMost(0.005)}, addedByTheTool: 0.002},
	}
}

// agentRig is what agents are measured with.
type agentRig struct {
	b         *bench
	s         *server
	bare      *process
	address   string // of bare
	writeKeys []string
	key       string
	pointCPU  float64
	alone     asked // ingest without readers
}

// asked is what came of readers, of who used the CPUs meanwhile, and of the ingest beside them.
type asked struct {
	outcome
	shares shares
	fed    fed
}

// cpu is what server and engine took for each call, in CPU-seconds per million.
func (a *asked) cpu() float64 { return a.cpuBeyond(0) }

// cpuBeyond is cpu less so many cores, which something else used.
func (a *asked) cpuBeyond(cores float64) float64 {
	return max(0, a.shares.server+a.shares.engine-cores) / a.rate() * 1e6
}

func (r *agentRig) run(ctx context.Context) error {
	r.b.say("ingest without agents")
	if err := r.s.rest(ctx); err != nil {
		return err
	}
	err := r.b.beside(ctx, r.s, r.writeKeys, func(ingest *feeder) (err error) {
		r.alone.shares, err = r.b.shares(r.s, ingest, func() error { return pause(ctx, r.b.cfg.Duration) })
		return err
	}, &r.alone.fed)
	if err != nil {
		return err
	}
	for _, p := range rhythms() {
		r.b.say("agents, " + p.name)
		if err := r.measure(ctx, &p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func (r *agentRig) measure(ctx context.Context, p *rhythm) error {
	used, err := cpuTime(r.bare.pid())
	if err != nil {
		return err
	}
	base, err := r.load(r.address, restCall, p).run(ctx)
	if err != nil {
		return fmt.Errorf("bare handler: %w", err)
	}
	now, err := cpuTime(r.bare.pid())
	if err != nil {
		return err
	}
	rest, err := r.read(ctx, restCall, p, nil)
	if err != nil {
		return err
	}
	tool, err := r.read(ctx, toolCall, p, nil)
	if err != nil {
		return fmt.Errorf("by MCP: %w", err)
	}
	r.reportCalm(p, &base, perMillion(now-used, base.requests), &rest, &tool)
	var busy asked
	if err := r.s.rest(ctx); err != nil {
		return fmt.Errorf("beside ingest: %w", err)
	}
	err = r.b.beside(ctx, r.s, r.writeKeys, func(ingest *feeder) error {
		if busy, err = r.read(ctx, restCall, p, ingest); err != nil {
			return err
		}
		base, err = r.load(r.address, restCall, p).run(ctx)
		return err
	}, &busy.fed)
	if err != nil {
		return fmt.Errorf("beside ingest: %w", err)
	}
	r.reportBusy(p, &base, &rest, &busy)
	return nil
}

func (r *agentRig) load(address string, c call, p *rhythm) load {
	head := []byte("POST " + c.path + " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " + r.key + "\r\nContent-Type: application/json\r\nContent-Length: ")
	return load{address: address, connections: readers, duration: r.b.cfg.Duration, perSecond: p.perSecond,
		requests: func() func([]byte, int) []byte {
			random := rand.New(rand.NewPCG(rand.Uint64(), 0))
			var body []byte
			return func(to []byte, _ int) []byte {
				body = append(appendUser(append(body[:0], c.before...), random.Uint64N(r.b.events.people)), c.after...)
				return post(to, head, body)
			}
		}}
}

// read measures readers of the server after a fifth of the time to warm up. ingest may be nil; then the server is at rest before.
func (r *agentRig) read(ctx context.Context, c call, p *rhythm, ingest *feeder) (a asked, err error) {
	if ingest == nil {
		if err := r.s.rest(ctx); err != nil {
			return a, err
		}
	}
	l := r.load(r.s.address, c, p)
	l.duration /= 5
	if _, err := l.run(ctx); err != nil {
		return a, err
	}
	l.duration = r.b.cfg.Duration
	name := fmt.Sprintf("agents %s %g", c.name, p.perSecond)
	if ingest != nil {
		name += " beside ingest"
	}
	err = r.b.profile(ctx, r.s, name, r.b.cfg.Duration, func() error {
		a.shares, err = r.b.shares(r.s, ingest, func() error {
			a.outcome, err = l.run(ctx)
			return err
		})
		return err
	})
	return a, err
}

func (r *agentRig) reportCalm(p *rhythm, base *outcome, baseCPU float64, rest, tool *asked) {
	add := func(what string, value float64, unit Unit, against string, other float64, aims ...Aim) {
		r.b.report.add("agents, "+p.name+": "+what, value, unit, against, other, aims...)
	}
	add("calls", rest.rate(), UnitCalls, "bare gin handler", base.rate())
	add("CPU", rest.cpu(), UnitCPUPerCall, "bare gin handler", baseCPU)
	add("CPU, again", rest.cpu(), UnitCPUPerCall, "plain Pebble point read", r.pointCPU)
	add("CPU of the engine", rest.shares.engine/rest.rate()*1e6, UnitCPUPerCall, "all", rest.cpu())
	for _, q := range quantiles {
		add(q.name, rest.quantile(q.share), UnitSeconds, "bare gin handler", base.quantile(q.share))
	}
	add("calls by MCP", tool.rate(), UnitCalls, "by REST", rest.rate())
	add("CPU by MCP", tool.cpu(), UnitCPUPerCall, "by REST", rest.cpu())
	for _, q := range quantiles {
		var aims []Aim
		if q.share == 0.99 && p.addedByTheTool > 0 {
			aims = append(aims, atMost(rest.quantile(q.share)+p.addedByTheTool))
		}
		add(q.name+" by MCP", tool.quantile(q.share), UnitSeconds, "by REST", rest.quantile(q.share), aims...)
	}
}

var quantiles = []struct {
	name  string
	share float64
}{{"p50", 0.50}, {"p99", 0.99}, {"p99.9", 0.999}}

func (r *agentRig) reportBusy(p *rhythm, bare *outcome, calm, busy *asked) {
	add := func(what string, value float64, unit Unit, against string, other float64, aims ...Aim) {
		r.b.report.add("  beside ingest: "+what, value, unit, against, other, aims...)
	}
	ingest := (r.alone.shares.server + r.alone.shares.engine) * busy.fed.rate() / r.alone.fed.rate()
	add("calls", busy.rate(), UnitCalls, "without ingest", calm.rate(), p.calls...)
	add("CPU", busy.cpuBeyond(ingest), UnitCPUPerCall, "without ingest", calm.cpu())
	for _, q := range quantiles {
		var aims []Aim
		if q.share == 0.99 {
			aims = p.p99
		}
		add(q.name, busy.quantile(q.share), UnitSeconds, "bare gin handler beside the same ingest", bare.quantile(q.share), aims...)
	}
	add("p99, again", busy.quantile(0.99), UnitSeconds, "without ingest", calm.quantile(0.99))
	add("sent late by the readers, p99", quantile(busy.late, 0.99), UnitSeconds, "", 0)
	add("cores, server", busy.shares.server, UnitCores, "engine", busy.shares.engine)
	add("cores, load of events", busy.shares.ingest, UnitCores, "readers", busy.shares.readers)
	add("cores, all of the machine", busy.shares.all, UnitCores, "what is none of these", busy.shares.others())
	add("events acknowledged meanwhile", busy.fed.rate(), UnitPerSecond, "without readers", r.alone.fed.rate())
	add("events acknowledged meanwhile, again", busy.fed.rate(), UnitPerSecond, "events sent", r.b.ingest)
}
