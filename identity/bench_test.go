package identity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tributary/identity"
	"tributary/identity/identitytest"
	"tributary/ingest/event"
)

// typicalEvents are what the sources of a support centre send most.
func typicalEvents() map[string]*event.Event {
	at := time.Unix(1e9, 0).UTC()
	base := event.Event{Workspace: "main", Source: "web", MessageID: "0f3b9a52-0c4f-4d6e-9f65-1d2c3b4a5968", ReceivedAt: at}
	with := func(change func(*event.Event)) *event.Event {
		e := base
		change(&e)
		return &e
	}
	return map[string]*event.Event{
		"visit": with(func(e *event.Event) {
			e.Identifiers = []event.Identifier{{Type: "anonymous_id", Value: "d3b8c0a2-5d0f-4c0e-8a53-0f7a3e5b9c11"}}
		}),
		"track": with(func(e *event.Event) {
			e.Identifiers = []event.Identifier{{Type: "anonymous_id", Value: "d3b8c0a2-5d0f-4c0e-8a53-0f7a3e5b9c11"}, {Type: "user_id", Value: "cust-120934"}}
		}),
		"ticket": with(func(e *event.Event) {
			e.Identifiers = []event.Identifier{{Type: "email", Value: "Marisa.Obrien@example.com"}}
			e.Attributes = map[string]string{"name": "Marisa Obrien", "gender": "Other"}
			e.CX = &event.CX{ConversationID: "ticket-8469"}
		}),
		"call": with(func(e *event.Event) {
			e.Identifiers = []event.Identifier{{Type: "phone", Value: "+49 151 23456789"}}
			e.CX = &event.CX{ConversationID: "call-1200934"}
		}),
		"contact": with(func(e *event.Event) {
			e.Record = &event.Record{ID: "7781"}
			e.Identifiers = []event.Identifier{
				{Type: "crm.contact_id", Value: "7781"}, {Type: "email", Value: "marisa.obrien@example.com"},
				{Type: "phone", Value: "+14155550101"}, {Type: "user_id", Value: "cust-120934"},
			}
			e.Attributes = map[string]string{"first_name": "Marisa", "last_name": "Obrien", "birth_date": "1980-02-03", "city": "Springfield"}
		}),
	}
}

func BenchmarkObserve(b *testing.B) {
	e := newEngine(b, identity.Config{DefaultRegion: "DE"})
	events := typicalEvents()
	for _, name := range []string{"visit", "track", "ticket", "call", "contact"} {
		ev := events[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.Observe(ev)
			}
		})
	}
}

// BenchmarkNewPhone is Observe with a number that no cache holds.
func BenchmarkNewPhone(b *testing.B) {
	e := newEngine(b, identity.Config{DefaultRegion: "DE"})
	id := identity.Identifier{Type: "phone"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		id.Value = fmt.Sprintf("0151 %08d", 20000000+i)
		e.Normalise(identity.Place{}, id)
	}
}

func BenchmarkIdentifierKey(b *testing.B) {
	e := newEngine(b, identity.Config{})
	id := identity.Identifier{Type: "email", Value: "marisa.obrien@example.com"}
	b.ReportAllocs()
	for b.Loop() {
		e.IdentifierKey("main", id)
	}
}

// person returns what is observed of one customer: a visit, a login, a contact, two tickets, a call.
func person(e *identity.Engine, i int) []identity.Observation {
	var list []identity.Observation
	for k, change := range []func(*event.Event){
		func(ev *event.Event) { ev.Identifiers = ids("anonymous_id", fmt.Sprint("visitor-", i)) },
		func(ev *event.Event) {
			ev.Identifiers = ids("anonymous_id", fmt.Sprint("visitor-", i), "user_id", fmt.Sprint("user-", i))
		},
		func(ev *event.Event) {
			ev.Record = &event.Record{ID: fmt.Sprint(i)}
			ev.Identifiers = ids("user_id", fmt.Sprint("user-", i), "email", fmt.Sprintf("mail%d@example.org", i), "phone", fmt.Sprintf("+1415%07d", 2000000+i))
			ev.Attributes = map[string]string{"first_name": "Ann", "last_name": fmt.Sprint("lee", i%977)}
		},
		func(ev *event.Event) {
			ev.Identifiers = ids("email", fmt.Sprintf("mail%d@example.org", i))
			ev.Attributes = map[string]string{"name": fmt.Sprint("Ann Lee", i%977)}
			ev.CX = &event.CX{ConversationID: fmt.Sprint("t", i)}
		},
		func(ev *event.Event) {
			ev.Identifiers = ids("email", fmt.Sprintf("mail%d@example.org", i))
			ev.CX = &event.CX{ConversationID: fmt.Sprint("u", i)}
		},
		func(ev *event.Event) {
			ev.Identifiers = ids("phone", fmt.Sprintf("+1415%07d", 2000000+i))
			ev.CX = &event.CX{ConversationID: fmt.Sprint("c", i)}
		},
	} {
		ev := &event.Event{Workspace: "main", Source: "web", MessageID: fmt.Sprint(i, k), ReceivedAt: time.Unix(int64(i*10+k), 0).UTC()}
		change(ev)
		o, _ := e.Observe(ev)
		list = append(list, o)
	}
	return list
}

func ids(pairs ...string) []event.Identifier {
	var list []event.Identifier
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, event.Identifier{Type: pairs[i], Value: pairs[i+1]})
	}
	return list
}

// BenchmarkResolveLinking resolves each new observation as it comes; five of six link with a
// person that is known already.
func BenchmarkResolveLinking(b *testing.B) {
	e := newEngine(b, identity.Config{})
	facts := identitytest.New()
	var stream []identity.Observation
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i%6 == 0 {
			b.StopTimer()
			stream = person(e, i/6)
			b.StartTimer()
		}
		o := stream[i%6]
		i++
		facts.Add(o)
		if _, err := e.Resolve(context.Background(), facts, nil, []identity.ObservationID{o.ID}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkResolveComponent resolves one person of many conversations, one shared number of many
// calls, and one more call from a number that is generic.
func BenchmarkResolveComponent(b *testing.B) {
	e := newEngine(b, identity.Config{})
	run := func(name string, n int, fill func(i int, ev *event.Event)) {
		facts := identitytest.New()
		var last identity.ObservationID
		for i := range n {
			ev := &event.Event{Workspace: "main", Source: "web", MessageID: fmt.Sprint(i), ReceivedAt: time.Unix(int64(i), 0).UTC()}
			ev.CX = &event.CX{ConversationID: fmt.Sprint(i)}
			fill(i, ev)
			o, _ := e.Observe(ev)
			facts.Add(o)
			last = o.ID
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Resolve(context.Background(), facts, nil, []identity.ObservationID{last}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("user of 1000 conversations", 1000, func(_ int, ev *event.Event) { ev.Identifiers = ids("user_id", "1") })
	run("number of 2 people and 1000 calls", 1000, func(i int, ev *event.Event) {
		ev.Identifiers = ids("phone", "+14155550101")
		if i < 2 {
			ev.Attributes = map[string]string{"name": []string{"Ann Lee", "Bob Lee"}[i]}
		}
	})
	run("number of 500 people", 500, func(i int, ev *event.Event) {
		ev.Identifiers = ids("phone", "+14155550101")
		ev.Attributes = map[string]string{"name": fmt.Sprint("Ann Lee", i)}
	})
	run("number of 10000 calls", 10000, func(_ int, ev *event.Event) { ev.Identifiers = ids("phone", "+14155550101") })
}
