package api

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"tributary/api/policy"
	"tributary/profiles/consent"
	"tributary/profiles/live"
)

type consentRegister = consent.Register

// streamEntryView is one change.
type streamEntryView struct {
	Type string    `json:"type" policy:"meta"`
	At   time.Time `json:"at" policy:"meta"`
	// Profile is whose it is now; Observation is what it was told of.
	Profile     uuid.UUID `json:"profile,omitzero" policy:"meta"`
	Observation uuid.UUID `json:"observation,omitzero" policy:"meta"`
	// Former is the profile that is part of Profile now, or that Profile was part of.
	Former          uuid.UUID   `json:"former,omitzero" policy:"meta"`
	IdentityVersion uint64      `json:"identity_version,omitempty" policy:"meta"`
	PreviousVersion uint64      `json:"previous_version,omitempty" policy:"meta"`
	Segment         string      `json:"segment,omitempty" policy:"segment"`
	Handoff         string      `json:"handoff,omitempty" policy:"conversation"`
	Commitment      string      `json:"commitment,omitempty" policy:"conversation"`
	Erasure         string      `json:"erasure,omitempty" policy:"meta"`
	Erased          []uuid.UUID `json:"erased,omitempty" policy:"meta"` // observations of whom nothing is kept any more
}

// streamHeadView is the first event of a stream.
type streamHeadView struct {
	// Place is where the stream begins: behind the entry of that id.
	Place string `json:"place" policy:"meta"`
	// Types are told; Withheld are not, for the reader may not hear of them.
	Types   []string           `json:"types" policy:"meta"`
	NotTold []streamNotToldRef `json:"not_told" policy:"-"`
	// Profile is whom it is about alone.
	Profile          uuid.UUID `json:"profile,omitzero" policy:"meta"`
	HeartbeatSeconds float64   `json:"heartbeat_seconds" policy:"meta"`
	// Behind is how many entries come at once, at most: those of others are among them.
	Behind uint64 `json:"behind" policy:"meta"`
}

// streamNotToldRef says why a type is not told.
type streamNotToldRef struct {
	Type    string `json:"type" policy:"meta"`
	Class   string `json:"class" policy:"meta"`
	Because string `json:"because" policy:"meta"`
	Needs   string `json:"needs,omitempty" policy:"meta"`
}

// streamNotice is an event that is no change: reset, gap, lagging, gone or end.
type streamNotice struct {
	Because string `json:"because"`
	// From is the place from which the stream goes on.
	From string `json:"from,omitempty"`
	// First and Last are the numbers of the entries that were missed.
	First uint64 `json:"first,omitempty"`
	Last  uint64 `json:"last,omitempty"`
	// Behind is how many entries there are behind From.
	Behind uint64 `json:"behind,omitempty"`
	// Do is what the client does about it.
	Do string `json:"do"`
}

// audience is who hears the same.
type audience struct {
	policy        *policy.Policy
	purpose, kind string
	level         policy.Level
}

// gate says whether a kind of entry is told.
type gate struct {
	tell    bool
	maxAge  time.Duration
	consent []string // purposes that its person must have agreed to
}

// classOfKind is the class of data that a kind of entry is of.
func classOfKind(k live.Kind) string {
	switch {
	case k == live.SegmentEntered, k == live.SegmentLeft:
		return policy.ClassSegment
	case k == live.ConsentChanged:
		return policy.ClassConsent
	case k.Agents():
		return policy.ClassConversation
	}
	return policy.ClassMeta
}

// hear finds out what the listener may hear of by the policy as it is now.
func (s *listening) hear() error {
	p, err := s.api.Policies.For(s.key.Workspace)
	if err != nil {
		return err
	}
	level := s.level.level
	if expires := s.level.ExpiresAt; !expires.IsZero() && !s.api.Now().Before(expires) {
		level = policy.Claimed
	}
	now := audience{p, s.x.purpose, string(s.key.Reader), level}
	if now == s.audience {
		return nil
	}
	s.audience, s.gates = now, map[live.Kind]gate{}
	for _, k := range live.Kinds() {
		rule := p.Rule(now.purpose, now.kind, classOfKind(k))
		do := rule.Do
		if level < rule.Needs {
			do = max(do, rule.Below)
		}
		s.gates[k] = gate{tell: do == policy.Show && s.filter.wants(k), maxAge: rule.MaxAge, consent: strings.Fields(rule.Consent)}
		if g := s.gates[k]; len(g.consent) == 0 {
			g.consent = nil
			s.gates[k] = g
		}
	}
	return nil
}

// head is what the stream says first.
func (s *listening) head() streamHeadView {
	v := streamHeadView{
		Place: s.place.String(), Types: []string{}, NotTold: []streamNotToldRef{}, Profile: s.profile,
		HeartbeatSeconds: s.api.Live.Heartbeat.Seconds(), Behind: s.until - min(s.until, s.place.Number),
	}
	for _, k := range live.Kinds() {
		switch {
		case s.gates[k].tell:
			v.Types = append(v.Types, string(k))
		case s.filter.wants(k):
			v.NotTold = append(v.NotTold, s.notTold(k))
		}
	}
	return v
}

func (s *listening) notTold(k live.Kind) streamNotToldRef {
	class := classOfKind(k)
	rule := s.audience.policy.Rule(s.audience.purpose, s.audience.kind, class)
	r := streamNotToldRef{Type: string(k), Class: class, Because: policy.BecausePurpose}
	if rule.Do == policy.Show && s.audience.level < rule.Needs {
		r.Because, r.Needs = policy.BecauseVerification, rule.Needs.String()
	}
	return r
}

// encodedEntry is an entry as an audience is told it.
type encodedEntry struct {
	data    []byte
	people  []uuid.UUID
	classes []string
}

// encode encodes an entry for the stream's audience, once for all that hear the same.
func (s *listening) encode(t *live.Told) (*encodedEntry, error) {
	if s.bound() && t.Observation != s.who && t.Profile != s.profile { // a part of theirs is somebody else's now, who is not named
		other := &live.Told{Entry: t.Entry}
		other.Observation = uuid.Nil
		return s.apply(other)
	}
	return live.Cached(t, s.audience, func() (*encodedEntry, error) { return s.apply(t) })
}

func (s *listening) apply(t *live.Told) (*encodedEntry, error) {
	view, err := s.view(t)
	if err != nil {
		return nil, err
	}
	reader := policy.Reader{
		Policy: s.audience.policy, Purpose: s.audience.purpose, Kind: s.audience.kind, Level: s.audience.level, Now: s.api.Now(),
		Agreed: func(string, string) bool { return true }, // or it did not pass
	}
	result, err := reader.Apply(view)
	if err != nil {
		return nil, err
	}
	e := &encodedEntry{data: result.JSON, classes: result.Classes}
	for _, id := range [...]uuid.UUID{view.Profile, view.Former} {
		if id != uuid.Nil {
			e.people = append(e.people, id)
		}
	}
	if len(e.people) == 0 && view.Observation != uuid.Nil {
		e.people = append(e.people, view.Observation)
	}
	return e, nil
}

func (s *listening) view(t *live.Told) (*streamEntryView, error) {
	v := &streamEntryView{
		Type: string(t.Kind), At: t.At, Profile: t.Profile, Observation: t.Observation, IdentityVersion: t.To, PreviousVersion: t.From,
	}
	switch t.Kind {
	case live.IdentityMerged:
		v.Former = t.Observation
	case live.IdentitySplit:
		v.Former = t.Peer
	case live.SegmentEntered, live.SegmentLeft:
		v.Segment = t.Ref
	case live.Erased:
		v.Erasure = t.Ref
		return v, s.erased(v)
	default:
		if strings.HasPrefix(string(t.Kind), "handoff.") {
			v.Handoff = t.Ref
		} else if strings.HasPrefix(string(t.Kind), "commitment.") {
			v.Commitment = t.Ref
		}
	}
	return v, nil
}

// maxErased bounds the observations that an erasure is told with: the founding one, by which others know the
// profile, is among those of any profile that was shown whole.
const maxErased = 256

// erased fills in of whom nothing is kept any more, so that who holds copies can let them go.
func (s *listening) erased(v *streamEntryView) error {
	id, err := uuid.Parse(v.Erasure)
	if err != nil {
		return err
	}
	record, err := s.api.Live.Facts.Erasure(s.key.Workspace, id)
	if err == nil && record != nil {
		v.Erased = slices.Clone(record.Observations[:min(len(record.Observations), maxErased)])
	}
	return err
}

// outArray is what is written at once, and room for the entry that makes it so much.
type outArray [writeAt + 8<<10]byte

// outArrays are shared: a listener holds one while it writes.
var outArrays = sync.Pool{New: func() any { return new(outArray) }}

// buffer returns what is to be written so far, to append to.
func (s *listening) buffer() []byte {
	if s.array == nil {
		s.array = outArrays.Get().(*outArray)
		s.out = s.array[:0]
	}
	return s.out
}

// event appends an event.
func (s *listening) event(name string, data []byte, at live.Place) {
	s.out = at.Append(append(s.buffer(), "id: "...))
	s.out = append(append(append(s.out, "\nevent: "...), name...), "\ndata: "...)
	s.out = append(append(s.out, data...), "\n\n"...)
}

// entry appends an entry of the feed.
func (s *listening) entry(t *live.Told, data []byte) {
	s.event(string(t.Kind), data, live.Place{Feed: s.place.Feed, Number: t.Number})
}

// notice writes an event that is no change. It moves the client's place only where the stream's was moved.
func (s *listening) notice(name string, n *streamNotice) error {
	n.Do = whatToDo[n.Because]
	s.api.metrics.stream.notices.WithLabelValues(name, n.Because).Inc()
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	s.event(name, data, s.place)
	return s.flush()
}

// heartbeat says that nothing is new up to here: who comes again goes on from here.
func (s *listening) heartbeat() error {
	s.out = append(s.buffer(), ": "...)
	s.out = strconv.AppendInt(s.out, s.api.Now().Unix(), 10)
	s.out = append(s.place.Append(append(s.out, "\nid: "...)), "\n\n"...)
	return s.flush()
}

// flush writes what was appended. It blocks while the client does not take it in, for as long as Stall.
func (s *listening) flush() error {
	s.boundWrite()
	_, err := s.c.Writer.Write(s.out)
	outArrays.Put(s.array)
	s.out, s.array = nil, nil
	if err == nil {
		err = s.control.Flush()
	}
	if s.deaf = err != nil; errors.Is(err, os.ErrDeadlineExceeded) {
		s.api.metrics.stream.stalled.Inc()
		s.api.Logger.Info("a listener took nothing in and was let go", slog.String("request_id", s.c.GetString(requestIDKey)))
	}
	return err
}
