package api

import (
	"errors"
	"strings"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/api/statement"
	"tributary/journeys/analyst"
)

const queryPath = "/v1/query"

// askerOf is on whose behalf a key's statements run.
func askerOf(key *auth.Key) statement.Asker {
	return statement.Asker{Workspace: key.Workspace, Purpose: string(key.Purpose), Kind: string(key.Reader)}
}

func (a *API) postQuery(c *gin.Context) {
	var body statement.Request
	err := decodeAlone(c, &body)
	if err == nil {
		err = body.Validate()
	}
	if err == nil {
		if body.Format == "" {
			body.Format = formatFor(c.GetHeader("Accept"))
		}
		err = a.Queries.Answer(c.Request.Context(), c.Writer, askerOf(keyOf(c)), &body)
	}
	if err != nil {
		a.failStatement(c, err)
	}
}

// failStatement is fail for a statement, which may be asked for again once another one of the workspace ended.
func (a *API) failStatement(c *gin.Context, err error) {
	if errors.Is(err, analyst.ErrBusy) {
		c.Header("Retry-After", retryUnavailable)
	}
	if d := statement.Problem(err); d != nil {
		err = d
	}
	a.fail(c, err)
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
	reader, err := a.Queries.Reader(askerOf(key))
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
