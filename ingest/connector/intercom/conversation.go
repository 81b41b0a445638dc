package intercom

import (
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// conversation is a conversation of webhooks and of the API
// (https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/conversations/conversation).
type conversation struct {
	Type            string     `json:"type"`
	ID              field.Text `json:"id"`
	Title           string     `json:"title"`
	CreatedAt       field.Text `json:"created_at"`
	UpdatedAt       field.Text `json:"updated_at"`
	TeamAssigneeID  field.Text `json:"team_assignee_id"`
	Priority        field.Text `json:"priority"`
	AIParticipated  bool       `json:"ai_agent_participated"`
	Contacts        people     `json:"contacts"`
	Source          source     `json:"source"`
	Parts           parts      `json:"conversation_parts"`
	AIAgent         raw        `json:"ai_agent"`
	Rating          raw        `json:"conversation_rating"`
	Statistics      raw        `json:"statistics"`
	resolutionState string
}

type raw = field.Raw

type source struct {
	Type        string     `json:"type"`
	ID          field.Text `json:"id"`
	DeliveredAs string     `json:"delivered_as"`
	Subject     string     `json:"subject"`
	Body        string     `json:"body"`
	Author      author     `json:"author"`
}

type parts struct {
	List []raw `json:"conversation_parts"`
}

// aiAgent is Fin's part in a conversation.
type aiAgent struct {
	ResolutionState field.Text `json:"resolution_state"`
	UpdatedAt       field.Text `json:"updated_at"`
	CreatedAt       field.Text `json:"created_at"`
}

// readConversation decodes a conversation.
func readConversation(text []byte) (*conversation, error) {
	var c conversation
	if err := field.Decode(text, &c); err != nil {
		return nil, err
	}
	if agent := (aiAgent{}); len(c.AIAgent) > 0 && field.Decode(c.AIAgent, &agent) == nil {
		c.resolutionState = string(agent.ResolutionState)
	}
	return &c, nil
}

// within decodes an object within a conversation; nil if it is not there. One of another form is
// rejected.
func within[T any](path string, text raw, b *connector.Batch) *T {
	if len(text) == 0 || string(text) == "null" {
		return nil
	}
	v := new(T)
	if err := field.Decode(text, v); err != nil {
		b.Reject("", path+"."+strings.TrimPrefix(field.Misfit[T](text), "$"), field.Wrong, text)
		return nil
	}
	return v
}

// moment is a time that, if it is given, must be one.
func moment(path string, t field.Text, text raw, b *connector.Batch) time.Time {
	at := t.Time()
	if at.IsZero() && t != "" {
		b.Reject("", path, field.Wrong, text)
	}
	return at
}

// event is one of the conversation's, done by a.
func (m mapper) event(c *conversation, messageID, name string, a *author, at time.Time, properties []byte) event.Event {
	e := event.Event{
		MessageID: messageID, Name: name, Channel: channels[c.Source.Type], OriginalAt: at,
		Identifiers: m.identifiers(&c.Contacts, a), Properties: properties,
		CX: &event.CX{
			ConversationID: string(c.ID), Topic: field.Clip(c.Title), Team: string(c.TeamAssigneeID),
			AuthorRole: a.role(),
		},
	}
	if c.Priority != "not_priority" && c.Priority != "none" {
		e.CX.Priority = string(c.Priority)
	}
	if e.CX.AuthorRole == event.AuthorHuman || e.CX.AuthorRole == event.AuthorAI {
		e.CX.AgentID = string(a.ID)
	}
	return e
}

// opening is the beginning of a conversation, and its first message.
func (m mapper) opening(c *conversation, properties []byte, b *connector.Batch) {
	a, at := &c.Source.Author, c.CreatedAt.Time()
	direction := event.DirectionOutbound
	if a.customer() || c.Source.DeliveredAs == "customer_initiated" {
		direction = event.DirectionInbound
	}
	started := m.event(c, "conversation:"+string(c.ID)+":started", event.NameConversationStarted, a, at, properties)
	started.CX.Direction = direction
	b.Add(started)
	first := m.event(c, "conversation:"+string(c.ID)+":source", event.NameConversationMessage, a, at, properties)
	first.CX.Direction, first.CX.Text = direction, field.PlainText(c.Source.Body)
	b.Add(first)
}

// statistics are Intercom's figures of a conversation; times in seconds.
type statistics struct {
	FirstAdminReplyAt field.Text `json:"first_admin_reply_at"`
	TimeToAdminReply  *float64   `json:"time_to_admin_reply"`
}

// answered is the first reply of a human, of which statistics tell the wait.
func (m mapper) answered(c *conversation, after time.Time, b *connector.Batch) {
	s := within[statistics]("statistics", c.Statistics, b)
	if s == nil {
		return
	}
	at := moment("statistics.first_admin_reply_at", s.FirstAdminReplyAt, c.Statistics, b)
	if at.IsZero() || at.Before(after) {
		return
	}
	e := m.event(c, "conversation:"+string(c.ID)+":answered", event.NameConversationAnswered, &author{Type: "admin"}, at, field.Object(c.Statistics))
	e.CX.WaitS = s.TimeToAdminReply
	b.Add(e)
}

// handedOff is Fin's passing on to humans, which its resolution state tells.
func (m mapper) handedOff(c *conversation, after time.Time, b *connector.Batch) {
	if c.resolutionState != "escalated" && c.resolutionState != "routed_to_team" {
		return
	}
	var agent aiAgent
	if field.Decode(c.AIAgent, &agent) != nil {
		return
	}
	at := agent.UpdatedAt.Time()
	if at.IsZero() {
		at = agent.CreatedAt.Time()
	}
	if at.Before(after) {
		return
	}
	e := m.event(c, "conversation:"+string(c.ID)+":handed_off", event.NameConversationHandedOff, &author{Type: "bot"}, at, field.Object(c.AIAgent))
	e.CX.Resolution = event.ResolutionNone
	e.CX.Disposition = c.resolutionState
	b.Add(e)
}

// rating is of 1 to 5; created_at is when it was asked for.
type rating struct {
	Rating    *float64   `json:"rating"`
	Remark    string     `json:"remark"`
	CreatedAt field.Text `json:"created_at"`
	UpdatedAt field.Text `json:"updated_at"`
	RepliedAt field.Text `json:"replied_at"`
	Teammate  struct {
		ID field.Text `json:"id"`
	} `json:"teammate"`
}

// rated is a customer's rating.
func (m mapper) rated(c *conversation, after time.Time, properties []byte, b *connector.Batch) {
	r := within[rating]("conversation_rating", c.Rating, b)
	if r == nil || r.Rating == nil {
		return
	}
	at := r.CreatedAt.Time()
	for _, later := range [...]field.Text{r.UpdatedAt, r.RepliedAt} {
		if t := later.Time(); t.After(at) {
			at = t
		}
	}
	if at.Before(after) {
		return
	}
	if properties == nil {
		properties = field.Object(c.Rating)
	}
	id := string(c.ID)
	e := m.event(c, "rating:"+id+":"+at.Format(time.RFC3339), event.NameSurveyAnswered, &author{}, at, properties)
	e.CX.ConversationID, e.CX.AboutConversationID = "", id
	e.CX.AuthorRole, e.CX.AgentID, e.CX.Text = event.AuthorCustomer, string(r.Teammate.ID), r.Remark
	e.CX.Survey, e.CX.SurveyKind, e.CX.Score, e.CX.Scale = event.SurveyCSAT, event.SurveyTransactional, r.Rating, "1-5"
	b.Add(e)
}
