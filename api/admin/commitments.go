package admin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/profiles"
)

// Promises finds promises to customers; profiles.Service does.
type Promises interface {
	Promises(ctx context.Context, workspace string, q profiles.PromiseQuery) (*profiles.PromisePage, error)
}

// Commitment is a promise to a customer. Text is the words of whoever gave it, and ID may be.
type Commitment struct {
	ID       string    `json:"id"`
	Profile  uuid.UUID `json:"profile"`
	Kind     string    `json:"kind"`
	Status   string    `json:"status"`
	Role     string    `json:"role,omitempty"` // who promised: human, ai, system
	Text     string    `json:"text,omitempty"` // to 280 runes; TextCut: there is more
	TextCut  bool      `json:"text_cut,omitempty"`
	MadeAt   time.Time `json:"made_at"`
	DueAt    time.Time `json:"due_at,omitzero"`
	Amount   string    `json:"amount,omitempty"`
	Currency string    `json:"currency,omitempty"`
	Overdue  bool      `json:"overdue,omitempty"`
	Late     bool      `json:"late,omitempty"`
}

// Commitments is a page of promises, by when they are due; those that name no time come last.
type Commitments struct {
	Commitments []Commitment `json:"commitments"`
	Next        string       `json:"next_cursor,omitempty"`
}

// MaxCommitments bounds a page.
const MaxCommitments = 200

// CommitmentQuery asks for promises. Empty fields: all.
type CommitmentQuery struct {
	Status    string
	DueBefore time.Time
	Cursor    string
	Limit     int
}

func commitmentQuery(q url.Values) (p profiles.PromiseQuery, err error) {
	p = profiles.PromiseQuery{Status: profiles.CommitmentStatus(q.Get("status")), Most: MaxCommitments}
	if p.Status != "" && !slices.Contains(profiles.CommitmentStatuses(), p.Status) {
		return p, problem.Field("status", "must be proposed, made, kept, broken or withdrawn")
	}
	if due := q.Get("due_before"); due != "" {
		if p.DueBefore, err = time.Parse(time.RFC3339, due); err != nil {
			return p, problem.Field("due_before", "must be a time, such as 2026-03-01T12:00:00Z")
		}
	}
	if limit := q.Get("limit"); limit != "" {
		if p.Most, err = strconv.Atoi(limit); err != nil || p.Most < 1 || p.Most > MaxCommitments {
			return p, problem.Field("limit", "must be 1 to "+strconv.Itoa(MaxCommitments))
		}
	}
	if cursor := q.Get("cursor"); cursor != "" {
		if p.After, err = profiles.ParsePledged(cursor); err != nil {
			return p, problem.Field("cursor", "is not one of this list; start again without it")
		}
	}
	return p, nil
}

// listCommitments answers a page of promises, which is on record as read.
func (h *handlers) listCommitments(r *http.Request) (answer Commitments, err error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return answer, err
	}
	q, err := commitmentQuery(r.URL.Query())
	if err != nil {
		return answer, err
	}
	page, err := h.Promises.Promises(r.Context(), workspace, q)
	if err != nil {
		return answer, err
	}
	answer.Commitments = []Commitment{}
	now := h.Commands.Now()
	var ids []identity.ProfileID
	for i := range page.Promises {
		p := &page.Promises[i]
		answer.Commitments = append(answer.Commitments, Commitment{
			ID: p.ID, Profile: p.Profile, Kind: string(p.Kind), Status: string(p.Status), Role: string(p.Role), Text: p.Text, TextCut: p.TextCut,
			MadeAt: p.MadeAt, DueAt: p.DueAt, Amount: p.Amount, Currency: p.Currency, Overdue: p.Overdue(now), Late: p.Late,
		})
		if !slices.Contains(ids, p.Profile) {
			ids = append(ids, p.Profile)
		}
	}
	if page.Next != nil {
		answer.Next = page.Next.Cursor()
	}
	if len(ids) == 0 {
		return answer, nil
	}
	return answer, h.record(r, ids, uuid.Nil, 0, policy.ClassConversation, policy.ClassContent, policy.ClassMoney)
}

// Commitments asks for a page of promises.
func (c *Client) Commitments(ctx context.Context, workspace string, q CommitmentQuery) (Commitments, error) {
	v := url.Values{"workspace": {workspace}, "status": {q.Status}, "cursor": {q.Cursor}, "limit": {strconv.Itoa(q.Limit)}}
	if !q.DueBefore.IsZero() {
		v.Set("due_before", q.DueBefore.Format(time.RFC3339))
	}
	return call[Commitments](ctx, c, http.MethodGet, "commitments", v, nil)
}
