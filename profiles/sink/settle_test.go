package sink

import (
	"context"
	"testing"
)

// TestSettle: when it returns the outbox has let go of everything, and what the store lacks from then on is not
// sent again, not even after a crash.
func TestSettle(t *testing.T) {
	r := newRig(t, 31)
	r.receive(120)
	r.unify()
	s, err := New(r.cfg, Parts{Queue: r.box.Queue, Log: r.log, Store: r.faults, Refuser: r.refused})
	r.check(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	synced := false
	r.check(s.Settle(t.Context(), func(context.Context) error {
		synced = true
		if sent, last := r.box.Queue.Sent(), r.box.Queue.Last(); sent < last {
			t.Errorf("the store is to be synced when %d of %d are sent", sent, last)
		}
		if clean := r.box.Queue.Clean(); clean != 0 {
			t.Errorf("%d are let go of before the store is synced", clean)
		}
		return nil
	}))
	if clean, last := r.box.Queue.Clean(), r.box.Queue.Last(); clean != last || last == 0 || !synced {
		t.Errorf("the outbox has let go of %d of %d", clean, last)
	}
	entries, err := r.box.Queue.Read(0, r.box.Queue.Last(), 10)
	r.check(err)
	if len(entries) != 0 {
		t.Errorf("%d entries are left", len(entries))
	}
	r.check(s.Settle(t.Context(), func(context.Context) error { return nil })) // nothing to do
	cancel()
	r.check(<-done)
}

// TestSettleEnds: who waits for a store that is away need not.
func TestSettleEnds(t *testing.T) {
	r := newRig(t, 32)
	r.receive(10)
	r.unify()
	s, err := New(r.cfg, Parts{Queue: r.box.Queue, Log: r.log, Store: r.faults, Refuser: r.refused})
	r.check(err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Settle(ctx, func(context.Context) error { return nil }); err == nil {
		t.Error("it settles without a sink that runs")
	}
}
