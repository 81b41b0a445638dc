// Package surveymonkey reads SurveyMonkey: its webhooks, which say that something was answered but not
// what, and its API, which has the answers.
//
// Set-up. Register a private app; its access token needs the scopes responses_read and responses_read_detail.
// Name the surveys in survey_ids, and in questions what each question that counts asks. Webhooks are
// optional: subscribe this source's address (POST /v3/webhooks) and give client_id and webhook_secret, the
// app's client id and secret.
//
//	webhook, any event type    surveymonkey.<event_type>, with the ids of survey, response and respondent
//	pull, each response        surveymonkey.response, once for each date_modified, with all answers
//	pull, a completed one      survey.answered for each question of the setting questions, <response>:<question>
//
// The score is the number that the chosen answer begins with ("9", "10 - very likely"), else the choice's
// weight; without a number within the scale there is none. survey_id is the response's id. An answer that is
// edited counts with what was answered first; surveymonkey.response has every state. The person is the
// recipient's e-mail address, and the company's own id if user_id_variable names a custom variable.
//
// Limits: SurveyMonkey checks an address with HEAD when a webhook is made, and wants 200. Deleted responses
// are not told of. Private apps have 120 requests a minute and 500 a day unless more was bought: with many
// surveys, ask at longer intervals.
package surveymonkey

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// Connector returns SurveyMonkey's connector.
func Connector() connector.Connector {
	return connector.Connector{
		Name:    "surveymonkey",
		Title:   "SurveyMonkey",
		Summary: "Responses to surveys, with NPS, CSAT and CES scores of the questions you name.",
		Docs: []string{
			"https://api.surveymonkey.com/v3/docs#webhooks",
			"https://api.surveymonkey.com/v3/docs#api-endpoints-get-surveys-id-responses-bulk",
			"https://api.surveymonkey.com/v3/docs#request-and-response-limits",
		},
		Settings: []connector.Setting{
			{Name: "access_token", Kind: connector.KindSecret, Summary: "The app's access token; without it nothing is pulled."},
			{Name: "survey_ids", Kind: connector.KindList, Summary: "The ids of the surveys to pull; required with access_token."},
			{Name: "questions", Kind: connector.KindList,
				Summary: "What questions ask, as id=nps, id=csat:1-5 or id=ces:1-7; the scale is of the number chosen."},
			{Name: "user_id_variable", Summary: "The custom variable that holds the company's own id of the customer, if there is one."},
			{Name: "client_id", Summary: "The app's client id; it is part of what webhooks are signed with."},
			{Name: "webhook_secret", Kind: connector.KindSecret, Summary: "The app's client secret; without it there are none."},
			{Name: "base_url", Kind: connector.KindURL, Default: "https://api.surveymonkey.com", Summary: "The API's address; https://api.eu.surveymonkey.com in the EU."},
		},
		Makes:      []string{event.NameSurveyAnswered},
		NewWebhook: newWebhook,
		NewPuller:  newPuller,
		Rate:       connector.Rate{Requests: 120, Per: time.Minute},
	}
}

type webhook struct {
	cfg connector.Config
	key []byte
}

func newWebhook(cfg connector.Config) (connector.Webhook, error) {
	if cfg.Has("webhook_secret") != cfg.Has("client_id") {
		return nil, errors.New("client_id and webhook_secret: give both, or neither")
	}
	if !cfg.Has("webhook_secret") {
		return nil, nil // it only pulls
	}
	return &webhook{cfg: cfg, key: signingKey(cfg.Text("client_id"), cfg.Text("webhook_secret"))}, nil
}

func signingKey(id, secret string) []byte { return []byte(id + "&" + secret) }

const signatureHeader = "Sm-Signature"

// Verify checks Sm-Signature: base64 of the HMAC-SHA1 of the body, by the client id, "&" and the client
// secret. SurveyMonkey signs no time.
func (w *webhook) Verify(r *connector.Request) error {
	given := r.Header.Get(signatureHeader)
	switch {
	case given == "":
		return connector.ErrUnsigned
	case !field.Same(given, sign(w.key, r.Body)):
		return connector.ErrSignature
	}
	return nil
}

func sign(key, body []byte) string {
	mac := hmac.New(sha1.New, key)
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// callback is the body of a webhook.
type callback struct {
	EventType     string     `json:"event_type"`
	EventID       field.Text `json:"event_id"`
	EventDatetime field.Text `json:"event_datetime"`
	ObjectID      field.Text `json:"object_id"`
}

// Decode reads what happened to which object. Its event_id is that of the object's kind of event, so the
// time is part of the message id.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	raw := field.Object(r.Body)
	var c callback
	if raw == nil {
		return connector.Batch{}, errors.New("the body is not a JSON object")
	}
	b := connector.Batch{}
	if field.Decode(raw, &c) != nil || c.EventType == "" || c.ObjectID == "" || c.EventDatetime == "" {
		b.Reject("", "event_type", "or object_id or event_datetime is missing or has another type than documented", raw)
		return b, nil //nolint:nilerr // it is rejected
	}
	b.Add(event.Event{
		MessageID: c.EventType + ":" + c.ObjectID.String() + ":" + c.EventDatetime.String(), Name: w.cfg.Free(c.EventType),
		OriginalAt: c.EventDatetime.Time(), Properties: json.RawMessage(raw),
	})
	return b, nil
}

// question is what a question of the setting asks.
type question struct {
	id     string
	survey event.Survey
	scale  string
}

// questions reads the setting.
func questions(items []string) (map[string]question, error) {
	known := map[string]string{"nps": "0-10", "csat": "1-5", "ces": "1-7"}
	all := map[string]question{}
	var faults []error
	for _, item := range items {
		id, asks, _ := strings.Cut(item, "=")
		survey, scale, scaled := strings.Cut(asks, ":")
		if !scaled {
			scale = known[survey]
		}
		_, _, ok := event.ParseScale(scale)
		if id == "" || known[survey] == "" || !ok {
			faults = append(faults, fmt.Errorf("questions: %q is not id=nps, id=csat:1-5 or id=ces:1-7", item))
			continue
		}
		all[id] = question{id: id, survey: event.Survey(survey), scale: scale}
	}
	return all, errors.Join(faults...)
}
