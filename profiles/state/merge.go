package state

import (
	"fmt"
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"tributary/profiles"
)

// merger folds what steps added into what was kept before: to the state of an observation, to a
// set of numbers, or to a schema, as the first byte of the key says. Pebble calls it when it reads and when it
// writes tables, with any neighbours in any grouping, which is what profiles.State.Merge is made for.
var merger = &pebble.Merger{
	Name: "tributary.state",
	Merge: func(key, value []byte) (pebble.ValueMerger, error) {
		switch key[0] {
		case kindPosting, kindLinked:
			return newRefFolding(value)
		case kindValues:
			return newValuesFolding(value), nil
		case kindAccountMember:
			return newMembershipFolding(value)
		case kindSchema:
			return newSchemaFolding(value), nil
		}
		f := foldings.Get().(*folding)
		f.only = append(f.only[:0], value...)
		return f, nil
	},
}

var foldings = sync.Pool{New: func() any { return new(folding) }}

// folding is one fold under way. A single operand is passed on as it is.
type folding struct {
	only   []byte // the first operand, until there is a second
	many   bool
	sum, x profiles.State
}

func (f *folding) MergeNewer(value []byte) error { return f.add(value) }

func (f *folding) MergeOlder(value []byte) error { return f.add(value) }

func (f *folding) add(value []byte) error {
	if !f.many {
		f.many = true
		if err := f.sum.UnmarshalBinary(f.only); err != nil {
			return fmt.Errorf("%w: state: %w", ErrCorrupt, err)
		}
	}
	if err := f.x.UnmarshalBinary(value); err != nil {
		return fmt.Errorf("%w: state: %w", ErrCorrupt, err)
	}
	if f.x.Events() > f.sum.Events() { // the fewer into the more
		f.x, f.sum = f.sum, f.x
	}
	f.sum.Merge(&f.x)
	return nil
}

// Finish returns the encoded fold, which is valid until the folding is closed.
func (f *folding) Finish(bool) ([]byte, io.Closer, error) {
	if !f.many {
		return f.only, f, nil
	}
	var err error
	f.only, err = f.sum.AppendBinary(f.only[:0])
	return f.only, f, err
}

// Close lets the memory be used again.
func (f *folding) Close() error {
	f.many = false
	foldings.Put(f)
	return nil
}
