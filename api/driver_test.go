package api

import (
	"context"
	"errors"

	"tributary/api/policy"
	"tributary/journeys/driver"
)

// someDrivers are one conversation, with the marks of classes; no report is made.
type someDrivers struct{}

var driven = driver.Conversation{
	Source: "marksource", ConversationID: "c-1", Topic: "billing/refund", By: driver.ByText, ToldTopic: marks[policy.ClassConversation],
	Said: &driver.Said{Text: marks[policy.ClassContent], Origin: "customer", Untrusted: true},
}

func (someDrivers) Report(context.Context, string, driver.Request) (*driver.Answer, error) {
	return nil, errors.New("no engine")
}

func (someDrivers) People(_ context.Context, _ string, r driver.PeopleRequest) (*driver.People, error) {
	person := driver.Person{Profile: contacting, Count: 1, Conversations: []driver.Conversation{driven}}
	return &driver.People{People: []driver.Person{person}, Untrusted: []string{}}, fromWhen(r.From)
}

func (someDrivers) Examples(_ context.Context, _ string, r driver.ExamplesRequest) (*driver.Examples, error) {
	group := driver.GroupExamples{Examples: []driver.Example{{Profile: contacting, Conversation: driven}}}
	return &driver.Examples{Groups: []driver.GroupExamples{group}, Untrusted: []string{}}, fromWhen(r.From)
}

func (someDrivers) Topics(string) (*driver.Taxonomy, error) {
	return &driver.Taxonomy{Topics: []driver.TopicLine{}}, nil
}

func (someDrivers) Labels(string, driver.LabelsRequest) (*driver.LabelPage, error) {
	line := driver.Label{Source: "marksource", ConversationID: marks[policy.ClassConversation], Topic: "billing/refund"}
	return &driver.LabelPage{Labels: []driver.Label{line}, Untrusted: []string{}}, nil
}

func (someDrivers) Label(context.Context, string, []driver.Label) error {
	return errors.New("no engine")
}
