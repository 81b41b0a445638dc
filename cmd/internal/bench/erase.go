package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
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
	// What comes in meanwhile, in events per second: erasedIngest, which is applied as fast as it comes, for
	// commands take their turn behind what came before; of few events the erasedShare-th part, and a few at least.
	erasedIngest = 2000
	erasedShare  = 30
	erasedLeast  = 200
)

// erase measures how long it takes from the request until the certificate, of one person and of many, among the
// events of the whole path, while events go on coming in, and what they get through meanwhile.
func (b *bench) erase(ctx context.Context) error {
	return b.withData(ctx, func(s *server, keys []string, _ string) error {
		b.ingest = float64(max(erasedLeast, min(erasedIngest, b.cfg.Events/erasedShare)))
		defer func() { b.ingest = b.cfg.Ingest }()
		b.say("intake before erasures")
		calm, err := b.erasing(ctx, s, keys, func() error { return pause(ctx, b.cfg.Duration) })
		if err != nil {
			return err
		}
		next := uint64(0)
		for _, n := range []int{1, max(2, min(erasedPeople, b.cfg.Events/1000))} {
			busy, err := b.erasePeople(ctx, s, keys, next, n)
			if err != nil {
				return err
			}
			next += uint64(n)
			b.reportErasure(n, &busy, &calm)
		}
		b.report.note("erasure: held for no time; the runner looks every 2 s whether one is due, which is in the figure. %.0f events a second are sent meanwhile.", b.ingest)
		return nil
	})
}

// erased is what came of an erasure, or of the same time without one.
type erased struct {
	took  time.Duration
	fed   fed
	cores float64 // of the server and its engine
	last  desk.Erasure
}

func (b *bench) reportErasure(n int, busy, calm *erased) {
	var aims []Aim
	if n == 1 {
		aims = append(aims, atMost(60))
	}
	b.report.add(fmt.Sprintf("erasure of %d among %d events, beside ingest: until certified", n, b.cfg.Events), busy.took.Seconds(), UnitSeconds, "", 0, aims...)
	b.report.add("  events acknowledged meanwhile", busy.fed.rate(), UnitPerSecond, "before", calm.fed.rate())
	b.report.add("  CPU of server and engine meanwhile", busy.cores, UnitCores, "before", calm.cores)
	text, at := fmt.Sprintf("carried out %.1f s after the request", busy.last.At.Sub(busy.last.RequestedAt).Seconds()), busy.last.At
	slices.SortFunc(busy.last.Steps, func(a, b desk.Step) int { return a.At.Compare(b.At) }) // notes overtake each other
	for _, s := range busy.last.Steps {
		text += fmt.Sprintf(", %s %.1f s", s.Name, s.At.Sub(at).Seconds())
		at = s.At
	}
	b.report.note("steps of the erasure of %d: %s, certificate %.1f s.", n, text, busy.last.ErasedAt.Sub(at).Seconds())
}

// erasing runs f beside ingest.
func (b *bench) erasing(ctx context.Context, s *server, keys []string, f func() error) (e erased, err error) {
	err = b.beside(ctx, s, keys, func(ingest *feeder) error {
		began := time.Now()
		used, err := b.shares(s, ingest, f)
		e.took, e.cores = time.Since(began), used.server+used.engine
		return err
	}, &e.fed)
	return e, err
}

// erasePeople erases n people, from a number on.
func (b *bench) erasePeople(ctx context.Context, s *server, keys []string, from uint64, n int) (e erased, err error) {
	name := fmt.Sprintf("erasure of %d", n)
	b.say(name)
	var last desk.Erasure
	var took time.Duration // without waiting for the end of a profile
	e, err = b.erasing(ctx, s, keys, func() error {
		return b.profile(ctx, s, name, b.cfg.Duration, func() error {
			began := time.Now()
			ids, err := s.requestErasures(ctx, from, n)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if last, err = s.certified(ctx, id); err != nil {
					return err
				}
			}
			took = time.Since(began)
			return nil
		})
	})
	e.last, e.took = last, took
	return e, err
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
func (s *server) certified(ctx context.Context, id uuid.UUID) (erasure desk.Erasure, err error) {
	for {
		answer, err := s.admin.Privacy(ctx, admin.PrivacyRequest{Action: admin.PrivacyStatus, Workspace: workspace, ID: id})
		if err != nil {
			return erasure, err
		}
		erasure = desk.Erasure{}
		if err := json.Unmarshal(answer, &erasure); err != nil {
			return erasure, err
		}
		if erasure.Status == privacy.StatusErased {
			return erasure, nil
		}
		if err := pause(ctx, erasedPoll); err != nil {
			return erasure, err
		}
	}
}
