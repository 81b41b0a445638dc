package consent

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
)

// segmentPreference is the name of the event by which Segment's libraries tell of consent
// (https://segment.com/docs/privacy/consent-management/consent-in-unify/).
const segmentPreference = "Segment Consent Preference Updated"

// maxCategories bounds how many categories of one event are taken, the first by name.
const maxCategories = 64

// FromEvent lists what an event says of consent, by whom. o is the observation made of it, whose identifiers are
// normalised: they are what the statement is about as far as the event's channel reaches them; if it
// reaches none, the statement is about the observation.
//
// An event says it by CX.Consent and CX.Purpose, for its channel (empty: any). campaign.unsubscribed is a
// refusal of marketing where it says nothing else. Segment's event of preferences says, by
// context.consent.categoryPreferences, what the person thinks of each category, on any channel.
func FromEvent(e *event.Event, o *identity.Observation) []Said {
	var all []Said
	if s, ok := stated(e, o.ID); ok {
		for _, subject := range subjects(o, s.Channel) {
			all = append(all, Said{subject, s})
		}
	}
	if e.Name != segmentPreference && e.Name != event.NameConsentChanged {
		return all
	}
	preferences := categories(e.Context)
	for _, purpose := range first(slices.Sorted(maps.Keys(preferences)), maxCategories) {
		s := statement(e, o.ID)
		s.Scope, s.Status = NewScope("", purpose), event.ConsentRefused
		if preferences[purpose] {
			s.Status = event.ConsentGranted
		}
		all = append(all, Said{Person(o.ID), s})
	}
	return all
}

func stated(e *event.Event, by identity.ObservationID) (Statement, bool) {
	s := statement(e, by)
	purpose := ""
	if cx := e.CX; cx != nil {
		s.Status, purpose = cx.Consent, cx.Purpose
		s.LegalBasis, s.Evidence, s.ValidUntil = cx.LegalBasis, cx.Evidence, cx.ValidUntil
	}
	switch {
	case e.Name == event.NameCampaignUnsubscribed:
		s.Status, s.ValidUntil = event.ConsentRefused, time.Time{}
		if purpose == "" {
			purpose = PurposeMarketing
		}
	case e.Name != event.NameConsentChanged:
		return s, false
	}
	s.Scope = NewScope(e.Channel, purpose)
	return s, s.Status != ""
}

func statement(e *event.Event, by identity.ObservationID) Statement {
	return Statement{
		At: e.At, Received: e.ReceivedAt, Source: strings.Clone(e.Source), MessageID: strings.Clone(e.MessageID), Speaker: by,
	}
}

func subjects(o *identity.Observation, channel event.Channel) []Subject {
	var all []Subject
	for _, id := range o.Identifiers {
		if IsContactType(id.Type) && suits(id.Type, channel) {
			all = append(all, Contact(id))
		}
	}
	if len(all) == 0 {
		all = append(all, Person(o.ID))
	}
	return all
}

// categories reads context.consent.categoryPreferences. The name of a category is a purpose in the form
// that purposes have: "Data Sharing" is data_sharing. What is not true or false is not looked at; of two
// names that come to one purpose, no stands.
func categories(context json.RawMessage) map[string]bool {
	var fields struct {
		Consent struct {
			CategoryPreferences map[string]any `json:"categoryPreferences"`
		} `json:"consent"`
	}
	if len(context) == 0 || json.Unmarshal(context, &fields) != nil {
		return nil
	}
	preferences := map[string]bool{}
	for name, value := range fields.Consent.CategoryPreferences {
		purpose, yes := purposeOf(name), value == true
		if _, said := value.(bool); !said || purpose == "" {
			continue
		}
		if before, there := preferences[purpose]; there {
			yes = yes && before
		}
		preferences[purpose] = yes
	}
	return preferences
}

// purposeOf puts a category's name into the form of a purpose; "" if nothing is left of it.
func purposeOf(category string) string {
	name := []byte(strings.ToLower(category))
	for i, c := range name {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			name[i] = '_'
		}
	}
	purpose := strings.Trim(string(name), "_-.")
	if len(purpose) > event.MaxPurposeBytes {
		purpose = purpose[:event.MaxPurposeBytes]
	}
	if !event.ValidPurpose(purpose) {
		return ""
	}
	return purpose
}

func first[T any](list []T, n int) []T { return list[:min(len(list), n)] }
