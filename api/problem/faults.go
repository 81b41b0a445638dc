package problem

import (
	"errors"

	"tributary/ingest/event"
)

// OfFaults is an invalid-request document that names every field at fault, where an error is event.Errors; nil: it is not.
func OfFaults(err error) *Document {
	var faults event.Errors
	if !errors.As(err, &faults) {
		return nil
	}
	d := New(Invalid, "")
	for _, f := range faults {
		d.Errors = append(d.Errors, FieldError(f))
	}
	return d
}
