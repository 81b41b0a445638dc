// Package stripe brings in customers, invoices, payments, subscriptions, refunds, disputes and credit
// notes from Stripe, by webhook, by asking its API, or both.
//
// # Setting up
//
// For the webhook, add an event destination of the webhook kind with the address of the source
// (/v1/webhooks/<source>) under Workbench, Webhooks, and put its signing secret (whsec_…) where the
// setting webhook_secret refers to; send all events, or those of the README's table. While a secret is
// being rolled Stripe signs with both, and either is taken. For pulling, make a restricted key with read
// rights on customers, invoices, charges, refunds, disputes, subscriptions, credit notes, balance
// transactions and events, for api_key.
//
// # Pulling, and what history can and cannot say
//
// Stripe keeps its events for 30 days. The puller reads them, with the ids that the webhook has, so that
// an event that came both ways is one. What is older is no longer there as events: it is read off the
// objects, as what their own times say happened before the events begin: an invoice was paid at
// status_transitions.paid_at. The moment at which history ends and events begin is fixed when the puller
// starts, and each happening lies on one side of it, so nothing is counted twice. What an object goes
// through only once has a message id made of the object ("in_1:invoice.paid") whichever way it comes;
// everything else has Stripe's event id, and in history the object's. If the puller did not
// run for longer than Stripe keeps events, it fills the gap in the same way. Limits:
//
//   - history from a date is that of the objects created since, and of payments that failed, of changes
//     of subscriptions and of customers' earlier states nothing is left to read;
//   - a dispute's object does not say when it was closed: history has dispute.opened with the outcome in
//     its properties, and no dispute.closed;
//   - what came by webhook longer ago than the deduplication horizon (7 days by default) is stored again
//     when it is pulled: configure both at the same time, or pull since the day of the change.
//
// Stripe's documentation does not say in which API version a field like Dispute.evidence is filled in;
// what is missing is left out. Nothing here was tried against Stripe's own servers.
package stripe

import (
	"errors"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// Connector is the connector for Stripe.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "stripe",
		Title:   "Stripe",
		Summary: "Customers, invoices, payments, subscriptions, refunds, disputes and credit notes.",
		Docs: []string{
			"https://docs.stripe.com/webhooks/signature",
			"https://docs.stripe.com/api/events/object",
			"https://docs.stripe.com/api/events/types",
			"https://docs.stripe.com/api/pagination",
			"https://docs.stripe.com/currencies",
			"https://docs.stripe.com/rate-limits",
		},
		Settings: []connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Summary: "The signing secret of the event destination (Workbench, Webhooks), whsec_…; without it nothing is received."},
			{Name: "api_key", Kind: connector.KindSecret, Summary: "A restricted key with read rights (Developers, API keys), rk_…; without it nothing is pulled."},
			{Name: "user_id_key", Default: "user_id", Summary: "The key of metadata under which you keep your own id of the customer."},
			{Name: "order_id_key", Default: "order_id", Summary: "The key of metadata under which you keep your own id of the order."},
			{Name: "base_url", Kind: connector.KindURL, Default: "https://api.stripe.com", Summary: "Where Stripe's API is; for tests."},
		},
		Makes: []string{
			event.NameContactUpdated,
			event.NameInvoiceIssued, event.NameInvoiceOverdue, event.NameInvoiceVoided, event.NameInvoicePaid, event.NameInvoicePaymentFailed,
			event.NamePaymentReceived,
			event.NameSubscriptionStarted, event.NameSubscriptionChanged, event.NameSubscriptionCancelled,
			event.NameRefundIssued, event.NameCreditIssued, event.NameDisputeOpened, event.NameDisputeClosed,
		},
		NewWebhook: newWebhook,
		NewPuller:  newPuller,
		// Stripe allows 100 a second in live mode and 25 in a sandbox; the rest is for the company's own use.
		Rate: connector.Rate{Requests: 10, Per: time.Second},
	}
}

var errNothing = errors.New("one of webhook_secret and api_key must be given")

// mapper makes events of Stripe's events.
type mapper struct {
	config   connector.Config
	userKey  string
	orderKey string
}

func newMapper(c connector.Config) (mapper, error) {
	if !c.Has("webhook_secret") && !c.Has("api_key") {
		return mapper{}, errNothing
	}
	return mapper{config: c, userKey: c.Text("user_id_key"), orderKey: c.Text("order_id_key")}, nil
}
