// Package forecast says how many contacts will come, by topic and channel, and how many agents they take.
package forecast

import (
	"context"
	"errors"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"tributary/journeys/forecast/series"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// Definition is what the numbers are.
const Definition = "contacts/1: conversations that customers began, each counted in the hour or day of its first event; " +
	"forecast by the method that was least wrong in a rolling-origin backtest; agents by Erlang C or A"

// Answer is a forecast of each series.
type Answer struct {
	report.About
	Grain   series.Grain `json:"grain"`
	Horizon int          `json:"horizon"`
	Level   float64      `json:"level"`
	// Untrusted names the members that sources or customers wrote.
	Untrusted []string `json:"untrusted"`
	Series    []Series `json:"series"`
	// LeftOut is how many series there are besides, of fewer contacts, and LeftOutContacts how many contacts they have.
	LeftOut         int    `json:"left_out"`
	LeftOutContacts uint64 `json:"left_out_contacts"`
}

// Series is the forecast of one topic and channel; where the history does not suffice, Refused says why and what is missing.
type Series struct {
	Topic    *string          `json:"topic,omitempty"`   // of series by topic; empty: none was told
	Channel  *string          `json:"channel,omitempty"` // of series by channel
	Contacts uint64           `json:"contacts"`          // in the history
	Recent   []Past           `json:"recent,omitempty"`  // the end of the history, as much of it as was asked for
	Forecast *series.Forecast `json:"forecast,omitempty"`
	Refused  string           `json:"refused,omitempty"`
	Staffing *Staffing        `json:"staffing,omitempty"`
}

// Past is how many contacts an hour or day of the history had.
type Past struct {
	At       time.Time `json:"at"`
	Contacts float64   `json:"contacts"`
}

// Service makes forecasts from the events in the analytics store. It is safe for concurrent use.
type Service struct {
	reader   *report.Reader
	contacts store.Query[contactsRow]
	causes   store.Query[causesRow]
	sample   store.Query[sampleRow]
	now      func() time.Time
}

// New returns a service over an open store.
func New(s *store.Store, reader *report.Reader, now func() time.Time) (*Service, error) {
	contacts, err := store.Prepare[contactsRow](s, "forecast/contacts")
	if err != nil {
		return nil, err
	}
	upstream, err := store.Prepare[causesRow](s, "forecast/causes")
	if err != nil {
		return nil, err
	}
	sample, err := store.Prepare[sampleRow](s, "forecast/sample")
	if err != nil {
		return nil, err
	}
	return &Service{reader, contacts, upstream, sample, now}, nil
}

// Make answers a request. It fails with event.Errors, each with its path, and as report.Reader.Resolve and queries do. A series
// without enough history is no error.
func (s *Service) Make(ctx context.Context, workspace string, r Request) (*Answer, error) {
	p, err := r.check(workspace, s.now())
	if err != nil {
		return nil, err
	}
	a := &Answer{Grain: p.Grain, Horizon: p.Horizon, Level: p.Level, Untrusted: []string{"series[].topic"}, Series: []Series{}}
	if a.About, err = s.reader.Resolve(ctx, &p.scope, Definition); err != nil {
		return nil, err
	}
	all, err := s.histories(ctx, p)
	if err != nil {
		return nil, err
	}
	upstream, err := s.upstream(ctx, p)
	if err != nil {
		return nil, err
	}
	sampled, err := s.sample.One(ctx, p.params(nil))
	if err != nil {
		return nil, err
	}
	a.Sample = report.Sample{People: sampled.People, Events: sampled.Events}
	for i, h := range all {
		if i >= p.Limit {
			a.LeftOut, a.LeftOutContacts = a.LeftOut+1, a.LeftOutContacts+h.contacts
		}
	}
	a.Series, err = p.forecast(ctx, all[:min(len(all), p.Limit)], upstream)
	return a, err
}

// forecast makes the series side by side: a fit of many hours takes a second.
func (p *plan) forecast(ctx context.Context, all []*history, upstream []series.Cause) ([]Series, error) {
	made := make([]Series, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, runtime.GOMAXPROCS(0)/2))
	for i, h := range all {
		group.Go(func() (err error) {
			if err = ctx.Err(); err == nil {
				made[i], err = p.one(h, upstream)
			}
			return err
		})
	}
	return made, group.Wait()
}

func (p *plan) one(h *history, upstream []series.Cause) (Series, error) {
	made := Series{Contacts: h.contacts, Recent: p.recent(h)}
	for _, by := range p.By {
		if by == byTopic {
			made.Topic = &h.topic
		} else {
			made.Channel = &h.channel
		}
	}
	f, err := series.Make(p.input(h, upstream))
	var short *series.ShortError
	if errors.As(err, &short) {
		made.Refused = short.Error()
		return made, nil
	}
	if err != nil {
		return made, err
	}
	made.Forecast = f
	if p.Staffing != nil {
		made.Staffing = p.Staffing.staff(f.Points, h)
	}
	return made, nil
}

// recent is the end of a history.
func (p *plan) recent(h *history) []Past {
	begin := max(0, len(h.counts)-p.Recent)
	past := make([]Past, 0, len(h.counts)-begin)
	for i, n := range h.counts[begin:] {
		past = append(past, Past{p.slot(begin + i), n})
	}
	return past
}

// slot is when a slot of the history begins.
func (p *plan) slot(i int) time.Time {
	if p.Grain == series.Hour {
		return p.first.Add(time.Duration(i) * time.Hour)
	}
	return p.first.AddDate(0, 0, i)
}
