package handoff

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/ingest/event"
)

var (
	begin   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	subject = uuid.UUID{1, 15: 1}
	number  = uuid.UUID{2, 15: 2}
	ada     = Party{Kind: KindHuman, Actor: "key:1", ID: "ada"}
	bob     = Party{Kind: KindHuman, Actor: "key:1", ID: "bob"}
	bot     = Party{Kind: KindAI, Actor: "key:2"}
)

func offer() Step {
	return Step{
		Handoff: number, OfferedAt: begin, By: bot, Name: event.NameHandoffOffered, At: begin, MessageID: "offer",
		Record: &Record{ID: number, Version: Version, From: bot, Subject: subject, CreatedAt: begin, Status: StatusOffered, Wants: "a refund"},
	}
}

// at is a step so many seconds after the offer.
func at(seconds int, name string, by Party, more func(*Step)) Step {
	s := Step{
		Handoff: number, OfferedAt: begin, By: by, Name: name, At: begin.Add(time.Duration(seconds) * time.Second),
		MessageID: fmt.Sprint(name, by.ID, seconds),
	}
	if more != nil {
		more(&s)
	}
	return s
}

func lease(s int) func(*Step)      { return func(x *Step) { x.LeaseS = s } }
func says(text string) func(*Step) { return func(x *Step) { x.Summary = text } }

func TestWhoHoldsIt(t *testing.T) {
	accepted, extended := event.NameHandoffAccepted, event.NameHandoffExtended
	released, returned := event.NameHandoffReleased, event.NameHandoffReturned
	for name, c := range map[string]struct {
		steps  []Step
		at     int // seconds
		status Status
		holder string
	}{
		"offered":                 {nil, 5, StatusOffered, ""},
		"accepted":                {[]Step{at(1, accepted, ada, lease(60))}, 60, StatusAccepted, "ada"},
		"lease over":              {[]Step{at(1, accepted, ada, lease(60))}, 61, StatusExpired, ""},
		"second to accept":        {[]Step{at(1, accepted, ada, lease(60)), at(1, accepted, bob, lease(60))}, 2, StatusAccepted, "ada"},
		"after the lease":         {[]Step{at(1, accepted, ada, lease(60)), at(61, accepted, bob, lease(60))}, 70, StatusAccepted, "bob"},
		"extended":                {[]Step{at(1, accepted, ada, lease(60)), at(50, extended, ada, lease(60))}, 100, StatusAccepted, "ada"},
		"extended by another":     {[]Step{at(1, accepted, ada, lease(60)), at(50, extended, bob, lease(60))}, 100, StatusExpired, ""},
		"extended too late":       {[]Step{at(1, accepted, ada, lease(60)), at(62, extended, ada, lease(60))}, 70, StatusExpired, ""},
		"a lease is not cut":      {[]Step{at(1, accepted, ada, lease(60)), at(2, extended, ada, lease(1))}, 50, StatusAccepted, "ada"},
		"released":                {[]Step{at(1, accepted, ada, lease(60)), at(2, released, ada, nil)}, 3, StatusReleased, ""},
		"released by another":     {[]Step{at(1, accepted, ada, lease(60)), at(2, released, bob, nil)}, 3, StatusAccepted, "ada"},
		"returned":                {[]Step{at(1, accepted, ada, lease(60)), at(2, returned, ada, says("done"))}, 3, StatusReturned, ""},
		"returned by another":     {[]Step{at(1, accepted, ada, lease(60)), at(2, returned, bob, says("done"))}, 3, StatusAccepted, "ada"},
		"returned late":           {[]Step{at(1, accepted, ada, lease(60)), at(90, returned, ada, says("done"))}, 91, StatusReturned, ""},
		"returned too late":       {[]Step{at(1, accepted, ada, lease(60)), at(80, accepted, bob, lease(60)), at(90, returned, ada, says("done"))}, 91, StatusAccepted, "bob"},
		"returned twice":          {[]Step{at(1, accepted, ada, lease(60)), at(2, returned, ada, says("done")), at(3, returned, ada, says("again"))}, 4, StatusReturned, ""},
		"accepted after it":       {[]Step{at(1, accepted, ada, lease(60)), at(2, returned, ada, says("done")), at(3, accepted, bob, lease(60))}, 4, StatusReturned, ""},
		"accepted before offered": {[]Step{at(-1, accepted, ada, lease(60))}, 2, StatusOffered, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := &History{}
			for _, s := range append([]Step{offer()}, c.steps...) {
				h.Add(&s)
			}
			r := h.Fold(begin.Add(time.Duration(c.at) * time.Second))
			holder := ""
			if r.Lease != nil {
				holder = r.Lease.Holder.ID
			}
			if r.Status != c.status || holder != c.holder {
				t.Errorf("is %s, held by %q", r.Status, holder)
			}
			if err := r.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestForWhomItIs(t *testing.T) {
	for name, c := range map[string]struct {
		to   To
		by   Party
		want bool
	}{
		"anybody":       {To{}, bot, true},
		"kind":          {To{Kind: KindHuman}, ada, true},
		"another kind":  {To{Kind: KindHuman}, bot, false},
		"actor":         {To{Actor: "ada"}, ada, true},
		"another actor": {To{Actor: "ada"}, bob, false},
		"queue":         {To{Queue: "refunds"}, bob, true},
	} {
		t.Run(name, func(t *testing.T) {
			first := offer()
			first.Record.To = c.to
			h := &History{}
			h.Add(&first)
			step := at(1, event.NameHandoffAccepted, c.by, lease(60))
			h.Add(&step)
			if got := h.Fold(begin.Add(2*time.Second)).Lease != nil; got != c.want {
				t.Errorf("accepted: %v", got)
			}
		})
	}
}

var drawStep = rapid.Custom(func(t *rapid.T) Step {
	names := []string{
		event.NameHandoffOffered, event.NameHandoffAccepted, event.NameHandoffAccepted, event.NameHandoffExtended,
		event.NameHandoffReleased, event.NameHandoffReturned, event.NameHandoffRead,
	}
	s := Step{
		Handoff: number, OfferedAt: begin, By: rapid.SampledFrom([]Party{ada, bob, bot}).Draw(t, "by"),
		Name: rapid.SampledFrom(names).Draw(t, "name"),
		// Few times and ids, so that many are at once.
		At:        begin.Add(time.Duration(rapid.IntRange(0, 8).Draw(t, "at")) * time.Second),
		MessageID: fmt.Sprint(rapid.IntRange(0, 99).Draw(t, "id")),
	}
	switch s.Name {
	case event.NameHandoffOffered:
		o := offer()
		s.At, s.Record = begin, o.Record
		s.Record.From = s.By
	case event.NameHandoffAccepted, event.NameHandoffExtended:
		s.LeaseS = rapid.IntRange(1, 5).Draw(t, "lease")
	case event.NameHandoffReturned:
		s.Summary, s.Resolved = "done", rapid.Bool().Draw(t, "resolved")
	case event.NameHandoffRead:
		s.Parts = []string{"wants"}
	}
	return s
})

// TestEverybodyAgrees: in any order of arrival, with duplicates, the same set of steps says the same at every
// time, encoded and decoded in between; and never does it pass from one holder to another while a lease stands.
func TestEverybodyAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.SliceOfNDistinct(drawStep, 0, 40, func(s Step) string { return s.MessageID }).Draw(t, "steps")
		o := offer()
		steps = append(steps, o)
		one, other := &History{}, &History{}
		for i := range steps {
			one.Add(&steps[i])
		}
		shuffled := rapid.Permutation(slices.Concat(steps, steps)).Draw(t, "order")
		for i := range shuffled {
			other.Add(&shuffled[i])
			if rapid.IntRange(0, 4).Draw(t, "restart") == 0 {
				other = again(t, other)
			}
		}
		var was *Record
		for tick := range 32 {
			now := begin.Add(time.Duration(tick) * time.Second / 2)
			a, b := one.Fold(now), other.Fold(now)
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("after %v one says %+v, the other %+v", now.Sub(begin), a, b)
			}
			was = a
		}
		if was != nil {
			exclusive(t, one)
		}
	})
}

// exclusive looks at a history step by step, as one who is told of each at its time.
func exclusive(t *rapid.T, h *History) {
	known := &History{}
	var held *Lease
	for _, s := range h.all() {
		known.Add(&s)
		now := known.Fold(s.At)
		if now == nil {
			continue
		}
		gone := s.By.Same(holderOf(held)) && (s.Name == event.NameHandoffReleased || s.Name == event.NameHandoffReturned)
		if held != nil && s.At.Before(held.Until) && !gone && (now.Lease == nil || !now.Lease.Holder.Same(held.Holder)) {
			t.Fatalf("%s by %s took it from %s", s.Name, s.By.ID, held.Holder.ID)
		}
		held = now.Lease
	}
}

func holderOf(l *Lease) Party {
	if l == nil {
		return Party{}
	}
	return l.Holder
}

type failer interface{ Fatal(...any) }

func again(t failer, h *History) *History {
	data, err := h.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	back := &History{}
	if err := back.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	return back
}

// TestABoundedHistoryIsThatOfTheSet: beyond the bounds too it does not hang on the order.
func TestABoundedHistoryIsThatOfTheSet(t *testing.T) {
	one, other := &History{}, &History{}
	var steps []Step
	for i := range 3 * MaxSteps {
		steps = append(steps, at(i, event.NameHandoffExtended, ada, lease(60)))
		steps = append(steps, at(i, event.NameHandoffRead, bob, func(s *Step) { s.Parts = []string{"wants"} }))
	}
	first := offer()
	one.Add(&first)
	for i := range steps {
		one.Add(&steps[i])
		other.Add(&steps[len(steps)-1-i])
	}
	other.Add(&first)
	if a, b := one.Fold(begin), other.Fold(begin); !reflect.DeepEqual(a, b) || len(one.all()) != MaxSteps+MaxReads || !one.Full() {
		t.Errorf("%d and %d steps", len(one.all()), len(other.all()))
	}
}

func eventOf(t *testing.T, s *Step) *event.Event {
	t.Helper()
	properties, err := s.Properties()
	if err != nil {
		t.Fatal(err)
	}
	return &event.Event{
		Source: event.SourceAgent, Name: s.Name, MessageID: s.MessageID, ReceivedAt: s.At, Observation: subject, Properties: properties,
		Context: event.Written{Actor: event.Actor{By: s.By.Actor, Kind: event.AuthorRole(s.By.Kind), ID: s.By.ID}}.Context(),
	}
}

func TestParseStep(t *testing.T) {
	long := strings.Repeat("x", MaxText+1)
	for name, c := range map[string]struct {
		step   Step
		change func(*event.Event)
		ok     bool
	}{
		"offer":                    {offer(), nil, true},
		"accept":                   {at(1, event.NameHandoffAccepted, ada, lease(60)), nil, true},
		"return":                   {at(1, event.NameHandoffReturned, ada, says("done")), nil, true},
		"read":                     {at(1, event.NameHandoffRead, ada, func(s *Step) { s.Parts = Parts() }), nil, true},
		"release":                  {at(1, event.NameHandoffReleased, ada, nil), nil, true},
		"of another subject":       {offer(), func(e *event.Event) { e.Observation = uuid.UUID{9} }, false},
		"nobody":                   {offer(), func(e *event.Event) { e.Context = nil }, false},
		"no JSON":                  {offer(), func(e *event.Event) { e.Properties = json.RawMessage(`{`) }, false},
		"another name":             {offer(), func(e *event.Event) { e.Name = "handoff.stolen" }, false},
		"no record":                {offer(), func(e *event.Event) { e.Properties = json.RawMessage(`{"handoff":"` + number.String() + `","x":1}`) }, false},
		"long text":                {with(func(r *Record) { r.Wants = long }), nil, false},
		"status":                   {with(func(r *Record) { r.Status = StatusClosed }), nil, false},
		"no lease":                 {at(1, event.NameHandoffAccepted, ada, nil), nil, false},
		"long lease":               {at(1, event.NameHandoffAccepted, ada, lease(7201)), nil, false},
		"empty return":             {at(1, event.NameHandoffReturned, ada, nil), nil, false},
		"long return":              {at(1, event.NameHandoffReturned, ada, says(long)), nil, false},
		"no parts":                 {at(1, event.NameHandoffRead, ada, nil), nil, false},
		"a part that is none":      {at(1, event.NameHandoffRead, ada, func(s *Step) { s.Parts = []string{"lease"} }), nil, false},
		"before it was offered":    {at(-1, event.NameHandoffAccepted, ada, lease(60)), nil, false},
		"a record of another step": {at(1, event.NameHandoffReleased, ada, func(s *Step) { s.Record = offer().Record }), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := eventOf(t, &c.step)
			if c.change != nil {
				c.change(e)
			}
			got, err := ParseStep(e)
			if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrNoStep) {
				t.Fatalf("%+v, %v", got, err)
			}
			if err == nil && !got.By.Same(c.step.By) {
				t.Errorf("by %+v", got.By)
			}
			if err != nil && strings.Contains(err.Error(), "xxx") {
				t.Error("the error repeats a value")
			}
		})
	}
}

func with(change func(*Record)) Step {
	s := offer()
	change(s.Record)
	return s
}

// TestSchema holds the Go types and the document together: every member of one is a member of the other.
func TestSchema(t *testing.T) {
	full := offer().Record
	full.To = To{KindHuman, "q", "s", "a"}
	full.Conversation, full.Language, full.Summary = "c", "en", "s"
	sentiment := -0.5
	full.Sentiment = &sentiment
	full.From.Name = "n"
	full.Tried = []Attempt{{"what", "outcome", begin}}
	full.Promised = []Promise{{"c", "t", begin}}
	full.Verified = &Verification{"verified", "conversation_verified", begin}
	full.Open = []Matter{{"case", "c", "t"}}
	full.Interactions = []Interaction{{"s", "m", begin, "chat", "c", "conversation.message", "customer", "line"}}
	full.Extensions = map[string]json.RawMessage{"example.com/mood": json.RawMessage(`{"score":1}`)}
	full.Lease = &Lease{ada, begin}
	full.Reads = []Read{{ada, begin, Parts()}}
	full.Returns = []Return{{ada, begin, "s", true, "n"}}
	if err := full.Check(); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	var doc struct {
		ID         string                     `json:"$id"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := errors.Join(json.Unmarshal(text, &members), json.Unmarshal(Schema(), &doc)); err != nil {
		t.Fatal(err)
	}
	for name := range doc.Properties {
		if _, ok := members[name]; !ok {
			t.Errorf("the schema has %s, the record has not", name)
		}
	}
	if doc.ID != "urn:tributary:schema:handoff:1" {
		t.Errorf("id %s", doc.ID)
	}
	for _, change := range []func(*Record){
		func(r *Record) { r.Version = 2 },
		func(r *Record) { r.Interactions = make([]Interaction, MaxInteractions+1) },
		func(r *Record) { r.Tried = []Attempt{{}} },
		func(r *Record) { r.Status = "lost" },
		func(r *Record) { *r.Sentiment = 2 },
		func(r *Record) { r.Extensions = map[string]json.RawMessage{"": json.RawMessage("1")} },
		func(r *Record) {
			r.Extensions = map[string]json.RawMessage{"x": json.RawMessage(`"` + strings.Repeat("x", MaxExtensions) + `"`)}
		},
	} {
		bad := *full
		s := sentiment
		bad.Sentiment = &s
		change(&bad)
		if bad.Check() == nil {
			t.Errorf("%+v passes", bad)
		}
	}
}

// TestLaterMembersAreKept: what a later version of the schema adds does no harm to this one, and is there for who knows
// it: in the state, and wherever the step goes from here.
func TestLaterMembersAreKept(t *testing.T) {
	o := offer()
	properties, err := o.Properties()
	if err != nil {
		t.Fatal(err)
	}
	later := strings.Replace(string(properties), `"wants":`, `"later":{"deep":[1.50]},"wants":`, 1)
	later = strings.Replace(later, `{`, `{"also":"x",`, 1)
	e := eventOf(t, &o)
	e.Properties = json.RawMessage(later)
	s, err := ParseStep(e)
	if err != nil {
		t.Fatal(err)
	}
	h := &History{}
	h.Add(s)
	back := again(t, again(t, h))
	if r := back.Fold(begin); r == nil || r.Wants != "a refund" || r.Check() != nil {
		t.Errorf("the record is %+v", r)
	}
	kept, err := back.Last().Properties()
	if err != nil || string(kept) != later {
		t.Errorf("kept is %s, %v", kept, err)
	}
}

// TestAsOf: what stood at a time, whatever came later.
func TestAsOf(t *testing.T) {
	h := &History{}
	for _, s := range []Step{
		offer(), at(10, event.NameHandoffAccepted, ada, lease(60)), at(80, event.NameHandoffAccepted, bob, lease(60)), at(90, event.NameHandoffReturned, bob, says("done")),
	} {
		h.Add(&s)
	}
	for seconds, want := range map[int]string{-1: "", 0: "offered ", 10: "accepted ada", 69: "accepted ada", 70: "expired ", 80: "accepted bob", 90: "returned ", 1000: "returned "} {
		got := ""
		if r := h.AsOf(begin.Add(time.Duration(seconds) * time.Second)); r != nil {
			got = fmt.Sprintf("%s %s", r.Status, holderOf(r.Lease).ID)
		}
		if got != want {
			t.Errorf("after %d s it is %q, want %q", seconds, got, want)
		}
	}
}

func FuzzHistory(f *testing.F) {
	h := &History{}
	for _, s := range []Step{offer(), at(1, event.NameHandoffAccepted, ada, lease(60)), at(2, event.NameHandoffReturned, ada, says("done"))} {
		h.Add(&s)
	}
	seed, err := h.AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{historyVersion, '[', ']'})
	f.Fuzz(func(t *testing.T, data []byte) {
		back := &History{}
		if err := back.UnmarshalBinary(data); err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		_ = back.Fold(begin)
		if len(back.all()) > MaxSteps+MaxReads {
			t.Fatal("unbounded")
		}
	})
}

func FuzzParseStep(f *testing.F) {
	f.Add(event.NameHandoffOffered, []byte(`{"handoff":"02000000-0000-0000-0000-000000000002","record":{"status":"offered"}}`))
	f.Fuzz(func(t *testing.T, name string, properties []byte) {
		e := &event.Event{
			Source: event.SourceAgent, Name: name, MessageID: "m", ReceivedAt: begin, Observation: subject, Properties: properties,
			Context: event.Written{Actor: event.Actor{By: "key:1", Kind: event.AuthorAI}}.Context(),
		}
		s, err := ParseStep(e)
		if err != nil {
			if !errors.Is(err, ErrNoStep) {
				t.Fatal(err)
			}
			return
		}
		h := &History{}
		h.Add(s)
		if r := again(t, h).Fold(begin); r != nil && r.Check() != nil {
			t.Fatal("a record that breaks the schema was taken in")
		}
	})
}
