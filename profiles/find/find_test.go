package find_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/find"
	"tributary/profiles/privacy"
	"tributary/sql/storetest"
)

// people are profiles by what they are found by, "type:value", and what they are called.
type people struct {
	lead       map[string]profiles.Resolved
	names      map[identity.ProfileID]string
	restricted map[identity.ProfileID]bool
}

func (p *people) Resolve(_ context.Context, _ string, address profiles.Address) (profiles.Resolved, error) {
	id := address[0]
	if r, known := p.lead[id.Type+":"+id.Value]; known {
		return r, nil
	}
	if id.Type == profiles.TypeProfile || id.Type == profiles.TypeObservation {
		who, err := uuid.Parse(id.Value)
		if err != nil {
			return profiles.Resolved{}, &profiles.AddressError{Field: "profile", Reason: "is not a UUID"}
		}
		if _, known := p.names[who]; known {
			return profiles.Resolved{Profiles: []identity.ProfileID{who}}, nil
		}
	}
	return profiles.Resolved{}, nil
}

func (p *people) Get(_ context.Context, _ string, address profiles.Address) (*profiles.Answer, error) {
	who := uuid.MustParse(address[0].Value)
	name, known := p.names[who]
	switch {
	case !known:
		return nil, profiles.ErrNotFound
	case p.restricted[who]:
		return nil, privacy.ErrRestricted
	}
	value, err := json.Marshal(name)
	return &profiles.Answer{Profile: profiles.Profile{ID: who, Attributes: []profiles.Trait{{Name: "name", Value: value}}}}, err
}

// index is what the analytics store says, whatever is asked for.
type index struct {
	named   []identity.ProfileID
	types   []string
	records []find.Record
	err     error
	asked   string
}

func (x *index) Named(_ context.Context, _ string, _, words []string, limit int) ([]identity.ProfileID, error) {
	x.asked += fmt.Sprintf("named %q ", words)
	return x.named[:min(limit, len(x.named))], x.err
}

func (x *index) Identified(_ context.Context, _, value string, _ int) ([]string, error) {
	x.asked += fmt.Sprintf("identified %q ", value)
	return x.types, x.err
}

func (x *index) Recorded(_ context.Context, _, value string, _ find.May, _ int) ([]find.Record, error) {
	x.asked += fmt.Sprintf("recorded %q ", value)
	return x.records, x.err
}

var everything = find.May{Names: find.NameFields(), Contacts: find.Since{May: true}, Money: find.Since{May: true}}

// tell is whom a query finds: their names, what by, and what else is said of them.
func tell(t *testing.T, s *find.Service, query string, limit int) string {
	t.Helper()
	found, err := s.Find(t.Context(), find.Request{Workspace: "acme", Query: query, Limit: limit, May: everything})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, c := range found.Customers {
		text := "restricted"
		if c.Answer != nil {
			text = strings.Trim(string(c.Answer.Profile.Attributes[0].Value), `"`)
		}
		for _, m := range c.Matches {
			text += " " + m.By
			if m.Alone {
				text += "!"
			}
			if m.Part {
				text += "~"
			}
		}
		if c.Requested != uuid.Nil {
			text += " merged"
		}
		if c.Split {
			text += " split"
		}
		all = append(all, text)
	}
	if found.More {
		all = append(all, "more")
	}
	for _, left := range found.Left {
		all = append(all, "no "+left.By+", "+left.Because)
	}
	return strings.Join(all, "; ")
}

// TestFind: who was found by what, in which order; whoever changed since the index saw them is as they are now.
func TestFind(t *testing.T) {
	ada, bo, cy, gone := storetest.Observation(0), storetest.Observation(1), storetest.Observation(2), storetest.Observation(3)
	one := func(who identity.ProfileID) profiles.Resolved {
		return profiles.Resolved{Profiles: []identity.ProfileID{who}}
	}
	p := &people{
		names: map[identity.ProfileID]string{ada: "Ada Marsh", bo: "Bo Marshal", cy: "Cy Plain"}, restricted: map[identity.ProfileID]bool{cy: true},
		lead: map[string]profiles.Resolved{
			"email:ada@example.com": one(ada), "phone:1": {Profiles: []identity.ProfileID{ada, bo}}, "user_id:4711": one(bo), "shop.customer:4711": one(ada), "email:cy@example.com": one(cy),
			"device_id:d":              {Profiles: []identity.ProfileID{ada}, Unsure: true},
			"profile:" + gone.String(): {Profiles: []identity.ProfileID{ada}, Requested: gone},
			"profile:" + storetest.Observation(4).String(): {Profiles: []identity.ProfileID{ada, bo}, Split: true},
		},
	}
	for _, c := range []struct {
		query string
		index index
		want  string
	}{
		{"email:ada@example.com", index{}, "Ada Marsh email!"},
		{"  EMAIL: ada@example.com ", index{}, "Ada Marsh email!"},
		{"ada@example.com", index{types: []string{"email"}}, "Ada Marsh email!"},
		{"phone:1", index{}, "Ada Marsh phone; Bo Marshal phone"},
		{"device_id:d", index{}, "Ada Marsh device_id"},
		{"4711", index{types: []string{"shop.customer"}, records: []find.Record{{Observation: ada, Kinds: []string{"case", "order"}}}}, "Bo Marshal user_id!; Ada Marsh shop.customer! case order"},
		{"shop.customer:4711", index{}, "Ada Marsh shop.customer!"},
		{"order:7", index{records: []find.Record{{Observation: bo, Kinds: []string{"case", "order"}}}}, "Bo Marshal order"},
		{gone.String(), index{}, "Ada Marsh profile! merged"},
		{"profile:" + storetest.Observation(4).String(), index{}, "Ada Marsh profile split; Bo Marshal profile split"},
		{"profile:x", index{}, ""},
		{"marsh", index{named: []identity.ProfileID{ada, bo, gone, storetest.Observation(9)}}, "Ada Marsh name; Bo Marshal name~"},
		{"name:MÁRSH, ada", index{named: []identity.ProfileID{ada}}, "Ada Marsh name"},
		{"smith", index{named: []identity.ProfileID{ada}}, ""}, // called so once
		{"plain", index{named: []identity.ProfileID{cy}}, ""},  // nobody hears of a name that may not be used
		{"cy@example.com", index{}, "restricted email!"},
		{"marsh", index{err: errors.New("engine is down")}, "no identifiers, unavailable; no records, unavailable; no names, unavailable"},
	} {
		if got := tell(t, find.New(p, &c.index), c.query, 0); got != c.want {
			t.Errorf("%q finds %q, want %q", c.query, got, c.want)
		}
	}
	if got := tell(t, find.New(p, &index{named: []identity.ProfileID{ada, bo}}), "marsh", 1); got != "Ada Marsh name; more" {
		t.Errorf("with a limit of 1 it finds %q", got)
	}
}

// TestOnlyWhatAQueryMayBeIsLookedFor: what somebody says the type of is looked for as nothing else, and nothing that may
// not be.
func TestOnlyWhatAQueryMayBeIsLookedFor(t *testing.T) {
	for query, want := range map[string]string{
		"email:a@example.com": "", "profile:x": "", "a@example.com": `identified "a@example.com" recorded "a@example.com" `,
		"name: ada, marsh": `named ["ada" "marsh"] `, "invoice:in_1": `recorded "in_1" `,
		"chat:17": `identified "chat:17" recorded "chat:17" named ["chat:17"] `,
	} {
		x := &index{}
		tell(t, find.New(&people{}, x), query, 0)
		if x.asked != want {
			t.Errorf("%q asks for %q, want %q", query, x.asked, want)
		}
	}
	x := &index{}
	if _, err := find.New(&people{}, x).Find(t.Context(), find.Request{Workspace: "acme", Query: "4711"}); err != nil || x.asked != `identified "4711" ` {
		t.Errorf("without a right it asks for %q (%v)", x.asked, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := find.New(&people{}, &index{err: ctx.Err()}).Find(ctx, find.Request{Query: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever goes away is answered %v", err)
	}
}

// FuzzQuery: no query is too strange, and those that are refused are not repeated.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"ada", "email:a@b.example", "\x00", "\xff", ":", "name:", "a.b:c", strings.Repeat("x ", 40)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		_, err := find.New(&people{}, &index{}).Find(t.Context(), find.Request{Query: query, May: everything})
		var fault *find.QueryError
		if err != nil && !errors.As(err, &fault) {
			t.Error(err)
		}
		if fault != nil && !slices.Contains([]string{"is no UTF-8", "may have 200 characters", "may have 16 words", "has a control character", "needs something to search for"}, fault.Reason) {
			t.Errorf("it is refused by %q", fault.Reason)
		}
	})
}
