package kit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

func resumeChecks() []check {
	after := []string{"pull/again"}
	return []check{
		{name: "pull/kill", after: after, run: killed,
			proves: "Killed at any request or in mid-page, a new puller goes on from the last checkpoint: nothing is missing, and what comes twice has equal ids."},
		{name: "pull/since", after: after, run: since,
			proves: "Backfill from a date brings everything changed at or after it, and not all there is."},
		{name: "pull/changed_meanwhile", after: after, run: changedMeanwhile,
			proves: "What changes while pages are read is not lost, and makes nothing else be lost."},
	}
}

// patience is how long a puller that is told to stop may take. Only one that does not stop waits for it.
const patience = 30 * time.Second

func killed(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	want, ok := s.baselinePull(ctx, f)
	if !ok {
		return
	}
	places, err := s.places(ctx)
	if err != nil {
		f.add("pull/", "", "in pages of %d: %v", small, err)
		return
	}
	for _, at := range places {
		for _, begun := range []bool{false, true} {
			what := fmt.Sprintf("killed at request %d", at+1)
			if begun {
				what = fmt.Sprintf("killed amid the answer to request %d", at+1)
			}
			deaf, err := s.kill(ctx, want, at, begun, what, f)
			if err != nil || deaf {
				f.add("pull/", "Give the context of Pull to every request.", "%s, the puller goes on all the same", what)
				return
			}
		}
	}
	s.unkept(ctx, want, f)
}

// kill plays a puller that is killed at a request, before it is answered or amid the answer, and one
// that goes on from its checkpoint. deaf says that it did not hear of its end.
func (s *suite) kill(ctx context.Context, want facts, at int, begun bool, what string, f *findings) (deaf bool, err error) {
	doomed, cancel := context.WithCancel(ctx)
	defer cancel()
	var ignored atomic.Bool
	r, err := s.play(scenario{pageSize: small, fault: func(v visit, w http.ResponseWriter, r *http.Request) bool {
		if v.n != at {
			return false
		}
		if begun {
			ask(v.api, r).begin(w)
		}
		cancel()
		select {
		case <-r.Context().Done():
		case <-time.After(patience):
			ignored.Store(true)
		}
		panic(http.ErrAbortHandler)
	}}, func(r *run) error {
		if err := r.toEnd(doomed); err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		if err := r.restart(); err != nil {
			return err
		}
		return r.toEnd(ctx)
	})
	if ignored.Load() {
		return true, nil
	}
	s.same(want, r, err, what, f)
	return false, nil
}

// unkept plays pullers that are killed when a page was fetched and not yet kept, each page in turn.
func (s *suite) unkept(ctx context.Context, want facts, f *findings) {
	for at := 0; ; at++ {
		reached := false
		r, err := s.play(scenario{pageSize: small}, func(r *run) error {
			for range at {
				if more, err := r.page(ctx); err != nil || !more {
					return err
				}
			}
			reached = true
			if _, err := r.pull(ctx); err != nil { // the page is lost
				return err
			}
			if err := r.restart(); err != nil {
				return err
			}
			return r.toEnd(ctx)
		})
		if !reached || at >= mostPlaces {
			return
		}
		s.same(want, r, err, fmt.Sprintf("killed before page %d was kept", at+1), f)
	}
}

func since(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	want, ok := s.baselinePull(ctx, f)
	if !ok {
		return
	}
	moments := []time.Time{s.Since}
	for _, u := range s.units() {
		moments = append(moments, s.Changed(u.stream, u.record))
	}
	slices.SortFunc(moments, time.Time.Compare)
	for _, from := range slices.CompactFunc(moments, time.Time.Equal) {
		for _, size := range []int{small, everything} {
			r, err := s.whole(ctx, scenario{pageSize: size, since: from})
			if err != nil {
				f.add("pull/", "", "from %v, pulling ends with: %v", from, err)
				continue
			}
			s.sinceBrought(ctx, want, r, from, f)
		}
	}
	if r, err := s.whole(ctx, scenario{since: s.Since}); err == nil {
		if got, _ := factsOf(r.batch, true); len(want.without(got)) == 0 {
			f.add("pull/", "Go by Position.Since when there is no checkpoint.", "from %v all of history comes", s.Since)
		}
	}
}

// sinceBrought sees that a backfill brought every record changed at or after its date.
func (s *suite) sinceBrought(ctx context.Context, want facts, r *run, from time.Time, f *findings) {
	got, _ := factsOf(r.batch, true)
	missing := want.without(got)
	for _, u := range s.units() {
		at := s.Changed(u.stream, u.record)
		if at.Before(from) {
			continue
		}
		own, err := s.ownIDs(ctx, u)
		if err != nil {
			f.add(u.String(), "", "%v", err)
			return
		}
		for _, id := range own {
			if slices.Contains(missing, id) {
				f.add(u.String(), "Ask from the date on, and round it down, never up.", "changed at %v, it does not come from %v on", at, from)
				break
			}
		}
	}
}

func changedMeanwhile(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	tried := false
	for _, stream := range s.streams {
		if oldest, newest, ok := s.ends(stream); ok {
			tried = true
			for _, at := range []int{1, 2, 3} {
				s.meanwhile(ctx, change{gone: []unit{oldest}, comes: newest, at: at}, f)
			}
		}
		if second, ok := s.second(stream); ok {
			tried = true
			s.meanwhile(ctx, change{comes: second, at: never}, f)
		}
	}
	if !tried {
		f.notApplicable("no stream has two records")
	}
}

// ends are the records of a stream that were changed first and last.
func (s *suite) ends(stream string) (oldest, newest unit, ok bool) {
	for _, u := range s.units() {
		if u.stream != stream {
			continue
		}
		at := s.Changed(stream, u.record)
		if !ok || at.Before(s.Changed(stream, oldest.record)) {
			oldest = u
		}
		if !ok || !at.Before(s.Changed(stream, newest.record)) {
			newest = u
		}
		ok = true
	}
	return oldest, newest, ok && s.Changed(stream, oldest.record).Before(s.Changed(stream, newest.record))
}

// second is the last record of a stream that was changed in the same moment as one before it.
func (s *suite) second(stream string) (last unit, ok bool) {
	seen := map[int64]bool{}
	for _, u := range s.units() {
		if u.stream != stream {
			continue
		}
		at := s.Changed(stream, u.record).UnixNano()
		if seen[at] {
			last, ok = u, true
		}
		seen[at] = true
	}
	return last, ok
}

// change is what happens to a stream while it is read: records go from their places, and one comes at
// the end, after so many requests.
type change struct {
	gone  []unit
	comes unit
	at    int
}

// never is after all requests, when everything was read once.
const never = -1

// meanwhile has a change happen. It is the moment of that change until everything was read once, and an
// hour later then.
func (s *suite) meanwhile(ctx context.Context, c change, f *findings) {
	moment := s.Changed(c.comes.stream, c.comes.record)
	records := func(away ...unit) map[string][]json.RawMessage {
		return s.only(func(u unit) bool {
			return !s.Changed(u.stream, u.record).After(moment) &&
				!slices.ContainsFunc(away, func(a unit) bool { return a.String() == u.String() })
		})
	}
	before, after := records(c.comes), records(c.gone...)
	r, err := s.play(scenario{records: before, pageSize: small}, func(r *run) error {
		r.v.clock.set(moment, true)
		r.v.interpose(func(v visit, _ http.ResponseWriter, _ *http.Request) bool {
			if v.n == c.at {
				r.v.replace(after, small)
			}
			return false
		})
		if err := r.toEnd(ctx); err != nil {
			return err
		}
		r.v.replace(after, small)
		r.v.clock.set(moment.Add(time.Hour), false)
		return r.toEnd(ctx)
	})
	what := fmt.Sprintf("when %s changes after %d requests", c.comes.stream, c.at)
	if c.at == never {
		what = fmt.Sprintf("when %s changes in the moment of the last change read", c.comes)
	}
	if err != nil {
		f.add("pull/", "", "%s, pulling ends with: %v", what, err)
		return
	}
	clean, err := s.play(scenario{records: after}, func(r *run) error {
		r.v.clock.set(moment.Add(time.Hour), false)
		return r.toEnd(ctx)
	})
	if err != nil {
		f.add("pull/", "", "%v", err)
		return
	}
	want, _ := factsOf(clean.batch, true)
	got, _ := factsOf(r.batch, true)
	for _, id := range want.without(got) {
		f.add("pull/", "Page by the vendor's cursor, not by counting; go on from the last change, that moment included.", "%s, %q is lost", what, id)
	}
}
