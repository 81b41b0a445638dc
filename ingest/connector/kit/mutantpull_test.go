package kit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
	"tributary/ingest/event"
)

// eachContact changes the event of every contact.
func eachContact(change func(cfg connector.Config, e *event.Event)) func(a *acme) {
	return func(a *acme) {
		a.contact = func(cfg connector.Config, b *connector.Batch, raw json.RawMessage) {
			n := len(b.Events)
			addContact(cfg, b, raw)
			for i := range b.Events[n:] {
				change(cfg, &b.Events[n+i])
			}
		}
	}
}

var pullMutants = []mutant{
	{"leaves out the deleted", "pull/all", func(a *acme) {
		a.contact = func(cfg connector.Config, b *connector.Batch, raw json.RawMessage) {
			if !strings.Contains(string(raw), `"deleted"`) {
				addContact(cfg, b, raw)
			}
		}
	}},
	{"one id for all versions", "pull/all", eachContact(func(_ connector.Config, e *event.Event) {
		e.MessageID = e.Record.Version
	})},
	{"ids by the place in the page", "pull/pages", func(a *acme) {
		a.pull = func(p *puller, ctx context.Context, from connector.Position) (connector.Page, error) {
			page, err := p.Pull(ctx, from)
			for i := range page.Events {
				page.Events[i].MessageID += ":" + strconv.Itoa(i)
			}
			return page, err
		}
	}},
	{"reads the first page alone", "pull/pages", func(a *acme) {
		a.fetch = func(p *puller, ctx context.Context, path string, v *contactsPage) error {
			err := p.fetch(ctx, path, v)
			v.Next = ""
			return err
		}
	}},
	{"ids by the day", "pull/again", eachContact(func(cfg connector.Config, e *event.Event) {
		e.MessageID += cfg.Now().Format(time.DateOnly)
	})},
	{"attribute nobody knows", "pull/valid", eachContact(func(_ connector.Config, e *event.Event) {
		e.Attributes = map[string]string{"plan": "basic"}
	})},
	{"large checkpoint", "pull/checkpoint", func(a *acme) {
		a.pull = func(p *puller, ctx context.Context, from connector.Position) (connector.Page, error) {
			page, err := p.Pull(ctx, from)
			if err == nil {
				page.Checkpoint = append(page.Checkpoint, bytes.Repeat([]byte(" "), connector.MaxCheckpointBytes)...)
			}
			return page, err
		}
	}},
	{"maps otherwise", "pull/golden", eachContact(func(_ connector.Config, e *event.Event) {
		e.Attributes = map[string]string{event.AttrName: "Somebody"}
	})},
	{"emits a page one call later", "pull/kill", func(a *acme) {
		a.pull = func(p *puller, ctx context.Context, from connector.Position) (connector.Page, error) {
			page, err := p.Pull(ctx, from)
			if err == nil {
				page.Events, p.late = p.late, page.Events
				if !page.More {
					page.Events = append(page.Events, p.late...)
					p.late = nil
				}
			}
			return page, err
		}
	}},
	{"ignores its end", "pull/kill", func(a *acme) {
		a.fetch = func(p *puller, ctx context.Context, path string, v *contactsPage) error {
			return p.fetch(context.WithoutCancel(ctx), path, v)
		}
	}},
	{"all of history", "pull/since", func(a *acme) {
		a.pull = func(p *puller, ctx context.Context, from connector.Position) (connector.Page, error) {
			from.Since = time.Time{}
			return p.Pull(ctx, from)
		}
	}},
	{"loses the boundary", "pull/since", func(a *acme) {
		a.pull = func(p *puller, ctx context.Context, from connector.Position) (connector.Page, error) {
			if !from.Since.IsZero() {
				from.Since = from.Since.Add(time.Second)
			}
			return p.Pull(ctx, from)
		}
	}},
	{"pages by counting", "pull/changed_meanwhile", func(a *acme) {
		a.subject = func(s *kit.Subject) { s.API = counted }
	}},
	{"goes on after the last change", "pull/changed_meanwhile", func(a *acme) {
		a.pull = func(p *puller, ctx context.Context, from connector.Position) (connector.Page, error) {
			page, err := p.Pull(ctx, from)
			var at place
			if err == nil && !page.More && json.Unmarshal(page.Checkpoint, &at) == nil {
				last, _ := time.Parse(time.RFC3339Nano, at.From)
				page.Checkpoint = connector.JSON(place{From: last.Add(time.Second).Format(time.RFC3339Nano)})
			}
			return page, err
		}
	}},
	{"refuses new fields", "pull/fields_gained", func(a *acme) {
		a.contact = func(cfg connector.Config, b *connector.Batch, raw json.RawMessage) {
			if strings.Contains(string(raw), "kit_gained") {
				b.Reject("", "kit_gained", "is a field that nobody knows", raw)
				return
			}
			addContact(cfg, b, raw)
		}
	}},
	{"panics without an id", "pull/fields_lost", func(a *acme) {
		a.contact = func(cfg connector.Config, b *connector.Batch, raw json.RawMessage) {
			var c struct{ ID *string }
			if json.Unmarshal(raw, &c) == nil {
				_ = *c.ID
			}
			addContact(cfg, b, raw)
		}
	}},
	{"drops what has no time", "pull/fields_lost", func(a *acme) {
		a.contact = func(cfg connector.Config, b *connector.Batch, raw json.RawMessage) {
			var c contact
			if json.Unmarshal(raw, &c) != nil || !c.Updated.IsZero() {
				addContact(cfg, b, raw)
			}
		}
	}},
	{"drops what it cannot read", "pull/fields_retyped", func(a *acme) {
		a.contact = func(cfg connector.Config, b *connector.Batch, raw json.RawMessage) {
			var c contact
			if json.Unmarshal(raw, &c) == nil {
				addContact(cfg, b, raw)
			}
		}
	}},
	{"shows no deletion", "deletion", eachContact(func(_ connector.Config, e *event.Event) { e.Record.Deleted = false })},
	{"checkpoint with a secret", "secrets", func(a *acme) {
		a.pull = func(p *puller, ctx context.Context, from connector.Position) (connector.Page, error) {
			page, err := p.Pull(ctx, from)
			if err == nil {
				page.Checkpoint = slices.Concat([]byte(`{"key":`), connector.JSON(p.cfg.Text("api_key")), []byte(","), page.Checkpoint[1:])
			}
			return page, err
		}
	}},
}

// counted acts out an API whose pages are counted off: what goes from its place moves all behind it.
func counted(records map[string][]json.RawMessage, pageSize int) http.Handler {
	whole := api(records, len(records["contacts"])+1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all := &memory{header: w.Header()}
		whole.ServeHTTP(all, r)
		var page contactsPage
		if json.Unmarshal(all.body, &page) != nil {
			w.WriteHeader(all.status)
			return
		}
		skip, _ := strconv.Atoi(r.URL.Query().Get("skip"))
		rest := page.Contacts[min(skip, len(page.Contacts)):]
		page.Contacts = rest[:min(pageSize, len(rest))]
		if len(rest) > pageSize {
			query := url.Values{"updated_from": {r.URL.Query().Get("updated_from")}, "skip": {strconv.Itoa(skip + pageSize)}}
			page.Next = fmt.Sprintf("http://%s/contacts?%s", r.Host, query.Encode())
		}
		_ = json.NewEncoder(w).Encode(page)
	})
}

// memory keeps an answer.
type memory struct {
	header http.Header
	status int
	body   []byte
}

func (m *memory) Header() http.Header    { return m.header }
func (m *memory) WriteHeader(status int) { m.status = status }
func (m *memory) Write(p []byte) (int, error) {
	m.body = append(m.body, p...)
	return len(p), nil
}

// crude asks without connector.API, and has other ideas of what some answers mean.
type crude struct {
	limited   error // of 429
	broken    error // of 5xx
	lost      error // of a connection
	garbled   error // of what is not JSON
	forbidden func(path string, status int) error
	anywhere  bool // follow addresses to other hosts
}

var errAgain = errors.New("ask again")

func statusOf(path string, status int) error {
	return &connector.StatusError{Method: http.MethodGet, Path: path, Status: status}
}

// asking is a mutant that asks in a crude way. The limit of requests, which it does not hold, is lifted.
func asking(c crude) func(a *acme) {
	return func(a *acme) {
		a.fetch = c.fetch
		a.describe = func(c *connector.Connector) { c.Rate = connector.Rate{} }
	}
}

// careful is what is right.
var careful = crude{limited: &connector.RetryError{After: time.Hour, Err: errAgain}, broken: errAgain, lost: errAgain, garbled: errAgain, forbidden: statusOf}

func but(change func(c *crude)) func(a *acme) {
	c := careful
	change(&c)
	return asking(c)
}

func (c crude) fetch(p *puller, ctx context.Context, path string, v *contactsPage) error {
	base, _ := url.Parse(p.cfg.Text("base_url"))
	ref, err := url.Parse(path)
	if err != nil {
		return err
	}
	target := base.ResolveReference(ref)
	if target.Host != base.Host && !c.anywhere {
		return errors.New("that is another server")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return err
	}
	p.authorize(request)
	response, err := p.cfg.HTTP.Do(request)
	if err != nil {
		return cmpOr(ctx, c.lost)
	}
	defer response.Body.Close()
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests:
		return c.limited
	case status >= 500:
		return c.broken
	case status >= 400:
		return c.forbidden(target.Path, status)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return cmpOr(ctx, c.lost)
	}
	if json.Unmarshal(text, v) != nil {
		return c.garbled
	}
	return nil
}

// cmpOr is the context's error, or another.
func cmpOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

var faultMutants = []mutant{
	{"stops at 429", "pull/rate_limited", but(func(c *crude) { c.limited = nil })},
	{"asks again at once after 429", "pull/rate_limited", but(func(c *crude) { c.limited = errAgain })},
	{"stops at 5xx", "pull/server_error", but(func(c *crude) { c.broken = nil })},
	{"stops when a connection is lost", "pull/connection", but(func(c *crude) { c.lost = nil })},
	{"stops at half a page", "pull/partial_page", but(func(c *crude) { c.garbled = nil })},
	{"does not say what 401 means", "pull/unauthorized", but(func(c *crude) {
		c.forbidden = func(string, int) error { return errAgain }
	})},
	{"repeats a secret when refused", "pull/unauthorized", but(func(c *crude) {
		c.forbidden = func(path string, status int) error {
			return fmt.Errorf("key %s: %w", settings["api_key"], statusOf(path, status))
		}
	})},
	{"follows to another server", "pull/other_host", but(func(c *crude) { c.anywhere = true })},
	{"sends no credentials", "pull/credentials", func(a *acme) {
		a.subject = func(s *kit.Subject) {
			s.API = func(records map[string][]json.RawMessage, pageSize int) http.Handler {
				open := api(records, pageSize)
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					r.Header.Set("Authorization", "Bearer "+settings["api_key"])
					open.ServeHTTP(w, r)
				})
			}
		}
	}},
	{"hammers when refused", "pull/unauthorized", func(a *acme) {
		a.fetch = func(p *puller, ctx context.Context, path string, v *contactsPage) (err error) {
			var passing *connector.RetryError
			for range 10 {
				if err = p.fetch(ctx, path, v); err == nil || ctx.Err() != nil || errors.As(err, &passing) {
					return err
				}
			}
			return err
		}
	}},
	{"forgets the limit", "pull/rate", func(a *acme) {
		a.pull = func(p *puller, ctx context.Context, from connector.Position) (connector.Page, error) {
			fresh, err := p.cfg.API(p.cfg.Text("base_url"), p.authorize)
			if err != nil {
				return connector.Page{}, err
			}
			again := *p
			again.api = fresh
			return again.Pull(ctx, from)
		}
	}},
}
