package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/profiles/analysis"
	"tributary/profiles/unify"
)

// versionOf names a document in ETag and If-Match: the same text has the same name.
func versionOf(document string) string {
	sum := sha256.Sum256([]byte(document))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// setDefinitions puts a document in force. With If-Match it fails with problem.Changed if that is not the version in
// force: requests that say so come one after the other, so of two who read the same one is refused. What the command line puts in force
// at that very moment is not waited for.
func (a *API) setDefinitions(c *gin.Context, text []byte) error {
	workspace := keyOf(c).Workspace
	if match := c.GetHeader("If-Match"); match != "" && match != "*" {
		a.defining.Lock()
		defer a.defining.Unlock()
		now, err := a.Analysis.Definitions(workspace)
		if err != nil {
			return err
		}
		if versionOf(now.Document) != match {
			return problem.New(problem.Changed, "somebody else put another document in force; read it, and make your change to that")
		}
	}
	ctx := unify.WithAction(c.Request.Context(), "definitions.set")
	_, err := a.Commands.Do(ctx, workspace, unify.ProfilesDefinitions{Document: string(text)})
	return err
}

// ofDefinitions tells the faults of a document, each with its path.
func ofDefinitions(err error) error {
	d := problem.OfFaults(err)
	if d == nil {
		return err
	}
	d.Detail = unchanged
	return d
}

// previewBody asks who would be in the segments of a document.
type previewBody struct {
	Definitions json.RawMessage `json:"definitions"`
	Segment     string          `json:"segment"`
}

// previewView is who would be.
type previewView struct {
	analysis.Preview
	Examples []exampleView `json:"examples" policy:"-"`
}

type exampleView struct {
	Profile uuid.UUID `json:"profile" policy:"meta"`
}

// postPreview evaluates a document without putting it in force. It is for who may put it there: who could ask any
// condition of everybody would learn, by asking often enough, what the reader policy does not show.
func (a *API) postPreview(c *gin.Context) {
	var body previewBody
	err := decodeAlone(c, &body)
	var view previewView
	if err == nil {
		view, err = a.preview(c, &body)
	}
	if err != nil {
		a.fail(c, ofDefinitions(err))
		return
	}
	a.answer(c, view)
}

func (a *API) preview(c *gin.Context, body *previewBody) (previewView, error) {
	found, examples, err := a.Analysis.Preview(c.Request.Context(), keyOf(c).Workspace, body.Definitions, body.Segment)
	if errors.Is(err, analysis.ErrNoSegment) {
		err = problem.Field("segment", "is no segment of the definitions")
	}
	if err != nil {
		return previewView{}, err
	}
	view := previewView{Preview: *found, Examples: []exampleView{}}
	if keyOf(c).May(auth.ScopeProfilesRead) { // as for the members of a segment in force
		view.Examples = append(view.Examples, each(examples, func(id *uuid.UUID) exampleView { return exampleView{*id} })...)
	}
	return view, nil
}
