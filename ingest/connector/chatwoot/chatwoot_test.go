package chatwoot

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
	"tributary/ingest/connector/kit/kittest"
)

func TestConformance(t *testing.T) { kit.Run(t, Subject()) }

func decoder(t testing.TB, values map[string]string) connector.Webhook {
	t.Helper()
	c := Connector()
	cfg, err := c.Configure("chatwoot", values, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWebhook(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestToken(t *testing.T) {
	request := func(query string) *connector.Request {
		return &connector.Request{URL: &url.URL{Path: "/v1/webhooks/chatwoot", RawQuery: query}, Header: http.Header{}}
	}
	w := decoder(t, map[string]string{"token": "long-and-random"})
	for query, want := range map[string]error{
		"token=long-and-random": nil, "": connector.ErrUnsigned, "token=": connector.ErrUnsigned,
		"token=long-and-randon": connector.ErrSignature, "token=wrong&token=long-and-random": connector.ErrSignature,
	} {
		if err := w.Verify(request(query)); !errors.Is(err, want) {
			t.Errorf("%q: %v, not %v", query, err, want)
		}
	}
	both := decoder(t, map[string]string{"token": "long-and-random", "webhook_secret": kitSecret})
	if err := both.Verify(request("token=long-and-random")); !errors.Is(err, connector.ErrUnsigned) {
		t.Errorf("with a secret configured a token alone is answered with %v", err)
	}
}

func TestDeliveryID(t *testing.T) {
	w := decoder(t, map[string]string{"token": "t"})
	body, err := testdata.ReadFile("testdata/webhook/contact_updated.json")
	if err != nil {
		t.Fatal(err)
	}
	for id, header := range map[string]http.Header{
		"3f2504e0-4f89-41d3-9a0c-0305e82c3301": {deliveryHeader: {"3f2504e0-4f89-41d3-9a0c-0305e82c3301"}},
		"sha256:":                              {},
	} {
		b, err := w.Decode(&connector.Request{Body: body, Header: header})
		if err != nil || len(b.Events) != 1 || !strings.HasPrefix(b.Events[0].MessageID, id) {
			t.Errorf("%q: %+v, %v", id, b.Events, err)
		}
	}
}

func FuzzDecode(f *testing.F) { kittest.FuzzDecode(f, Subject()) }

func BenchmarkDecode(b *testing.B) { kittest.BenchmarkDecode(b, Subject(), "message_customer.json") }
