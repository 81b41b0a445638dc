package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/quarantine"
	"tributary/profiles/state"
)

// noSuchItem is the problem of a place at which nothing is quarantined.
var noSuchItem = problem.Kind{Name: problem.NotFound.Name, Status: http.StatusNotFound, Title: "There is no such quarantined item in this workspace"}

// quarantinedView is a quarantined item without anything that may be somebody's.
type quarantinedView struct {
	Place      string    `json:"place" policy:"meta"`
	Source     string    `json:"source" policy:"meta"`
	Kind       string    `json:"kind" policy:"meta"`
	Stage      string    `json:"stage" policy:"meta"`
	Reason     string    `json:"reason" policy:"meta"`
	Field      string    `json:"field,omitempty" policy:"meta"`
	Status     string    `json:"status" policy:"meta"`
	ReceivedAt time.Time `json:"received_at" policy:"meta"`
	ChangedAt  time.Time `json:"changed_at" policy:"meta"`
	// Replayable: it can be replayed as it is. Otherwise a correction can take its place, or it is discarded.
	Replayable bool `json:"replayable" policy:"meta"`
}

type quarantineView struct {
	Items []quarantinedView `json:"items"`
	Next  string            `json:"next,omitempty"`
}

type quarantineCountsView struct {
	Counts []quarantine.Count `json:"counts"`
}

// quarantineChangeBody selects items: by their places, or all open ones that fit, a page at a time.
type quarantineChangeBody struct {
	Places []string          `json:"places,omitempty"`
	Select *quarantineSelect `json:"select,omitempty"`
	After  string            `json:"after,omitempty"`
	Limit  int               `json:"limit,omitempty"`
}

// quarantineSelect fits items; of what is left out all fit.
type quarantineSelect struct {
	Source string    `json:"source,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"`
}

// quarantineChangesView says what became of items, or would.
type quarantineChangesView struct {
	Items   int                 `json:"items"`
	Sums    []quarantine.Sum    `json:"sums"`
	Changes []quarantine.Change `json:"changes"`
	Next    string              `json:"next,omitempty"`
}

func newQuarantined(i *state.Item) quarantinedView {
	return quarantinedView{
		Place: quarantine.PlaceOf(i).String(), Source: i.Source, Kind: kindOf(i.Kind), Stage: i.Stage, Reason: i.Reason,
		Field: quarantine.PlainPath(i.Field), Status: string(i.Status), ReceivedAt: i.ReceivedAt, ChangedAt: i.ChangedAt,
		Replayable: i.Status == state.StatusOpen && quarantine.Replayable(i),
	}
}

// kindOf says what was put aside: an event, a part of a delivery that was none, or something of our own.
func kindOf(k stream.Kind) string {
	switch k {
	case stream.KindEvent:
		return "event"
	case stream.KindRejected:
		return "rejected"
	default:
		return "command"
	}
}

// items reads which items are asked for.
func (q *query) items(workspace string) state.ItemQuery {
	sel := state.ItemQuery{
		Workspace: workspace, Source: q.text("source"), Reason: q.text("reason"), Status: state.Status(q.text("status")),
		Since: q.time("since"), Until: q.time("until"),
	}
	statuses := []state.Status{"", state.StatusOpen, state.StatusReplayed, state.StatusDiscarded, state.StatusErased}
	if !slices.Contains(statuses, sel.Status) {
		q.fault("status", "must be open, replayed, discarded or erased")
	}
	return sel
}

// page reads which page of items is asked for.
func (q *query) page(sel *state.ItemQuery) {
	sel.Limit = q.number("limit", 1, quarantine.MaxPlaces)
	after := q.text("after")
	if after == "" {
		return
	}
	place, err := quarantine.ParsePlace(after)
	if err != nil {
		q.fault("after", err.Error())
	}
	sel.After = &state.Item{Position: place.Position, Ordinal: place.Ordinal}
}

func (a *API) getQuarantine(c *gin.Context) {
	q := newQuery(c)
	sel := q.items(keyOf(c).Workspace)
	q.page(&sel)
	err := q.err()
	var items []*state.Item
	var next *quarantine.Place
	if err == nil {
		items, next, err = a.Quarantine.List(sel)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	view := quarantineView{Items: []quarantinedView{}}
	for _, i := range items {
		view.Items = append(view.Items, newQuarantined(i))
	}
	if next != nil {
		view.Next = next.String()
	}
	a.answer(c, view)
}

func (a *API) getQuarantineCounts(c *gin.Context) {
	q := newQuery(c)
	sel := q.items(keyOf(c).Workspace)
	err := q.err()
	var counts []quarantine.Count
	if err == nil {
		counts, err = a.Quarantine.Counts(sel)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, quarantineCountsView{counts})
}

// quarantineStep does something with open items and tells what becomes of each.
type quarantineStep func(ctx context.Context, workspace string, items []*state.Item) ([]quarantine.Change, error)

// overQuarantine answers a request about many items.
func (a *API) overQuarantine(step quarantineStep) gin.HandlerFunc {
	return func(c *gin.Context) {
		var body quarantineChangeBody
		workspace := keyOf(c).Workspace
		view := quarantineChangesView{Changes: []quarantine.Change{}}
		err := decodeAlone(c, &body)
		var items []*state.Item
		if err == nil {
			items, view.Next, err = a.chosen(workspace, &body)
		}
		if err == nil && len(items) > 0 {
			view.Changes, err = step(c.Request.Context(), workspace, items)
		}
		if err != nil {
			a.fail(c, quarantineProblem(err))
			return
		}
		var sums quarantine.Summary
		sums.Add(view.Changes)
		view.Items, view.Sums = sums.Items, sums.Sums()
		a.answer(c, view)
	}
}

// chosen are the open items that a request is about, and where its next page begins.
func (a *API) chosen(workspace string, b *quarantineChangeBody) (items []*state.Item, next string, err error) {
	sel, err := b.selection(workspace)
	if err != nil {
		return nil, "", err
	}
	if b.Select == nil {
		places, err := quarantine.ParsePlaces(b.Places)
		if err != nil {
			return nil, "", err
		}
		items, err = a.Quarantine.Open(workspace, places)
		return items, "", err
	}
	listed, after, err := a.Quarantine.List(sel)
	if err != nil {
		return nil, "", err
	}
	if after != nil {
		next = after.String()
	}
	places := make([]quarantine.Place, len(listed))
	for i, item := range listed {
		places[i] = quarantine.PlaceOf(item)
	}
	items, err = a.Quarantine.Open(workspace, places) // with their payloads
	return items, next, err
}

// selection checks a request and reads what it selects. It reports every fault.
func (b *quarantineChangeBody) selection(workspace string) (state.ItemQuery, error) {
	var faults event.Errors
	if (b.Select == nil) == (b.Places == nil) {
		faults.Add("places", "either places are given, or select")
	}
	if b.Select == nil && (b.After != "" || b.Limit != 0) {
		faults.Add("after", "goes with select, as limit does")
	}
	if b.Limit < 0 || b.Limit > quarantine.MaxPlaces {
		faults.Add("limit", "must be from 1 to 1000")
	}
	sel := state.ItemQuery{Workspace: workspace, Status: state.StatusOpen, Limit: b.Limit}
	if sel.Limit == 0 {
		sel.Limit = quarantine.MaxPlaces
	}
	if b.After != "" {
		place, err := quarantine.ParsePlace(b.After)
		if err != nil {
			faults.Add("after", err.Error())
		}
		sel.After = &state.Item{Position: place.Position, Ordinal: place.Ordinal}
	}
	if s := b.Select; s != nil {
		sel.Source, sel.Reason, sel.Since, sel.Until = s.Source, s.Reason, s.Since, s.Until
		if !s.Until.IsZero() && !s.Since.Before(s.Until) {
			faults.Add("select.until", "must be after since")
		}
	}
	if len(faults) > 0 {
		return sel, faults
	}
	return sel, nil
}

// rehearse is a step that changes nothing.
func (a *API) rehearse(ctx context.Context, _ string, items []*state.Item) ([]quarantine.Change, error) {
	return a.Quarantine.Rehearse(ctx, items)
}

// quarantineProblem is what an error of the quarantine's desk means to a client.
func quarantineProblem(err error) error {
	var conflict *quarantine.ConflictError
	switch {
	case errors.Is(err, quarantine.ErrUnknown):
		return problem.New(noSuchItem, "")
	case errors.As(err, &conflict):
		return problem.New(problem.Conflict, conflict.Why)
	}
	if d := problem.OfFaults(err); d != nil {
		return d
	}
	return err
}
