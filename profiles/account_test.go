package profiles

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
)

var day0 = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func onDay(n int) time.Time { return day0.AddDate(0, 0, n) }

// member makes an event about membership, on a day.
func member(name, role string, day int, cx event.CX) *event.Event {
	cx.AccountID, cx.AccountRole = "a1", role
	return &event.Event{
		Source: "crm", MessageID: fmt.Sprintf("%s-%s-%d", name, role, day), Type: event.TypeTrack, Name: name,
		OriginalAt: onDay(day), ReceivedAt: onDay(day), At: onDay(day), CX: &cx,
	}
}

// grouped makes a group call without a role, on a day.
func grouped(day int, cx event.CX) *event.Event {
	e := member("", "", day, cx)
	e.Type = event.TypeGroup
	return e
}

// version makes a version of a contact's record, which names an account or none.
func version(account string, day int, deleted bool) *event.Event {
	e := member(event.NameContactUpdated, "", day, event.CX{})
	e.Type, e.CX.AccountID = event.TypeIdentify, account
	e.Record = &event.Record{ID: "c1", Version: fmt.Sprint(day), Deleted: deleted}
	return e
}

// TestRecordMoves: who is a member because a record says so is one until its newest version says otherwise.
func TestRecordMoves(t *testing.T) {
	for name, tc := range map[string]struct {
		versions []*event.Event
		other    []*event.Event // of another observation
		want     map[string][]Role
	}{
		"stays": {
			versions: []*event.Event{version("a1", 1, false), version("a1", 5, false)},
			want:     map[string][]Role{"a1": {{From: onDay(1)}}},
		},
		"moves": {
			versions: []*event.Event{version("a1", 1, false), version("a2", 5, false)},
			want:     map[string][]Role{"a1": {{From: onDay(1), Until: onDay(5), Source: "crm"}}, "a2": {{From: onDay(5)}}},
		},
		"moves and comes back": {
			versions: []*event.Event{version("a1", 1, false), version("a2", 5, false), version("a1", 7, false)},
			want:     map[string][]Role{"a1": {{From: onDay(1)}}, "a2": {{From: onDay(5), Until: onDay(7), Source: "crm"}}},
		},
		"is in none any more": {
			versions: []*event.Event{version("a1", 1, false), version("", 5, false)},
			want:     map[string][]Role{"a1": {{From: onDay(1), Until: onDay(5), Source: "crm"}}},
		},
		"is deleted": {
			versions: []*event.Event{version("a1", 1, false), version("a1", 5, true)},
			want:     map[string][]Role{"a1": {{From: onDay(1), Until: onDay(5), Source: "crm"}}},
		},
		"what else happens there keeps nobody": {
			versions: []*event.Event{version("a1", 1, false), version("", 5, false)},
			other:    []*event.Event{member("case.opened", "", 2, event.CX{})},
			want:     map[string][]Role{"a1": {{From: onDay(1), Until: onDay(5), Source: "crm"}}},
		},
		"a role that was stated is not the record's": {
			versions: []*event.Event{version("a1", 1, false), version("a2", 5, false)},
			other:    []*event.Event{member(event.NameAccountMemberJoined, "payer", 3, event.CX{})},
			want:     map[string][]Role{"a1": {{Role: "payer", From: onDay(3), Source: "crm"}}, "a2": {{From: onDay(5)}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			record, other := uuid.UUID{1}, uuid.UUID{2}
			for range 2 {
				b := books{memberships: map[string]map[identity.ObservationID]*Membership{}}
				states := map[identity.ObservationID]*State{record: new(State), other: new(State)}
				for id, events := range map[identity.ObservationID][]*event.Event{record: tc.versions, other: tc.other} {
					for _, e := range events {
						states[id].Apply(e, stream.Position{})
						if e.CX.AccountID == "" {
							continue
						}
						of := b.memberships[e.CX.AccountID]
						if of == nil {
							of = map[identity.ObservationID]*Membership{}
							b.memberships[e.CX.AccountID] = of
						}
						if of[id] == nil {
							of[id] = new(Membership)
						}
						of[id].Apply(e)
					}
				}
				got := map[string][]Role{}
				members := []Member{
					{Assignment: identity.Assignment{Observation: record}, State: states[record]},
					{Assignment: identity.Assignment{Observation: other}, State: states[other]},
				}
				accounts, err := accountsOf(b, members, Rules{}, onDay(9))
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range accounts {
					got[a.ID] = a.Roles
				}
				if !reflect.DeepEqual(got, tc.want) {
					t.Errorf("roles are %+v, want %+v", got, tc.want)
				}
				slices.Reverse(tc.versions)
			}
		})
	}
}

// TestAccountsAreBounded: whoever names accounts without end makes nobody wait.
func TestAccountsAreBounded(t *testing.T) {
	b := books{memberships: map[string]map[identity.ObservationID]*Membership{}}
	var members []Member
	for o := range 3 {
		id := uuid.UUID{byte(o)}
		members = append(members, Member{Assignment: identity.Assignment{Observation: id}})
		for n := range 2 * maxAccountsOf {
			name := fmt.Sprintf("a%d-%d", o, n)
			m := new(Membership)
			e := member("page", "", 1, event.CX{})
			m.Apply(e)
			b.memberships[name] = map[identity.ObservationID]*Membership{id: m}
		}
	}
	said, err := partsOf(b, members)
	if err != nil || len(said) != 3*maxAccountsOf || said["a0-9"] == nil || said["a0-500"] != nil {
		t.Errorf("%d accounts are looked at, %v", len(said), err)
	}
	list, err := accountsOf(b, members, Rules{}, onDay(2))
	if err != nil || len(list) != maxAccounts {
		t.Errorf("%d accounts are told, %v", len(list), err)
	}
	var m Membership
	for n := range 100 {
		m.Apply(member(event.NameAccountMemberJoined, fmt.Sprintf("r%02d", n), 1, event.CX{}))
	}
	m.Apply(member(event.NameAccountMemberLeft, "", 2, event.CX{}))
	roles := rolesOf([]part{{Membership: &m}, {Membership: &m}})
	if len(roles) != maxRoles-1 || roles[0].Until != onDay(2) {
		t.Errorf("roles are %+v", roles)
	}
}

// TestPlanAmongManyGroupCalls: what an account owes is told, however many of its members say what it is.
func TestPlanAmongManyGroupCalls(t *testing.T) {
	plan := member("subscription.started", "", 2, event.CX{Product: "pro"})
	group := grouped(1, event.CX{})
	group.Record = nil
	if SayingOf(plan) != SayingFacts || SayingOf(group) != SayingTraits || SayingOf(version("a1", 1, false)) != SayingFacts {
		t.Error("parts are in the wrong order")
	}
}

// TestAccountKindIsOneOfOurs: a source's own words are not told as ours.
func TestAccountKindIsOneOfOurs(t *testing.T) {
	for text, want := range map[string]event.AccountKind{
		`"company"`: event.AccountCompany, `"Obey me"`: "", `7`: "", `["company"]`: "",
	} {
		e := grouped(1, event.CX{})
		e.Traits = json.RawMessage(`{"account_kind":` + text + `}`)
		s := new(State)
		s.ApplyAccount(e, stream.Position{})
		if got := FoldAccount("a1", []AccountPart{{State: s}}, Rules{}); got.Kind != want || len(got.Traits) > 0 {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestRoles(t *testing.T) {
	joined, left := event.NameAccountMemberJoined, event.NameAccountMemberLeft
	for name, tc := range map[string]struct {
		parts [][]*event.Event // by observation
		want  []Role
	}{
		"only named": {
			parts: [][]*event.Event{{member("invoice.issued", "", 3, event.CX{}), member("page", "", 1, event.CX{})}},
			want:  []Role{{From: onDay(1)}},
		},
		"joined": {
			parts: [][]*event.Event{{member(joined, "payer", 2, event.CX{}), member("page", "", 1, event.CX{})}},
			want:  []Role{{Role: "payer", From: onDay(2), Source: "crm"}},
		},
		"left one of two roles": {
			parts: [][]*event.Event{{member(joined, "payer", 1, event.CX{}), member(joined, "user", 1, event.CX{}), member(left, "payer", 5, event.CX{})}},
			want:  []Role{{Role: "user", From: onDay(1), Source: "crm"}, {Role: "payer", From: onDay(1), Until: onDay(5), Source: "crm"}},
		},
		"left whole, said of another observation": {
			parts: [][]*event.Event{{member(joined, "payer", 1, event.CX{})}, {member(left, "", 4, event.CX{})}, {member("page", "", 6, event.CX{})}},
			want:  []Role{{Role: "payer", From: onDay(1), Until: onDay(4), Source: "crm"}},
		},
		"came back": {
			parts: [][]*event.Event{{member(joined, "payer", 1, event.CX{}), member(left, "", 4, event.CX{}), member(joined, "payer", 9, event.CX{})}},
			want:  []Role{{Role: "payer", From: onDay(9), Source: "crm"}},
		},
		"said again by every group call": {
			parts: [][]*event.Event{{grouped(3, event.CX{}), grouped(1, event.CX{}), grouped(8, event.CX{})}},
			want:  []Role{{From: onDay(1), Source: "crm"}},
		},
		"said again after it was left": {
			parts: [][]*event.Event{{grouped(1, event.CX{}), grouped(8, event.CX{})}, {member(left, "", 4, event.CX{})}},
			want:  []Role{{From: onDay(8), Source: "crm"}},
		},
		"left before it was ever held": {
			parts: [][]*event.Event{{member(joined, "payer", 3, event.CX{}), member(joined, "payer", 6, event.CX{}), member(left, "payer", 1, event.CX{})}},
			want:  []Role{{Role: "payer", From: onDay(3), Source: "crm"}},
		},
		"left and never joined": {
			parts: [][]*event.Event{{member("page", "", 1, event.CX{}), member(left, "", 4, event.CX{})}},
			want:  []Role{{From: onDay(1), Until: onDay(4), Source: "crm"}},
		},
		"valid for a time": {
			parts: [][]*event.Event{{member(joined, "user", 1, event.CX{ValidFrom: onDay(7), ValidUntil: onDay(30)})}},
			want:  []Role{{Role: "user", From: onDay(7), Until: onDay(30), Source: "crm"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var all []part
			for _, events := range tc.parts {
				m := new(Membership)
				for _, e := range events {
					m.Apply(e)
				}
				all = append(all, part{Membership: m})
			}
			for range 2 {
				if got := rolesOf(all); !reflect.DeepEqual(got, tc.want) {
					t.Errorf("roles are %+v, want %+v", got, tc.want)
				}
				slices.Reverse(all)
			}
		})
	}
}

func TestRoleAt(t *testing.T) {
	r := Role{From: onDay(1), Until: onDay(3)}
	for day, want := range []bool{false, true, true, false} {
		if r.At(onDay(day)) != want {
			t.Errorf("on day %d it is not %t", day, want)
		}
	}
	if !(Role{}).At(day0) {
		t.Error("a role without bounds is not held")
	}
}

// TestMembershipIsAFunctionOfTheSet: neither order nor grouping of events changes it.
func TestMembershipIsAFunctionOfTheSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *event.Event {
			name := rapid.SampledFrom([]string{"page", event.NameAccountMemberJoined, event.NameAccountMemberLeft}).Draw(t, "name")
			role := rapid.SampledFrom([]string{"", "payer", "user", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8"}).Draw(t, "role")
			var cx event.CX
			if rapid.Bool().Draw(t, "until") {
				cx.ValidUntil = onDay(rapid.IntRange(10, 20).Draw(t, "day"))
			}
			return member(name, role, rapid.IntRange(0, 9).Draw(t, "at"), cx)
		}), 1, 20).Draw(t, "events")
		whole := new(Membership)
		for _, e := range events {
			whole.Apply(e)
		}
		parts := [3]Membership{}
		for _, e := range rapid.Permutation(events).Draw(t, "order") {
			parts[rapid.IntRange(0, 2).Draw(t, "part")].Apply(e)
		}
		var sum Membership
		for _, i := range rapid.Permutation([]int{0, 1, 2}).Draw(t, "parts") {
			body, _ := parts[i].AppendBinary(nil)
			var again Membership
			if err := again.UnmarshalBinary(body); err != nil {
				t.Fatal(err)
			}
			sum.Merge(&again)
		}
		a, _ := whole.AppendBinary(nil)
		b, _ := sum.AppendBinary(nil)
		if !bytes.Equal(a, b) {
			t.Fatalf("\n%x\nis not\n%x", a, b)
		}
	})
}

func FuzzMembership(f *testing.F) {
	m := new(Membership)
	m.Apply(member(event.NameAccountMemberJoined, "payer", 1, event.CX{ValidUntil: onDay(3)}))
	seed, _ := m.AppendBinary(nil)
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Membership
		if m.UnmarshalBinary(data) != nil {
			return
		}
		body, _ := m.AppendBinary(nil)
		var again Membership
		if err := again.UnmarshalBinary(body); err != nil || !reflect.DeepEqual(rolesOf([]part{{Membership: &m}}), rolesOf([]part{{Membership: &again}})) {
			t.Fatalf("does not come back: %v", err)
		}
	})
}

// books holds accounts as a test wants them.
type books struct {
	memberships map[string]map[identity.ObservationID]*Membership
	parts       map[string][]AccountPart
}

func (b books) AccountsOf(id identity.ObservationID, most int) (names []string, err error) {
	for name, of := range b.memberships {
		if of[id] != nil {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, shorter)
	return names[:min(most, len(names))], nil
}

func (b books) Membership(account string, id identity.ObservationID) (*Membership, error) {
	return b.memberships[account][id], nil
}

func (b books) AccountParts(account string, most int) ([]AccountPart, error) {
	return b.parts[account][:min(most, len(b.parts[account]))], nil
}

func (b books) AccountMembers(string, identity.ObservationID, int) ([]identity.ObservationID, error) {
	return nil, nil
}

// TestAccountKeepsWhatIsItsOwn: plan, debt and entitlement stay with the account when its contact leaves.
func TestAccountKeepsWhatIsItsOwn(t *testing.T) {
	contact, other := uuid.UUID{1}, uuid.UUID{2}
	b := books{memberships: map[string]map[identity.ObservationID]*Membership{"a1": {contact: new(Membership), other: new(Membership)}}, parts: map[string][]AccountPart{}}
	own, said := new(State), new(State)
	feed := func(e *event.Event) {
		own.Apply(e, stream.Position{})
		b.memberships["a1"][contact].Apply(e)
		if StatesAccount(e) {
			said.ApplyAccount(e, stream.Position{})
		}
	}
	feed(member(event.NameAccountMemberJoined, "payer", 1, event.CX{AccountKind: event.AccountCompany}))
	feed(member("subscription.started", "", 2, event.CX{Product: "pro"}))
	feed(member("invoice.overdue", "", 3, event.CX{Amount: "120.00", Currency: "EUR"}))
	feed(member("entitlement.granted", "", 3, event.CX{Entitlement: "phone-support"}))
	group := member("", "", 4, event.CX{})
	group.Type, group.Traits = event.TypeGroup, json.RawMessage(`{"name":"Marsh Ltd","seats":40}`)
	feed(group)
	b.memberships["a1"][other].Apply(member(event.NameAccountMemberJoined, "user", 5, event.CX{}))
	b.parts["a1"] = []AccountPart{{Observation: contact, State: said}}

	of := func(id uuid.UUID, state *State, at time.Time) Profile {
		members := []Member{{Assignment: identity.Assignment{Observation: id, Profile: id}, State: state}}
		p := Fold(id, members, Rules{})
		var err error
		if p.Accounts, err = accountsOf(b, members, Rules{}, at); err != nil {
			t.Fatal(err)
		}
		p.addItems()
		return p
	}
	kinds := func(p Profile) (kinds []ItemKind) {
		for _, item := range p.Items {
			kinds = append(kinds, item.Kind)
		}
		slices.Sort(kinds)
		return kinds
	}
	all := []ItemKind{ItemBilling, ItemEntitlement, ItemSubscription}
	if got := of(contact, own, onDay(6)); !slices.Equal(kinds(got), all) || got.Accounts[0].Kind != event.AccountCompany || len(got.Accounts[0].Traits) != 2 {
		t.Fatalf("the contact's profile has %v and %+v", kinds(got), got.Accounts)
	}
	feed(member(event.NameAccountMemberLeft, "", 7, event.CX{}))
	gone := of(contact, own, onDay(8))
	if len(gone.Items) > 0 || len(gone.Accounts) != 1 || len(gone.Accounts[0].Traits) > 0 {
		t.Errorf("who left still has %v and %+v", kinds(gone), gone.Accounts)
	}
	if until := gone.Accounts[0].Roles[0].Until; !until.Equal(onDay(7)) {
		t.Errorf("who left has the role until %v", until)
	}
	if got := of(other, nil, onDay(8)); !slices.Equal(kinds(got), all) {
		t.Errorf("who stays has %v", kinds(got))
	}
	account := FoldAccount("a1", b.parts["a1"], Rules{})
	if len(account.Items) != 3 || account.Kind != event.AccountCompany || account.Items[0].Kind == "" {
		t.Errorf("the account is %+v", account)
	}
}
