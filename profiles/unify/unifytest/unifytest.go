// Package unifytest runs unify over a log, with a state in memory, for the tests of what is built on the two.
package unifytest

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// Rig is a log, the state that is made of it, and the worker between them, which runs until the test ends.
type Rig struct {
	testing.TB
	Log    stream.Log
	State  *state.Store
	Engine *identity.Engine
	Worker *unify.Worker
}

// Start starts a worker over a log, which the caller closes once the test has ended. Region is where a telephone number
// without a country is from; empty: nowhere.
func Start(t testing.TB, log stream.Log, region string) *Rig {
	t.Helper()
	r := &Rig{TB: t, Log: log}
	var err error
	r.State, err = state.Open(state.Config{Dir: "state", FS: vfs.NewMem(), MemTableBytes: 1 << 20, CacheBytes: 1 << 20})
	r.Must(err)
	out, err := outbox.Open(r.State.DB())
	r.Must(err)
	r.Engine, err = identity.New(identity.Config{Key: make([]byte, 32), DefaultRegion: region})
	r.Must(err)
	r.Worker, err = unify.New(unify.Config{Log: log, State: r.State, Engine: r.Engine, Outbox: out.Writer})
	r.Must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Worker.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		r.Must(<-done)
		r.Must(r.State.Close())
	})
	return r
}

// Must ends the test with an error, if there is one.
func (r *Rig) Must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// Append appends records and waits until they are applied.
func (r *Rig) Append(records ...stream.Record) {
	r.Helper()
	positions, err := r.Log.Append(context.Background(), records)
	r.Must(err)
	for _, p := range positions {
		r.Must(r.Worker.Applied(context.Background(), p))
	}
}
