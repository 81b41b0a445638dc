package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/connector/kit"
)

func TestConformance(t *testing.T) { kit.Run(t, Subject()) }

func listening(t testing.TB, settings map[string]string) (connector.Webhook, error) {
	t.Helper()
	c := Connector()
	values := map[string]string{"webhook_secret": testSecret}
	for name, value := range settings {
		values[name] = value
	}
	config, err := c.Configure("crm", values, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	return newWebhook(config)
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	body, err := fixtures.ReadFile("testdata/webhook/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestOutboundMessageIsAcknowledged(t *testing.T) {
	w, err := listening(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.Decode(&connector.Request{Body: fixture(t, "outbound-contacts.xml"), Received: kit.Now})
	if err != nil || b.Reply == nil || b.Reply.Status != http.StatusOK {
		t.Fatalf("%+v, %v", b.Reply, err)
	}
	var reply struct {
		Ack string `xml:"Body>notificationsResponse>Ack"`
	}
	if err := xml.Unmarshal(b.Reply.Body, &reply); err != nil || reply.Ack != "true" || !strings.HasPrefix(b.Reply.ContentType, "text/xml") {
		t.Errorf("%s: %s, %v", b.Reply.ContentType, b.Reply.Body, err)
	}
}

func TestSessionIDIsNeverKept(t *testing.T) {
	w, err := listening(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	body := bytes.Replace(fixture(t, "outbound-contacts.xml"), []byte(`<SessionId xsi:nil="true"/>`), []byte("<SessionId>00Dsecretsession</SessionId>"), 1)
	body = bytes.Replace(body, []byte("<Id>04l5e000000AAA1</Id>"), nil, 1)
	b, err := w.Decode(&connector.Request{Body: body, Received: kit.Now})
	if err != nil || len(b.Rejected) != 1 || len(b.Events) != 1 {
		t.Fatalf("%+v, %v", b, err)
	}
	if kept := string(connector.JSON(b)); strings.Contains(kept, "secretsession") {
		t.Errorf("the session id is kept: %s", kept)
	}
}

func TestOtherOrganizationIsRefused(t *testing.T) {
	for organization, want := range map[string]bool{"00D5e000000TEST": true, "00D5e000000TESTEAU": true, "00D5e000000tEST": false, "00D5e000000TESTEAX": false, "": true} {
		w, err := listening(t, map[string]string{"organization_id": organization})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = w.Decode(&connector.Request{Body: fixture(t, "outbound-contacts.xml"), Received: kit.Now}); (err == nil) != want {
			t.Errorf("%q: %v", organization, err)
		}
	}
}

func TestSettingsAreChecked(t *testing.T) {
	_, err := listening(t, map[string]string{"organization_id": "00D", "currency": "euro"})
	for _, part := range []string{"organization_id:", "currency:"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not name %s", err, part)
		}
	}
}

func TestTokenInTheAddressOrAsBearer(t *testing.T) {
	w, err := listening(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		query, header string
		want          error
	}{
		{"token=" + testSecret, "", nil}, {"", "Bearer " + testSecret, nil}, {"token=" + testSecret, "Bearer wrong", connector.ErrSignature},
		{"token=" + testSecret, "Basic eDp5", nil}, {"token=wrong", "", connector.ErrSignature}, {"", "", connector.ErrUnsigned},
		{"", testSecret, connector.ErrUnsigned}, {"", "Bearer ", connector.ErrUnsigned},
	} {
		r := &connector.Request{URL: &url.URL{RawQuery: c.query}, Header: http.Header{"Authorization": {c.header}}, Received: time.Now()}
		if err := w.Verify(r); err != c.want { //nolint:errorlint // Verify returns them bare
			t.Errorf("%q %q: %v, want %v", c.query, c.header, err, c.want)
		}
	}
}

// pulling is a puller against a vendor.
func pulling(t *testing.T, vendor http.Handler, settings map[string]string) (connector.Puller, error) {
	t.Helper()
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	c := Connector()
	values := map[string]string{"client_id": "3MVG9test", "client_secret": testClient, "base_url": server.URL}
	for name, value := range settings {
		values[name] = value
	}
	config, err := c.Configure("crm", values, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	config.Now, config.Wait = func() time.Time { return kit.Now }, func(context.Context, time.Duration) error { return nil }
	return newPuller(config)
}

// TestTokenThatRanOut has Salesforce refuse a token after a while: the puller asks for another, once.
func TestTokenThatRanOut(t *testing.T) {
	api, asked, refuse := newAPI(nil, 10), []string{}, 0
	p, err := pulling(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path[strings.LastIndex(r.URL.Path, "/"):])
		if refuse > 0 && r.Method == http.MethodGet {
			refuse--
			http.Error(w, "", http.StatusUnauthorized)
			return
		}
		api.ServeHTTP(w, r)
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		refused int
		want    string
		fails   bool
	}{
		{0, "/token /queryAll", false},
		{0, "/queryAll", false},
		{1, "/queryAll /token /queryAll", false},
		{2, "/queryAll /token /queryAll", true},
	} {
		asked, refuse = nil, c.refused
		if _, err := p.Pull(t.Context(), connector.Position{}); (err != nil) != c.fails || strings.Join(asked, " ") != c.want {
			t.Errorf("refused %d times, it asks %v: %v", c.refused, asked, err)
		}
	}
}

func TestQueryHoldsOnlyNames(t *testing.T) {
	for setting, value := range map[string]string{
		"contact_fields": "Email, Name FROM User --", "user_id_field": "x'y", "base_url": "",
	} {
		if _, err := pulling(t, http.NotFoundHandler(), map[string]string{setting: value}); err == nil {
			t.Errorf("%s is taken as %q", setting, value)
		}
	}
	p, err := pulling(t, http.NotFoundHandler(), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := p.(*puller).soql(checkpoint{Object: 1, At: kit.Now, ID: `0'\`})
	if !strings.Contains(got, `Id > '0\'\\'`) || !strings.Contains(got, "FROM Contact WHERE SystemModstamp > 2027-01-01T00:00:00.000Z OR") {
		t.Error(got)
	}
}

// TestHeaderIsCutOut has a header at any place of a payload, in any envelope: what is cut is that alone.
func TestHeaderIsCutOut(t *testing.T) {
	const head = `{"entityName":"Contact","recordIds":["003"],"nulledFields":[]}`
	rapid.Check(t, func(t *rapid.T) {
		blank := func() string { return rapid.SampledFrom([]string{"", " ", "\n\t"}).Draw(t, "blank") }
		members := rapid.SliceOfN(rapid.SampledFrom([]string{`"a":1`, `"b":{"ChangeEventHeader":2}`, `"c":"x,\"y\""`, `"d":[{},null]`}), 0, 4).Draw(t, "members")
		at := rapid.IntRange(0, len(members)).Draw(t, "at")
		all := slices.Insert(slices.Clone(members), at, `"ChangeEventHeader"`+blank()+":"+blank()+head)
		payload := "{" + blank() + strings.Join(all, blank()+","+blank()) + blank() + "}"
		envelope := rapid.SampledFrom([]string{"%", `{"payload":%,"event":{"replayId":7}}`, `{"detail":{"schemaId":"s","payload": % },"id":"1"}`}).Draw(t, "envelope")
		data := strings.Replace(envelope, "%", payload, 1)

		found, header, err := payloadOf(field.Raw(data))
		if err != nil || string(found) != payload || string(header) != head {
			t.Fatalf("%s: found %s, %s, %v", data, found, header, err)
		}
		fields, rest := split(found, field.Raw(data), header)
		if want := "{" + strings.Join(members, ",") + "}"; canonical(t, fields) != canonical(t, []byte(want)) {
			t.Fatalf("%s has the fields %s, want %s", data, fields, want)
		}
		around := strings.Replace(envelope, "%", `{"ChangeEventHeader":`+head+"}", 1)
		if canonical(t, rest) != canonical(t, []byte(around)) {
			t.Fatalf("%s leaves %s, want %s", data, rest, around)
		}
	})
}

// canonical is a JSON text with sorted keys and without blanks.
func canonical(t *rapid.T, text []byte) string {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return string(connector.JSON(v))
}

func FuzzDecode(f *testing.F) {
	entries, err := fixtures.ReadDir("testdata/webhook")
	if err != nil {
		f.Fatal(err)
	}
	for _, entry := range entries {
		f.Add(fixture(f, entry.Name()))
	}
	w, err := listening(f, map[string]string{"user_id_field": "Customer_Number__c"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := w.Decode(&connector.Request{Body: body, Received: kit.Now})
		for i := range b.Events {
			if err == nil && b.Events[i].MessageID == "" {
				t.Error("an event without a message id")
			}
		}
	})
}

// BenchmarkDecode decodes and maps one delivery; an event is one of its records.
func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"outbound-contacts.xml", "cdc-contact-create.json", "cdc-opportunity.json"} {
		b.Run(name, func(b *testing.B) {
			body := fixture(b, name)
			w, err := listening(b, nil)
			if err != nil {
				b.Fatal(err)
			}
			r, events := &connector.Request{Body: body, Received: kit.Now}, 0
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				batch, err := w.Decode(r)
				if err != nil || len(batch.Events) == 0 {
					b.Fatal(err)
				}
				events += len(batch.Events)
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
