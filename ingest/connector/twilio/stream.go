package twilio

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/bytedance/sonic"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

type rawJSON = json.RawMessage

var wire = sonic.Config{CaseSensitive: true, ValidateString: true}.Froze()

// cloudEvent is an item of Event Streams (https://www.twilio.com/docs/events/event-delivery-and-duplication).
type cloudEvent struct {
	Type string                 `json:"type"`
	ID   string                 `json:"id"`
	Time string                 `json:"time"`
	Data sonic.NoCopyRawMessage `json:"data"`
}

// streamMessage is the data of com.twilio.messaging events.
type streamMessage struct {
	MessageSid          string `json:"messageSid"`
	Timestamp           string `json:"timestamp"`
	From                string `json:"from"`
	To                  string `json:"to"`
	Body                string `json:"body"`
	MessagingServiceSid string `json:"messagingServiceSid"`
}

const (
	inboundType  = "com.twilio.messaging.inbound-message.received"
	outboundType = "com.twilio.messaging.message."
)

var errStream = errors.New("the body is neither a form nor a list of Event Streams' events")

// decodeStream reads a list of events.
func (w *webhook) decodeStream(body []byte) (connector.Batch, error) {
	var items []sonic.NoCopyRawMessage
	if err := wire.UnmarshalFromString(string(body), &items); err != nil {
		return connector.Batch{}, errStream
	}
	b := connector.Batch{Events: make([]event.Event, 0, len(items)), Reply: &connector.Reply{Status: 204}}
	for _, item := range items {
		w.streamItem(&b, item)
	}
	return b, nil
}

func (w *webhook) streamItem(b *connector.Batch, item []byte) {
	var c cloudEvent
	if err := wire.Unmarshal(item, &c); err != nil || c.Type == "" || c.ID == "" {
		b.Reject("", "type", "is missing, or the item is no event", item)
		return
	}
	if strings.HasPrefix(c.Type, outboundType) || c.Type == inboundType {
		var m streamMessage
		if err := wire.Unmarshal(c.Data, &m); err != nil || m.MessageSid == "" {
			b.Reject(c.ID, "data.messageSid", "is missing", item)
			return
		}
		w.message(b, m.message(&c, item))
		return
	}
	e := event.Event{
		MessageID: c.ID, Name: w.cfg.Free(strings.TrimPrefix(c.Type, "com.twilio.")), Properties: rawJSON(item),
	}
	if at, err := event.ParseTime(c.Time); err == nil {
		e.OriginalAt = at
	}
	b.Add(e)
}

func (m *streamMessage) message(c *cloudEvent, item []byte) *message {
	out := &message{
		sid: m.MessageSid, from: m.From, to: m.To, body: m.Body, service: m.MessagingServiceSid,
		status: strings.TrimPrefix(c.Type, outboundType), raw: item,
	}
	if c.Type == inboundType {
		out.status, out.inbound = "received", true
	}
	if at, err := event.ParseTime(m.Timestamp); err == nil {
		out.at = at
	}
	return out
}
