package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/api/statement"
	"tributary/journeys/analyst"
)

const savedRunPath = "/v1/query/saved/:name/run"

// savedBody is a statement that is to be saved under a name.
type savedBody struct {
	Description string               `json:"description,omitempty"`
	SQL         string               `json:"sql"`
	Params      []analyst.SavedParam `json:"params,omitempty"`
}

type newSavedBody struct {
	Name string `json:"name"`
	savedBody
}

func (b *savedBody) named(name string) analyst.Saved {
	return analyst.Saved{Name: name, Description: b.Description, SQL: b.SQL, Params: b.Params}
}

// savedListView are statements, without their text.
type savedListView struct {
	Queries []analyst.Saved `json:"queries"`
}

// savedBy is who saves: the first of the keys that replaced each other.
func savedBy(key *auth.Key) analyst.Author {
	name := key.Actor()
	if key.Chain != "" && key.Session == nil && name == "key:"+key.ID {
		name = "key:" + key.Chain
	}
	return analyst.Author{Name: name, Any: key.May(auth.ScopeAdmin)}
}

func (a *API) postSaved(c *gin.Context) {
	var body newSavedBody
	err := decodeAlone(c, &body)
	var saved *analyst.Saved
	if err == nil {
		saved, err = a.save(c, body.named(body.Name), a.Queries.Saved.Create)
	}
	a.answerSaved(c, http.StatusCreated, saved, err)
}

func (a *API) putSaved(c *gin.Context) {
	var body savedBody
	err := decodeAlone(c, &body)
	var saved *analyst.Saved
	if err == nil {
		saved, err = a.save(c, body.named(c.Param("name")), a.Queries.Saved.Replace)
	}
	a.answerSaved(c, http.StatusOK, saved, err)
}

// saver is Create or Replace of statement.Saved.
type saver = func(ctx context.Context, r *analyst.Reader, by analyst.Author, s analyst.Saved) (*analyst.Saved, error)

func (a *API) save(c *gin.Context, s analyst.Saved, as saver) (*analyst.Saved, error) {
	reader, err := a.Queries.Reader(askerOf(keyOf(c)))
	if err != nil {
		return nil, err
	}
	return as(c.Request.Context(), reader, savedBy(keyOf(c)), s)
}

func (a *API) getSavedList(c *gin.Context) {
	err := newQuery(c).err()
	var list []analyst.Saved
	if err == nil {
		list, err = a.Queries.Saved.List(keyOf(c).Workspace)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, savedListView{append([]analyst.Saved{}, list...)})
}

func (a *API) getSaved(c *gin.Context) {
	err := newQuery(c).err()
	var saved *analyst.Saved
	if err == nil {
		saved, err = a.Queries.Saved.Get(keyOf(c).Workspace, c.Param("name"))
	}
	a.answerSaved(c, http.StatusOK, saved, err)
}

func (a *API) deleteSaved(c *gin.Context) {
	err := newQuery(c).err()
	var saved *analyst.Saved
	if err == nil {
		saved, err = a.Queries.Saved.Delete(c.Request.Context(), keyOf(c).Workspace, savedBy(keyOf(c)), c.Param("name"))
	}
	a.answerSaved(c, http.StatusOK, saved, err)
}

func (a *API) answerSaved(c *gin.Context, status int, saved *analyst.Saved, err error) {
	if err != nil {
		a.failStatement(c, err)
		return
	}
	a.answerAs(c, status, saved)
}

func (a *API) runSaved(c *gin.Context) {
	var run statement.Run
	err := decodeAlone(c, &run)
	if err == nil {
		if run.Format == "" {
			run.Format = formatFor(c.GetHeader("Accept"))
		}
		err = a.Queries.AnswerSaved(c.Request.Context(), c.Writer, askerOf(keyOf(c)), c.Param("name"), run)
	}
	if err != nil {
		a.failStatement(c, err)
	}
}
