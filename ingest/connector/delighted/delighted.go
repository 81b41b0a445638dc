// Package delighted reads Delighted's webhooks: answers to NPS, CSAT and CES surveys.
//
// Set-up. Add this source's address under Integrations, Webhooks. Delighted signs with the account's
// private API key: put it into webhook_secret.
//
//	survey_response.created    survey.answered: the score, as soon as it is chosen
//	survey_response.updated    delighted.survey_response.updated: the comment, which people write later, or another score
//	unsubscribe.created        consent.changed with the purpose "survey"
//
// An answer counts once, with the score that was chosen first: what is changed later is in the free event,
// in the same typed fields. survey_id is the id of the response. Identifiers are the person's e-mail address,
// phone number and id at Delighted, and, if user_id_property names one of the person's properties, the
// company's own id.
//
// Limits: Delighted tells neither that a survey was sent nor, by webhook, what was answered before. Survey
// types without a documented scale here (pmf, smileys, thumbs …) are survey.answered without survey and scale.
package delighted

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// Connector returns Delighted's connector.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "delighted",
		Title:   "Delighted",
		Summary: "Answers to NPS, CSAT and CES surveys, and who wants no more of them.",
		Docs: []string{
			"https://app.delighted.com/docs/api/webhooks",
			"https://app.delighted.com/docs/api/listing-survey-responses",
		},
		Settings: []connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Required: true, Summary: "The private API key, with which Delighted signs; see API in the account's menu."},
			{Name: "user_id_property", Summary: "The property of a person that holds the company's own id, if there is one."},
			{Name: "survey_kind", Kind: connector.KindChoice, Choices: []string{"relationship", "transactional"}, Default: "relationship",
				Summary: "Whether this project asks about the company as a whole or about one contact."},
		},
		Makes: []string{event.NameSurveyAnswered, event.NameConsentChanged},
		NewWebhook: func(cfg connector.Config) (connector.Webhook, error) {
			return &webhook{
				cfg: cfg, secret: cfg.Secret("webhook_secret"), userID: cfg.Text("user_id_property"),
				kind: event.SurveyKind(cfg.Text("survey_kind")),
			}, nil
		},
	}
}

type webhook struct {
	cfg    connector.Config
	secret []byte
	userID string
	kind   event.SurveyKind
}

const signatureHeader = "X-Delighted-Webhook-Signature"

// Verify checks the HMAC-SHA256 of the body. Delighted signs no time.
func (w *webhook) Verify(r *connector.Request) error {
	given := r.Header.Get(signatureHeader)
	switch {
	case given == "":
		return connector.ErrUnsigned
	case !field.Same(given, sign(w.secret, r.Body)):
		return connector.ErrSignature
	}
	return nil
}

func sign(secret, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// delivery is what every webhook has; EventData depends on EventType.
type delivery struct {
	EventType string          `json:"event_type"`
	EventID   field.Text      `json:"event_id"`
	EventData json.RawMessage `json:"event_data"`
}

// response is the data of survey_response events.
type response struct {
	ID         field.Text                 `json:"id"`
	Person     person                     `json:"person"`
	SurveyType string                     `json:"survey_type"`
	Score      *float64                   `json:"score"`
	Comment    string                     `json:"comment"`
	CreatedAt  field.Text                 `json:"created_at"` // seconds since 1970
	UpdatedAt  field.Text                 `json:"updated_at"`
	Properties map[string]json.RawMessage `json:"person_properties"`
}

type person struct {
	ID    field.Text `json:"id"`
	Name  string     `json:"name"`
	Email string     `json:"email"`
	Phone field.Text `json:"phone_number"`
}

// unsubscribe is the data of unsubscribe.created.
type unsubscribe struct {
	Person         person     `json:"person"`
	PersonID       field.Text `json:"person_id"`
	Name           string     `json:"name"`
	Email          string     `json:"email"`
	UnsubscribedAt field.Text `json:"unsubscribed_at"`
}

var errBody = errors.New("the body is not a JSON object")

// Decode reads one event.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	raw := field.Object(r.Body)
	var d delivery
	if raw == nil {
		return connector.Batch{}, errBody
	}
	b := connector.Batch{}
	if field.Decode(raw, &d) != nil {
		b.Reject("", "event_type", "or another field has another type than documented", raw)
		return b, nil //nolint:nilerr // it is rejected
	}
	if d.EventType == "" || d.EventID == "" {
		b.Reject("", "event_id", "or event_type is missing", raw)
		return b, nil
	}
	e := event.Event{MessageID: d.EventID.String(), Name: w.cfg.Free(d.EventType), Properties: raw}
	var err error
	switch d.EventType {
	case "survey_response.created", "survey_response.updated":
		err = w.response(&e, d)
	case "unsubscribe.created":
		err = w.unsubscribe(&e, d)
	}
	if err != nil {
		b.Reject(d.EventID.String(), "event_data", err.Error(), raw)
		return b, nil
	}
	b.Add(e)
	return b, nil
}

var errData = errors.New("has a field of another type than documented")

func (w *webhook) response(e *event.Event, d delivery) error {
	var s response
	if field.Decode(d.EventData, &s) != nil {
		return errData
	}
	if s.ID == "" {
		return errors.New("has no id")
	}
	survey, scale := surveyOf(s.SurveyType)
	e.CX = &event.CX{
		SurveyID: s.ID.String(), Survey: survey, SurveyKind: w.kind, Score: s.Score, Scale: scale,
		Text: s.Comment, AuthorRole: event.AuthorCustomer,
	}
	if low, high, ok := event.ParseScale(scale); ok && s.Score != nil && (*s.Score < low || *s.Score > high) {
		e.CX.Score, e.CX.Scale, e.CX.Survey = nil, "", "" // not the scale we know: the properties have it
	}
	e.OriginalAt = s.UpdatedAt.Time()
	if d.EventType == "survey_response.created" {
		e.Name, e.MessageID, e.OriginalAt = event.NameSurveyAnswered, "response:"+s.ID.String(), s.CreatedAt.Time()
	}
	w.subject(e, &s.Person)
	var id field.Text
	if value := s.Properties[w.userID]; w.userID != "" && len(value) > 0 && id.UnmarshalJSON(value) == nil && id != "" {
		e.Identifiers = append(e.Identifiers, event.Identifier{Type: event.IDUser, Value: id.String()})
	}
	return nil
}

// consent is the properties of consent.changed.
type consent struct {
	Purpose string          `json:"purpose"`
	Granted bool            `json:"granted"`
	Webhook json.RawMessage `json:"webhook"`
}

func (w *webhook) unsubscribe(e *event.Event, d delivery) error {
	var u unsubscribe
	if field.Decode(d.EventData, &u) != nil {
		return errData
	}
	p := u.Person
	if p == (person{}) {
		p = person{ID: u.PersonID, Name: u.Name, Email: u.Email}
	}
	e.Name, e.OriginalAt = event.NameConsentChanged, u.UnsubscribedAt.Time()
	e.CX = &event.CX{Consent: event.ConsentRefused, Purpose: "survey"}
	e.Channel = "" // whatever channel a survey comes by
	e.Properties = connector.JSON(consent{Purpose: "survey", Webhook: e.Properties})
	w.subject(e, &p)
	return nil
}

func (w *webhook) subject(e *event.Event, p *person) {
	e.Identifiers = field.Identifiers(
		event.Identifier{Type: event.IDEmail, Value: p.Email},
		event.Identifier{Type: event.IDPhone, Value: p.Phone.String()},
		w.cfg.Identifier("person_id", p.ID.String()),
	)
	e.Attributes = field.Attributes(event.AttrName, p.Name)
}

// surveyOf is what a survey type asks, and its scale.
func surveyOf(kind string) (survey event.Survey, scale string) {
	switch kind {
	case "nps":
		return event.SurveyNPS, "0-10"
	case "csat":
		return event.SurveyCSAT, "1-5"
	case "csat3":
		return event.SurveyCSAT, "1-3"
	case "ces":
		return event.SurveyCES, "1-5"
	case "ces7":
		return event.SurveyCES, "1-7"
	}
	return "", ""
}
