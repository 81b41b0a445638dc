package zendesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"tributary/ingest/connector"
)

// The streams in the order in which they are pulled: people before what they did.
const (
	streamUsers   = "users"
	streamTickets = "tickets"
	streamEvents  = "ticket_events"
	streamMetrics = "ticket_metric_events"
	streamRatings = "satisfaction_ratings"

	allStreams = streamUsers + "," + streamTickets + "," + streamEvents + "," + streamMetrics + "," + streamRatings
)

// puller asks stream after stream, a page at a time.
type puller struct {
	mapper
	exports *connector.API // at the exports' rate
	lookups *connector.API // at the account's
	streams []string
}

// The rates. The exports' is Zendesk's own limit, per account and for all of them together; that of all
// requests is half of what the smallest plan allows
// (https://developer.zendesk.com/api-reference/introduction/rate-limits/).
var (
	exportRate  = connector.Rate{Requests: 10, Per: time.Minute}
	lookupRate  = connector.Rate{Requests: 90, Per: time.Minute}
	accountRate = connector.Rate{Requests: 100, Per: time.Minute}
)

func newPuller(cfg connector.Config) (connector.Puller, error) {
	if !cfg.Has("api_key") && !cfg.Has("access_token") {
		return nil, nil
	}
	if !cfg.Has("base_url") {
		return nil, errors.New("base_url: must be given to pull")
	}
	if cfg.Has("api_key") == cfg.Has("access_token") || cfg.Has("api_key") && !cfg.Has("email") {
		return nil, errors.New("api_key: give email and api_key, or access_token alone")
	}
	known := strings.Split(allStreams, ",")
	streams := cfg.List("streams")
	for _, name := range streams {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("streams: there is no %q; there are %s", name, allStreams)
		}
	}
	api, err := cfg.API(cfg.Text("base_url"), func(r *http.Request) {
		if cfg.Has("access_token") {
			r.Header.Set("Authorization", "Bearer "+cfg.Text("access_token"))
			return
		}
		r.SetBasicAuth(cfg.Text("email")+"/token", cfg.Text("api_key"))
	})
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	return &puller{mapper: newMapper(cfg), exports: api.Paced(exportRate), lookups: api.Paced(lookupRate), streams: streams}, nil
}

// checkpoint is where each stream stands, and which is next.
type checkpoint struct {
	Next    string            `json:"next,omitempty"`
	Streams map[string]*place `json:"streams,omitempty"`
}

// place is a position in one stream: a cursor, or a time with what was already taken at that second.
type place struct {
	Cursor string `json:"cursor,omitempty"`
	// Start is a time in seconds since 1970, Seen the ids of that second.
	Start int64    `json:"start,omitempty"`
	Seen  []string `json:"seen,omitempty"`
	// Newest is the newest second seen on the way through pages of ratings.
	Newest int64 `json:"newest,omitempty"`
}

// Pull fetches the next page of the stream that is next.
func (p *puller) Pull(ctx context.Context, from connector.Position) (connector.Page, error) {
	var at checkpoint
	if len(from.Checkpoint) > 0 {
		if err := json.Unmarshal(from.Checkpoint, &at); err != nil {
			return connector.Page{}, fmt.Errorf("checkpoint: %w", err)
		}
	}
	if at.Streams == nil {
		at.Streams = map[string]*place{}
	}
	i := max(0, slices.Index(p.streams, at.Next)) // a stream that is configured no more: begin anew
	name := p.streams[i]
	if at.Streams[name] == nil {
		at.Streams[name] = &place{Start: since(from.Since)}
	}
	var page connector.Page
	done, err := p.page(ctx, name, at.Streams[name], &page.Batch)
	if err != nil {
		return connector.Page{}, fmt.Errorf("%s: %w", name, err)
	}
	if done {
		i++
	}
	page.More = i < len(p.streams)
	at.Next = p.streams[i%len(p.streams)]
	page.Checkpoint = connector.JSON(at)
	return page, nil
}

// since is a start time; 0 is everything.
func since(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(0, t.Unix())
}

// page fetches a stream's next page, moves its place, and says whether that was all there is now.
func (p *puller) page(ctx context.Context, name string, at *place, b *connector.Batch) (done bool, err error) {
	switch name {
	case streamUsers:
		return p.byCursor(ctx, "/api/v2/incremental/users/cursor.json", name, at, func(records []json.RawMessage) error {
			p.users(records, b)
			return nil
		})
	case streamTickets:
		return p.byCursor(ctx, "/api/v2/incremental/tickets/cursor.json", name, at, func(records []json.RawMessage) error {
			return p.tickets(ctx, records, b)
		})
	case streamEvents:
		return p.byTime(ctx, "/api/v2/incremental/ticket_events.json", name, at, func(records []json.RawMessage) error {
			return p.audits(ctx, records, b)
		})
	case streamMetrics:
		return p.byTime(ctx, "/api/v2/incremental/ticket_metric_events.json", name, at, func(records []json.RawMessage) error {
			return p.metrics(ctx, records, b)
		})
	}
	return p.ratings(ctx, at, b)
}
