package api

import (
	"context"
	"errors"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/disclosure"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/sql/store"
)

// Disclosed reports what was disclosed of a person; disclosure.Report does.
type Disclosed interface {
	Page(ctx context.Context, r disclosure.Request) (*disclosure.Page, error)
}

// forSubject is the report as the person may be shown it.
const forSubject = "subject"

// disclosuresView is a page of a person's disclosure report, over all its observations.
type disclosuresView struct {
	subjectView
	For         string           `json:"for" policy:"meta"` // operator or subject
	Disclosures []disclosureView `json:"disclosures" policy:"-"`
	// NextCursor asks for the next older page; absent: there is none.
	NextCursor string `json:"next_cursor,omitempty" policy:"meta"`
}

// disclosureView is one reading. What names keys, requests and profiles is not in the report for the subject.
type disclosureView struct {
	At        time.Time  `json:"at" policy:"meta"`
	What      string     `json:"what" policy:"meta"` // answer, or listed: the person was one of several that an answer lists
	Purpose   string     `json:"purpose" policy:"meta"`
	Reader    string     `json:"reader" policy:"meta"` // human, own_ai, third_party_ai or system
	Level     string     `json:"level" policy:"meta"`
	Classes   []string   `json:"classes" policy:"meta"`
	Shown     []string   `json:"shown" policy:"meta"` // paths of fields
	Masked    []string   `json:"masked" policy:"meta"`
	Withheld  []string   `json:"withheld,omitempty" policy:"meta"`
	Actor     string     `json:"actor,omitempty" policy:"meta"`
	Profile   *uuid.UUID `json:"profile,omitempty" policy:"meta"` // as it was then
	Route     string     `json:"route,omitempty" policy:"meta"`
	RequestID string     `json:"request_id,omitempty" policy:"meta"`
}

func newDisclosureView(x *disclosure.Line, subject bool) disclosureView {
	v := disclosureView{
		At: x.At, What: x.Kind, Purpose: x.Purpose, Reader: x.Reader, Level: x.Level,
		Classes: append([]string{}, x.Classes...), Shown: append([]string{}, x.Shown...), Masked: append([]string{}, x.Masked...),
	}
	if subject {
		return v
	}
	v.Withheld, v.Actor, v.Route, v.RequestID = x.Hidden, x.Actor, x.Route, x.Request
	if x.Kind == store.DisclosureAnswer {
		v.Profile = &x.Profile
	}
	return v
}

// getDisclosures answers who or what read which fields of a person, what for and when: everything that was
// answered before the request came. The report is a reading as well, and stands in the next one.
func (a *API) getDisclosures(c *gin.Context) {
	address, err := addressOf(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	q := newQuery(c)
	whom := or(q.text("for"), "operator")
	if whom != "operator" && whom != forSubject {
		q.fault("for", "must be operator or subject")
	}
	r := disclosure.Request{Workspace: keyOf(c).Workspace, Cursor: q.text("cursor"), Limit: q.number("limit", 1, disclosure.MaxLimit)}
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	found, err := a.Profiles.Get(c.Request.Context(), r.Workspace, address)
	if err != nil {
		a.fail(c, ofPath(err))
		return
	}
	if a.redirect(c, address, found.Profile.ID, found.Requested, found.IdentityVersion) {
		return
	}
	r.Observations = make([]identity.ObservationID, len(found.Profile.Observations))
	for i := range found.Profile.Observations {
		r.Observations[i] = found.Profile.Observations[i].ID
	}
	page, err := a.Disclosed.Page(c.Request.Context(), r)
	if err != nil {
		a.fail(c, disclosureProblem(err))
		return
	}
	a.answer(c, disclosuresView{
		subjectView: newSubject(found.Profile.ID, found.Requested, found.IdentityVersion), For: whom, NextCursor: page.Next,
		Disclosures: each(page.Lines, func(x *disclosure.Line) disclosureView { return newDisclosureView(x, whom == forSubject) }),
	})
}

// disclosureProblem says what an error of a report means.
func disclosureProblem(err error) error {
	switch {
	case errors.Is(err, disclosure.ErrCursor):
		return problem.Field("cursor", "is not one of this report; start again without it")
	case errors.Is(err, disclosure.ErrBehind), errors.Is(err, store.ErrGone), errors.Is(err, store.ErrPassing), errors.Is(err, store.ErrOverload):
		return problem.New(problem.Unavailable, "the report would not be complete now; ask again when the analytics store has caught up")
	}
	return err
}
