package cx_test

import (
	"fmt"
	"math"
	"testing"

	"tributary/ingest/event"
)

// TestComparisonIsLikeForLike: AI gets the easy topic more often and looks better; over the same mix it is not. Of "easy" AI
// confirms 8 of 10 and people 4 of 5, of "hard" 1 of 5 and 4 of 10; "odd" only people have.
func TestComparisonIsLikeForLike(t *testing.T) {
	w, n := newWorld(t), 0
	serve := func(author event.AuthorRole, topic string, confirmed, of int) (list []said) {
		for i := range of {
			n++
			s := said{who: uint64(n), at: hours(1+n%5, 9), id: fmt.Sprintf("x%03d", n), source: "desk", channel: event.ChannelChat, name: "conversation.message"}
			s.CX = event.CX{ConversationID: fmt.Sprintf("x%03d", n), Direction: event.DirectionInbound, AuthorRole: author, Topic: topic}
			if i < confirmed {
				s.Resolution = event.ResolutionConfirmed
			}
			list = append(list, s)
		}
		return list
	}
	for _, list := range [][]said{
		serve("ai", "easy", 8, 10), serve("human", "easy", 4, 5), serve("ai", "hard", 1, 5), serve("human", "hard", 4, 10), serve("human", "odd", 1, 3),
	} {
		w.put("acme", list...)
	}
	answer, err := w.reader.Compare(t.Context(), "confirmed_resolution", scope("acme"))
	if err != nil || len(answer.Series) != 1 {
		t.Fatalf("%+v, %v", answer, err)
	}
	p := answer.Series[0]
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	near("AI", *p.AI.Value, 9.0/15)
	near("human", *p.Human.Value, 9.0/18)
	near("AI, standardised", p.Standardised.AI, 0.5*0.8+0.5*0.2)
	near("human, standardised", p.Standardised.Human, 0.5*0.8+0.5*0.4)
	near("difference", p.Standardised.Difference, -0.1)
	near("difference of easy", p.Topics[0].Difference, 0)
	if in := p.Standardised.DifferenceInterval; in.Low >= -0.1 || in.High <= -0.1 || p.LeftOut != 3 || len(p.Topics) != 2 {
		t.Errorf("%+v", p)
	}
	if _, err := w.reader.Compare(t.Context(), "backlog", scope("acme")); err == nil {
		t.Error("open cases are compared")
	}
}
