package bench

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"tributary/api/auth"
	"tributary/sql/store"
)

// What the hot client sends: a thousand times what a person does who clicks five times a second.
const (
	hotPerS        = 5_000
	hotConnections = 2
)

// hot measures how long events of ordinary clients take to be seen while one client of the same source
// sends a thousand times its share: as the program is configured by itself, and without a client's share.
func (b *bench) hot(ctx context.Context) error {
	for _, with := range []struct {
		name, folder string
		env          []string
		aims         []Aim
	}{
		{"one hot client", "hot", nil, []Aim{atMost(0.5)}},
		{"one hot client, shares off", "hot-off", []string{"TRIBUTARY_GATEWAY_CLIENT_EVENTS_PER_SECOND=0"}, nil},
	} {
		b.say("freshness beside " + with.name)
		if err := b.besideHot(ctx, with.name, with.folder, with.env, with.aims); err != nil {
			return fmt.Errorf("%s: %w", with.name, err)
		}
	}
	b.report.note("hot client: events of one anonymous id at %d a second in batches of 100, from Tributary's own load generator, by the write key of the customers that are measured.", hotPerS)
	return nil
}

func (b *bench) besideHot(ctx context.Context, name, folder string, env []string, aims []Aim) error {
	defer b.discard(folder)
	s, err := b.serve(ctx, b.folder(folder), rolesAll, env...)
	if err != nil {
		return err
	}
	defer func() { s.close() }()
	made, err := s.admin.CreateKey(ctx, auth.New{Kind: auth.KindWrite, Workspace: workspace, Source: probeSource, Note: "bench"})
	if err != nil {
		return err
	}
	p := &probe{b: b, s: s, writeKey: made.Secret}
	if p.readKey, err = s.readKey(ctx); err != nil {
		return err
	}
	if p.counts, err = store.Prepare[store.MessageCount](s.store, "counts/by_message_id"); err != nil {
		return err
	}
	calmContext, calmStore, err := p.run(ctx)
	if err != nil {
		return err
	}
	var hotContext, hotStore []time.Duration
	sent, err := b.whileHot(ctx, s, made.Secret, func() error {
		return b.profile(ctx, s, name, b.cfg.Duration, func() error {
			hotContext, hotStore, err = p.run(ctx)
			return err
		})
	})
	if err != nil {
		return err
	}
	add := func(what string, share float64, hot, calm []time.Duration, aims ...Aim) {
		b.report.add("freshness beside "+name+": "+what, quantile(hot, share), UnitSeconds, "without it", quantile(calm, share), aims...)
	}
	add("in context, p50", 0.50, hotContext, calmContext)
	add("in context, p99", 0.99, hotContext, calmContext, aims...)
	add("in ClickHouse, p50", 0.50, hotStore, calmStore)
	add("in ClickHouse, p99", 0.99, hotStore, calmStore)
	b.report.add("  events of the hot client acknowledged meanwhile", sent.rate()*batchEvents, UnitPerSecond, "events sent", hotPerS)
	if err := s.settle(ctx); err != nil {
		return err
	}
	return s.shut()
}

// whileHot runs f while a client is hot.
func (b *bench) whileHot(ctx context.Context, s *server, key string, f func() error) (outcome, error) {
	stop, sent := make(chan struct{}), make(chan error, 1)
	var o outcome
	go func() {
		var err error
		o, err = load{
			address: s.address, connections: hotConnections, perSecond: hotPerS / batchEvents, stop: stop,
			requests: func() func([]byte, int) []byte { return hotBatches(key) },
		}.run(ctx)
		sent <- err
	}()
	err := pause(ctx, b.cfg.Duration/5) // it is hot before anything is measured
	if err == nil {
		err = f()
	}
	close(stop)
	if fault := <-sent; err == nil {
		err = fault
	}
	slices.Sort(o.latencies)
	return o, err
}

// hotBatches makes a client's requests. They take little to make, for the load generator shares the
// machine.
func hotBatches(key string) func([]byte, int) []byte {
	head := []byte("POST /v1/batch HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic " + base64.StdEncoding.EncodeToString([]byte(key+":")) +
		"\r\nContent-Type: application/json\r\nContent-Length: ")
	var body []byte
	return func(to []byte, i int) []byte {
		at := time.Now().UTC().Format(timeLayout)
		body = append(append(append(body[:0], `{"sentAt":"`...), at...), `","batch":[`...)
		for j := range batchEvents {
			if j > 0 {
				body = append(body, ',')
			}
			body = fmt.Appendf(body, `{"type":"track","messageId":"hot-%d-%d","anonymousId":"hot","event":"Looped","originalTimestamp":%q,"properties":{"n":%d}}`, i, j, at, j)
		}
		return post(to, head, append(body, "]}"...))
	}
}
