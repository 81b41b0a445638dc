// Package hubspot brings in contacts, companies and deals from HubSpot, by webhook, by asking its API,
// or both.
//
// # Setting up
//
// For the webhook, give a private or public app the address of the source (/v1/webhooks/<source>) as its
// target URL, subscribe it to the changes you want, and put the app's client secret where the setting
// webhook_secret refers to. HubSpot signs the address as it has it: where a proxy changes it, state it in
// the setting url. For pulling, give a private app the scopes crm.objects.contacts.read,
// crm.objects.companies.read and crm.objects.deals.read, and put its access token where access_token
// refers to.
//
// # What comes in
//
// A pulled contact is its record with the properties asked for; the newest state of it counts. A change
// that the webhook tells holds one property and an id: it adds to the contact, and takes nothing back.
// Configure both: the webhook to hear at once, the puller for whole records and for history. A contact
// that was deleted, here or there, is a record that says so; one that was restored is there again, and
// empty until its next change is pulled. Merging two contacts is an alias of the two.
// Companies are accounts (group), deals free events about their first contact. What is about other
// objects, tickets and conversations among them, becomes free events as it came.
//
// # Proof
//
// Signatures of version 3 are taken, which HubSpot sends with every delivery; versions 1 and 2 sign no
// time, and would let an old delivery be sent again.
//
// # Limits
//
// The puller searches by the time of change and pages by id, so that HubSpot's limit of 10,000 results a
// search is never met. Search answers some moments late and knows no deleted objects: the last five
// minutes are asked for again each time, and the archive, which goes back 90 days, is read through every
// day. Objects deleted for privacy are in neither; the webhook alone tells of them. What people a deal is
// about is read beside each page; when that changes alone, HubSpot does not count it as a change of the
// deal. Nothing here was tried against HubSpot's own servers.
package hubspot

import (
	"errors"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// Connector is the connector for HubSpot.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "hubspot",
		Title:   "HubSpot",
		Summary: "Contacts, companies and deals, and their changes.",
		Docs: []string{
			"https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation",
			"https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide",
			"https://developers.hubspot.com/docs/api-reference/search/guide",
			"https://developers.hubspot.com/docs/api-reference/crm-associations-v3/guide",
			"https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines",
		},
		Settings: []connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Summary: "The client secret of the app (Auth tab); without it nothing is received."},
			{Name: "url", Kind: connector.KindURL, Summary: "The target URL as HubSpot has it; default is the address that a delivery came to."},
			{Name: "access_token", Kind: connector.KindSecret, Summary: "The access token of a private app (Auth tab), pat-…; without it nothing is pulled."},
			{Name: "user_id_property", Summary: "The property of contacts in which you keep your own id of the customer; it is asked for."},
			{Name: "contact_properties", Kind: connector.KindList, Default: contactProperties, Summary: "The properties of contacts to pull, by their internal names."},
			{Name: "company_properties", Kind: connector.KindList, Default: companyProperties, Summary: "The properties of companies to pull."},
			{Name: "deal_properties", Kind: connector.KindList, Default: dealProperties, Summary: "The properties of deals to pull."},
			{Name: "base_url", Kind: connector.KindURL, Default: "https://api.hubapi.com", Summary: "Where HubSpot's API is; for tests."},
		},
		Makes:      []string{event.NameContactUpdated, event.NameAccountMemberLeft},
		NewWebhook: newWebhook,
		NewPuller:  newPuller,
		// Search takes five a second from an account; one is left for others.
		Rate: connector.Rate{Requests: 4, Per: time.Second},
	}
}

const (
	contactProperties = "email,hs_additional_emails,firstname,lastname,phone,mobilephone,company,jobtitle,address,city,state,zip,country," +
		"date_of_birth,gender,hs_language,lifecyclestage,hs_lead_status,hubspot_owner_id,associatedcompanyid,createdate"
	companyProperties = "name,domain,phone,address,city,state,zip,country,industry,numberofemployees,annualrevenue,lifecyclestage,hubspot_owner_id,createdate"
	dealProperties    = "dealname,dealstage,pipeline,amount,deal_currency_code,closedate,hs_is_closed,hs_is_closed_won,closed_lost_reason,hubspot_owner_id,createdate"
)

var errNothing = errors.New("one of webhook_secret and access_token must be given")

// mapper makes events of changes and records.
type mapper struct {
	config       connector.Config
	userProperty string
}

func newMapper(c connector.Config) (mapper, error) {
	if !c.Has("webhook_secret") && !c.Has("access_token") {
		return mapper{}, errNothing
	}
	return mapper{config: c, userProperty: c.Text("user_id_property")}, nil
}
