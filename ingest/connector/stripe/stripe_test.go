package stripe

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
	"tributary/ingest/event"
)

func TestConformance(t *testing.T) { kit.Run(t, Subject()) }

func configured(t testing.TB, settings map[string]string) connector.Config {
	t.Helper()
	c := Connector()
	config, err := c.Configure("billing", settings, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	config.Now = func() time.Time { return kit.Now }
	return config
}

func listening(t testing.TB) connector.Webhook {
	t.Helper()
	w, err := newWebhook(configured(t, map[string]string{"webhook_secret": testSecret}))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestOneSideAloneIsEnough(t *testing.T) {
	if w, err := newWebhook(configured(t, map[string]string{"api_key": testKey})); w != nil || err != nil {
		t.Errorf("a webhook without a secret: %v, %v", w, err)
	}
	if p, err := newPuller(configured(t, map[string]string{"webhook_secret": testSecret})); p != nil || err != nil {
		t.Errorf("a puller without a key: %v, %v", p, err)
	}
	if _, err := newWebhook(configured(t, nil)); err == nil {
		t.Error("a source that can do nothing")
	}
}

func TestVerifyTakesEitherOfTwoSignatures(t *testing.T) {
	w, body := listening(t), []byte(`{"id":"evt_1"}`)
	stamp := strconv.FormatInt(kit.Now.Unix(), 10)
	right, old := hex.EncodeToString(sign([]byte(testSecret), stamp, body)), strings.Repeat("ab", 32)
	for header, want := range map[string]error{
		"t=" + stamp + ",v1=" + old + ",v1=" + right:      nil,
		"t=" + stamp + ",v1=" + right + ",v1=" + old:      nil,
		"t=" + stamp + ", v0=" + old + ", v1=" + right:    nil,
		"t=" + stamp + ",v1=" + old:                       connector.ErrSignature,
		"t=" + stamp + ",v0=" + right:                     connector.ErrSignature,
		"t=soon,v1=" + right:                              connector.ErrSignature,
		"v1=" + right:                                     connector.ErrSignature,
		"t=" + stamp + ",v1=zz":                           connector.ErrSignature,
		"t=" + stamp:                                      connector.ErrSignature,
		"t=9223372036854775807,v1=" + right:               connector.ErrSignature,
		"":                                                connector.ErrUnsigned,
		"t=" + stamp + ",v1=" + strings.ToUpper(right):    nil,
		"t=" + stamp + ",v1=" + right[:62] + ",v1=" + old: connector.ErrSignature,
	} {
		r := &connector.Request{Header: http.Header{"Stripe-Signature": {header}}, Body: body, Received: kit.Now}
		if err := w.Verify(r); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", header, err, want)
		}
	}
}

// decoded is the one event that a body makes.
func decoded(t *testing.T, body string) event.Event {
	t.Helper()
	b, err := listening(t).Decode(&connector.Request{Body: []byte(body), Received: kit.Now})
	if err != nil || len(b.Events) != 1 {
		t.Fatalf("%s: %+v, %v", body, b, err)
	}
	return b.Events[0]
}

func TestAmountsByStripesTable(t *testing.T) {
	for currency, want := range map[string]string{
		"usd": "12.34", "jpy": "1234", "krw": "1234", "mga": "1234", "kwd": "1.234", "ugx": "12.34", "isk": "12.34", "huf": "12.34", "twd": "12.34",
		"usdc": "", "": "",
	} {
		e := decoded(t, `{"id":"evt_1","type":"invoice.paid","created":1,"data":{"object":{"amount_paid":1234,"currency":"`+currency+`"}}}`)
		got := ""
		if e.CX != nil {
			got = e.CX.Amount
			if e.CX.Currency != strings.ToUpper(currency) {
				t.Errorf("%s is %q", currency, e.CX.Currency)
			}
		}
		if got != want {
			t.Errorf("1234 %s is %q, want %q", currency, got, want)
		}
	}
}

func TestSubscriptionUpdates(t *testing.T) {
	const item = `{"id":"si_1","quantity":1,"price":{"id":"p1","currency":"eur","unit_amount":500,"recurring":{"interval":"month"}}}`
	for previous, want := range map[string]string{
		`{"status":"incomplete"}`:            event.NameSubscriptionStarted,
		`{"status":"trialing"}`:              event.NameSubscriptionChanged,
		`{"cancel_at_period_end":false}`:     event.NameSubscriptionChanged,
		`{"pause_collection":null}`:          event.NameSubscriptionChanged,
		`{"discounts":[]}`:                   event.NameSubscriptionChanged,
		`{"items":{"data":[` + item + `]}}`:  "stripe.customer.subscription.updated",
		`{"items":{"data":[]}}`:              event.NameSubscriptionChanged,
		`{"items":{"data":[{"id":"si_1"}]}}`: event.NameSubscriptionChanged,
		`{"latest_invoice":"in_1"}`:          "stripe.customer.subscription.updated",
		`{"metadata":{}}`:                    "stripe.customer.subscription.updated",
		`null`:                               "stripe.customer.subscription.updated",
	} {
		e := decoded(t, `{"id":"evt_1","type":"customer.subscription.updated","created":1,"data":{"object":{"status":"active","items":{"data":[`+
			item+`]}},"previous_attributes":`+previous+`}}`)
		if e.Name != want {
			t.Errorf("%s is %s, want %s", previous, e.Name, want)
		}
	}
}

// TestOneEventForOneThing has the events that Stripe makes beside the one that counts.
func TestOneEventForOneThing(t *testing.T) {
	for kind, object := range map[string]string{
		"payment_intent.succeeded":             `{"object":"payment_intent","amount":5,"currency":"eur"}`,
		"invoice.payment_succeeded":            `{"object":"invoice","amount_paid":5,"currency":"eur"}`,
		"invoice_payment.paid":                 `{"object":"invoice_payment","amount_paid":5,"currency":"eur"}`,
		"charge.succeeded":                     `{"object":"charge","amount":5,"captured":false,"currency":"eur"}`,
		"charge.updated":                       `{"object":"charge","amount":5,"captured":true,"currency":"eur"}`,
		"refund.created":                       `{"object":"refund","amount":5,"charge":"ch_1","currency":"eur"}`,
		"charge.refund.updated":                `{"object":"refund","amount":5,"charge":"ch_1","currency":"eur"}`,
		"charge.dispute.updated":               `{"object":"dispute","amount":5,"currency":"eur"}`,
		"customer.subscription.trial_will_end": `{"object":"subscription","status":"trialing"}`,
	} {
		e := decoded(t, `{"id":"evt_1","type":"`+kind+`","created":1,"data":{"object":`+object+`}}`)
		if e.Name != "stripe."+kind {
			t.Errorf("%s is %s", kind, e.Name)
		}
	}
}

func TestPeriodOfMixedItemsHasNoSum(t *testing.T) {
	of := func(currency, interval string, units int64) item {
		var i item
		i.Price.Currency, i.Price.Recurring.Interval, i.Price.UnitAmount = currency, interval, &units
		return i
	}
	metered := of("eur", "month", 1)
	metered.Price.Recurring.UsageType = "metered"
	for _, list := range [][]item{
		nil, {of("eur", "month", 1), of("usd", "month", 1)}, {of("eur", "month", 1), of("eur", "year", 1)}, {metered}, {{}},
	} {
		if sum, _ := perPeriod(list); sum != nil {
			t.Errorf("%+v sums to %d", list, *sum)
		}
	}
	if sum, currency := perPeriod([]item{of("eur", "month", 700), of("eur", "month", 50)}); sum == nil || *sum != 750 || currency != "eur" {
		t.Error("two items of one kind have no sum")
	}
}

func TestContextKeepsTheEnvelope(t *testing.T) {
	e := decoded(t, `{"id":"evt_1","type":"payout.\u00fc\"x","created":1,"account":"acct_1","api_version":"2020-08-27","livemode":false,`+
		`"request":{"id":null},"data":{"object":{"object":"payout"},"previous_attributes":{"status":"pending"}}}`)
	var context struct {
		Type     string `json:"type"`
		Account  string `json:"account"`
		Version  string `json:"api_version"`
		Livemode *bool  `json:"livemode"`
		Request  map[string]any
		Previous map[string]string `json:"previous_attributes"`
	}
	if err := json.Unmarshal(e.Context, &context); err != nil {
		t.Fatal(err)
	}
	if context.Account != "acct_1" || context.Version != "2020-08-27" || *context.Livemode || context.Previous["status"] != "pending" || context.Request == nil {
		t.Errorf("%s", e.Context)
	}
}

// pulling is a puller against a vendor, from whose requests it keeps the addresses.
func pulling(t *testing.T, vendor http.Handler, now time.Time) (connector.Puller, *[]string) {
	t.Helper()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		vendor.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	config := configured(t, map[string]string{"api_key": testKey, "base_url": server.URL})
	config.Now, config.Wait = func() time.Time { return now }, func(context.Context, time.Duration) error { return nil }
	p, err := newPuller(config)
	if err != nil {
		t.Fatal(err)
	}
	return p, &asked
}

// drain pulls until there is no more.
func drain(t *testing.T, p connector.Puller, from connector.Position) (events []event.Event, checkpoint json.RawMessage) {
	t.Helper()
	for range 100 {
		page, err := p.Pull(t.Context(), from)
		if err != nil {
			t.Fatal(err)
		}
		events, from.Checkpoint = append(events, page.Events...), page.Checkpoint
		if !page.More {
			return events, page.Checkpoint
		}
	}
	t.Fatal("it does not end")
	return nil, nil
}

func TestGapLongerThanRetentionIsFilledFromObjects(t *testing.T) {
	vendor := api(map[string][]json.RawMessage{
		"charges": {json.RawMessage(`{"id":"ch_1","object":"charge","created":1788000000,"status":"succeeded","captured":true,"amount":1,"currency":"eur"}`)},
		"events":  {json.RawMessage(`{"id":"evt_1","type":"charge.failed","created":1798700000,"data":{"object":{"object":"charge"}}}`)},
	}, 10)
	p, asked := pulling(t, vendor, kit.Now)
	stopped := connector.JSON(checkpoint{From: 1787000000})
	events, at := drain(t, p, connector.Position{Checkpoint: stopped})
	if len(events) != 2 || events[0].MessageID != "ch_1:payment.received" || events[1].MessageID != "evt_1" {
		t.Fatalf("%+v", events)
	}
	*asked = nil
	if events, _ = drain(t, p, connector.Position{Checkpoint: at}); len(events) != 0 || len(*asked) != 0 {
		t.Errorf("at the same moment it asks again: %v", *asked)
	}
	p, asked = pulling(t, vendor, kit.Now.Add(time.Hour))
	if events, _ = drain(t, p, connector.Position{Checkpoint: at}); len(events) != 0 || len(*asked) != 1 || (*asked)[0] != "/v1/events" {
		t.Errorf("an hour later: %d events, %v", len(events), *asked)
	}
}

// TestDeletedBetweenPages deletes the customer that the next page was to begin behind.
func TestDeletedBetweenPages(t *testing.T) {
	customer := func(id, created string) json.RawMessage {
		return json.RawMessage(`{"id":"` + id + `","object":"customer","created":` + created + `}`)
	}
	all := []json.RawMessage{customer("cus_1", "1788000000"), customer("cus_2", "1788000001"), customer("cus_3", "1788000001")}
	vendor := api(map[string][]json.RawMessage{"customers": all}, 1)
	p, _ := pulling(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { vendor.ServeHTTP(w, r) }), kit.Now)
	page, err := p.Pull(t.Context(), connector.Position{})
	if err != nil || len(page.Events) != 1 || page.Events[0].Record.ID != "cus_3" {
		t.Fatalf("%+v, %v", page, err)
	}
	vendor = api(map[string][]json.RawMessage{"customers": all[:2]}, 1)
	events, _ := drain(t, p, connector.Position{Checkpoint: page.Checkpoint})
	if len(events) != 2 || events[0].Record.ID != "cus_2" || events[1].Record.ID != "cus_1" {
		t.Errorf("%+v", events)
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
	w := listening(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := w.Decode(&connector.Request{Body: body, Received: kit.Now})
		if err == nil && b.Len() != 1 {
			t.Errorf("%d parts of one delivery", b.Len())
		}
		for i := range b.Events {
			if context := b.Events[i].Context; context != nil && json.Valid(body) && !json.Valid(context) {
				t.Errorf("the context is no JSON: %q", context)
			}
		}
	})
}

// BenchmarkDecode decodes and maps one delivery; verifying is not part of it.
func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"customer-updated", "invoice-paid", "charge-succeeded", "subscription-upgraded"} {
		b.Run(name, func(b *testing.B) {
			body, err := fixtures.ReadFile("testdata/webhook/" + name + ".json")
			if err != nil {
				b.Fatal(err)
			}
			w, r := listening(b), &connector.Request{Body: body, Received: kit.Now}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if batch, err := w.Decode(r); err != nil || len(batch.Events) != 1 {
					b.Fatal(err)
				}
			}
		})
	}
}
