package consent_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/consent"
)

func TestFromEvent(t *testing.T) {
	mail, number := email("a").Contact, phone(1).Contact
	user := identity.Identifier{Type: event.IDUser, Value: "42"}
	cx := func(status event.Consent, purpose string) *event.CX {
		return &event.CX{Consent: status, Purpose: purpose}
	}
	for name, x := range map[string]struct {
		event event.Event
		ids   []identity.Identifier
		want  []string
	}{
		"a product event":      {event.Event{Name: "Signed Up", CX: cx(granted, "marketing")}, []identity.Identifier{mail}, nil},
		"no status":            {event.Event{Name: event.NameConsentChanged, CX: &event.CX{Disposition: "?"}}, []identity.Identifier{mail}, nil},
		"on a channel":         {event.Event{Name: event.NameConsentChanged, Channel: "sms", CX: cx(granted, "marketing")}, []identity.Identifier{mail, number, user}, []string{"phone sms marketing granted"}},
		"on any channel":       {event.Event{Name: event.NameConsentChanged, CX: cx(refused, "*")}, []identity.Identifier{mail, number, user}, []string{"email * * refused", "phone * * refused"}},
		"without contact":      {event.Event{Name: event.NameConsentChanged, Channel: "email", CX: cx(refused, "profiling")}, []identity.Identifier{user}, []string{"person email profiling refused"}},
		"unsubscribed":         {event.Event{Name: event.NameCampaignUnsubscribed, Channel: "email"}, []identity.Identifier{mail}, []string{"email " + "email marketing refused"}},
		"unsubscribed, typed":  {event.Event{Name: event.NameCampaignUnsubscribed, Channel: "email", CX: cx(granted, "newsletter")}, []identity.Identifier{mail}, []string{"email " + "email newsletter refused"}},
		"segment's categories": {event.Event{Name: "Segment Consent Preference Updated", Context: json.RawMessage(`{"consent":{"categoryPreferences":{"Advertising":true,"Data Sharing":false,"x":"yes","…":true}}}`)}, []identity.Identifier{mail}, []string{"person * advertising granted", "person * data_sharing refused"}},
		"two names, one":       {event.Event{Name: "Segment Consent Preference Updated", Context: json.RawMessage(`{"consent":{"categoryPreferences":{"a b":true,"a_b":false}}}`)}, nil, []string{"person * a_b refused"}},
		"categories elsewhere": {event.Event{Name: "Viewed", Context: json.RawMessage(`{"consent":{"categoryPreferences":{"Advertising":true}}}`)}, nil, nil},
		"categories of a list": {event.Event{Name: "Segment Consent Preference Updated", Context: json.RawMessage(`{"consent":[1]}`)}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			x.event.At, x.event.ReceivedAt, x.event.MessageID = after(1), after(2), "m"
			o := &identity.Observation{ID: uuid.UUID{1}, Identifiers: x.ids}
			var got []string
			for _, s := range consent.FromEvent(&x.event, o) {
				about := s.Contact.Type
				if !s.IsContact() {
					about = "person"
				}
				got = append(got, fmt.Sprintf("%s %s %s %s", about, s.Channel, s.Purpose, s.Status))
				if s.At != after(1) || s.Received != after(2) || s.MessageID != "m" {
					t.Errorf("it was said %+v", s.Statement)
				}
			}
			if !slices.Equal(got, x.want) {
				t.Errorf("says %q, want %q", got, x.want)
			}
		})
	}
}
