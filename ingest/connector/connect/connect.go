// Package connect reads what Amazon Connect says of contacts: contact records, contact events and agent
// events.
//
// Set-up. Contact records: turn data streaming on for the instance, with a Firehose stream whose
// destination is an HTTP endpoint, this source's address, and whose access key is webhook_secret.
// Contact events: an EventBridge rule on source aws.connect whose target is an API destination at this
// source's address, with a connection of type API key, the header X-Api-Key, and webhook_secret as value.
// Files that Firehose put into S3 may be posted as they are, with the header X-Amz-Firehose-Access-Key.
//
// A contact record is one leg; contacts that were transferred share InitialContactId, which is the
// conversation. One record makes
//
//	connect.contact_record    the record whole, once for each LastUpdateTimestamp
//	conversation.started      InitiationTimestamp, of contacts that follow no other
//	callback.requested        InitiationTimestamp of a CALLBACK; callback.completed or .failed at its end
//	conversation.queued       Queue.EnqueueTimestamp
//	conversation.answered     Agent.ConnectedToAgentTimestamp; wait_s is Queue.Duration
//	conversation.transferred  TransferCompletedTimestamp, or the end of a contact that has a next one, unless the customer hung up
//	conversation.abandoned    DisconnectTimestamp of an inbound contact that was queued and had no agent
//	conversation.ended        DisconnectTimestamp of all others; talk_s is AgentInteractionDuration, hold_s CustomerHoldDuration
//	conversation.wrapped      Agent.AfterContactWorkEndTimestamp; wrap_s is AfterContactWorkDuration
//
// Message ids are <ContactId>:<what>, so that a record which Connect delivers again, as it says it does,
// makes nothing twice: of the events but connect.contact_record the first delivery counts.
//
// The customer is CustomerEndpoint's number, and what identifier_attributes takes out of the contact's
// attributes. Contact events name no customer, and tell the same earlier and less of it: they are connect.contact_event.<type>
// unless contact_events is "mapped", which is for instances that stream no contact records. Agent events
// are connect.agent.<type> and name no customer.
//
// A record does not tell why there is a next contact: of a call that the agent ended and a disconnect flow
// went on with (a survey, say), the agent's leg is transferred too, and the flow's contact ends the conversation.
// Of a supervisor's contact (MONITOR) the record alone is kept.
//
// Limits: EventBridge and Firehose sign nothing; whoever knows the key may send. Chat transcripts and
// Contact Lens are not read.
package connect

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// Connector returns Amazon Connect's connector.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "connect",
		Title:   "Amazon Connect",
		Summary: "Contact records with queue, hold and wrap-up times, contact events and agent events.",
		Docs: []string{
			"https://docs.aws.amazon.com/connect/latest/adminguide/ctr-data-model.html",
			"https://docs.aws.amazon.com/connect/latest/adminguide/contact-events.html",
			"https://docs.aws.amazon.com/connect/latest/adminguide/agent-event-stream-model.html",
			"https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html",
			"https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html",
		},
		Settings: []connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Required: true,
				Summary: "The access key of the Firehose stream's HTTP endpoint, and the API key of the EventBridge connection."},
			{Name: "identifier_attributes", Kind: connector.KindList,
				Summary: "Contact attributes that name the customer, as attribute=type with types user_id, email, phone or a kind of your own, such as customerId=user_id."},
			{Name: "contact_events", Kind: connector.KindChoice, Choices: []string{"free", "mapped"}, Default: "free",
				Summary: "Whether contact events become conversation events: \"mapped\" only if no contact records come."},
		},
		Makes: []string{
			event.NameConversationStarted, event.NameConversationQueued, event.NameConversationAnswered,
			event.NameConversationTransferred, event.NameConversationAbandoned, event.NameConversationEnded,
			event.NameConversationWrapped, event.NameCallbackRequested, event.NameCallbackCompleted, event.NameCallbackFailed,
		},
		NewWebhook: newWebhook,
	}
}

type webhook struct {
	cfg        connector.Config
	secret     []byte
	attributes []attribute
	mapEvents  bool
}

// attribute is a contact attribute that names the customer.
type attribute struct{ name, kind string }

func newWebhook(cfg connector.Config) (connector.Webhook, error) {
	w := &webhook{cfg: cfg, secret: cfg.Secret("webhook_secret"), mapEvents: cfg.Text("contact_events") == "mapped"}
	var faults []error
	for _, item := range cfg.List("identifier_attributes") {
		name, kind, _ := strings.Cut(item, "=")
		if !event.KnownIdentifierType(kind) {
			kind = cfg.Identifier(kind, "").Type
		}
		if name == "" || !event.ValidIdentifierType(kind) {
			faults = append(faults, fmt.Errorf("identifier_attributes: %q is not attribute=type", item))
			continue
		}
		w.attributes = append(w.attributes, attribute{name, kind})
	}
	return w, errors.Join(faults...)
}

// Verify compares the key that Firehose or EventBridge sends. Neither signs.
func (w *webhook) Verify(r *connector.Request) error {
	given := r.Header.Get("X-Amz-Firehose-Access-Key")
	if given == "" {
		given = r.Header.Get("X-Api-Key")
	}
	switch {
	case given == "":
		return connector.ErrUnsigned
	case !hmac.Equal([]byte(given), w.secret):
		return connector.ErrSignature
	}
	return nil
}

// item decodes one object, whatever it is, by a field that only its kind has.
func (w *webhook) item(b *connector.Batch, raw []byte) {
	var k kind
	switch err := wire.Unmarshal(raw, &k); {
	case err != nil:
		b.Reject("", "record", "is not a JSON object of the documented form", raw)
	case k.ContactID != "":
		w.contactRecord(b, raw)
	case k.DetailType != "" || k.Detail.EventType != "":
		w.contactEvent(b, raw)
	case k.EventID != "" && k.EventType != "":
		w.agentEvent(b, raw)
	default:
		b.Reject("", "ContactId", "is missing, and so are detail-type and EventId", raw)
	}
}

// kind is what tells a contact record, an EventBridge event and an agent event apart.
type kind struct {
	ContactID  string `json:"ContactId"`
	DetailType string `json:"detail-type"`
	Detail     struct {
		EventType string `json:"eventType"`
	} `json:"detail"`
	EventID   string `json:"EventId"`
	EventType string `json:"EventType"`
}
