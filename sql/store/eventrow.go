package store

import (
	"encoding/json"
	"strings"

	"tributary/ingest/event"

	"github.com/google/uuid"
)

// NewEventRow makes the row of an event: what the log holds of it at place, and what only unify
// knows, its observation and the keys of its identifiers, ascending. The row keeps no reference
// to e's JSON.
func NewEventRow(e *event.Event, place Place, observation uuid.UUID, identifiers []uint64) EventRow {
	row := EventRow{
		Place:        place,
		Workspace:    e.Workspace,
		Source:       e.Source,
		MessageID:    e.MessageID,
		Type:         string(e.Type),
		Name:         e.Name,
		Channel:      string(e.Channel),
		At:           e.At,
		OriginalAt:   e.OriginalAt,
		SentAt:       e.SentAt,
		ReceivedAt:   e.ReceivedAt,
		Order:        e.Order,
		Client:       e.Client(),
		Observation:  observation,
		Identifiers:  identifiers,
		Subject:      subjectJSON(e),
		Participants: participantsJSON(e),
		Traits:       string(e.Traits),
		Properties:   string(e.Properties),
		Context:      string(e.Context),
	}
	if r := e.Record; r != nil {
		row.RecordID, row.RecordVersion, row.RecordDeleted = r.ID, r.Version, r.Deleted
	}
	if e.CX != nil {
		row.CXColumns = cxColumns(e.CX)
	}
	var leftOut int
	row.Query, leftOut = SafeJSON(row.Properties)
	row.QueryLeftOut = uint32(leftOut)
	return row
}

// subject is what EventRow.Subject holds.
type subject struct {
	Identifiers []event.Identifier `json:"identifiers,omitempty"`
	Attributes  map[string]string  `json:"attributes,omitempty"`
}

func subjectJSON(e *event.Event) string {
	if len(e.Identifiers) == 0 && len(e.Attributes) == 0 {
		return ""
	}
	text, _ := json.Marshal(subject{e.Identifiers, e.Attributes}) // strings alone: cannot fail
	return string(text)
}

func participantsJSON(e *event.Event) string {
	if len(e.Participants) == 0 {
		return ""
	}
	text, _ := json.Marshal(e.Participants)
	return string(text)
}

func cxColumns(cx *event.CX) CXColumns {
	return CXColumns{
		ConversationID:       cx.ConversationID,
		ParentConversationID: cx.ParentConversationID,
		LegID:                cx.LegID,
		Turn:                 cx.Turn,
		Direction:            string(cx.Direction),
		AuthorRole:           string(cx.AuthorRole),
		AgentID:              cx.AgentID,
		Team:                 cx.Team,
		Queue:                cx.Queue,
		Skill:                cx.Skill,
		CaseID:               cx.CaseID,
		Topic:                cx.Topic,
		Disposition:          cx.Disposition,
		Priority:             cx.Priority,
		Language:             cx.Language,
		Sentiment:            cx.Sentiment,
		TransferKind:         string(cx.TransferKind),
		WaitS:                cx.WaitS,
		TalkS:                cx.TalkS,
		HoldS:                cx.HoldS,
		WrapS:                cx.WrapS,
		Resolution:           string(cx.Resolution),
		SurveyID:             cx.SurveyID,
		Survey:               string(cx.Survey),
		SurveyKind:           string(cx.SurveyKind),
		AboutConversationID:  cx.AboutConversationID,
		Score:                cx.Score,
		Scale:                cx.Scale,
		Amount:               amount(cx.Amount),
		Currency:             cx.Currency,
		Product:              cx.Product,
		Entitlement:          cx.Entitlement,
		AccountID:            cx.AccountID,
		OrderID:              cx.OrderID,
		Text:                 cx.Text,
		Model:                cx.Model,
		Tokens:               cx.Tokens,
		Cost:                 cx.Cost,
		Consent:              string(cx.Consent),
		Purpose:              cx.Purpose,
		LegalBasis:           cx.LegalBasis,
		Evidence:             cx.Evidence,
		ValidUntil:           cx.ValidUntil,
		AccountKind:          string(cx.AccountKind),
		AccountRole:          cx.AccountRole,
		ValidFrom:            cx.ValidFrom,
		CommitmentID:         cx.CommitmentID,
		HandoffID:            cx.HandoffID,
		DueAt:                cx.DueAt,
	}
}

// amount returns text if it is a decimal that the column can hold, else nil. Validation has refused
// others before they got here; a row must not fail its whole block for one that slipped through.
func amount(text string) *string {
	digits := text
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		digits = digits[1:]
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	fits := len(whole) > 0 && len(whole) <= 30 && len(fraction) <= 8
	if !fits || strings.Trim(whole+fraction, "0123456789") != "" {
		return nil
	}
	return &text
}
