package kit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tributary/ingest/connector"
)

// run is a source's puller at work, as package source runs it, on the vendor's clock.
type run struct {
	v          *vendor
	name       string            // of the source
	changes    map[string]string // of settings
	puller     connector.Puller
	checkpoint json.RawMessage
	since      time.Time
	batch      connector.Batch // all that was kept
	pages      int
	failures   int
	last       error // of the last page that failed
}

// restart makes a new puller, as after a crash: what is left is the checkpoint.
func (r *run) restart() (err error) {
	r.puller, err = r.v.puller(r.name, r.changes)
	return err
}

const (
	firstPause = time.Second
	// mostFailures is after how many pages in a row that fail nobody waits any longer.
	mostFailures = 8
)

var errEndless = errors.New("it never comes to an end: More is said again and again")

// toEnd pulls until there is nothing more, waiting after faults as the runtime does.
func (r *run) toEnd(ctx context.Context) error {
	failed, pause := 0, firstPause
	most := r.pages + 60 + 20*len(r.v.suite.units())
	for {
		more, err := r.page(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			failed++
			if failed >= mostFailures {
				return err
			}
			wait := pause
			var passing *connector.RetryError
			if errors.As(err, &passing) {
				wait = max(wait, passing.After)
			}
			pause *= 2
			if err := r.v.clock.Wait(ctx, wait); err != nil {
				return err
			}
			continue
		case !more:
			return r.v.err()
		}
		failed, pause = 0, firstPause
		if r.pages > most {
			return errEndless
		}
	}
}

// page pulls one page and keeps it.
func (r *run) page(ctx context.Context) (more bool, err error) {
	page, err := r.pull(ctx)
	if err != nil {
		r.failures++
		r.last = err
		return false, err
	}
	r.keep(page)
	return page.More, nil
}

// pull asks for a page, guarded.
func (r *run) pull(ctx context.Context) (page connector.Page, err error) {
	from := connector.Position{Checkpoint: bytes.Clone(r.checkpoint), Since: r.since}
	err = guard(func() error {
		page, err = r.puller.Pull(ctx, from)
		return err
	})
	if err == nil && ctx.Err() != nil {
		return page, ctx.Err() // whoever would keep it is gone
	}
	return page, err
}

func (r *run) keep(page connector.Page) {
	r.batch.Events = append(r.batch.Events, page.Events...)
	r.batch.Rejected = append(r.batch.Rejected, page.Rejected...)
	r.checkpoint = bytes.Clone(page.Checkpoint)
	r.pages++
}

// scenario is one vendor with one puller.
type scenario struct {
	records  map[string][]json.RawMessage // nil: all
	pageSize int                          // 0: everything
	fault    fault
	since    time.Time
	name     string            // of the source; "": the suite's
	changes  map[string]string // of settings
}

// play starts a scenario, hands it to do, and ends it.
func (s *suite) play(c scenario, do func(r *run) error) (*run, error) {
	if c.records == nil {
		c.records = s.records
	}
	if c.pageSize == 0 {
		c.pageSize = everything
	}
	if c.name == "" {
		c.name = s.sourceName()
	}
	v, err := s.vendor(c.records, c.pageSize, c.fault)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	r := &run{v: v, name: c.name, changes: c.changes, since: c.since}
	if err := r.restart(); err != nil {
		return r, fmt.Errorf("the puller is not made: %w", err)
	}
	return r, do(r)
}

// whole plays a scenario to its end.
func (s *suite) whole(ctx context.Context, c scenario) (*run, error) {
	return s.play(c, func(r *run) error { return r.toEnd(ctx) })
}

// pulled is everything, without a fault; it is pulled once for each name of a source.
func (s *suite) pulled(ctx context.Context, name string) (*run, error) {
	if r := s.pulls[name]; r != nil {
		return r, nil
	}
	r, err := s.whole(ctx, scenario{name: name})
	if err != nil {
		return nil, err
	}
	s.pulls[name] = r
	return r, nil
}

// pullStream is what one stream alone makes.
func (s *suite) pullStream(ctx context.Context, stream string) (connector.Batch, error) {
	r, err := s.whole(ctx, scenario{records: s.only(func(u unit) bool { return u.stream == stream })})
	if err != nil {
		return connector.Batch{}, err
	}
	return r.batch, nil
}
