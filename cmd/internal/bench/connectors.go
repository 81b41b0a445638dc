package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"syscall"
	"time"

	"tributary/cmd/internal/connectors"
	"tributary/ingest/connector"
	"tributary/ingest/connector/declarative"
	"tributary/ingest/connector/kit"
)

// The first aims: events per second and core that a connector decodes and maps.
const (
	aimBuiltIn     = 100_000
	aimDeclarative = 20_000
)

// inHouse is a declarative connector whose mapping needs jq proper, and not just paths.
const inHouse = `version: 1
name: inhouse
title: In-house desk
summary: Tickets.
settings: [{name: webhook_secret, kind: secret, required: true, summary: what signs deliveries}]
webhook:
  signature: {hmac: {secret: webhook_secret, header: X-Signature}}
  mapping: tickets
mappings:
  tickets:
    id: .id
    at: .updated_at
    identifiers: {email: '.customer.email | ascii_downcase', customer_id: .customer.id}
    events:
      - name: case.resolved
        when: '.status == "solved" and (.tags | index("spam") | not)'
        cx:
          case_id: .id
          topic: '.tags | map(select(startswith("topic:"))) | first // null'
          priority: {jq: '.priority | tostring', values: {"1": urgent, "2": normal, "*": low}}
`

const inHouseBody = `{"id":"t-1","updated_at":"2026-03-04T05:06:07Z","status":"solved","priority":2,"tags":["vip","topic:billing.question"],` +
	`"customer":{"id":"77","email":"Ada@example.com","name":"Ada Marsh"},"subject":"An invoice that I do not understand","body":"It says one thing here and another there."}`

// delivered is what a connector decodes.
type delivered struct {
	name     string
	webhook  connector.Webhook
	requests []*connector.Request
	aim      float64
}

// connectors measures what each connector takes to decode and map its vendor's deliveries, by one
// goroutine, beside decoding the same JSON into maps.
func (b *bench) connectors(ctx context.Context) error {
	all, err := deliveries()
	if err != nil {
		return err
	}
	for _, d := range all {
		b.say("connector, " + d.name)
		if err := ctx.Err(); err != nil {
			return err
		}
		decode, err := b.rate(func() (int, error) {
			events := 0
			for _, r := range d.requests {
				batch, err := d.webhook.Decode(r)
				if err != nil {
					return 0, fmt.Errorf("%s: %w", d.name, err)
				}
				events += len(batch.Events)
			}
			return events, nil
		})
		if err != nil {
			return err
		}
		events := decode.events / decode.rounds
		bare, err := b.rate(func() (int, error) {
			for _, r := range d.requests {
				var v any
				_ = json.Unmarshal(r.Body, &v) // forms and XML are no JSON; they are few
			}
			return events, nil
		})
		if err != nil {
			return err
		}
		b.report.add("connector "+d.name+": decode and map, a core", decode.perSecond(), UnitPerSecond, "the same JSON into maps", bare.perSecond(), atLeast(d.aim))
	}
	b.report.note("connectors: the fixtures of each, all in turn, as the vendors document their payloads, without the log; events per second of CPU, garbage collection included. inhouse is a declarative one.")
	return nil
}

func deliveries() ([]delivered, error) {
	var all []delivered
	for _, c := range connectors.Registry() {
		s, err := connectors.Subject(c.Name)
		if err != nil {
			return nil, err
		}
		d, err := deliveriesOf(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		all = append(all, d)
	}
	file, err := declarative.Parse([]byte(inHouse))
	if err != nil {
		return nil, err
	}
	c := file.Connector()
	webhook, err := webhookOf(&c, map[string]string{"webhook_secret": "secret"})
	if err != nil {
		return nil, err
	}
	return append(all, delivered{
		name: "inhouse (jq)", webhook: webhook, aim: aimDeclarative,
		requests: []*connector.Request{{Body: []byte(inHouseBody), Received: kit.Now}},
	}), nil
}

// deliveriesOf makes requests of a subject's fixtures, those left out of which nothing becomes an event.
func deliveriesOf(s kit.Subject) (delivered, error) {
	d := delivered{name: s.Connector.Name, aim: aimBuiltIn}
	var err error
	if d.webhook, err = webhookOf(&s.Connector, s.Settings); err != nil {
		return d, err
	}
	root := s.Fixtures
	if below, err := fs.Sub(root, "testdata"); err == nil {
		if _, err := fs.Stat(below, "webhook"); err == nil {
			root = below
		}
	}
	names, err := fs.Glob(root, "webhook/*")
	if err != nil {
		return d, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".golden.json") {
			continue
		}
		body, err := fs.ReadFile(root, name)
		if err != nil {
			return d, err
		}
		base := name[strings.LastIndexByte(name, '/')+1:]
		r := s.Deliver(base[:strings.LastIndexByte(base, '.')], body, kit.Now)
		if batch, err := d.webhook.Decode(r); err == nil && len(batch.Events) > 0 {
			d.requests = append(d.requests, r)
		}
	}
	return d, nil
}

func webhookOf(c *connector.Connector, settings map[string]string) (connector.Webhook, error) {
	config, err := c.Configure(c.Name, settings, func(secret string) (string, error) { return secret, nil })
	if err != nil {
		return nil, err
	}
	return c.NewWebhook(config)
}

// pace is how fast something went.
type pace struct {
	rounds, events int
	cpu            time.Duration
}

func (p pace) perSecond() float64 { return float64(p.events) / p.cpu.Seconds() }

// rate repeats a round for a part of the configured time. What else this process does is nothing.
func (b *bench) rate(round func() (events int, err error)) (p pace, err error) {
	runtime.GC()
	before, err := ownCPU()
	if err != nil {
		return p, err
	}
	for end := time.Now().Add(b.cfg.Duration / 8); p.rounds == 0 || time.Now().Before(end); p.rounds++ {
		events, err := round()
		if err != nil {
			return p, err
		}
		p.events += events
	}
	after, err := ownCPU()
	p.cpu = max(after-before, time.Microsecond)
	return p, err
}

func ownCPU() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
