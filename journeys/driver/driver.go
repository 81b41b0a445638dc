// Package driver says why customers make contact: what their conversations are about, what of it rises, and what long ones have
// in common.
package driver

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
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
	// Remote says what a model outside told; absent: none is configured.
	Remote *Remote `json:"remote,omitempty"`
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
	Model  int `json:"model"` // outside, if one is configured
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
	remote        Classifier
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
	return &Service{reader: reader, conversations: conversations, labelled: labelled, commands: commands, documents: documents, now: now}, nil
}

// Outside has a model outside asked what conversations are about that nothing else tells. It is to be called before the service is used.
func (s *Service) Outside(c Classifier) { s.remote = c }

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
	judge, err := s.judge(ctx, workspace)
	if err != nil {
		return nil, err
	}
	t := newTally(&scope, judge)
	for row, err := range s.read(ctx, &scope, reading{since: scope.From.Add(-spansBefore * t.span)}) {
		if err != nil {
			return nil, err
		}
		t.add(row)
	}
	t.ask(ctx)
	t.fill(a)
	return a, nil
}

// reading is which conversations of a scope are read.
type reading struct {
	since time.Time // when they began, at the earliest
	after uuid.UUID // whose they are: of people behind this one; zero: of all
}

// read yields conversations in the order of people. What began before the scope is told by its events in the spans before.
func (s *Service) read(ctx context.Context, scope *report.Scope, of reading) iter.Seq2[*row, error] {
	return func(yield func(*row, error) bool) {
		kinds := make([]string, len(scope.AgentKinds))
		for i, k := range scope.AgentKinds {
			kinds[i] = string(k)
		}
		wide := scope.WithoutAgentKinds()
		wide.From = scope.From.Add(-spansBefore * scope.Until.Sub(scope.From))
		params := wide.Params()
		params["kinds"], params["limit"], params["text_characters"] = kinds, maxConversations+1, textCharacters
		params["began_since"], params["after"] = of.since.UnixMilli(), of.after
		n := 0
		for row, err := range s.conversations.Each(ctx, params) {
			if n++; err == nil && n > maxConversations {
				err = event.Errors{{Field: "from", Reason: fmt.Sprintf("is too long ago: this span and the %d before it have more than %d conversations", spansBefore, maxConversations)}}
			}
			if !yield(&row, err) || err != nil {
				return
			}
		}
	}
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
