package chdb_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
	"testing"

	"tributary/sql/chdb/chdbtest"
)

// The engine must leave Go's signal handlers alone: a nil dereference is a panic, a busy loop can
// be preempted, and profiles have samples.
func TestSignalsStayWithGo(t *testing.T) {
	conn := chdbtest.Conn(t)
	for range 3 { // each statement opens a session, which might take the handlers
		if err := conn.Exec(t.Context(), "SELECT sum(number) FROM numbers(1000000)"); err != nil {
			t.Fatal(err)
		}
		t.Run("nil dereference", func(t *testing.T) {
			defer func() {
				if _, ok := recover().(runtime.Error); !ok {
					t.Error("no runtime error was recovered")
				}
			}()
			var nothing *struct{ field [1]int }
			nothing.field[0]++
		})
		t.Run("preemption", func(*testing.T) {
			var stop, running atomic.Bool
			go func() {
				running.Store(true)
				for !stop.Load() { // without a call: only a signal gets in between
				}
			}()
			for !running.Load() {
				runtime.Gosched()
			}
			runtime.GC() // stops the world, so it waits for the loop
			stop.Store(true)
		})
		t.Run("profile", func(t *testing.T) {
			for !bytes.Contains(profile(t), []byte("chdb_test.spin")) {
				if err := t.Context().Err(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func profile(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := pprof.StartCPUProfile(&out); err != nil {
		t.Fatal(err)
	}
	spin(200_000_000)
	pprof.StopCPUProfile()
	unzip, err := gzip.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(unzip)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var sink atomic.Uint64

//go:noinline
func spin(n uint64) {
	x := uint64(1)
	for i := range n {
		x = x*6364136223846793005 + i
	}
	sink.Store(x)
}
