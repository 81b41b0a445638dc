package erlang_test

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"

	"tributary/journeys/forecast/erlang"
)

// times is a heap of when agents become free.
type times []float64

func (h times) Len() int           { return len(h) }
func (h times) Less(i, j int) bool { return h[i] < h[j] }
func (h times) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *times) Push(x any)        { *h = append(*h, x.(float64)) }
func (h *times) Pop() any          { x := (*h)[len(*h)-1]; *h = (*h)[:len(*h)-1]; return x }

// simulate lets contacts come one after the other. First come, first served: whoever comes is served by the agent who is
// free first, unless patience ends before.
func simulate(q erlang.Queue, n, contacts int, target float64) (wait, level, abandoned, answer float64) {
	r := rand.New(rand.NewPCG(1, 2))
	free := make(times, n)
	heap.Init(&free)
	now, answered := 0.0, 0.0
	for range contacts {
		now += r.ExpFloat64() * 3600 / q.Rate
		delay := max(0, free[0]-now)
		if delay > 0 {
			wait++
		}
		if q.Patience > 0 && r.ExpFloat64()*q.Patience.Seconds() < delay {
			abandoned++
			continue
		}
		answered++
		answer += delay
		if delay <= target {
			level++
		}
		free[0] = now + delay + r.ExpFloat64()*q.Handle.Seconds()
		heap.Fix(&free, 0)
	}
	all := float64(contacts)
	return wait / all, level / all, abandoned / all, answer / answered
}

func TestSimulation(t *testing.T) {
	for _, q := range []erlang.Queue{
		{Rate: 200, Handle: 3 * time.Minute},
		{Rate: 200, Handle: 3 * time.Minute, Patience: 90 * time.Second},
		{Rate: 320, Handle: 3 * time.Minute, Patience: 2 * time.Minute}, // more than can be done
	} {
		s := q.With(13, 20*time.Second)
		wait, level, abandoned, answer := simulate(q, 13, 1_000_000, 20)
		near(t, "wait", s.Wait, wait, .01)
		near(t, "service level", s.Level, level, .01)
		near(t, "abandoned", s.Abandoned, abandoned, .005)
		near(t, "mean speed of answer", float64(s.MeanAnswer), answer, 1)
	}
}
