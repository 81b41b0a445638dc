package admin

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"tributary/api/problem"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// ItemCount is how many items of one kind were received on one UTC day.
type ItemCount struct {
	Day    string `json:"day"`
	Source string `json:"source"`
	Stage  string `json:"stage"`
	Reason string `json:"reason"`
	Status string `json:"status"`
	Items  uint64 `json:"items"`
}

func (h *handlers) countItems(r *http.Request) ([]ItemCount, error) {
	q, err := itemQuery(r.URL.Query())
	if err != nil {
		return nil, err
	}
	groups, err := h.Quarantine.CountItems(q)
	if err != nil {
		return nil, err
	}
	counts := []ItemCount{}
	for g, n := range groups {
		counts = append(counts, ItemCount{g.Day.String(), g.Source, g.Stage, g.Reason, string(g.Status), n})
	}
	slices.SortFunc(counts, func(a, b ItemCount) int {
		return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(a.Source, b.Source), cmp.Compare(b.Items, a.Items),
			cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Status, b.Status))
	})
	return counts, nil
}

// MaxPlaces is how many items one request may change.
const MaxPlaces = 1000

// Places names items of a workspace.
type Places struct {
	Workspace string   `json:"workspace"`
	Places    []string `json:"places"`
}

// Change is what becomes of an item.
type Change struct {
	Place  string `json:"place"`
	Source string `json:"source"`
	Reason string `json:"reason"` // for which it was quarantined
	// Now is what became of it, or would: stored, duplicate, replayed, discarded, or quarantined.
	Now string `json:"now"`
	// NowReason is why it stays in the quarantine, or is a duplicate: a machine name.
	NowReason string `json:"now_reason,omitempty"`
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
	if len(p.Places) > MaxPlaces {
		return "", nil, problem.Field("places", fmt.Sprintf("may be %d", MaxPlaces))
	}
	var items []*state.Item
	for i, text := range p.Places {
		place, err := ParsePlace(text)
		if err != nil {
			return "", nil, problem.Field(fmt.Sprintf("places[%d]", i), "must be partition-offset-ordinal, such as 3-1024-0")
		}
		item, found, err := h.Quarantine.Item(p.Workspace, place.Position, place.Ordinal)
		if err != nil {
			return "", nil, err
		}
		if found && item.Status == state.StatusOpen {
			items = append(items, item)
		}
	}
	return p.Workspace, items, nil
}

func changeOf(i *state.Item) Change {
	return Change{Place: Place{i.Position, i.Ordinal}.String(), Source: i.Source, Reason: i.Reason}
}

// rehearseItems tells what replaying items would come to.
func (h *handlers) rehearseItems(r *http.Request) ([]Change, error) {
	_, items, err := h.open(r)
	if err != nil {
		return nil, err
	}
	would, err := h.Commands.Worker.Rehearse(r.Context(), items)
	if err != nil {
		return nil, err
	}
	changes := []Change{}
	for n, i := range items {
		c := changeOf(i)
		c.Now, c.NowReason = would[n].Outcome.String(), would[n].Reason
		changes = append(changes, c)
	}
	return changes, nil
}

func (h *handlers) replayItems(r *http.Request) ([]Change, error) {
	return h.changeItems(r, replayable, func(i *state.Item) unify.Command { return replayOf(i, nil) })
}

func (h *handlers) discardItems(r *http.Request) ([]Change, error) {
	return h.changeItems(r, func(*state.Item) bool { return true }, discardOf)
}

// changeItems gives a command about each item that can have it, and tells what became of all.
func (h *handlers) changeItems(r *http.Request, can func(*state.Item) bool, command func(*state.Item) unify.Command) ([]Change, error) {
	workspace, items, err := h.open(r)
	if err != nil {
		return nil, err
	}
	var commands []unify.Command
	for _, i := range items {
		if can(i) {
			commands = append(commands, command(i))
		}
	}
	if err := h.Commands.DoAll(r.Context(), workspace, commands); err != nil {
		return nil, err
	}
	changes := []Change{}
	for _, i := range items {
		c := changeOf(i)
		c.Now, c.NowReason = state.Quarantined.String(), "not_replayable"
		if can(i) {
			now, found, err := h.Quarantine.Item(workspace, i.Position, i.Ordinal)
			if err == nil && !found {
				err = fmt.Errorf("quarantined item %s is gone", c.Place) // an item is never deleted
			}
			if err != nil {
				return nil, err
			}
			if c.Now, c.NowReason = string(now.Status), ""; now.Status == state.StatusOpen {
				c.Now, c.NowReason = state.Quarantined.String(), now.Reason
			}
		}
		changes = append(changes, c)
	}
	return changes, nil
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
