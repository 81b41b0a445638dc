package connect

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

func configured(t testing.TB, changes map[string]string) *webhook {
	t.Helper()
	c := Connector()
	values := Subject().Settings
	for name, value := range changes {
		values[name] = value
	}
	cfg, err := c.Configure("calls", values, func(s string) (string, error) { return s, nil })
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
	return s.Deliver(name, body, time.Date(2026, 4, 14, 9, 40, 0, 0, time.UTC))
}

func decoded(t testing.TB, w *webhook, name string) connector.Batch {
	t.Helper()
	b, err := w.Decode(fixture(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(b.Rejected) > 0 {
		t.Fatalf("%s: %s %s", name, b.Rejected[0].Field, b.Rejected[0].Reason)
	}
	return b
}

func TestEvents(t *testing.T) {
	free, mapped := configured(t, nil), configured(t, map[string]string{"contact_events": "mapped"})
	for _, c := range []struct {
		w       *webhook
		fixture string
		want    string
	}{
		{free, "contact-answered.json", "connect.contact_record conversation.started conversation.queued conversation.answered conversation.ended conversation.wrapped"},
		{free, "contact-abandoned.json", "connect.contact_record conversation.started conversation.queued conversation.abandoned"},
		{free, "contact-transfer.json", "connect.contact_record conversation.started conversation.queued conversation.answered conversation.transferred"},
		{free, "file-s3.jsonl", "connect.contact_record conversation.queued conversation.answered conversation.ended conversation.wrapped " +
			"connect.contact_record callback.requested conversation.queued conversation.ended callback.failed " +
			"connect.contact_record conversation.started conversation.ended"},
		{free, "event-connected.json", "connect.contact_event.CONNECTED_TO_AGENT"},
		{mapped, "event-connected.json", "conversation.answered"},
		{mapped, "event-disconnected.json", "conversation.abandoned"},
		{free, "agent-state.json", "connect.agent.state_change"},
	} {
		var got []string
		for _, e := range decoded(t, c.w, c.fixture).Events {
			got = append(got, e.Name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: makes %v, want %v", c.fixture, got, c.want)
		}
	}
}

// A conversation has one end, whatever flow runs after it.
func TestDisconnectFlow(t *testing.T) {
	w := configured(t, nil)
	const contact = `"InitiationTimestamp":"2026-04-14T09:00:00Z","DisconnectTimestamp":"2026-04-14T09:05:00Z","LastUpdateTimestamp":"2026-04-14T09:06:00Z","Channel":"VOICE"`
	end := func(record string) (name, id string) {
		var b connector.Batch
		w.item(&b, []byte("{"+contact+","+record+"}"))
		last := b.Events[len(b.Events)-1]
		return last.Name, last.MessageID
	}
	agent := `"Agent":{"ConnectedToAgentTimestamp":"2026-04-14T09:01:00Z"},"ContactId":"a","InitiationMethod":"INBOUND","NextContactId":"b"`
	for _, c := range []struct{ record, name, id string }{
		{agent + `,"DisconnectReason":"CUSTOMER_DISCONNECT"`, "conversation.ended", "a:ended"},
		{agent + `,"DisconnectReason":"AGENT_DISCONNECT"`, "conversation.transferred", "a:transferred"},
		{`"ContactId":"b","InitiationMethod":"DISCONNECT","PreviousContactId":"a"`, "conversation.ended", "a:ended"},
		{`"ContactId":"c","InitiationMethod":"MONITOR","PreviousContactId":"a"`, "connect.contact_record", "c:2026-04-14T09:06:00Z"},
	} {
		if name, id := end(c.record); name != c.name || id != c.id {
			t.Errorf("%s: %s %s, want %s %s", c.record, name, id, c.name, c.id)
		}
	}
}

func TestTimesOfAnAnsweredCall(t *testing.T) {
	by := map[string]event.Event{}
	for _, e := range decoded(t, configured(t, nil), "contact-answered.json").Events {
		by[e.Name] = e
	}
	is := func(what string, got *float64, want float64) {
		t.Helper()
		if got == nil || *got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	answered, ended, wrapped := by["conversation.answered"], by["conversation.ended"], by["conversation.wrapped"]
	is("wait", answered.CX.WaitS, 44)
	is("talk", ended.CX.TalkS, 271)
	is("hold", ended.CX.HoldS, 32)
	is("wrap", wrapped.CX.WrapS, 41)
	if answered.CX.Queue != "Broadband care" || answered.CX.AgentID != "grace" || answered.CX.Team != "Care" || answered.CX.AuthorRole != event.AuthorHuman {
		t.Errorf("answered: %+v", answered.CX)
	}
	want := []event.Identifier{{Type: "phone", Value: "+447700900101"}, {Type: "user_id", Value: "C-1001"}}
	if fmt.Sprint(ended.Identifiers) != fmt.Sprint(want) {
		t.Errorf("identifiers: %v, want %v", ended.Identifiers, want)
	}
}

// A transferred call is one conversation of several legs, each answered by itself.
func TestLegsShareAConversation(t *testing.T) {
	w := configured(t, nil)
	first := decoded(t, w, "contact-transfer.json").Events[1].CX
	second := decoded(t, w, "file-s3.jsonl").Events[1].CX
	if first.ConversationID != second.ConversationID || first.LegID == second.LegID {
		t.Errorf("legs %s of %s and %s of %s", first.LegID, first.ConversationID, second.LegID, second.ConversationID)
	}
}

// A record that comes again with more in it has the same ids but for the record itself.
func TestDeliveredAgain(t *testing.T) {
	w := configured(t, nil)
	r := fixture(t, "file-s3.jsonl")
	again := *r
	again.Body = []byte(strings.ReplaceAll(string(r.Body), `"LastUpdateTimestamp": "2026`, `"LastUpdateTimestamp": "2027`))
	before, err := w.Decode(r)
	after, errAgain := w.Decode(&again)
	if err != nil || errAgain != nil || len(before.Events) != len(after.Events) {
		t.Fatal(err, errAgain, len(before.Events), len(after.Events))
	}
	for i, e := range before.Events {
		if same := e.MessageID == after.Events[i].MessageID; same == (e.Name == "connect.contact_record") {
			t.Errorf("%s: %s, then %s", e.Name, e.MessageID, after.Events[i].MessageID)
		}
	}
}

// Firehose takes an answer for success only if it repeats the request's id and says the time.
func TestReply(t *testing.T) {
	b := decoded(t, configured(t, nil), "contact-answered.json")
	var reply struct {
		RequestID string `json:"requestId"`
		Timestamp int64  `json:"timestamp"`
	}
	if b.Reply == nil || b.Reply.Status != http.StatusOK || b.Reply.ContentType != "application/json" {
		t.Fatalf("reply: %+v", b.Reply)
	}
	if err := json.Unmarshal(b.Reply.Body, &reply); err != nil || reply.RequestID != "ed4acda5-034f-9f42-bba1-f29aea6d7d8f" || reply.Timestamp != 1776159600000 {
		t.Errorf("reply: %s, %v", b.Reply.Body, err)
	}
}

// What is broken among records is kept as it came, and the others count.
func TestBrokenRecords(t *testing.T) {
	w := configured(t, nil)
	good := base64.StdEncoding.EncodeToString([]byte(`{"ContactId":"1","LastUpdateTimestamp":"2026-04-14T09:30:00Z"}{"ContactId":`))
	body := `{"requestId":"r","timestamp":1,"records":[{"data":"***"},{"data":"` + good + `"},{"data":"` +
		base64.StdEncoding.EncodeToString([]byte(`{"ContactId":"2","Queue":7}`)) + `"},{"data":"e30="}]}`
	r := &connector.Request{Header: http.Header{}, Body: []byte(body)}
	r.Header.Set("X-Amz-Firehose-Request-Id", "r")
	b, err := w.Decode(r)
	if err != nil || len(b.Events) != 1 || len(b.Rejected) != 4 {
		t.Errorf("%v: %d events, rejected %+v", err, len(b.Events), b.Rejected)
	}
	r.Body = []byte("nothing")
	if _, err := w.Decode(r); err == nil {
		t.Error("a body that is no JSON is taken")
	}
}

func TestIdentifierAttributesAreChecked(t *testing.T) {
	c := Connector()
	values := map[string]string{"webhook_secret": "s", "identifier_attributes": "customerId, =user_id, a=Bad Kind, b=email"}
	cfg, err := c.Configure("calls", values, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err = newWebhook(cfg); err == nil || strings.Count(err.Error(), "is not attribute=type") != 3 {
		t.Errorf("faults: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	w := configured(f, nil)
	for _, name := range []string{"contact-answered.json", "event-connected.json", "agent-state.json", "file-s3.jsonl"} {
		f.Add(string(fixture(f, name).Body), strings.HasPrefix(name, "contact"))
	}
	f.Fuzz(func(_ *testing.T, body string, hose bool) {
		r := &connector.Request{Header: http.Header{}, Body: []byte(body)}
		if hose {
			r.Header.Set("X-Amz-Firehose-Request-Id", "r")
		}
		_, _ = w.Decode(r) // must not panic
	})
}

func BenchmarkDecode(b *testing.B) {
	w := configured(b, nil)
	for _, name := range []string{"contact-answered.json", "event-connected.json"} {
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
