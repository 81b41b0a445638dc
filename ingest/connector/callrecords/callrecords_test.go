package callrecords

import (
	"errors"
	"io/fs"
	"strings"
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
	cfg, err := s.Connector.Configure("calls", s.Settings, func(s string) (string, error) { return s, nil })
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
	body, err := fs.ReadFile(s.Fixtures, "webhook/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return s.Deliver(name, body, time.Date(2026, 4, 14, 9, 40, 0, 0, time.UTC))
}

func TestSignature(t *testing.T) {
	w := configured(t)
	right := fixture(t, "transferred.json").Header.Get("X-Signature")
	for _, c := range []struct {
		name   string
		change func(*connector.Request)
		want   error
	}{
		{"right", func(*connector.Request) {}, nil},
		{"one of two secrets", func(r *connector.Request) { r.Header.Set("X-Signature", "sha256=00, "+right) }, nil},
		{"missing", func(r *connector.Request) { r.Header.Del("X-Signature") }, connector.ErrUnsigned},
		{"another body", func(r *connector.Request) { r.Body = []byte("{}") }, connector.ErrSignature},
		{"another time", func(r *connector.Request) { r.Header.Set("X-Signature-Timestamp", "1") }, connector.ErrSignature},
		{"late", func(r *connector.Request) { r.Received = r.Received.Add(tolerance + time.Second) }, connector.ErrStale},
	} {
		r := fixture(t, "transferred.json")
		c.change(r)
		if err := w.Verify(r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestEvents(t *testing.T) {
	for name, want := range map[string]string{
		"transferred.json": "callrecords.conversation conversation.started ivr.step conversation.queued conversation.answered conversation.transferred " +
			"conversation.wrapped conversation.queued conversation.answered conversation.wrapped conversation.ended",
		"query-answer.json": "callrecords.conversation conversation.started conversation.queued conversation.abandoned " +
			"callrecords.conversation conversation.started callback.requested conversation.queued conversation.answered callback.completed conversation.ended",
		"lines.jsonl": "callrecords.conversation conversation.started ivr.step callrecords.conversation conversation.started conversation.ended",
	} {
		b, err := configured(t).Decode(fixture(t, name))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range b.Events {
			got = append(got, e.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: makes %v, want %v", name, got, want)
		}
	}
}

// Handling time adds up over the legs of a transferred call.
func TestTimesOfATransferredCall(t *testing.T) {
	b, err := configured(t).Decode(fixture(t, "transferred.json"))
	if err != nil {
		t.Fatal(err)
	}
	var wait, talk, hold, wrap float64
	sum := func(total, of *float64) {
		if of != nil {
			*total += *of
		}
	}
	for _, e := range b.Events {
		sum(&wait, e.CX.WaitS)
		sum(&talk, e.CX.TalkS)
		sum(&hold, e.CX.HoldS)
		sum(&wrap, e.CX.WrapS)
		if e.Name == event.NameConversationTransferred && e.CX.TransferKind != event.TransferWarm {
			t.Errorf("transfer kind %q of a consulted one", e.CX.TransferKind)
		}
	}
	if wait != 40+120 || talk != 60+60+330.5 || hold != 55 || wrap != 10+40 {
		t.Errorf("wait %v, talk %v, hold %v, wrap %v", wait, talk, hold, wrap)
	}
}

func FuzzDecode(f *testing.F) {
	w := configured(f)
	for _, name := range []string{"transferred.json", "query-answer.json", "lines.jsonl"} {
		f.Add(fixture(f, name).Body)
	}
	f.Fuzz(func(_ *testing.T, body []byte) {
		_, _ = w.Decode(&connector.Request{Body: body}) // must not panic
	})
}

func BenchmarkDecode(b *testing.B) {
	w := configured(b)
	for _, name := range []string{"transferred.json", "lines.jsonl"} {
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
