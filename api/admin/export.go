package admin

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"

	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/profiles"
	"tributary/profiles/export"
	"tributary/profiles/unify"
)

// Exports gives people what is kept of them; export.Exporter does.
type Exports interface {
	Request(ctx context.Context, r export.Request) (*export.Record, error)
	Get(ctx context.Context, workspace string, id uuid.UUID) (*export.Record, error)
	List(ctx context.Context, workspace string) ([]*export.Record, error)
	Content(ctx context.Context, workspace string, id uuid.UUID, by export.Reader) (*os.File, *export.Record, error)
}

// ExportRequest asks for everything that is kept of somebody.
type ExportRequest struct {
	Address string `json:"address"` // type:value
	Reason  string `json:"reason,omitempty"`
}

func addExports(mux *patterns, h *handlers) {
	handle(mux, h, "POST /admin/v1/exports", h.requestExport)
	handle(mux, h, "GET /admin/v1/exports", h.listExports)
	handle(mux, h, "GET /admin/v1/exports/{id}", h.showExport)
	mux.HandleFunc("GET /admin/v1/exports/{id}/content", h.exportContent)
}

// noExports is told where no exports are made.
func (h *handlers) noExports() error {
	if h.Exports == nil {
		return problem.New(problem.Unavailable, "exports are not made here")
	}
	return nil
}

func (h *handlers) requestExport(r *http.Request) (v export.View, err error) {
	if err := h.noExports(); err != nil {
		return v, err
	}
	var body ExportRequest
	if err := decode(r, &body); err != nil {
		return v, err
	}
	who, err := profiles.ParseAddress(body.Address)
	if err != nil {
		return v, problem.Field("address", "must be type:value, such as email:… or profile:<uuid>")
	}
	record, err := h.Exports.Request(r.Context(), export.Request{
		Workspace: r.URL.Query().Get("workspace"), Who: who, Reason: body.Reason, Actor: actorOf(r),
	})
	if err != nil {
		return v, ofExport(err)
	}
	return record.View(), nil
}

// ofExport makes of an error the problem that it is.
func ofExport(err error) error {
	if d := problem.OfExport(err); d != nil {
		return d
	}
	if d := problem.OfPrivacy(err); d != nil {
		return d
	}
	return ofProfile(err)
}

func actorOf(r *http.Request) string {
	if actor := unify.ByOf(r.Context()).Actor; actor != "" {
		return actor
	}
	return unknownPeer
}

func (h *handlers) listExports(r *http.Request) (v export.Views, err error) {
	if err := h.noExports(); err != nil {
		return v, err
	}
	all, err := h.Exports.List(r.Context(), r.URL.Query().Get("workspace"))
	return export.ViewsOf(all), err
}

func (h *handlers) showExport(r *http.Request) (v export.View, err error) {
	if err := h.noExports(); err != nil {
		return v, err
	}
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return v, problem.Field("id", "is not a UUID")
	}
	record, err := h.Exports.Get(r.Context(), r.URL.Query().Get("workspace"), id)
	if err != nil {
		return v, ofExport(err)
	}
	return record.View(), nil
}

func (h *handlers) exportContent(w http.ResponseWriter, r *http.Request) {
	file, err := h.openExport(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", "application/zip")
	if _, err := io.Copy(w, file); err != nil {
		h.Logger.InfoContext(r.Context(), "an export was not read to its end", slog.Any("error", err))
	}
}

func (h *handlers) openExport(r *http.Request) (*os.File, error) {
	if err := h.noExports(); err != nil {
		return nil, err
	}
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return nil, problem.Field("id", "is not a UUID")
	}
	file, _, err := h.Exports.Content(r.Context(), r.URL.Query().Get("workspace"), id, export.Reader{
		Actor: actorOf(r), Purpose: "operations", Kind: "human", Route: r.Pattern, RequestID: unify.ByOf(r.Context()).RequestID,
	})
	if err != nil {
		return nil, ofExport(err)
	}
	return file, nil
}

// RequestExport asks for everything that is kept of somebody; Export tells when it is ready.
func (c *Client) RequestExport(ctx context.Context, workspace string, r ExportRequest) (export.View, error) {
	return call[export.View](ctx, c, http.MethodPost, "exports", url.Values{"workspace": {workspace}}, r)
}

// Export tells how far an export is.
func (c *Client) Export(ctx context.Context, workspace string, id uuid.UUID) (export.View, error) {
	return call[export.View](ctx, c, http.MethodGet, "exports/"+id.String(), url.Values{"workspace": {workspace}}, nil)
}

// Exports lists the exports of a workspace, the oldest first.
func (c *Client) Exports(ctx context.Context, workspace string) (export.Views, error) {
	return call[export.Views](ctx, c, http.MethodGet, "exports", url.Values{"workspace": {workspace}}, nil)
}

// ExportContent copies the archive of an export that is ready.
func (c *Client) ExportContent(ctx context.Context, workspace string, id uuid.UUID, w io.Writer) error {
	response, err := c.ask(ctx, http.MethodGet, "exports/"+id.String()+"/content", url.Values{"workspace": {workspace}}, http.NoBody)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(w, response.Body); err != nil {
		return fmt.Errorf("read export: %w", err)
	}
	return nil
}
