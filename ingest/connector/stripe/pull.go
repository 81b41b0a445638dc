package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
)

const (
	// retention is how far back the events are read. Stripe keeps them for 30 days
	// (https://docs.stripe.com/api/events/list).
	retention = 29 * 24 * time.Hour
	// reach is where history ends and events begin at a start: history may take the days between the
	// two to read.
	reach = 25 * 24 * time.Hour
	// lag is what is left for the next time: an event may become visible a little after its time.
	lag = 10 * time.Second
	// pageSize is Stripe's largest.
	pageSize = "100"
)

// eventStream is the list of events; all others are lists of objects.
const eventStream = "events"

// checkpoint is where the puller stands: it reads what was created within [From, Until), the newest
// first, as Stripe lists it, and behind the object After.
type checkpoint struct {
	Stream string `json:"stream"`
	From   int64  `json:"from"` // seconds
	// Until is also where events begin: what happened to an object from then on is theirs.
	Until int64  `json:"until,omitempty"`
	After string `json:"after,omitempty"`
	// Last is when After was created; Before takes the place of Until in the request if After is gone.
	Last   int64 `json:"last,omitempty"`
	Before int64 `json:"before,omitempty"`
}

type puller struct {
	mapper
	api *connector.API
}

func newPuller(c connector.Config) (connector.Puller, error) {
	m, err := newMapper(c)
	if err != nil || !c.Has("api_key") {
		return nil, err
	}
	key := c.Text("api_key")
	api, err := c.API(c.Text("base_url"), func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) })
	if err != nil {
		return nil, err
	}
	return &puller{mapper: m, api: api}, nil
}

// list is a page of any of Stripe's lists (https://docs.stripe.com/api/pagination).
type list struct {
	Data    []json.RawMessage `json:"data"`
	HasMore bool              `json:"has_more"`
}

// Pull fetches a page of events, or of history.
func (p *puller) Pull(ctx context.Context, from connector.Position) (connector.Page, error) {
	at, err := p.start(from)
	if err != nil {
		return connector.Page{}, err
	}
	if at.Stream == "" { // all there is has been read
		at = p.plan(at.From)
	}
	if at.From >= at.Until {
		return connector.Page{Checkpoint: connector.JSON(checkpoint{From: at.From})}, nil
	}
	var answer list
	err = p.api.Get(ctx, "/v1/"+at.Stream, at.query(), &answer)
	var status *connector.StatusError
	if at.After != "" && errors.As(err, &status) && (status.Status == http.StatusBadRequest || status.Status == http.StatusNotFound) {
		// The object that the page was to begin behind may have been deleted: go on from its time.
		at.After, at.Before = "", at.Last+1
		return connector.Page{Checkpoint: connector.JSON(at), More: true}, nil
	}
	if err != nil {
		return connector.Page{}, err
	}
	return p.page(at, answer)
}

// page makes events of a list, and says where to go on.
func (p *puller) page(at checkpoint, answer list) (connector.Page, error) {
	var page connector.Page
	for _, data := range answer.Data {
		var o object
		if err := field.Read(data, &o); err != nil {
			return connector.Page{}, err
		}
		if at.Stream == eventStream {
			if err := p.add(&page.Batch, data); err != nil {
				return connector.Page{}, err
			}
		} else {
			p.history(&page.Batch, at, &o, field.Raw(data))
		}
		at.After, at.Last = o.ID, o.Created
	}
	next := at
	if !answer.HasMore || len(answer.Data) == 0 {
		next = at.next()
	}
	page.Checkpoint = connector.JSON(next)
	page.More = next.Stream != "" || at.Stream != eventStream
	return page, nil
}

func (p *puller) start(from connector.Position) (checkpoint, error) {
	var at checkpoint
	if from.Checkpoint == nil {
		if !from.Since.IsZero() {
			at.From = from.Since.Unix()
		}
		return at, nil
	}
	err := json.Unmarshal(from.Checkpoint, &at)
	return at, err
}

// plan chooses what to read next: the events, if those from then on are kept; else history first.
func (p *puller) plan(from int64) checkpoint {
	now := p.config.Now()
	if from >= now.Add(-retention).Unix() {
		return checkpoint{Stream: eventStream, From: from, Until: now.Add(-lag).Unix()}
	}
	// At the beginning of a day: started anew before anything was kept, it is mostly the same again.
	until := now.Add(-reach).Truncate(24 * time.Hour)
	return checkpoint{Stream: streams[0].name, From: from, Until: until.Unix()}
}

// next is the stream after the one that was read to its end; none after the last.
func (c checkpoint) next() checkpoint {
	for i, s := range streams {
		if s.name == c.Stream && i+1 < len(streams) {
			return checkpoint{Stream: streams[i+1].name, From: c.From, Until: c.Until}
		}
	}
	return checkpoint{From: c.Until}
}

// query asks for the next page.
func (c checkpoint) query() url.Values {
	before := c.Until
	if c.Before > 0 {
		before = c.Before
	}
	query := url.Values{"limit": {pageSize}, "created[lt]": {strconv.FormatInt(before, 10)}}
	if c.From > 0 {
		query.Set("created[gte]", strconv.FormatInt(c.From, 10))
	}
	if c.After != "" {
		query.Set("starting_after", c.After)
	}
	for _, s := range streams {
		if s.name == c.Stream {
			for name, values := range s.query {
				query[name] = values
			}
		}
	}
	return query
}
