package problem

import (
	"errors"
	"net/http"

	"tributary/profiles/export"
)

// Gone is the problem of what was there and was removed.
var Gone = Kind{"gone", http.StatusGone, "It was removed"}

// noExport is that of an id that no export of the workspace has.
var noExport = Kind{Name: "not-found", Status: http.StatusNotFound, Title: "There is no such export in this workspace"}

// OfExport says what an error of an export means to a client; nil: it is none.
func OfExport(err error) *Document {
	switch {
	case errors.Is(err, export.ErrUnknown):
		return New(noExport, "")
	case errors.Is(err, export.ErrNotReady):
		return New(Conflict, "the export is not ready; its status says whether it will be")
	case errors.Is(err, export.ErrGone):
		return New(Gone, "the export expired, or its subject was erased; ask for a new one")
	case errors.Is(err, export.ErrBusy):
		return New(Unavailable, "too many exports are waiting; ask again later")
	}
	return nil
}
