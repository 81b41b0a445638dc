package kit

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tributary/ingest/connector"
)

func pullChecks() []check {
	after := []string{"pull/all"}
	return []check{
		{name: "pull/all", after: []string{"subject", "settings"}, run: pullAll,
			proves: "Every record comes, as an event or a rejected part."},
		{name: "pull/pages", after: after, run: pullPages,
			proves: "However the vendor cuts its pages, the events and their message ids are the same."},
		{name: "pull/again", after: []string{"pull/pages"}, run: pullAgain,
			proves: "Asking again, by a new puller or on another day, brings nothing twice under another id."},
		{name: "pull/valid", after: after, run: pullValid,
			proves: "Every event is one that the log takes; none ends in the quarantine."},
		{name: "pull/checkpoint", after: after, run: pullCheckpoint,
			proves: "Every page has a checkpoint, a JSON value of bounded size."},
		{name: "pull/golden", after: after, run: pullGolden,
			proves: "Every record makes the events that a person has read and agreed to."},
	}
}

// needsPuller says whether there is a puller.
func (s *suite) needsPuller(f *findings) bool {
	if s.Connector.NewPuller == nil {
		f.notApplicable("the vendor is not asked")
	}
	return s.Connector.NewPuller != nil
}

// facts is what a puller brought, by message id: the text of an event or of a rejected part.
type facts map[string]string

// factsOf folds doubles. It finds those that differ.
func factsOf(b connector.Batch, raw bool) (all facts, torn []string) {
	all = facts{}
	add := func(id, text string) {
		if before, found := all[id]; found && before != text {
			torn = append(torn, fmt.Sprintf("%q: %s", id, apart(before, text)))
		}
		all[id] = text
	}
	for _, e := range b.Events {
		add(e.MessageID, text(e, raw))
	}
	for _, r := range b.Rejected {
		id := r.ID
		if id == "" {
			id = fmt.Sprintf("%x", sha256.Sum256(r.Payload))
		}
		add("rejected "+id, fmt.Sprintf("%s %s %s", r.Field, r.Reason, r.Payload))
	}
	return all, torn
}

// without are the ids of a that b lacks, or has otherwise.
func (a facts) without(b facts) []string {
	var ids []string
	for _, id := range sortedKeys(a) {
		if text, found := b[id]; !found || text != a[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// baselinePull is what a clean pull of everything brings.
func (s *suite) baselinePull(ctx context.Context, f *findings) (facts, bool) {
	r, err := s.pulled(ctx, s.sourceName())
	if err != nil {
		f.add("pull/", "", "%v", err)
		return nil, false
	}
	all, _ := factsOf(r.batch, true)
	return all, true
}

const tornDo = "What differs needs another message id: put the record's version or time of change into it."

func pullAll(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	r, err := s.pulled(ctx, s.sourceName())
	if err != nil {
		f.add("pull/", "", "pulling everything ends with: %v", err)
		return
	}
	_, torn := factsOf(r.batch, true)
	for _, t := range torn {
		f.add("pull/", tornDo, "two different events have one message id, %s", t)
	}
	for _, u := range s.units() {
		ids, err := s.idsOf(ctx, u)
		switch {
		case err != nil:
			f.add(u.String(), "", "without this record pulling ends with: %v", err)
		case len(ids) == 0:
			f.add(u.String(), "Page through to the end, and make an event of every record.", "the record makes no event: with and without it the same comes")
		}
	}
}

// idsOf are the message ids that are there because of one record: those that are not without it.
func (s *suite) idsOf(ctx context.Context, u unit) ([]string, error) {
	if ids, known := s.ids[u.String()]; known {
		return ids, nil
	}
	all, err := s.pulled(ctx, s.sourceName())
	if err != nil {
		return nil, err
	}
	rest, err := s.whole(ctx, scenario{records: s.only(func(other unit) bool { return other.String() != u.String() })})
	if err != nil {
		return nil, err
	}
	with, _ := factsOf(all.batch, true)
	without, _ := factsOf(rest.batch, true)
	s.ids[u.String()] = with.without(without)
	return s.ids[u.String()], nil
}

// ownIDs are idsOf without those of records that hang on this one, such as the comments of a ticket.
func (s *suite) ownIDs(ctx context.Context, u unit) ([]string, error) {
	ids, err := s.idsOf(ctx, u)
	if err != nil {
		return nil, err
	}
	own := slices.Clone(ids)
	for _, other := range s.units() {
		below, err := s.idsOf(ctx, other)
		if err != nil {
			return nil, err
		}
		if len(below) < len(ids) {
			own = slices.DeleteFunc(own, func(id string) bool { return slices.Contains(below, id) })
		}
	}
	return own, nil
}

// same compares what a scenario brought with the baseline, and says what happened in words.
func (s *suite) same(want facts, r *run, err error, what string, f *findings) {
	if err != nil {
		f.add("pull/", "Return the error and go on from the checkpoint the next time; see connector.API.", "%s, pulling ends with: %v", what, err)
		return
	}
	got, torn := factsOf(r.batch, true)
	for _, t := range torn {
		f.add("pull/", tornDo, "%s, one message id stands for two events, %s", what, t)
	}
	if missing := want.without(got); len(missing) > 0 {
		f.add("pull/", "Move the checkpoint only over what the page holds.", "%s, %d of %d events are missing or other ones, such as %q", what, len(missing), len(want), missing[0])
	} else if more := got.without(want); len(more) > 0 {
		f.add("pull/", "Make message ids of the vendor's ids alone.", "%s, %d events come that nothing else brought, such as %q", what, len(more), more[0])
	}
}

// absent are the ids of a that b lacks.
func (a facts) absent(b facts) []string {
	return slices.DeleteFunc(sortedKeys(a), func(id string) bool { _, found := b[id]; return found })
}

func pullPages(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	want, ok := s.baselinePull(ctx, f)
	if !ok {
		return
	}
	for _, size := range []int{1, 2, 3} {
		r, err := s.whole(ctx, scenario{pageSize: size})
		s.same(want, r, err, fmt.Sprintf("in pages of %d", size), f)
	}
}

func pullAgain(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	want, ok := s.baselinePull(ctx, f)
	if !ok {
		return
	}
	for _, size := range []int{2, everything} {
		r, err := s.play(scenario{pageSize: size}, func(r *run) error {
			for day := range 4 {
				r.v.clock.set(Now.AddDate(0, 0, day), false)
				if err := r.toEnd(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		s.same(want, r, err, "asked again each day", f)
		if s.Forgets {
			continue
		}
		r, err = s.play(scenario{pageSize: size}, func(r *run) error {
			r.v.clock.set(Now.Add(40*24*time.Hour+time.Minute), false)
			return r.toEnd(ctx)
		})
		s.same(want, r, err, "by a new puller another day", f)
	}
}

func pullValid(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	r, err := s.pulled(ctx, s.sourceName())
	if err != nil {
		f.add("pull/", "", "%v", err)
		return
	}
	for _, e := range r.batch.Events {
		s.stamped("pull/", e, f)
	}
	k, err := s.prepare(r.batch, Now)
	if err != nil {
		f.add("pull/", "", "%v", err)
		return
	}
	invalid("pull/", made{r.batch, k}, f)
}

func pullCheckpoint(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	const do = "Return a small JSON value with every page; a list of ids that grows does not fit."
	for _, size := range []int{1, everything} {
		_, err := s.play(scenario{pageSize: size}, func(r *run) error {
			for range 60 + 20*len(s.units()) {
				more, err := r.page(ctx)
				if err != nil {
					return err
				}
				switch n := len(r.checkpoint); {
				case n == 0 || string(r.checkpoint) == "null":
					f.add("pull/", do, "page %d has no checkpoint", r.pages)
				case n > connector.MaxCheckpointBytes:
					f.add("pull/", do, "the checkpoint of page %d has %d bytes, at most %d are kept", r.pages, n, connector.MaxCheckpointBytes)
				case !json.Valid(r.checkpoint):
					f.add("pull/", do, "the checkpoint of page %d is not JSON", r.pages)
				}
				if !more {
					return nil
				}
			}
			return errEndless
		})
		if err != nil {
			f.add("pull/", "", "in pages of %d: %v", size, err)
		}
	}
}

func pullGolden(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	files, err := s.goldenPull(ctx)
	s.checkGolden(files, err, f)
}
