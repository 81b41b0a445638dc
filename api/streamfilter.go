package api

import (
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/profiles"
	"tributary/profiles/live"
)

// fromOldest stands for the place before everything that is held.
const fromOldest = "oldest"

// streamFilter is what a listener wants to hear of.
type streamFilter struct {
	types   []live.Kind // empty: all
	address profiles.Address
	segment string
	after   string // a place, fromOldest or nothing: from now on
	resumed bool   // it is the client's Last-Event-ID
	once    bool   // ends when all is told that there is
}

// parseStreamFilter reads the parameters of a stream. Last-Event-ID, which a client sends by itself when it
// connects again, goes before after.
func parseStreamFilter(c *gin.Context) (f streamFilter, err error) {
	q := newQuery(c)
	f.types = q.kinds("types")
	profile, subjects := q.id("profile"), q.addresses("subject", 1)
	f.segment, f.after = q.text("segment"), q.text("after")
	switch {
	case profile != uuid.Nil && len(subjects) > 0:
		q.fault("subject", "is given beside profile: give one of them")
	case profile != uuid.Nil:
		f.address = profiles.Address{{Type: profiles.TypeProfile, Value: profile.String()}}
	case len(subjects) > 0 && !isMe(subjects[0], keyOf(c) != nil && keyOf(c).Session != nil):
		f.address = subjects[0]
	}
	if text := q.text("follow"); text == "false" {
		f.once = true
	} else if text != "" && text != "true" {
		q.fault("follow", "must be true or false")
	}
	if _, err := live.ParsePlace(f.after); f.after != "" && f.after != fromOldest && err != nil {
		q.fault("after", "must be the id of an entry, <feed>-<number>, or oldest")
	}
	if last := c.GetHeader("Last-Event-ID"); last != "" {
		f.after, f.resumed = last, true
	}
	return f, q.err()
}

// isMe says whether an address is the one that a session has for whom it is bound to.
func isMe(address profiles.Address, session bool) bool {
	return session && len(address) == 1 && address[0].Type == "subject" && address[0].Value == "me"
}

// kinds reads a list of kinds, with commas between; "handoff.*" stands for all that begin so.
func (q *query) kinds(name string) (list []live.Kind) {
	text := q.text(name)
	if text == "" {
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		family, all := strings.CutSuffix(part, "*")
		n := len(list)
		for _, k := range live.Kinds() {
			if string(k) == part || all && strings.HasSuffix(family, ".") && strings.HasPrefix(string(k), family) {
				list = append(list, k)
			}
		}
		if len(list) == n {
			q.fault(name, "has a type that there is not; there are "+kindNames()+", and * in place of what is behind a point")
			return nil
		}
	}
	return list
}

func kindNames() string {
	var names []string
	for _, k := range live.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// wants says whether the listener asked for entries of a kind at all.
func (f *streamFilter) wants(k live.Kind) bool {
	if f.segment != "" && k != live.SegmentEntered && k != live.SegmentLeft {
		return false
	}
	return len(f.types) == 0 || slices.Contains(f.types, k)
}

// wantsEntry says the same of an entry.
func (f *streamFilter) wantsEntry(e *live.Entry) bool {
	return f.wants(e.Kind) && (f.segment == "" || e.Ref == f.segment)
}

// passes says whether a listener is told an entry, for what it asked for and may hear of, whoever it is about.
func (s *listening) passes(t *live.Told) (bool, error) {
	switch g := s.gates[t.Kind]; {
	case !g.tell, !s.filter.wantsEntry(&t.Entry):
		return false, nil
	case g.maxAge > 0 && s.api.Now().Sub(t.At) > g.maxAge:
		return false, nil
	}
	if s.who != uuid.Nil {
		if concerns, err := s.concerns(t); !concerns || err != nil {
			return false, err
		}
	}
	if consent := s.gates[t.Kind].consent; consent != nil {
		return s.agreed(t, consent)
	}
	return true, nil
}

// concerns says whether an entry is about whom the stream is about.
func (s *listening) concerns(t *live.Told) (bool, error) {
	if t.Observation == uuid.Nil {
		return false, nil
	}
	if t.Observation == s.who || t.Profile == s.profile || t.Peer == s.profile {
		return true, nil
	}
	for _, was := range s.was { // it may have been looked up before the merger
		if t.Profile == was.profile && t.Number <= was.until {
			now, err := s.api.Live.Facts.LiveProfile(s.key.Workspace, t.Observation)
			return now == s.profile, err
		}
	}
	return false, nil
}

// agreed says whether the person of an entry agreed to the purposes that the policy asks for.
func (s *listening) agreed(t *live.Told, purposes []string) (bool, error) {
	if t.Profile == uuid.Nil {
		return t.Observation == uuid.Nil, nil
	}
	registers, err := s.api.Live.Facts.LiveConsent(s.key.Workspace, t.Profile)
	if err != nil {
		return false, err
	}
	for _, purpose := range purposes {
		if !agreed([][]consentRegister{registers}, purpose, "", s.api.Now()) {
			return false, nil
		}
	}
	return true, nil
}
