package twilio

import (
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// configured returns the webhook of a source "messaging".
func configured(t testing.TB, values map[string]string) *webhook {
	t.Helper()
	c := Connector()
	cfg, err := c.Configure("messaging", values, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWebhook(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w.(*webhook)
}

func fixture(t testing.TB, name string) *connector.Request {
	t.Helper()
	s := Subject()
	body, err := fs.ReadFile(s.Fixtures, "webhook/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return s.Deliver(name, body, time.Date(2026, 4, 14, 9, 30, 0, 0, time.UTC))
}

// The vector is that of Twilio's own page on security.
func TestSignatureOfTwiliosExample(t *testing.T) {
	w := configured(t, map[string]string{"webhook_secret": "12345", "url": "https://mycompany.com/myapp.php?foo=1&bar=2"})
	body := "Digits=1234&CallSid=CA1234567890ABCDE&To=%2B18005551212&Caller=%2B12349013030&From=%2B12349013030"
	r := &connector.Request{URL: &url.URL{}, Header: http.Header{}, Body: []byte(body)}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := w.Verify(r); !errors.Is(err, connector.ErrUnsigned) {
		t.Errorf("without a signature: %v", err)
	}
	r.Header.Set("X-Twilio-Signature", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")
	if err := w.Verify(r); err != nil {
		t.Errorf("Twilio's example: %v", err)
	}
	r.Body = append(r.Body, "&More=1"...)
	if err := w.Verify(r); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("another parameter: %v", err)
	}
}

// A JSON body is not part of what is signed: its hash is, in the address.
func TestSignatureOfJSON(t *testing.T) {
	w := configured(t, Subject().Settings)
	r := fixture(t, "event-streams.json")
	if err := w.Verify(r); err != nil {
		t.Fatalf("right: %v", err)
	}
	changed := *r
	changed.Body = append([]byte(" "), r.Body...)
	if err := w.Verify(&changed); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("another body: %v", err)
	}
	bare := *r
	bare.URL = &url.URL{}
	if err := w.Verify(&bare); err == nil {
		t.Error("an address without the body's hash passes")
	}
}

func TestEvents(t *testing.T) {
	w := configured(t, Subject().Settings)
	for name, want := range map[string][]string{
		"sms-received.form":         {"conversation.message"},
		"sms-stop.form":             {"conversation.message", "campaign.replied", "campaign.unsubscribed", "consent.changed"},
		"whatsapp-start.form":       {"conversation.message", "consent.changed"},
		"campaign-sent.form":        {"campaign.sent"},
		"campaign-delivered.form":   {"campaign.delivered"},
		"campaign-undelivered.form": {"campaign.failed"},
		"rcs-read.form":             {"campaign.opened"},
		"whatsapp-sent.form":        {"conversation.message"},
		"whatsapp-queued.form":      {"twilio.message.queued"},
		"call-ringing.form":         {"conversation.started"},
		"call-in-progress.form":     {"conversation.answered"},
		"call-completed.form":       {"conversation.ended"},
		"call-leg.form":             {"conversation.answered"},
		"call-no-answer.form":       {"conversation.ended"},
		"recording.form":            {"twilio.callback"},
		"event-streams.json":        {"campaign.delivered", "conversation.message", "campaign.replied", "twilio.messaging.link-click.clicked"},
	} {
		b, err := w.Decode(fixture(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, e := range b.Events {
			got = append(got, e.Name)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: makes %v, want %v", name, got, want)
		}
	}
}

func TestFields(t *testing.T) {
	w := configured(t, Subject().Settings)
	of := func(name string) event.Event {
		b, err := w.Decode(fixture(t, name))
		if err != nil || len(b.Events) == 0 {
			t.Fatalf("%s: %v, %d events", name, err, len(b.Events))
		}
		return b.Events[0]
	}
	in, out := of("whatsapp-start.form"), of("whatsapp-sent.form")
	if in.CX.ConversationID != out.CX.ConversationID {
		t.Error("the two directions of one thread are two conversations")
	}
	if in.Channel != event.ChannelWhatsApp || in.Identifiers[0].Value != "+447700900102" || in.Identifiers[1].Type != "messaging.whatsapp_id" {
		t.Errorf("WhatsApp: %s, %v", in.Channel, in.Identifiers)
	}
	if leg := of("call-leg.form"); leg.CX.ConversationID != "CA00000000000000000000000000000001" || leg.CX.LegID == leg.CX.ConversationID ||
		len(leg.Identifiers) != 0 || len(leg.Participants) != 1 || leg.CX.AuthorRole != event.AuthorHuman {
		t.Errorf("a leg: %+v of %v with %v", leg.CX, leg.Identifiers, leg.Participants)
	}
	if end := of("call-completed.form"); end.CX.TalkS == nil || *end.CX.TalkS != 184 || end.OriginalAt.IsZero() {
		t.Errorf("a call's end: %+v at %v", end.CX, end.OriginalAt)
	}
	if sms := of("sms-received.form"); sms.CX.Text != "My router is \"dead\" again 😞" || !strings.Contains(string(sms.Properties), `"dead\"`) {
		t.Errorf("a text: %q, %s", sms.CX.Text, sms.Properties)
	}
}

// A caller who asks in a conversation, or says yes, has not changed consent.
func TestConsentIsTheWholeMessage(t *testing.T) {
	for _, c := range []struct {
		m              message
		granted, asked bool
	}{
		{message{body: " stop "}, false, true},
		{message{body: "Please stop calling"}, false, false},
		{message{body: "yes"}, false, false},
		{message{body: "Unstop"}, true, true},
		{message{body: "ARRET", optOut: "STOP"}, false, true},
		{message{body: "STOP", optOut: "HELP"}, false, false},
	} {
		if granted, asked := c.m.consent(); granted != c.granted || asked != c.asked {
			t.Errorf("%q (%s): granted %v, asked %v", c.m.body, c.m.optOut, granted, asked)
		}
	}
}

func FuzzDecode(f *testing.F) {
	w := configured(f, Subject().Settings)
	f.Add("MessageSid=SM1&SmsStatus=received&From=rcs:+1&Body=%ff%22", true)
	f.Add(`[{"type":"com.twilio.messaging.message.sent","id":"1","data":{"messageSid":"SM1"}}]`, false)
	f.Fuzz(func(t *testing.T, body string, form bool) {
		r := &connector.Request{URL: &url.URL{}, Header: http.Header{}, Body: []byte(body)}
		if form {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		b, err := w.Decode(r)
		if err != nil {
			return
		}
		for _, e := range b.Events {
			e.Workspace, e.Source = "w", "messaging"
			e.Stamp(e.OriginalAt, e.SentAt, time.Now())
			var faults event.Errors
			if errors.As(e.Validate(), &faults) {
				for _, fault := range faults {
					if form && fault.Field == "properties" {
						t.Errorf("parameters make no JSON: %v of %q", fault, e.Properties)
					}
				}
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	w := configured(b, Subject().Settings)
	for _, name := range []string{"sms-received.form", "campaign-delivered.form", "call-completed.form", "event-streams.json"} {
		b.Run(name, func(b *testing.B) {
			r := fixture(b, name)
			b.ReportAllocs()
			b.SetBytes(int64(len(r.Body)))
			events := 0
			for b.Loop() {
				batch, err := w.Decode(r)
				if err != nil {
					b.Fatal(err)
				}
				events += len(batch.Events)
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
