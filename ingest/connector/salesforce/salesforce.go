// Package salesforce brings in contacts, leads, accounts, opportunities, cases and other objects from
// Salesforce, which calls no plain webhook. Two ways that it has are taken, both at the source's address
// (/v1/webhooks/<source>), and its API is asked for history:
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
// # Pulling
//
// For history, and for what a relay missed: accounts, contacts, leads and opportunities by SOQL on
// SystemModstamp, deleted ones in the recycle bin too (queryAll), with the fields of the settings. It needs
// an external client app with the client credentials flow, whose user may read those objects, and your My
// Domain address. A record that came by a change event comes again, as a state, under another message id.
//
// Nothing here was tried against Salesforce's own servers; that change events of a case have IsClosed or
// ClosedDate when it is closed is taken from its object reference, not from an example.
package salesforce

import (
	"time"

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
			"https://developer.salesforce.com/docs/platform/api-rest/guide/resources-queryall.html",
		},
		Settings: []connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Summary: "A long random text of your own: the parameter token of the endpoint, or the bearer token of the relay; without it nothing is received."},
			{Name: "organization_id", Summary: "The organization that outbound messages must come from (Setup, Company Information), of 15 or 18 characters."},
			{Name: "user_id_field", Summary: "The API name of the field in which you keep your own id of the customer, such as Customer_Number__c."},
			{Name: "currency", Summary: "The currency of amounts that come without one, such as EUR."},
			{Name: "base_url", Kind: connector.KindURL, Summary: "Your My Domain address, such as https://example.my.salesforce.com, to pull from."},
			{Name: "client_id", Summary: "The consumer key of an external client app with the client credentials flow."},
			{Name: "client_secret", Kind: connector.KindSecret, Summary: "The consumer secret of the app; without it nothing is pulled."},
			{Name: "api_version", Default: "62.0", Summary: "The version of the REST API."},
			{Name: "account_fields", Kind: connector.KindList, Default: "Name, Industry, Type, Phone, Website, BillingCity, BillingCountry, CreatedDate", Summary: "The fields of accounts to pull, by their API names."},
			{Name: "contact_fields", Kind: connector.KindList, Default: "AccountId, Email, Phone, MobilePhone, FirstName, LastName, Birthdate, " +
				"MailingStreet, MailingCity, MailingState, MailingPostalCode, MailingCountry, Title, CreatedDate", Summary: "The fields of contacts to pull."},
			{Name: "lead_fields", Kind: connector.KindList, Default: "Email, Phone, MobilePhone, FirstName, LastName, Company, Street, City, State, PostalCode, " +
				"Country, Status, LeadSource, ConvertedContactId, CreatedDate", Summary: "The fields of leads to pull."},
			{Name: "opportunity_fields", Kind: connector.KindList, Default: "AccountId, ContactId, Name, StageName, Amount, CloseDate, IsClosed, IsWon, CreatedDate", Summary: "The fields of opportunities to pull."},
		},
		Makes: []string{
			event.NameContactUpdated, event.NameCaseOpened, event.NameCaseAssigned, event.NameCaseUpdated, event.NameCaseEscalated,
			event.NameCaseResolved, event.NameCaseReopened,
		},
		NewWebhook: newWebhook,
		NewPuller:  newPuller,
		// Salesforce limits requests by the day, 100,000 and more of them; this is for the company's other use.
		Rate: connector.Rate{Requests: 2, Per: time.Second},
	}
}
