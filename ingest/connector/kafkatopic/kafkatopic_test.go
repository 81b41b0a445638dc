package kafkatopic

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/avro"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

const customerSchema = `{"type": "record", "name": "Customer", "namespace": "shop", "fields": [
	{"name": "id", "type": "long"}, {"name": "email", "type": ["null", "string"]},
	{"name": "since", "type": {"type": "long", "logicalType": "timestamp-millis"}},
	{"name": "address", "type": ["null", "shop.Address"], "default": null}]}`

const addressSchema = `{"type": "record", "name": "Address", "namespace": "shop", "fields": [{"name": "city", "type": "string"}]}`

// registry answers as a schema registry does, to who knows the password.
func registry(t testing.TB) Registry {
	t.Helper()
	answers := map[string]string{
		"/schemas/ids/7":                      string(connector.JSON(map[string]any{"schema": customerSchema, "references": []map[string]any{{"name": "shop.Address", "subject": "shop/address", "version": 2}}})),
		"/schemas/ids/8":                      `{"schema": "syntax = \"proto3\";", "schemaType": "PROTOBUF"}`,
		"/schemas/ids/9":                      `{"schema": "{\"type\": \"no such type\"}"}`,
		"/schemas/ids/10":                     `{"schema": "\"string\""}`,
		"/subjects/shop%2Faddress/versions/2": string(connector.JSON(map[string]any{"schema": addressSchema})),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		answer, known := answers[r.URL.EscapedPath()]
		switch {
		case user != "reader" || password != "secret":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/schemas/ids/500":
			w.WriteHeader(http.StatusInternalServerError)
		case !known:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error_code": 40403, "message": "Schema not found"}`)
		default:
			fmt.Fprint(w, answer)
		}
	}))
	t.Cleanup(server.Close)
	return Registry{URL: server.URL, Username: "reader", Password: "secret"}
}

// frame puts the number of a schema before a value.
func frame(id uint32, value []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, id), value...)
}

func customer(t testing.TB, v map[string]any) []byte {
	t.Helper()
	var cache avro.SchemaCache
	for _, text := range []string{addressSchema, customerSchema} {
		schema, err := cache.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if text == customerSchema {
			data, err := schema.Encode(v)
			if err != nil {
				t.Fatal(err)
			}
			return frame(7, data)
		}
	}
	return nil
}

// keeper is a Mapper that keeps the documents.
type keeper struct{ documents []Document }

func (k *keeper) Map(_ context.Context, b *connector.Batch, document []byte) {
	var d Document
	if err := json.Unmarshal(document, &d); err != nil {
		panic(err)
	}
	k.documents = append(k.documents, d)
	b.Add(event.Event{Name: "made"})
}

func newPuller(t testing.TB, format Format, m Mapper) *Puller {
	t.Helper()
	p, err := New(Options{Brokers: []string{"127.0.0.1:1"}, Topic: "orders", Format: format, Registry: registry(t)}, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

var written = time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.UTC)

func TestRecords(t *testing.T) {
	since := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	full := customer(t, map[string]any{"id": 5, "email": "ada@example.com", "since": since, "address": map[string]any{"city": "Oslo"}})
	bare := customer(t, map[string]any{"id": 6, "email": nil, "since": since, "address": nil})
	for name, tc := range map[string]struct {
		format     Format
		key, value []byte
		want       string // value, or field: reason of the rejection
		wantKey    string
		rejected   bool
	}{
		"json":               {FormatJSON, []byte("k"), []byte(` {"a": 1.0, "a": 2} `), `{"a":1.0,"a":2}`, `"k"`, false},
		"json of a registry": {FormatJSON, nil, frame(3, []byte(`[1]`)), `[1]`, ``, false},
		"a tombstone":        {FormatJSON, []byte("k"), nil, `null`, `"k"`, false},
		"no text as key":     {FormatJSON, []byte{0xff, 1}, []byte("true"), `true`, `"/wE="`, false},
		"an empty value":     {FormatJSON, nil, []byte{}, "value: is not JSON", ``, true},
		"half of a value":    {FormatJSON, nil, []byte(`{"a":`), "value: is not JSON", ``, true},
		"no text":            {FormatJSON, nil, []byte("\"\xff\""), "value: is not JSON", ``, true},
		"avro": {FormatAvro, frame(10, []byte{2, 'k'}), full,
			`{"id":5,"email":"ada@example.com","since":1577934245000,"address":{"city":"Oslo"}}`, `"k"`, false},
		"avro with nulls":         {FormatAvro, []byte("k"), bare, `{"id":6,"email":null,"since":1577934245000,"address":null}`, `"k"`, false},
		"an avro tombstone":       {FormatAvro, frame(10, []byte{2, 'k'}), nil, `null`, `"k"`, false},
		"no schema":               {FormatAvro, nil, []byte(`{"a":1}`), "value: does not begin with a zero and the number of a schema", ``, true},
		"too short":               {FormatAvro, nil, full[:9], "value: is not what its Avro schema says", ``, true},
		"too long":                {FormatAvro, nil, append(full[:len(full):len(full)], 1), "value: is not what its Avro schema says", ``, true},
		"an unknown schema":       {FormatAvro, nil, frame(99, nil), "value: has a schema that the registry does not know", ``, true},
		"another kind of schema":  {FormatAvro, nil, frame(8, nil), "value: has a schema that is not Avro", ``, true},
		"a schema that is broken": {FormatAvro, nil, frame(9, nil), "value: has a schema that cannot be read", ``, true},
	} {
		t.Run(name, func(t *testing.T) {
			kept := new(keeper)
			p := newPuller(t, tc.format, kept)
			var b connector.Batch
			r := record{Partition: 3, Offset: 17, Time: written, Key: tc.key, Value: tc.value, Headers: []kafka.Header{{Key: "h", Value: []byte("v")}}}
			if err := p.record(t.Context(), &b, &r); err != nil {
				t.Fatal(err)
			}
			if tc.rejected {
				if len(b.Rejected) != 1 || b.Rejected[0].Field+": "+b.Rejected[0].Reason != tc.want || b.Rejected[0].ID != "orders/3/17" ||
					!strings.Contains(string(b.Rejected[0].Payload), `"offset":17`) {
					t.Errorf("batch %+v", b)
				}
				return
			}
			if len(b.Events) != 1 || b.Events[0].MessageID != "orders/3/17" || !b.Events[0].OriginalAt.Equal(written) {
				t.Fatalf("batch %+v", b)
			}
			d := kept.documents[0]
			if !sameJSON(t, d.Value, tc.want) || string(d.Key) != tc.wantKey || d.Deleted != (tc.value == nil) ||
				d.Timestamp != "2024-05-06T07:08:09.123Z" || d.Headers["h"] != "v" || d.Topic != "orders" || d.Partition != 3 || d.Offset != 17 {
				t.Errorf("document %+v, value %s, key %s", d, d.Value, d.Key)
			}
		})
	}
}

// sameJSON compares texts: but for the order of keys of what Avro's encoder wrote, they must be the same.
func sameJSON(t *testing.T, got json.RawMessage, want string) bool {
	t.Helper()
	if string(got) == want {
		return true
	}
	var a, b any
	if json.Unmarshal(got, &a) != nil || json.Unmarshal([]byte(want), &b) != nil {
		return false
	}
	return string(connector.JSON(a)) == string(connector.JSON(b)) && !strings.Contains(want, `"a":1.0`)
}

// TestRegistryAway: what cannot be asked is asked again later, and rejects nothing.
func TestRegistryAway(t *testing.T) {
	p := newPuller(t, FormatAvro, new(keeper))
	wrong := newPuller(t, FormatAvro, new(keeper))
	wrong.schemas.registry.Password = "other"
	gone := newPuller(t, FormatAvro, new(keeper))
	gone.schemas.registry.URL = "http://127.0.0.1:1"
	for name, tc := range map[string]struct {
		p  *Puller
		id uint32
	}{"a fault of its own": {p, 500}, "a wrong password": {wrong, 7}, "nobody there": {gone, 7}} {
		var b connector.Batch
		err := tc.p.record(t.Context(), &b, &record{Value: frame(tc.id, nil)})
		if err == nil || errors.As(err, new(*Fault)) || b.Len() > 0 || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, batch %+v", name, err, b)
		}
	}
}

func TestTopicWithoutMapping(t *testing.T) {
	c := Connector()
	cfg, err := c.Configure("shop", map[string]string{"brokers": "a:1, b:2", "topic": "orders"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := newPuller(t, FormatJSON, free{cfg})
	var b connector.Batch
	for i, r := range []record{
		{Offset: 1, Key: []byte("o-1"), Value: []byte(`{"total": 5}`)},
		{Offset: 2, Key: []byte("o-1")},
		{Offset: 3, Value: []byte(`[1]`)},
	} {
		r.Time = written.Add(time.Duration(i) * time.Second)
		if err := p.record(t.Context(), &b, &r); err != nil {
			t.Fatal(err)
		}
	}
	got := fmt.Sprintf("%s %s %+v, %s %+v, %s %s", b.Events[0].Name, b.Events[0].Properties, *b.Events[0].Record,
		b.Events[1].Name, *b.Events[1].Record, b.Events[2].Name, b.Events[2].Properties)
	want := `kafka.orders {"total":5} {ID:o-1 Version:1 Deleted:false}, kafka.orders.deleted {ID:o-1 Version:2 Deleted:true}, kafka.orders {"key":null,"value":[1]}`
	if got != want {
		t.Errorf("events\n%s, want\n%s", got, want)
	}
	for i := range b.Events {
		e := &b.Events[i]
		e.Workspace, e.Source = "acme", "shop"
		e.Stamp(e.OriginalAt, e.SentAt, written)
		if err := e.Validate(); err != nil {
			t.Errorf("event %d: %v", i, err)
		}
	}
}

func TestOptionsReportEveryFault(t *testing.T) {
	_, err := New(Options{Format: "xml", PageRecords: -1, Timeout: -1}, nil)
	for _, want := range []string{"brokers:", "topic:", "format:", "page_records:", "timeout:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no fault of %s in %v", want, err)
		}
	}
	if _, err := New(Options{Brokers: []string{"a:1"}, Topic: "t", Format: FormatAvro}, nil); err == nil || !strings.Contains(err.Error(), "registry_url:") {
		t.Errorf("avro without a registry: %v", err)
	}
}

// FuzzRecord: whatever is in a topic, a record becomes an event or is rejected.
func FuzzRecord(f *testing.F) {
	f.Add(true, []byte("k"), customer(f, map[string]any{"id": 5, "email": nil, "since": written, "address": nil}))
	f.Add(false, []byte("k"), []byte(`{"a":[1,null]}`))
	pullers := map[bool]*Puller{true: newPuller(f, FormatAvro, new(keeper)), false: newPuller(f, FormatJSON, new(keeper))}
	f.Fuzz(func(t *testing.T, binary bool, key, value []byte) {
		if len(value) >= 5 { // the registry has few schemas
			value[1], value[2], value[3], value[4] = 0, 0, 0, 7+value[4]%4
		}
		if len(key) > 0 {
			key[0] |= 1
		}
		var b connector.Batch
		if err := pullers[binary].record(t.Context(), &b, &record{Key: key, Value: value}); err != nil || b.Len() != 1 {
			t.Errorf("%v: %+v", err, b)
		}
	})
}
