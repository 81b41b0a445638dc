package identity_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tributary/identity"
	"tributary/identity/identitytest"
	"tributary/ingest/event"

	"pgregory.net/rapid"
)

// TestStatus asks for the state of one value in small worlds.
func TestStatus(t *testing.T) {
	const e1, e2, p1 = "email=a@example.org", "email=b@example.org", "phone=+14155550101"
	mail, phone := identity.Identifier{Type: "email", Value: "a@example.org"}, identity.Identifier{Type: "phone", Value: "+14155550101"}
	device := identity.Identifier{Type: "device_id", Value: "d"}
	for _, c := range []struct {
		name  string
		rules string
		said  []string
		never [][2]int
		block bool
		id    identity.Identifier
		want  string // state, kind, profiles, observations
		why   string // part of the reason
	}{
		{name: "nobody's", said: []string{e2}, id: mail, want: "unknown  0 0", why: "Nobody"},
		{name: "one person's", said: []string{e1 + "; name=Ann Lee", e1 + "; conv=1"}, id: mail, want: "personal  1 2", why: "One profile"},
		{name: "a login", said: []string{"user_id=1", e1 + "; user_id=1"}, id: identity.Identifier{Type: "user_id", Value: "1"}, want: "personal  1 2"},
		{
			name: "a family's number", said: []string{p1 + "; name=Ann Lee", p1 + "; name=Bob Lee", p1 + "; conv=1"},
			id: phone, want: "shared household 2 3", why: "in common",
		},
		{
			name: "a family by its address", id: phone, want: "shared household 2 2",
			said: []string{p1 + "; name=Ann Lee; street=1 Main St.; postcode=10001", p1 + "; name=Bob Ray; street=1 main st; postcode=10001"},
		},
		{
			name: "one of the family never gave a name", id: phone, want: "shared household 3 3",
			said: []string{p1 + "; name=Ann Lee", p1 + "; name=Bob Lee", p1 + "; user_id=7"},
		},
		{name: "two strangers", said: []string{p1 + "; name=Ann Lee", p1 + "; name=Bob Ray"}, id: phone, want: "shared several 2 2", why: "nothing says"},
		{name: "a call may be one of two", said: []string{p1 + "; name=Ann Lee", p1 + "; name=Bob Ray", p1 + "; conv=1"}, id: phone, want: "shared several 2 3"},
		{name: "a reception desk", said: people(8, p1), id: phone, want: "shared place 8 8", why: "more families"},
		{name: "a big reception desk", said: people(30, p1), id: phone, want: "generic place 0 30", why: "30 different names"},
		{name: "logins at one mailbox", said: logins(30, e1), id: mail, want: "generic place 0 30", why: "values of user_id"},
		{name: "a shop's tablet", said: logins(8, "device_id=d"), id: device, want: "shared place 8 8"},
		{name: "one visitor's device", said: []string{"device_id=d", "device_id=d; user_id=1"}, id: device, want: "personal  1 2"},
		{name: "many calls", rules: "generic: {holders: 3}", said: []string{p1 + "; conv=1", p1 + "; conv=2", p1 + "; conv=3", p1 + "; conv=4"}, id: phone, want: "generic place 0 4", why: "4 observations"},
		{name: "blocked by the rules", rules: "blocked: [{type: email, pattern: 'a@.*'}]", said: []string{e1}, id: mail, want: "blocked  0 1", why: "identify nobody"},
		{name: "blocked by a person", block: true, said: []string{e1}, id: mail, want: "blocked  0 1", why: "A person"},
		{name: "blocked from the start", id: identity.Identifier{Type: "email", Value: "test@test.com"}, want: "blocked  0 0"},
		{name: "evidence", rules: "identifiers: [{type: email, role: evidence}]", said: []string{e1 + "; user_id=1"}, id: mail, want: "personal  1 1", why: "joins nobody"},
		{name: "evidence of two", rules: "identifiers: [{type: email, role: evidence}]", said: []string{e1 + "; name=Ann Lee", e1 + "; name=Bob Lee"}, id: mail, want: "shared household 2 2"},
		{name: "parted by a person", said: []string{"user_id=1; name=Ann Lee", "user_id=1; name=Ann Lee; device_id=d"}, never: [][2]int{{0, 1}}, id: identity.Identifier{Type: "user_id", Value: "1"}, want: "shared household 2 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := withRules(t, newEngine(t, identity.Config{}), c.rules)
			f := identitytest.New()
			var ids []identity.ObservationID
			for i, text := range c.said {
				o, _ := e.Observe(said(t, i, text))
				f.Add(o)
				ids = append(ids, o.ID)
			}
			for _, n := range c.never {
				f.Link(ids[n[0]], ids[n[1]], identity.NeverMerge)
			}
			if c.block {
				f.Block(c.id)
			}
			s, err := e.Status(t.Context(), f, nil, c.id)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%s %s %d %d", s.State, s.Kind, len(s.Profiles), s.Observations); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if !strings.Contains(s.Reason, c.why) || !strings.HasSuffix(s.Reason, ".") || strings.Contains(s.Reason, c.id.Value) && len(c.id.Value) > 3 {
				t.Errorf("because %q", s.Reason)
			}
			if !slices.IsSortedFunc(s.Profiles, func(a, b identity.ProfileID) int { return slices.Compare(a[:], b[:]) }) {
				t.Errorf("profiles are not ascending: %v", s.Profiles)
			}
		})
	}
}

// people are as many names at one value.
func people(n int, value string) []string {
	first := []string{"Ann", "Bob", "Eve", "Joe", "Kim", "Lou"}
	last := []string{"Berg", "Costa", "Dang", "Fischer", "Garcia", "Haddad", "Ivanov", "Jensen"}
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("%s; name=%s %s", value, first[i/len(last)], last[i%len(last)]))
	}
	return list
}

func logins(n int, value string) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("%s; user_id=u%d", value, i))
	}
	return list
}

// TestOnePersonIsNotGeneric gives one person's telephone, mailbox and browser 500 records, in which
// the name is written in many ways, and records of contacts and other addresses abound.
func TestOnePersonIsNotGeneric(t *testing.T) {
	e := newEngine(t, identity.Config{})
	f := identitytest.New()
	first := []string{"Katherine", "Kathrine", "Kate", "K.", "Katharine", "KATHERINE", "Katie", "Kathryn"}
	last := []string{"Johnson", "Johnsen", "Jonson", "JOHNSON", "Johnson Jr", "Jöhnson"}
	form := []string{"name=%s %s", "first_name=%s; last_name=%s", "name=%[2]s, %[1]s"}
	for i := range 500 {
		text := fmt.Sprintf(form[i%3], first[i%8], last[i/3%6])
		text += fmt.Sprintf("; phone=+14155550101; email=kate@example.org; device_id=d; email=kate%d@example.org; crm.contact_id=c%d; record=%d", i, i, i)
		o, _ := e.Observe(said(t, i, text))
		f.Add(o)
	}
	for _, id := range []identity.Identifier{
		{Type: event.IDPhone, Value: "+14155550101"}, {Type: event.IDEmail, Value: "kate@example.org"}, {Type: event.IDDevice, Value: "d"},
	} {
		s, err := e.Status(t.Context(), f, nil, id)
		if err != nil {
			t.Fatal(err)
		}
		if s.State == identity.ValueGeneric {
			t.Errorf("%s is %s: %s", id.Type, s.State, s.Reason)
		}
	}
}

func TestThirtyPeopleAreGeneric(t *testing.T) {
	const p1 = "phone=+14155550101"
	for n, want := range map[int]identity.ValueState{1: identity.ValuePersonal, 24: identity.ValueShared, 25: identity.ValueGeneric, 30: identity.ValueGeneric} {
		e, f := newEngine(t, identity.Config{}), identitytest.New()
		for i, text := range people(n, p1) {
			o, _ := e.Observe(said(t, i, text))
			f.Add(o)
		}
		s, err := e.Status(t.Context(), f, nil, identity.Identifier{Type: event.IDPhone, Value: "+14155550101"})
		if err != nil || s.State != want {
			t.Errorf("%d people: %s, %v", n, s.State, err)
		}
	}
}

func TestShared(t *testing.T) {
	const p1, e1 = "phone=+14155550101", "email=a@example.org"
	e, f := withRules(t, newEngine(t, identity.Config{}), "generic: {spread: 10}"), identitytest.New()
	texts := slices.Concat([]string{p1 + "; name=Ann Lee", p1 + "; name=Bob Lee", p1 + "; conv=1"}, people(12, e1),
		[]string{"device_id=d; user_id=1", "device_id=d; user_id=2", "email=b@example.org; user_id=1"})
	var ids []identity.ObservationID
	for i, text := range texts {
		o, _ := e.Observe(said(t, i, text))
		f.Add(o)
		ids = append(ids, o.ID)
	}
	var got []string
	for _, s := range fromScratch(t, e, f).Shared {
		got = append(got, fmt.Sprintf("%s %s %d %d", s.Identifier.Type, s.Kind, len(s.Profiles), s.Observations))
	}
	want := []string{"device_id several 2 2", "email place 0 0", "phone household 2 3"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	r, err := e.Resolve(t.Context(), f, nil, ids[2:3])
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Shared) != 1 || !slices.Equal(r.Shared[0].Profiles, sorted(ids[0], ids[1])) {
		t.Errorf("from the call: %+v", r.Shared)
	}
}

func sorted(ids ...identity.ObservationID) []identity.ObservationID {
	slices.SortFunc(ids, func(a, b identity.ObservationID) int { return slices.Compare(a[:], b[:]) })
	return ids
}

// TestSharedIsAFunctionOfTheComponent asks from every observation what is shared, and finds what a
// resolution of everything says of its identifiers.
func TestSharedIsAFunctionOfTheComponent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEngine(t)
		f := identitytest.New()
		for _, o := range drawObservations(t, e, 20) {
			f.Add(o)
		}
		all := map[identity.Identifier]string{}
		for _, s := range fromScratch(t, e, f).Shared {
			all[s.Identifier] = fmt.Sprint(s)
		}
		for _, id := range f.IDs() {
			r, err := e.Resolve(t.Context(), f, nil, []identity.ObservationID{id})
			if err != nil {
				t.Fatal(err)
			}
			here := map[identity.Identifier]string{}
			for _, s := range r.Shared {
				here[s.Identifier] = fmt.Sprint(s)
			}
			o, _ := f.Observation(id)
			for _, held := range o.Identifiers {
				if here[held] != all[held] {
					t.Fatalf("%v: %q from %s, %q from scratch", held, here[held], id, all[held])
				}
			}
		}
	})
}
