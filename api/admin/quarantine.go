package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tributary/api/problem"
	"tributary/profiles/quarantine"
	"tributary/profiles/state"
)

// Item is a quarantined item as the socket tells of it.
type Item struct {
	Place     string `json:"place"`
	Workspace string `json:"workspace"`
	Source    string `json:"source"`
	MessageID string `json:"message_id,omitempty"`
	Stage     string `json:"stage"`  // who refused it
	Reason    string `json:"reason"` // machine name
	Field     string `json:"field,omitempty"`
	Detail    string `json:"detail,omitempty"`
	Status    string `json:"status"`
	// Payload is what was received, as text; in a list it is left out.
	Payload    string    `json:"payload,omitempty"`
	ReceivedAt time.Time `json:"received_at"`
	ChangedAt  time.Time `json:"changed_at"`
}

func newItem(i *state.Item, payload bool) Item {
	v := Item{
		Place: quarantine.PlaceOf(i).String(), Workspace: i.Workspace, Source: i.Source, MessageID: i.MessageID,
		Stage: i.Stage, Reason: i.Reason, Field: i.Field, Detail: i.Detail, Status: string(i.Status),
		ReceivedAt: i.ReceivedAt, ChangedAt: i.ChangedAt,
	}
	if payload {
		v.Payload = string(i.Payload)
	}
	return v
}

// Place names a quarantined item: "partition-offset-ordinal".
type Place = quarantine.Place

// ParsePlace parses what Place.String returns.
func ParsePlace(s string) (Place, error) {
	p, err := quarantine.ParsePlace(s)
	if err != nil {
		return p, problem.Field("place", err.Error())
	}
	return p, nil
}

// Items is a page of quarantined items.
type Items struct {
	Items []Item `json:"items"`
	// Next is what After has to be for the next page; empty: there is none.
	Next string `json:"next,omitempty"`
}

// itemQuery reads which items are asked for.
func itemQuery(values url.Values) (q state.ItemQuery, err error) {
	q = state.ItemQuery{
		Workspace: values.Get("workspace"), Source: values.Get("source"), Reason: values.Get("reason"),
		Status: state.Status(values.Get("status")), Limit: quarantine.DefaultLimit,
	}
	if q.Workspace == "" {
		return q, problem.Field("workspace", "is required")
	}
	switch q.Status {
	case "", state.StatusOpen, state.StatusReplayed, state.StatusDiscarded:
	default:
		return q, problem.Field("status", "must be open, replayed or discarded")
	}
	for name, t := range map[string]*time.Time{"since": &q.Since, "until": &q.Until} {
		if text := values.Get(name); text != "" {
			if *t, err = time.Parse(time.RFC3339, text); err != nil {
				return q, problem.Field(name, "must be a time in the form of RFC 3339")
			}
		}
	}
	if text := values.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > quarantine.MaxPlaces {
			return q, problem.Field("limit", fmt.Sprintf("must be a number from 1 to %d", quarantine.MaxPlaces))
		}
		q.Limit = n
	}
	if text := values.Get("after"); text != "" {
		place, err := ParsePlace(text)
		if err != nil {
			return q, problem.Field("after", "must be a place, such as 3-1024-0")
		}
		q.After = &state.Item{Position: place.Position, Ordinal: place.Ordinal}
	}
	return q, nil
}

func (h *handlers) listItems(r *http.Request) (Items, error) {
	q, err := itemQuery(r.URL.Query())
	if err != nil {
		return Items{}, err
	}
	found, next, err := h.desk.List(q)
	if err != nil {
		return Items{}, err
	}
	page := Items{Items: []Item{}}
	for _, i := range found {
		page.Items = append(page.Items, newItem(i, false))
	}
	if next != nil {
		page.Next = next.String()
	}
	return page, nil
}

func (h *handlers) item(r *http.Request) (*state.Item, error) {
	place, err := ParsePlace(r.PathValue("place"))
	if err != nil {
		return nil, err
	}
	workspace := r.URL.Query().Get("workspace")
	if workspace == "" {
		return nil, problem.Field("workspace", "is required")
	}
	return h.desk.Item(workspace, place)
}

func (h *handlers) showItem(r *http.Request) (Item, error) {
	item, err := h.item(r)
	return h.shown(r, item, err)
}

// shown is an item with its payload, once it is on record that it was shown.
func (h *handlers) shown(r *http.Request, item *state.Item, err error) (Item, error) {
	if err == nil {
		err = h.Commands.Note(r.Context(), item.Workspace, quarantine.Shown(item))
	}
	if err != nil {
		return Item{}, err
	}
	return newItem(item, true), nil
}
