package store

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

func eventColumns() []column[EventRow] {
	return slices.Concat(eventHead(), eventCX(), eventJSON(), place(func(r *EventRow) *Place { return &r.Place }))
}

func eventHead() []column[EventRow] {
	type R = EventRow
	return []column[R]{
		text("workspace", func(r *R) string { return r.Workspace }),
		text("source", func(r *R) string { return r.Source }),
		text("message_id", func(r *R) string { return r.MessageID }),
		text("type", func(r *R) string { return r.Type }),
		text("name", func(r *R) string { return r.Name }),
		text("channel", func(r *R) string { return r.Channel }),
		moment("at", func(r *R) time.Time { return r.At }),
		moment("original_at", func(r *R) time.Time { return r.OriginalAt }),
		moment("sent_at", func(r *R) time.Time { return r.SentAt }),
		moment("received_at", func(r *R) time.Time { return r.ReceivedAt }),
		int64s("client_order", func(r *R) int64 { return r.Order }),
		uint64s("client", func(r *R) uint64 { return r.Client }),
		id("observation", func(r *R) uuid.UUID { return r.Observation }),
		uint64s("observation_key", func(r *R) uint64 { return ObservationKey(r.Observation) }),
		list("identifiers", "UInt64", func(r *R) []uint64 { return r.Identifiers }),
		text("record_id", func(r *R) string { return r.RecordID }),
		text("record_version", func(r *R) string { return r.RecordVersion }),
		boolean("record_deleted", func(r *R) bool { return r.RecordDeleted }),
		text("subject", func(r *R) string { return r.Subject }),
		text("participants", func(r *R) string { return r.Participants }),
	}
}

func eventCX() []column[EventRow] {
	type R = EventRow
	return []column[R]{
		text("conversation_id", func(r *R) string { return r.ConversationID }),
		text("parent_conversation_id", func(r *R) string { return r.ParentConversationID }),
		text("leg_id", func(r *R) string { return r.LegID }),
		int64s("turn", func(r *R) int64 { return r.Turn }),
		text("direction", func(r *R) string { return r.Direction }),
		text("author_role", func(r *R) string { return r.AuthorRole }),
		text("agent_id", func(r *R) string { return r.AgentID }),
		text("team", func(r *R) string { return r.Team }),
		text("queue", func(r *R) string { return r.Queue }),
		text("skill", func(r *R) string { return r.Skill }),
		text("case_id", func(r *R) string { return r.CaseID }),
		text("topic", func(r *R) string { return r.Topic }),
		text("disposition", func(r *R) string { return r.Disposition }),
		text("priority", func(r *R) string { return r.Priority }),
		text("language", func(r *R) string { return r.Language }),
		optional("sentiment", "Float64", func(r *R) *float64 { return r.Sentiment }),
		text("transfer_kind", func(r *R) string { return r.TransferKind }),
		optional("wait_s", "Float64", func(r *R) *float64 { return r.WaitS }),
		optional("talk_s", "Float64", func(r *R) *float64 { return r.TalkS }),
		optional("hold_s", "Float64", func(r *R) *float64 { return r.HoldS }),
		optional("wrap_s", "Float64", func(r *R) *float64 { return r.WrapS }),
		text("resolution", func(r *R) string { return r.Resolution }),
		text("survey_id", func(r *R) string { return r.SurveyID }),
		text("survey", func(r *R) string { return r.Survey }),
		text("survey_kind", func(r *R) string { return r.SurveyKind }),
		text("about_conversation_id", func(r *R) string { return r.AboutConversationID }),
		optional("score", "Float64", func(r *R) *float64 { return r.Score }),
		text("scale", func(r *R) string { return r.Scale }),
		optional("amount", "Decimal(38, 8)", func(r *R) *string { return r.Amount }),
		text("currency", func(r *R) string { return r.Currency }),
		text("product", func(r *R) string { return r.Product }),
		text("entitlement", func(r *R) string { return r.Entitlement }),
		text("account_id", func(r *R) string { return r.AccountID }),
		text("order_id", func(r *R) string { return r.OrderID }),
		text("text", func(r *R) string { return r.Text }),
		text("model", func(r *R) string { return r.Model }),
		optional("tokens", "Int64", func(r *R) *int64 { return r.Tokens }),
		optional("cost", "Float64", func(r *R) *float64 { return r.Cost }),
		text("consent", func(r *R) string { return r.Consent }),
		text("purpose", func(r *R) string { return r.Purpose }),
		text("legal_basis", func(r *R) string { return r.LegalBasis }),
		text("evidence", func(r *R) string { return r.Evidence }),
		moment("valid_until", func(r *R) time.Time { return r.ValidUntil }),
		text("account_kind", func(r *R) string { return r.AccountKind }),
		text("account_role", func(r *R) string { return r.AccountRole }),
		moment("valid_from", func(r *R) time.Time { return r.ValidFrom }),
		text("commitment_id", func(r *R) string { return r.CommitmentID }),
		text("handoff_id", func(r *R) string { return r.HandoffID }),
		moment("due_at", func(r *R) time.Time { return r.DueAt }),
	}
}

func eventJSON() []column[EventRow] {
	type R = EventRow
	return []column[R]{
		text("traits", func(r *R) string { return r.Traits }),
		text("properties", func(r *R) string { return r.Properties }),
		text("context", func(r *R) string { return r.Context }),
		object("query", func(r *R) string { return r.Query }),
		uint32s("query_left_out", func(r *R) uint32 { return r.QueryLeftOut }),
	}
}
