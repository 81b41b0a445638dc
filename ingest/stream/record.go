package stream

import (
	"errors"
	"fmt"
)

// MaxName is the longest workspace, source or message id that a log takes, in bytes.
const MaxName = 1024

// ErrInvalid is returned by Append when a record has an unknown lane or kind, or no workspace.
var ErrInvalid = errors.New("stream: record is invalid")

// Validate checks what every log needs of a record. A value, or a name, that is too long gives
// ErrTooLarge; maxValue is in bytes. Anything else that is wrong gives ErrInvalid.
func (r *Record) Validate(maxValue int) error {
	switch {
	case r.Lane >= Lanes:
		return fmt.Errorf("%w: lane %d", ErrInvalid, r.Lane)
	case !r.Kind.Valid():
		return fmt.Errorf("%w: kind %d", ErrInvalid, r.Kind)
	case r.Workspace == "":
		return fmt.Errorf("%w: workspace is empty", ErrInvalid)
	case len(r.Workspace) > MaxName, len(r.Source) > MaxName, len(r.MessageID) > MaxName:
		return fmt.Errorf("%w: workspace, source or message id is longer than %d bytes", ErrTooLarge, MaxName)
	case len(r.Value) > maxValue:
		return fmt.Errorf("%w: value has %d bytes, at most %d are taken", ErrTooLarge, len(r.Value), maxValue)
	}
	return nil
}

// Valid reports whether the kind is a known one.
func (k Kind) Valid() bool { return k >= KindEvent && k <= KindErased }

// Counted reports whether records of this kind count as received from their source.
func (k Kind) Counted() bool {
	return k == KindEvent || k == KindRejected || k == KindSuppressed || k == KindErased
}
