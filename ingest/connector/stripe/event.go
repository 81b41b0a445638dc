package stripe

import (
	"encoding/json"
	"strconv"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// change is an event of Stripe's with what it is about.
type change struct {
	envelope
	object   object
	previous previous
}

// add makes an event of one of Stripe's, and adds it.
func (m *mapper) add(b *connector.Batch, data []byte) error {
	var c change
	if err := field.Read(data, &c.envelope); err != nil {
		return err
	}
	switch {
	case c.ID == "":
		b.Reject("", "id", "is missing: this is no event of Stripe's", data)
		return nil
	case c.Type == "":
		b.Reject(c.ID, "type", "is missing: this is no event of Stripe's", data)
		return nil
	}
	e := event.Event{MessageID: c.ID, OriginalAt: moment(c.Created)}
	if field.RawObject(c.Data.Object) == nil { // an event of the second generation refers to its object
		e.Name, e.Properties = m.config.Free(c.Type), data
		b.Add(e)
		return nil
	}
	if err := c.read(); err != nil {
		return err
	}
	e.Context = c.context()
	m.fill(&e, &c)
	b.Add(e)
	return nil
}

// moment reads a time, which is in seconds or, in the second generation, ISO 8601; zero if it is neither.
func moment(t field.Text) time.Time {
	if seconds, err := strconv.ParseInt(string(t), 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC()
	}
	return t.Time()
}

// read reads the object, and what it was before.
func (c *change) read() error {
	if err := field.Read(c.Data.Object, &c.object); err != nil {
		return err
	}
	if field.RawObject(c.Data.Previous) != nil {
		return field.Read(c.Data.Previous, &c.previous)
	}
	return nil
}

// context keeps what an event says beside its object.
func (c *change) context() json.RawMessage {
	text := append(make([]byte, 0, 160+len(c.Request)+len(c.Data.Previous)), `{"type":`...)
	text = strconv.AppendQuote(text, plain(c.Type))
	text = append(text, `,"livemode":`...)
	text = strconv.AppendBool(text, c.Livemode)
	for _, f := range [...]struct{ name, value string }{{"api_version", c.APIVersion}, {"account", c.Account}} {
		if f.value != "" {
			text = append(text, `,"`+f.name+`":`...)
			text = strconv.AppendQuote(text, plain(f.value))
		}
	}
	for _, f := range [...]struct {
		name  string
		value field.Raw
	}{{"request", c.Request}, {"previous_attributes", c.Data.Previous}} {
		if field.Given(f.value) {
			text = append(text, `,"`+f.name+`":`...)
			text = append(text, f.value...)
		}
	}
	return append(text, '}')
}

// plain leaves only what quotes as JSON the way it quotes as Go: names and versions are that.
func plain(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return strconv.QuoteToASCII(s)
		}
	}
	return s
}

// fill sets what the event is, who it is about, and its fields.
func (m *mapper) fill(e *event.Event, c *change) {
	if c.object.Object == "customer" {
		m.contact(e, c)
		return
	}
	payer := c.object.payer()
	cx := &event.CX{AccountID: field.Clip(payer.Customer.ID)}
	e.Name = c.name(cx)
	if e.Name == "" {
		e.Name = m.config.Free(c.Type)
	}
	if c.once(e.Name) {
		e.MessageID = c.object.ID + ":" + e.Name
	}
	e.Properties = json.RawMessage(c.Data.Object)
	m.subject(e, payer)
	if payer != &c.object {
		m.subject(e, &c.object)
	}
	cx.Topic, cx.Disposition = field.Clip(cx.Topic), field.Clip(cx.Disposition)
	cx.OrderID = field.Clip(lookup(c.object.Metadata, m.orderKey))
	if *cx != (event.CX{}) {
		e.CX = cx
	}
}

// lookup is a value of metadata, which is one level of texts
// (https://docs.stripe.com/metadata).
func lookup(metadata field.Raw, key string) string {
	if len(metadata) < 3 || metadata[0] != '{' { // most is {}
		return ""
	}
	var values map[string]field.Text
	if field.Read(metadata, &values) != nil {
		return ""
	}
	return string(values[key])
}
