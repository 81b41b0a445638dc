package mapping

import (
	"context"
	"errors"
)

// Steps is how many instructions of jq an item's expressions may take together: about a tenth of a second.
// Time itself would be no bound: on a machine that is busy with something else, a right item would fail it.
const Steps = 1_000_000

// errSteps is the end of what may be done.
var errSteps = errors.New("takes more than a million steps")

// budget is a context that ends after so many instructions: gojq asks Done before each.
type budget struct {
	context.Context
	left int
}

// Bounded returns a context for the expressions of one item, or of so many. It is for one goroutine.
func Bounded(ctx context.Context, items int) context.Context {
	return &budget{Context: ctx, left: Steps * items}
}

var ended = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// everySteps is how often the context within is looked at.
const everySteps = 1 << 10

// Done is closed when the steps are used up, or the context within has ended.
func (b *budget) Done() <-chan struct{} {
	b.left--
	if b.left < 0 || b.left%everySteps == 0 && b.Context.Err() != nil {
		return ended
	}
	return nil
}

// Err says why.
func (b *budget) Err() error {
	if b.left < 0 {
		return errSteps
	}
	return b.Context.Err()
}
