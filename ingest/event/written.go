package event

import (
	"encoding/json"
	"strconv"
	"time"
)

// Written is what an event of SourceAgent says in Context of how it was written.
type Written struct {
	Actor Actor `json:"actor"`
	// Request is a keyed hash of what was asked for, 16 hex digits: a retry has the same, and is a repeat whatever
	// the program made of it; another request under the same message id is a conflict. Empty: the program's own.
	Request   string `json:"request,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	// Known is when whom it is about was first heard of, as the writer read it: an erasure of since then reaches
	// what was still to be written when it was carried out, and who came back is told from who was erased.
	Known time.Time `json:"known,omitzero"`
}

// Actor is who wrote. By and Kind are the credential's; ID and Name are as the writer said, and are not to be trusted.
type Actor struct {
	By   string     `json:"by"`   // "key:<id>", "key:<id>:session:<uuid>", "jwt:<hash>:<hash>"
	Kind AuthorRole `json:"kind"` // human, ai or system
	ID   string     `json:"id,omitempty"`
	Name string     `json:"name,omitempty"`
}

// MaxActorBytes is how long an actor's id and name may be, each.
const MaxActorBytes = 128

// ActorFault says what is wrong with an actor's id or name, or "".
func ActorFault(text string) string {
	if text == "" {
		return ""
	}
	return idFault(text, MaxActorBytes)
}

// FieldFault says what is wrong with an id of CX, such as a conversation's, or "".
func FieldFault(text string) string { return idFault(text, MaxFieldBytes) }

// Written reads it; the zero one of an event that has none.
func (e *Event) Written() Written {
	var w Written
	if !e.ByAgent() || len(e.Context) == 0 || json.Unmarshal(e.Context, &w) != nil {
		return Written{}
	}
	return w
}

// Context is the event's member.
func (w Written) Context() json.RawMessage {
	text, _ := json.Marshal(w) // strings always encode
	return text
}

// RequestHash is Request as a number; false where there is none.
func (w Written) RequestHash() (uint64, bool) {
	if len(w.Request) != 16 {
		return 0, false
	}
	n, err := strconv.ParseUint(w.Request, 16, 64)
	return n, err == nil
}
