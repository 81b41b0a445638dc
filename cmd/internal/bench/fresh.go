package bench

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tributary/api/auth"
	"tributary/sql/store"
)

// What a prober does.
const (
	probers     = 2
	probeSource = "probe"
	probePause  = 20 * time.Millisecond // between an event that was seen and the next
	pollContext = 2 * time.Millisecond
	pollStore   = 20 * time.Millisecond
)

// freshness measures how long after its acknowledgement an event is seen.
func (b *bench) freshness(ctx context.Context, s *server, keys []string, readKey string) error {
	made, err := s.admin.CreateKey(ctx, auth.New{Kind: auth.KindWrite, Workspace: workspace, Source: probeSource, Note: "bench"})
	if err != nil {
		return err
	}
	p := &probe{b: b, s: s, writeKey: made.Secret, readKey: readKey}
	if p.counts, err = store.Prepare[store.MessageCount](s.store, "counts/by_message_id"); err != nil {
		return err
	}
	b.say("freshness")
	calmContext, calmStore, err := p.run(ctx)
	if err != nil {
		return err
	}
	b.say("freshness beside ingest")
	var busyContext, busyStore []time.Duration
	err = b.beside(ctx, s, keys, func(*feeder) error {
		return b.profile(ctx, s, "freshness", b.cfg.Duration, func() error {
			busyContext, busyStore, err = p.run(ctx)
			return err
		})
	}, nil)
	if err != nil {
		return err
	}
	add := func(what string, share float64, busy, calm []time.Duration, aims ...Aim) {
		b.report.add("freshness beside ingest: ack to visible in "+what, quantile(busy, share), UnitSeconds, "without ingest", quantile(calm, share), aims...)
	}
	add("context, p50", 0.50, busyContext, calmContext)
	add("context, p99", 0.99, busyContext, calmContext, atMost(0.5))
	add("ClickHouse, p50", 0.50, busyStore, calmStore)
	add("ClickHouse, p99", 0.99, busyStore, calmStore, atMost(3))
	b.report.note("freshness: %d customers write a chat message and look for it, %d times without and %d beside ingest; the context is asked every %s, ClickHouse every %s, which is in the figures.",
		probers, len(calmContext), len(busyContext), pollContext, pollStore)
	return nil
}

// probe sends single events and looks for them.
type probe struct {
	b                 *bench
	s                 *server
	writeKey, readKey string
	counts            store.Query[store.MessageCount]
	sent              int // messages so far, of all runs

	mu      sync.Mutex
	waiting map[string]time.Time // message id to when it was acknowledged, not seen in ClickHouse yet
	stored  []time.Duration
}

// run probes for the configured duration and returns how long events took, ascending.
func (p *probe) run(ctx context.Context) (inContext, inStore []time.Duration, err error) {
	p.waiting, p.stored = map[string]time.Time{}, nil
	until := time.Now().Add(p.b.cfg.Duration)
	writers, writing := errgroup.WithContext(ctx)
	for customer := range probers {
		writers.Go(func() error {
			seen, err := p.write(writing, customer, until)
			p.mu.Lock()
			defer p.mu.Unlock()
			inContext = append(inContext, seen...)
			return err
		})
	}
	written := make(chan struct{})
	looked := make(chan error, 1)
	go func() { looked <- p.look(ctx, written) }()
	err = writers.Wait()
	close(written)
	if fault := <-looked; err == nil {
		err = fault
	}
	slices.Sort(inContext)
	slices.Sort(p.stored)
	return inContext, p.stored, err
}

// write sends messages of a customer, one after the other is seen in his context.
func (p *probe) write(ctx context.Context, customer int, until time.Time) (seen []time.Duration, err error) {
	c, err := dial(ctx, p.s.address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	for time.Now().Before(until) {
		p.mu.Lock()
		p.sent++
		id := "probe-" + strconv.Itoa(p.sent)
		p.mu.Unlock()
		c.out = p.message(c.out[:0], customer, id)
		if _, err := c.roundTrip(); err != nil {
			return nil, err
		}
		acknowledged := time.Now()
		p.mu.Lock()
		p.waiting[id] = acknowledged
		p.mu.Unlock()
		if err := p.await(ctx, c, customer, id); err != nil {
			return nil, err
		}
		seen = append(seen, time.Since(acknowledged))
		if err := pause(ctx, probePause); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

func (p *probe) message(to []byte, customer int, id string) []byte {
	head := "POST /v1/track HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic " + base64.StdEncoding.EncodeToString([]byte(p.writeKey+":")) +
		"\r\nContent-Type: application/json\r\nContent-Length: "
	return post(to, []byte(head), fmt.Appendf(nil, `{"messageId":%q,"userId":"probe-%d","event":"conversation.message",`+
		`"timestamp":%q,"properties":{"channel":"chat","conversation_id":"probe-%d","author_role":"customer","text":"(%s)"}}`,
		id, customer, time.Now().UTC().Format(timeLayout), customer, id))
}

// await asks for the context until the message is in it.
func (p *probe) await(ctx context.Context, c *connection, customer int, id string) error {
	mark := []byte("(" + id + ")")
	limit := time.Now().Add(time.Minute)
	for time.Now().Before(limit) {
		c.out = fmt.Appendf(c.out[:0], "GET /v1/profiles/user_id:probe-%d/context HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n", customer, p.readKey)
		body, err := c.roundTrip()
		if bytes.Contains(body, mark) {
			return nil
		}
		if err != nil && !bytes.Contains(body, []byte(`"status":404`)) { // the first message makes the customer
			return err
		}
		if err := pause(ctx, pollContext); err != nil {
			return err
		}
	}
	return fmt.Errorf("message %s is not in the context after a minute: %.2000s", id, c.body)
}

// look asks ClickHouse for the messages until all that were written are there.
func (p *probe) look(ctx context.Context, written <-chan struct{}) error {
	limit := time.NewTimer(p.b.cfg.Duration + time.Minute)
	defer limit.Stop()
	for {
		last := false
		select {
		case <-written:
			last = true
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return fmt.Errorf("%d messages are not in ClickHouse after a minute", len(p.outstanding()))
		default:
		}
		ids := p.outstanding()
		if len(ids) == 0 && last {
			return nil
		}
		if err := p.find(ctx, ids); err != nil {
			return err
		}
		if err := pause(ctx, pollStore); err != nil {
			return err
		}
	}
}

func (p *probe) outstanding() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids := make([]string, 0, len(p.waiting))
	for id := range p.waiting {
		ids = append(ids, id)
	}
	return ids
}

func (p *probe) find(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	found, err := p.counts.All(ctx, store.Params{"workspace": workspace, "source": probeSource, "message_ids": ids})
	if err != nil {
		return fmt.Errorf("look into ClickHouse: %w", err)
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range found {
		p.stored = append(p.stored, now.Sub(p.waiting[f.MessageID]))
		delete(p.waiting, f.MessageID)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
