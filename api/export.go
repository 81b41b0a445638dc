package api

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/profiles/export"
	"tributary/profiles/privacy/desk"
)

// Exports gives people what is kept of them; export.Exporter does.
type Exports interface {
	Request(ctx context.Context, r export.Request) (*export.Record, error)
	List(ctx context.Context, workspace string) ([]*export.Record, error)
	Get(ctx context.Context, workspace string, id uuid.UUID) (*export.Record, error)
	Content(ctx context.Context, workspace string, id uuid.UUID, by export.Reader) (*os.File, *export.Record, error)
}

// exportBody says of whom everything is asked for.
type exportBody struct {
	Identifiers []desk.Identifier `json:"identifiers,omitempty"`
	Profile     string            `json:"profile,omitempty"`
	Reason      string            `json:"reason,omitempty"`
}

// exported refuses what is asked of exports where none are made.
func (a *API) exported(f gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		if a.Exports == nil {
			a.fail(c, problem.New(problem.Unavailable, "exports are not made here"))
			return
		}
		if err := newQuery(c).err(); err != nil {
			a.fail(c, err)
			return
		}
		f(c)
	}
}

func (a *API) postExport(c *gin.Context) {
	var body exportBody
	if err := decode(c, &body); err != nil {
		a.fail(c, err)
		return
	}
	named := desk.Body{Identifiers: body.Identifiers, Profile: body.Profile}
	who, err := named.Who()
	if err != nil {
		a.fail(c, err)
		return
	}
	key := keyOf(c)
	record, err := a.Exports.Request(c.Request.Context(), export.Request{
		Workspace: key.Workspace, Who: who, Reason: body.Reason, Actor: key.Actor(),
	})
	if err != nil {
		a.fail(c, err)
		return
	}
	c.Header("Location", "/v1/privacy/exports/"+record.ID.String())
	a.answerAs(c, http.StatusAccepted, record.View())
}

func (a *API) getExports(c *gin.Context) {
	all, err := a.Exports.List(c.Request.Context(), keyOf(c).Workspace)
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, export.ViewsOf(all))
}

func (a *API) getExport(c *gin.Context) {
	id, err := erasureID(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	record, err := a.Exports.Get(c.Request.Context(), keyOf(c).Workspace, id)
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, record.View())
}

// getExportContent answers with the archive, which goes by no policy: its scope is to read everything of somebody.
// The reading is on record before the first byte.
func (a *API) getExportContent(c *gin.Context) {
	id, err := erasureID(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	key := keyOf(c)
	file, record, err := a.Exports.Content(c.Request.Context(), key.Workspace, id, export.Reader{
		Actor: key.Actor(), Purpose: string(key.Purpose), Kind: string(key.Reader),
		Route: c.Request.Method + " " + c.FullPath(), RequestID: c.GetString(requestIDKey),
	})
	if err != nil {
		a.fail(c, err)
		return
	}
	defer file.Close()
	if err := a.noteReading(c); err != nil {
		a.fail(c, err)
		return
	}
	// It is as large as it is: the time that an answer may take does not hold for it.
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Time{})
	c.Header("Content-Type", "application/zip")
	c.Header("Content-Disposition", fmt.Sprintf("attachment; filename=%q", record.ID.String()+".zip"))
	http.ServeContent(c.Writer, c.Request, "", record.ReadyAt, file)
}
