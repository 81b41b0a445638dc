package explain

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
)

// Metric is a figure that depends on who is who.
type Metric string

// The metrics.
const (
	// MetricProfiles: how many profiles there are.
	MetricProfiles Metric = "profiles"
	// MetricIdentified: the share of profiles that have a user id, an e-mail, a telephone or an id in a
	// source, and not only a device or a conversation.
	MetricIdentified Metric = "identified_share"
	// MetricEvents: events a profile, on average.
	MetricEvents Metric = "events_per_profile"
	// MetricConversations: conversations a profile, on average.
	MetricConversations Metric = "conversations_per_profile"
	// MetricRepeat: of the profiles that have a conversation, the share that has two within seven days,
	// from the beginning of one to that of the next.
	MetricRepeat Metric = "repeat_contact_share"
)

// Metrics lists all metrics.
func Metrics() []Metric {
	return []Metric{MetricProfiles, MetricIdentified, MetricEvents, MetricConversations, MetricRepeat}
}

// ErrMetric is returned for a metric that there is none of.
var ErrMetric = errors.New("metric: must be profiles, identified_share, events_per_profile, conversations_per_profile or repeat_contact_share")

// Validate returns ErrMetric unless it is empty or one of Metrics.
func (m Metric) Validate() error {
	if m == "" || slices.Contains(Metrics(), m) {
		return nil
	}
	return ErrMetric
}

// MetricPair is a metric as it is and as it would be.
type MetricPair struct {
	Name   Metric  `json:"name" policy:"meta"`
	Before float64 `json:"before" policy:"meta"`
	After  float64 `json:"after" policy:"meta"`
}

// tally adds up what all metrics are made of.
type tally struct {
	profiles, identified       int
	events                     uint64
	conversations, talking, re int
}

func (t *tally) of(m Metric) float64 {
	ratio := func(a, b float64) float64 {
		if b == 0 {
			return 0
		}
		return a / b
	}
	n := float64(t.profiles)
	switch m {
	case MetricIdentified:
		return ratio(float64(t.identified), n)
	case MetricEvents:
		return ratio(float64(t.events), n)
	case MetricConversations:
		return ratio(float64(t.conversations), n)
	case MetricRepeat:
		return ratio(float64(t.re), float64(t.talking))
	default:
		return n
	}
}

// known is what metrics look at of one observation.
type known struct {
	identified   bool
	events       uint64
	conversation []identity.Identifier
	began        time.Time
}

// knownOfAll is knownOf of the observations of a part.
func (m *moment) knownOfAll(part *identity.Compared) (map[identity.ObservationID]known, error) {
	facts := make(map[identity.ObservationID]known, len(part.Before))
	for i := range part.Before {
		id := part.Before[i].Observation
		k, err := m.knownOf(id)
		if err != nil {
			return nil, err
		}
		facts[id] = k
	}
	return facts, nil
}

// measure adds the profiles of a part to both tallies.
func (c *comparer) measure(part *identity.Compared, was, now [][]identity.ObservationID) error {
	facts, err := c.knownOfAll(part)
	if err != nil {
		return err
	}
	for _, g := range was {
		c.before.add(g, facts)
	}
	for _, g := range now {
		c.after.add(g, facts)
	}
	return nil
}

func (m *moment) knownOf(id identity.ObservationID) (known, error) {
	var k known
	o, err := m.Observation(id)
	if o == nil || err != nil {
		return k, err
	}
	for _, held := range o.Identifiers {
		switch {
		case strings.HasSuffix(held.Type, ".conversation_id"):
			k.conversation = append(k.conversation, held)
		case identity.OfContact(held.Type): // a session
		case held.Type != event.IDAnonymous && held.Type != event.IDDevice:
			k.identified = true
		}
	}
	kept, err := m.State(id)
	if kept != nil {
		k.events, k.began = kept.Events(), kept.FirstSeen()
	}
	return k, err
}

// repeatWithin is how soon a contact is a repeated one.
const repeatWithin = 7 * 24 * time.Hour

// add adds one profile.
func (t *tally) add(group []identity.ObservationID, facts map[identity.ObservationID]known) {
	t.profiles++
	identified := false
	began := map[identity.Identifier]time.Time{}
	for _, id := range group {
		k := facts[id]
		identified = identified || k.identified
		t.events += k.events
		for _, c := range k.conversation {
			if at, ok := began[c]; !ok || k.began.Before(at) {
				began[c] = k.began
			}
		}
	}
	if identified {
		t.identified++
	}
	t.conversations += len(began)
	if len(began) == 0 {
		return
	}
	t.talking++
	if repeated(began) {
		t.re++
	}
}

func repeated(began map[identity.Identifier]time.Time) bool {
	times := make([]time.Time, 0, len(began))
	for _, at := range began {
		times = append(times, at)
	}
	slices.SortFunc(times, func(a, b time.Time) int { return cmp.Compare(a.UnixMilli(), b.UnixMilli()) })
	for i := 1; i < len(times); i++ {
		if times[i].Sub(times[i-1]) <= repeatWithin {
			return true
		}
	}
	return false
}
