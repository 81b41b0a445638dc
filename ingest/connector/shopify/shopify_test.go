package shopify

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
	"tributary/ingest/event"
)

func TestConformance(t *testing.T) { kit.Run(t, Subject()) }

func listening(t testing.TB, settings map[string]string) connector.Webhook {
	t.Helper()
	c := Connector()
	values := map[string]string{"webhook_secret": testSecret}
	for name, value := range settings {
		values[name] = value
	}
	config, err := c.Configure("shop", values, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWebhook(config)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	body, err := fixtures.ReadFile("testdata/webhook/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// decoded is what a body of a topic makes.
func decoded(t *testing.T, w connector.Webhook, topic, body string) connector.Batch {
	t.Helper()
	r := deliver(strings.ReplaceAll(topic, "/", "-"), []byte(body), kit.Now)
	b, err := w.Decode(r)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return b
}

func TestPreviousSecretIsTaken(t *testing.T) {
	r := deliver("orders-create", fixture(t, "orders-create"), kit.Now)
	if err := listening(t, map[string]string{"webhook_secret": "new", "previous_secret": testSecret}).Verify(r); err != nil {
		t.Error(err)
	}
	if err := listening(t, map[string]string{"webhook_secret": "new"}).Verify(r); !errors.Is(err, connector.ErrSignature) {
		t.Error(err)
	}
}

func TestMoneyOfTheBuyer(t *testing.T) {
	r := deliver("orders-create", fixture(t, "orders-create"), kit.Now)
	for money, want := range map[string][2]string{moneyShop: {"134.00", "GBP"}, moneyPresentment: {"158.12", "EUR"}} {
		b, err := listening(t, map[string]string{"money": money}).Decode(r)
		if err != nil || len(b.Events) != 1 || b.Events[0].CX.Amount != want[0] || b.Events[0].CX.Currency != want[1] {
			t.Errorf("%s: %+v, %v", money, b.Events, err)
		}
	}
}

func TestRefundAddsUpExactly(t *testing.T) {
	w := listening(t, nil)
	const part = `{"kind":"refund","status":"success","amount":"%","currency":"EUR"}`
	for transactions, want := range map[string][2]string{
		strings.ReplaceAll(part, "%", "0.10") + "," + strings.ReplaceAll(part, "%", "0.2"):                                 {"0.30", "EUR"},
		strings.ReplaceAll(part, "%", "5"):                                                                                 {"5", "EUR"},
		strings.ReplaceAll(part, "%", "5") + `,{"kind":"refund","status":"success","amount":"5","currency":"GBP"}`:         {"", ""},
		strings.ReplaceAll(part, "%", "5") + `,{"kind":"refund","status":"success","amount":"five","currency":"EUR"}`:      {"", ""},
		strings.ReplaceAll(part, "%", "5") + `,{"kind":"refund","status":"pending","amount":"7","currency":"EUR"}`:         {"5", "EUR"},
		strings.ReplaceAll(part, "%", "5") + `,{"kind":"capture","status":"success","amount":"7","currency":"EUR"}`:        {"5", "EUR"},
		strings.ReplaceAll(part, "%", "5") + `,{"kind":"refund","status":"success","amount":12.345,"currency":"EUR"}`:      {"17.345", "EUR"},
		strings.ReplaceAll(part, "%", "-5") + `,{"kind":"refund","status":"success","amount":"5.00","currency":"EUR"}`:     {"0.00", "EUR"},
		strings.ReplaceAll(part, "%", "12345678901234567890.12345678") + "," + strings.ReplaceAll(part, "%", "0.00000001"): {"12345678901234567890.12345679", "EUR"},
	} {
		b := decoded(t, w, "refunds/create", `{"id":1,"order_id":2,"transactions":[`+transactions+`]}`)
		if len(b.Events) != 1 || b.Events[0].Name != event.NameRefundIssued || b.Events[0].CX.Amount != want[0] || b.Events[0].CX.Currency != want[1] {
			t.Errorf("%s makes %s, want %v", transactions, connector.JSON(b.Events), want)
		}
	}
}

// TestRepetitionUnderAnotherEventID sends an order again with headers of somebody's own: they are not signed.
func TestRepetitionUnderAnotherEventID(t *testing.T) {
	w := listening(t, nil)
	r := deliver("orders-create", fixture(t, "orders-create"), kit.Now)
	first, err := w.Decode(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Shopify-Event-Id", "another")
	second, err := w.Decode(r)
	if err != nil || first.Events[0].MessageID != second.Events[0].MessageID {
		t.Errorf("%q and %q, %v", first.Events[0].MessageID, second.Events[0].MessageID, err)
	}
}

func TestVersionsCompareAcrossZones(t *testing.T) {
	w := listening(t, nil)
	version := func(at string) string {
		return decoded(t, w, "customers/update", `{"id":1,"updated_at":"`+at+`"}`).Events[0].Record.Version
	}
	earlier, later := version("2026-03-29T23:30:00-05:00"), version("2026-03-30T05:00:00+00:00")
	if event.CompareVersions(earlier, later) >= 0 {
		t.Errorf("%s is not before %s", earlier, later)
	}
}

func TestTopicIsNeeded(t *testing.T) {
	r := deliver("orders-create", fixture(t, "orders-create"), kit.Now)
	r.Header.Del("X-Shopify-Topic")
	if b, err := listening(t, nil).Decode(r); err != nil || len(b.Rejected) != 1 || b.Rejected[0].Field != "X-Shopify-Topic" {
		t.Errorf("%+v, %v", b, err)
	}
}

func FuzzDecode(f *testing.F) {
	topics := []string{"orders-create", "orders-paid", "refunds-create", "fulfillments-update-delivered", "customers-update", "disputes-update-lost", "shop-update"}
	for i, topic := range topics {
		f.Add(uint8(i), fixture(f, topic))
	}
	w := listening(f, nil)
	f.Fuzz(func(t *testing.T, topic uint8, body []byte) {
		b, err := w.Decode(deliver(topics[int(topic)%len(topics)], body, kit.Now))
		if err == nil && b.Len() == 0 {
			t.Error("taken without a word")
		}
		for i := range b.Events {
			if e := b.Events[i]; e.MessageID == "" || e.Properties == nil && e.Traits == nil && json.Valid(body) {
				t.Errorf("%+v", e)
			}
		}
	})
}

// BenchmarkDecode decodes and maps one delivery; verifying is not part of it.
func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"orders-create", "fulfillments-create", "refunds-create", "customers-update"} {
		b.Run(name, func(b *testing.B) {
			body := fixture(b, name)
			w, r := listening(b, nil), deliver(name, body, kit.Now)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if batch, err := w.Decode(r); err != nil || len(batch.Events) == 0 {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
		})
	}
}

func TestHeadersOfDeliver(t *testing.T) {
	if r := deliver("orders-create-guest", nil, kit.Now); r.Header.Get("X-Shopify-Topic") != "orders/create" || r.Method != http.MethodPost {
		t.Errorf("%+v", r)
	}
}
