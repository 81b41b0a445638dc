// Package salesforce brings in contacts, leads, accounts, opportunities, cases and other objects from
// Salesforce, which calls no plain webhook. Two ways that it has are taken, both at the source's address
// (/v1/webhooks/<source>):
//
// # Outbound messages
//
// A flow or a workflow rule sends the fields that were chosen, as SOAP, and repeats for 24 hours until it
// is told that all is kept, which happens here when it is in the log. Setup, Outbound Messages: the
// endpoint is the address with "?token=" and the secret; choose at least Id and SystemModstamp (or
// LastModifiedDate), and leave "Send Session ID" off; if it comes all the same, it is never kept. A
// message is the present state of those fields and becomes the state of the record; deletions are not told.
//
// # Change Data Capture
//
// Change events as JSON, in the documented shape, as a relay posts them: an event relay to Amazon
// EventBridge with an API destination, or a client of the Pub/Sub API of one's own. It sends the header
// "Authorization: Bearer <secret>". One event, a list of them, and the envelopes of EventBridge and of the
// Streaming API are read. CREATE and UNDELETE hold the whole record and become its state, UPDATE holds
// what changed and adds to it, DELETE marks it as deleted. Gap events say that something changed and not
// what: they are free events, except for the deletion that GAP_DELETE tells.
//
// # Proof
//
// Salesforce signs neither. What protects the source is the shared secret, over HTTPS alone, and, for
// outbound messages, that the organization is the configured one; who reads the secret in a log of
// addresses can send what he likes, so keep addresses out of the proxy's logs, or have the proxy demand
// Salesforce's client certificate (Setup, API Client Certificate).
//
// # What becomes what
//
// Contacts, leads and person accounts are contact.updated; a converted lead is the contact that it became.
// Accounts are group events with their id as account, opportunities free events with amount, account and
// contact. A change event of a case is named for what happened to the case; it is closed if IsClosed or
// ClosedDate say so among what changed, and who is meant by an update shows in the case's own id. Every
// other object is a free event "salesforce.<object>.<change>". Without a multi-currency
// organization Salesforce gives amounts no currency: the setting currency says it.
//
// There is no puller: it would need OAuth's client credentials flow, and a flow that touches the records
// once sends all of them as outbound messages. Nothing here was tried against Salesforce's own servers.
package salesforce

import (
	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// Connector is the connector for Salesforce.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "salesforce",
		Title:   "Salesforce",
		Summary: "Contacts, leads, accounts, opportunities and cases, by outbound messages or change events.",
		Docs: []string{
			"https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging.htm",
			"https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_event_fields_header.htm",
			"https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_other_gap_events.htm",
			"https://developer.salesforce.com/docs/platform/event-relay/guide",
		},
		Settings: []connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Required: true, Summary: "A long random text of your own: the parameter token of the endpoint, or the bearer token of the relay."},
			{Name: "organization_id", Summary: "The organization that outbound messages must come from (Setup, Company Information), of 15 or 18 characters."},
			{Name: "user_id_field", Summary: "The API name of the field in which you keep your own id of the customer, such as Customer_Number__c."},
			{Name: "currency", Summary: "The currency of amounts that come without one, such as EUR."},
		},
		Makes: []string{
			event.NameContactUpdated, event.NameCaseOpened, event.NameCaseAssigned, event.NameCaseUpdated, event.NameCaseEscalated,
			event.NameCaseResolved, event.NameCaseReopened,
		},
		NewWebhook: newWebhook,
	}
}
