// Package problem is how Tributary answers errors over HTTP: RFC 9457 problem documents.
package problem

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// ContentType is the media type of a problem document.
const ContentType = "application/problem+json"

// typeBase begins every type. The types are names, not pages that exist.
const typeBase = "urn:tributary:problem:"

// Kind is a kind of problem: what a client may decide by.
type Kind struct {
	Name   string // ends Document.Type
	Status int
	Title  string // the same for every problem of the kind
}

// The kinds of problem.
var (
	Invalid         = Kind{"invalid-request", http.StatusBadRequest, "The request is not valid"}
	Unauthenticated = Kind{"unauthenticated", http.StatusUnauthorized, "A valid key is needed"}
	Forbidden       = Kind{"forbidden", http.StatusForbidden, "The key does not allow this"}
	NotFound        = Kind{"not-found", http.StatusNotFound, "Nobody is known under this address"}
	NoRoute         = Kind{"no-such-route", http.StatusNotFound, "There is no such route"}
	BadMethod       = Kind{"method-not-allowed", http.StatusMethodNotAllowed, "The route does not take this method"}
	Ambiguous       = Kind{"ambiguous", http.StatusConflict, "The address may be one of several profiles"}
	Split           = Kind{"split", http.StatusConflict, "The profile was split"}
	Conflict        = Kind{"conflict", http.StatusConflict, "The request does not fit the present state"}
	TooLarge        = Kind{"too-large", http.StatusRequestEntityTooLarge, "The request is too large"}
	HeaderTooLarge  = Kind{"header-too-large", http.StatusRequestHeaderFieldsTooLarge, "The headers are too large"}
	MediaType       = Kind{"unsupported-media-type", http.StatusUnsupportedMediaType, "The body must be application/json"}
	RateLimited     = Kind{"rate-limited", http.StatusTooManyRequests, "The key sends too many requests"}
	Internal        = Kind{"internal", http.StatusInternalServerError, "A fault of the server"}
	Unavailable     = Kind{"unavailable", http.StatusServiceUnavailable, "A part of the server cannot answer now"}
	TooSlow         = Kind{"request-timeout", http.StatusRequestTimeout, "The body did not arrive in time"}
	Timeout         = Kind{"timeout", http.StatusGatewayTimeout, "The answer took too long"}
)

// IdempotencyConflict is that of an Idempotency-Key that named another request before.
var IdempotencyConflict = Kind{"idempotency-conflict", http.StatusConflict, "The Idempotency-Key was used for another request"}

// Changed is that of a write that was to stand in for what is not there any more.
var Changed = Kind{"changed", http.StatusPreconditionFailed, "It was changed since it was read"}

// HandoffTaken and HandoffOver are those of a hand-off that the request's writer does not hold, and of one that is over.
var (
	HandoffTaken = Kind{"handoff-taken", http.StatusConflict, "The hand-off is not held by you"}
	HandoffOver  = Kind{"handoff-over", http.StatusGone, "The hand-off is over"}
)

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{
		Invalid, Unauthenticated, Forbidden, NotFound, NoRoute, BadMethod, Ambiguous, Split, Conflict, IdempotencyConflict, Changed, HandoffTaken, HandoffOver,
		TooLarge, HeaderTooLarge, MediaType, RateLimited, Internal, Unavailable, TooSlow, Timeout, Gone, Restricted,
	}
}

// Type is the URN that Document.Type has for the kind.
func (k Kind) Type() string { return typeBase + k.Name }

// FieldError says what is wrong with one field of a request. It never repeats the field's value.
type FieldError struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// Document is a problem document. Detail never holds a value of the request or of a customer.
type Document struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Instance names the request: "urn:tributary:request:<id>".
	Instance string       `json:"instance,omitempty"`
	Errors   []FieldError `json:"errors,omitempty"`

	// Of ambiguous and split:
	Candidates      any      `json:"candidates,omitempty"` // at most 20 of CandidatesTotal
	CandidatesTotal int      `json:"candidates_total,omitempty"`
	DecidedBy       []string `json:"decided_by,omitempty"`
	IdentityVersion *uint64  `json:"identity_version,omitempty"`
	// Of handoff-taken: who holds it, and until when; absent: nobody.
	Holder any        `json:"holder,omitempty"`
	Until  *time.Time `json:"until,omitempty"`
	// Of forbidden: the scope that the route needs.
	RequiredScope string `json:"required_scope,omitempty"`
}

// New returns a document of a kind.
func New(kind Kind, detail string) *Document {
	return &Document{Type: kind.Type(), Title: kind.Title, Status: kind.Status, Detail: detail}
}

// Field returns an invalid-request document that names one field.
func Field(field, reason string) *Document {
	d := New(Invalid, "")
	d.Errors = []FieldError{{field, reason}}
	return d
}

// Error makes a document an error: title, detail and every field at fault.
func (d *Document) Error() string {
	var said []string
	if d.Detail != "" {
		said = append(said, d.Detail)
	}
	for _, f := range d.Errors {
		said = append(said, f.Field+" "+f.Reason)
	}
	if len(said) == 0 {
		return d.Title
	}
	return d.Title + ": " + strings.Join(said, "; ")
}

// Write answers a request with the document.
func (d *Document) Write(w http.ResponseWriter) {
	body, err := json.Marshal(d)
	if err != nil { // Candidates are ours and always encode
		http.Error(w, d.Title, d.Status)
		return
	}
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(d.Status)
	_, _ = w.Write(body)
}
