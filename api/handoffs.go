package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/journeys"
	"tributary/profiles"
	"tributary/profiles/handoff"
	"tributary/profiles/state"
)

// Handoffs finds hand-offs; state.Store does.
type Handoffs interface {
	// Handoff returns nil, nil when there is none of that id.
	Handoff(workspace string, id uuid.UUID) (*state.Handoff, error)
	// HandoffsOf lists those of some observations in the order in which they were offered.
	HandoffsOf(workspace string, ids ...identity.ObservationID) ([]*state.Handoff, error)
	// EachHandoff calls f with hand-offs and a cursor behind each, until f says that it is enough.
	EachHandoff(workspace string, q state.HandoffQuery, f func(x *state.Handoff, cursor []byte) (more bool, err error)) error
}

// handoffBody is what is handed over, and of whom. What is left out of open and promised is filled in from what is on
// record of the customer; verified and interactions always are.
type handoffBody struct {
	Identifiers  []identifierBody  `json:"identifiers,omitempty"`
	Address      string            `json:"address,omitempty"`
	Actor        *actorBody        `json:"actor,omitempty"`
	To           handoff.To        `json:"to,omitzero"`
	Conversation string            `json:"conversation,omitempty"`
	Wants        string            `json:"wants,omitempty"`
	Tried        []handoff.Attempt `json:"tried,omitempty"`
	Promised     []handoff.Promise `json:"promised,omitempty"`
	Open         []handoff.Matter  `json:"open,omitempty"`
	Sentiment    *float64          `json:"sentiment,omitempty"`
	Language     string            `json:"language,omitempty"`
	Summary      string            `json:"summary,omitempty"`
	// Extensions are of the author's own making: any JSON by name.
	Extensions map[string]json.RawMessage `json:"extensions,omitempty"`
}

// address is whom a body is about: whom the key is bound to, if it names nobody.
func (b *handoffBody) address(key *auth.Key) (profiles.Address, error) {
	switch {
	case b.Address != "" && len(b.Identifiers) > 0:
		return nil, problem.Field("address", "cannot stand beside identifiers")
	case b.Address != "":
		address, err := profiles.ParseAddress(b.Address)
		if err != nil {
			return nil, problem.Field("address", "must be type:value, such as email:… or observation:<uuid>")
		}
		return address, nil
	case len(b.Identifiers) == 0 && ofCustomer(key):
		return boundTo(key), nil
	}
	return addressIn(b.Identifiers)
}

// handoffView is the answer about one hand-off.
type handoffView struct {
	subjectView
	Untrusted []string `json:"untrusted" policy:"meta"`
	// Origins says of texts that others wrote, by path, where it stands whose they are.
	Origins map[string]string `json:"origins" policy:"meta"`
	// AsOf is the time as of which it was asked for; absent: now.
	AsOf *time.Time `json:"as_of,omitempty" policy:"meta"`
	// MoreInteractions: there are, or may be, others than the record has.
	MoreInteractions bool            `json:"more_interactions" policy:"meta"`
	Handoff          *handoff.Record `json:"handoff" policy:"-"`
}

// handoffsView is one page of hand-offs.
type handoffsView struct {
	Untrusted []string      `json:"untrusted" policy:"meta"`
	Handoffs  []handoffLine `json:"handoffs" policy:"-"`
	// NextCursor asks for the next page; absent: there is none.
	NextCursor string `json:"next_cursor,omitempty" policy:"meta"`
}

// handoffLine is a hand-off in a list: nothing of what it says.
type handoffLine struct {
	ID           uuid.UUID      `json:"id" policy:"meta"`
	Subject      uuid.UUID      `json:"subject" policy:"meta"` // an observation
	From         handoff.Party  `json:"from" policy:"-"`
	To           handoff.To     `json:"to" policy:"-"`
	Conversation string         `json:"conversation,omitempty" policy:"conversation"`
	CreatedAt    time.Time      `json:"created_at" policy:"meta"`
	Status       string         `json:"status" policy:"meta"`
	Lease        *handoff.Lease `json:"lease,omitempty" policy:"-"`
}

var (
	untrustedInHandoff = []string{
		"handoff.conversation", "handoff.extensions", "handoff.from", "handoff.interactions", "handoff.language", "handoff.lease.holder", "handoff.open",
		"handoff.promised", "handoff.reads[].by", "handoff.returns", "handoff.summary", "handoff.to", "handoff.tried", "handoff.wants",
	}
	// A text beside the id of what is on record comes from there.
	originsInHandoff = map[string]string{
		"handoff.wants": "handoff.from", "handoff.tried[]": "handoff.from", "handoff.summary": "handoff.from", "handoff.extensions": "handoff.from",
		"handoff.open[].text": "handoff.from, or the record that id names", "handoff.promised[].text": "handoff.from, or the record that commitment names",
		"handoff.interactions[].line": "handoff.interactions[].author", "handoff.returns[]": "handoff.returns[].by",
	}
	untrustedInHandoffs = []string{"handoffs[].conversation", "handoffs[].from", "handoffs[].lease.holder", "handoffs[].to"}
)

// postHandoff offers a hand-off.
func (a *API) postHandoff(c *gin.Context) {
	var body handoffBody
	err := newQuery(c).err()
	if err == nil {
		err = decode(c, &body)
	}
	var address profiles.Address
	if err == nil {
		address, err = body.address(keyOf(c))
	}
	var w *writing
	if err == nil {
		w, err = a.beginWrite(c, &body, body.Actor)
	}
	var found *profiles.Answer
	if err == nil {
		x := readingOf(c)
		x.inConversation(body.Conversation)
		if body.Conversation == "" || x.key.Session != nil {
			body.Conversation = x.conversation
		}
		found, err = a.Profiles.Get(c.Request.Context(), keyOf(c).Workspace, address)
	}
	if err == nil && !w.Done {
		err = a.offer(c, w, &body, found, observationOf(mine(keyOf(c), address), found))
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	h, err := a.handoff(c, w.ID)
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answerHandoff(c, http.StatusCreated, h, found, nil)
}

// offer writes that a hand-off of an observation is offered. Its id is that of the write.
func (a *API) offer(c *gin.Context, w *writing, body *handoffBody, found *profiles.Answer, of identity.ObservationID) error {
	if err := a.roomFor(keyOf(c).Workspace, of); err != nil {
		return err
	}
	r := &handoff.Record{
		ID: w.ID, Version: handoff.Version, From: handoff.PartyOf(w.written.Actor), To: body.To, Subject: of,
		Conversation: body.Conversation, Wants: body.Wants, Tried: body.Tried, Promised: body.Promised, Open: body.Open,
		Sentiment: body.Sentiment, Language: body.Language, Summary: body.Summary, Extensions: body.Extensions,
		CreatedAt: a.Now().UTC().Truncate(time.Millisecond), Status: handoff.StatusOffered,
	}
	v := readingOf(c).verification(a)
	r.Verified = &handoff.Verification{Level: v.Level, By: v.Because, Until: v.ExpiresAt}
	recordOf(r, &found.Profile)
	if err := r.Check(); err != nil {
		return ofEvent(err)
	}
	step := &handoff.Step{Handoff: w.ID, Record: r, Name: event.NameHandoffOffered}
	return a.writeStep(c, w, step, r, or(body.Summary, body.Wants))
}

// roomFor fails where one more hand-off of an observation would push one out that is not over.
func (a *API) roomFor(workspace string, id identity.ObservationID) error {
	all, err := a.Handoffs.HandoffsOf(workspace, id)
	if err != nil || len(all) < state.MaxHandoffs {
		return err
	}
	if r := a.standing(all[0]); r == nil || r.Status.Over() {
		return nil
	}
	return problem.New(problem.Conflict, fmt.Sprintf(
		"%d hand-offs are kept of a customer, and the first of them is not over: accept and return it before another is offered", state.MaxHandoffs))
}

// writeStep writes a step of a hand-off, with the text that it brings.
func (a *API) writeStep(c *gin.Context, w *writing, s *handoff.Step, r *handoff.Record, text string) error {
	properties, err := s.Properties()
	if err != nil {
		return err
	}
	cx := &event.CX{HandoffID: s.Handoff.String(), Text: text}
	switch s.Name {
	case event.NameHandoffExtended, event.NameHandoffRead: // which are no contact, and push none out
	default:
		cx.ConversationID, cx.Queue, cx.Skill = r.Conversation, r.To.Queue, r.To.Skill
	}
	return a.write(c, w, &event.Event{Name: s.Name, Observation: r.Subject, CX: cx, Properties: properties})
}

// handoff finds a hand-off of the key's workspace.
func (a *API) handoff(c *gin.Context, id uuid.UUID) (*state.Handoff, error) {
	h, err := a.Handoffs.Handoff(keyOf(c).Workspace, id)
	if err != nil {
		return nil, err
	}
	if h == nil || h.History.Fold(a.Now()) == nil {
		return nil, problem.New(problem.NotFound, "there is no such hand-off")
	}
	return h, nil
}

// findHandoff finds the hand-off of a path, and whom it is about.
func (a *API) findHandoff(c *gin.Context) (*state.Handoff, *profiles.Answer, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return nil, nil, problem.Field("id", "must be the id of a hand-off")
	}
	h, err := a.handoff(c, id)
	if err != nil {
		return nil, nil, err
	}
	x := readingOf(c)
	x.inConversation(a.standing(h).Conversation)
	found, err := a.Profiles.Get(c.Request.Context(), x.key.Workspace, observed(h.Observation))
	if err != nil {
		return nil, nil, err
	}
	return h, found, a.mayRead(c, x, found)
}

// standing is a hand-off as it stands now.
func (a *API) standing(h *state.Handoff) *handoff.Record { return h.History.Fold(a.Now()) }

// inConversation makes a reading one in the conversation of what is read, where the request names none.
func (x *reading) inConversation(conversation string) {
	if x.conversation == "" {
		x.conversation = conversation
	}
}

// observed is the address of an observation's profile.
func observed(id identity.ObservationID) profiles.Address {
	return profiles.OfObservation(id)
}

func (a *API) getHandoff(c *gin.Context) {
	q := newQuery(c)
	actor, asOf := q.text("actor"), q.moment("as_of")
	err := q.err()
	var h *state.Handoff
	var found *profiles.Answer
	if err == nil {
		h, found, err = a.findHandoff(c)
	}
	if err == nil && asOf != nil && h.History.AsOf(*asOf) == nil {
		err = problem.New(problem.NotFound, "the hand-off was not offered at that time")
	}
	if err == nil {
		h, err = a.noteHolder(c, h, found, actor)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answerHandoff(c, http.StatusOK, h, found, asOf)
}

// answerHandoff answers with a hand-off as it stands, or stood.
func (a *API) answerHandoff(c *gin.Context, status int, h *state.Handoff, found *profiles.Answer, asOf *time.Time) {
	v, err := a.handoffView(c, h, found, asOf)
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answerAs(c, status, v)
}

// handoffView is a hand-off with the lines that its reader may see of what it refers to.
func (a *API) handoffView(c *gin.Context, h *state.Handoff, found *profiles.Answer, asOf *time.Time) (*handoffView, error) {
	shown, err := a.filtered(c, found)
	if err != nil {
		return nil, err
	}
	r := a.standing(h)
	if asOf != nil {
		r = h.History.AsOf(*asOf)
	}
	return &handoffView{
		subjectView: newSubject(found.Profile.ID, found.Requested, found.IdentityVersion), Untrusted: untrustedInHandoff, Origins: originsInHandoff,
		AsOf: asOf, MoreInteractions: fillIn(r, &found.Profile, &shown.Profile), Handoff: r,
	}, nil
}

// getHandoffInteractions pages through all that happened to the customer of a hand-off until it was offered.
func (a *API) getHandoffInteractions(c *gin.Context) {
	q := newQuery(c)
	r := journeys.Request{Workspace: keyOf(c).Workspace, Cursor: q.text("cursor"), Limit: q.number("limit", 1, journeys.MaxLimit)}
	err := q.err()
	var h *state.Handoff
	if err == nil {
		h, _, err = a.findHandoff(c)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	r.Address, r.Until = observed(h.Observation), a.standing(h).CreatedAt
	a.serveTimeline(c, r)
}

// maxHandoffs bounds a page, and maxHandoffsSeen what is looked at for it.
const (
	maxHandoffs     = 50
	maxHandoffsSeen = 1000
)

func (a *API) getHandoffs(c *gin.Context) {
	q := newQuery(c)
	status, queue, conversation := q.text("status"), q.text("queue"), q.values.Get("conversation")
	cursor, err := base64.RawURLEncoding.DecodeString(q.text("cursor"))
	if err != nil {
		q.fault("cursor", "is not one of this list; start again without it")
	}
	if status != "" && !slices.Contains(handoff.Statuses(), handoff.Status(status)) {
		q.fault("status", "must be offered, accepted, returned, released, expired or closed")
	}
	if conversation != "" && queue != "" {
		q.fault("queue", "cannot stand beside conversation")
	}
	if handoff.Status(status).Over() && conversation == "" {
		q.fault("conversation", "is required for hand-offs that are over")
	}
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	query := state.HandoffQuery{Conversation: conversation, After: cursor}
	if queue != "" {
		query.Queue = &queue
	}
	v, err := a.listHandoffs(c, query, handoff.Status(status))
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, v)
}

// listHandoffs lists a page of hand-offs. A bearer who is bound to one customer has that customer's alone.
func (a *API) listHandoffs(c *gin.Context, q state.HandoffQuery, status handoff.Status) (*handoffsView, error) {
	x := readingOf(c)
	if ofCustomer(x.key) {
		return a.ownHandoffs(c, x, q, status)
	}
	v, seen := &handoffsView{Untrusted: untrustedInHandoffs, Handoffs: []handoffLine{}}, 0
	err := a.Handoffs.EachHandoff(x.key.Workspace, q, func(h *state.Handoff, cursor []byte) (bool, error) {
		if seen++; len(v.Handoffs) == maxHandoffs || seen > maxHandoffsSeen {
			return false, nil
		}
		v.NextCursor = base64.RawURLEncoding.EncodeToString(cursor)
		if r := a.standing(h); r != nil && (status == "" || r.Status == status) {
			v.Handoffs = append(v.Handoffs, newHandoffLine(r))
			x.others = append(x.others, h.Observation)
		}
		return true, nil
	})
	if len(v.Handoffs) < maxHandoffs && seen <= maxHandoffsSeen {
		v.NextCursor = ""
	}
	return v, err
}

// ownHandoffs lists the newest hand-offs of the customer that a bearer is bound to. Those of others are not looked at: a
// cursor would tell of them.
func (a *API) ownHandoffs(c *gin.Context, x *reading, q state.HandoffQuery, status handoff.Status) (*handoffsView, error) {
	found, err := a.Profiles.Get(c.Request.Context(), x.key.Workspace, boundTo(x.key))
	if err != nil {
		return nil, err
	}
	ids := each(found.Profile.Observations, func(o *profiles.ObservationRef) identity.ObservationID { return o.ID })
	all, err := a.Handoffs.HandoffsOf(x.key.Workspace, ids...)
	if err != nil {
		return nil, err
	}
	v := &handoffsView{Untrusted: untrustedInHandoffs, Handoffs: []handoffLine{}}
	for _, h := range slices.Backward(all) {
		r := a.standing(h)
		switch {
		case r == nil, status != "" && r.Status != status, q.Conversation == "" && r.Status.Over():
		case q.Conversation != "" && r.Conversation != q.Conversation, q.Queue != nil && r.To.Queue != *q.Queue:
		case len(v.Handoffs) < maxHandoffs:
			v.Handoffs = append(v.Handoffs, newHandoffLine(r))
		}
	}
	slices.Reverse(v.Handoffs)
	return v, nil
}

func newHandoffLine(r *handoff.Record) handoffLine {
	return handoffLine{
		ID: r.ID, Subject: r.Subject, From: r.From, To: r.To, Conversation: r.Conversation, CreatedAt: r.CreatedAt,
		Status: string(r.Status), Lease: r.Lease,
	}
}

// getHandoffSchema serves the JSON Schema of records.
func getHandoffSchema(c *gin.Context) {
	c.Data(http.StatusOK, "application/schema+json", handoff.Schema())
}
