package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/identity"
	"tributary/profiles"
)

// Promises finds promises to customers; profiles.Service does.
type Promises interface {
	// Promises lists promises of a workspace, by when they are due.
	Promises(ctx context.Context, workspace string, q profiles.PromiseQuery) (*profiles.PromisePage, error)
	// PromisedAs lists the profiles to which something was promised under an id.
	PromisedAs(ctx context.Context, workspace, id string) ([]identity.ProfileID, error)
}

// commitmentView is a promise. Text, quote, tags, the names of ids and of actors are the words of others.
type commitmentView struct {
	ID      string    `json:"id" policy:"conversation"`
	Profile uuid.UUID `json:"profile" policy:"meta"`
	Kind    string    `json:"kind" policy:"conversation"`
	Status  string    `json:"status" policy:"conversation"`
	Text    string    `json:"text,omitempty" policy:"content"`
	TextCut bool      `json:"text_cut,omitempty" policy:"meta"`
	// By is who promised.
	By             wordView      `json:"by" policy:"-"`
	Conversation   string        `json:"conversation,omitempty" policy:"conversation"`
	QuoteMessageID string        `json:"quote_message_id,omitempty" policy:"conversation"`
	Quote          string        `json:"quote,omitempty" policy:"content"`
	QuoteCut       bool          `json:"quote_cut,omitempty" policy:"meta"`
	MadeAt         time.Time     `json:"made_at" policy:"conversation"`
	DueAt          time.Time     `json:"due_at,omitzero" policy:"conversation"`
	ChangedAt      time.Time     `json:"changed_at" policy:"conversation"`
	Amount         string        `json:"amount,omitempty" policy:"money"`
	Currency       string        `json:"currency,omitempty" policy:"money"`
	OrderID        string        `json:"order_id,omitempty" policy:"money"`
	CaseID         string        `json:"case_id,omitempty" policy:"conversation"`
	AccountID      string        `json:"account_id,omitempty" policy:"account"`
	PolicyTags     []string      `json:"policy_tags,omitempty" policy:"conversation"`
	ConfirmedBy    *wordView     `json:"confirmed_by,omitempty" policy:"-"`
	EndedBy        *wordView     `json:"ended_by,omitempty" policy:"-"`
	Evidence       *evidenceView `json:"evidence,omitempty" policy:"-"`
	Late           bool          `json:"late,omitempty" policy:"conversation"`
	Overdue        bool          `json:"overdue,omitempty" policy:"conversation"`
}

// wordView is who said something of a promise.
type wordView struct {
	Role       string    `json:"role,omitempty" policy:"conversation"`
	ActorID    string    `json:"actor_id,omitempty" policy:"provenance"`
	ActorName  string    `json:"actor_name,omitempty" policy:"provenance"`
	Credential string    `json:"credential,omitempty" policy:"provenance"`
	Source     string    `json:"source" policy:"provenance"`
	MessageID  string    `json:"message_id" policy:"meta"`
	At         time.Time `json:"at" policy:"conversation"`
}

// evidenceView is the event by which a promise was kept.
type evidenceView struct {
	Name      string    `json:"name,omitempty" policy:"conversation"`
	Source    string    `json:"source,omitempty" policy:"provenance"`
	MessageID string    `json:"message_id" policy:"meta"`
	At        time.Time `json:"at,omitzero" policy:"conversation"`
}

// untrustedInCommitment lists the members of a promise that others wrote, at a path.
func untrustedInCommitment(path string) []string {
	names := []string{
		"account_id", "by.actor_id", "by.actor_name", "case_id", "confirmed_by.actor_id", "conversation", "ended_by.actor_id", "id",
		"order_id", "policy_tags", "quote", "quote_message_id", "text",
	}
	for i, name := range names {
		names[i] = path + "." + name
	}
	return names
}

func newCommitmentView(profile identity.ProfileID, c *profiles.Commitment, now time.Time) commitmentView {
	v := commitmentView{
		ID: c.ID, Profile: profile, Kind: string(c.Kind), Status: string(c.Status), Text: c.Text, TextCut: c.TextCut,
		By: wordView{
			Role: string(c.Role), ActorID: c.Actor, ActorName: c.ActorName, Credential: c.By, Source: c.Source, MessageID: c.MessageID, At: c.MadeAt,
		},
		Conversation: c.ConversationID, QuoteMessageID: c.QuoteMessageID, Quote: c.Quote, QuoteCut: c.QuoteCut,
		MadeAt: c.MadeAt, DueAt: c.DueAt, ChangedAt: c.ChangedAt,
		Amount: c.Amount, Currency: c.Currency, OrderID: c.OrderID, CaseID: c.CaseID, AccountID: c.AccountID, PolicyTags: c.Tags,
		ConfirmedBy: newWordView(&c.Confirmed), EndedBy: newWordView(&c.Ended), Late: c.Late, Overdue: c.Overdue(now),
	}
	if e := &c.Evidence; e.MessageID != "" {
		v.Evidence = &evidenceView{e.Name, e.Source, e.MessageID, e.At}
	}
	return v
}

func newWordView(w *profiles.CommitmentWord) *wordView {
	if w.MessageID == "" {
		return nil
	}
	return &wordView{Role: string(w.Role), ActorID: w.Actor, Credential: w.By, Source: w.Source, MessageID: w.MessageID, At: w.At}
}

// commitmentsView is a page of promises of a workspace, by when they are due.
type commitmentsView struct {
	Untrusted   []string         `json:"untrusted" policy:"meta"`
	Commitments []commitmentView `json:"commitments" policy:"-"`
	// NextCursor asks for the next page; absent: there is none.
	NextCursor string `json:"next_cursor,omitempty" policy:"meta"`
}

// profileCommitmentsView is the promises to one customer, newest first.
type profileCommitmentsView struct {
	subjectView
	Untrusted   []string         `json:"untrusted" policy:"meta"`
	Commitments []commitmentView `json:"commitments" policy:"-"`
	// LeftOut is how many events about promises are not kept, at most.
	LeftOut uint64 `json:"left_out" policy:"meta"`
}

// maxCommitments bounds a page.
const maxCommitments = 50

func (q *query) commitmentStatus() profiles.CommitmentStatus {
	status := profiles.CommitmentStatus(q.text("status"))
	if status != "" && !slices.Contains(profiles.CommitmentStatuses(), status) {
		q.fault("status", "must be proposed, made, kept, broken or withdrawn")
	}
	return status
}

// getCommitments lists promises of the workspace; of one customer with ?subject=, or to a bearer who is bound to one.
func (a *API) getCommitments(c *gin.Context) {
	q := newQuery(c)
	status, due, cursor := q.commitmentStatus(), q.time("due_before"), q.pledged("cursor")
	subject := q.addresses("subject", 1)
	limit := q.number("limit", 1, maxCommitments)
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	x := readingOf(c)
	switch {
	case ofCustomer(x.key) && len(subject) == 0:
		a.commitmentsTo(c, mine(x.key, profiles.Address{{Type: typeSubject, Value: valueSubject}}), status, due)
		return
	case len(subject) > 0:
		a.commitmentsTo(c, mine(x.key, subject[0]), status, due)
		return
	case limit == 0:
		limit = maxCommitments
	}
	page, err := a.Promises.Promises(c.Request.Context(), x.key.Workspace, profiles.PromiseQuery{Status: status, DueBefore: due, After: cursor, Most: limit})
	if err != nil {
		a.fail(c, err)
		return
	}
	now := a.Now()
	v := commitmentsView{Untrusted: untrustedInCommitment("commitments[]"), Commitments: each(page.Promises, func(p *profiles.PromiseOf) commitmentView {
		return newCommitmentView(p.Profile, &p.Commitment, now)
	})}
	if page.Next != nil {
		v.NextCursor = page.Next.Cursor()
	}
	a.answer(c, v)
}

func (a *API) getProfileCommitments(c *gin.Context) {
	q := newQuery(c)
	status, due := q.commitmentStatus(), q.time("due_before")
	address, err := addressOf(c)
	if err == nil {
		err = q.err()
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.commitmentsTo(c, address, status, due)
}

// commitmentsTo answers with the promises to one customer.
func (a *API) commitmentsTo(c *gin.Context, address profiles.Address, status profiles.CommitmentStatus, due time.Time) {
	found, err := a.Profiles.Get(c.Request.Context(), keyOf(c).Workspace, address)
	if err != nil {
		a.fail(c, ofPath(err))
		return
	}
	if c.Param("address") != "" && a.redirect(c, address, found.Profile.ID, found.Requested, found.IdentityVersion) {
		return
	}
	p, now := &found.Profile, a.Now()
	v := profileCommitmentsView{
		subjectView: newSubject(p.ID, found.Requested, found.IdentityVersion), Untrusted: untrustedInCommitment("commitments[]"),
		Commitments: []commitmentView{}, LeftOut: p.LeftOut.Commitments,
	}
	for i := range p.Commitments {
		x := &p.Commitments[i]
		if (status == "" || x.Status == status) && (due.IsZero() || !x.DueAt.IsZero() && x.DueAt.Before(due)) {
			v.Commitments = append(v.Commitments, newCommitmentView(p.ID, x, now))
		}
	}
	a.answer(c, v)
}

// pledged reads a cursor; nil if none is given.
func (q *query) pledged(name string) *profiles.Pledged {
	given := q.text(name)
	if given == "" {
		return nil
	}
	p, err := profiles.ParsePledged(given)
	if err != nil {
		q.fault(name, "is not one of this list; start again without it")
	}
	return p
}

// findCommitment finds the promise of a path and whose it is. It fails where several profiles have one of that id.
func (a *API) findCommitment(c *gin.Context) (*profiles.Answer, *profiles.Commitment, error) {
	id := c.Param("id")
	if id == "" || len(id) > profiles.MaxPromiseID || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' }) {
		return nil, nil, problem.Field("id", "must be the id of a promise")
	}
	key := keyOf(c)
	ids, err := a.Promises.PromisedAs(c.Request.Context(), key.Workspace, id)
	if err != nil {
		return nil, nil, err
	}
	none := problem.New(problem.NotFound, "there is no such promise")
	if ofCustomer(key) {
		own, err := a.Profiles.Get(c.Request.Context(), key.Workspace, boundTo(key))
		if err != nil {
			return nil, nil, err
		}
		return a.commitmentIn(own, id, none)
	}
	switch len(ids) {
	case 0:
		return nil, nil, none
	case 1:
	default:
		return nil, nil, problem.New(problem.Conflict, fmt.Sprintf("%d customers have a promise of that id, which is a source's own: name it by its profile's commitments", len(ids)))
	}
	found, err := a.Profiles.Get(c.Request.Context(), key.Workspace, profiles.Address{{Type: profiles.TypeProfile, Value: ids[0].String()}})
	if err != nil {
		return nil, nil, err
	}
	return a.commitmentIn(found, id, none)
}

func (a *API) commitmentIn(found *profiles.Answer, id string, none error) (*profiles.Answer, *profiles.Commitment, error) {
	for i := range found.Profile.Commitments {
		if x := &found.Profile.Commitments[i]; x.ID == id {
			return found, x, nil
		}
	}
	return nil, nil, none
}

// commitmentAnswerView is the answer about one promise.
type commitmentAnswerView struct {
	subjectView
	Untrusted  []string       `json:"untrusted" policy:"meta"`
	Commitment commitmentView `json:"commitment" policy:"-"`
}

// answerCommitment answers with a promise as it stands, of a profile that was looked up.
func (a *API) answerCommitment(c *gin.Context, status int, profile identity.ProfileID, id string) {
	found, err := a.Profiles.Get(c.Request.Context(), keyOf(c).Workspace, profiles.Address{{Type: profiles.TypeProfile, Value: profile.String()}})
	var x *profiles.Commitment
	if err == nil {
		found, x, err = a.commitmentIn(found, id, problem.New(problem.NotFound, "there is no such promise"))
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answerAs(c, status, commitmentAnswerView{
		subjectView: newSubject(found.Profile.ID, found.Requested, found.IdentityVersion), Untrusted: untrustedInCommitment("commitment"),
		Commitment: newCommitmentView(found.Profile.ID, x, a.Now()),
	})
}
