package gateway

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

func zip(t testing.TB, body string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(body))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const good = `{"userId":"u","event":"a"}`

func track(properties string) string {
	return `{"userId":"u","event":"survey.answered","properties":` + properties + `}`
}

// TestBadInput is what comes back for each kind of bad input; nothing of it reaches the log.
func TestBadInput(t *testing.T) {
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	tests := map[string]struct {
		path, body string
		headers    []string
		status     int
		fields     []string
	}{
		"empty":             {"/v1/track", ``, nil, 400, []string{"body"}},
		"blank":             {"/v1/track", "  \n", nil, 400, []string{"body"}},
		"not JSON":          {"/v1/track", `{"userId":`, nil, 400, []string{"body"}},
		"bad literal":       {"/v1/track", `{"userId":"u","event":"a","properties":{"a":tru}}`, nil, 400, []string{"body"}},
		"two values":        {"/v1/track", good + good, nil, 400, []string{"body"}},
		"a list":            {"/v1/track", `[` + good + `]`, nil, 400, []string{"body"}},
		"null":              {"/v1/track", `null`, nil, 400, []string{"body"}},
		"NUL byte":          {"/v1/track", "{\"userId\":\"u\",\"event\":\"a\",\"properties\":{\"a\":\"\x00\"}}", nil, 400, []string{"body"}},
		"NUL between":       {"/v1/track", good + "\x00", nil, 400, []string{"body"}},
		"invalid UTF-8":     {"/v1/track", "{\"userId\":\"u\",\"event\":\"a\",\"properties\":{\"a\":\"\xff\"}}", nil, 400, []string{"body"}},
		"too deep":          {"/v1/track", `{"userId":"u","event":"a","properties":{"a":` + deep + `}}`, nil, 400, []string{"body"}},
		"1 MB string":       {"/v1/track", `{"userId":"u","event":"a","properties":{"a":"` + strings.Repeat("x", 1<<20) + `"}}`, nil, 413, nil},
		"10,000 keys":       {"/v1/track", `{"userId":"u","event":"a","properties":{` + strings.Repeat(`"k":1,`, 10_000) + `"k":1}}`, nil, 413, nil},
		"missing ids":       {"/v1/track", `{"event":"a"}`, nil, 400, []string{"userId"}},
		"missing event":     {"/v1/track", `{"userId":"u"}`, nil, 400, []string{"event"}},
		"missing group":     {"/v1/group", `{"userId":"u"}`, nil, 400, []string{"groupId"}},
		"missing in alias":  {"/v1/alias", `{}`, nil, 400, []string{"previousId", "userId"}},
		"type of route":     {"/v1/track", `{"type":"page","userId":"u"}`, nil, 400, []string{"type"}},
		"wrong types":       {"/v1/track", `{"userId":7,"event":["a"],"properties":"x","context":{"device":{"id":1},"order":1.5}}`, nil, 400, []string{"context.device.id", "context.order", "event", "properties", "userId"}},
		"wrong traits":      {"/v1/identify", `{"userId":"u","traits":{"email":1,"phone":true,"address":{"city":[]},"company":3},"context":{"traits":{"name":{}}}}`, nil, 400, []string{"context.traits.name", "traits.address.city", "traits.company", "traits.email", "traits.phone"}},
		"wrong lists":       {"/v1/track", `{"event":"a","context":{"identifiers":[{"type":"email","value":1},7,{"type":"Bad","value":"v"}],"participants":{}}}`, nil, 400, []string{"context.identifiers[0].value", "context.identifiers[1]", "context.participants", "context.identifiers[2].type"}},
		"typed fields":      {"/v1/track", track(`{"score":"9","wait_s":"long","turn":1.5,"tokens":12345678901234567890123,"cost":1e400,"currency":"EUR","topic":7}`), nil, 400, []string{"properties.cost", "properties.score", "properties.tokens", "properties.topic", "properties.turn", "properties.wait_s", "properties.amount"}},
		"typed values":      {"/v1/track", track(`{"score":9,"scale":"1-5","amount":1e400,"currency":"euro","direction":"up","language":"en_US"}`), nil, 400, []string{"properties.direction", "properties.score", "properties.amount", "properties.currency", "properties.language"}},
		"channel":           {"/v1/track", `{"userId":"u","event":"a","context":{"channel":"fax"}}`, nil, 400, []string{"context.channel"}},
		"times":             {"/v1/track", `{"userId":"u","event":"a","timestamp":"yesterday","sentAt":"0001-01-01T00:00:00Z"}`, nil, 400, []string{"timestamp", "sentAt"}},
		"year 3000":         {"/v1/track", `{"userId":"u","event":"a","originalTimestamp":"3000-01-01T00:00:00Z"}`, nil, 400, []string{"originalTimestamp"}},
		"NUL in an id":      {"/v1/track", `{"userId":"u\u0000","event":"a","messageId":"\n"}`, nil, 400, []string{"messageId", "userId"}},
		"surrogate in id":   {"/v1/identify", `{"traits":{"email":"\ud800@example.com"}}`, nil, 400, []string{"traits.email"}},
		"surrogate below":   {"/v1/track", `{"event":"a","context":{"traits":{"phone":"\udfff"}}}`, nil, 400, []string{"context.traits.phone"}},
		"long values":       {"/v1/identify", `{"userId":"` + strings.Repeat("u", 600) + `","traits":{"first_name":"` + strings.Repeat("n", 600) + `"}}`, nil, 400, []string{"userId", "traits.first_name"}},
		"record":            {"/v1/identify", `{"context":{"record":{"version":"1"}}}`, nil, 400, []string{"context.record.id"}},
		"participants":      {"/v1/identify", `{"userId":"u","context":{"participants":[{"role":"","identifier":{"type":"email"}}]}}`, nil, 400, []string{"context.participants[0].role", "context.participants[0].identifier.value"}},
		"batch is missing":  {"/v1/batch", `{}`, nil, 400, []string{"batch"}},
		"batch is empty":    {"/v1/batch", `{"batch":[]}`, nil, 400, []string{"batch"}},
		"batch is a call":   {"/v1/batch", `{"batch":{},"sentAt":1}`, nil, 400, []string{"batch", "sentAt"}},
		"batch's time":      {"/v1/batch", `{"batch":[` + good + `],"sentAt":"x","context":[]}`, nil, 400, []string{"context", "sentAt"}},
		"batch not JSON":    {"/v1/batch", `{"batch":[` + good + `,]}`, nil, 400, []string{"body"}},
		"batch of 2501":     {"/v1/batch", `{"batch":[` + strings.Repeat(`{},`, event.MaxBatchEvents) + `{}]}`, nil, 413, nil},
		"batch over 500 KB": {"/v1/batch", `{"batch":[` + strings.Repeat(" ", event.MaxBatchBytes) + `]}`, nil, 413, nil},

		"no key":           {"/v1/track", good, []string{"Authorization", ""}, 401, nil},
		"unknown key":      {"/v1/track", good, []string{"Authorization", "Basic bm9ib2R5Og=="}, 401, nil},
		"unknown in body":  {"/v1/track", `{"writeKey":"nobody","userId":"u","event":"a"}`, []string{"Authorization", ""}, 401, nil},
		"bearer":           {"/v1/track", good, []string{"Authorization", "Bearer x"}, 401, nil},
		"a read key":       {"/v1/track", `{"writeKey":"trb_r_0000000000000000000000000000000000000000000","userId":"u","event":"a"}`, []string{"Authorization", ""}, 401, nil},
		"bad base64":       {"/v1/track", good, []string{"Authorization", "Basic %%"}, 401, nil},
		"server's key":     {"/v1/track", good, []string{"Origin", "https://www.example.com"}, 403, nil},
		"form":             {"/v1/track", good, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, nil},
		"charset":          {"/v1/track", good, []string{"Content-Type", "application/json; charset=latin1"}, 415, nil},
		"bad content type": {"/v1/track", good, []string{"Content-Type", ";"}, 415, nil},
		"brotli":           {"/v1/track", good, []string{"Content-Encoding", "br"}, 415, nil},
		"not gzip":         {"/v1/track", good, []string{"Content-Encoding", "gzip"}, 400, []string{"body"}},
		"cut gzip":         {"/v1/track", zip(t, good)[:20], []string{"Content-Encoding", "gzip"}, 400, []string{"body"}},
		"gzip bomb":        {"/v1/track", zip(t, `{"a":"`+strings.Repeat("x", 20<<20)+`"}`), []string{"Content-Encoding", "gzip"}, 413, nil},
		"gzip of nothing":  {"/v1/track", strings.Repeat(zip(t, ""), 4000), []string{"Content-Encoding", "gzip"}, 413, nil},
	}
	r := newRig(t, Config{}, nil)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := r.post(t, test.path, test.body, test.headers...)
			if a.status != test.status {
				t.Fatalf("%d %s, want %d", a.status, a.body, test.status)
			}
			if got := a.fields(t); !reflect.DeepEqual(got, test.fields) {
				t.Errorf("got %q, want %q\n%s", got, test.fields, a.body)
			}
			if test.status == 401 && a.header.Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
	if all := r.records(t); len(all) > 0 {
		t.Errorf("%d records of bad input", len(all))
	}
	if a := r.post(t, "/v1/track", good); a.status != 200 {
		t.Errorf("afterwards: %d %s", a.status, a.body)
	}
}

// TestFaultsAreBounded: a small request that is wrong in ten thousand places costs no more than
// one that is wrong in a hundred, in the answer and in the quarantine.
func TestFaultsAreBounded(t *testing.T) {
	for name, element := range map[string]string{"wrong types": "1", "empty objects": "{}", "empty lists": "[]"} {
		for _, list := range []string{"identifiers", "participants"} {
			t.Run(name+" in "+list, func(t *testing.T) {
				r := newRig(t, Config{}, nil)
				many := strings.Repeat(element+",", (event.MaxEventBytes-200)/(len(element)+1)) + element
				call := `{"type":"track","messageId":"m","userId":"u","event":"a","context":{"` + list + `":[` + many + `]}}`
				a := r.post(t, "/v1/track", call)
				if n := len(a.fields(t)); a.status != 400 || n == 0 || n > event.MaxFaults || len(a.body) > 64<<10 {
					t.Errorf("%d with %d faults in %d bytes", a.status, n, len(a.body))
				}
				a = r.post(t, "/v1/batch", `{"batch":[`+call+`]}`)
				if a.status != 200 || len(a.body) > 64<<10 {
					t.Errorf("batch: %d with %d bytes", a.status, len(a.body))
				}
				for _, kept := range r.records(t) {
					if len(kept.Value) > 2*len(call) {
						t.Errorf("an item of %d bytes takes %d in the log", len(call), len(kept.Value))
					}
				}
			})
		}
	}
}

// TestContextOfABatchDoesNotMultiply: the context of a batch is kept with each of its events.
func TestContextOfABatchDoesNotMultiply(t *testing.T) {
	r := newRig(t, Config{}, nil)
	batch := func(context, calls int) answer {
		return r.post(t, "/v1/batch", `{"context":{"a":"`+strings.Repeat("x", context)+`"},"batch":[`+strings.Repeat(good+",", calls-1)+good+`]}`)
	}
	if a := batch(400<<10, 100); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a context of 400 KB: %d", a.status)
	}
	if a := batch(30<<10, 2000); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a context of 30 KB in 2,000 calls: %d", a.status)
	}
	if n := len(r.records(t)); n > 0 {
		t.Errorf("%d records", n)
	}
	if a := batch(2<<10, 2000); a.status != http.StatusOK {
		t.Errorf("a context of 2 KB in 2,000 calls: %d %s", a.status, a.body)
	}
}

func TestOtherMethodsAreToldWhatToSend(t *testing.T) {
	r := newRig(t, Config{}, nil)
	for _, path := range []string{"/v1/track", "/v1/batch"} {
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.server.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		rs, err := r.server.Client().Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		_ = rs.Body.Close()
		if rs.StatusCode != http.StatusMethodNotAllowed || rs.Header.Get("Allow") == "" || rs.Header.Get("Content-Type") != problemType {
			t.Errorf("GET %s: %d %v", path, rs.StatusCode, rs.Header)
		}
	}
}

func TestWaysToSend(t *testing.T) {
	browser := `{"writeKey":"` + browserKey + `","anonymousId":"x","event":"a"}`
	tests := map[string]struct {
		path, body string
		headers    []string
		source     string
	}{
		"basic":               {"/v1/track", good, nil, "shop"},
		"no content type":     {"/v1/track", good, []string{"Content-Type", ""}, "shop"},
		"gzip":                {"/v1/track", zip(t, good), []string{"Content-Encoding", "gzip"}, "shop"},
		"gzip over the limit": {"/v1/batch", zip(t, `{"batch":[`+strings.Repeat(" ", 400<<10)+`{"type":"track","userId":"u","event":"a"}]}`), []string{"Content-Encoding", "gzip"}, "shop"},
		"browser":             {"/v1/track", browser, []string{"Authorization", "", "Origin", "https://www.example.com", "Content-Type", "text/plain"}, "site"},
		"beacon":              {"/v1/batch", `{"writeKey":"` + browserKey + `","batch":[{"type":"track","anonymousId":"x","event":"a"}]}`, []string{"Authorization", "", "Origin", "https://www.example.com", "Content-Type", "text/plain;charset=UTF-8"}, "site"},
		"header goes first":   {"/v1/track", browser, nil, "shop"},
		"bulk":                {"/v1/track", `{"writeKey":"` + importKey + `","userId":"u","event":"a"}`, []string{"Authorization", ""}, "past"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Config{}, nil)
			a := r.post(t, test.path, test.body, test.headers...)
			if a.status != 200 || !strings.HasPrefix(a.body, `{"success":true`) {
				t.Fatalf("%d %s", a.status, a.body)
			}
			all := r.records(t)
			if len(all) != 1 || all[0].Source != test.source || (all[0].Lane == stream.LaneBulk) != (test.source == "past") {
				t.Fatalf("got %+v", all)
			}
			if bytes.Contains(all[0].Value, []byte("wk_")) {
				t.Errorf("the key is in the log: %s", all[0].Value)
			}
		})
	}
}

func TestBatchKeepsTheGoodAndListsTheBad(t *testing.T) {
	r := newRig(t, Config{}, nil)
	large := `{"type":"track","messageId":"m5","userId":"u","event":"a","properties":{"a":"` + strings.Repeat("x", event.MaxEventBytes) + `"}}`
	damaged := `{ "type":"track", "messageId":"m2","userId":"u","event":"survey.answered","properties":{"score":"9","turn":[]},"writeKey":"wk_server"}`
	a := r.post(t, "/v1/batch", `{"sentAt":"2026-05-17T11:00:00Z","context":{"channel":"email","traits":{"name":"Ann"}},"batch":[
		{"type":"track","messageId":"m1","userId":"u","event":"a","timestamp":"2026-05-17T10:00:00Z"},
		`+damaged+`,
		{"type":"buy","userId":"u"},
		null,
		`+large+`,
		{"type":"identify","messageId":"m6","userId":"u","context":{"channel":"chat","device":{"id":"d"}},"sentAt":"2026-05-17T12:00:00Z","timestamp":"2026-05-17T10:00:00Z"}]}`)
	want := compact(t, `{"success":true,"accepted":2,"failed":[
		{"index":1,"field":"properties.score","reason":"must be a number within the range of a double"},
		{"index":1,"field":"properties.turn","reason":"must be a whole number of at most 64 bits"},
		{"index":2,"field":"type","reason":"must be track, identify, page, screen, group or alias"},
		{"index":3,"field":"item","reason":"must be an object"},
		{"index":4,"field":"item","reason":"is larger than 32768 bytes"}]}`)
	if a.status != 200 || a.body != want {
		t.Fatalf("%d %s\nwant %s", a.status, a.body, want)
	}
	kinds := map[stream.Kind]int{}
	for _, entry := range r.records(t) {
		kinds[entry.Kind]++
		switch entry.MessageID {
		case "m1":
			e := decodeEntry(t, entry)
			if e.Channel != event.ChannelEmail || !e.At.Equal(noon.Add(-3600e9)) || e.Attributes["name"] != "Ann" {
				t.Errorf("m1: %+v", e)
			}
		case "m6":
			e := decodeEntry(t, entry)
			if e.Channel != event.ChannelChat || e.At.Hour() != 10 || e.Attributes["name"] != "Ann" || len(e.Identifiers) != 2 {
				t.Errorf("m6: %+v", e)
			}
		case "m2":
			if !bytes.HasPrefix(entry.Value, []byte(`{"reason":"properties.score: must be`)) || bytes.Contains(entry.Value, []byte("wk_server")) {
				t.Errorf("m2: %s", entry.Value)
			}
		}
		if entry.Kind == stream.KindRejected {
			for _, member := range []string{`"reason":"`, `"field":"`, `"payload":`} {
				if !strings.Contains(string(entry.Value), member) {
					t.Errorf("%s lacks %s", entry.Value, member)
				}
			}
		}
	}
	if kinds[stream.KindEvent] != 2 || kinds[stream.KindRejected] != 4 {
		t.Errorf("got %v", kinds)
	}
}

func TestPreflight(t *testing.T) {
	r := newRig(t, Config{}, nil)
	a := r.do(t, http.MethodOptions, "/v1/track", nil, "Authorization", "", "Origin", "https://www.example.com",
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
	if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "https://www.example.com" ||
		a.header.Get("Access-Control-Allow-Methods") != "POST" || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Content-Type") {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestRoutesAreSegments(t *testing.T) {
	r := newRig(t, Config{}, nil)
	for _, route := range []string{"identify", "track", "page", "screen", "group", "alias", "batch"} {
		if a := r.post(t, "/v1/"+route, `{}`); a.status != 400 {
			t.Errorf("%s: %d", route, a.status)
		}
	}
	if a := r.post(t, "/v1/t", good); a.status != 404 {
		t.Errorf("%d", a.status)
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	err := Config{EventsPerSecond: -1, RetryAfter: -1}.Validate()
	for _, want := range []string{"events_per_second: must be at least 0", "retry_after: must be at least 0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	if _, err := New(Config{Burst: -1}, nil, nil, nil); err == nil {
		t.Error("no error")
	}
}
