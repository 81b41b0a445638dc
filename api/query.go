package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/journeys/analyst"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// Queries runs analysts' statements; analyst.Service does.
type Queries interface {
	Run(ctx context.Context, r *analyst.Reader, sql string, params map[string]any) (*analyst.Result, error)
}

// Restricted knows whose use is restricted; state.Store does.
type Restricted interface {
	RestrictedObservations(workspace string) []identity.ObservationID
}

const queryPath = "/v1/query"

// queryBody is a statement with its parameters.
type queryBody struct {
	SQL    string      `json:"sql"`
	Params queryParams `json:"params,omitempty"`
	// Format is how the rows are written; without it Accept says so.
	Format analyst.Format `json:"format,omitempty"`
	// MaxRows bounds an answer in JSON, which says whether it was cut.
	MaxRows uint64 `json:"max_rows,omitempty"`
}

// queryParams keep every digit of a number.
type queryParams map[string]any

// UnmarshalJSON implements json.Unmarshaler.
func (p *queryParams) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode((*map[string]any)(p))
}

const (
	defaultQueryRows = 10_000
	maxQueryRows     = 100_000
	// maxQueryTime is how long an answer may take to be written, beyond the statement's own limit.
	maxQueryTime = 3 * time.Minute
)

func (a *API) postQuery(c *gin.Context) {
	var body queryBody
	if err := decodeAlone(c, &body); err != nil {
		a.fail(c, err)
		return
	}
	if err := body.validate(); err != nil {
		a.fail(c, ofReport(err))
		return
	}
	if body.Format == "" {
		body.Format = formatFor(c.GetHeader("Accept"))
	}
	if err := a.query(c, &body); err != nil {
		a.fail(c, ofReport(err))
	}
}

func (b *queryBody) validate() error {
	var faults event.Errors
	if strings.TrimSpace(b.SQL) == "" {
		faults.Add("sql", "is required")
	}
	if b.Format != "" && !b.Format.Known() {
		faults.Add("format", fmt.Sprintf("must be one of %v", analyst.Formats()))
	}
	if b.MaxRows > maxQueryRows {
		faults.Add("max_rows", fmt.Sprintf("must be 1 to %d; CSV, Arrow and Parquet have no such bound", maxQueryRows))
	}
	return faults.Err()
}

// formatFor is the format that a client accepts; JSON unless it names another.
func formatFor(accept string) analyst.Format {
	for _, f := range analyst.Formats() {
		media, _, _ := strings.Cut(f.MediaType(), ";")
		if strings.Contains(accept, media) {
			return f
		}
	}
	return analyst.FormatJSON
}

// query runs a statement and writes its rows. That it was run is on record before.
func (a *API) query(c *gin.Context, body *queryBody) error {
	if a.Queries == nil {
		return problem.New(problem.Unavailable, "statements are not run here")
	}
	reader, err := a.analystOf(keyOf(c))
	if err != nil {
		return err
	}
	if err := a.noteQuery(c, body.SQL); err != nil {
		return err
	}
	result, err := a.Queries.Run(c.Request.Context(), reader, body.SQL, body.Params)
	if err != nil {
		return err
	}
	defer result.Close()
	most := uint64(0)
	if body.Format == analyst.FormatJSON {
		if most = body.MaxRows; most == 0 {
			most = defaultQueryRows
		}
	}
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(maxQueryTime))
	out := &lateWriter{c: c, media: body.Format.MediaType()}
	if err := result.Write(out, body.Format, most); err != nil {
		if !out.sent {
			return err
		}
		a.Logger.WarnContext(c.Request.Context(), "an answer to a statement broke off",
			slog.String("request_id", c.GetString(requestIDKey)), slog.Uint64("rows", result.Rows()))
		panic(http.ErrAbortHandler) // what was sent must not look whole
	}
	return out.flush()
}

// lateWriter keeps the first bytes of an answer back, so that what goes wrong at once is still a problem document.
type lateWriter struct {
	c     *gin.Context
	media string
	held  bytes.Buffer
	sent  bool
}

const heldBytes = 64 << 10

// Write implements io.Writer.
func (w *lateWriter) Write(p []byte) (int, error) {
	if w.sent {
		return w.c.Writer.Write(p)
	}
	n, _ := w.held.Write(p)
	if w.held.Len() < heldBytes {
		return n, nil
	}
	return n, w.flush()
}

func (w *lateWriter) flush() error {
	if w.sent {
		return nil
	}
	w.sent = true
	w.c.Header("Content-Type", w.media)
	w.c.Status(http.StatusOK)
	_, err := w.c.Writer.Write(w.held.Bytes())
	w.held = bytes.Buffer{}
	return err
}

// noteQuery puts on record that a statement is run: by the hash of its text, which may hold values of customers.
func (a *API) noteQuery(c *gin.Context, sql string) error {
	sum := sha256.Sum256([]byte(sql))
	err := a.Notes.Note(c.Request.Context(), keyOf(c).Workspace, unify.AuditNote{
		Action: "query", SubjectKind: "statement", Subject: "sha256:" + hex.EncodeToString(sum[:16]), Outcome: store.AuditDone,
	})
	if err != nil {
		a.Logger.ErrorContext(c.Request.Context(), "a statement is not in the audit trail",
			slog.String("request_id", c.GetString(requestIDKey)), slog.Any("error", err))
		return problem.New(problem.Unavailable, "the reading cannot be recorded now, and nothing is told without that")
	}
	return nil
}

// analystOf is what a key's purpose and kind of reader see in views: of everybody, so at the lowest level of
// verification, and without anybody's consent. What would be masked is not there, for a mask is made for an answer's
// fields, and a statement's answer is of any form.
func (a *API) analystOf(key *auth.Key) (*analyst.Reader, error) {
	p, err := a.Policies.For(key.Workspace)
	if err != nil {
		return nil, err
	}
	reader := &policy.Reader{Policy: p, Purpose: string(key.Purpose), Kind: string(key.Reader), Level: policy.Claimed, Now: a.Now()}
	r := &analyst.Reader{Workspace: key.Workspace, Classes: p.Classes(), Shows: func(class string) bool {
		_, why := reader.Gate(class)
		return why == nil && p.Rule(string(key.Purpose), string(key.Reader), class).Limit == 0
	}}
	for _, class := range r.Classes {
		if since, why := reader.Gate(class); why == nil && since.After(r.Since) {
			r.Since = since
		}
	}
	if a.Restricted != nil {
		r.Restricted = a.Restricted.RestrictedObservations(key.Workspace)
	}
	return r, nil
}

// queryViewsView says what statements may read and call.
type queryViewsView struct {
	Purpose   string              `json:"purpose"`
	Reader    string              `json:"reader"`
	Views     []queryViewView     `json:"views"`
	Functions map[string][]string `json:"functions"`
}

type queryViewView struct {
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Columns     []queryColumnView `json:"columns"`
}

type queryColumnView struct {
	analyst.Column
	// Shown: the key's purpose and kind of reader may see it.
	Shown bool `json:"shown"`
}

func (a *API) getQueryViews(c *gin.Context) {
	if err := newQuery(c).err(); err != nil {
		a.fail(c, err)
		return
	}
	key := keyOf(c)
	reader, err := a.analystOf(key)
	if err != nil {
		a.fail(c, err)
		return
	}
	view := queryViewsView{Purpose: string(key.Purpose), Reader: string(key.Reader), Functions: analyst.Functions()}
	for _, v := range analyst.Views() {
		one := queryViewView{Name: v.Name, Description: v.Description}
		for _, column := range v.Columns {
			one.Columns = append(one.Columns, queryColumnView{column, reader.Sees(column.Class)})
		}
		view.Views = append(view.Views, one)
	}
	a.answer(c, view)
}

// queryProblem says what an error of a statement means; nil if it is none.
func queryProblem(err error) *problem.Document {
	var fault *analyst.Fault
	var engine *analyst.EngineError
	switch {
	case errors.As(err, &fault):
		return problem.Field("sql", fault.Error())
	case errors.As(err, &engine):
		return problem.Field("sql", engine.Reason)
	case errors.Is(err, analyst.ErrTooMuch):
		return problem.Field("sql", "reads, makes or returns more than a statement may, or takes too long: "+tooMuch(err))
	case errors.Is(err, analyst.ErrBusy):
		return problem.New(problem.RateLimited, "the workspace runs as many statements as it may at a time")
	case errors.Is(err, analyst.ErrUnavailable):
		return problem.New(problem.Unavailable, "the analytics store does not answer")
	}
	return nil
}

// tooMuch is the engine's name for the limit.
func tooMuch(err error) string {
	_, name, _ := strings.Cut(err.Error(), analyst.ErrTooMuch.Error()+": ")
	return name
}
