package importer

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

const singerStreams = `
version: 1
streams:
  customers:
    identifiers: {email: email, shop.customer: id}
    attributes: {name: name}
    events:
      - name: contact.updated
        type: identify
        record: {version: updated_at}
        traits: [plan, address.city]
  orders:
    identifiers: {shop.customer: customer_id}
    cx: {order_id: id, amount: total, currency: {value: EUR}}
    events:
      - name: order.placed
        at: [created_at]
      - name: order.shipped
        when: {column: status, equals: shipped}
        at: [created_at]
`

func streamsOf(t testing.TB, text string) *Streams {
	t.Helper()
	s, err := ReadStreams(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func runSinger(t *testing.T, messages string, log Appender) (Report, string, error) {
	t.Helper()
	var states bytes.Buffer
	im := Import{Stdin: strings.NewReader(messages), Format: FormatSinger, Streams: streamsOf(t, singerStreams),
		Workspace: "default", Source: "shop", State: &states, Now: fixedNow}
	report, err := im.Run(t.Context(), log)
	return report, states.String(), err
}

const (
	schemaCustomers = `{"type":"SCHEMA","stream":"customers","schema":{"properties":{}},"key_properties":["id"],"bookmark_properties":["updated_at"]}` + "\n"
	schemaOrders    = `{"type":"schema","stream":"orders","schema":{},"key_properties":["shop","id"]}` + "\n"
	ada             = `{"type":"RECORD","stream":"customers","time_extracted":"2025-05-01T00:00:00Z","record":{"id":7,"email":"ada@example.com","name":"Ada Marsh","plan":"gold","address":{"city":"Leeds"},"updated_at":"2025-04-01T00:00:00Z"}}` + "\n"
	firstOrder      = `{"type":"RECORD","stream":"orders","record":{"shop":"a/b","id":1,"customer_id":7,"total":12.50,"status":"new","created_at":"2025-03-01T10:00:00Z"}}` + "\n"
	shippedOrder    = `{"type":"RECORD","stream":"orders","record":{"shop":"a/b","id":1,"customer_id":7,"total":12.50,"status":"shipped","created_at":"2025-03-01T10:00:00Z"}}` + "\n"
	gone            = `{"type":"RECORD","stream":"customers","record":{"id":7,"_sdc_deleted_at":"2025-06-01T00:00:00Z"}}` + "\n"
	stateOne        = `{"type":"STATE","value":{"customers":"2025-04-01", "n": 1.0}}` + "\n"
)

func TestSingerMessages(t *testing.T) {
	log := &tape{}
	report, states, err := runSinger(t, schemaCustomers+schemaOrders+ada+firstOrder+stateOne+shippedOrder+gone+
		`{"type":"RECORD","stream":"visits","record":{"page":"/","n":1.0}}`+"\n"+
		`{"type":"ACTIVATE_VERSION","stream":"customers","version":3}`+"\n"+`{"type":"STATE","value":2}`+"\n", log)
	if err != nil || report.Rows != 5 || report.Rejected != 0 || len(report.Notes) != 1 || len(report.NeverFilled) != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if !strings.HasSuffix(states, "\n2\n") && states != "2\n" { // the first may wait for the second
		t.Errorf("states %q", states)
	}
	var got []string
	byID := map[string]*event.Event{}
	for _, e := range log.events(t) {
		id := e.MessageID
		if e.Record != nil || strings.HasPrefix(e.Name, "singer.") {
			id = id[:strings.LastIndexByte(id, ':')] // of the content
		}
		got, byID[id] = append(got, id), e
	}
	const order = "orders/a%2Fb/1:order."
	want := strings.Join([]string{"customers/7:contact.updated", order + "placed", order + "placed", order + "shipped", "customers/7:contact.updated"}, ", ")
	if have := strings.Join(got[:5], ", "); have != want || len(got) != 7 {
		t.Errorf("events %v, want %s", got, want)
	}
	events := log.events(t)
	if e := events[0]; *e.Record != (event.Record{ID: "customers/7", Version: "2025-04-01T00:00:00Z"}) || !e.At.Equal(time.Date(2025, 5, 1, 0, 0, 0, 0, time.UTC)) ||
		string(e.Traits) != `{"address.city":"Leeds","plan":"gold"}` || e.Attributes["name"] != "Ada Marsh" {
		t.Errorf("a record: %+v %+v %s", e, e.Record, e.Traits)
	}
	if e := events[4]; !e.Record.Deleted || e.Record.ID != "customers/7" || e.MessageID == events[0].MessageID {
		t.Errorf("a deleted record: %+v %+v", e, e.Record)
	}
	if e := events[5]; e.Name != "singer.visits" || string(e.Properties) != `{"page":"/","n":1.0}` {
		t.Errorf("of a stream without a mapping: %+v %s", e, e.Properties)
	}
	if e := events[6]; e.Name != "singer.activate_version" || string(e.Properties) != `{"stream":"customers","version":3}` {
		t.Errorf("of a version: %+v %s", e, e.Properties)
	}
}

// TestSingerSentAgain: a tap that begins again from an old state sends what it has sent; ids are the
// same for the same content, and a record with new content is another event.
func TestSingerSentAgain(t *testing.T) {
	first, again, changed := &tape{}, &tape{}, &tape{}
	for _, c := range []struct {
		log      *tape
		messages string
	}{
		{first, schemaCustomers + schemaOrders + ada + firstOrder},
		{again, schemaCustomers + schemaOrders + strings.Replace(ada, "2025-05-01", "2025-05-02", 1) + firstOrder},
		{changed, schemaCustomers + schemaOrders + strings.Replace(ada, "gold", "basic", 1) + shippedOrder},
	} {
		if _, _, err := runSinger(t, c.messages, c.log); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range first.records {
		if again.records[i].MessageID != r.MessageID {
			t.Errorf("sent again %q, was %q", again.records[i].MessageID, r.MessageID)
		}
	}
	if changed.records[0].MessageID == first.records[0].MessageID || changed.records[1].MessageID != first.records[1].MessageID {
		t.Errorf("changed: %q and %q", changed.records[0].MessageID, changed.records[1].MessageID)
	}
}

// TestSingerStateFollowsRows: no state is told before the rows before it are durable, and none that
// stands behind a failure.
func TestSingerStateFollowsRows(t *testing.T) {
	var messages strings.Builder
	messages.WriteString(schemaOrders)
	for n := range 3 * batchRecords {
		messages.WriteString(strings.Replace(firstOrder, `"id":1`, `"id":`+strings.Repeat("1", 1+n%3)+time.Duration(n).String()[:1], 1))
		if n == batchRecords-10 {
			messages.WriteString(stateOne)
		}
	}
	messages.WriteString(`{"type":"STATE","value":"late"}` + "\n")
	log := &dying{appends: 1}
	report, states, err := runSinger(t, strings.ReplaceAll(messages.String(), "\n\n", "\n"), log)
	if !errors.Is(err, errGone) || states != `{"customers":"2025-04-01", "n": 1.0}`+"\n" || report.Events != len(log.records) {
		t.Errorf("states %q after %d events: %v", states, len(log.records), err)
	}
}

func TestSingerBadMessages(t *testing.T) {
	for _, c := range []struct{ message, says string }{
		{`{"stream":"orders"}`, "type: is missing"},
		{`INFO starting`, "line: is not JSON"},
		{`{"type":"RECORD","record":{}}`, "stream: is missing"},
		{`{"type":"RECORD","stream":"orders"}`, "record: must be an object"},
		{`{"type":"RECORD","stream":"orders","record":[]}`, "record: must be an object"},
		{`{"type":"RECORD","stream":"orders","record":{"shop":"x"}}`, "record.id: is empty"},
		{`{"type":"RECORD","stream":"orders","record":{"shop":"x","id":1},"time_extracted":"now"}`, "time_extracted: must be"},
		{`{"type":"RECORD","stream":"orders","record":{"shop":"x","id":1,"created_at":"x"}}`, "created_at: is not a time"},
		{`{"type":"SCHEMA","stream":"orders","key_properties":"id"}`, "key_properties: must be a list"},
		{`{"type":"STATE"}`, "value: is missing"},
		{`{"type":"BATCH","stream":"orders"}`, "batch_config"},
		{`{"type":"HELLO"}`, "type: is not known"},
	} {
		log := &tape{}
		report, states, err := runSinger(t, schemaOrders+c.message+"\n"+firstOrder+stateOne, log)
		if err != nil || report.Rejected != 1 || report.Events != 1 || !strings.Contains(report.First[0].Error(), c.says) || !strings.HasPrefix(report.First[0].Error(), "row 2 (line 2)") {
			t.Errorf("%s: %+v, %v", c.message, report, err)
			continue
		}
		if log.records[0].Kind != stream.KindRejected || states == "" {
			t.Errorf("%s: %s record first, states %q", c.message, log.records[0].Kind, states)
		}
	}
}

// TestSingerFileGoesOn: a file of messages is resumed with what its schemas say.
func TestSingerFileGoesOn(t *testing.T) {
	var messages strings.Builder
	messages.WriteString(schemaOrders)
	const orders = 5000
	for n := range orders {
		messages.WriteString(strings.Replace(firstOrder, `"id":1`, `"id":`+time.Unix(int64(n), 0).UTC().Format("1504")+time.Unix(int64(n), 0).UTC().Format("05"), 1))
	}
	im := Import{Path: writeFile(t, "tap.jsonl", strings.ReplaceAll(messages.String(), `"id":0`, `"id":9`)), Format: FormatSinger, Streams: streamsOf(t, singerStreams),
		Workspace: "default", Source: "shop", State: io.Discard, Resume: NewProgressStore(filepath.Join(t.TempDir(), "imports"))}
	log := &dying{appends: 1}
	if _, err := im.Run(t.Context(), log); !errors.Is(err, errGone) {
		t.Fatal(err)
	}
	log.appends = -1
	report, err := im.Run(t.Context(), log)
	ids := map[string]bool{}
	for _, r := range log.records {
		ids[r.MessageID] = true
	}
	if err != nil || report.ResumedFrom == 0 || report.Rows != orders || len(ids) != orders || len(log.records) != orders {
		t.Errorf("%+v, %v: %d records, %d ids", report, err, len(log.records), len(ids))
	}
}

func TestStreamsFaultsAllAtOnce(t *testing.T) {
	_, err := ReadStreams(strings.NewReader("version: 3\nother_streams: burn\nstreams: {a: , b: {cx: {mood: x}, events: [{name: x}]}}\n"))
	for _, part := range []string{"version:", "other_streams:", "streams.a:", "streams.b.cx.mood:", "streams.b.events[0].at:"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error does not name %s: %v", part, err)
		}
	}
}

func FuzzSinger(f *testing.F) {
	f.Add([]byte(schemaCustomers + ada + gone + stateOne))
	f.Add([]byte(schemaOrders + firstOrder + `{"type":"ACTIVATE_VERSION","stream":"orders","version":null}`))
	streams := streamsOf(f, singerStreams)
	f.Fuzz(func(t *testing.T, messages []byte) {
		log := &tape{}
		im := Import{Stdin: bytes.NewReader(messages), Format: FormatSinger, Streams: streams, Workspace: "default", Source: "shop"}
		report, err := im.Run(t.Context(), log)
		if err == nil && report.Events+report.Rejected != len(log.records) {
			t.Errorf("%+v, but %d records", report, len(log.records))
		}
		log.events(t)
	})
}
