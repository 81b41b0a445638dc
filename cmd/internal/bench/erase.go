package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"tributary/api/admin"
	"tributary/profiles/privacy"
	"tributary/profiles/privacy/desk"
)

// How many are erased at once, one for every thousand events at most, and how many requests are under way.
const (
	erasedPeople   = 10_000
	erasedRequests = 16
	erasedPoll     = 50 * time.Millisecond
	// erasedIngest is what comes in meanwhile, in events per second: as much as is applied as fast as it comes,
	// for commands take their turn behind what came before.
	erasedIngest = 2000
)

// erase measures how long it takes from the request until the certificate, of one person and of many, among the
// events of the whole path, while events go on coming in, and what they get through meanwhile.
func (b *bench) erase(ctx context.Context) error {
	return b.withData(ctx, func(s *server, keys []string, _ string) error {
		b.ingest = erasedIngest
		defer func() { b.ingest = 0 }()
		b.say("intake before erasures")
		var calm fed
		if err := b.beside(ctx, s, keys, func(*feeder) error { return pause(ctx, b.cfg.Duration) }, &calm); err != nil {
			return err
		}
		next := uint64(0)
		for _, n := range []int{1, max(2, min(erasedPeople, b.cfg.Events/1000))} {
			took, busy, err := b.erasePeople(ctx, s, keys, next, n)
			if err != nil {
				return err
			}
			next += uint64(n)
			what := fmt.Sprintf("erasure of %d among %d events, beside ingest: ", n, b.cfg.Events)
			var aims []Aim
			if n == 1 {
				aims = append(aims, atMost(60))
			}
			b.report.add(what+"until certified", took.Seconds(), UnitSeconds, "", 0, aims...)
			b.report.add("  events acknowledged meanwhile", busy.rate(), UnitPerSecond, "before", calm.rate())
		}
		b.report.note("erasure: held for no time; the runner looks every 2 s whether one is due, which is in the figure. %d events a second are sent meanwhile.", erasedIngest)
		return nil
	})
}

// erasePeople erases n people, from a number on, and returns how long that took and what came in meanwhile.
func (b *bench) erasePeople(ctx context.Context, s *server, keys []string, from uint64, n int) (took time.Duration, busy fed, err error) {
	b.say(fmt.Sprintf("erasure of %d", n))
	err = b.beside(ctx, s, keys, func(*feeder) error {
		return b.profile(ctx, s, fmt.Sprintf("erasure of %d", n), b.cfg.Duration, func() error {
			began := time.Now()
			ids, err := s.requestErasures(ctx, from, n)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if err := s.certified(ctx, id); err != nil {
					return err
				}
			}
			took = time.Since(began)
			return nil
		})
	}, &busy)
	return took, busy, err
}

func (s *server) requestErasures(ctx context.Context, from uint64, n int) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, n)
	var next atomic.Int64
	asking, ctx := errgroup.WithContext(ctx)
	for range erasedRequests {
		asking.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				user := string(appendUser(nil, from+uint64(i)))
				answer, err := s.admin.Privacy(ctx, admin.PrivacyRequest{Action: admin.PrivacyErase, Workspace: workspace, Body: desk.Body{
					Identifiers: []desk.Identifier{{Type: "user_id", Value: user}}, Hold: "0s",
				}})
				if err != nil {
					return fmt.Errorf("ask for the erasure of %s: %w", user, err)
				}
				var held desk.Preview
				if err := json.Unmarshal(answer, &held); err != nil {
					return err
				}
				ids[i] = held.ID
			}
		})
	}
	return ids, asking.Wait()
}

// certified waits until an erasure is done.
func (s *server) certified(ctx context.Context, id uuid.UUID) error {
	for {
		answer, err := s.admin.Privacy(ctx, admin.PrivacyRequest{Action: admin.PrivacyStatus, Workspace: workspace, ID: id})
		if err != nil {
			return err
		}
		var erasure desk.Erasure
		if err := json.Unmarshal(answer, &erasure); err != nil {
			return err
		}
		if erasure.Status == privacy.StatusErased {
			return nil
		}
		if err := pause(ctx, erasedPoll); err != nil {
			return err
		}
	}
}
