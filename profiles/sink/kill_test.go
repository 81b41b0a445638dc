package sink

import (
	"log/slog"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
)

// TestEngineIsKilled: the engine's process is ended by SIGKILL, again and again and at any moment of
// an insert, while the sink runs on.
func TestEngineIsKilled(t *testing.T) {
	child, err := chdb.Supervise(t.Context(), chdb.Config{
		Path: filepath.Join(t.TempDir(), "data"), Logger: slog.New(slog.DiscardHandler),
	}, chdbtest.Child())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := child.Close(); err != nil {
			t.Error(err)
		}
	})
	r := newRigOn(t, 50, func(testing.TB) host { return child })
	for range 5 {
		r.receive(120)
		r.unify()
		left, after := 1+r.rng.IntN(12), time.Duration(r.rng.IntN(8_000))*time.Microsecond
		killed := make(chan struct{})
		r.check(r.run(func(step) error {
			if left--; left == 0 {
				pid := child.PID()
				time.AfterFunc(after, func() {
					defer close(killed)
					if pid != 0 {
						_ = syscall.Kill(pid, syscall.SIGKILL)
					}
				})
			}
			return nil
		}))
		if left <= 0 {
			<-killed
		}
	}
	r.receive(50) // and it is up again when these are there
	r.unify()
	r.check(r.run(nil))
	r.expect(nil)
	if child.Restarts() == 0 {
		t.Error("the engine was never killed; the test shows nothing")
	}
}
