package profiles_test

import (
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
)

// TestProofsAreOfASourceAndEnd: each source's word stands by itself, whatever order it came in, and one from the
// future counts from its receipt.
func TestProofsAreOfASourceAndEnd(t *testing.T) {
	received := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	say := func(source, name, conversation string, at time.Time) *event.Event {
		return &event.Event{
			Workspace: "acme", Source: source, MessageID: source + name + conversation, Type: event.TypeTrack, Name: name,
			CX: &event.CX{ConversationID: conversation}, At: at, ReceivedAt: received,
		}
	}
	events := []*event.Event{
		say("ivr", event.NameConversationVerified, "c-1", received.Add(-time.Minute)),
		say("web", event.NameConversationVerified, "c-1", received.AddDate(1, 0, 0)),
		say("web", event.NameConversationIdentified, "c-1", received.Add(-2*time.Minute)),
		say("web", event.NameConversationVerified, "", received),
	}
	fold := func(order ...int) []profiles.Proof {
		var s profiles.State
		for _, i := range order {
			s.Apply(events[i], stream.Position{Offset: uint64(i)})
		}
		return profiles.Fold([16]byte{1}, []profiles.Member{{State: &s}}, profiles.Rules{}).Proofs
	}
	want := []profiles.Proof{
		{Conversation: "c-1", Source: "web", Verified: true, At: received},
		{Conversation: "c-1", Source: "ivr", Verified: true, At: received.Add(-time.Minute)},
		{Conversation: "c-1", Source: "web", At: received.Add(-2 * time.Minute)},
	}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 0, 1, 2}} {
		got := fold(order...)
		if len(got) != len(want) {
			t.Fatalf("%v: %+v", order, got)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%v: %+v, want %+v", order, got[i], want[i])
			}
		}
	}
}
