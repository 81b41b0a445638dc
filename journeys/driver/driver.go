// Package driver says why customers make contact: what their conversations are about, what of it rises, and what long ones have
// in common.
package driver

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/driver/topic"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// Definition is what the numbers are.
const Definition = "drivers/1: conversations that customers began, by a person's label, else the source's topic or disposition, else " +
	"what the customer wrote; a rise is told against eight spans of the same length before, at a false discovery rate of 5 %"

// The bounds of reports.
const (
	maxConversations = 100_000 // that a report looks at, those of the spans before included
	textCharacters   = 600     // of a conversation
	spansBefore      = 8
	leastSpans       = 4 // to tell of a rise
	leastPeople      = 5 // behind a name or word that sources or customers chose
	leastLong        = 20
	longShare        = 0.9 // long calls take longer than so many of all
	alarm            = 0.05
)

// Request asks why customers made contact. The scope is the span that is compared with those before.
type Request struct {
	report.Request
}

// Answer says why.
type Answer struct {
	report.About
	// Untrusted names the members that sources or customers wrote.
	Untrusted     []string `json:"untrusted"`
	Conversations int      `json:"conversations"`
	Unknown       int      `json:"unknown"` // of which nothing says what they are about
	// SpansBefore is how many spans of the same length before there are to compare with; below 4 nothing is emerging.
	SpansBefore int     `json:"spans_before"`
	Topics      []Topic `json:"topics"`
	// Told are topics by the names that sources gave them, of five people at least.
	Told  []Told        `json:"told"`
	Long  *Long         `json:"long,omitempty"`
	Model topic.Quality `json:"model"`
}

// Topic is one of the taxonomy.
type Topic struct {
	Topic         string  `json:"topic"` // group/topic
	Conversations int     `json:"conversations"`
	Share         float64 `json:"share"`
	People        int     `json:"people"`
	By            By      `json:"by"`
	Confidence    float64 `json:"confidence"` // mean, of those by text
	// Words are those that most often decided, of five people at least.
	Words  []string `json:"words"`
	Before []int    `json:"before"` // conversations in the spans before, the latest first
	rise
	Emerging bool `json:"emerging"`
}

// By is what the topic of conversations was told by.
type By struct {
	Label  int `json:"label"`
	Source int `json:"source"`
	Text   int `json:"text"`
}

// Told is a topic as sources name it.
type Told struct {
	Name          string `json:"name"`
	Conversations int    `json:"conversations"`
	People        int    `json:"people"`
	Before        []int  `json:"before"`
	rise
	Emerging bool `json:"emerging"`
}

// Service makes reports from the events in the analytics store. It is safe for concurrent use.
type Service struct {
	reader        *report.Reader
	conversations store.Query[row]
	labelled      store.Query[labelledRow]
	commands      Commands
	documents     Documents
	now           func() time.Time
}

// row is a row of driver/conversations.
type row struct {
	Source         string    `ch:"told_by"`
	ConversationID string    `ch:"conversation_id"`
	Began          time.Time `ch:"began"`
	Who            uuid.UUID `ch:"who"`
	Topic          string    `ch:"told_topic"`
	Disposition    string    `ch:"told_disposition"`
	Said           string    `ch:"said"`
	HandleS        float64   `ch:"handle_s"`
	Steps          []string  `ch:"steps"`
}

// labelledRow is a row of driver/labelled.
type labelledRow struct {
	Source         string `ch:"told_by"`
	ConversationID string `ch:"conversation_id"`
	Said           string `ch:"said"`
}

// New returns a service over an open store; labels go through commands and are kept by documents.
func New(s *store.Store, reader *report.Reader, commands Commands, documents Documents, now func() time.Time) (*Service, error) {
	conversations, err := store.Prepare[row](s, "driver/conversations")
	if err != nil {
		return nil, err
	}
	labelled, err := store.Prepare[labelledRow](s, "driver/labelled")
	if err != nil {
		return nil, err
	}
	return &Service{reader, conversations, labelled, commands, documents, now}, nil
}

// Report answers a request. It fails with event.Errors, each with its path, and as report.Reader.Resolve and queries do.
func (s *Service) Report(ctx context.Context, workspace string, r Request) (*Answer, error) {
	var faults event.Errors
	scope := r.Scope(workspace, s.now(), &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	a := &Answer{Untrusted: []string{"told[].name", "topics[].words", "long.shared[].name"}}
	var err error
	if a.About, err = s.reader.Resolve(ctx, &scope, Definition); err != nil {
		return nil, err
	}
	labels, err := s.labels(workspace)
	if err != nil {
		return nil, err
	}
	model, err := s.model(ctx, workspace, labels)
	if err != nil {
		return nil, err
	}
	t := newTally(&scope, model, labels)
	if err := s.read(ctx, &scope, t); err != nil {
		return nil, err
	}
	t.fill(a)
	return a, nil
}

// read hands the conversations of the scope and of the spans before it to a tally.
func (s *Service) read(ctx context.Context, scope *report.Scope, t *tally) error {
	kinds := make([]string, len(scope.AgentKinds))
	for i, k := range scope.AgentKinds {
		kinds[i] = string(k)
	}
	wide := scope.WithoutAgentKinds()
	wide.From = scope.From.Add(-spansBefore * t.span)
	params := wide.Params()
	params["kinds"], params["limit"], params["text_characters"] = kinds, maxConversations+1, textCharacters
	n := 0
	for row, err := range s.conversations.Each(ctx, params) {
		if err != nil {
			return err
		}
		if n++; n > maxConversations {
			return event.Errors{{Field: "from", Reason: fmt.Sprintf("is too long ago: this span and the %d before it have more than %d conversations", spansBefore, maxConversations)}}
		}
		t.add(&row)
	}
	return nil
}

// judge says what a conversation is about, and by what that is told.
func (t *tally) judge(r *row) (v topic.Verdict, by string) {
	if label := t.labels[r.Source+"/"+r.ConversationID]; label != "" {
		return topic.Verdict{Topic: label, Confidence: 1}, byLabel
	}
	for _, field := range []string{r.Topic, r.Disposition} {
		if field == "" {
			continue
		}
		if slices.Contains(t.topics, field) {
			return topic.Verdict{Topic: field, Confidence: 1}, bySource
		}
		if v = t.verdict(strings.NewReplacer("_", " ", "-", " ", "/", " ", ".", " ").Replace(field)); v.Topic != topic.Unknown {
			return v, bySource
		}
	}
	return t.model.Judge(r.Said), byText
}

// verdict judges what sources say, of which there is little that is different.
func (t *tally) verdict(field string) topic.Verdict {
	v, ok := t.fields[field]
	if !ok {
		v = t.model.Judge(field)
		t.fields[field] = v
	}
	return v
}

// most are the keys with most people, those with fewer than leastPeople left out.
func most(words map[string]map[uuid.UUID]bool, limit int) []string {
	all := []string{}
	for w, people := range words {
		if len(people) >= leastPeople {
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(words[b]), len(words[a])), cmp.Compare(a, b))
	})
	return all[:min(len(all), limit)]
}
