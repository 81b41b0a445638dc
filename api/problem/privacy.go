package problem

import (
	"errors"
	"net/http"

	"tributary/profiles/privacy"
	"tributary/profiles/privacy/desk"
)

// Restricted is the problem of a profile of which use is restricted (GDPR, Article 18): nothing is told of
// it.
var Restricted = Kind{"restricted", http.StatusForbidden, "Use of this profile is restricted"}

// noErasure is that of an id that no erasure of the workspace has.
var noErasure = Kind{Name: "not-found", Status: http.StatusNotFound, Title: "There is no such erasure in this workspace"}

// OfPrivacy says what an error of privacy means to a client; nil: it is none.
func OfPrivacy(err error) *Document {
	var field *desk.FieldError
	var open *desk.OpenError
	switch {
	case errors.Is(err, privacy.ErrRestricted):
		return New(Restricted, "")
	case errors.Is(err, privacy.ErrUnknown):
		return New(noErasure, "")
	case errors.Is(err, privacy.ErrOver):
		return New(Conflict, "the erasure is carried out, or was cancelled before")
	case errors.Is(err, privacy.ErrHeld):
		return New(Conflict, "the hold is not over")
	case errors.Is(err, desk.ErrUnconfirmed):
		return New(Conflict, "no observation of this profile is confirmed: it may be one of several; decide who it is first")
	case errors.As(err, &open):
		return New(Conflict, "erasure "+open.ID.String()+" of this person is held already; cancel it first")
	case errors.As(err, &field):
		return Field(field.Field, field.Reason)
	}
	return nil
}
