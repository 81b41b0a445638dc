package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"tributary/ingest/stream"
)

const groupName = "owner" // behind the topics' prefix

// Own implements stream.Owned by a consumer group, <topic prefix>"owner", whose members get all of the
// live topic or nothing. The right to own is the right to commit: the owner's epoch and note stand in the
// metadata of the group's offset of partition 0, and the coordinator refuses the commits of members that
// are not of the present generation. The offset itself says nothing; the state keeps its own.
//
// A member that is not heard of for Config.SessionTimeout is out, and another takes over. While the
// coordinator is away nobody does.
func (l *Log) Own(ctx context.Context) (stream.Lease, error) {
	choice := &chooser{}
	tlsConfig, err := l.config.TLS.config()
	if err != nil {
		return nil, err
	}
	mechanism, err := l.config.SASL.mechanism()
	if err != nil {
		return nil, fmt.Errorf("sasl: %w", err)
	}
	session := l.config.SessionTimeout
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: l.config.TopicPrefix + groupName, Brokers: l.config.Brokers, Topics: []string{l.topics[stream.LaneLive]},
		Dialer:         &kafka.Dialer{ClientID: "tributary", Timeout: l.config.RequestTimeout, DualStack: true, TLS: tlsConfig, SASLMechanism: mechanism},
		GroupBalancers: []kafka.GroupBalancer{choice}, SessionTimeout: session, RebalanceTimeout: session, HeartbeatInterval: session / 5,
		JoinGroupBackoff: session / 5, Timeout: l.config.RequestTimeout,
	})
	if err != nil {
		return nil, fmt.Errorf("own the log: %w", err)
	}
	x := &lease{
		log: l, group: group, choice: choice, topic: l.topics[stream.LaneLive],
		changed: make(chan struct{}), lost: make(chan struct{}), done: make(chan struct{}),
	}
	x.ctx, x.cancel = context.WithCancel(l.ctx)
	for {
		taken, err := x.take(ctx)
		switch {
		case taken:
			go x.keep()
			return x, nil
		case ctx.Err() != nil || l.ctx.Err() != nil:
			x.cancel()
			return nil, errors.Join(ctx.Err(), l.ctx.Err(), group.Close())
		case err != nil && !outdated(err):
			x.log.config.Logger.WarnContext(ctx, "the coordinator of the owners' group does not answer as it should; trying again", "error", err)
		}
	}
}

// owned is what stands in the metadata.
type owned struct {
	Epoch uint32          `json:"epoch"`
	Note  json.RawMessage `json:"note,omitempty"`
}

// lease is a stream.Lease.
type lease struct {
	log    *Log
	group  *kafka.ConsumerGroup
	choice *chooser
	topic  string

	epoch  uint32
	before []byte

	mu         sync.Mutex
	generation *kafka.Generation // in which this member owns; nil while the group rebalances
	changed    chan struct{}     // closed and replaced with generation

	lost   chan struct{}
	once   sync.Once // closes lost
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
}

// take waits for the next generation of the group. If everything is assigned to this member it makes that
// a lease, by a commit: from then on that of the owner before is over.
func (x *lease) take(ctx context.Context) (taken bool, err error) {
	g, err := x.group.Next(ctx)
	if err != nil || !x.assigned(g) {
		return false, err
	}
	defer func() {
		if !taken {
			x.leave(ctx, g)
		}
	}()
	was, err := x.read(ctx)
	if err != nil {
		return false, err
	}
	// Time makes epochs ascend even if Kafka has forgotten the last one, as it does of a group without
	// members after a week.
	now := owned{Epoch: max(was.Epoch+1, uint32(time.Now().Unix())), Note: was.Note}
	text, err := json.Marshal(now)
	if err == nil {
		err = x.log.commit(ctx, g, x.topic, string(text))
	}
	if err != nil {
		return false, err
	}
	x.epoch, x.before = now.Epoch, was.Note
	x.choice.claim.Store(now.Epoch)
	x.enter(g)
	return true, nil
}

func (x *lease) assigned(g *kafka.Generation) bool { return len(g.Assignments[x.topic]) > 0 }

// read is what the last owner has written.
func (x *lease) read(ctx context.Context) (was owned, err error) {
	text, err := x.log.committed(ctx, x.log.config.TopicPrefix+groupName, x.topic)
	if err != nil || text == "" {
		return was, err
	}
	if err := json.Unmarshal([]byte(text), &was); err != nil {
		return was, fmt.Errorf("the owners' group holds what no owner wrote: %w", err)
	}
	return was, nil
}

// enter makes g the generation in which this member writes, for as long as it lasts.
func (x *lease) enter(g *kafka.Generation) {
	x.set(g)
	g.Start(func(ctx context.Context) {
		<-ctx.Done()
		x.set(nil)
	})
}

func (x *lease) set(g *kafka.Generation) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.generation = g
	close(x.changed)
	x.changed = make(chan struct{})
}

// leave ends a generation, so that the member joins the next one, after a moment.
func (x *lease) leave(ctx context.Context, g *kafka.Generation) {
	g.Start(func(end context.Context) {
		timer := time.NewTimer(x.log.config.SessionTimeout / 20)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-end.Done():
		case <-ctx.Done():
		}
	})
}

// keep stays the owner from generation to generation, until the lease is closed or lost.
func (x *lease) keep() {
	defer close(x.done)
	for {
		g, err := x.group.Next(x.ctx)
		if x.ctx.Err() != nil {
			return
		}
		var was owned
		if err == nil {
			if was, err = x.read(x.ctx); err != nil {
				x.leave(x.ctx, g)
			}
		}
		switch {
		case err != nil: // only the coordinator's word counts: while it is away nobody else can own either
			if !outdated(err) {
				x.log.config.Logger.WarnContext(x.ctx, "the coordinator of the owners' group does not answer as it should; trying again", "error", err)
			}
		case was.Epoch == x.epoch && !x.assigned(g):
			// It had joined before its claim was made, or another was given everything and has not taken
			// it: whoever does shows in the epoch.
			x.leave(x.ctx, g)
		case was.Epoch != x.epoch:
			x.log.config.Logger.ErrorContext(x.ctx, "another process owns the log now", "epoch", x.epoch)
			x.lose()
			_ = x.group.Close() // it leaves, so that nothing is assigned to it again
			return
		default:
			x.enter(g)
		}
	}
}

func (x *lease) lose() {
	x.choice.claim.Store(0)
	x.once.Do(func() { close(x.lost) })
}

// Epoch implements stream.Lease.
func (x *lease) Epoch() uint32 { return x.epoch }

// Before implements stream.Lease.
func (x *lease) Before() []byte { return x.before }

// Lost implements stream.Lease.
func (x *lease) Lost() <-chan struct{} { return x.lost }

// Write implements stream.Lease. A note is JSON. While the group rebalances it waits.
func (x *lease) Write(ctx context.Context, note []byte) error {
	if len(note) > stream.MaxNote || !json.Valid(note) {
		return fmt.Errorf("note of %d bytes: must be JSON of at most %d", len(note), stream.MaxNote)
	}
	text, err := json.Marshal(owned{Epoch: x.epoch, Note: note})
	if err != nil {
		return err
	}
	for {
		x.mu.Lock()
		g, changed := x.generation, x.changed
		x.mu.Unlock()
		if g != nil {
			err := x.log.commit(ctx, g, x.topic, string(text))
			if !outdated(err) {
				return err
			}
			x.leave(ctx, g) // whether another owns, keep finds out in the next one
		}
		select {
		case <-changed:
		case <-x.lost:
			return stream.ErrFenced
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close implements stream.Lease.
func (x *lease) Close() error {
	x.cancel()
	<-x.done
	x.lose()
	return x.group.Close()
}
