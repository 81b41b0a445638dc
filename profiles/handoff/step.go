package handoff

import (
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

	// raw are the properties as they came: a later version's members are kept for who knows them.
	raw json.RawMessage
}

// maxProperties bounds the properties of a step, in bytes: well above what the schema lets a record have.
const maxProperties = 512 << 10

// Properties is the step as the properties of its event: as they came, if it was read from one.
func (s *Step) Properties() (json.RawMessage, error) {
	if s.raw != nil {
		return s.raw, nil
	}
	return json.Marshal(s)
}

// Lease is how long an accepted or extended step lets hold.
func (s *Step) Lease() time.Duration { return time.Duration(s.LeaseS) * time.Second }

// Is says whether an event is about a hand-off.
func Is(e *event.Event) bool { return e.ByAgent() && strings.HasPrefix(e.Name, "handoff.") }

// PartyOf is the party that the writer of an event is. All sessions of a key are that key: they last minutes and are
// renewed, and who holds a hand-off goes on holding it.
func PartyOf(a event.Actor) Party {
	key, _, _ := strings.Cut(a.By, ":session:")
	return Party{Kind: Kind(a.Kind), Actor: key, ID: a.ID, Name: a.Name}
}

// ParseStep reads the step that an event is. It fails with ErrNoStep for what no program of ours wrote, so
// that what is kept is bounded. Members that it does not know are another version's, and are kept.
func ParseStep(e *event.Event) (*Step, error) {
	s := &Step{Name: e.Name, At: e.ReceivedAt.UTC(), MessageID: e.MessageID}
	if err := s.read(e.Properties, PartyOf(e.Written().Actor)); err != nil {
		return nil, fmt.Errorf("%w: properties: %w", ErrNoStep, err)
	}
	if reason := s.fault(e.Observation); reason != "" {
		return nil, fmt.Errorf("%w: %s", ErrNoStep, reason)
	}
	return s, nil
}

// read reads the properties of a step whose place is known. Who did it, and when, the properties do not say.
func (s *Step) read(properties json.RawMessage, by Party) error {
	if len(properties) > maxProperties {
		return fmt.Errorf("have more than %d bytes", maxProperties)
	}
	if err := json.Unmarshal(properties, s); err != nil {
		return err
	}
	s.By, s.raw = by, properties
	if s.Name == event.NameHandoffOffered && s.Record != nil {
		s.OfferedAt = s.At
		s.Record.ID, s.Record.From, s.Record.CreatedAt = s.Handoff, s.By, s.At
	}
	s.OfferedAt = s.OfferedAt.UTC().Truncate(time.Millisecond)
	return nil
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
		if len(s.Parts) == 0 || slices.ContainsFunc(s.Parts, func(p string) bool { return !Readable(p) }) || len(s.Parts) > maxParts {
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
