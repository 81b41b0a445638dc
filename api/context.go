package api

import (
	"fmt"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/consent"
)

// The bounds of a context call's time budget, in milliseconds, and of its query, in bytes.
const (
	minBudgetMS = 1
	maxBudgetMS = 10_000
	maxQuery    = 1024
)

// contextBody is the body of a context call.
type contextBody struct {
	Identifiers  []identifierBody `json:"identifiers"`
	Purpose      string           `json:"purpose,omitempty"`
	Conversation string           `json:"conversation,omitempty"`
	Query        string           `json:"query,omitempty"`
	After        string           `json:"after,omitempty"`
	BudgetTokens *int             `json:"budget_tokens,omitempty"`
	BudgetMS     *int             `json:"budget_ms,omitempty"`
	AsOf         *time.Time       `json:"as_of,omitempty"`
	KnownVersion *uint64          `json:"known_version,omitempty"`
	KnownProfile *uuid.UUID       `json:"known_profile,omitempty"`
}

// contextAsk is what a context call asks for.
type contextAsk struct {
	address profiles.Address
	profiles.ContextRequest
	budget time.Duration // 0: none
	after  []stream.Position
	known  profiles.Known
	untold string            // why consent is not told; "": it is
	named  func(error) error // puts errors in terms of the request
}

// contextView is the answer of the context call.
type contextView struct {
	subjectView
	AsOf   time.Time  `json:"as_of" policy:"meta"`
	Tokens tokensView `json:"tokens" policy:"-"`
	// Late are the parts that did not come within budget_ms, and are not in the answer.
	Late []lateView `json:"late" policy:"-"`
	// IdentityChanged says what is no longer of the person that known_version was about; absent: nothing.
	IdentityChanged *profiles.Change    `json:"identity_changed,omitempty" policy:"-"`
	Facts           []profiles.Fact     `json:"facts" policy:"-"`
	LeftOut         []profiles.Omission `json:"left_out" policy:"-"`
}

type tokensView struct {
	Budget    int    `json:"budget" policy:"meta"`
	Used      int    `json:"used" policy:"meta"` // sum over the facts
	Tokenizer string `json:"tokenizer" policy:"meta"`
}

type lateView struct {
	Part     string `json:"part" policy:"meta"`
	WaitedMS int64  `json:"waited_ms" policy:"meta"`
}

func (a *API) getContext(c *gin.Context) {
	address, err := addressOf(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	q := newQuery(c)
	body := contextBody{Conversation: q.text("conversation"), Query: q.text("query"), After: q.text("after")}
	if n := q.number("budget_tokens", profiles.MinBudget, profiles.MaxBudget); n > 0 {
		body.BudgetTokens = &n
	}
	if n := q.number("budget_ms", minBudgetMS, maxBudgetMS); n > 0 {
		body.BudgetMS = &n
	}
	body.AsOf = q.moment("as_of")
	if n := q.number("known_version", 1, 1<<53); n > 0 {
		version := uint64(n)
		body.KnownVersion = &version
	}
	if id := q.id("known_profile"); id != uuid.Nil {
		body.KnownProfile = &id
	}
	ask := &contextAsk{address: address, named: ofPath}
	if q.faults = append(q.faults, a.fill(c, ask, &body)...); q.err() != nil {
		a.fail(c, q.err())
		return
	}
	a.serveContext(c, ask)
}

func (a *API) postContext(c *gin.Context) {
	var body contextBody
	err := newQuery(c).err()
	if err == nil {
		err = decode(c, &body)
	}
	ask := &contextAsk{named: func(err error) error { return err }}
	if err == nil {
		if ask.address, err = addressIn(body.Identifiers); err == nil {
			err = a.purposeIn(c, &body)
		}
	}
	if err == nil {
		if faults := a.fill(c, ask, &body); len(faults) > 0 {
			d := problem.New(problem.Invalid, "")
			d.Errors = faults
			err = d
		}
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.serveContext(c, ask)
}

// purposeIn takes purpose and conversation of the reading from a body. What the query says otherwise is a fault.
func (a *API) purposeIn(c *gin.Context, body *contextBody) error {
	x := readingOf(c)
	for _, p := range []struct{ name, value string }{{"purpose", body.Purpose}, {"conversation", body.Conversation}} {
		if asked, given := c.GetQuery(p.name); given && p.value != "" && asked != p.value {
			return problem.Field(p.name, "is said in the query otherwise than in the body")
		}
	}
	switch {
	case body.Conversation == "":
		body.Conversation = x.conversation
	case x.key.Session == nil: // a session's conversation is its own
		x.conversation = body.Conversation
	}
	if body.Purpose == "" {
		return nil
	}
	return x.narrow(body.Purpose)
}

// fill brings what is asked for into its form, and returns all that is not right.
func (a *API) fill(c *gin.Context, ask *contextAsk, body *contextBody) (faults []problem.FieldError) {
	fault := func(field, reason string) { faults = append(faults, problem.FieldError{Field: field, Reason: reason}) }
	between := func(field string, n *int, low, high int) int {
		if n != nil && (*n < low || *n > high) {
			fault(field, fmt.Sprintf("must be a number from %d to %d", low, high))
		}
		if n == nil {
			return 0
		}
		return *n
	}
	ask.ContextRequest = profiles.ContextRequest{
		BudgetTokens: between("budget_tokens", body.BudgetTokens, profiles.MinBudget, profiles.MaxBudget),
		AsOf:         a.Now().UTC().Truncate(time.Millisecond),
		Conversation: body.Conversation, Query: body.Query, Narrative: wantsNarrative(c),
	}
	if ask.BudgetTokens == 0 {
		ask.BudgetTokens = profiles.DefaultBudget
	}
	ask.budget = time.Duration(between("budget_ms", body.BudgetMS, minBudgetMS, maxBudgetMS)) * time.Millisecond
	if body.AsOf != nil {
		ask.AsOf = body.AsOf.UTC()
	}
	if len(body.Query) > maxQuery {
		fault("query", fmt.Sprintf("is longer than %d bytes", maxQuery))
	}
	if body.After != "" {
		var err error
		if ask.after, err = stream.Acknowledged(keyOf(c).Workspace, body.After); err != nil {
			fault("after", "is no acknowledgement of an event of this workspace: send what the header "+stream.AfterHeader+" of its answer said")
		}
	}
	if body.KnownVersion != nil {
		ask.known.Version = *body.KnownVersion
	}
	if body.KnownProfile != nil {
		if ask.known.Profile = *body.KnownProfile; body.KnownVersion == nil {
			fault("known_version", "is required with known_profile: both are of one earlier answer")
		}
	}
	return faults
}

// wantsNarrative says whether the client would rather have Markdown.
func wantsNarrative(c *gin.Context) bool {
	return c.NegotiateFormat("application/json", markdownType) == markdownType
}

func (a *API) serveContext(c *gin.Context, ask *contextAsk) {
	c.Header("Vary", "Accept")
	defer a.withinBudget(c, ask.budget)()
	g, err := a.gather(c, ask)
	if err != nil {
		a.fail(c, ask.named(err))
		return
	}
	found := g.answer
	if a.redirect(c, ask.address, found.Profile.ID, found.Requested, found.IdentityVersion) {
		return
	}
	shown, err := a.filtered(c, found)
	if err != nil {
		a.fail(c, err)
		return
	}
	a.readFor(c, ask, found)
	known := profiles.NewContext(shown, ask.ContextRequest)
	v := contextView{
		subjectView:     newSubject(found.Profile.ID, found.Requested, found.IdentityVersion),
		AsOf:            ask.AsOf,
		Tokens:          tokensView{Budget: ask.BudgetTokens, Used: known.Used, Tokenizer: profiles.Tokenizer},
		Late:            append([]lateView{}, g.late...),
		IdentityChanged: g.change,
		Facts:           append([]profiles.Fact{}, known.Facts...),
		LeftOut:         append(append([]profiles.Omission{}, known.LeftOut...), withheldFrom(readingOf(c), ask.untold)...),
	}
	if ask.Narrative {
		a.answerNarrative(c, v)
		return
	}
	a.answer(c, v)
}

// readFor adds to a request what follows from who reads: what is hidden from them, what would raise the verification,
// and consent, if they may know of it.
func (a *API) readFor(c *gin.Context, ask *contextAsk, found *profiles.Answer) {
	x := readingOf(c)
	verification := x.verification(a)
	ask.Purpose = x.purpose
	ask.Hidden = func(class string) bool {
		return slices.ContainsFunc(x.before.Withheld, func(w policy.Withheld) bool { return w.Class == class })
	}
	for _, raise := range verification.Raise {
		ask.Ask = append(ask.Ask, raise.Ask...)
	}
	switch rule := x.policy.Rule(x.purpose, string(x.key.Reader), policy.ClassConsent); {
	case rule.Do != policy.Show:
		ask.untold = profiles.OmittedPurpose
	case rule.Consent != "":
		ask.untold = profiles.OmittedConsent
	case verification.level < rule.Needs:
		ask.untold = profiles.OmittedVerification
	default:
		ask.Consent = consent.Project(found.Consent, ask.AsOf)
	}
}

// withheldFrom says what the policy took out before the facts were made, by class and reason, and that consent is not
// told, if there is a reason.
func withheldFrom(x *reading, untold string) (list []profiles.Omission) {
	for _, w := range x.before.Withheld {
		if n := len(list) - 1; n >= 0 && list[n].Class == w.Class && list[n].Reason == w.Because {
			list[n].Count += uint64(w.Count) //nolint:gosec // a count
			continue
		}
		list = append(list, profiles.Omission{Class: w.Class, Count: uint64(w.Count), Reason: w.Because}) //nolint:gosec // a count
	}
	told := slices.ContainsFunc(list, func(o profiles.Omission) bool { return o.Class == policy.ClassConsent })
	if untold != "" && !told {
		list = append(list, profiles.Omission{Class: policy.ClassConsent, Reason: untold})
	}
	return list
}
