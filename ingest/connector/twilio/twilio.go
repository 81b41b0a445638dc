// Package twilio reads what Twilio calls webhooks with: messages and their delivery over SMS, RCS and
// WhatsApp, and the progress of calls.
//
// Set-up. Give this source's address to Twilio as the status callback of a Messaging Service
// (Integration) and of calls, and, to hear what customers write, as the webhook of incoming messages;
// write the same address into the setting url, because Twilio signs it, and the account's Auth Token
// into webhook_secret. Event Streams may be sent to the same address through a sink of type webhook.
// Do not set it as the webhook of incoming calls ("A call comes in"): Twilio would take the answer as
// instructions for the call.
//
//	incoming message                   conversation.message; campaign.replied of a campaign's service
//	… STOP, or its OptOutType          and consent.changed (granted: false); campaign.unsubscribed
//	… START, or its OptOutType         and consent.changed (granted: true)
//	sent                               conversation.message, or campaign.sent
//	delivered                          twilio.message.delivered, or campaign.delivered
//	read                               twilio.message.read, or campaign.opened
//	undelivered, failed                twilio.message.failed (.undelivered), or campaign.failed
//	call initiated; inbound, ringing   conversation.started
//	call in-progress                   conversation.answered
//	call completed                     conversation.ended, talk_s being CallDuration
//	call busy, no-answer, failed, canceled    outbound: conversation.ended; inbound: conversation.abandoned
//	everything else                    twilio.call.<status>, twilio.callback, twilio.<type of Event Streams>
//
// A message belongs to a campaign if its Messaging Service is listed in campaign_services. Calls that
// another call dials (ParentCallSid) are legs of the parent's conversation: ringing is conversation.offered,
// in-progress conversation.answered by a human, and their end the free event twilio.call.completed. Twilio has no conversations of
// messages: conversation_id is made of the two addresses and the channel.
//
// Limits: status callbacks of messages carry neither text nor time; they are dated to their receipt.
// The text of outgoing messages comes with Event Streams alone. The name of a WhatsApp profile is what
// its owner wrote.
package twilio

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"net/http"
	"net/url"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// Connector returns Twilio's connector.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "twilio",
		Title:   "Twilio",
		Summary: "Messages over SMS, RCS and WhatsApp with their delivery, opt-outs, and the progress of calls.",
		Docs: []string{
			"https://www.twilio.com/docs/usage/webhooks/webhooks-security",
			"https://www.twilio.com/docs/messaging/guides/webhook-request",
			"https://www.twilio.com/docs/messaging/guides/track-outbound-message-status",
			"https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out",
			"https://www.twilio.com/docs/voice/api/call-resource#statuscallbackevent",
			"https://www.twilio.com/docs/events/event-types/messaging/inbound-message",
			"https://www.twilio.com/docs/events/event-types/messaging/outbound-message",
		},
		Settings: []connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Required: true,
				Summary: "The account's primary Auth Token, with which Twilio signs; see the Console's Account Info."},
			{Name: "url", Kind: connector.KindURL, Required: true,
				Summary: "The address given to Twilio, to the letter: it is part of what Twilio signs."},
			{Name: "campaign_services", Kind: connector.KindList,
				Summary: "SIDs (MG…) of the Messaging Services that send campaigns; messages of others are conversations."},
		},
		Makes: []string{
			event.NameConversationStarted, event.NameConversationOffered, event.NameConversationAnswered, event.NameConversationMessage,
			event.NameConversationAbandoned, event.NameConversationEnded, event.NameConsentChanged,
			event.NameCampaignSent, event.NameCampaignDelivered, event.NameCampaignFailed, event.NameCampaignOpened,
			event.NameCampaignReplied, event.NameCampaignUnsubscribed,
		},
		NewWebhook: newWebhook,
	}
}

// webhook decodes both forms of delivery: parameters (message.go, call.go) and Event Streams (stream.go).
type webhook struct {
	cfg       connector.Config
	token     []byte
	url       url.URL
	campaigns map[string]bool
}

func newWebhook(cfg connector.Config) (connector.Webhook, error) {
	address, err := url.Parse(cfg.Text("url"))
	if err != nil {
		return nil, err
	}
	w := &webhook{cfg: cfg, token: cfg.Secret("webhook_secret"), url: *address, campaigns: map[string]bool{}}
	for _, sid := range cfg.List("campaign_services") {
		w.campaigns[sid] = true
	}
	return w, nil
}

// Verify checks X-Twilio-Signature: base64 of the HMAC-SHA1, by the Auth Token, of the address and the
// sorted parameters; of a JSON body the address alone, whose parameter bodySHA256 is the hash of the body.
// Twilio signs no time.
func (w *webhook) Verify(r *connector.Request) error {
	given, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Twilio-Signature"))
	if err != nil {
		return connector.ErrSignature
	}
	if len(given) == 0 {
		return connector.ErrUnsigned
	}
	mac := hmac.New(sha1.New, w.token)
	mac.Write([]byte(w.signedURL(r)))
	if isForm(r.Header) {
		p, err := parseForm(r.Body)
		if err != nil {
			return connector.ErrSignature
		}
		mac.Write(p.signed())
	}
	if !hmac.Equal(mac.Sum(nil), given) {
		return connector.ErrSignature
	}
	if isForm(r.Header) {
		return nil
	}
	return verifyBody(r)
}

// verifyBody ties a JSON body to the signed address.
func verifyBody(r *connector.Request) error {
	given, err := hex.DecodeString(r.URL.Query().Get("bodySHA256"))
	if err != nil || len(given) == 0 {
		return connector.ErrUnsigned
	}
	if sum := sha256.Sum256(r.Body); !hmac.Equal(sum[:], given) {
		return connector.ErrSignature
	}
	return nil
}

// signedURL is the address that Twilio was given, with the query it came with.
func (w *webhook) signedURL(r *connector.Request) string {
	u := w.url
	if r.URL != nil && r.URL.RawQuery != "" {
		u.RawQuery = r.URL.RawQuery
	}
	return u.String()
}

func isForm(h http.Header) bool {
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return kind == "application/x-www-form-urlencoded"
}

// Decode reads parameters or Event Streams, by the type of the body.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	if !isForm(r.Header) {
		return w.decodeStream(r.Body)
	}
	p, err := parseForm(r.Body)
	if err != nil {
		return connector.Batch{}, err
	}
	b := connector.Batch{Events: make([]event.Event, 0, 2)}
	switch {
	case p.get("MessageSid") != "" || p.get("SmsSid") != "":
		m := p.message()
		w.message(&b, &m)
		if m.inbound {
			// Twilio takes the answer as instructions: this one has none.
			b.Reply = &connector.Reply{Status: http.StatusOK, ContentType: "text/xml", Body: []byte("<Response/>")}
			return b, nil
		}
	case p.get("CallSid") != "" && p.get("CallStatus") != "":
		w.call(&b, &p)
	default:
		w.other(&b, &p)
	}
	b.Reply = &connector.Reply{Status: http.StatusNoContent}
	return b, nil
}

// other keeps what is neither a message nor a call, such as the status of a recording.
func (w *webhook) other(b *connector.Batch, p *params) {
	raw := p.json()
	for _, kind := range []string{"RecordingSid", "TranscriptionSid", "ConversationSid", "AccountSid"} {
		sid := p.get(kind)
		if sid == "" {
			continue
		}
		sum := sha256.Sum256(raw)
		b.Add(event.Event{
			MessageID: sid + ":" + hex.EncodeToString(sum[:8]), Name: w.cfg.Free("callback"), Properties: raw,
			CX: conversation(p.get("CallSid")),
		})
		return
	}
	b.Reject("", "MessageSid", "is missing, and so are CallSid and AccountSid", raw)
}

func conversation(id string) *event.CX {
	if id == "" {
		return nil
	}
	return &event.CX{ConversationID: id}
}
