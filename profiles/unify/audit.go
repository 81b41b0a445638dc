package unify

import (
	"fmt"
	"strings"

	"tributary/profiles/outbox"
	"tributary/sql/store"
)

// AuditNote is a line of the audit trail about what is no command: an attempt that was refused, an
// export, a reading of the trail itself. It changes nothing else. Who did it is said by its By.
type AuditNote struct {
	Action      string `json:"action"`                 // such as request, audit.read
	SubjectKind string `json:"subject_kind,omitempty"` // such as route, key, profile
	Subject     string `json:"subject,omitempty"`      // an id or a route's pattern; never a customer's value
	Outcome     string `json:"outcome"`                // store.AuditDone, AuditRefused or AuditFailed
	Reason      string `json:"reason,omitempty"`       // machine name
}

// Name implements Command.
func (AuditNote) Name() string { return "audit.note" }

// Validate implements Command.
func (c AuditNote) Validate() error {
	var f faults
	f.check(c.Action != "" && len(c.Action) <= maxAuditText, fmt.Sprintf("action: must have 1 to %d bytes", maxAuditText))
	for name, text := range map[string]string{"subject_kind": c.SubjectKind, "subject": c.Subject, "reason": c.Reason} {
		f.check(len(text) <= maxAuditText, fmt.Sprintf("%s: is longer than %d bytes", name, maxAuditText))
	}
	switch c.Outcome {
	case store.AuditDone, store.AuditRefused, store.AuditFailed:
	default:
		f.check(false, "outcome: must be done, refused or failed")
	}
	return f.err()
}

const maxAuditText = 256

// audited is a command that names what it is about: a kind and an id, never a customer's value.
type audited interface {
	AuditSubject() (kind, id string)
}

// audit appends the line of the trail about a command that somebody gave; f is why it was not carried
// out. The program's own commands leave none.
func (a *applier) audit(r *record, f *fault) error {
	by, ok := parseBy(r.Value)
	if !ok {
		return nil
	}
	row := &store.AuditRow{
		Workspace: r.Workspace, Actor: by.Actor, Action: by.Action, Outcome: store.AuditDone,
		RequestID: by.RequestID, At: r.ReceivedAt,
	}
	if r.command != nil {
		row.OnBehalf = cut(actorOf(r.command))
		row.SubjectKind, row.Subject = auditSubjectOf(r.command)
		if row.Action == "" {
			row.Action = r.command.Name()
		}
	}
	if note, ok := r.command.(AuditNote); ok {
		row.Action, row.Outcome, row.Reason = note.Action, note.Outcome, note.Reason
	}
	if f != nil {
		row.Outcome, row.Reason = store.AuditFailed, f.reason
	}
	if all, ok := r.command.(ConfigPutAll); ok { // a line for each, by which it is found
		for _, d := range all.Documents[1:] {
			other := *row
			other.SubjectKind, other.Subject = document(all.Bucket, d.Key)
			if err := a.row(r, outbox.TableAudit, &other); err != nil {
				return err
			}
		}
	}
	return a.row(r, outbox.TableAudit, row)
}

// auditSubjectOf says what a command is about. Identifiers are told by their type alone.
func auditSubjectOf(c Command) (kind, id string) {
	switch c := c.(type) {
	case AuditNote:
		return c.SubjectKind, c.Subject
	case ConfigPut:
		return document(c.Bucket, c.Key)
	case ConfigPutAll:
		return document(c.Bucket, c.Documents[0].Key)
	case ConfigDelete:
		return document(c.Bucket, c.Key)
	case IdentityLink:
		return "observation", c.A.String()
	case IdentityBlock:
		return "identifier_type", c.Type
	case IdentityUnblock:
		return "identifier_type", c.Type
	case SchemaSet:
		return "schema", joined(c.Source, c.Event)
	case SchemaRemove:
		return "schema", joined(c.Source, c.Event)
	case QuarantineReplay:
		return "item", fmt.Sprintf("%d-%d-%d", c.Partition, c.Offset, c.Ordinal)
	case QuarantineDiscard:
		return "item", fmt.Sprintf("%d-%d-%d", c.Partition, c.Offset, c.Ordinal)
	case audited:
		return c.AuditSubject()
	}
	kind, _, _ = strings.Cut(c.Name(), ".")
	return kind, ""
}

// keyBucket holds keys by the hex of their hash; the trail tells their id, its first digits.
const (
	keyBucket = "keys"
	keyDigits = 16
)

func document(bucket, key string) (kind, id string) {
	if bucket == keyBucket {
		return "key", key[:min(len(key), keyDigits)]
	}
	return bucket, cut(key)
}

func joined(source, event string) string {
	if event == "" {
		return source
	}
	return source + "/" + cut(event)
}

// cut bounds what people wrote.
func cut(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxAuditText)], "") }
