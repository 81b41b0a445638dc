// Package source runs configured connectors: it takes their vendors' calls in, asks their vendors'
// APIs, and makes durable what comes of it. What was acknowledged to a vendor, and what is behind a
// checkpoint, is in the log.
package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// Log is where events go; see stream.Log.
type Log interface {
	Append(ctx context.Context, records []stream.Record) ([]stream.Position, error)
}

// Options say how a connector is to run.
type Options struct {
	// Name is the source: it stands in every event and in the address of the webhook.
	Name      string
	Workspace string
	Settings  map[string]string
	// Every is the pause after the puller had nothing more to fetch. Default DefaultEvery.
	Every time.Duration
	// Since is from when on history is pulled at the first start; zero: all there is.
	Since time.Time
	// Secrets finds what settings refer to. Default connector.Secrets.
	Secrets connector.Lookup
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// DefaultEvery is how often a puller asks when nothing is waiting.
const DefaultEvery = time.Minute

// Source is a configured source. Receive is safe for concurrent use.
type Source struct {
	options   Options
	connector *connector.Connector
	webhook   connector.Webhook // nil: nobody calls
	puller    connector.Puller  // nil: nothing to ask
}

// New configures a connector. It returns every fault of the options, each with its path.
func New(c *connector.Connector, o Options) (*Source, error) {
	config, err := o.configure(c)
	if err != nil {
		return nil, err
	}
	s := &Source{options: o, connector: c}
	var faults []error
	if c.NewWebhook != nil {
		if s.webhook, err = c.NewWebhook(config); err != nil {
			faults = append(faults, under("settings: ", err)...)
		}
	}
	if c.NewPuller != nil {
		if s.puller, err = c.NewPuller(config); err != nil {
			faults = append(faults, under("settings: ", err)...)
		}
	}
	return s, errors.Join(faults...)
}

// Check returns what New would, as far as it can be told: if some of the secrets that the settings refer to
// are not at hand, what they hold and what only shows between settings is left out.
func Check(c *connector.Connector, o Options) error {
	bare := o
	bare.Secrets = connector.Referenced
	if _, err := bare.configure(c); err != nil {
		return err
	}
	if !o.secretsAtHand(c) {
		return nil
	}
	_, err := New(c, o)
	return err
}

func (o *Options) secretsAtHand(c *connector.Connector) bool {
	find := o.Secrets
	if find == nil {
		find = connector.Secrets
	}
	return !slices.ContainsFunc(c.Settings, func(s connector.Setting) bool {
		reference := o.Settings[s.Name]
		if s.Kind != connector.KindSecret || reference == "" {
			return false
		}
		_, err := find(reference)
		return err != nil
	})
}

// configure sets defaults and checks all that is said of the source.
func (o *Options) configure(c *connector.Connector) (connector.Config, error) {
	if o.Every == 0 {
		o.Every = DefaultEvery
	}
	if o.Secrets == nil {
		o.Secrets = connector.Secrets
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	var faults []error
	if !event.ValidSource(o.Name) {
		faults = append(faults, errors.New("name: must be lower-case letters, digits, _ and -, beginning with a letter or digit, at most 64"))
	}
	if !event.ValidSource(o.Workspace) {
		faults = append(faults, errors.New("workspace: must be lower-case letters, digits, _ and -, beginning with a letter or digit, at most 64"))
	}
	if o.Every < time.Second {
		faults = append(faults, errors.New("every: must be at least 1s"))
	}
	config, err := c.Configure(o.Name, o.Settings, o.Secrets)
	config.Now = o.Now
	return config, errors.Join(append(faults, under("settings.", err)...)...)
}

// under puts a path before each of joined faults.
func under(path string, err error) []error {
	if err == nil {
		return nil
	}
	parts := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		parts = joined.Unwrap()
	}
	for i := range parts {
		parts[i] = fmt.Errorf("%s%w", path, parts[i])
	}
	return parts
}

// Name is the source's name.
func (s *Source) Name() string { return s.options.Name }

// Workspace is where its events go.
func (s *Source) Workspace() string { return s.options.Workspace }

// Connector is the name of its connector.
func (s *Source) Connector() string { return s.connector.Name }

// Listens says whether its vendor may call, Pulls whether it asks its vendor.
func (s *Source) Listens() bool { return s.webhook != nil }

// Pulls says whether it asks its vendor.
func (s *Source) Pulls() bool { return s.puller != nil }

// DeliveryError is a delivery that cannot be read. Its text repeats nothing of it.
type DeliveryError struct{ Err error }

// Error says what is wrong.
func (e *DeliveryError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *DeliveryError) Unwrap() error { return e.Err }

// Receive verifies a delivery and makes durable what it holds. Errors: those of connector.Webhook.Verify;
// *DeliveryError for what cannot be read; those of the log. After nil everything is in the log.
func (s *Source) Receive(ctx context.Context, r *connector.Request, log Log) (connector.Reply, error) {
	if err := s.webhook.Verify(r); err != nil {
		return connector.Reply{}, err
	}
	batch, err := s.webhook.Decode(r)
	if err != nil {
		return connector.Reply{}, &DeliveryError{err}
	}
	if err := s.keep(ctx, log, &batch, stream.LaneLive, r.Received); err != nil {
		return connector.Reply{}, err
	}
	if batch.Reply != nil {
		return *batch.Reply, nil
	}
	return connector.Reply{Status: 200, ContentType: "application/json", Body: fmt.Appendf(nil, `{"accepted":%d}`, batch.Len())}, nil
}

func (s *Source) keep(ctx context.Context, log Log, b *connector.Batch, lane stream.Lane, received time.Time) error {
	if b.Len() == 0 {
		return nil
	}
	records, err := Prepare(b, Stamp{Workspace: s.options.Workspace, Source: s.options.Name, Lane: lane, Received: received})
	if err != nil {
		return err
	}
	_, err = log.Append(ctx, records)
	return err
}

// Progress is where a source's puller stands, as it is kept.
type Progress struct {
	Checkpoint json.RawMessage `json:"checkpoint,omitempty"`
	// CaughtUp is set once there was nothing more to fetch: what comes from then on is new, and goes
	// into the live lane.
	CaughtUp bool `json:"caught_up,omitempty"`
}

// Checkpoints keeps the progress of pullers.
type Checkpoints interface {
	// Progress returns what was saved, or something saved before: then pages come twice. The zero
	// value: nothing was.
	Progress(workspace, source string) (Progress, error)
	SaveProgress(ctx context.Context, workspace, source string, p Progress) error
}

// Observer is told what a source does, for metrics.
type Observer interface {
	// Pulled tells of a page that is durable, with how many events and rejected parts it held.
	Pulled(source string, events, rejected int)
	// PullFailed tells of a page that could not be fetched or kept.
	PullFailed(source string)
}

const (
	firstRetry   = time.Second
	longestRetry = 5 * time.Minute
)

// Pull asks the vendor until ctx ends, whose end is no error. A fault is logged and tried again,
// from the last checkpoint, after a pause that doubles up to five minutes, or as long as the vendor says.
func (s *Source) Pull(ctx context.Context, log Log, checkpoints Checkpoints, observer Observer, logger *slog.Logger) error {
	p, err := checkpoints.Progress(s.options.Workspace, s.options.Name)
	if err != nil {
		return fmt.Errorf("source %s: read checkpoint: %w", s.options.Name, err)
	}
	logger = logger.With("source", s.options.Name, "connector", s.connector.Name)
	retry := firstRetry
	for ctx.Err() == nil {
		more, err := s.page(ctx, log, checkpoints, observer, &p)
		pause := s.options.Every
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the end of ctx is no fault
		case err != nil:
			observer.PullFailed(s.options.Name)
			pause, retry = retry, min(2*retry, longestRetry)
			var passing *connector.RetryError
			if errors.As(err, &passing) {
				pause = max(pause, passing.After)
			}
			logger.WarnContext(ctx, "pull failed", "error", err, "again_in", pause)
		case more:
			retry = firstRetry
			continue
		default:
			retry = firstRetry
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
	return nil
}

// fetch is Pull of the puller. A connector that panics stops nothing but itself. What it says then may be
// what the vendor sent, and is left out.
func (s *Source) fetch(ctx context.Context, from connector.Position) (page connector.Page, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the connector panicked (%T) at\n%s", fault, debug.Stack())
		}
	}()
	return s.puller.Pull(ctx, from)
}

// page fetches one page, makes it durable, and then saves where to go on.
func (s *Source) page(ctx context.Context, log Log, checkpoints Checkpoints, observer Observer, p *Progress) (more bool, err error) {
	page, err := s.fetch(ctx, connector.Position{Checkpoint: p.Checkpoint, Since: s.options.Since})
	if err != nil {
		return false, err
	}
	if n := len(page.Checkpoint); n > connector.MaxCheckpointBytes {
		return false, fmt.Errorf("the checkpoint has %d bytes, at most %d are kept", n, connector.MaxCheckpointBytes)
	}
	lane := stream.LaneBulk
	if p.CaughtUp {
		lane = stream.LaneLive
	}
	events, rejected := len(page.Events), len(page.Rejected)
	if err := s.keep(ctx, log, &page.Batch, lane, s.options.Now()); err != nil {
		return false, fmt.Errorf("append: %w", err)
	}
	if page.More && bytes.Equal(page.Checkpoint, p.Checkpoint) {
		return false, errors.New("the puller says that there is more, from where it stands already: its checkpoint does not move")
	}
	next := Progress{Checkpoint: page.Checkpoint, CaughtUp: p.CaughtUp || !page.More}
	if next.CaughtUp != p.CaughtUp || string(next.Checkpoint) != string(p.Checkpoint) {
		if err := checkpoints.SaveProgress(ctx, s.options.Workspace, s.options.Name, next); err != nil {
			return false, fmt.Errorf("save checkpoint: %w", err)
		}
	}
	*p = next
	observer.Pulled(s.options.Name, events, rejected)
	return page.More, nil
}
