package event

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// hostile is what the decoders of the log and of the gateway are seeded with.
func hostile() []string {
	keys := make([]string, 0, 10_000)
	for i := range 10_000 {
		keys = append(keys, `"k`+strings.Repeat("0", i%7)+string(rune('a'+i%26))+`":1`)
	}
	return []string{
		``, ` `, `null`, `[]`, `"x"`, `{`, `{}`, `{}{}`, `{"a":tru}`, "{\"source\":\"\x00\"}", "{\"source\":\"\xff\"}",
		`{"source":"\u0000"}`, `{"source":"\ud800"}`, `{"source":"a","source":"b"}`, `{"Source":"a"}`,
		`{"properties":{"a":1,"a":2}}`, `{"properties":{"a":{"b":1},"a.b":2}}`, `{"properties":{"a":12345678901234567890123}}`,
		`{"properties":{"a":1e400}}`, `{"properties":{"a":"\ud800"}}`, `{"properties":null}`, `{"properties":[1 2]}`,
		`{"order":12345678901234567890123}`, `{"order":1.5}`, `{"cx":{"score":1e400}}`, `{"cx":{"score":"x"}}`,
		`{"at":"0000-01-01T00:00:00Z"}`, `{"at":"2026-02-30T00:00:00Z"}`, `{"at":1}`, `{"at":"9999-12-31T23:59:59Z"}`,
		`{"properties":` + strings.Repeat("[", 1200) + strings.Repeat("]", 1200) + `}`,
		`{"properties":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
		`{"x":` + strings.Repeat(`{"a":`, 1200) + `1` + strings.Repeat("}", 1200) + `}`,
		`{"properties":{` + strings.Join(keys, ",") + `}}`,
		`{"properties":"` + strings.Repeat("x", 1<<20) + `"}`,
	}
}

// agree checks that the short way to decode and the general one give the same.
func agree(t *testing.T, data []byte, e *Event, err error) {
	t.Helper()
	general := new(Event)
	generalErr := decodeAny(general, data)
	if (err == nil) != (generalErr == nil) || err == nil && !reflect.DeepEqual(e, general) {
		t.Fatalf("got  %+v, %v\nwant %+v, %v", e, err, general, generalErr)
	}
}

func FuzzDecode(f *testing.F) {
	valid, err := Encode(full())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(valid)
	for _, text := range hostile() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		e, err := Decode(data)
		agree(t, data, e, err)
		if !bytes.Equal(before, data) {
			t.Fatal("Decode wrote into its input")
		}
		if err != nil {
			if !errors.Is(err, ErrNotJSON) || e != nil {
				t.Fatalf("got %v, %v", e, err)
			}
			return
		}
		if e.Validate() != nil {
			return
		}
		again, err := Encode(e)
		if err != nil {
			t.Fatalf("a valid event does not encode: %v", err)
		}
		got, err := Decode(again)
		if err != nil || !reflect.DeepEqual(e, got) {
			t.Fatalf("got %+v, %v\nwant %+v", got, err, e)
		}
	})
}
