package driver

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/journeys/driver/topic"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// Commands gives commands through the log and waits until they are applied; admin.Commands does.
type Commands interface {
	Do(ctx context.Context, workspace string, command unify.Command) (stream.Position, error)
}

// Documents keeps documents; state.Store does.
type Documents interface {
	Docs(bucket string) ([]state.Doc, error)
}

// Label is a person's word on what a conversation is about. It holds no text: that is read from the events, so that what is
// erased teaches nothing any more.
type Label struct {
	Source         string `json:"source" policy:"provenance"`
	ConversationID string `json:"conversation_id" policy:"conversation"`
	// Topic is one of the taxonomy, or unknown; empty takes a label back.
	Topic string `json:"topic" policy:"conversation"`
}

// The bounds of labels.
const (
	MaxLabels  = 100   // in one request
	maxTaught  = 2_000 // that a model is taught with
	maxOfALine = 256   // bytes of a conversation's id
)

// document is what is kept of a label.
type document struct {
	Topic string `json:"topic"`
}

func bucket(workspace string) string { return unify.LabelsBucket + workspace }

func (l Label) key() string { return l.Source + "/" + l.ConversationID }

// Check reports every fault of labels, each with its path.
func Check(labels []Label) error {
	var faults event.Errors
	if len(labels) == 0 || len(labels) > MaxLabels {
		faults.Add("labels", fmt.Sprintf("must have 1 to %d", MaxLabels))
		return faults.Err()
	}
	topics := topic.Topics()
	seen := map[string]bool{}
	for i, l := range labels {
		path := fmt.Sprintf("labels[%d].", i)
		if !event.ValidSource(l.Source) {
			faults.Add(path+"source", "must be the name of a source: lower-case letters, digits, _ and -, at most 64")
		}
		if l.ConversationID == "" || len(l.ConversationID) > maxOfALine {
			faults.Add(path+"conversation_id", "must be the id of a conversation, at most 256 bytes")
		}
		if l.Topic != "" && l.Topic != topic.Unknown && !slices.Contains(topics, l.Topic) {
			faults.Add(path+"topic", "must be a topic of the taxonomy, unknown, or empty to take the label back")
		}
		if seen[l.key()] {
			faults.Add(path+"conversation_id", "is labelled twice")
		}
		seen[l.key()] = true
	}
	return faults.Err()
}

// Label keeps labels through the log: all of them, or none. It fails with event.Errors, each with its path.
func (s *Service) Label(ctx context.Context, workspace string, labels []Label) error {
	if err := Check(labels); err != nil {
		return err
	}
	put := unify.ConfigPutAll{Bucket: bucket(workspace)}
	for _, l := range labels {
		value, err := json.Marshal(document{l.Topic})
		if err != nil {
			return err
		}
		put.Documents = append(put.Documents, unify.ConfigDocument{Key: l.key(), Value: value})
	}
	_, err := s.commands.Do(unify.WithAction(ctx, "journeys.label"), workspace, put)
	return err
}

// labels reads those in force, by key.
func (s *Service) labels(workspace string) (map[string]string, error) {
	docs, err := s.documents.Docs(bucket(workspace))
	if err != nil {
		return nil, err
	}
	labels := map[string]string{}
	for _, doc := range docs {
		var d document
		if err := json.Unmarshal(doc.Value, &d); err != nil {
			return nil, fmt.Errorf("read label: %w", err)
		}
		if d.Topic != "" {
			labels[doc.Key] = d.Topic
		}
	}
	return labels, nil
}

// model is that of a workspace: the lexicon, and its labels with the texts that are there.
func (s *Service) model(ctx context.Context, workspace string, labels map[string]string) (*topic.Model, error) {
	ids := []string{}
	for key := range labels {
		_, id, _ := strings.Cut(key, "/")
		ids = append(ids, id)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var taught []topic.Label
	if len(ids) > 0 {
		rows, err := s.labelled.All(ctx, map[string]any{"workspace": workspace, "conversations": ids[:min(len(ids), maxTaught)], "text_characters": textCharacters})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			key := row.Source + "/" + row.ConversationID
			if labels[key] != "" && row.Said != "" {
				taught = append(taught, topic.Label{Key: key, Text: row.Said, Topic: labels[key]})
			}
		}
	}
	return topic.New(taught), nil
}
