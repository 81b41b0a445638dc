package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"tributary/api/problem"
	"tributary/ingest/stream"
	"tributary/profiles/reconcile"
	"tributary/profiles/unify"
)

// Accounts keeps the accounts of sources; reconcile.Service is one.
type Accounts interface {
	Sources(ctx context.Context, s unify.Selection) (*reconcile.Report, error)
	Source(ctx context.Context, s unify.Selection) (source *reconcile.Source, ok bool, err error)
	Expect(ctx context.Context, actor string, k stream.SourceKey, day stream.Day, f reconcile.Figure) error
	Forget(ctx context.Context, actor string, k stream.SourceKey, day stream.Day) error
}

// AccountQuery selects accounts.
type AccountQuery struct {
	Workspace, Source string // empty: all
	Since, Until      string // first and last day, 2006-01-02; empty: open
}

func (q AccountQuery) values() url.Values {
	return url.Values{"workspace": {q.Workspace}, "source": {q.Source}, "since": {q.Since}, "until": {q.Until}}
}

// Selection reads the query; it fails with a problem.Document that names every fault.
func (q AccountQuery) Selection() (unify.Selection, error) {
	sel := unify.Selection{Workspace: q.Workspace, Source: q.Source}
	d := problem.New(problem.Invalid, "")
	for _, f := range []struct {
		name, text string
		day        *stream.Day
	}{{"since", q.Since, &sel.Since}, {"until", q.Until, &sel.Until}} {
		if f.text == "" {
			continue
		}
		var err error
		if *f.day, err = stream.ParseDay(f.text); err != nil {
			d.Errors = append(d.Errors, problem.FieldError{Field: f.name, Reason: err.Error()})
		}
	}
	if len(d.Errors) == 0 && sel.Until > 0 && sel.Until < sel.Since {
		d.Errors = append(d.Errors, problem.FieldError{Field: "until", Reason: "is before since"})
	}
	if len(d.Errors) > 0 {
		return sel, d
	}
	return sel, nil
}

func (h *handlers) reconcile(r *http.Request) (*reconcile.Report, error) {
	v := r.URL.Query()
	sel, err := AccountQuery{v.Get("workspace"), v.Get("source"), v.Get("since"), v.Get("until")}.Selection()
	if err != nil {
		return nil, err
	}
	if sel.Workspace == "" || sel.Source == "" {
		return h.Accounts.Sources(r.Context(), sel)
	}
	source, ok, err := h.Accounts.Source(r.Context(), sel)
	if err == nil && !ok {
		err = problem.New(noSuchSource, "")
	}
	if err != nil {
		return nil, err
	}
	return &reconcile.Report{Sources: []reconcile.Source{*source}}, nil
}

var noSuchSource = problem.Kind{Name: "not-found", Status: http.StatusNotFound, Title: "Nothing was received from such a source of this workspace in that time"}

// Figure is what a source says of a day; without a count what it said is taken back.
type Figure struct {
	Workspace string  `json:"workspace"`
	Source    string  `json:"source"`
	Day       string  `json:"day"`
	Count     *uint64 `json:"count"`
	Note      string  `json:"note,omitempty"`
}

func (h *handlers) expect(r *http.Request) (struct{}, error) {
	var f Figure
	if err := decode(r, &f); err != nil {
		return struct{}{}, err
	}
	day, err := stream.ParseDay(f.Day)
	if err != nil {
		return struct{}{}, problem.Field("day", err.Error())
	}
	key := stream.SourceKey{Workspace: f.Workspace, Source: f.Source}
	if f.Count == nil {
		err = h.Accounts.Forget(r.Context(), "", key, day)
	} else {
		err = h.Accounts.Expect(r.Context(), "", key, day, reconcile.Figure{Count: *f.Count, Note: f.Note})
	}
	if errors.Is(err, reconcile.ErrInvalid) {
		err = problem.New(problem.Invalid, err.Error())
	}
	return struct{}{}, err
}

// Reconcile compares what the log received with what became of it.
func (c *Client) Reconcile(ctx context.Context, q AccountQuery) (*reconcile.Report, error) {
	return call[*reconcile.Report](ctx, c, http.MethodGet, "reconcile", q.values(), nil)
}

// Expect keeps what a source says it sent on a day.
func (c *Client) Expect(ctx context.Context, f Figure) error {
	_, err := call[struct{}](ctx, c, http.MethodPut, "reconcile/expected", nil, f)
	return err
}
