package unify

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/profiles/state"
)

var allCommands = []Command{
	ConfigPut{Actor: "kim", Bucket: "keys", Key: "k", Value: json.RawMessage(`{"scopes":["read"]}`)},
	ConfigPutAll{Bucket: "keys", Documents: []ConfigDocument{{"a", json.RawMessage(`{"n":1}`)}, {"b", json.RawMessage(`2`)}}},
	ConfigDelete{Bucket: "keys", Key: "k"},
	IdentityLink{A: uuid.UUID{1}, B: uuid.UUID{2}, Verdict: LinkNeverMerge, Note: `they "said" so`},
	IdentityBlock{Type: "email", Value: "info@example.com"},
	IdentityUnblock{Type: "email", Value: "info@example.com"},
	QuarantineReplay{Partition: 65537, Offset: 9, Ordinal: 1},
	QuarantineDiscard{Offset: 9},
}

func TestCommandsSurviveTheLog(t *testing.T) {
	for _, c := range allCommands {
		r, err := NewRecord("w", "m", time.Unix(0, 0), c)
		if err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		back, err := ParseCommand(r.Value)
		if err != nil || !reflect.DeepEqual(back, c) {
			t.Errorf("%s came back as %+v, %v", r.Value, back, err)
		}
	}
}

func TestBadCommands(t *testing.T) {
	for _, c := range []Command{
		ConfigPut{Bucket: "b", Key: "k"},
		ConfigPutAll{Bucket: "b"},
		ConfigPutAll{Bucket: "b", Documents: []ConfigDocument{{"k", json.RawMessage(`1`)}, {"k", json.RawMessage(`2`)}}},
		ConfigPutAll{Bucket: "b", Documents: []ConfigDocument{{"k", json.RawMessage(`null`)}}},
		ConfigPut{Key: "k", Value: json.RawMessage(`{`)},
		ConfigDelete{Bucket: "b"},
		IdentityLink{A: uuid.UUID{1}, B: uuid.UUID{1}, Verdict: LinkMustMerge},
		IdentityLink{A: uuid.UUID{1}, B: uuid.UUID{2}, Verdict: "maybe"},
		IdentityBlock{Type: "email"},
		IdentityUnblock{Value: "x"},
	} {
		if _, err := NewRecord("w", "m", time.Time{}, c); !errors.Is(err, ErrCommand) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for _, value := range []string{``, `[]`, `{}`, `{"command":"config.drop"}`, `{"command":"config.delete","bucket":"b","key":"k","force":true}`, `{"command":"quarantine.replay","offset":-1}`} {
		if c, err := ParseCommand([]byte(value)); !errors.Is(err, ErrCommand) {
			t.Errorf("%s: %+v, %v", value, c, err)
		}
	}
}

func FuzzParseCommand(f *testing.F) {
	for _, c := range allCommands {
		value, err := encodeCommand(By{}, c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value)
	}
	f.Add([]byte(`{"command":"identity.link","a":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCommand(data)
		if err != nil {
			return
		}
		value, err := encodeCommand(By{}, c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseCommand(value); err != nil {
			t.Fatalf("%s is a command and %s is not: %v", data, value, err)
		}
	})
}

func TestPayloadHashLooksAtContentAlone(t *testing.T) {
	encode := func(sent, received int, message string) uint64 {
		e := event.Event{Workspace: "w", Source: "s", MessageID: message, Type: event.TypeTrack, Name: "x", Properties: json.RawMessage(`{"at":"noon","sent_at":"dawn"}`)}
		var at time.Time
		if sent > 0 {
			at = time.Unix(int64(sent), 0)
		}
		e.Stamp(time.Unix(1, 0), at, time.Unix(int64(received), 0))
		value, err := event.Encode(&e)
		if err != nil {
			t.Fatal(err)
		}
		return payloadHash(value)
	}
	if encode(5, 6, "m") != encode(7, 9, "m") {
		t.Error("the same event sent again has another hash")
	}
	if encode(5, 6, "m") == encode(5, 6, `m,"at":"`) {
		t.Error("another event has the same hash")
	}
	for _, value := range []string{``, `,"at":"`, `,"sent_at":",""received_at":"`} {
		payloadHash([]byte(value)) // must not fail, whatever it is given
	}
}

func TestVersionsOfARecordAreOrdered(t *testing.T) {
	ascending := []state.Version{
		{}, {At: 5}, {At: 5, MessageID: "b"}, {Version: "9"}, {Version: "10"}, {Version: "10", At: 1},
		{Version: "123456789012345678901234567890"}, {Version: "2026-01-01"}, {Version: "v2"},
	}
	for i := range ascending {
		for j := range ascending {
			if newer(ascending[i], ascending[j]) != (i > j) {
				t.Errorf("newer(%+v, %+v) is %v", ascending[i], ascending[j], i <= j)
			}
		}
	}
}
