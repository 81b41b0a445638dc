package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/analysis"
	"tributary/profiles/define"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// Analysis says what definitions make of customers; analysis.Service does.
type Analysis interface {
	Sheet(workspace string, profile identity.ProfileID, members []identity.ObservationID) (*analysis.Sheet, error)
	Segments(workspace string) ([]analysis.Segment, error)
	Members(workspace, name string, after identity.ProfileID, limit int) (members []state.SegmentMember, cursor string, err error)
	Changes(workspace, name, cursor string, limit int) (changes []state.Change, next string, err error)
	Definitions(workspace string) (*analysis.Document, error)
	// Preview says who would be in the segments of a document that is not in force, and names some of one.
	Preview(ctx context.Context, workspace string, document []byte, segment string) (*analysis.Preview, []identity.ProfileID, error)
}

// Commands gives commands through the log and waits until they are applied; admin.Commands does.
type Commands interface {
	Do(ctx context.Context, workspace string, command unify.Command) (stream.Position, error)
}

// computedView is a computed trait of a profile, as of the time of reading.
type computedView struct {
	Value    json.RawMessage `json:"value" policy:"computed"`
	Exact    bool            `json:"exact" policy:"computed"`
	LeftOut  uint64          `json:"left_out,omitempty" policy:"computed"`
	Currency string          `json:"currency,omitempty" policy:"computed"`
	Window   string          `json:"window,omitempty" policy:"computed"`
	// Ready is false while its history is still being taken in: the value is too small.
	Ready     bool      `json:"ready" policy:"meta"`
	Untrusted bool      `json:"untrusted" policy:"meta"`
	Source    string    `json:"source" policy:"provenance"` // events, or sql:NAME
	SetAt     time.Time `json:"set_at,omitzero" policy:"provenance"`
}

// inSegmentView is a segment that a profile is in.
type inSegmentView struct {
	Segment string    `json:"segment" policy:"segment"`
	Since   time.Time `json:"since" policy:"segment"`
}

// analyse fills in what is computed of a profile, and which segments it is in.
func (a *API) analyse(workspace string, found *profiles.Answer, view *profileView) error {
	ids := make([]identity.ObservationID, len(found.Profile.Observations))
	for i := range ids {
		ids[i] = found.Profile.Observations[i].ID
	}
	sheet, err := a.Analysis.Sheet(workspace, found.Profile.ID, ids)
	if err != nil {
		return err
	}
	view.Computed = map[string]computedView{}
	for _, v := range sheet.Computed {
		view.Computed[v.Name] = computedView{
			Value: v.Value, Exact: v.Exact, LeftOut: v.LeftOut, Currency: v.Currency, Window: v.Window, Ready: v.Ready,
			Untrusted: true, Source: v.Source, SetAt: v.SetAt,
		}
	}
	view.Segments = each(sheet.Segments, func(m *state.Membership) inSegmentView { return inSegmentView{m.Segment, m.Since} })
	return nil
}

type segmentsView struct {
	Segments []analysis.Segment `json:"segments" policy:"-"`
}

func (a *API) getSegments(c *gin.Context) {
	err := newQuery(c).err()
	var list []analysis.Segment
	if err == nil {
		list, err = a.Analysis.Segments(keyOf(c).Workspace)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, segmentsView{append([]analysis.Segment{}, list...)})
}

// Bounds of a page of members or changes.
const (
	defaultSegmentPage = 100
	maxSegmentPage     = 1000
)

// segmentMembersView is a page of the members of a segment.
type segmentMembersView struct {
	Segment string              `json:"segment" policy:"segment"`
	Members []segmentMemberView `json:"members" policy:"-"`
	// NextCursor asks for the next page; absent: there is none.
	NextCursor string `json:"next_cursor,omitempty" policy:"meta"`
	// ChangesAfter is the cursor of the feed of changes that this page is of. Who reads all pages and then
	// the changes after that of the first page misses none.
	ChangesAfter string `json:"changes_after" policy:"meta"`
}

type segmentMemberView struct {
	Profile uuid.UUID `json:"profile" policy:"meta"`
	Since   time.Time `json:"since" policy:"segment"`
}

func (a *API) getSegmentMembers(c *gin.Context) {
	q := newQuery(c)
	after, limit := q.id("after"), segmentPage(q)
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	name := c.Param("segment")
	members, cursor, err := a.Analysis.Members(keyOf(c).Workspace, name, after, limit)
	if err != nil {
		a.fail(c, ofSegment(err))
		return
	}
	view := segmentMembersView{Segment: name, ChangesAfter: cursor, Members: each(members, func(m *state.SegmentMember) segmentMemberView {
		return segmentMemberView{m.Profile, m.Since}
	})}
	if len(members) == limit {
		view.NextCursor = members[limit-1].Profile.String()
	}
	a.answer(c, view)
}

// segmentChangesView is a page of the feed of changes of a segment.
type segmentChangesView struct {
	Segment string              `json:"segment" policy:"segment"`
	Changes []segmentChangeView `json:"changes" policy:"-"`
	// NextCursor asks for what comes after; it is always there, for more may come.
	NextCursor string `json:"next_cursor" policy:"meta"`
}

// segmentChangeView is a profile that entered a segment, or left it.
type segmentChangeView struct {
	Profile uuid.UUID `json:"profile" policy:"meta"`
	Change  string    `json:"change" policy:"segment"` // entered or left
	At      time.Time `json:"at" policy:"segment"`
}

func (a *API) getSegmentChanges(c *gin.Context) {
	q := newQuery(c)
	after, limit := q.text("after"), segmentPage(q)
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	name := c.Param("segment")
	changes, next, err := a.Analysis.Changes(keyOf(c).Workspace, name, after, limit)
	if err != nil {
		a.fail(c, ofSegment(err))
		return
	}
	view := segmentChangesView{Segment: name, NextCursor: next, Changes: each(changes, func(s *state.Change) segmentChangeView {
		if s.Entered {
			return segmentChangeView{s.Profile, "entered", s.At}
		}
		return segmentChangeView{s.Profile, "left", s.At}
	})}
	a.answer(c, view)
}

func segmentPage(q *query) int {
	if limit := q.number("limit", 1, maxSegmentPage); limit > 0 {
		return limit
	}
	return defaultSegmentPage
}

// Problems of segments.
var (
	noSuchSegment = problem.Kind{Name: problem.NotFound.Name, Status: http.StatusNotFound, Title: "No such segment is declared"}
	feedGone      = problem.Kind{Name: "feed-gone", Status: http.StatusGone, Title: "The feed no longer has what follows this cursor"}
)

func ofSegment(err error) error {
	switch {
	case errors.Is(err, analysis.ErrNoSegment):
		return problem.New(noSuchSegment, "GET /v1/segments lists those there are")
	case errors.Is(err, analysis.ErrCursor):
		return problem.New(feedGone, "read the members, and go on with their changes_after")
	}
	return err
}

// definitionsView is the document of a workspace, and how far the work is that it leads to.
type definitionsView struct {
	analysis.Document
	// Parsed is the document as JSON; null: it is empty.
	Parsed json.RawMessage `json:"parsed" policy:"meta"`
}

func (a *API) getDefinitions(c *gin.Context) {
	err := newQuery(c).err()
	var d *analysis.Document
	if err == nil {
		d, err = a.Analysis.Definitions(keyOf(c).Workspace)
	}
	a.answerDefinitions(c, d, err)
}

func (a *API) answerDefinitions(c *gin.Context, d *analysis.Document, err error) {
	var view definitionsView
	if err == nil {
		view.Document = *d
		view.Parsed, err = asJSON(d.Document)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	c.Header("ETag", versionOf(d.Document))
	a.answer(c, view)
}

// putDefinitions puts the document of the body in force: YAML or JSON, as it is. With dry_run it is checked, and nothing
// more. With If-Match it stands in for the document that was read, and for no other.
func (a *API) putDefinitions(c *gin.Context) {
	q := newQuery(c)
	dry := q.flag("dry_run")
	text, err := documentOf(c, q)
	if err == nil {
		_, err = define.Compile(text)
	}
	if err == nil && !dry {
		err = a.setDefinitions(c, text)
	}
	if err != nil {
		a.fail(c, ofDefinitions(err))
		return
	}
	if dry {
		a.answerDefinitions(c, &analysis.Document{Document: string(text), Pending: []analysis.Pending{}, Segments: []analysis.Segment{}}, nil)
		return
	}
	d, err := a.Analysis.Definitions(keyOf(c).Workspace)
	a.answerDefinitions(c, d, err)
}

// documentOf reads a document, once the query parameters are found right.
func documentOf(c *gin.Context, q *query) ([]byte, error) {
	media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || media != "application/yaml" && media != "application/json" {
		return nil, problem.New(problem.MediaType, "send application/yaml or application/json")
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(c.Request.Body)
	return body, unread(err)
}
