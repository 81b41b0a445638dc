package api

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/profiles/live"
)

const (
	streamBatch = 256      // entries that are read at once
	writeAt     = 32 << 10 // bytes of them that are written at once
)

// Why a stream goes on from elsewhere, or ends.
const (
	becauseAnotherFeed = "another_feed" // the state was made again: what was told before may be told otherwise
	becauseNotHeld     = "not_held"     // what followed is no longer held
	becauseFellBehind  = "fell_behind"  // likewise, while listening
	becauseSlow        = "slow"         // changes come faster than the client reads
	becauseKey         = "key"          // it is revoked, has expired, or its workspace is closed
	becauseShutdown    = "shutdown"
	becauseFault       = "fault"
	becauseSubject     = "subject" // was erased or restricted
)

// whatToDo says what a client does about each of them.
var whatToDo = map[string]string{
	becauseAnotherFeed: "Ask again for whatever you hold: what was told before counts no more. Then go on listening.",
	becauseNotHeld:     "Ask again for whatever you hold: what became of it between first and last is told no more. Then go on listening.",
	becauseFellBehind:  "Ask again for whatever you hold: what became of it between first and last is told no more. Then go on listening.",
	becauseSlow:        "Read faster, or ask for fewer types or one profile. Nothing is lost for as long as it is held.",
	becauseKey:         "Connect again with a key that is valid, and the last id.",
	becauseShutdown:    "Connect again with the last id.",
	becauseFault:       "Connect again with the last id.",
	becauseSubject:     "Let go of what you hold of them.",
}

// Errors that end a stream.
var (
	errNobody    = errors.New("whom the stream is about is there no more")
	errOtherFeed = errors.New("the feed is another")
)

// begin finds the place from which the stream goes on, and what is to be said of it if it is not the one that was
// asked for.
func (s *listening) begin() *streamNotice {
	head := s.listener.Head()
	end := live.Place{Feed: head.Feed, Number: head.Last}
	oldest := live.Place{Feed: head.Feed, Number: max(head.First, 1) - 1}
	if s.filter.after == "" {
		s.place = end
		return nil
	}
	if s.filter.after == fromOldest && !s.filter.resumed {
		s.place = oldest
		return nil
	}
	asked, err := live.ParsePlace(s.filter.after)
	if asked == (live.Place{}) && err == nil { // there was no feed yet
		asked.Feed = head.Feed
	}
	switch {
	case err != nil, asked.Feed != head.Feed, asked.Number > head.Last:
		s.place = end
		return &streamNotice{Because: becauseAnotherFeed, From: end.String()}
	case asked.Number < oldest.Number:
		s.place = oldest
		return &streamNotice{Because: becauseNotHeld, From: oldest.String(), First: asked.Number + 1, Last: oldest.Number}
	}
	s.place = asked
	return nil
}

// run tells what there is, and then what comes, until the listener goes or may hear no more.
func (s *listening) run(ctx context.Context) {
	heartbeat, recheck := time.NewTicker(s.api.Live.Heartbeat), time.NewTicker(s.api.Live.Recheck)
	defer heartbeat.Stop()
	defer recheck.Stop()
	more := make(chan struct{}) // closed: there is more to tell at once
	close(more)
	for {
		page, changed, err := s.next(ctx)
		if err != nil {
			s.fail(ctx, err)
			return
		}
		switch {
		case page == nil || page.Through < s.listener.Head().Last:
			changed = more
		case s.filter.once && page.Through >= s.until:
			return
		}
		select {
		case <-changed:
		case <-heartbeat.C:
			err = s.heartbeat()
		case <-recheck.C:
			err = s.usable(ctx)
		case <-s.api.Live.Hub.Done():
			err = live.ErrClosed
		case <-ctx.Done():
			return
		}
		if err != nil {
			s.fail(ctx, err)
			return
		}
	}
}

// next tells the next entries. It returns no page where what it read may be told no more: it is read again.
func (s *listening) next(ctx context.Context) (*live.Page, <-chan struct{}, error) {
	revision := s.listener.Revision()
	page, changed, err := s.listener.Next(s.place.Number, streamBatch, live.Want{Entry: s.filter.wantsEntry, Of: s.who})
	if err != nil {
		return nil, nil, err
	}
	if feed := s.listener.Head().Feed; s.place.Feed == 0 {
		s.place.Feed = feed
	} else if s.place.Feed != feed {
		return nil, nil, errOtherFeed
	}
	if page.Missed > s.place.Number {
		n := &streamNotice{Because: becauseFellBehind, First: s.place.Number + 1, Last: page.Missed}
		s.place.Number = page.Missed
		n.From = s.place.String()
		if err := s.notice("gap", n); err != nil {
			return nil, nil, err
		}
	}
	if err := s.lag(page); err != nil {
		return nil, nil, err
	}
	entries, err := s.choose(page)
	if err == nil {
		err = s.told.record(entries, s.disclose(ctx))
	}
	if err != nil {
		return nil, nil, err
	}
	if s.listener.Revision() != revision {
		return nil, nil, nil
	}
	for _, e := range entries {
		if len(s.out) > writeAt {
			if err := s.flush(); err != nil {
				return nil, nil, err
			}
		}
		s.entry(e.told, e.encoded.data)
	}
	s.place.Number = max(s.place.Number, page.Through)
	if len(entries) > 0 {
		s.api.metrics.stream.sent.Add(float64(len(entries)))
		err = s.flush()
	}
	return page, changed, err
}

// lag tells a client once that it reads more slowly than changes come, until it has heard them all. Of one that
// begins far behind its head says so.
func (s *listening) lag(page *live.Page) error {
	caughtUp, before := page.Through >= s.listener.Head().Last, s.caughtUp
	s.caughtUp = before || caughtUp
	switch {
	case !s.lagging && page.Lagging && before:
		s.lagging = true
		s.api.metrics.stream.lagging.Inc()
		return s.notice("lagging", &streamNotice{Because: becauseSlow, From: s.place.String(), Behind: s.listener.Head().Last - s.place.Number})
	case s.lagging && caughtUp:
		s.lagging = false
		s.api.metrics.stream.lagging.Dec()
	}
	return nil
}

// formerly is a profile that the subject of the stream belonged to. Entries up to a number may have been looked
// up while it did.
type formerly struct {
	profile identity.ProfileID
	until   uint64
}

// choose takes from a page what the listener is told.
func (s *listening) choose(page *live.Page) ([]telling, error) {
	if err := s.follow(); err != nil || len(page.Entries) == 0 {
		return nil, err
	}
	if err := s.hear(); err != nil {
		return nil, err
	}
	var entries []telling
	for _, t := range page.Entries {
		passes, err := s.passes(t)
		if err != nil {
			return nil, err
		}
		if !passes {
			continue
		}
		e, err := s.encode(t)
		if err != nil {
			return nil, err
		}
		entries = append(entries, telling{t, e})
	}
	return entries, nil
}

// follow finds out whose the subject of the stream is now.
func (s *listening) follow() error {
	if s.who == uuid.Nil {
		return nil
	}
	now, err := s.api.Live.Facts.LiveProfile(s.key.Workspace, s.who)
	switch {
	case err != nil:
		return err
	case now == uuid.Nil:
		return errNobody
	case now != s.profile:
		s.was = append(s.was, formerly{s.profile, s.listener.Head().Last})
		s.profile = now
	}
	for len(s.was) > 0 && s.was[0].until <= s.place.Number {
		s.was = s.was[1:]
	}
	return nil
}

// usable says why the listener's key opens nothing any more.
func (s *listening) usable(ctx context.Context) error {
	key, err := s.api.asker(ctx, s.c.Request)
	switch {
	case err != nil:
		return err
	case !key.May(auth.ScopeStreamRead):
		return auth.ErrRevoked
	}
	return s.follow()
}

// fail ends a stream, and says why if that can be said.
func (s *listening) fail(ctx context.Context, err error) {
	if ctx.Err() != nil || s.deaf {
		return // the client went away, or is let go: it comes again with its last id
	}
	name, because := "end", becauseFault
	var token *auth.TokenError
	switch {
	case errors.Is(err, live.ErrClosed):
		because = becauseShutdown
	case errors.Is(err, errNobody):
		name, because = "gone", becauseSubject
	case errors.Is(err, errOtherFeed):
		because = becauseAnotherFeed
	case errors.Is(err, auth.ErrUnknown), errors.Is(err, auth.ErrRevoked), errors.Is(err, auth.ErrExpired), errors.Is(err, auth.ErrClosed), errors.Is(err, auth.ErrSignedOut), errors.As(err, &token):
		because = becauseKey
	case toProblem(err).Status == problem.Internal.Status:
		s.api.Logger.ErrorContext(ctx, "a stream ended", slog.String("request_id", s.c.GetString(requestIDKey)), slog.Any("error", err))
	}
	_ = s.notice(name, &streamNotice{Because: because}) // or the client finds out
}
