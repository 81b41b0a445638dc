package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/profiles"
)

// aboutWhom says whom something is written about. A bearer who is bound to one customer may leave it out.
type aboutWhom struct {
	Identifiers []identifierBody `json:"identifiers,omitempty"`
	Profile     string           `json:"profile,omitempty"`
}

func (b *aboutWhom) address(c *gin.Context) (profiles.Address, error) {
	key := keyOf(c)
	switch {
	case b.Profile != "" && len(b.Identifiers) > 0:
		return nil, problem.Field("profile", "cannot stand beside identifiers")
	case b.Profile != "":
		return profiles.Address{{Type: profiles.TypeProfile, Value: b.Profile}}, nil
	case len(b.Identifiers) == 0 && ofCustomer(key):
		return boundTo(key), nil
	}
	address, err := addressIn(b.Identifiers)
	return mine(key, address), err
}

// commitmentBody is what is promised, and to whom.
type commitmentBody struct {
	aboutWhom
	Actor *actorBody `json:"actor,omitempty"`
	Kind  string     `json:"kind"`
	Text  string     `json:"text"`
	// Conversation and Quote are the turn in which it was promised.
	Conversation string                    `json:"conversation,omitempty"`
	Quote        *profiles.CommitmentQuote `json:"quote,omitempty"`
	DueAt        *time.Time                `json:"due_at,omitempty"`
	Amount       string                    `json:"amount,omitempty"`
	Currency     string                    `json:"currency,omitempty"`
	OrderID      string                    `json:"order_id,omitempty"`
	CaseID       string                    `json:"case_id,omitempty"`
	AccountID    string                    `json:"account_id,omitempty"`
	PolicyTags   []string                  `json:"policy_tags,omitempty"`
}

// Bounds of what may be written, in bytes.
const (
	maxCommitmentText = 2 << 10
	maxQuote          = 2 << 10
	maxPolicyTags     = 8
	maxPolicyTag      = 64
)

func (b *commitmentBody) validate() error {
	d := problem.New(problem.Invalid, "")
	fault := func(wrong bool, field, reason string) {
		if wrong {
			d.Errors = append(d.Errors, problem.FieldError{Field: field, Reason: reason})
		}
	}
	fault(!slices.Contains(profiles.CommitmentKinds(), profiles.CommitmentKind(b.Kind)), "kind",
		"must be refund, credit, callback, delivery, appointment, reply or other")
	d.Errors = append(d.Errors, textFaults("text", b.Text, maxCommitmentText)...)
	if q := b.Quote; q != nil {
		fault(q.MessageID == "" && q.Text == "", "quote", "must have a message_id or a text")
		fault(len(q.Text) > maxQuote, "quote.text", fmt.Sprintf("is longer than %d bytes", maxQuote))
		fault(len(q.MessageID) > event.MaxMessageIDBytes, "quote.message_id", fmt.Sprintf("is longer than %d bytes", event.MaxMessageIDBytes))
	}
	fault(len(b.PolicyTags) > maxPolicyTags, "policy_tags", fmt.Sprintf("are more than %d", maxPolicyTags))
	for i, tag := range b.PolicyTags[:min(len(b.PolicyTags), maxPolicyTags)] {
		fault(tag == "" || len(tag) > maxPolicyTag, fmt.Sprintf("policy_tags[%d]", i), fmt.Sprintf("must be 1 to %d bytes", maxPolicyTag))
	}
	if len(d.Errors) > 0 {
		return d
	}
	return nil
}

// textFaults are what is wrong with a text that is required.
func textFaults(field, text string, most int) []problem.FieldError {
	switch {
	case text == "":
		return []problem.FieldError{{Field: field, Reason: "is required"}}
	case len(text) > most:
		return []problem.FieldError{{Field: field, Reason: fmt.Sprintf("is longer than %d bytes", most)}}
	case !utf8.ValidString(text):
		return []problem.FieldError{{Field: field, Reason: "must be UTF-8"}}
	}
	return nil
}

// postCommitment writes down a promise. What an AI promises is proposed.
func (a *API) postCommitment(c *gin.Context) {
	var body commitmentBody
	err := newQuery(c).err()
	if err == nil {
		err = decode(c, &body)
	}
	if err == nil {
		err = body.validate()
	}
	var w *writing
	if err == nil {
		w, err = a.beginWrite(c, &body, body.Actor)
	}
	var found *profiles.Answer
	if err == nil {
		found, err = a.lookUp(c, &body.aboutWhom, body.Conversation)
	}
	if err == nil && !w.Done {
		e := body.event()
		if e.Observation, e.CX.CommitmentID = found.Profile.ID, w.ID.String(); w.written.Actor.Kind == event.AuthorAI {
			e.Name = event.NameCommitmentProposed
		}
		err = a.write(c, w, e)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answerCommitment(c, http.StatusCreated, found.Profile.ID, w.ID.String())
}

// lookUp finds whom something is written about.
func (a *API) lookUp(c *gin.Context, b *aboutWhom, conversation string) (*profiles.Answer, error) {
	address, err := b.address(c)
	if err != nil {
		return nil, err
	}
	readingOf(c).inConversation(conversation)
	return a.Profiles.Get(c.Request.Context(), keyOf(c).Workspace, address)
}

func (b *commitmentBody) event() *event.Event {
	said := profiles.CommitmentBody{Kind: profiles.CommitmentKind(b.Kind), PolicyTags: b.PolicyTags}
	if b.Quote != nil {
		said.Quote = *b.Quote
	}
	e := &event.Event{Name: event.NameCommitmentMade, CX: &event.CX{
		Text: b.Text, ConversationID: b.Conversation, Amount: b.Amount, Currency: b.Currency,
		OrderID: b.OrderID, CaseID: b.CaseID, AccountID: b.AccountID,
	}}
	e.Properties, _ = json.Marshal(said) // strings always encode
	if b.DueAt != nil {
		e.CX.DueAt = b.DueAt.UTC().Truncate(time.Millisecond)
	}
	return e
}

// commitmentStepBody is what is said of a promise.
type commitmentStepBody struct {
	Actor *actorBody `json:"actor,omitempty"`
	// Evidence is the event by which it was kept, where one says so.
	Evidence *evidenceBody `json:"evidence,omitempty"`
}

// evidenceBody names an event.
type evidenceBody struct {
	Source    string `json:"source"`
	MessageID string `json:"message_id"`
}

// commitmentStep is one of the things that are said of a promise: from which statuses, and what it says. byAI are those from which
// an AI may.
type commitmentStep struct {
	name string
	from []profiles.CommitmentStatus
	byAI []profiles.CommitmentStatus
	to   profiles.CommitmentStatus
}

var (
	confirmStep = commitmentStep{
		name: event.NameCommitmentMade, to: profiles.CommitmentMade, from: []profiles.CommitmentStatus{profiles.CommitmentProposed},
	}
	keepStep = commitmentStep{
		name: event.NameCommitmentKept, to: profiles.CommitmentKept,
		from: []profiles.CommitmentStatus{profiles.CommitmentMade, profiles.CommitmentBroken},
	}
	withdrawStep = commitmentStep{
		name: event.NameCommitmentWithdrawn, to: profiles.CommitmentWithdrawn,
		from: []profiles.CommitmentStatus{profiles.CommitmentProposed, profiles.CommitmentMade, profiles.CommitmentBroken},
		byAI: []profiles.CommitmentStatus{profiles.CommitmentProposed},
	}
)

// stepCommitment confirms, keeps or withdraws a promise.
func (a *API) stepCommitment(s commitmentStep) gin.HandlerFunc {
	return func(c *gin.Context) {
		var body commitmentStepBody
		err := newQuery(c).err()
		if err == nil {
			err = decode(c, &body)
		}
		if err == nil {
			err = s.check(&body)
		}
		var w *writing
		if err == nil {
			w, err = a.beginWrite(c, &body, body.Actor)
		}
		var found *profiles.Answer
		var x *profiles.Commitment
		if err == nil {
			found, x, err = a.findCommitment(c)
		}
		if err == nil && !w.Done {
			if err = s.may(x, w.written.Actor.Kind); err == nil {
				err = a.write(c, w, s.event(x, &body))
			}
		}
		if err != nil {
			a.fail(c, err)
			return
		}
		a.answerCommitment(c, http.StatusOK, found.Profile.ID, x.ID)
	}
}

func (s *commitmentStep) check(b *commitmentStepBody) error {
	switch e := b.Evidence; {
	case e == nil:
	case s.to != profiles.CommitmentKept:
		return problem.Field("evidence", "is for what is kept")
	case !event.ValidSource(e.Source):
		return problem.Field("evidence.source", "must be the name of a source")
	case e.MessageID == "" || len(e.MessageID) > event.MaxMessageIDBytes:
		return problem.Field("evidence.message_id", fmt.Sprintf("must be 1 to %d bytes", event.MaxMessageIDBytes))
	}
	return nil
}

// may says whether it can be said now, by somebody of a kind.
func (s *commitmentStep) may(c *profiles.Commitment, by event.AuthorRole) error {
	switch {
	case by == event.AuthorAI && !slices.Contains(s.byAI, c.Status):
		return problem.New(problem.Forbidden, "an AI may propose a promise and take back what is only proposed; the rest is for a person or an authorised system")
	case !slices.Contains(s.from, c.Status):
		return problem.New(problem.Conflict, fmt.Sprintf("the promise is %s, and cannot come to be %s", c.Status, s.to))
	}
	return nil
}

// event is what is said. Who confirms says what was read: the terms stand in it, whatever is proposed meanwhile.
func (s *commitmentStep) event(x *profiles.Commitment, b *commitmentStepBody) *event.Event {
	said := profiles.CommitmentBody{Kind: x.Kind}
	e := &event.Event{Name: s.name, Observation: x.Observation, CX: &event.CX{CommitmentID: x.ID, ConversationID: x.ConversationID, DueAt: x.DueAt}}
	if s.to == profiles.CommitmentMade {
		said.Quote, said.PolicyTags = profiles.CommitmentQuote{MessageID: x.QuoteMessageID, Text: x.Quote}, x.Tags
		said.TextCut, said.QuoteCut = x.TextCut, x.QuoteCut
		e.CX.Text, e.CX.Amount, e.CX.Currency = x.Text, x.Amount, x.Currency
		e.CX.OrderID, e.CX.CaseID, e.CX.AccountID = x.OrderID, x.CaseID, x.AccountID
	}
	if b.Evidence != nil {
		said.Evidence = &profiles.CommitmentEvidence{Source: b.Evidence.Source, MessageID: b.Evidence.MessageID}
	}
	e.Properties, _ = json.Marshal(said) // strings always encode
	return e
}
