// Package postmark takes in the e-mail that Postmark receives for a company, by its inbound webhook.
//
// # Setting it up
//
// In the server's inbound stream, Settings, set the webhook to
// https://<user>:<password>@tributary.example.com/v1/webhooks/{source} and give user and password as
// basic_auth: Postmark signs nothing, and this is the proof that it documents. What becomes what is as
// in package email; addresses are the company's own.
//
// The Message-ID of the mail's own header names the message, and Postmark's id where it has none, so
// that a mail which came to two addresses is taken once. Words are Postmark's StrippedTextReply where it
// gives one. The contents of attachments are not kept, their names and sizes are. Time is the mail's own
// date: Postmark gives no other. Written to the documentation; not tried with a Postmark server.
package postmark

import (
	"encoding/base64"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/connector/email"
	"tributary/ingest/connector/field"
)

// Connector is Postmark's inbound e-mail.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "postmark",
		Title:   "Postmark inbound e-mail",
		Summary: "E-mail that Postmark receives, in threads, without automatic mail and quoted history.",
		Docs: []string{
			"https://postmarkapp.com/developer/webhooks/inbound-webhook",
			"https://postmarkapp.com/developer/user-guide/inbound/parse-an-email",
			"https://postmarkapp.com/developer/webhooks/webhooks-overview#protecting-your-webhook",
		},
		Settings: append([]connector.Setting{
			{Name: "basic_auth", Kind: connector.KindSecret, Required: true, Summary: "user:password, as in the webhook's address."},
		}, email.Settings()...),
		Makes:      email.Makes(),
		NewWebhook: newWebhook,
	}
}

type webhook struct {
	mapper *email.Mapper
	auth   string
}

func newWebhook(cfg connector.Config) (connector.Webhook, error) {
	return &webhook{mapper: email.NewMapper(cfg), auth: basic(cfg.Text("basic_auth"))}, nil
}

// basic is the header of user:password (RFC 7617).
func basic(userAndPassword string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(userAndPassword))
}

// Verify checks the user and password.
func (w *webhook) Verify(r *connector.Request) error {
	given := r.Header.Get("Authorization")
	if given == "" {
		return connector.ErrUnsigned
	}
	if !field.Same(given, w.auth) {
		return connector.ErrSignature
	}
	return nil
}

// inbound is what Postmark posts (https://postmarkapp.com/developer/webhooks/inbound-webhook).
type inbound struct {
	MessageID field.Text
	From      field.Text
	FromFull  mailbox
	ToFull    []mailbox
	CcFull    []mailbox
	Subject   field.Text
	Date      field.Text
	TextBody  field.Text
	HTMLBody  field.Text `json:"HtmlBody"`
	Reply     field.Text `json:"StrippedTextReply"`
	Headers   []struct{ Name, Value string }
}

type mailbox struct{ Email, Name field.Text }

func (m mailbox) address() email.Address {
	return email.Address{Name: string(m.Name), Email: string(m.Email)}
}

func addresses(all []mailbox) []email.Address {
	list := make([]email.Address, len(all))
	for i, m := range all {
		list[i] = m.address()
	}
	return list
}

func (in *inbound) message() *email.Message {
	m := &email.Message{
		ID: string(in.MessageID), At: email.ParseDate(string(in.Date)), From: in.FromFull.address(),
		To: addresses(in.ToFull), Cc: addresses(in.CcFull), Subject: string(in.Subject),
		Text: string(in.TextBody), HTML: string(in.HTMLBody), Reply: string(in.Reply), Header: make(map[string]string, len(in.Headers)),
	}
	if m.From.Email == "" {
		m.From = email.ParseAddress(string(in.From))
	}
	for _, h := range in.Headers {
		if name := strings.ToLower(h.Name); m.Header[name] == "" {
			m.Header[name] = h.Value
		}
	}
	if id := m.Header["message-id"]; id != "" {
		m.ID = id
	}
	m.InReplyTo, m.References = m.Header["in-reply-to"], strings.Fields(m.Header["references"])
	return m
}

// Decode reads one message.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	var b connector.Batch
	in, body, err := field.Delivery[inbound](r.Body, &b)
	if in == nil {
		return b, err
	}
	m := in.message()
	switch {
	case m.ID == "":
		b.Reject("", "MessageID", field.Wrong, body)
	case m.From.Email == "":
		b.Reject("", "FromFull.Email", field.Wrong, body)
	default:
		w.mapper.Map(&b, m, email.WithoutContent(body, "Attachments", "Content"))
	}
	return b, nil
}
