// Package shopify brings in orders, fulfilments, refunds, customers, their consent, payments and disputes
// from Shopify's webhooks.
//
// # Setting up
//
// Subscribe the address of the source (/v1/webhooks/<source>) to the topics of the README's table, in the
// app's configuration or under Settings, Notifications, Webhooks, in JSON, and put the app's client secret
// (or the signing secret that the page of webhooks shows) where the setting webhook_secret refers to.
// After the client secret was rotated Shopify may sign with the old one for an hour: previous_secret
// takes it. Deliveries to Amazon EventBridge and Google Pub/Sub do not come here.
//
// # What proves a delivery
//
// X-Shopify-Hmac-Sha256 is over the body alone: neither a time nor the headers with topic and id are
// signed, so a body that was overheard can be sent again. Message ids of the vocabulary are therefore made
// of ids in the body ("4501:order.placed"): a repetition, or a second subscription to the same topic,
// makes nothing new. Free events, of which nothing is counted, have Shopify's event id and the topic.
//
// # Money
//
// An order's amount is total_price in the shop's own currency, so that orders add up; what the buyer saw
// (presentment_money) is in the properties. The setting money chooses that instead. A refund is the sum of
// its successful transactions, in the currency that they state.
//
// # Limits
//
// A refund and a dispute name only their order. So that they are the buyer's too, an order carries its own
// id as an identifier beside the buyer's. order.returned is a refund with lines that came back
// (restock_type return); the topics of Shopify's returns are free events. The topics customers/redact and
// customers/data_request, which every app must subscribe to, are free events: erasing is done with
// Tributary's own command. Nothing here was tried against Shopify's own servers.
package shopify

import (
	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// Connector is the connector for Shopify.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "shopify",
		Title:   "Shopify",
		Summary: "Orders, fulfilments, refunds, customers, consent and disputes of a shop.",
		Docs: []string{
			"https://shopify.dev/docs/apps/build/webhooks/delivery-structure",
			"https://shopify.dev/docs/apps/build/webhooks/verify-deliveries",
			"https://shopify.dev/docs/api/webhooks",
			"https://shopify.dev/docs/api/admin-rest/latest/resources/order",
			"https://shopify.dev/docs/api/admin-rest/latest/resources/fulfillment",
			"https://shopify.dev/docs/api/admin-rest/latest/resources/refund",
		},
		Settings: []connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Required: true, Summary: "The client secret of the app (Dev Dashboard, Settings), or the signing secret below Settings, Notifications, Webhooks."},
			{Name: "previous_secret", Kind: connector.KindSecret, Summary: "The client secret before it was rotated; leave it out an hour later."},
			{Name: "money", Kind: connector.KindChoice, Choices: []string{moneyShop, moneyPresentment}, Default: moneyShop, Summary: "Whether an order's amount is in the shop's currency or in the one that the buyer saw."},
		},
		Makes: []string{
			event.NameOrderPlaced, event.NameOrderShipped, event.NameOrderDelivered, event.NameOrderDelayed, event.NameOrderReturned,
			event.NamePaymentReceived, event.NameRefundIssued, event.NameDisputeOpened, event.NameDisputeClosed,
			event.NameContactUpdated, event.NameConsentChanged,
		},
		NewWebhook: newWebhook,
	}
}

const (
	moneyShop        = "shop"
	moneyPresentment = "presentment"
)
