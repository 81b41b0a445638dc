package api

import (
	"context"
	"errors"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/journeys"
	"tributary/profiles"
)

// Search finds what was said by and to a customer; journeys.Search is one.
type Search interface {
	Page(ctx context.Context, r journeys.SearchRequest) (*journeys.SearchPage, error)
}

// searchView is one page of hits: first those that hold most of the words, then the newest.
type searchView struct {
	subjectView
	Untrusted []string  `json:"untrusted" policy:"meta"`
	Words     int       `json:"words" policy:"meta"` // that were searched for
	Hits      []hitView `json:"hits" policy:"-"`
	// NextCursor asks for the next page; absent: there is none.
	NextCursor string `json:"next_cursor,omitempty" policy:"meta"`
}

// hitView is a text that holds at least one of the words.
type hitView struct {
	At             time.Time `json:"at" policy:"self"`
	MessageID      string    `json:"message_id" policy:"self"`
	Source         string    `json:"source" policy:"provenance"`
	Name           string    `json:"name,omitempty" policy:"self"`
	Channel        string    `json:"channel,omitempty" policy:"self"`
	ConversationID string    `json:"conversation_id,omitempty" policy:"self"`
	CaseID         string    `json:"case_id,omitempty" policy:"self"`
	AuthorRole     string    `json:"author_role,omitempty" policy:"self"`
	Direction      string    `json:"direction,omitempty" policy:"self"`
	AgentID        string    `json:"agent_id,omitempty" policy:"self"`
	Matched        int       `json:"matched" policy:"content"`           // how many of the words it holds
	Snippet        *textView `json:"snippet,omitempty" policy:"content"` // at most journeys.SnippetRunes
}

// PolicyClass says the class of data that the event is of.
func (v hitView) PolicyClass() string {
	return profiles.EventClass(v.Name, v.ConversationID != "" || v.CaseID != "")
}

// untrustedInSearch are the members of a page that others wrote.
var untrustedInSearch = untrustedIn("hits")

func newHitView(h *journeys.Hit) hitView {
	v := hitView{
		At: h.At, MessageID: h.MessageID, Source: h.Source, Name: h.Name, Channel: string(h.Channel), ConversationID: h.ConversationID,
		CaseID: h.CaseID, AuthorRole: string(h.AuthorRole), Direction: string(h.Direction), AgentID: h.AgentID,
		Matched: h.Matched, Snippet: untrusted(h.Snippet, string(h.AuthorRole)),
	}
	if v.Snippet != nil {
		v.Snippet.Cut = h.Cut
	}
	return v
}

// searchBody is the body of a search by identifiers.
type searchBody struct {
	Identifiers []identifierBody `json:"identifiers"`
	Query       string           `json:"query"`
	Limit       *int             `json:"limit,omitempty"`
	Cursor      string           `json:"cursor,omitempty"`
}

func (a *API) getSearch(c *gin.Context) {
	address, err := addressOf(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	q := newQuery(c)
	r := journeys.SearchRequest{Cursor: q.text("cursor"), Limit: q.number("limit", 1, journeys.MaxHits)}
	text := q.text("query")
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	a.search(c, address, text, r, ofPath)
}

func (a *API) postSearch(c *gin.Context) {
	var body searchBody
	err := newQuery(c).err()
	if err == nil {
		err = decode(c, &body)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	address, err := addressIn(body.Identifiers)
	if err != nil {
		a.fail(c, err)
		return
	}
	r := journeys.SearchRequest{Cursor: body.Cursor}
	if body.Limit != nil {
		if r.Limit = *body.Limit; r.Limit < 1 || r.Limit > journeys.MaxHits {
			a.fail(c, problem.Field("limit", "must be a number from 1 to 100"))
			return
		}
	}
	a.search(c, address, body.Query, r, func(err error) error { return err })
}

// search answers with one page; named puts an error in terms of the request.
func (a *API) search(c *gin.Context, address profiles.Address, text string, r journeys.SearchRequest, named func(error) error) {
	words, err := journeys.Words(text)
	if err != nil {
		a.fail(c, err)
		return
	}
	r.Workspace, r.Words = keyOf(c).Workspace, words
	found, err := a.Profiles.Get(c.Request.Context(), r.Workspace, address)
	if err != nil {
		a.fail(c, named(err))
		return
	}
	if a.redirect(c, address, found.Profile.ID, found.Requested, found.IdentityVersion) {
		return
	}
	r.Profile, r.Observations = found.Profile.ID, make([]identity.ObservationID, len(found.Profile.Observations))
	for i := range found.Profile.Observations {
		r.Observations[i] = found.Profile.Observations[i].ID
	}
	page := &journeys.SearchPage{}
	if a.mayFind(c, &r.Hidden) {
		if page, err = a.Search.Page(c.Request.Context(), r); err != nil {
			a.fail(c, err)
			return
		}
	}
	a.answer(c, searchView{
		subjectView: newSubject(found.Profile.ID, found.Requested, found.IdentityVersion),
		Untrusted:   untrustedInSearch, Words: len(words), Hits: each(page.Hits, newHitView), NextCursor: page.Next,
	})
}

// mayFind says whether the reader may read what was said at all, and hides of it what the reader may not see: else
// whoever asks for one word after the other would learn what they are not shown.
func (a *API) mayFind(c *gin.Context, hidden *journeys.Hidden) bool {
	x := readingOf(c)
	reader := x.reader(a, x.verification(a).level)
	open := func(class string) bool {
		since, why := reader.Gate(class)
		if since.After(hidden.Before) {
			hidden.Before = since
		}
		return why == nil
	}
	if _, why := reader.Gate(policy.ClassContent); why != nil {
		why.Fields = []string{"hits"}
		x.before = &policy.Result{Withheld: []policy.Withheld{*why}}
		return false
	}
	open(policy.ClassContent)
	hidden.Contacts, hidden.Others = !open(policy.ClassConversation), !open(policy.ClassBehaviour)
	hidden.Groups = profiles.EventGroups(func(class string) bool { return !open(class) })
	return true
}

// searchProblem says what an error of a search means; nil if it is none.
func searchProblem(err error) *problem.Document {
	var query *journeys.QueryError
	switch {
	case errors.As(err, &query):
		return problem.Field("query", query.Reason)
	case errors.Is(err, journeys.ErrTooLong):
		return problem.New(problem.Timeout, "search for fewer or longer words")
	}
	return nil
}
