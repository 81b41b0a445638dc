// Package callrecords reads call-detail records that any contact centre can be made to send, in the form
// of Genesys Cloud's analytics conversation details: a conversation has participants with a purpose
// (customer, ivr, acd, agent …), these have sessions by medium, and these segments (ivr, alert, interact,
// hold, wrapup …) with a beginning, an end, a queue and a wrap-up code.
//
// Genesys Cloud itself has no webhook that sends this form: a small job asks
// POST /api/v2/analytics/conversations/details/query, or reads the Conversation Details Job's results, and
// posts what it gets here. Other systems' records are put into the form by whoever sends them.
//
// Set-up. Post one conversation, a list, the answer {"conversations": […]}, or one conversation a line.
// Sign with a secret of your own, webhook_secret:
//
//	X-Signature-Timestamp: 1776159000
//	X-Signature: sha256=<hex of HMAC-SHA256 of timestamp "." body>
//
// The timestamp is in seconds since 1970 and at most five minutes off. While a secret is being replaced,
// several signatures may stand between commas.
//
//	callrecords.conversation  the conversation as it came, once for each state of it
//	conversation.started      conversationStart
//	ivr.step                  each session of an ivr, workflow or bot; topic is the flow's name, disposition how it was left
//	conversation.queued       each session of acd
//	conversation.answered     the first interact segment of an agent's session; wait_s since the queue's session began
//	conversation.transferred  an agent's session whose last segment was transferred; talk_s and hold_s of that leg
//	conversation.abandoned    conversationEnd of an inbound conversation that was queued last and then met nobody
//	conversation.ended        conversationEnd of all others; talk_s and hold_s of the last agent's leg
//	conversation.wrapped      each wrapup segment; disposition is the wrap-up code
//	callback.requested        each acd session of medium callback; callback.completed if an agent then spoke, else .failed
//
// A leg is a session; agent_id is userId, team teamId, queue queueId. Message ids are <conversationId>:<what>[:<leg>], so
// that a conversation which is sent again after it grew makes nothing twice.
package callrecords

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// tolerance is how old a signature may be, or how far ahead its clock.
const tolerance = 5 * time.Minute

// Connector returns the connector of call records.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "callrecords",
		Title:   "Call records (Genesys-like)",
		Summary: "Conversations of a contact centre with queues, agents, hold and wrap-up, in the form of Genesys Cloud's conversation details.",
		Docs: []string{
			"https://developer.genesys.cloud/analyticsdatamanagement/analytics/detail/conversation-query",
			"https://developer.genesys.cloud/analyticsdatamanagement/analytics/detail/analytics-detail-data-model",
		},
		Settings: []connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Required: true,
				Summary: "The secret that deliveries are signed with, chosen by you."},
			{Name: "user_id_attribute", Summary: "The participant attribute that holds the company's own id of the customer, if there is one."},
		},
		Makes: []string{
			event.NameConversationStarted, event.NameIVRStep, event.NameConversationQueued, event.NameConversationAnswered,
			event.NameConversationTransferred, event.NameConversationAbandoned, event.NameConversationEnded,
			event.NameConversationWrapped, event.NameCallbackRequested, event.NameCallbackCompleted, event.NameCallbackFailed,
		},
		NewWebhook: func(cfg connector.Config) (connector.Webhook, error) {
			return &webhook{cfg: cfg, secret: cfg.Secret("webhook_secret"), userID: cfg.Text("user_id_attribute")}, nil
		},
	}
}

type webhook struct {
	cfg    connector.Config
	secret []byte
	userID string
}

// Verify checks X-Signature over the timestamp and the body.
func (w *webhook) Verify(r *connector.Request) error {
	given, stamp := r.Header.Get("X-Signature"), r.Header.Get("X-Signature-Timestamp")
	if given == "" || stamp == "" {
		return connector.ErrUnsigned
	}
	want := sign(w.secret, stamp, r.Body)
	right := false
	for one := range strings.SplitSeq(given, ",") {
		right = field.Same(strings.TrimSpace(one), want) || right
	}
	if !right {
		return connector.ErrSignature
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || !field.Fresh(time.Unix(seconds, 0), r.Received, tolerance) {
		return connector.ErrStale
	}
	return nil
}

func sign(secret []byte, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
