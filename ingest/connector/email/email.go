// Package email takes in e-mail from any mail gateway, as a small JSON of our own, and holds what
// connectors of mail services share: threads, directions, automatic mail and quoted text. See
// package postmark for one.
//
// # Setting it up
//
// Have the gateway POST one message at a time, as Form describes, to /v1/webhooks/{source}, signed with
// webhook_secret:
//
//	X-Tributary-Timestamp: 1786959062
//	X-Tributary-Signature: sha256=<hex of HMAC-SHA256(secret, timestamp + "." + body)>
//
// The timestamp is in seconds since 1970 and at most 15 minutes from now; while a secret is being
// changed, the signature may hold several values between commas, of which one must be right. addresses
// lists the company's own, "support@example.com" or "@example.com" for all of a domain: what is from
// them is outbound.
//
// # What becomes what
//
//	first message of a thread        conversation.started and conversation.message
//	any other message                conversation.message
//	out of office and the like       email.auto_reply
//	delivery failures                email.bounced
//	newsletters and lists            email.bulk
//
// The thread is the first of the references, else in_reply_to, else the message itself: its id without
// <> is the conversation_id. Customers write from what is not an own address; for outbound mail the
// subject is the first recipient that is not. The others in to and cc take part by their roles. The
// words are those of the text without quoted history (of the HTML where there is no text); the message
// as it came is in the properties, whole but for the content of attachments.
//
// Automatic mail is told apart by Auto-Submitted (RFC 3834), Precedence, X-Autoreply, List-Id and
// List-Unsubscribe, and bounces by an empty Return-Path or X-Failed-Recipients. It is not a customer's
// word, and so no message of a conversation. A sender can claim any address: whether it was proven
// (DKIM, SPF) is the gateway's to check before.
package email

import (
	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// Connector is generic e-mail.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "email",
		Title:   "E-mail",
		Summary: "E-mail from any gateway as a small JSON, in threads, without automatic mail and quoted history.",
		Docs: []string{
			"https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4",
			"https://www.rfc-editor.org/rfc/rfc3834",
		},
		Settings: append([]connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Required: true, Summary: "What the gateway signs with."},
		}, Settings()...),
		Makes:      Makes(),
		NewWebhook: newWebhook,
	}
}

// Settings are those of every mail connector.
func Settings() []connector.Setting {
	return []connector.Setting{
		{Name: "addresses", Kind: connector.KindList, Required: true, Summary: "The company's own addresses, or @domain for all of a domain's."},
		{Name: "bot_addresses", Kind: connector.KindList, Summary: "Those of them from which an AI answers."},
	}
}

// Makes are the names that every mail connector translates to.
func Makes() []string { return []string{event.NameConversationStarted, event.NameConversationMessage} }
