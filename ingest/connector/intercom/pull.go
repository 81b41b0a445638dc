package intercom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
)

// version is the version of the API whose forms are read here.
const version = "2.14"

// The streams in the order in which they are pulled: people before what they did.
const (
	streamContacts      = "contacts"
	streamConversations = "conversations"
)

type puller struct {
	mapper
	api *connector.API
}

func newPuller(cfg connector.Config) (connector.Puller, error) {
	if !cfg.Has("access_token") {
		return nil, nil
	}
	api, err := cfg.API(cfg.Text("base_url"), func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+cfg.Text("access_token"))
		r.Header.Set("Intercom-Version", version)
	})
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	return &puller{mapper: mapper{cfg}, api: api}, nil
}

// checkpoint is where each stream stands, and which is next.
type checkpoint struct {
	Next          string `json:"next,omitempty"`
	Contacts      *round `json:"contacts,omitempty"`
	Conversations *round `json:"conversations,omitempty"`
}

// round is one going-through of all that changed since a second. The next begins where this began, and
// so nothing that changed meanwhile is missed, wherever it stood in the pages.
type round struct {
	From    int64  `json:"from"`
	Started int64  `json:"started,omitempty"`
	Cursor  string `json:"cursor,omitempty"`
	// Later is true from the second round on: then conversations give what is new in them, before that
	// all.
	Later bool `json:"later,omitempty"`
}

// overlap is how late a change may show in searches. What comes twice has the same message id.
const overlap = 5 * time.Minute

// begin notes when a round began, unless it goes on.
func (r *round) begin(now time.Time) {
	if r.Cursor == "" {
		r.Started = now.Add(-overlap).Unix()
	}
}

// next goes to the next page, or to the next round, which it says.
func (r *round) next(cursor string) (done bool) {
	if cursor != "" && cursor != r.Cursor {
		r.Cursor = cursor
		return false
	}
	*r = round{From: max(r.From, r.Started), Later: true}
	return true
}

// after is since when parts are new.
func (r *round) after() time.Time {
	if !r.Later {
		return time.Time{}
	}
	return time.Unix(r.From, 0)
}

// Pull fetches the next page of contacts or of conversations.
func (p *puller) Pull(ctx context.Context, from connector.Position) (connector.Page, error) {
	var at checkpoint
	if len(from.Checkpoint) > 0 {
		if err := json.Unmarshal(from.Checkpoint, &at); err != nil {
			return connector.Page{}, fmt.Errorf("checkpoint: %w", err)
		}
	}
	begin := &round{}
	if !from.Since.IsZero() {
		begin.From = max(0, from.Since.Unix())
	}
	if at.Contacts == nil {
		at.Contacts = begin
	}
	if at.Conversations == nil {
		again := *begin
		at.Conversations = &again
	}
	var page connector.Page
	switch at.Next {
	case "", streamContacts:
		done, err := p.contacts(ctx, at.Contacts, &page.Batch)
		if err != nil {
			return connector.Page{}, fmt.Errorf("contacts: %w", err)
		}
		page.More = true
		if done {
			at.Next = streamConversations
		}
	default:
		done, err := p.conversations(ctx, at.Conversations, &page.Batch)
		if err != nil {
			return connector.Page{}, fmt.Errorf("conversations: %w", err)
		}
		page.More = !done
		if done {
			at.Next = streamContacts
		}
	}
	page.Checkpoint = connector.JSON(at)
	return page, nil
}

// answer is a page of search results.
type answer struct {
	Contacts      []raw `json:"data"`
	Conversations []raw `json:"conversations"`
	Pages         struct {
		Next struct {
			StartingAfter string `json:"starting_after"`
		} `json:"next"`
	} `json:"pages"`
}

// day is taken off the time that is asked for, where search compares days.
const day = 24 * 60 * 60

func (p *puller) search(ctx context.Context, path string, r *round, perPage int) (*answer, error) {
	pagination := map[string]any{"per_page": perPage}
	if r.Cursor != "" {
		pagination["starting_after"] = r.Cursor
	}
	body := map[string]any{
		"query":      map[string]any{"field": "updated_at", "operator": ">", "value": max(0, r.From-day)},
		"sort":       map[string]any{"field": "updated_at", "order": "ascending"},
		"pagination": pagination,
	}
	var a answer
	return &a, p.api.Do(ctx, http.MethodPost, path, nil, body, &a)
}

func (p *puller) contacts(ctx context.Context, r *round, b *connector.Batch) (done bool, err error) {
	r.begin(p.cfg.Now())
	a, err := p.search(ctx, "/contacts/search", r, 150)
	if err != nil {
		return false, err
	}
	for _, text := range a.Contacts {
		var c contact
		if err := field.Decode(text, &c); err != nil || c.ID == "" {
			b.Reject("", wrong[contact](text), field.Wrong, text)
			continue
		}
		if at := c.UpdatedAt.Time(); at.IsZero() || at.Unix() >= r.From {
			b.Add(p.record(&c, "", false, text))
		}
	}
	return r.next(a.Pages.Next.StartingAfter), nil
}

// conversations are found by search, without their parts, and then fetched one by one.
func (p *puller) conversations(ctx context.Context, r *round, b *connector.Batch) (done bool, err error) {
	r.begin(p.cfg.Now())
	a, err := p.search(ctx, "/conversations/search", r, 20)
	if err != nil {
		return false, err
	}
	for _, text := range a.Conversations {
		c, err := readConversation(text)
		if err != nil || c.ID == "" {
			b.Reject("", wrong[conversation](text), field.Wrong, text)
			continue
		}
		if at := c.UpdatedAt.Time(); !at.IsZero() && at.Unix() < r.From {
			continue
		}
		if err := p.conversation(ctx, c, text, r.after(), b); err != nil {
			return false, err
		}
	}
	return r.next(a.Pages.Next.StartingAfter), nil
}

// conversation maps a conversation with its parts. One that was deleted meanwhile is what search told.
func (p *puller) conversation(ctx context.Context, found *conversation, text []byte, after time.Time, b *connector.Batch) error {
	whole := found
	var answer raw
	err := p.api.Get(ctx, "/conversations/"+url.PathEscape(string(found.ID)), nil, &answer)
	var status *connector.StatusError
	switch {
	case errors.As(err, &status) && status.Status == http.StatusNotFound:
	case err != nil:
		return err
	default:
		if c, err := readConversation(answer); err == nil && c.ID == found.ID {
			whole = c
		} else {
			b.Reject("", wrong[conversation](answer), field.Wrong, answer)
		}
	}
	if whole != found && whole.Parts.List == nil {
		b.Reject("", "conversation_parts", field.Wrong, answer)
	}
	if at := whole.CreatedAt.Time(); at.IsZero() || !at.Before(after) {
		p.opening(whole, text, b)
	}
	for _, part := range whole.Parts.List {
		p.part(whole, part, nil, after, b)
	}
	p.answered(whole, after, b)
	p.handedOff(whole, after, b)
	p.rated(whole, after, nil, b)
	state := p.event(whole, "conversation:"+string(whole.ID)+":state:"+string(found.UpdatedAt), p.cfg.Free("conversation"),
		&author{}, found.UpdatedAt.Time(), text)
	state.CX.AuthorRole = ""
	b.Add(state)
	return nil
}
