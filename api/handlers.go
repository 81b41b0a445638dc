package api

import (
	_ "embed"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/journeys"
	"tributary/profiles"
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

// contextView is the answer of the context call.
type contextView struct {
	subjectView
	AsOf    time.Time           `json:"as_of" policy:"meta"`
	Tokens  tokensView          `json:"tokens" policy:"-"`
	Facts   []profiles.Fact     `json:"facts" policy:"-"`
	LeftOut []profiles.Omission `json:"left_out" policy:"meta"`
}

type tokensView struct {
	Budget    int    `json:"budget" policy:"meta"`
	Used      int    `json:"used" policy:"meta"` // sum over the facts
	Tokenizer string `json:"tokenizer" policy:"meta"`
}

func (a *API) getContext(c *gin.Context) {
	address, err := addressOf(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	q := newQuery(c)
	r := profiles.ContextRequest{
		BudgetTokens: q.number("budget_tokens", profiles.MinBudget, profiles.MaxBudget),
		AsOf:         q.time("as_of", a.Now().UTC().Truncate(time.Millisecond)),
		Conversation: q.text("conversation"),
	}
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	if r.BudgetTokens == 0 {
		r.BudgetTokens = profiles.DefaultBudget
	}
	found, err := a.Profiles.Get(c.Request.Context(), keyOf(c).Workspace, address)
	if err != nil {
		a.fail(c, ofPath(err))
		return
	}
	if a.redirect(c, address, found.Profile.ID, found.Requested, found.IdentityVersion) {
		return
	}
	shown, err := a.filtered(c, found)
	if err != nil {
		a.fail(c, err)
		return
	}
	known := profiles.NewContext(shown, r)
	a.answer(c, contextView{
		subjectView: newSubject(found.Profile.ID, found.Requested, found.IdentityVersion),
		AsOf:        r.AsOf,
		Tokens:      tokensView{Budget: r.BudgetTokens, Used: known.Used, Tokenizer: profiles.Tokenizer},
		Facts:       append([]profiles.Fact{}, known.Facts...),
		LeftOut:     append([]profiles.Omission{}, known.LeftOut...),
	})
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
		Cursor: q.text("cursor"), Limit: q.number("limit", 1, journeys.MaxLimit),
	}
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	page, err := a.Timeline.Page(c.Request.Context(), r)
	if err != nil {
		a.fail(c, ofPath(err))
		return
	}
	readingOf(c).seen(address, page.Answer)
	if a.redirect(c, address, page.Profile, page.Requested, page.IdentityVersion) {
		return
	}
	a.answer(c, timelineView{
		subjectView: newSubject(page.Profile, page.Requested, page.IdentityVersion),
		Untrusted:   untrustedInTimeline,
		Events:      each(page.Events, newEventView), NextCursor: page.Next, Tier: string(page.Tier),
	})
}

//go:embed openapi.yaml
var openAPI []byte

func getOpenAPI(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", openAPI) }
