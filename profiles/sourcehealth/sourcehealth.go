// Package sourcehealth says how the sources of a workspace are, in one answer that a page may ask for every few seconds:
// when the last event came, how many come, how far storing is behind, what was put aside, and whether what comes has
// changed its form. README.md defines each figure and sign.
package sourcehealth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tributary/ingest/schema"
	"tributary/ingest/stream"
	"tributary/profiles/reconcile"
	"tributary/profiles/unify"
)

// The lengths of the series.
const (
	Hours   = 24
	Minutes = 60
)

// Accounts keeps the accounts of sources; reconcile.Service does.
type Accounts interface {
	Totals(ctx context.Context, s unify.Selection) (*reconcile.Report, error)
	Held(ctx context.Context, s unify.Selection) (map[stream.SourceDay]uint64, error)
}

// Schemas knows the forms of what sources send; state.Store does.
type Schemas interface {
	SchemaReport(workspace, source string) (r *schema.Report, ok bool, err error)
}

// Rates tells how many events of each source the analytics store holds by hour and minute of receipt; Reader does.
type Rates interface {
	Since(ctx context.Context, workspace string, hours, minutes time.Time) ([]Rate, error)
}

// Configured is a source of the configuration.
type Configured struct {
	Workspace, Source, Connector string
	Listens, Pulls               bool
}

// Config is what a Service is made of.
type Config struct {
	Accounts Accounts
	Schemas  Schemas
	Rates    Rates
	// Lag is the age of the oldest event that is applied and not in the analytics store; 0: all are.
	Lag        func() time.Duration
	Configured []Configured
	Now        func() time.Time
}

// Validate reports every fault, each with its field.
func (c *Config) Validate() error {
	var faults []error
	for field, ok := range map[string]bool{
		"accounts": c.Accounts != nil, "schemas": c.Schemas != nil, "rates": c.Rates != nil, "lag": c.Lag != nil, "now": c.Now != nil,
	} {
		if !ok {
			faults = append(faults, fmt.Errorf("%s: is required", field))
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(faults...)
}

// Service answers for all workspaces. It is safe for concurrent use.
type Service struct{ config Config }

// New returns a service. It fails with every fault of the configuration.
func New(c Config) (*Service, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("configure health of sources: %w", err)
	}
	return &Service{c}, nil
}

// Report is how the sources of a workspace are.
type Report struct {
	At      time.Time `json:"at"`
	Sources []Source  `json:"sources"` // by name
	// Counted: the log has a figure of received records of its own, independent of the rest.
	Counted bool `json:"counted"`
	// Rated: the analytics store could be asked; otherwise rates and behind are left out.
	Rated bool `json:"rated"`
}

// Source is how one source is.
type Source struct {
	Source string `json:"source"`
	// Connector and Ways are of a source of the configuration: webhook, pull. Others send with a key.
	Connector string   `json:"connector,omitempty"`
	Ways      []string `json:"ways"`
	// LastReceived is when the newest record was received.
	LastReceived time.Time `json:"last_received,omitzero"`
	reconcile.Account
	Today Today `json:"today"`
	Lag   Lag   `json:"lag"`
	// PerHour counts the last Hours hours and PerMinute the last Minutes minutes, the oldest first; the last of each
	// is still running.
	PerHour   []uint64 `json:"per_hour,omitempty"`
	PerMinute []uint64 `json:"per_minute,omitempty"`
	// Drift is in how many ways events differ from their contracts, or from what was seen at first.
	Drift int `json:"drift"`
	// Signs are what somebody should look at, the most urgent first; none: all is well.
	Signs []Sign `json:"signs"`
}

// Today is the account of the running UTC day.
type Today struct {
	Received    uint64 `json:"received"`
	Quarantined uint64 `json:"quarantined"`
	Duplicate   uint64 `json:"duplicate"`
}

// Lag is how far a source's events are from where reports read them.
type Lag struct {
	// Pending are in the log and not applied; Behind are applied since yesterday and not in the analytics store.
	Pending uint64  `json:"pending"`
	Behind  *uint64 `json:"behind,omitempty"`
	// Seconds is the age of the oldest that is on its way to the analytics store; 0 where none of this source is.
	Seconds float64 `json:"seconds"`
}

// Report tells how the sources of a workspace are.
func (s *Service) Report(ctx context.Context, workspace string) (*Report, error) {
	now := s.config.Now().UTC()
	today := stream.DayOf(now)
	totals, err := s.config.Accounts.Totals(ctx, unify.Selection{Workspace: workspace})
	if err != nil {
		return nil, fmt.Errorf("health of sources: %w", err)
	}
	m := &making{Service: s, workspace: workspace, now: now}
	if err := m.ask(ctx, today-1); err != nil {
		return nil, fmt.Errorf("health of sources: %w", err)
	}
	report := &Report{At: now, Sources: []Source{}, Counted: totals.Counted, Rated: m.rated}
	for i := range totals.Sources {
		report.Sources = append(report.Sources, m.source(&totals.Sources[i], today))
	}
	for _, c := range s.config.Configured {
		known := slices.ContainsFunc(totals.Sources, func(t reconcile.Source) bool { return t.Source == c.Source })
		if c.Workspace == workspace && !known {
			report.Sources = append(report.Sources, m.source(silent(c.Source), today))
		}
	}
	for i := range report.Sources {
		if err := m.finish(&report.Sources[i]); err != nil {
			return nil, fmt.Errorf("health of sources: %w", err)
		}
	}
	slices.SortFunc(report.Sources, func(a, b Source) int { return cmp.Compare(a.Source, b.Source) })
	return report, nil
}

// silent is the account of a source from which nothing came.
func silent(name string) *reconcile.Source {
	return &reconcile.Source{Source: name, Account: reconcile.Account{Reasons: map[string]map[string]uint64{}, Balanced: true}}
}

// making is a report in the making.
type making struct {
	*Service
	workspace string
	now       time.Time
	rates     map[string]*series
	held      map[stream.SourceDay]uint64
	since     stream.Day // of held
	rated     bool
}

// ask asks the analytics store. That it cannot answer is no fault of the sources.
func (m *making) ask(ctx context.Context, since stream.Day) error {
	hours, minutes := firstHour(m.now), firstMinute(m.now)
	rates, err := m.config.Rates.Since(ctx, m.workspace, hours, minutes)
	if err == nil {
		m.since = since
		m.held, err = m.config.Accounts.Held(ctx, unify.Selection{Workspace: m.workspace, Since: since})
	}
	if m.rated = err == nil; m.rated {
		m.rates = seriesOf(rates, hours, minutes)
	}
	return ctx.Err()
}

func firstHour(now time.Time) time.Time {
	return now.Truncate(time.Hour).Add(-(Hours - 1) * time.Hour)
}

func firstMinute(now time.Time) time.Time {
	return now.Truncate(time.Minute).Add(-(Minutes - 1) * time.Minute)
}

// source puts a source's figures together.
func (m *making) source(t *reconcile.Source, today stream.Day) Source {
	out := Source{Source: t.Source, Ways: []string{}, LastReceived: t.LastReceived, Account: t.Account, Signs: []Sign{}}
	out.Lag.Pending = t.Pending
	var stored, held uint64
	for i := range t.Days {
		d := &t.Days[i]
		day, err := stream.ParseDay(d.Day)
		if err != nil {
			continue // it is written by the same package
		}
		if day == today {
			out.Today = Today{d.Received, d.Quarantined, d.Duplicate}
		}
		if day >= m.since {
			stored += d.Stored
			held += m.held[stream.SourceDay{SourceKey: stream.SourceKey{Workspace: m.workspace, Source: t.Source}, Day: day}]
		}
	}
	if m.rated {
		behind := stored - min(stored, held)
		out.Lag.Behind = &behind
		if behind+t.Pending > 0 {
			out.Lag.Seconds = m.config.Lag().Seconds()
		}
		s := m.rates[t.Source]
		if s == nil {
			s = newSeries()
		}
		out.PerHour, out.PerMinute = s.hours, s.minutes
	}
	for _, c := range m.config.Configured {
		if c.Workspace == m.workspace && c.Source == t.Source {
			out.Connector, out.Ways = c.Connector, c.ways()
		}
	}
	return out
}

func (c *Configured) ways() []string {
	ways := []string{}
	if c.Listens {
		ways = append(ways, "webhook")
	}
	if c.Pulls {
		ways = append(ways, "pull")
	}
	return ways
}

// finish counts the differences of a source, and reads the signs.
func (m *making) finish(s *Source) error {
	report, ok, err := m.config.Schemas.SchemaReport(m.workspace, s.Source)
	if err != nil {
		return err
	}
	if ok {
		for _, e := range report.Drift(time.Time{}).Events {
			s.Drift += len(e.Differences)
		}
	}
	s.Signs = signs(s, m.now)
	return nil
}
