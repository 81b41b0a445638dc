package surveymonkey

import (
	"encoding/json"
	"strconv"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// response is what we read of a response as responses/bulk?simple=true gives it.
type response struct {
	ID              field.Text            `json:"id"`
	ResponseStatus  string                `json:"response_status"` // completed, partial, overquota, disqualified
	DateModified    field.Text            `json:"date_modified"`
	EmailAddress    string                `json:"email_address"`
	FirstName       string                `json:"first_name"`
	LastName        string                `json:"last_name"`
	CustomVariables map[string]field.Text `json:"custom_variables"`
	Metadata        struct {
		Contact struct {
			Email     contactField `json:"email"`
			FirstName contactField `json:"first_name"`
			LastName  contactField `json:"last_name"`
		} `json:"contact"`
	} `json:"metadata"`
	Pages []struct {
		Questions []json.RawMessage `json:"questions"`
	} `json:"pages"`
}

type contactField struct {
	Value string `json:"value"`
}

type answered struct {
	ID      field.Text `json:"id"`
	Answers []struct {
		SimpleText     string `json:"simple_text"`
		Text           string `json:"text"`
		ChoiceMetadata struct {
			Weight field.Text `json:"weight"`
		} `json:"choice_metadata"`
	} `json:"answers"`
}

// response makes the events of a response.
func (p *puller) response(b *connector.Batch, raw json.RawMessage, r *response) {
	e := event.Event{
		MessageID: r.ID.String() + ":" + r.DateModified.String(), Name: p.cfg.Free("response"),
		OriginalAt: r.DateModified.Time(), Properties: raw,
		Attributes: field.Attributes(
			event.AttrFirstName, first(r.FirstName, r.Metadata.Contact.FirstName.Value),
			event.AttrLastName, first(r.LastName, r.Metadata.Contact.LastName.Value),
		),
		Identifiers: field.Identifiers(
			event.Identifier{Type: event.IDEmail, Value: first(r.EmailAddress, r.Metadata.Contact.Email.Value)},
			event.Identifier{Type: event.IDUser, Value: r.CustomVariables[p.userID].String()},
		),
	}
	b.Add(e)
	if r.ResponseStatus != "completed" {
		return
	}
	for _, page := range r.Pages {
		for _, item := range page.Questions {
			p.answer(b, e, r, item)
		}
	}
}

// answer makes an event of a question that counts.
func (p *puller) answer(b *connector.Batch, e event.Event, r *response, raw json.RawMessage) {
	var a answered
	if field.Decode(raw, &a) != nil {
		return // surveymonkey.response has it
	}
	q, counts := p.questions[a.ID.String()]
	if !counts {
		return
	}
	e.Name, e.MessageID, e.Properties = event.NameSurveyAnswered, r.ID.String()+":"+q.id, raw
	e.CX = &event.CX{SurveyID: r.ID.String(), Survey: q.survey, Scale: q.scale, AuthorRole: event.AuthorCustomer}
	for _, one := range a.Answers {
		if score, ok := q.score(one.SimpleText); ok {
			e.CX.Score = &score
		} else if score, ok = q.score(one.ChoiceMetadata.Weight.String()); ok && e.CX.Score == nil {
			e.CX.Score = &score
		}
		if one.Text != "" {
			e.CX.Text = one.Text
		}
	}
	b.Add(e)
}

// score is the number that a text begins with, if it is within the scale. Weights of NPS questions are
// -100, 0 and 100, and so are none.
func (q *question) score(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	end := strings.IndexFunc(text, func(c rune) bool { return (c < '0' || c > '9') && c != '.' })
	if end >= 0 {
		text = text[:end]
	}
	score, err := strconv.ParseFloat(text, 64)
	low, high, ok := event.ParseScale(q.scale)
	return score, err == nil && ok && score >= low && score <= high
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
