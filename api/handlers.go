package api

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/journeys"
	"tributary/profiles"
)

// answer writes an answer as JSON. It is written whole or not at all.
func (a *API) answer(c *gin.Context, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		a.fail(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", body)
}

func (a *API) getProfile(c *gin.Context) {
	address, err := addressOf(c)
	if err == nil {
		err = newQuery(c).err()
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.serveProfile(c, address, ofPath)
}

func (a *API) lookupProfile(c *gin.Context) {
	var body lookupBody
	if err := decode(c, &body); err != nil {
		a.fail(c, err)
		return
	}
	address, err := body.address()
	if err != nil {
		a.fail(c, err)
		return
	}
	a.serveProfile(c, address, func(err error) error { return err })
}

// serveProfile answers with the profile of an address; named puts an error in terms of the request.
func (a *API) serveProfile(c *gin.Context, address profiles.Address, named func(error) error) {
	found, err := a.Profiles.Get(c.Request.Context(), keyOf(c).Workspace, address)
	if err != nil {
		a.fail(c, named(err))
		return
	}
	a.answer(c, newProfileView(found))
}

// contextView is the answer of the context call.
type contextView struct {
	subjectView
	AsOf    time.Time           `json:"as_of"`
	Tokens  tokensView          `json:"tokens"`
	Facts   []profiles.Fact     `json:"facts"`
	LeftOut []profiles.Omission `json:"left_out"`
}

type tokensView struct {
	Budget    int    `json:"budget"`
	Used      int    `json:"used"` // sum over the facts
	Tokenizer string `json:"tokenizer"`
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
	known := profiles.NewContext(found, r)
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
	Untrusted []string    `json:"untrusted"`
	Events    []eventView `json:"events"`
	// NextCursor asks for the next older page; absent: there is none.
	NextCursor string `json:"next_cursor,omitempty"`
	Tier       string `json:"tier"` // hot or archive
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
	a.answer(c, timelineView{
		subjectView: newSubject(page.Profile, page.Requested, page.IdentityVersion),
		Untrusted:   untrustedInTimeline,
		Events:      each(page.Events, newEventView), NextCursor: page.Next, Tier: string(page.Tier),
	})
}

//go:embed openapi.yaml
var openAPI []byte

func getOpenAPI(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", openAPI) }
