package kit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// puller asks GET /contacts, which gives those changed at or after updated_from in the order of their
// change, with the address of the next page.
type puller struct {
	cfg     connector.Config
	api     *connector.API
	contact func(cfg connector.Config, b *connector.Batch, raw json.RawMessage)
	get     func(p *puller, ctx context.Context, path string, v *contactsPage) error
	late    []event.Event // of a mutant
}

func (p *puller) authorize(r *http.Request) {
	r.Header.Set("Authorization", "Bearer "+p.cfg.Text("api_key"))
}

func (p *puller) fetch(ctx context.Context, path string, v *contactsPage) error {
	return p.api.Get(ctx, path, nil, v)
}

// place is the checkpoint: the page to go on with, or else from when on to ask again.
type place struct {
	From string `json:"from,omitempty"`
	Next string `json:"next,omitempty"`
}

type contactsPage struct {
	Contacts []json.RawMessage `json:"contacts"`
	Next     string            `json:"next"`
}

type contact struct {
	ID      string    `json:"id"`
	Email   string    `json:"email"`
	Name    string    `json:"name"`
	Deleted bool      `json:"deleted"`
	Updated time.Time `json:"updated_at"`
}

func (p *puller) Pull(ctx context.Context, from connector.Position) (connector.Page, error) {
	var at place
	if err := p.place(from, &at); err != nil {
		return connector.Page{}, err
	}
	var got contactsPage
	if err := p.get(p, ctx, at.path(), &got); err != nil {
		return connector.Page{}, err
	}
	page := connector.Page{More: got.Next != ""}
	for _, raw := range got.Contacts {
		p.contact(p.cfg, &page.Batch, raw)
		at.From = later(at.From, raw)
	}
	at.Next = got.Next
	page.Checkpoint = connector.JSON(at)
	return page, nil
}

// place reads the checkpoint.
func (p *puller) place(from connector.Position, at *place) error {
	if from.Checkpoint != nil {
		return json.Unmarshal(from.Checkpoint, at)
	}
	if !from.Since.IsZero() {
		at.From = from.Since.UTC().Format(time.RFC3339Nano)
	}
	return nil
}

func (at place) path() string {
	if at.Next != "" {
		return at.Next
	}
	return "/contacts?" + url.Values{"updated_from": {at.From}}.Encode()
}

// later is the later of a time and a contact's change. What has no time that can be read does not
// move it.
func later(from string, raw json.RawMessage) string {
	var c contact
	if json.Unmarshal(raw, &c) != nil || c.Updated.IsZero() {
		return from
	}
	if before, err := time.Parse(time.RFC3339Nano, from); err == nil && before.After(c.Updated) {
		return from
	}
	return c.Updated.UTC().Format(time.RFC3339Nano)
}

func addContact(cfg connector.Config, b *connector.Batch, raw json.RawMessage) {
	var c contact
	if field := read(raw, &c); field != "" {
		b.Reject("", field, notDocumented, raw)
		return
	}
	if c.ID == "" || c.Updated.IsZero() {
		b.Reject(c.ID, "id, updated_at", "are required", raw)
		return
	}
	version := c.Updated.UTC().Format(time.RFC3339Nano)
	e := event.Event{
		MessageID: c.ID + ":" + version, Type: event.TypeIdentify, Name: event.NameContactUpdated, OriginalAt: c.Updated, Traits: raw,
		Record:      &event.Record{ID: c.ID, Version: version, Deleted: c.Deleted},
		Identifiers: []event.Identifier{cfg.Identifier("customer_id", c.ID)},
	}
	if c.Email != "" {
		e.Identifiers = append(e.Identifiers, event.Identifier{Type: event.IDEmail, Value: c.Email})
	}
	b.Add(e)
}

func changed(_ string, record json.RawMessage) time.Time {
	var c contact
	_ = json.Unmarshal(record, &c) // our own fixtures
	return c.Updated
}

// api acts Acme's out. A cursor is the last contact's change and id, so that a page begins behind it
// whatever has changed before.
func api(records map[string][]json.RawMessage, pageSize int) http.Handler {
	contacts := slices.Clone(records["contacts"])
	slices.SortStableFunc(contacts, func(a, b json.RawMessage) int { return strings.Compare(cursor(a), cursor(b)) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+settings["api_key"] {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		from, _ := time.Parse(time.RFC3339Nano, r.URL.Query().Get("updated_from"))
		after := r.URL.Query().Get("after")
		rest := slices.DeleteFunc(slices.Clone(contacts), func(c json.RawMessage) bool {
			return changed("", c).Before(from) || after != "" && cursor(c) <= after
		})
		page := contactsPage{Contacts: rest[:min(pageSize, len(rest))]}
		if len(rest) > pageSize {
			page.Next = fmt.Sprintf("http://%s/contacts?after=%s", r.Host, url.QueryEscape(cursor(rest[pageSize-1])))
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(page) // whoever asked may be gone
	})
}

func cursor(record json.RawMessage) string {
	var c contact
	_ = json.Unmarshal(record, &c) // our own fixtures
	return strconv.FormatInt(c.Updated.UnixNano(), 10) + "~" + c.ID
}
