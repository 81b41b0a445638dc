package driver

import (
	"context"
	"slices"
	"strings"

	"tributary/journeys/driver/topic"
)

// ToldBy is what the topic of a conversation is told by.
type ToldBy string

// The ways to tell, the surest first.
const (
	ByLabel  ToldBy = "label"
	BySource ToldBy = "source"
	ByText   ToldBy = "text"
	ByModel  ToldBy = "model" // a model outside, from the text
)

// waysToTell lists them.
var waysToTell = []ToldBy{ByLabel, BySource, ByText, ByModel}

// judge says what conversations of a workspace are about. It is of one report.
type judge struct {
	model  *topic.Model
	labels map[string]string
	topics []string
	remote Classifier               // nil: none is configured
	fields map[string]topic.Verdict // of what sources say, of which there is little that is different
}

// judge makes that of a workspace: its labels in force, and the model that they teach.
func (s *Service) judge(ctx context.Context, workspace string) (*judge, error) {
	labels, err := s.labels(workspace)
	if err != nil {
		return nil, err
	}
	model, err := s.model(ctx, workspace, labels)
	if err != nil {
		return nil, err
	}
	return &judge{model: model, labels: labels, remote: s.remote, topics: topic.Topics(), fields: map[string]topic.Verdict{}}, nil
}

// about says what a conversation is about, and by what that is told; a model outside was asked before, or is not asked.
func (j *judge) about(r *row) (topic.Verdict, ToldBy) {
	v, by := j.here(r)
	if j.open(r, v, by) {
		if told, ok := j.remembered(r.Said); ok {
			return told, ByModel
		}
	}
	return v, by
}

// here is about without a model outside.
func (j *judge) here(r *row) (v topic.Verdict, by ToldBy) {
	if label := j.labels[r.Source+"/"+r.ConversationID]; label != "" {
		return topic.Verdict{Topic: label, Confidence: 1}, ByLabel
	}
	for _, field := range []string{r.Topic, r.Disposition} {
		if field == "" {
			continue
		}
		if slices.Contains(j.topics, field) {
			return topic.Verdict{Topic: field, Confidence: 1}, BySource
		}
		if v = j.field(strings.NewReplacer("_", " ", "-", " ", "/", " ", ".", " ").Replace(field)); v.Topic != topic.Unknown {
			return v, BySource
		}
	}
	return j.model.Judge(r.Said), ByText
}

func (j *judge) field(text string) topic.Verdict {
	v, ok := j.fields[text]
	if !ok {
		v = j.model.Judge(text)
		j.fields[text] = v
	}
	return v
}
