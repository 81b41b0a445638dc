package delighted

import (
	"io/fs"
	"testing"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
	"tributary/ingest/event"
)

func TestKit(t *testing.T) { kit.Run(t, Subject()) }

func configured(t testing.TB) connector.Webhook {
	t.Helper()
	s := Subject()
	cfg, err := s.Connector.Configure("nps", s.Settings, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Connector.NewWebhook(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func fixture(t testing.TB, name string) *connector.Request {
	t.Helper()
	s := Subject()
	body, err := fs.ReadFile(s.Fixtures, "testdata/webhook/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return s.Deliver(name, body, time.Date(2026, 4, 14, 9, 40, 0, 0, time.UTC))
}

// A comment that comes later is no second answer: a mean would count it twice.
func TestAnAnswerCountsOnce(t *testing.T) {
	w := configured(t)
	answers := map[string]int{}
	for _, name := range []string{"response-created.json", "response-created.json", "response-updated.json"} {
		b, err := w.Decode(fixture(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range b.Events {
			if e.CX.SurveyID != "5435" || e.CX.Survey != event.SurveyNPS || e.CX.Scale != "0-10" {
				t.Errorf("%s: %+v", name, e.CX)
			}
			if e.Name == event.NameSurveyAnswered {
				answers[e.MessageID]++
			}
		}
	}
	if len(answers) != 1 {
		t.Errorf("answers by message id: %v", answers)
	}
}

func FuzzDecode(f *testing.F) {
	w := configured(f)
	for _, name := range []string{"response-updated.json", "unsubscribe.json"} {
		f.Add(fixture(f, name).Body)
	}
	f.Fuzz(func(_ *testing.T, body []byte) {
		_, _ = w.Decode(&connector.Request{Body: body}) // must not panic
	})
}

func BenchmarkDecode(b *testing.B) {
	w := configured(b)
	r := fixture(b, "response-updated.json")
	b.ReportAllocs()
	b.SetBytes(int64(len(r.Body)))
	for b.Loop() {
		if _, err := w.Decode(r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
