package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"tributary/api/problem"
	"tributary/profiles/quarantine"
	"tributary/profiles/state"
)

// What the desk of the quarantine answers.
type (
	// ItemCount is how many items are alike.
	ItemCount = quarantine.Count
	// Change is what became of an item, or would.
	Change = quarantine.Change
)

// MaxPlaces is how many items one request may change.
const MaxPlaces = quarantine.MaxPlaces

// Places names items of a workspace.
type Places struct {
	Workspace string   `json:"workspace"`
	Places    []string `json:"places"`
}

func (h *handlers) countItems(r *http.Request) ([]ItemCount, error) {
	q, err := itemQuery(r.URL.Query())
	if err != nil {
		return nil, err
	}
	return h.desk.Counts(q)
}

// open reads the items of a request that are open; what is not any more has been dealt with.
func (h *handlers) open(r *http.Request) (string, []*state.Item, error) {
	var p Places
	if err := decode(r, &p); err != nil {
		return "", nil, err
	}
	if p.Workspace == "" {
		return "", nil, problem.Field("workspace", "is required")
	}
	places, err := quarantine.ParsePlaces(p.Places)
	if err != nil {
		return "", nil, err
	}
	items, err := h.desk.Open(p.Workspace, places)
	return p.Workspace, items, err
}

// rehearseItems tells what replaying items would come to.
func (h *handlers) rehearseItems(r *http.Request) ([]Change, error) {
	_, items, err := h.open(r)
	if err != nil {
		return nil, err
	}
	return h.desk.Rehearse(r.Context(), items)
}

func (h *handlers) replayItems(r *http.Request) ([]Change, error) {
	workspace, items, err := h.open(r)
	if err != nil {
		return nil, err
	}
	return h.desk.Replay(r.Context(), workspace, items)
}

func (h *handlers) discardItems(r *http.Request) ([]Change, error) {
	workspace, items, err := h.open(r)
	if err != nil {
		return nil, err
	}
	return h.desk.Discard(r.Context(), workspace, items)
}

// ItemQuery selects quarantined items of one workspace.
type ItemQuery struct {
	Workspace              string
	Source, Reason, Status string    // empty: all
	Since, Until           time.Time // received from Since on and before Until; zero: open
	After                  string    // Items.Next of the page before
	Limit                  int       // 0: 100
}

func (q *ItemQuery) values() url.Values {
	values := url.Values{"workspace": {q.Workspace}, "source": {q.Source}, "reason": {q.Reason}, "status": {q.Status}, "after": {q.After}}
	for name, t := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !t.IsZero() {
			values.Set(name, t.UTC().Format(time.RFC3339Nano))
		}
	}
	if q.Limit > 0 {
		values.Set("limit", fmt.Sprint(q.Limit))
	}
	return values
}

// ListItems lists quarantined items.
func (c *Client) ListItems(ctx context.Context, q ItemQuery) (Items, error) {
	return call[Items](ctx, c, http.MethodGet, "quarantine", q.values(), nil)
}

// CountItems counts quarantined items by day, source, reason and status, the newest day first.
func (c *Client) CountItems(ctx context.Context, q ItemQuery) ([]ItemCount, error) {
	return call[[]ItemCount](ctx, c, http.MethodGet, "quarantine-counts", q.values(), nil)
}

// RehearseItems tells what replaying items would come to; at most MaxPlaces.
func (c *Client) RehearseItems(ctx context.Context, p Places) ([]Change, error) {
	return call[[]Change](ctx, c, http.MethodPost, "quarantine-rehearse", nil, p)
}

// ReplayItems has items processed again, as they are; at most MaxPlaces. It may be repeated.
func (c *Client) ReplayItems(ctx context.Context, p Places) ([]Change, error) {
	return call[[]Change](ctx, c, http.MethodPost, "quarantine-replay", nil, p)
}

// DiscardItems closes items for good; at most MaxPlaces. It may be repeated.
func (c *Client) DiscardItems(ctx context.Context, p Places) ([]Change, error) {
	return call[[]Change](ctx, c, http.MethodPost, "quarantine-discard", nil, p)
}
