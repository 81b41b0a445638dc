package sink

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestCrashAtEveryStep lets the program crash at the first step of a run, then at the second of
// the next, and so on until a run gets through; every row is there exactly once.
func TestCrashAtEveryStep(t *testing.T) {
	for name, keepFor := range map[string]time.Duration{
		"all since the start is looked for": time.Hour,
		"entries are discarded at once":     time.Nanosecond,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 1)
			r.cfg.MaxRows, r.cfg.KeepFor = 25, keepFor
			seen := map[step]bool{}
			crash := func(at func(step) bool) (crashed bool) {
				t.Helper()
				r.receive(25)
				r.unify()
				err := r.run(func(st step) error {
					if !at(st) {
						return nil
					}
					crashed, seen[st] = true, true
					return errCrash
				})
				if crashed != errors.Is(err, errCrash) {
					t.Fatalf("crashed %v, run returned %v", crashed, err)
				}
				r.unify()
				r.check(r.run(nil))
				return crashed
			}
			for n, crashed := 1, true; crashed; n++ {
				count := 0
				crashed = crash(func(step) bool { count++; return count == n })
				if n%5 == 0 || !crashed {
					r.expect(nil)
				}
			}
			// Spans are sent beside each other, so that a step may have been another one's turn in every run.
			steps := []step{stepRecovered, stepPlanned, stepBeforeSend, stepSent, stepBeforeDone, stepDone}
			if keepFor == time.Nanosecond {
				steps = append(steps, stepDiscarded)
			}
			for _, want := range steps {
				if !seen[want] && !crash(func(st step) bool { return st == want }) {
					t.Errorf("no crash at %q", want)
				}
			}
			r.expect(nil)
		})
	}
}

// TestRandomCrashesAndFaults mixes everything: inserts that fail in every way, a store that is
// away for a while, and crashes, also while an earlier one is being recovered from.
func TestRandomCrashesAndFaults(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newRig(t, seed)
			r.cfg.MaxRows = 20 + r.rng.IntN(100)
			r.cfg.KeepFor = []time.Duration{time.Nanosecond, 50 * time.Millisecond, time.Hour}[seed%3]
			r.faults.choose = func(int, Block) fault {
				if r.faults.rng.IntN(3) > 0 {
					return faultNone
				}
				return fault(r.faults.rng.IntN(int(faultEnd)))
			}
			for range 10 {
				r.receive(1 + r.rng.IntN(150))
				r.unify()
				r.faults.lose(r.rng.IntN(20))
				if r.rng.IntN(4) == 0 {
					r.check(r.run(nil))
					continue
				}
				left := 1 + r.rng.IntN(25)
				err := r.run(func(step) error {
					if left--; left == 0 {
						return errCrash
					}
					return nil
				})
				if err != nil && !errors.Is(err, errCrash) {
					t.Fatal(err)
				}
			}
			r.unify()
			r.check(r.run(nil))
			r.faults.late.Wait()
			r.expect(nil)
		})
	}
}

// TestStateIsMadeAgainFromTheLog: the hot state is lost whole; unify makes it again, and the rows
// that are there already are not sent a second time.
func TestStateIsMadeAgainFromTheLog(t *testing.T) {
	r := newRig(t, 30)
	r.receive(250)
	r.unify()
	r.check(r.run(nil))
	r.check(r.db.Close())
	r.fs = vfs.NewCrashableMem()
	r.openState()
	r.receive(50)
	r.unify()
	r.check(r.run(nil))
	r.expect(nil)
	r.receive(50)
	r.unify()
	r.check(r.run(nil))
	r.expect(nil)
}
