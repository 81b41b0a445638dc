package past

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tributary/identity"
	"tributary/profiles"
	"tributary/sql/store"
)

// Bounds of TraitRequest.Limit.
const (
	DefaultLimit = 50
	MaxLimit     = 500
)

// ErrCursor is returned for a cursor that Trait did not give.
var ErrCursor = errors.New("past: bad cursor")

// TraitRequest asks for a page of what was said of somebody under a name.
type TraitRequest struct {
	Workspace string
	Address   profiles.Address
	Name      string
	Cursor    string // TraitPage.Next of the page before; "" for the newest
	Limit     int    // events per page; default DefaultLimit, at most MaxLimit
}

// TraitPage is one page of a trait's history.
type TraitPage struct {
	Answer     *profiles.Answer // who it is of, as it is now
	Rule       profiles.Strategy
	Assertions []Assertion // newest first by corrected time
	Next       string      // "" after the last page
}

// Assertion is one word on a trait or identifying attribute.
type Assertion struct {
	// Value is JSON; null took the trait back. It is nil when Deleted: a source deleted the record, and
	// with it all that the record had said.
	Value         json.RawMessage
	Attribute     bool // said as an identifying attribute, not as a trait
	Deleted       bool
	Source        string
	Observation   identity.ObservationID
	MessageID     string
	RecordID      string // empty: not the content of a record
	RecordVersion string
	At            time.Time // corrected time
	ReceivedAt    time.Time
	Survives      bool // it is what the profile shows now
}

// Trait pages through every assertion of a trait, or identifying attribute, by the observations that the
// profile has now. What came in the last seconds may not be there yet. It fails like profiles.Service.Get,
// and with ErrCursor and ErrUnavailable.
func (s *Service) Trait(ctx context.Context, r TraitRequest) (*TraitPage, error) {
	before, err := readCursor(r.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.Profiles.Get(ctx, r.Workspace, r.Address)
	if err != nil {
		return nil, err
	}
	rules, err := s.Rules.Rules(r.Workspace)
	if err != nil {
		return nil, fmt.Errorf("read rules of survivorship: %w", err)
	}
	members := make([]identity.ObservationID, len(found.Profile.Observations))
	for i := range found.Profile.Observations {
		members[i] = found.Profile.Observations[i].ID
	}
	limit := min(max(r.Limit, 0), MaxLimit)
	if limit == 0 {
		limit = DefaultLimit
	}
	params := about(r.Workspace, 0, members)
	params["name"], params["limit"] = r.Name, uint32(limit)
	params["before_at"], params["before_message_id"], params["before_source"] = before.At, before.MessageID, before.Source
	rows, err := s.archive.traits.All(ctx, params)
	if err != nil {
		return nil, unavailable(err)
	}
	page := &TraitPage{Answer: found, Rule: rules.Of(r.Name).Strategy()}
	for i := range rows {
		said, err := rows[i].assertions(r.Name)
		if err != nil {
			return nil, err
		}
		page.Assertions = append(page.Assertions, said...)
	}
	if len(rows) == limit {
		last := &rows[len(rows)-1]
		page.Next = cursor{last.At.UnixMilli(), last.MessageID, last.Source}.String()
	}
	page.mark(r.Name)
	return page, nil
}

// mark finds which of the assertions survive.
func (p *TraitPage) mark(name string) {
	for _, list := range []struct {
		attribute bool
		traits    []profiles.Trait
	}{{false, p.Answer.Profile.Traits}, {true, p.Answer.Profile.Attributes}} {
		for _, t := range list.traits {
			if t.Name != name {
				continue
			}
			for i := range p.Assertions {
				a := &p.Assertions[i]
				a.Survives = a.Survives || a.Attribute == list.attribute && !a.Deleted &&
					a.Observation == t.Observation && a.MessageID == t.MessageID && a.Source == t.Source
			}
		}
	}
}

// assertions are what an event says under a name: as a trait, as an attribute, or both.
func (r *traitRow) assertions(name string) ([]Assertion, error) {
	a := Assertion{
		Deleted: r.RecordDeleted, Source: r.Source, Observation: r.Observation, MessageID: r.MessageID,
		RecordID: r.RecordID, RecordVersion: r.RecordVersion, At: r.At.UTC(), ReceivedAt: r.ReceivedAt.UTC(),
	}
	if a.Deleted {
		return []Assertion{a}, nil
	}
	var said []Assertion
	var traits map[string]json.RawMessage
	var who struct {
		Attributes map[string]string `json:"attributes"`
	}
	if err := errors.Join(decode(r.Traits, &traits), decode(r.Subject, &who)); err != nil {
		return nil, err
	}
	if value, ok := traits[name]; ok && r.IsGroup == 0 {
		a.Value = value
		said = append(said, a)
	}
	if value, ok := who.Attributes[name]; ok {
		a.Attribute = true
		a.Value, _ = json.Marshal(value) // of a string, never fails
		said = append(said, a)
	}
	return said, nil
}

func decode(text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("read event: %w", store.ErrInvalid)
	}
	return nil
}

// cursor is the place of an assertion. It tells nothing that the page did not.
type cursor struct {
	At        int64  `json:"at"` // Unix milliseconds
	MessageID string `json:"message_id"`
	Source    string `json:"source"`
}

func (c cursor) String() string {
	text, _ := json.Marshal(c) // a number and strings, never fails
	return base64.RawURLEncoding.EncodeToString(text)
}

func readCursor(text string) (c cursor, err error) {
	if text == "" {
		return cursor{At: store.MaxTime.Add(time.Millisecond).UnixMilli()}, nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(decoded, &c) != nil {
		return c, ErrCursor
	}
	return c, nil
}
