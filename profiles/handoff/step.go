package handoff

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"tributary/ingest/event"
)

// ErrNoStep is returned for an event that is no step of a hand-off, with what is wrong.
var ErrNoStep = errors.New("handoff: no step of a hand-off")

// Step is one thing that was done with a hand-off: the properties of an event, and its place in the order.
type Step struct {
	Handoff uuid.UUID `json:"handoff"`
	// OfferedAt is when the hand-off was offered, to the millisecond: every step says so, and what is kept of a
	// customer who has many hand-offs follows from it.
	OfferedAt time.Time `json:"offered_at,omitzero"`
	// By is who did it, as the event's own Written says.
	By Party `json:"by,omitzero"`

	Record   *Record  `json:"record,omitempty"`  // of an offer: as it was offered
	LeaseS   int      `json:"lease_s,omitempty"` // of accept and extend: seconds
	Summary  string   `json:"summary,omitempty"` // of return, as are the next two
	Resolved bool     `json:"resolved,omitempty"`
	Next     string   `json:"next,omitempty"`
	Parts    []string `json:"parts,omitempty"` // of read

	// Name is the event's, At its received time and MessageID its id.
	Name      string    `json:"-"`
	At        time.Time `json:"-"`
	MessageID string    `json:"-"`
}

// Properties is the step as the properties of its event.
func (s *Step) Properties() (json.RawMessage, error) { return json.Marshal(s) }

// Lease is how long an accepted or extended step lets hold.
func (s *Step) Lease() time.Duration { return time.Duration(s.LeaseS) * time.Second }

// Is says whether an event is about a hand-off.
func Is(e *event.Event) bool { return e.ByAgent() && strings.HasPrefix(e.Name, "handoff.") }

// PartyOf is the party that the writer of an event is.
func PartyOf(a event.Actor) Party {
	return Party{Kind: Kind(a.Kind), Actor: a.By, ID: a.ID, Name: a.Name}
}

// ParseStep reads the step that an event is. It fails with ErrNoStep for what no program of ours wrote, so
// that what is kept is bounded.
func ParseStep(e *event.Event) (*Step, error) {
	s := &Step{Name: e.Name, At: e.ReceivedAt.UTC(), MessageID: e.MessageID}
	d := json.NewDecoder(bytes.NewReader(e.Properties))
	d.DisallowUnknownFields()
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("%w: properties: %w", ErrNoStep, err)
	}
	s.By = PartyOf(e.Written().Actor)
	if s.Name == event.NameHandoffOffered && s.Record != nil {
		s.OfferedAt = s.At
		s.Record.ID, s.Record.From, s.Record.CreatedAt = s.Handoff, s.By, s.At
	}
	s.OfferedAt = s.OfferedAt.UTC().Truncate(time.Millisecond)
	if reason := s.fault(e.Observation); reason != "" {
		return nil, fmt.Errorf("%w: %s", ErrNoStep, reason)
	}
	return s, nil
}

// fault says what is wrong with a step; "" for nothing.
func (s *Step) fault(subject uuid.UUID) string {
	switch {
	case s.Handoff == uuid.Nil:
		return "handoff is required"
	case s.OfferedAt.IsZero() || s.OfferedAt.After(s.At):
		return "offered_at must be a time before it"
	case !s.By.valid():
		return "by must name kind and actor"
	case utf8.RuneCountInString(s.Summary) > MaxText || utf8.RuneCountInString(s.Next) > MaxText:
		return "summary or next is too long"
	case s.Lease() < 0 || s.Lease() > MaxLease:
		return "lease_s is out of bounds"
	}
	switch s.Name {
	case event.NameHandoffOffered:
		if s.Record == nil || s.Record.Subject != subject || s.Record.Status != StatusOffered {
			return "record must be of its subject, as it was offered"
		}
		if err := s.Record.Check(); err != nil {
			return "record " + err.Error()
		}
		return ""
	case event.NameHandoffAccepted, event.NameHandoffExtended:
		if s.LeaseS == 0 {
			return "lease_s is required"
		}
	case event.NameHandoffReturned:
		if s.Summary == "" {
			return "summary is required"
		}
	case event.NameHandoffRead:
		if len(s.Parts) == 0 || slices.ContainsFunc(s.Parts, func(p string) bool { return !slices.Contains(Parts(), p) }) || len(s.Parts) > len(Parts()) {
			return "parts must name parts"
		}
	case event.NameHandoffReleased:
	default:
		return "name is none of a hand-off's"
	}
	if s.Record != nil {
		return "record is for an offer alone"
	}
	return ""
}

func (p Party) valid() bool {
	const most = 256
	known := p.Kind == KindHuman || p.Kind == KindAI || p.Kind == KindSystem
	return known && p.Actor != "" && len(p.Actor) <= most && len(p.ID) <= most && len(p.Name) <= most
}
