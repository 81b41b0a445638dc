package email

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
)

// The headers of a signed delivery.
const (
	signatureHeader = "X-Tributary-Signature"
	timestampHeader = "X-Tributary-Timestamp"
)

// tolerance leaves room for a gateway's queue: a repeated message makes the same ids.
const tolerance = 15 * time.Minute

type webhook struct {
	mapper *Mapper
	secret []byte
}

func newWebhook(cfg connector.Config) (connector.Webhook, error) {
	return &webhook{mapper: NewMapper(cfg), secret: cfg.Secret("webhook_secret")}, nil
}

// Verify checks the signature, one of them if there are several, and that it is fresh.
func (w *webhook) Verify(r *connector.Request) error {
	signature, timestamp := r.Header.Get(signatureHeader), r.Header.Get(timestampHeader)
	if signature == "" || timestamp == "" {
		return connector.ErrUnsigned
	}
	want, right := field.Sign(w.secret, timestamp, r.Body), false
	for one := range strings.SplitSeq(signature, ",") {
		right = field.Same(strings.TrimSpace(one), want) || right
	}
	if !right {
		return connector.ErrSignature
	}
	if at := field.Time(timestamp); at.IsZero() || !field.Fresh(at, r.Received, tolerance) {
		return connector.ErrStale
	}
	return nil
}

// Form is the JSON of one message. message_id and from are required; addresses are as in a header,
// "Maria Rossi <maria@example.com>" or the address alone, or objects of name and email; times are of
// RFC 5322 or RFC 3339. Give headers that tell automatic mail apart (Auto-Submitted, Precedence,
// Return-Path, List-Id, X-Failed-Recipients, Content-Type), or all.
//
//	{
//	  "message_id": "<CAF1@mail.example.com>",
//	  "in_reply_to": "<CAF0@mail.example.com>",
//	  "references": ["<CAF0@mail.example.com>"],
//	  "received_at": "2026-08-17T09:31:05Z",
//	  "date": "Mon, 17 Aug 2026 11:31:02 +0200",
//	  "from": "Maria Rossi <maria.rossi@example.com>",
//	  "to": ["support@example.com"],
//	  "cc": ["Tom Baker <tom.baker@example.com>"],
//	  "subject": "Re: Charged twice",
//	  "text": "Any news?\n\nOn Mon, 17 Aug 2026 at 10:00, Support wrote:\n> We are looking into it.",
//	  "html": "<p>Any news?</p>",
//	  "headers": {"Return-Path": "<maria.rossi@example.com>"},
//	  "attachments": [{"name": "invoice.pdf", "content_type": "application/pdf", "size": 18231}]
//	}
type Form struct {
	MessageID  field.Text        `json:"message_id"`
	InReplyTo  string            `json:"in_reply_to"`
	References List[string]      `json:"references"`
	ReceivedAt field.Text        `json:"received_at"`
	Date       field.Text        `json:"date"`
	From       List[Address]     `json:"from"`
	To         List[Address]     `json:"to"`
	Cc         List[Address]     `json:"cc"`
	Subject    field.Text        `json:"subject"`
	Text       field.Text        `json:"text"`
	HTML       field.Text        `json:"html"`
	Headers    map[string]string `json:"headers"`
}

// List is a list, or one item, or a text of several: addresses between commas, ids between blanks.
type List[T string | Address] []T

// UnmarshalJSON reads any of these.
func (l *List[T]) UnmarshalJSON(b []byte) error {
	*l = nil
	if len(b) == 0 || b[0] != '[' {
		return l.add(b)
	}
	var items []field.Raw
	if err := field.Decode(b, &items); err != nil {
		return err
	}
	for _, item := range items {
		if err := l.add(item); err != nil {
			return err
		}
	}
	return nil
}

func (l *List[T]) add(item []byte) error {
	if len(item) == 0 || strings.IndexByte(`"{n`, item[0]) < 0 {
		return errors.New("must be a text, or a list of texts")
	}
	var text field.Text
	if err := text.UnmarshalJSON(item); err != nil {
		return err
	}
	switch list := any(l).(type) {
	case *List[string]:
		*list = append(*list, ids(string(text))...)
	case *List[Address]:
		if item[0] != '{' {
			*list = append(*list, ParseAddresses(string(text))...)
			return nil
		}
		var object struct {
			Name  field.Text `json:"name"`
			Email field.Text `json:"email"`
		}
		if err := field.Decode(item, &object); err != nil {
			return err
		}
		*list = append(*list, Address{Name: string(object.Name), Email: string(object.Email)})
	}
	return nil
}

// message is the form as a message.
func (f *Form) message() *Message {
	m := &Message{
		ID: string(f.MessageID), InReplyTo: f.InReplyTo, References: f.References,
		To: f.To, Cc: f.Cc, Subject: string(f.Subject), Text: string(f.Text), HTML: string(f.HTML),
		Header: make(map[string]string, len(f.Headers)),
	}
	if m.At = ParseDate(string(f.ReceivedAt)); m.At.IsZero() {
		m.At = ParseDate(string(f.Date))
	}
	if len(f.From) > 0 {
		m.From = f.From[0]
	}
	for name, value := range f.Headers {
		m.Header[strings.ToLower(name)] = value
	}
	return m
}

// Decode reads one message.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	var b connector.Batch
	f, body, err := field.Delivery[Form](r.Body, &b)
	if f == nil {
		return b, err
	}
	m := f.message()
	switch {
	case bare(m.ID) == "":
		b.Reject("", "message_id", field.Wrong, body)
	case m.From.Email == "":
		b.Reject("", "from", "is missing or no address", body)
	default:
		w.mapper.Map(&b, m, WithoutContent(body, "attachments", "content"))
	}
	return b, nil
}

// WithoutContent leaves the content of attachments out of a payload: files are not kept here. A payload
// without any is returned as it is.
func WithoutContent(body []byte, attachments, content string) []byte {
	var whole map[string]json.RawMessage
	if !bytes.Contains(body, []byte(`"`+content+`"`)) || json.Unmarshal(body, &whole) != nil {
		return body
	}
	var files []map[string]json.RawMessage
	if json.Unmarshal(whole[attachments], &files) != nil {
		return body
	}
	cut := false
	for _, file := range files {
		if _, ok := file[content]; ok {
			delete(file, content)
			cut = true
		}
	}
	if !cut {
		return body
	}
	whole[attachments] = connector.JSON(files)
	return connector.JSON(whole)
}
