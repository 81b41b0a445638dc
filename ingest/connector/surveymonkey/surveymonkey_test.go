package surveymonkey

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/connector/kit"
)

func TestKit(t *testing.T) { kit.Run(t, Subject()) }

func configure(t testing.TB, changes map[string]string) connector.Config {
	t.Helper()
	s := Subject()
	for name, value := range changes {
		s.Settings[name] = value
	}
	cfg, err := s.Connector.Configure("surveys", s.Settings, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Without a client secret nothing could be verified, so there is no webhook.
func TestNoWebhookWithoutSecret(t *testing.T) {
	if w, err := newWebhook(configure(t, map[string]string{"client_id": "", "webhook_secret": ""})); w != nil || err != nil {
		t.Errorf("without a secret: %v, %v", w, err)
	}
	if _, err := newWebhook(configure(t, map[string]string{"client_id": ""})); err == nil {
		t.Error("a secret without a client id is taken")
	}
}

func TestSettingsArePulledOrNot(t *testing.T) {
	if p, err := newPuller(configure(t, map[string]string{"access_token": ""})); p != nil || err != nil {
		t.Errorf("without a token: %v, %v", p, err)
	}
	_, err := newPuller(configure(t, map[string]string{"survey_ids": "", "questions": "1=nps, 2=mood, =csat, 3=ces:7-1"}))
	if err == nil || strings.Count(err.Error(), "questions:") != 3 || !strings.Contains(err.Error(), "survey_ids:") {
		t.Errorf("faults: %v", err)
	}
}

func TestScore(t *testing.T) {
	q := question{survey: "nps", scale: "0-10"}
	for text, want := range map[string]float64{"9": 9, "10 - Very likely": 10, "0": 0, "-100": -1, "100": -1, "Likely": -1, "": -1} {
		if got, ok := q.score(text); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
}

func FuzzDecode(f *testing.F) {
	w, err := newWebhook(configure(f, nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"event_type":"response_completed","object_id":"1","event_datetime":"2026-04-14T09:30:00+00:00"}`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		_, _ = w.Decode(&connector.Request{Body: body}) // must not panic
	})
}

func BenchmarkResponses(b *testing.B) {
	p, err := newPuller(configure(b, nil))
	if err != nil {
		b.Fatal(err)
	}
	text, err := fs.ReadFile(testdata, "testdata/pull/survey-1234.json")
	if err != nil {
		b.Fatal(err)
	}
	var records []json.RawMessage
	if err := field.Decode(text, &records); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	events := 0
	for b.Loop() {
		var batch connector.Batch
		p.(*puller).keep(&batch, records, cursor{})
		events += len(batch.Events)
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
