package api

import (
	_ "embed"
	"net/http"

	"github.com/gin-gonic/gin"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/journeys"
)

func (a *API) getProfile(c *gin.Context) {
	address, err := addressOf(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	q := newQuery(c)
	r := profileRequest{AsOf: q.moment("as_of"), Alternatives: q.flag("alternatives")}
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	a.serveProfile(c, address, r, ofPath)
}

func (a *API) lookupProfile(c *gin.Context) {
	var body lookupBody
	if err := decodeAlone(c, &body); err != nil {
		a.fail(c, err)
		return
	}
	address, err := body.address()
	if err != nil {
		a.fail(c, err)
		return
	}
	a.serveProfile(c, address, profileRequest{body.AsOf, body.Alternatives}, func(err error) error { return err })
}

// timelineView is one page of a timeline.
type timelineView struct {
	subjectView
	Untrusted []string    `json:"untrusted" policy:"meta"`
	Events    []eventView `json:"events" policy:"-"`
	// NextCursor asks for the next older page; absent: there is none.
	NextCursor string `json:"next_cursor,omitempty" policy:"meta"`
	Tier       string `json:"tier" policy:"meta"` // hot or archive
}

func (a *API) getTimeline(c *gin.Context) {
	address, err := addressOf(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	q := newQuery(c)
	r := journeys.Request{
		Workspace: keyOf(c).Workspace, Address: address,
		Cursor: q.text("cursor"), Limit: q.number("limit", 1, journeys.MaxLimit), Channels: q.channels("channel"),
	}
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	a.serveTimeline(c, r)
}

// serveTimeline answers with one page.
func (a *API) serveTimeline(c *gin.Context, r journeys.Request) {
	page, err := a.Timeline.Page(c.Request.Context(), r)
	if err != nil {
		a.fail(c, ofPath(err))
		return
	}
	readingOf(c).seen(r.Address, page.Answer)
	if a.redirect(c, r.Address, page.Profile, page.Requested, page.IdentityVersion) {
		return
	}
	if len(r.Channels) > 0 && !a.maySeeChannels(c) {
		a.fail(c, problem.New(problem.Forbidden, "whoever may not see that there was contact may not ask by channel: ask without"))
		return
	}
	a.answer(c, timelineView{
		subjectView: newSubject(page.Profile, page.Requested, page.IdentityVersion),
		Untrusted:   untrustedInTimeline,
		Events:      each(page.Events, newEventView), NextCursor: page.Next, Tier: string(page.Tier),
	})
}

// maySeeChannels says whether the reader may see of every kind of event that there was one: else whoever asks for one
// channel after the other would learn by how much is withheld what they are not shown.
func (a *API) maySeeChannels(c *gin.Context) bool {
	x := readingOf(c)
	reader := x.reader(a, x.verification(a).level)
	_, contact := reader.Gate(policy.ClassConversation)
	_, other := reader.Gate(policy.ClassBehaviour)
	return contact == nil && other == nil
}

//go:embed openapi.yaml
var openAPI []byte

func getOpenAPI(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", openAPI) }
