package consent_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/consent"
)

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func after(minutes int) time.Time { return epoch.Add(time.Duration(minutes) * time.Minute) }

func email(name string) consent.Subject {
	return consent.Contact(identity.Identifier{Type: event.IDEmail, Value: name + "@example.com"})
}

func phone(n int) consent.Subject {
	return consent.Contact(identity.Identifier{Type: event.IDPhone, Value: fmt.Sprintf("+155501%02d", n)})
}

func person(n byte) consent.Subject { return consent.Person(uuid.UUID{15: n}) }

// said makes a statement; message ids follow the time, so that none is said twice.
func said(channel event.Channel, purpose string, status event.Consent, minute int) consent.Statement {
	return consent.Statement{
		Scope: consent.NewScope(channel, purpose), Status: status, At: after(minute), Received: after(minute),
		Source: "crm", MessageID: fmt.Sprintf("m%04d", minute),
	}
}

func ledger(all ...consent.Statement) *consent.Ledger {
	l := &consent.Ledger{}
	for _, s := range all {
		l.Add(s)
	}
	return l
}

var (
	channels = []event.Channel{"", event.ChannelEmail, event.ChannelSMS, event.ChannelVoice}
	purposes = []string{"", consent.PurposeMarketing, consent.PurposeService}
	statuses = []event.Consent{event.ConsentGranted, event.ConsentGranted, event.ConsentRefused, event.ConsentPending}
	subjects = []consent.Subject{email("a"), email("b"), phone(1), phone(2), person(1), person(2)}
)

// drawStatement draws among few times, so that ties are met.
func drawStatement(t *rapid.T) consent.Statement {
	s := said(rapid.SampledFrom(channels).Draw(t, "channel"), rapid.SampledFrom(purposes).Draw(t, "purpose"),
		rapid.SampledFrom(statuses).Draw(t, "status"), rapid.IntRange(0, 12).Draw(t, "minute"))
	s.MessageID = rapid.StringMatching(`[a-c]{1,2}`).Draw(t, "message")
	if s.Status == event.ConsentGranted && rapid.IntRange(0, 4).Draw(t, "ends") == 0 {
		s.ValidUntil = after(rapid.IntRange(5, 30).Draw(t, "until"))
	}
	return s
}

// drawRegisters draws what was said of some subjects.
func drawRegisters(t *rapid.T, of []consent.Subject) []consent.Register {
	var all []consent.Register
	for _, s := range of {
		l := ledger(rapid.SliceOfN(rapid.Custom(drawStatement), 0, 6).Draw(t, "said")...)
		all = append(all, consent.Register{Subject: s, Ledger: l})
	}
	return all
}

// eachScope calls f for every question there is about the channels and purposes above.
func eachScope(f func(event.Channel, string)) {
	for _, channel := range channels {
		for _, purpose := range purposes {
			f(channel, purpose)
		}
	}
}

// copied returns registers that share no ledger with the others.
func copied(t *rapid.T, registers []consent.Register) []consent.Register {
	all := slices.Clone(registers)
	for i := range all {
		data, err := all[i].Ledger.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		all[i].Ledger = &consent.Ledger{}
		if err := all[i].Ledger.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
