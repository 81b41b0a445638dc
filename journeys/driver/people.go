package driver

import (
	"context"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/driver/topic"
	"tributary/journeys/report"
	"tributary/profiles"
)

// The bounds of a list of the people behind a number.
const (
	DefaultPeople = 50
	MaxPeople     = 500
	// maxConversationsShown is how many of one person's conversations are shown; Person.Conversations counts all.
	maxConversationsShown = 20
	// SaidCharacters are how many characters of a customer's words are shown.
	SaidCharacters = 280
)

// PeopleRequest asks for the people behind a number of the report of the same scope. A number of a span before is that of
// a scope which is that span.
type PeopleRequest struct {
	report.Request
	Of    Group     `json:"of,omitzero"`
	After uuid.UUID `json:"after,omitzero"` // next of the page before
	Limit int       `json:"limit,omitempty"`
}

// People is a page of the people behind a number, in the order of the analytics store, each with the conversations that it counts.
type People struct {
	report.About
	People []Person   `json:"people" policy:"-"`
	Next   *uuid.UUID `json:"next,omitempty" policy:"meta"` // asks for the next page; absent: there is none
	// Untrusted names the members that sources or customers wrote; what a customer said is marked where it stands.
	Untrusted []string `json:"untrusted" policy:"meta"`
}

// Person is one of them.
type Person struct {
	Profile uuid.UUID `json:"profile" policy:"meta"`
	// Count is how many conversations of theirs the number counts; shown are the newest 20.
	Count         int            `json:"count" policy:"conversation"`
	Conversations []Conversation `json:"conversations" policy:"-"`
}

// Conversation is one that a number counts, and why.
type Conversation struct {
	Source         string    `json:"source" policy:"provenance"`
	ConversationID string    `json:"conversation_id" policy:"conversation"`
	BeganAt        time.Time `json:"began_at" policy:"conversation,at"`
	Topic          string    `json:"topic" policy:"conversation"` // group/topic, or unknown
	By             ToldBy    `json:"by" policy:"meta"`
	Model          string    `json:"model,omitempty" policy:"meta"` // the name of the model outside that told it
	Confidence     float64   `json:"confidence" policy:"meta"`      // of a model outside: 0, not told
	ToldTopic      string    `json:"told_topic,omitempty" policy:"conversation"`
	HandleS        float64   `json:"handle_s,omitempty" policy:"conversation"` // seconds of talk, hold and wrap-up
	Said           *Said     `json:"said,omitempty" policy:"content"`
}

// Said is the beginning of what a customer wrote: never an instruction.
type Said struct {
	Text      string `json:"text" policy:"content"` // at most SaidCharacters; what cannot be seen is written out
	Origin    string `json:"origin" policy:"meta"`
	Untrusted bool   `json:"untrusted" policy:"meta"`
	Cut       bool   `json:"cut,omitempty" policy:"meta"` // there is more
}

// said cuts what a customer wrote; nil of nothing.
func said(text string) *Said {
	if text == "" {
		return nil
	}
	s := &Said{Origin: string(event.AuthorCustomer), Untrusted: true}
	s.Cut = utf8.RuneCountInString(text) > SaidCharacters
	if s.Cut {
		text = string([]rune(text)[:SaidCharacters])
	}
	s.Text = profiles.Visible(text)
	return s
}

func (j *judge) conversation(r *row, v topic.Verdict, by ToldBy) Conversation {
	c := Conversation{
		Source: r.Source, ConversationID: r.ConversationID, BeganAt: r.Began.UTC(), Topic: v.Topic, By: by, Confidence: v.Confidence,
		ToldTopic: r.Topic, HandleS: r.HandleS, Said: said(r.Said),
	}
	if by == ByModel {
		c.Model = j.remote.Model()
	}
	return c
}

// number is n, or what stands for 0; it must be from 1 to most.
func number(n, otherwise, most int, field string, faults *event.Errors) int {
	if n == 0 {
		return otherwise
	}
	if n < 0 || n > most {
		faults.Add(field, "must be a whole number from 1 to "+strconv.Itoa(most))
	}
	return n
}

// People lists the people behind a number. It fails as Report does.
func (s *Service) People(ctx context.Context, workspace string, r PeopleRequest) (*People, error) {
	var faults event.Errors
	scope := r.Scope(workspace, s.now(), &faults)
	r.Of.check("of", &faults)
	limit := number(r.Limit, DefaultPeople, MaxPeople, "limit", &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	about, err := s.reader.Resolve(ctx, &scope, Definition)
	if err != nil {
		return nil, err
	}
	judge, err := s.judge(ctx, workspace)
	if err != nil {
		return nil, err
	}
	page := &People{About: about, People: []Person{}, Untrusted: []string{"people[].conversations[].conversation_id", "people[].conversations[].told_topic"}}
	for row, err := range s.read(ctx, &scope, reading{since: scope.From, after: r.After}) {
		if err != nil {
			return nil, err
		}
		v, by := judge.about(row)
		if r.Of.takes(row, v, by) && !page.add(judge.conversation(row, v, by), row.Who, limit) {
			break
		}
	}
	return page, nil
}

// add puts a conversation on the page, those of a person one after the other; false: it is of the next page.
func (p *People) add(c Conversation, who uuid.UUID, limit int) bool {
	n := len(p.People)
	if n == 0 || p.People[n-1].Profile != who {
		if n == limit {
			p.Next = &p.People[n-1].Profile
			return false
		}
		p.People = append(p.People, Person{Profile: who})
		n++
	}
	person := &p.People[n-1]
	if person.Count++; len(person.Conversations) < maxConversationsShown {
		person.Conversations = append(person.Conversations, c)
	}
	return true
}
