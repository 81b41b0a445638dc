package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// feeder sends events at a steady rate from a process of its own, so that making them takes nothing
// from the readers, whose times are measured meanwhile.
type feeder struct {
	*process
	in, out *os.File
}

// feederOrder is the first line that a feeder reads. The end of its input ends it.
type feederOrder struct {
	Address string
	Keys    []string // by source
	Total   int      // of events that the run began with, which says how many customers there are
	First   uint64   // number of its first event
	Rate    float64  // requests per second
}

// fed is what a feeder did. Its first line is empty and says that it began.
type fed struct {
	Requests int
	Seconds  float64
}

func (f fed) rate() float64 { return float64(f.Requests*batchEvents) / f.Seconds }

const (
	// reserved is more events than any feeder sends.
	reserved = 1 << 28
	// leastTotal has a feeder send of 5,000 customers at least: a few would have more conversations in a minute
	// than anybody has in a year, and what is measured would be how they are told apart.
	leastTotal = 5000 * eventsPerPerson
)

func (b *bench) startFeeder(ctx context.Context, address string, keys []string) (f *feeder, err error) {
	in, orders, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, answers, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, in.Close(), orders.Close())
	}
	f = &feeder{in: orders, out: out}
	// One core is more than it needs, and leaves the others alone.
	f.process, err = b.startWith("feeder", []string{"GOMAXPROCS=1"}, in, answers, FeedCommand...)
	err = errors.Join(err, in.Close(), answers.Close()) // the child has its own
	if err != nil {
		return nil, errors.Join(err, orders.Close(), out.Close())
	}
	order := feederOrder{Address: address, Keys: keys, Total: max(int(b.events.people)*eventsPerPerson, leastTotal), First: b.events.take(reserved), Rate: b.ingest / batchEvents}
	var began fed
	err = errors.Join(json.NewEncoder(orders).Encode(order), json.NewDecoder(out).Decode(&began))
	if err != nil {
		f.kill()
		return nil, f.fault("did not begin: " + err.Error())
	}
	return f, ctx.Err()
}

// stop ends it after the requests that are under way.
func (f *feeder) stop() (came fed, err error) {
	err = f.in.Close()
	if err == nil {
		err = json.NewDecoder(f.out).Decode(&came)
	}
	err = errors.Join(err, f.out.Close())
	<-f.exited
	if !f.cmd.ProcessState.Success() {
		return came, f.fault("ended with " + f.cmd.ProcessState.String())
	}
	return came, err
}

// Feed is the whole of the hidden command that sends events beside a measurement.
func Feed(ctx context.Context, in io.Reader, out io.Writer) error {
	decoder := json.NewDecoder(in)
	var order feederOrder
	if err := decoder.Decode(&order); err != nil {
		return fmt.Errorf("read order: %w", err)
	}
	b := &bench{events: newEvents(order.Total, 0)}
	b.events.next.Store(order.First)
	done := make(chan struct{})
	go func() {
		_, _ = decoder.Token() // its error is the end
		close(done)
	}()
	if err := json.NewEncoder(out).Encode(fed{}); err != nil {
		return err
	}
	l := load{address: order.Address, connections: feeders, perSecond: order.Rate, stop: done,
		requests: func() func([]byte, int) []byte { return b.requester(order.Keys, batchEvents).request }}
	came, err := l.run(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(fed{Requests: came.requests, Seconds: came.took.Seconds()})
}
