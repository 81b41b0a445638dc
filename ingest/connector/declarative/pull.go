package declarative

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"

	"tributary/ingest/connector"
	"tributary/ingest/connector/mapping"
)

// puller asks for one stream after another.
type puller struct {
	*File
	cfg      connector.Config
	api      *connector.API
	answers  *listening
	settings map[string]any
}

// newPuller makes a puller; nil if the credentials' settings have no value: such a source only listens.
func (f *File) newPuller(cfg connector.Config) (connector.Puller, error) {
	for _, name := range f.Pull.Auth.secrets() {
		if !cfg.Has(name) {
			return nil, nil
		}
	}
	p := &puller{File: f, cfg: cfg, settings: f.plain(cfg)}
	client := *cfg.HTTP
	p.answers = &listening{RoundTripper: client.Transport}
	if client.Transport == nil {
		p.answers.RoundTripper = http.DefaultTransport
	}
	client.Transport = p.answers
	p.cfg.HTTP = &client
	if !cfg.Has(f.Pull.Base) {
		return nil, fmt.Errorf("%s: must be given", f.Pull.Base)
	}
	var err error
	p.api, err = p.cfg.API(cfg.Text(f.Pull.Base), func(r *http.Request) {
		for name, value := range f.Pull.Headers {
			r.Header.Set(name, fill(&p.cfg, value, asIs))
		}
		f.Pull.Auth.put(&p.cfg, r)
	})
	return p, err
}

// checkpoint is where the puller stands: in which stream, and in each where.
type checkpoint struct {
	Stream  string            `json:"stream"`
	Streams map[string]*place `json:"streams"`
}

// place is where a stream stands. A round goes from Since to the end of what there is; then Since is the
// latest change that it met.
type place struct {
	Floor     time.Time `json:"floor,omitzero"` // what changed before it is never wanted
	Since     time.Time `json:"since,omitzero"`
	High      time.Time `json:"high,omitzero"`
	Token     string    `json:"token,omitempty"` // the next page's, within a round
	Count     int       `json:"count,omitempty"` // pages or records before the next page
	Restarted bool      `json:"restarted,omitempty"`
	Seen      []seen    `json:"seen,omitempty"` // what the overlap brings again
}

type seen struct {
	Hash string `json:"h"`
	At   int64  `json:"t"` // milliseconds since 1970
}

// maxSeen bounds Seen, and with it the checkpoint.
const maxSeen = 250

// Pull fetches a page of the stream that is next.
func (p *puller) Pull(ctx context.Context, from connector.Position) (connector.Page, error) {
	c := &checkpoint{}
	if from.Checkpoint != nil {
		if err := json.Unmarshal(from.Checkpoint, c); err != nil {
			return connector.Page{}, fmt.Errorf("read the checkpoint: %w", err)
		}
	}
	s := p.stream(c, from.Since)
	at := c.Streams[s.Name]
	page, err := p.page(ctx, s, at)
	if err != nil {
		return connector.Page{}, fmt.Errorf("stream %s: %w", s.Name, err)
	}
	if !page.More {
		page.More = c.next(p.File.Pull.Streams)
	}
	page.Checkpoint = connector.JSON(c)
	return page, nil
}

// stream is the one the checkpoint is in.
func (p *puller) stream(c *checkpoint, since time.Time) *Stream {
	streams := p.File.Pull.Streams
	i := slices.IndexFunc(streams, func(s Stream) bool { return s.Name == c.Stream })
	s := &streams[max(0, i)]
	c.Stream = s.Name
	if c.Streams == nil {
		c.Streams = map[string]*place{}
	}
	if c.Streams[s.Name] == nil {
		c.Streams[s.Name] = &place{Floor: since, Since: since}
	}
	return s
}

// next goes on to the stream after this one, and says whether there was one in this round.
func (c *checkpoint) next(streams []Stream) bool {
	i := slices.IndexFunc(streams, func(s Stream) bool { return s.Name == c.Stream }) + 1
	c.Stream = streams[i%len(streams)].Name
	return i < len(streams)
}

// page fetches and maps a page, and moves the place on.
func (p *puller) page(ctx context.Context, s *Stream, at *place) (connector.Page, error) {
	pager := p.pages[s.Name]
	r := pager.ask(&p.cfg, at)
	var page connector.Page
	var answer json.RawMessage
	if err := p.api.Do(ctx, s.Method, r.path, r.query, r.body, &answer); err != nil {
		if at.outlived(err) {
			page.More = true
			return page, nil
		}
		return page, err
	}
	vars := mapping.Vars{Settings: p.settings}
	mapper, items := p.mappers[s.Mapping], p.items[s.Name]
	if items.expr != nil || pager.needsBody() || mapper.NeedsBody() {
		body, err := mapping.Decode(answer)
		if err != nil {
			return page, fmt.Errorf("the answer: %w", err)
		}
		vars.Body = body
	}
	records, err := items.of(ctx, answer, &vars)
	if err != nil {
		return page, fmt.Errorf("items: %w", err)
	}
	for _, record := range records {
		p.record(ctx, &page.Batch, mapper, pager, at, record, vars)
	}
	page.More, err = pager.move(ctx, at, len(records), &vars, p.answers.link)
	return page, err
}

// outlived begins the round anew when the API no longer knows the place within it; once.
func (at *place) outlived(err error) bool {
	var status *connector.StatusError
	if at.Token == "" || at.Restarted || !errors.As(err, &status) {
		return false
	}
	switch status.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity:
		at.Token, at.Restarted = "", true
		return true
	}
	return false
}

// record maps a record, unless it is older than what is asked for, or came before as it is.
func (p *puller) record(ctx context.Context, b *connector.Batch, m *mapping.Mapper, pager *pager, at *place, raw json.RawMessage, vars mapping.Vars) {
	in, err := mapping.Decode(raw)
	if err != nil {
		b.Reject("", "item", "is not JSON", raw)
		return
	}
	if pager.changed != nil {
		if v, err := pager.changed.First(mapping.Bounded(ctx, 1), in, vars.List()); err == nil {
			if changed, err := mapping.Time(v); err == nil && !changed.IsZero() && !at.meets(changed, raw, pager.stream.Since.Overlap) {
				return
			}
		}
	}
	m.MapDecoded(ctx, b, &p.cfg, raw, in, vars)
}

// meets notes a record, and says whether it is news.
func (at *place) meets(changed time.Time, raw []byte, overlap time.Duration) bool {
	if changed.Before(at.Floor) || changed.Before(at.Since.Add(-overlap)) {
		return false
	}
	if changed.After(at.High) {
		at.High = changed
	}
	one := seen{Hash: strconv.FormatUint(xxhash.Sum64(raw), 36), At: changed.UnixMilli()}
	if slices.Contains(at.Seen, one) {
		return false
	}
	at.Seen = append(at.Seen, one)
	return true
}
