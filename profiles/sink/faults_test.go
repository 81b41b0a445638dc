package sink

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"

	"tributary/profiles/outbox"
	"tributary/sql/store"
)

var errInjected = errors.New("injected fault")

// fault is what happens to one insert.
type fault int

const (
	faultNone    fault = iota
	faultBefore        // nothing arrives
	faultPartial       // some of the rows arrive, then an error
	faultAfter         // all arrive, but an error is reported
	faultLate          // an error is reported while the statement still runs
	faultEnd           // greater than all others
)

// faults stands before the real store and lets it fail.
type faults struct {
	Store
	mu      sync.Mutex
	rng     *rand.Rand
	inserts int
	choose  func(n int, b Block) fault // what happens to the n-th insert; nil: nothing
	gone    int                        // so many calls of any kind find nobody
	errors  int
	late    sync.WaitGroup
	release chan struct{} // late statements wait until it is closed; nil: they do not

	poison   map[Key]bool // rows that are spoilt, so that the engine refuses them
	onReload func()
}

// lose lets the next n calls find nobody.
func (f *faults) lose(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = n
}

// away says whether the store cannot be reached at this call.
func (f *faults) away() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.gone > 0 {
		f.gone--
		return true
	}
	return false
}

func (f *faults) Insert(ctx context.Context, b Block) error {
	err := f.insert(ctx, f.spoil(b))
	if err != nil {
		f.mu.Lock()
		f.errors++
		f.mu.Unlock()
	}
	return err
}

// spoil puts into the poisoned rows what the engine refuses for ever.
func (f *faults) spoil(b Block) Block {
	if len(f.poison) == 0 || b.Table != outbox.TableEvents {
		return b
	}
	b.Rows = slices.Clone(b.Rows)
	for i := range b.Rows {
		if f.poison[b.Rows[i].Key] {
			bad := *b.Rows[i].Value.(*store.EventRow)
			bad.Query = `{"a":`
			b.Rows[i].Value = &bad
		}
	}
	return b
}

func (f *faults) insert(ctx context.Context, b Block) error {
	if f.away() {
		return errInjected
	}
	switch f.next(b) {
	case faultBefore:
		return errInjected
	case faultPartial:
		part := b
		part.Rows = f.some(b.Rows)
		if len(part.Rows) > 0 {
			if err := f.Store.Insert(ctx, part); err != nil {
				return err
			}
		}
		return errInjected
	case faultAfter:
		if err := f.Store.Insert(ctx, b); err != nil {
			return err
		}
		return errInjected
	case faultLate:
		f.late.Go(func() {
			if f.release != nil {
				<-f.release
			}
			_ = f.Store.Insert(context.WithoutCancel(ctx), b)
		})
		return errInjected
	default:
		return f.Store.Insert(ctx, b)
	}
}

func (f *faults) next(b Block) fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inserts++
	if f.choose == nil {
		return faultNone
	}
	return f.choose(f.inserts, b)
}

// some returns a part of the rows, as when some of a statement's partitions were written.
func (f *faults) some(rows []Row) []Row {
	f.mu.Lock()
	defer f.mu.Unlock()
	var part []Row
	for _, r := range rows {
		if f.rng.IntN(2) == 0 {
			part = append(part, r)
		}
	}
	return part
}

func (f *faults) Kill(ctx context.Context, queryID string) error {
	if f.away() {
		return errInjected
	}
	return f.Store.Kill(ctx, queryID)
}

func (f *faults) Present(ctx context.Context, table outbox.Table, ranges []Range) ([]Key, error) {
	if f.away() {
		return nil, errInjected
	}
	return f.Store.Present(ctx, table, ranges)
}

func (f *faults) ReloadIdentityMap(ctx context.Context) error {
	if f.away() {
		return errInjected
	}
	err := f.Store.ReloadIdentityMap(ctx)
	if err == nil && f.onReload != nil {
		f.onReload()
	}
	return err
}
