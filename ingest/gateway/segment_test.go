package gateway

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

func TestIdentifyBecomesAnEvent(t *testing.T) {
	r := newRig(t, Config{}, nil)
	const traits = `{ "email":"Ann@Example.com", "phone": 15551234567, "firstName":"Ann","last_name":"Lee","birthday":"1980-02-03T00:00:00.000Z",
		"gender":"f","company":{"name":"Initech"},"address":{"street":"6th St","city":"SF","state":"CA","postalCode":94103,"country":"US"},"plan":1.0 }`
	const ctx = `{"channel":"chat","order":7,"device":{"id":"d1","advertisingId":"a1"},"traits":{"name":"Ann Lee","email":"old@example.com"},
		"record":{"id":"r1","version":3},"identifiers":[{"type":"crm.contact_id","value":"00Q"}],
		"participants":[{"role":"agent","identifier":{"type":"crm.user","value":"9"}}]}`
	a := r.post(t, "/v1/identify", `{"messageId":"m1","userId":"u1","anonymousId":"x1","timestamp":"2026-05-17T09:00:00Z",
		"sentAt":"2026-05-17T10:00:00Z","traits":`+traits+`,"context":`+ctx+`,"integrations":{"All":true}}`)
	if a.status != 200 || a.body != `{"success":true,"messageId":"m1"}` {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if at, err := stream.Acknowledged("acme", a.header.Get(stream.AfterHeader)); err != nil || len(at) != 1 {
		t.Errorf("the acknowledgement names %v, %v", at, err)
	}
	want := &event.Event{
		Workspace: "acme", Source: "shop", MessageID: "m1", Type: event.TypeIdentify, Channel: event.ChannelChat,
		OriginalAt: noon.Add(-3 * time.Hour), SentAt: noon.Add(-2 * time.Hour), ReceivedAt: noon, At: noon.Add(-time.Hour), Order: 7,
		Record: &event.Record{ID: "r1", Version: "3"},
		Identifiers: []event.Identifier{
			{Type: "user_id", Value: "u1"}, {Type: "anonymous_id", Value: "x1"}, {Type: "email", Value: "Ann@Example.com"},
			{Type: "phone", Value: "15551234567"}, {Type: "device_id", Value: "d1"}, {Type: "device_id", Value: "a1"},
			{Type: "crm.contact_id", Value: "00Q"},
		},
		Attributes: map[string]string{
			"name": "Ann Lee", "first_name": "Ann", "last_name": "Lee", "birth_date": "1980-02-03", "gender": "f", "company": "Initech",
			"street": "6th St", "city": "SF", "region": "CA", "postcode": "94103", "country": "US",
		},
		Participants: []event.Participant{{Role: "agent", Identifier: event.Identifier{Type: "crm.user", Value: "9"}}},
		Traits:       json.RawMessage(traits), Context: json.RawMessage(ctx),
	}
	if got := r.one(t); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestVocabularyFillsTypedFields(t *testing.T) {
	r := newRig(t, Config{}, nil)
	a := r.post(t, "/v1/track", `{"userId":"u","event":"survey.answered","properties":{"conversation_id":"c1","survey":"csat",
		"score":4,"scale":"1-5","amount":12.50,"currency":"EUR","tokens":5,"turn":2,"wait_s":0,"text":"fine","other":true}}`)
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	e := r.one(t)
	score, tokens, wait := 4.0, int64(5), 0.0
	want := &event.CX{ConversationID: "c1", Survey: "csat", Score: &score, Scale: "1-5", Amount: "12.50", Currency: "EUR", Tokens: &tokens, Turn: 2, WaitS: &wait, Text: "fine"}
	if !reflect.DeepEqual(e.CX, want) {
		t.Errorf("got %+v", e.CX)
	}
	if len(e.MessageID) != 36 || !e.At.Equal(noon) || !e.OriginalAt.Equal(noon) || !e.SentAt.IsZero() {
		t.Errorf("got %+v", e)
	}
}

func TestCallsOfEachKind(t *testing.T) {
	tests := map[string]struct {
		route, body string
		check       func(*event.Event) bool
	}{
		"product event has no typed fields": {"track", `{"userId":"u","event":"Item Purchased","properties":{"score":"high"}}`,
			func(e *event.Event) bool { return e.Name == "Item Purchased" && e.CX == nil && e.Channel == "" }},
		"page": {"page", `{"anonymousId":"x","category":"Docs","name":"Home","properties":{"url":"/"}}`,
			func(e *event.Event) bool { return e.Name == "Docs Home" && e.Channel == event.ChannelWeb }},
		"page without a name": {"page", `{"anonymousId":"x"}`,
			func(e *event.Event) bool { return e.Name == "" }},
		"screen": {"screen", `{"anonymousId":"x","name":"Cart"}`,
			func(e *event.Event) bool { return e.Name == "Cart" && e.Channel == event.ChannelApp }},
		"browser": {"track", `{"anonymousId":"x","event":"a","context":{"library":{"name":"analytics.js"}}}`,
			func(e *event.Event) bool { return e.Channel == event.ChannelWeb }},
		"app": {"track", `{"anonymousId":"x","event":"a","context":{"library":{"name":"analytics-ios"}}}`,
			func(e *event.Event) bool { return e.Channel == event.ChannelApp }},
		"group's traits are not a person's": {"group", `{"userId":"u","groupId":"g","traits":{"name":"Initech","email":"info@example.com","phone":{}}}`,
			func(e *event.Event) bool {
				return e.CX.AccountID == "g" && e.Attributes == nil && len(e.Identifiers) == 1
			}},
		"context.groupId": {"track", `{"userId":"u","event":"a","context":{"groupId":"g"}}`,
			func(e *event.Event) bool { return e.CX.AccountID == "g" }},
		"alias": {"alias", `{"userId":"u","previousId":"x"}`,
			func(e *event.Event) bool {
				return reflect.DeepEqual(e.Identifiers, []event.Identifier{{Type: "user_id", Value: "u"}, {Type: "anonymous_id", Value: "x"}})
			}},
		"record without a person": {"identify", `{"context":{"record":{"id":9,"deleted":true}}}`,
			func(e *event.Event) bool { return e.Record.ID == "9" && e.Record.Deleted && e.Identifiers == nil }},
		"conversation without a person": {"track", `{"event":"conversation.ended","properties":{"conversation_id":"c"}}`,
			func(e *event.Event) bool { return e.CX.ConversationID == "c" }},
		"nulls count as not sent": {"track", `{"userId":"u","event":"a","properties":null,"context":null,"timestamp":null,"messageId":null}`,
			func(e *event.Event) bool { return e.Properties == nil && e.Context == nil && e.OriginalAt.Equal(noon) }},
		"originalTimestamp goes before timestamp": {"track", `{"userId":"u","event":"a","timestamp":"2026-01-01T00:00:00Z","originalTimestamp":"2025-01-01T00:00:00Z"}`,
			func(e *event.Event) bool { return e.At.Year() == 2025 }},
		"ten years old": {"track", `{"userId":"u","event":"a","timestamp":"2016-01-01T00:00:00Z","sentAt":"2026-05-17T12:00:00Z"}`,
			func(e *event.Event) bool { return e.At.Year() == 2016 }},
		"a future time is dated to its arrival": {"track", `{"userId":"u","event":"a","timestamp":"2027-01-01T00:00:00Z"}`,
			func(e *event.Event) bool { return e.At.Equal(noon) && e.OriginalAt.Year() == 2027 }},
		"company by name": {"identify", `{"userId":"u","traits":{"company":"Initech"}}`,
			func(e *event.Event) bool { return e.Attributes["company"] == "Initech" }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Config{}, nil)
			if a := r.post(t, "/v1/"+test.route, test.body); a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if e := r.one(t); !test.check(e) {
				t.Errorf("got %+v, CX %+v", e, e.CX)
			}
		})
	}
}

func TestPropertiesAreKeptByteForByte(t *testing.T) {
	many := make([]string, 3000)
	for i := range many {
		many[i] = `"k` + strings.Repeat("x", i%3) + string(rune('a'+i%26)) + `":1`
	}
	for name, properties := range map[string]string{
		"duplicate keys":  `{"a":1,"a":2}`,
		"dotted keys":     `{"a":{"b":1},"a.b":2}`,
		"23 digits":       `{"a":12345678901234567890123}`,
		"1e400":           `{"a":1e400}`,
		"lone surrogate":  `{"a":"\ud800"}`,
		"NUL as escape":   `{"a":"\u0000"}`,
		"depth 1200":      `{"a":` + strings.Repeat("[", 1200) + strings.Repeat("]", 1200) + `}`,
		"3000 keys":       `{` + strings.Join(many, ",") + `}`,
		"spaces and 1.0":  "{ \"a\" :\t1.0 ,\n \"b\": null, \"c\": {} }",
		"line separators": "{\"a\":\"\u2028<&>\"}",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Config{}, nil)
			item := `{"type":"track","userId":"u","event":"a","properties":` + properties + `}`
			if a := r.post(t, "/v1/track", item); a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if got := r.one(t); string(got.Properties) != properties {
				t.Errorf("got %s", got.Properties)
			}
			if a := r.post(t, "/v1/batch", `{"batch":[`+item+`]}`); a.body != `{"success":true,"accepted":1}` {
				t.Fatalf("%d %s", a.status, a.body)
			}
			for _, entry := range r.records(t) {
				if got := decodeEntry(t, entry); string(got.Properties) != properties {
					t.Errorf("in a batch: got %s", got.Properties)
				}
			}
		})
	}
}
