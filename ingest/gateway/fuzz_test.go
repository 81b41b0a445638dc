package gateway

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"tributary/ingest/event"
)

// seeds are what the decoders of requests start from.
func seeds() []string {
	item := kilobyte(7)
	return []string{
		item, good, ``, ` `, `null`, `[]`, `{`, `{}`, good + "\x00", "{\"userId\":\"\xff\"}", `{"userId":"\ud800","event":"a"}`,
		`{"userId":"\u0000","event":"a"}`, `{"userId":1,"event":[]}`, `{"userId":"u","userId":"v","event":"a","event":"b"}`,
		`{"userId":"u","event":"a","properties":{"a":{"b":1},"a.b":2,"a":12345678901234567890123,"c":1e400}}`,
		`{"userId":"u","event":"survey.answered","properties":{"score":1e400,"turn":12345678901234567890123,"amount":1e400}}`,
		`{"userId":"u","event":"a","context":{"traits":{"phone":1.5,"company":null,"address":null},"record":{"id":null}}}`,
		`{"userId":"u","event":"a","context":{"identifiers":[null,1,{}],"participants":[null]}}`,
		`{"type":"group","groupId":"g","userId":"u","traits":{"email":1}}`, `{"type":"alias","previousId":"p","userId":"u"}`,
		`{"userId":"u","event":"a","timestamp":"2300-01-01","sentAt":"0000-00-00"}`,
		`{"userId":"u","event":"a","properties":` + strings.Repeat("[", 1200) + strings.Repeat("]", 1200) + `}`,
		`{"userId":"u","event":"a","properties":{"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}}`,
		`{"userId":"u","event":"a","properties":{` + strings.Repeat(`"k":1,`, 10_000) + `"k":1}}`,
		`{"batch":[` + item + `,` + good + `,null,1,{"type":"track"}],"sentAt":"2026-05-17T12:00:00Z","context":{"channel":"chat","device":{"id":"d"}}}`,
		`{"batch":[` + good + `],"context":{"order":"x"}}`, `{"batch":{}}`, `{"batch":[],"sentAt":1}`, `{"batch":[` + good + `,]}`,
	}
}

// FuzzBody puts any body through the decoders of both kinds of route. Whatever it is: no panic, the
// body stays as it is, each item becomes an event that survives the log or is rejected with a
// field and a reason, and its record is JSON.
func FuzzBody(f *testing.F) {
	for _, seed := range seeds() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rq := &request{received: noon, body: &body, key: WriteKey{Workspace: "acme", Source: "shop"}}
		before := slices.Clone(body)
		if !json.Valid(body) || strings.ToValidUTF8(string(body), "") != string(body) {
			if c := new(call); len(c.decode(body, event.TypeTrack)) == 0 && json.Valid(body) == (strings.ToValidUTF8(string(body), "") == string(body)) {
				t.Fatalf("%q was read", body)
			}
			return
		}
		checkItem(t, rq, body)
		var env envelope
		if len(env.decode(body)) == 0 {
			checkBatch(t, rq, &env)
		}
		if !slices.Equal(before, body) {
			t.Fatal("the body was changed")
		}
	})
}

func checkItem(t *testing.T, rq *request, body []byte) {
	t.Helper()
	c := new(call)
	faults := rq.item(c, body, &envelope{})
	if len(faults) > 0 {
		for _, fault := range faults {
			if fault.Field == "" || fault.Reason == "" {
				t.Fatalf("fault %+v", fault)
			}
		}
		return
	}
	value, err := event.Encode(&c.event)
	if err != nil {
		t.Fatal(err)
	}
	got, err := event.Decode(value)
	if err != nil {
		t.Fatalf("%v: %s", err, value)
	}
	if string(got.Properties) != string(c.payload.Properties) || string(got.Context) != string(c.payload.Context) {
		t.Fatal("properties or context were changed")
	}
}

func checkBatch(t *testing.T, rq *request, env *envelope) {
	t.Helper()
	records, failed, p := (&Gateway{shares: newShares(0, 0)}).records(rq, env)
	if p != nil {
		t.Fatalf("%+v", p)
	}
	if len(records) != len(env.Batch) || failed.items > len(records) {
		t.Fatalf("%d records and %d failures of %d items", len(records), failed.items, len(env.Batch))
	}
	for _, record := range records {
		if record.MessageID == "" || !json.Valid(record.Value) {
			t.Fatalf("record %q: %s", record.MessageID, record.Value)
		}
	}
}
