package store

import "time"

// The outcomes of an AuditRow.
const (
	AuditDone    = "done"
	AuditRefused = "refused" // the actor may not
	AuditFailed  = "failed"  // it could not be carried out
)

// AuditRow is a row of audit: what somebody did, or tried. It never holds a value of a customer.
type AuditRow struct {
	Place

	Workspace   string    `json:"workspace"`
	Actor       string    `json:"actor"`               // key:<id>, jwt:<hash>:<hash> or socket:<uid>
	OnBehalf    string    `json:"on_behalf,omitempty"` // who decided, as the actor put it
	Action      string    `json:"action"`
	SubjectKind string    `json:"subject_kind,omitempty"`
	Subject     string    `json:"subject,omitempty"`
	Outcome     string    `json:"outcome"`
	Reason      string    `json:"reason,omitempty"`
	RequestID   string    `json:"request_id,omitempty"`
	At          time.Time `json:"at"`
}

func auditColumns() []column[AuditRow] {
	type R = AuditRow
	return append([]column[R]{
		text("workspace", func(r *R) string { return r.Workspace }),
		text("actor", func(r *R) string { return r.Actor }),
		text("on_behalf", func(r *R) string { return r.OnBehalf }),
		text("action", func(r *R) string { return r.Action }),
		text("subject_kind", func(r *R) string { return r.SubjectKind }),
		text("subject", func(r *R) string { return r.Subject }),
		text("outcome", func(r *R) string { return r.Outcome }),
		text("reason", func(r *R) string { return r.Reason }),
		text("request_id", func(r *R) string { return r.RequestID }),
		moment("at", func(r *R) time.Time { return r.At }),
	}, place(func(r *R) *Place { return &r.Place })...)
}
