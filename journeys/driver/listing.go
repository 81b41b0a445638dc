package driver

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"tributary/ingest/event"
	"tributary/journeys/driver/topic"
)

// MaxLabelsListed bounds a page of labels.
const MaxLabelsListed = 1000

// LabelsRequest asks for labels in force.
type LabelsRequest struct {
	Topic  string // empty: of any
	Limit  int    // 1 to MaxLabelsListed; 0: 100
	Cursor string // of the page before
}

// LabelPage is a page of labels, by source and conversation.
type LabelPage struct {
	// Untrusted names the members that sources wrote.
	Untrusted  []string `json:"untrusted" policy:"meta"`
	Labels     []Label  `json:"labels" policy:"-"`
	NextCursor string   `json:"next_cursor,omitempty" policy:"meta"` // asks for the next page; absent: there is none
}

// Labels lists labels in force. It fails with event.Errors, each with its path.
func (s *Service) Labels(workspace string, r LabelsRequest) (*LabelPage, error) {
	var faults event.Errors
	after, err := base64.RawURLEncoding.DecodeString(r.Cursor)
	if err != nil {
		faults.Add("cursor", "must be next_cursor of the page before")
	}
	if r.Topic != "" && r.Topic != topic.Unknown && !slices.Contains(topic.Topics(), r.Topic) {
		faults.Add("topic", "must be a topic of the taxonomy, or unknown")
	}
	limit := number(r.Limit, 100, MaxLabelsListed, "limit", &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	labels, err := s.labels(workspace)
	if err != nil {
		return nil, err
	}
	page := &LabelPage{Labels: []Label{}, Untrusted: []string{"labels[].conversation_id"}}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if key <= string(after) || r.Topic != "" && labels[key] != r.Topic {
			continue
		}
		if n := len(page.Labels); n == limit {
			last := page.Labels[n-1]
			page.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(last.Source + "/" + last.ConversationID))
			break
		}
		source, id, _ := strings.Cut(key, "/")
		page.Labels = append(page.Labels, Label{source, id, labels[key]})
	}
	return page, nil
}

// Taxonomy is what conversations are told to be about.
type Taxonomy struct {
	// Topics are groups, each with its topics behind it, in the order of groups; unknown is none of them.
	Topics []TopicLine `json:"topics"`
	// Unknown is how many labels say that a conversation is about none of them.
	Unknown int `json:"unknown_labels"`
}

// TopicLine is a group or a topic of the taxonomy.
type TopicLine struct {
	ID     string      `json:"id"`               // group, or group/topic, which labels and reports name it by
	Parent string      `json:"parent,omitempty"` // the group; empty of a group
	Words  topic.Words `json:"words"`            // of a group: none
	Labels int         `json:"labels"`           // in force; of a group: of its topics
}

// Topics tells the taxonomy, and how many labels each topic has.
func (s *Service) Topics(workspace string) (*Taxonomy, error) {
	labels, err := s.labels(workspace)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, t := range labels {
		counts[t]++
		if group, _, ok := strings.Cut(t, "/"); ok {
			counts[group]++
		}
	}
	t := &Taxonomy{Topics: []TopicLine{}, Unknown: counts[topic.Unknown]}
	lines := topic.List()
	slices.SortStableFunc(lines, func(a, b topic.Line) int { return cmp.Compare(a.Parent, b.Parent) })
	group := ""
	for _, line := range lines {
		if line.Parent != group {
			group = line.Parent
			t.Topics = append(t.Topics, TopicLine{ID: group, Words: topic.Words{English: []string{}, Chinese: []string{}}, Labels: counts[group]})
		}
		t.Topics = append(t.Topics, TopicLine{line.Topic, group, line.Words, counts[line.Topic]})
	}
	return t, nil
}
