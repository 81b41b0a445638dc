package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// A context call cannot cost less than to find one key of as many as there are customers.
const (
	pointValue = 256      // bytes under a key, about an observation's
	pointCache = 64 << 20 // as the hot state's
)

// pointReads measures readers of random keys in a plain Pebble within this process: as many keys as there are
// customers, on disk and compacted.
func (b *bench) pointReads(ctx context.Context) (o outcome, used float64, err error) {
	b.say("plain Pebble point reads")
	db, err := b.fillPebble()
	if err != nil {
		return o, 0, fmt.Errorf("fill a plain Pebble: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close(), os.RemoveAll(b.folder("pebble"))) }()
	if _, err := b.readPebble(ctx, db, b.cfg.Duration/5); err != nil { // warm
		return o, 0, err
	}
	before, err := cpuTime(os.Getpid())
	if err != nil {
		return o, 0, err
	}
	if o, err = b.readPebble(ctx, db, b.cfg.Duration/2); err != nil {
		return o, 0, err
	}
	after, err := cpuTime(os.Getpid())
	return o, perMillion(after-before, o.requests), err
}

func pointKey(to []byte, person uint64) []byte { return appendHex(to[:0], mix(person)) }

func (b *bench) fillPebble() (db *pebble.DB, err error) {
	cache := pebble.NewCache(pointCache)
	defer cache.Unref()
	options := &pebble.Options{Cache: cache, Logger: quietPebble{}}
	options.Levels[0].FilterPolicy = bloom.FilterPolicy(10)
	if db, err = pebble.Open(b.folder("pebble"), options); err != nil {
		return nil, err
	}
	var key []byte
	for person := range b.events.people {
		key = pointKey(key, person)
		if err := db.Set(key, b.events.words(mix(person), pointValue), pebble.NoSync); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	if err := db.Flush(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := db.Compact(context.Background(), []byte{0}, slices.Repeat([]byte{0xff}, 17), true); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (b *bench) readPebble(ctx context.Context, db *pebble.DB, duration time.Duration) (o outcome, err error) {
	var group sync.WaitGroup
	var mu sync.Mutex
	began := time.Now()
	for range readers {
		group.Go(func() {
			mine, fault := b.readPoints(ctx, db, began.Add(duration))
			mu.Lock()
			defer mu.Unlock()
			o.latencies = append(o.latencies, mine...)
			err = errors.Join(err, fault)
		})
	}
	group.Wait()
	o.took, o.requests = time.Since(began), len(o.latencies)
	slices.Sort(o.latencies)
	return o, errors.Join(err, ctx.Err())
}

// maxPoints bounds how many times a reader takes down.
const maxPoints = 100_000

func (b *bench) readPoints(ctx context.Context, db *pebble.DB, until time.Time) (times []time.Duration, err error) {
	var key []byte
	for began := time.Now(); began.Before(until) && ctx.Err() == nil && len(times) < maxPoints; {
		key = pointKey(key, rand.Uint64N(b.events.people))
		_, closer, err := db.Get(key)
		if err != nil {
			return times, err
		}
		if err := closer.Close(); err != nil {
			return times, err
		}
		now := time.Now()
		times, began = append(times, now.Sub(began)), now
	}
	return times, nil
}

// quietPebble says nothing: what goes wrong comes back as an error.
type quietPebble struct{}

func (quietPebble) Infof(string, ...any)  {}
func (quietPebble) Errorf(string, ...any) {}

func (quietPebble) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
