package event

import (
	"errors"
	"time"
)

// Adopt completes an event that was handed over ready, in a file or by a program: it may leave out
// the workspace and the source, which then are those given, but not name others; without times of its
// own it was received now. Adopt returns every fault of the event as it then is.
func (e *Event) Adopt(workspace, source string, received time.Time) Errors {
	var faults Errors
	for _, f := range [...]struct {
		name string
		own  *string
		want string
	}{{"workspace", &e.Workspace, workspace}, {"source", &e.Source, source}} {
		if *f.own != "" && *f.own != f.want {
			faults.Add(f.name, "is another than the import's")
		}
		*f.own = f.want
	}
	if source == SourceAgent {
		faults.Add("source", "is reserved for what is written through the API")
	}
	if e.ReceivedAt.IsZero() {
		e.Stamp(e.OriginalAt, e.SentAt, received)
	}
	var found Errors
	if err := e.Validate(); errors.As(err, &found) {
		faults = append(faults, found...)
	}
	return faults
}

// ValidObject says whether raw is one JSON object in UTF-8, nested at most MaxDepth deep: what Traits,
// Properties and Context must be.
func ValidObject(raw []byte) bool { return validObject(raw) }
