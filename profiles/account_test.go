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
			want:  []Role{{Role: "user", From: onDay(1), Source: "crm"}, {Role: "payer", Until: onDay(5), Source: "crm"}},
		},
		"left whole, said of another observation": {
			parts: [][]*event.Event{{member(joined, "payer", 1, event.CX{})}, {member(left, "", 4, event.CX{})}, {member("page", "", 6, event.CX{})}},
			want:  []Role{{Role: "payer", From: onDay(1), Until: onDay(4), Source: "crm"}},
		},
		"came back": {
			parts: [][]*event.Event{{member(joined, "payer", 1, event.CX{}), member(left, "", 4, event.CX{}), member(joined, "payer", 9, event.CX{})}},
			want:  []Role{{Role: "payer", From: onDay(9), Source: "crm"}},
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
			var all []*Membership
			for _, events := range tc.parts {
				m := new(Membership)
				for _, e := range events {
					m.Apply(e)
				}
				all = append(all, m)
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
		if err := again.UnmarshalBinary(body); err != nil || !reflect.DeepEqual(rolesOf([]*Membership{&m}), rolesOf([]*Membership{&again})) {
			t.Fatalf("does not come back: %v", err)
		}
	})
}

// books holds accounts as a test wants them.
type books struct {
	memberships map[string]map[identity.ObservationID]*Membership
	parts       map[string][]AccountPart
}

func (b books) AccountsOf(id identity.ObservationID) (names []string, err error) {
	for name, of := range b.memberships {
		if of[id] != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
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
