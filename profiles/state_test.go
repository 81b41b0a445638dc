package profiles

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"

	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ptr[T any](x T) *T { return &x }

// genEvent draws events that collide: few times, names and ids.
func genEvent(seq int) *rapid.Generator[*event.Event] {
	return rapid.Custom(func(t *rapid.T) *event.Event {
		e := &event.Event{
			Workspace:  "w",
			Source:     rapid.SampledFrom([]string{"crm", "web", "helpdesk"}).Draw(t, "source"),
			MessageID:  fmt.Sprintf("m%d", seq),
			At:         epoch.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "at")) * time.Second),
			ReceivedAt: epoch,
			Type:       rapid.SampledFrom([]event.Type{event.TypeTrack, event.TypeIdentify, event.TypePage}).Draw(t, "type"),
			Channel:    rapid.SampledFrom([]event.Channel{"", event.ChannelWeb, event.ChannelChat}).Draw(t, "channel"),
		}
		switch e.Type { //nolint:exhaustive // no other types are drawn
		case event.TypeIdentify:
			traits := rapid.MapOfN(rapid.StringMatching(`[a-h]{1,3}`), rapid.IntRange(0, 3), 0, 40).Draw(t, "traits")
			e.Traits, _ = json.Marshal(traits)
			e.Attributes = rapid.MapOfN(rapid.SampledFrom([]string{"name", "city"}), rapid.SampledFrom([]string{"a", "b"}), 0, 2).Draw(t, "attributes")
			if rapid.Bool().Draw(t, "record") {
				e.Record = &event.Record{ID: "r", Version: rapid.SampledFrom([]string{"", "2", "10", "1a"}).Draw(t, "version"), Deleted: rapid.IntRange(0, 9).Draw(t, "deleted") == 0}
			}
		case event.TypeTrack:
			e.Name = rapid.SampledFrom([]string{"conversation.started", "conversation.message", "conversation.ended", "case.opened", "case.resolved", "invoice.paid", "survey.answered", "Plan Compared"}).Draw(t, "name")
			id := fmt.Sprint(rapid.IntRange(0, 90).Draw(t, "id"))
			e.CX = &event.CX{ConversationID: "c" + id, CaseID: "k" + id, Text: rapid.SampledFrom([]string{"", "where is it?", strings.Repeat("é", 400)}).Draw(t, "text")}
			if rapid.IntRange(0, 4).Draw(t, "note") == 0 {
				e.Source, e.Name = event.SourceAgent, event.NameNoteAdded
			}
			if e.Name == "survey.answered" {
				e.CX.Survey, e.CX.Scale = event.SurveyCSAT, "1-5"
				e.CX.Score = ptr(float64(rapid.IntRange(1, 5).Draw(t, "score")))
			}
		}
		return e
	})
}

func encode(s *State) []byte {
	b, _ := s.AppendBinary(nil)
	return b
}

func apply(events []*event.Event, order []int) *State {
	s := &State{}
	for _, i := range order {
		s.Apply(events[i], stream.Position{Partition: 1, Offset: uint64(i)})
	}
	return s
}

func TestStateIsTheSameInAnyOrderAndGrouping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 250).Draw(t, "events")
		events := make([]*event.Event, n)
		straight := make([]int, n)
		for i := range events {
			events[i] = genEvent(i).Draw(t, "event")
			straight[i] = i
		}
		want := encode(apply(events, straight))

		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		order := r.Perm(n)
		if got := encode(apply(events, order)); !bytes.Equal(got, want) {
			t.Fatalf("another order gives another state")
		}
		// Any grouping: cut the order into parts, then merge neighbours at random until one is left.
		var parts []*State
		for len(order) > 0 {
			size := 1 + r.IntN(len(order))
			parts = append(parts, apply(events, order[:size]))
			order = order[size:]
		}
		for len(parts) > 1 {
			i := r.IntN(len(parts) - 1)
			merged := parts[i]
			if r.IntN(2) == 0 { // and by way of the codec
				b, err := MergeEncoded(nil, encode(parts[i+1]), encode(parts[i]))
				if err != nil {
					t.Fatal(err)
				}
				merged = &State{}
				if err := merged.UnmarshalBinary(b); err != nil {
					t.Fatal(err)
				}
			} else {
				merged.Merge(parts[i+1])
			}
			parts = append(append(parts[:i:i], merged), parts[i+2:]...)
		}
		if len(parts) == 1 && !bytes.Equal(encode(parts[0]), want) {
			t.Fatalf("another grouping gives another state")
		}
	})
}

func TestMergeLeavesTheOtherAsItIs(t *testing.T) {
	a, b := &State{}, &State{}
	a.Apply(sampleEvent(1), stream.Position{})
	b.Apply(sampleEvent(2), stream.Position{})
	before := encode(b)
	a.Merge(b)
	a.Apply(sampleEvent(3), stream.Position{})
	if !bytes.Equal(encode(b), before) {
		t.Error("merging changed the other state")
	}
}

func TestStateIsBoundedAndCountsWhatItLeavesOut(t *testing.T) {
	s := &State{}
	for i := range 3000 {
		e := &event.Event{
			Source: fmt.Sprint("source", i%50), MessageID: fmt.Sprint(i), Type: event.TypeTrack, Name: fmt.Sprint("name", i),
			At: epoch.Add(time.Duration(i) * time.Second), ReceivedAt: epoch,
			Traits: json.RawMessage(fmt.Sprintf(`{"trait%d":%q,"long":%q}`, i, strings.Repeat("x", 900), strings.Repeat("y", 2000))),
			CX:     &event.CX{ConversationID: fmt.Sprint(i), Text: strings.Repeat("z", 5000)},
		}
		s.Apply(e, stream.Position{Offset: uint64(i)})
	}
	if n := len(encode(s)); n > 256<<10 {
		t.Errorf("encoded state has %d bytes", n)
	}
	if got, want := s.leftOutTraits(), uint64(6000-maxTraits); got != want {
		t.Errorf("left out %d traits, want %d", got, want)
	}
	p := Fold(s2id(1), []Member{{State: s}}, Rules{})
	if got, want := p.LeftOut.Counted, uint64(3000-maxCounters); got != want {
		t.Errorf("left out %d counted events, want %d", got, want)
	}
	if len(p.Interactions) != maxContacts || p.Interactions[0].MessageID != "2999" {
		t.Errorf("kept %d interactions, the first %q", len(p.Interactions), p.Interactions[0].MessageID)
	}
	if text := p.Interactions[0]; len(text.Text) != maxSnippet || !text.TextCut {
		t.Errorf("text of %d bytes, cut %v", len(text.Text), text.TextCut)
	}
}

func TestRecordIsReplacedWhole(t *testing.T) {
	identify := func(version, traits string, deleted bool) *event.Event {
		return &event.Event{
			Source: "crm", MessageID: version, Type: event.TypeIdentify, At: epoch, ReceivedAt: epoch,
			Record: &event.Record{ID: "r1", Version: version, Deleted: deleted}, Traits: json.RawMessage(traits),
		}
	}
	names := func(s *State) string {
		var all []string
		for _, t := range Fold(s2id(1), []Member{{State: s}}, Rules{}).Traits {
			all = append(all, t.Name+"="+string(t.Value))
		}
		return strings.Join(all, " ")
	}
	s := &State{}
	s.Apply(identify("10", `{"plan":"pro"}`, false), stream.Position{})
	s.Apply(identify("9", `{"plan":"free","fax":"1"}`, false), stream.Position{})
	if got := names(s); got != `plan="pro"` {
		t.Errorf("after an older version: %s", got)
	}
	s.Apply(identify("11", `{}`, true), stream.Position{})
	if got := names(s); got != "" {
		t.Errorf("after deletion: %s", got)
	}
}

// sampleEvent is a message in a chat, about 1 KB as JSON.
func sampleEvent(i int) *event.Event {
	return &event.Event{
		Workspace: "acme", Source: "helpdesk", MessageID: fmt.Sprintf("message-%08d", i), Type: event.TypeTrack,
		Name: "conversation.message", Channel: event.ChannelChat,
		At: epoch.Add(time.Duration(i) * time.Second), ReceivedAt: epoch.Add(time.Duration(i) * time.Second),
		Identifiers: []event.Identifier{{Type: event.IDUser, Value: "u1"}},
		CX: &event.CX{
			ConversationID: fmt.Sprintf("conv-%d", i/10), Turn: int64(i % 10), AuthorRole: event.AuthorCustomer,
			Direction: event.DirectionInbound, AgentID: "agent-7", Topic: "delivery.late",
			Text: "My parcel was meant to come on Tuesday and it is still not here, can somebody tell me where it is?",
		},
	}
}

// fullState holds all that a State can hold of a busy observation.
func fullState() *State {
	s := &State{}
	for i := range 400 {
		s.Apply(sampleEvent(i), stream.Position{Offset: uint64(i)})
	}
	e := sampleEvent(400)
	e.Type, e.Name, e.CX = event.TypeIdentify, "", nil
	e.Traits = json.RawMessage(`{"email":"a@example.com","firstName":"Ada","lastName":"Lovelace","plan":"pro","address":{"city":"London"}}`)
	s.Apply(e, stream.Position{})
	return s
}

func FuzzUnmarshalState(f *testing.F) {
	f.Add([]byte{})
	f.Add(encode(&State{}))
	small := &State{} // a large seed makes the fuzzer slow
	for i := range 3 {
		small.Apply(sampleEvent(i), stream.Position{Offset: uint64(i)})
	}
	f.Add(encode(small))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s State
		if s.UnmarshalBinary(data) != nil {
			return
		}
		again := encode(&s)
		var s2 State
		if err := s2.UnmarshalBinary(again); err != nil {
			t.Fatalf("its own encoding does not decode: %v", err)
		}
		if !bytes.Equal(encode(&s2), again) {
			t.Fatal("encoding is not stable")
		}
		s.Merge(&s2)
		Fold(s2id(1), []Member{{State: &s}}, Rules{})
	})
}

func FuzzEachField(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1}`, ` { "a\u0041" : [1,{"b":"}"}] , "c" : "\"" } `, `{"a":`, `{"a":1,"a":2}`, `[]`, `{"\`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := map[string]string{}
		err := eachField(data, func(name, value string) { got[name] = value })
		var want map[string]json.RawMessage
		if json.Unmarshal(data, &want) != nil || want == nil {
			return // what is not JSON only must not panic
		}
		if err != nil || len(got) > len(want) {
			t.Fatalf("%d of %d fields, %v", len(got), len(want), err)
		}
	})
}

func BenchmarkApply(b *testing.B) {
	s := fullState()
	e := sampleEvent(500)
	b.ReportAllocs()
	for b.Loop() {
		s.Apply(e, stream.Position{Offset: 1})
	}
}

func BenchmarkDecodeApplyEncode(b *testing.B) {
	few := &State{}
	for i := range 12 {
		few.Apply(sampleEvent(i), stream.Position{Offset: uint64(i)})
	}
	b.Run("12 events", func(b *testing.B) { benchmarkRoundTrip(b, few) })
	b.Run("full", func(b *testing.B) { benchmarkRoundTrip(b, fullState()) })
}

func benchmarkRoundTrip(b *testing.B, of *State) {
	data := encode(of)
	e := sampleEvent(500)
	var s State
	var buf []byte
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := s.UnmarshalBinary(data); err != nil {
			b.Fatal(err)
		}
		s.Apply(e, stream.Position{Offset: 1})
		buf, _ = s.AppendBinary(buf[:0])
	}
}

// s2id is an observation id made of a number.
func s2id(n byte) identity.ObservationID { return identity.ObservationID{15: n} }
