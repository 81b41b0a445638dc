// Package intercom reads Intercom: conversations with their parts and ratings, what Fin and other bots
// did in them, contacts and tickets, by webhook as they happen and by search from any date on.
//
// # Setting it up
//
// Create an app in the Developer Hub. Webhook: enter POST /v1/webhooks/{source} as its endpoint and
// subscribe to the conversation, contact and ticket topics; the app's client secret is webhook_secret.
// Pull: the app's access token is access_token; workspaces in Europe and Australia need their base_url
// (https://api.eu.intercom.io, https://api.au.intercom.io).
//
// # What becomes what
//
//	conversation.user.created and the like  conversation.started and the first conversation.message
//	a part with words                        conversation.message by customer, human, ai or system
//	a note                                   intercom.note
//	assignment to a team                     conversation.queued
//	assignment to an admin                   conversation.transferred by another human, else conversation.offered
//	Fin's resolution escalated, routed_to_team  conversation.handed_off
//	first admin reply                        conversation.answered with wait_s
//	close                                    conversation.ended; resolution by Fin's state where a bot closed it,
//	                                         else assumed
//	conversation rating                      survey.answered, csat on "1-5"
//	contact                                  contact.updated; external_id is the company's user_id
//	ticket created, assigned, state changed  case.opened, case.assigned, case.waiting, case.resolved, case.updated
//	everything else                          intercom.<topic>, intercom.part.<type>, intercom.conversation
//
// Authors of type bot, with from_ai_agent or is_ai_answer, and Intercom's Operator are ai. That a
// customer asked for a human is not told apart from other reasons to escalate, so
// conversation.human_requested is never made.
//
// # Doubles
//
// Conversations, parts, ratings and contacts have the same message ids from webhook and pull. Pull
// takes the parts since the last round, so what is old does not come again.
//
// # Limits
//
// Intercom gives at most the 500 latest parts of a conversation, signs no time (a repeated delivery
// makes the same ids), and search knows neither deleted contacts nor tickets: those come by webhook
// alone. Search compares times by the day in places, so a day more is asked for and left out here.
// Written to the documentation; no Intercom workspace was at hand to check it on. Not documented, and
// taken from how other programs use it: the order of search results by updated_at, and that Operator
// writes as an admin with an address operator+…@intercom.io.
package intercom

import (
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// Connector is Intercom.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "intercom",
		Title:   "Intercom",
		Summary: "Conversations with Fin and humans, ratings, contacts and tickets of Intercom.",
		Docs: []string{
			"https://developers.intercom.com/docs/webhooks/webhook-notifications",
			"https://developers.intercom.com/docs/references/2.16/webhooks/webhook-models",
			"https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/conversations/searchconversations",
			"https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/conversations/retrieveconversation",
			"https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/contacts/searchcontacts",
			"https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/pagination/",
		},
		Settings: []connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Summary: "The app's client secret (Developer Hub, Basic information)."},
			{Name: "access_token", Kind: connector.KindSecret, Summary: "The app's access token (Developer Hub, Authentication); needed to pull."},
			{Name: "base_url", Kind: connector.KindURL, Default: "https://api.intercom.io", Summary: "The API of the workspace's region."},
		},
		Makes: []string{
			event.NameConversationStarted, event.NameConversationMessage, event.NameConversationQueued,
			event.NameConversationOffered, event.NameConversationTransferred, event.NameConversationHandedOff,
			event.NameConversationAnswered, event.NameConversationEnded, event.NameSurveyAnswered,
			event.NameContactUpdated, event.NameCaseOpened, event.NameCaseAssigned, event.NameCaseUpdated,
			event.NameCaseWaiting, event.NameCaseResolved,
		},
		NewWebhook: newWebhook,
		NewPuller:  newPuller,
		// Modest: an app may ask 10,000 times a minute, all apps of a workspace share 25,000.
		Rate: connector.Rate{Requests: 1000, Per: time.Minute},
	}
}

// mapper makes events; it is what webhook and puller share.
type mapper struct{ cfg connector.Config }

// author is who wrote or did something.
type author struct {
	Type        string     `json:"type"`
	ID          field.Text `json:"id"`
	Email       string     `json:"email"`
	FromAIAgent bool       `json:"from_ai_agent"`
	IsAIAnswer  bool       `json:"is_ai_answer"`
}

func (a *author) role() event.AuthorRole {
	switch {
	case a.FromAIAgent, a.IsAIAnswer, a.Type == "bot", a.operator():
		return event.AuthorAI
	case a.Type == "admin", a.Type == "team":
		return event.AuthorHuman
	case a.customer():
		return event.AuthorCustomer
	}
	return event.AuthorSystem
}

func (a *author) operator() bool {
	return a.Type == "admin" && strings.HasPrefix(a.Email, "operator+") && strings.HasSuffix(a.Email, "@intercom.io")
}

func (a *author) customer() bool {
	return a.Type == "user" || a.Type == "lead" || a.Type == "contact" || a.Type == "visitor"
}

// people are the contacts of a conversation or ticket.
type people struct {
	Contacts []struct {
		ID         field.Text `json:"id"`
		ExternalID field.Text `json:"external_id"`
	} `json:"contacts"`
}

// identifiers are those of the author if it is a customer, else of the first contact.
func (m mapper) identifiers(all *people, a *author) []event.Identifier {
	var id, external, email string
	switch {
	case a.customer():
		id, email = string(a.ID), a.Email
	case len(all.Contacts) > 0:
		id = string(all.Contacts[0].ID)
	}
	for _, c := range all.Contacts {
		if string(c.ID) == id {
			external = string(c.ExternalID)
		}
	}
	return m.person(id, external, email)
}

func (m mapper) person(id, external, email string) []event.Identifier {
	return field.Identifiers(
		m.cfg.Identifier("contact_id", id),
		event.Identifier{Type: event.IDUser, Value: external},
		event.Identifier{Type: event.IDEmail, Value: email},
	)
}

// channels are the types of a conversation's source.
var channels = map[string]event.Channel{
	"conversation": event.ChannelChat, "push": event.ChannelApp, "email": event.ChannelEmail,
	"facebook": event.ChannelSocial, "instagram": event.ChannelSocial, "twitter": event.ChannelSocial,
	"sms": event.ChannelSMS, "whatsapp": event.ChannelWhatsApp,
	"phone_call": event.ChannelVoice, "phone_switch": event.ChannelVoice,
}
