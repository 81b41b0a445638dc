// Package chatwoot reads Chatwoot: conversations with bots and agents, ratings and contacts, by webhook.
//
// # Setting it up
//
// In Settings, Integrations, Webhooks, add POST /v1/webhooks/{source} with all events. Versions that
// sign give a secret there: it is webhook_secret. Older ones sign nothing: set token to a long random
// text and add ?token=<it> to the address. A token in an address stands in the logs of proxies; use
// the secret where there is one.
//
// # What becomes what
//
//	conversation_created                 conversation.started
//	message_created                      conversation.message by customer, human, ai or system
//	  private, activity                  chatwoot.private_note, chatwoot.activity
//	  a survey (input_csat)              survey.sent
//	message_updated with a rating        survey.answered, csat on "1-5"
//	status pending to open               conversation.handed_off: a bot gave it to humans
//	status resolved                      conversation.ended, resolution assumed
//	conversation_updated: team, agent    conversation.queued, conversation.offered
//	contact_created, contact_updated     contact.updated; identifier is the company's user_id
//	everything else                      chatwoot.<event>
//
// A conversation is pending while a bot has it. Senders of type agent_bot and captain_assistant are ai,
// so is who resolves a pending conversation.
//
// # Doubles and limits
//
// Messages and conversations carry their own ids; other events have the id of the delivery
// (X-Chatwoot-Delivery), and without one a digest of the body, which names its changes with their times.
// Chatwoot tells of no deleted contacts, and gives no version of one: of two states the later received
// wins. Ids are those of one account: make one source for each.
// Written to Chatwoot's documentation and source code; not tried on a running Chatwoot.
package chatwoot

import (
	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// Connector is Chatwoot.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "chatwoot",
		Title:   "Chatwoot",
		Summary: "Conversations with bots and agents, ratings and contacts of Chatwoot.",
		Docs: []string{
			"https://www.chatwoot.com/hc/user-guide/articles/1677693021-how-to-use-webhooks",
			"https://github.com/chatwoot/docs/blob/main/docs/product/others/webhook-events.md",
			"https://github.com/chatwoot/chatwoot/blob/develop/app/listeners/webhook_listener.rb",
			"https://github.com/chatwoot/chatwoot/blob/develop/lib/webhooks/trigger.rb",
		},
		Settings: []connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Summary: "The webhook's secret (Settings, Integrations, Webhooks)."},
			{Name: "token", Kind: connector.KindSecret, Summary: "The token in the webhook's address, for versions that sign nothing."},
		},
		Makes: []string{
			event.NameConversationStarted, event.NameConversationMessage, event.NameConversationHandedOff,
			event.NameConversationEnded, event.NameConversationQueued, event.NameConversationOffered,
			event.NameSurveySent, event.NameSurveyAnswered, event.NameContactUpdated,
		},
		NewWebhook: newWebhook,
	}
}

// channels are Chatwoot's types of inbox.
var channels = map[string]event.Channel{
	"Channel::WebWidget": event.ChannelChat, "Channel::Email": event.ChannelEmail, "Channel::Sms": event.ChannelSMS,
	"Channel::Whatsapp": event.ChannelWhatsApp, "Channel::Voice": event.ChannelVoice,
	"Channel::FacebookPage": event.ChannelSocial, "Channel::Instagram": event.ChannelSocial,
	"Channel::TwitterProfile": event.ChannelSocial, "Channel::Telegram": event.ChannelSocial,
	"Channel::Line": event.ChannelSocial, "Channel::Tiktok": event.ChannelSocial,
}
