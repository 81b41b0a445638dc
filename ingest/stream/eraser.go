package stream

import (
	"context"
	"errors"
)

// ErrReplacement is returned by Eraser.Replace for what cannot take a record's place.
var ErrReplacement = errors.New("stream: not what can take the record's place")

// Eraser is implemented by logs whose records can be taken back. Those of another log are there until its
// retention has removed them.
type Eraser interface {
	// Replace puts the records in the places of those that are there, all or none, and returns once that is
	// durable. Who reads from now on sees the new ones; offsets and counts stay what they are. A record must
	// have workspace, source, lane and time of receipt of the one whose place it takes, and be counted if that
	// is, else ErrReplacement is returned. What was trimmed is passed over.
	Replace(ctx context.Context, records []Entry) error
	// Scrub returns once no file of the log holds bytes of records that were replaced or trimmed before the
	// call. Appending and reading go on meanwhile.
	Scrub(ctx context.Context) error
}
