package hubspot

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

func TestConformance(t *testing.T) { kit.Run(t, Subject()) }

func configured(t testing.TB, settings map[string]string) connector.Config {
	t.Helper()
	c := Connector()
	config, err := c.Configure("crm", settings, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	config.Now = func() time.Time { return kit.Now }
	config.Wait = func(context.Context, time.Duration) error { return nil }
	return config
}

func listening(t testing.TB, address string) connector.Webhook {
	t.Helper()
	w, err := newWebhook(configured(t, map[string]string{"webhook_secret": testSecret, "url": address, "user_id_property": "customer_number"}))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestOneSideAloneIsEnough(t *testing.T) {
	if w, err := newWebhook(configured(t, map[string]string{"access_token": testToken})); w != nil || err != nil {
		t.Errorf("a webhook without a secret: %v, %v", w, err)
	}
	if p, err := newPuller(configured(t, map[string]string{"webhook_secret": testSecret})); p != nil || err != nil {
		t.Errorf("a puller without a token: %v, %v", p, err)
	}
	if _, err := newPuller(configured(t, nil)); err == nil {
		t.Error("a source that can do nothing")
	}
}

// TestSignedAddress has a proxy change the address, and parameters that HubSpot signs in their plain form.
func TestSignedAddress(t *testing.T) {
	body, stamp := []byte("[]"), strconv.FormatInt(kit.Now.UnixMilli(), 10)
	request := func(at, signed string) *connector.Request {
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		return &connector.Request{Method: http.MethodPost, URL: u, Body: body, Received: kit.Now, Header: http.Header{
			"X-Hubspot-Signature-V3":      {base64.StdEncoding.EncodeToString(sign([]byte(testSecret), http.MethodPost, signed, body, stamp))},
			"X-Hubspot-Request-Timestamp": {stamp},
		}}
	}
	const outside, inside = "https://in.example.com/v1/webhooks/crm?a=b/c@d", "http://10.0.0.5/v1/webhooks/crm?a=b%2Fc%40d"
	for _, c := range []struct {
		setting, at, signed string
		want                error
	}{
		{outside, inside, outside, nil},
		{"", outside, outside, nil},
		{"", "https://in.example.com/v1/webhooks/crm?a=b%2Fc%40d", outside, nil},
		{"", inside, outside, connector.ErrSignature},
		{"https://other.example.com/", outside, outside, connector.ErrSignature},
	} {
		if err := listening(t, c.setting).Verify(request(c.at, c.signed)); !errors.Is(err, c.want) {
			t.Errorf("%q at %q: %v, want %v", c.setting, c.at, err, c.want)
		}
	}
}

// TestSignedText has the form of HubSpot's page on the third version: method, address,
// body and time, with nothing between them.
func TestSignedText(t *testing.T) {
	one := sign([]byte("secret"), "POST", "https://example.com/a", []byte(`{"x":1}`), "1700000000000")
	other := sign([]byte("secret"), "", "", []byte(`POSThttps://example.com/a{"x":1}1700000000000`), "")
	if string(one) != string(other) {
		t.Error("the parts are not signed one behind the other")
	}
}

func TestChangesOfOneEventStayApart(t *testing.T) {
	b, err := listening(t, testURL).Decode(&connector.Request{Received: kit.Now, Body: []byte(`[
		{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":1,"occurredAt":1,"propertyName":"email","propertyValue":"a@example.com"},
		{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":1,"occurredAt":1,"propertyName":"phone","propertyValue":"+15550100"},
		{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":2,"occurredAt":1,"propertyName":"email","propertyValue":"b@example.com"},
		{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":1,"occurredAt":2,"propertyName":"email","propertyValue":"c@example.com"}]`)})
	if err != nil || len(b.Events) != 4 {
		t.Fatalf("%+v, %v", b, err)
	}
	ids := map[string]bool{}
	for _, e := range b.Events {
		ids[e.MessageID] = true
	}
	if len(ids) != 4 {
		t.Errorf("%v", ids)
	}
}

// TestRoundsOverlapAndArchivesComeHourly follows the requests of three rounds.
func TestRoundsOverlapAndArchivesComeHourly(t *testing.T) {
	now := kit.Now
	var asked []string
	api := newAPI(map[string][]json.RawMessage{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/crm/v3/objects/"))
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	config := configured(t, map[string]string{"access_token": testToken, "base_url": server.URL})
	config.Now = func() time.Time { return now }
	p, err := newPuller(config)
	if err != nil {
		t.Fatal(err)
	}
	round := func(from connector.Position) connector.Position {
		for range 20 {
			page, err := p.Pull(t.Context(), from)
			if err != nil {
				t.Fatal(err)
			}
			if from.Checkpoint = page.Checkpoint; !page.More {
				return from
			}
		}
		t.Fatal("a round does not end")
		return from
	}
	searches := "POST contacts/search POST companies/search POST deals/search"
	archives := " GET contacts GET companies GET deals"
	at := connector.Position{}
	for _, c := range []struct {
		later time.Duration
		want  string
	}{{0, searches + archives}, {time.Minute, searches}, {time.Hour, searches + archives}} {
		now, asked = now.Add(c.later), nil
		at = round(at)
		if got := strings.Join(asked, " "); got != c.want {
			t.Errorf("%v later it asks %s, want %s", c.later, got, c.want)
		}
		var point checkpoint
		if err := json.Unmarshal(at.Checkpoint, &point); err != nil || point.From != now.Add(-lag-overlap).UnixMilli() {
			t.Errorf("%v later it goes on from %v, %v", c.later, time.UnixMilli(point.From), err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	entries, err := fixtures.ReadDir("testdata/webhook")
	if err != nil {
		f.Fatal(err)
	}
	for _, entry := range entries {
		body, err := fixtures.ReadFile("testdata/webhook/" + entry.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	w := listening(f, testURL)
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := w.Decode(&connector.Request{Body: body, Received: kit.Now})
		for i := range b.Events {
			if err == nil && b.Events[i].MessageID == "" {
				t.Error("an event without a message id")
			}
		}
	})
}

// BenchmarkDecode decodes and maps a delivery of a hundred changes, HubSpot's largest.
func BenchmarkDecode(b *testing.B) {
	body := []byte("[" + strings.TrimSuffix(strings.Repeat(`{"eventId":567890123,"subscriptionId":234567,"portalId":12345678,"appId":987654,"occurredAt":1708986598741,`+
		`"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":65059681032,"propertyName":"email","propertyValue":"ada.marsh@example.com",`+
		`"changeSource":"CRM_UI","sourceId":"userId:45678"},`, 100), ",") + "]")
	w, r := listening(b, testURL), &connector.Request{Body: body, Received: kit.Now}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if batch, err := w.Decode(r); err != nil || len(batch.Events) != 100 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
