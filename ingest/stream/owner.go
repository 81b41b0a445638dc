package stream

import (
	"context"
	"errors"
)

// ErrFenced is returned once another process owns the log: whatever this one still does must not count.
var ErrFenced = errors.New("stream: another process owns the log now")

// Owned is implemented by logs that several processes share. One of them at a time applies the log: it
// runs unify, and sends what comes of it.
type Owned interface {
	// Own waits until this process is the owner, or ctx ends. The lease outlives ctx.
	Own(ctx context.Context) (Lease, error)
}

// Lease is the right to apply the log. It ends when the process lets go of it, or was not heard of for
// a while (stopped, cut off), and another takes it.
type Lease interface {
	// Epoch numbers the owners from 1 on, each greater than the one before.
	Epoch() uint32
	// Before is the note that the owner before left; nil if there was none.
	Before() []byte
	// Write puts a note down in place of the last one, before what it is about is done: whoever owns the
	// log next reads it. It returns ErrFenced if somebody does already. A note has at most MaxNote bytes.
	Write(ctx context.Context, note []byte) error
	// Lost is closed once this process knows that the right is lost. It may learn of it late, when it was
	// stopped or cut off: so what an owner sends must be refused by whoever receives it (see the fence of
	// the analytics store).
	Lost() <-chan struct{}
	// Close lets go, so that another may own at once.
	Close() error
}

// MaxNote is the longest note, in bytes.
const MaxNote = 3 << 10
