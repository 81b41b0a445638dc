package driver

import (
	"context"

	"tributary/journeys/driver/classify"
	"tributary/journeys/driver/topic"
)

// Classifier is a model outside that says what texts are about; classify.Classifier is one.
type Classifier interface {
	Model() string
	// Known returns what it said of a text before: a topic, unknown, or "" of no use. False: it was not asked.
	Known(text string) (topic string, ok bool)
	// Ask asks about texts, after which Known knows those that were answered.
	Ask(ctx context.Context, texts []string) classify.Outcome
}

// Remote says what a model outside told, of the conversations of the scope and of the spans before.
type Remote struct {
	Model         string `json:"model"`
	Conversations int    `json:"conversations"` // whose topic it told
	Asked         int    `json:"asked"`         // requests of this report; other texts were asked about before
	Failed        int    `json:"failed"`        // of them, without a topic of the taxonomy; the classifier that runs here decides
	NotAsked      int    `json:"not_asked"`     // texts beyond the bounds of day and time
	// Complete: every text was asked about. Else what it told is left out of Before, Expected and of what is emerging: of
	// one span more might have been asked about than of another.
	Complete bool `json:"complete"`
}

// open says whether a model outside is to be asked about a conversation that was judged.
func (j *judge) open(r *row, v topic.Verdict, by ToldBy) bool {
	return j.remote != nil && by == ByText && r.Said != "" && v.Topic == topic.Unknown
}

// remembered is what a model outside said of a text before, if that is a topic.
func (j *judge) remembered(text string) (topic.Verdict, bool) {
	t, known := j.remote.Known(text)
	if !known || t == "" || t == topic.Unknown {
		return topic.Verdict{}, false
	}
	return topic.Verdict{Topic: t}, true
}

// putAside keeps a conversation until a model outside was asked about it.
func (t *tally) putAside(r *row, v topic.Verdict) { t.aside = append(t.aside, waiting{*r, v}) }

// waiting is a conversation, and what the classifier that runs here makes of it.
type waiting struct {
	row     row
	verdict topic.Verdict
}

// ask asks about all that was put aside, and counts it.
func (t *tally) ask(ctx context.Context) {
	if t.remote == nil {
		return
	}
	texts := make([]string, len(t.aside))
	for i := range t.aside {
		texts[i] = t.aside[i].row.Said
	}
	out := t.remote.Ask(ctx, texts)
	t.outside = &Remote{Model: t.remote.Model(), Asked: out.Asked, Failed: out.Failed, NotAsked: out.NotAsked, Complete: out.Failed+out.NotAsked == 0}
	for i := range t.aside {
		w := &t.aside[i]
		if v, ok := t.remembered(w.row.Said); ok {
			t.outside.Conversations++
			t.count(&w.row, v, ByModel)
		} else {
			t.count(&w.row, w.verdict, ByText)
		}
	}
	t.aside = nil
}
