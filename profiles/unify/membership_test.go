package unify_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/unify"
)

// ofAccount makes an event that names account "a1".
func ofAccount(id string, second int, name string, cx event.CX, who ...event.Identifier) *event.Event {
	e := ev("crm", id, second, who...)
	cx.AccountID = "a1"
	e.Name, e.CX = name, &cx
	if name == "group" {
		e.Type, e.Name, e.Traits = event.TypeGroup, "", []byte(`{"name":"Marsh Ltd"}`)
	}
	return e
}

// account reads account a1 with its members, and what the profile of an event has of it.
func (r *rig) account(e *event.Event, at time.Time) (*profiles.AccountAnswer, *profiles.Answer) {
	r.Helper()
	s, err := profiles.NewService(r.state, r.engine, profiles.Rules{})
	must(r, err)
	s = s.At(at)
	account, err := s.Account(context.Background(), "w", "a1", uuid.Nil, 100)
	must(r, err)
	answer, err := s.Get(context.Background(), "w", profiles.Address{{Type: profiles.TypeProfile, Value: r.profile(e).String()}})
	must(r, err)
	return account, answer
}

func TestAccountsThroughMergeSplitAndRebuild(t *testing.T) {
	fs := vfs.NewMem()
	r := open(t, fs, unify.Config{}).start()
	contact := ofAccount("1", 1, event.NameAccountMemberJoined, event.CX{AccountRole: "payer"}, user("u1"))
	bill := ofAccount("2", 2, "invoice.overdue", event.CX{Amount: "120.00", Currency: "EUR"}, user("u1"))
	group := ofAccount("3", 3, "group", event.CX{AccountKind: event.AccountCompany}, user("u1"))
	colleague := ofAccount("4", 4, event.NameAccountMemberJoined, event.CX{AccountRole: "user"}, user("u2"))
	left := ofAccount("5", 100, event.NameAccountMemberLeft, event.CX{}, email("ada@example.com"))
	r.put(record(t, contact), record(t, bill), record(t, group), record(t, colleague), record(t, left))
	r.settle()

	now := epoch.Add(time.Hour)
	account, answer := r.account(contact, now)
	if account.Account.Kind != event.AccountCompany || len(account.Account.Items) != 1 || len(account.Members) != 3 {
		t.Fatalf("the account is %+v", account)
	}
	if len(answer.Profile.Items) != 1 || answer.Profile.Items[0].Account != "a1" || !answer.Profile.Accounts[0].Current {
		t.Fatalf("the contact has %+v of %+v", answer.Profile.Items, answer.Profile.Accounts)
	}
	before := fmt.Sprintf("%+v %+v", account, answer.Profile.Accounts)

	// Who left by another address turns out to be the contact: then the debt is the account's alone.
	r.put(command(t, 200, unify.IdentityLink{A: r.observation(contact), B: r.observation(left), Verdict: unify.LinkMustMerge}))
	r.settle()
	account, answer = r.account(contact, now)
	if len(answer.Profile.Items) != 0 || len(answer.Profile.Accounts) != 1 || answer.Profile.Accounts[0].Current {
		t.Errorf("who left still has %+v of %+v", answer.Profile.Items, answer.Profile.Accounts)
	}
	if len(account.Account.Items) != 1 || len(account.Members) != 2 {
		t.Errorf("the account that was left is %+v", account)
	}
	if _, other := r.account(colleague, now); len(other.Profile.Items) != 1 {
		t.Errorf("the colleague has %+v", other.Profile.Items)
	}
	if _, early := r.account(contact, epoch.Add(50*time.Second)); len(early.Profile.Items) != 1 {
		t.Errorf("before leaving the contact has %+v", early.Profile.Items)
	}

	r.put(command(t, 300, unify.IdentityLink{A: r.observation(contact), B: r.observation(left), Verdict: unify.LinkRemove}))
	r.settle()
	account, answer = r.account(contact, now)
	account.IdentityVersion -= 2 // two decisions since
	if after := fmt.Sprintf("%+v %+v", account, answer.Profile.Accounts); after != before {
		t.Errorf("after the split\n%s\nbefore the merge\n%s", after, before)
	}
	want, _ := r.account(contact, now)
	r.stop()
	must(t, fs.RemoveAll("state"))
	r = open(t, fs, unify.Config{}).start()
	defer r.stop()
	r.settle()
	if got, _ := r.account(contact, now); !reflect.DeepEqual(got.Account, want.Account) || !reflect.DeepEqual(got.Members, want.Members) {
		t.Errorf("made again it is\n%+v\nand was\n%+v", got, want)
	}
}

// TestMembersDoNotDependOnOrder: accounts and their members are a function of the set of records.
func TestMembersDoNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var records []stream.Record
		var people []*event.Event
		names := []string{event.NameAccountMemberJoined, event.NameAccountMemberLeft, "invoice.issued", "invoice.paid", "subscription.started", "group", "page.viewed"}
		for i := range rapid.IntRange(1, 12).Draw(t, "events") {
			who := []event.Identifier{user(fmt.Sprint("u", rapid.IntRange(1, 3).Draw(t, "user")))}
			e := ofAccount(fmt.Sprint(i), rapid.IntRange(1, 5).Draw(t, "second"), rapid.SampledFrom(names).Draw(t, "name"),
				event.CX{Product: "p", AccountRole: rapid.SampledFrom([]string{"", "payer"}).Draw(t, "role")}, who...)
			records, people = append(records, record(t, e)), append(people, e)
		}
		read := func(records []stream.Record) (profiles.Account, map[identity.ProfileID][]profiles.Role) {
			r := open(t, vfs.NewMem(), unify.Config{}).start()
			defer r.stop()
			for _, one := range records { // each its own step, mostly
				r.put(one)
			}
			r.settle()
			answer, _ := r.account(people[0], epoch)
			members := map[identity.ProfileID][]profiles.Role{}
			for _, m := range answer.Members {
				members[m.Profile] = m.Roles
			}
			return answer.Account, members
		}
		account, members := read(records)
		again, same := read(rapid.Permutation(records).Draw(t, "order"))
		for i := range again.Items { // where the log has it is no part of it
			again.Items[i].Last.Position, account.Items[i].Last.Position = stream.Position{}, stream.Position{}
		}
		if !reflect.DeepEqual(account, again) || !reflect.DeepEqual(members, same) {
			t.Fatalf("\n%+v %+v\nis not\n%+v %+v", account, members, again, same)
		}
	})
}

// TestCompanyIsNoMember: what a CRM tells of a company is of no person. It makes nobody a member of it, and is
// kept once, however often it changes.
func TestCompanyIsNoMember(t *testing.T) {
	fs := vfs.NewMem()
	r := open(t, fs, unify.Config{}).start()
	contact := ofAccount("c", 1, event.NameAccountMemberJoined, event.CX{}, user("u1"))
	records := []stream.Record{record(t, contact)}
	for n := range 300 {
		e := ofAccount(fmt.Sprint("company-", n), 2+n, "group", event.CX{})
		e.Traits = fmt.Appendf(nil, `{"seats":%d}`, n)
		records = append(records, record(t, e))
	}
	r.put(records...)
	r.settle()
	account, answer := r.account(contact, epoch.Add(time.Hour))
	if len(account.Members) != 1 || account.Members[0].Profile != r.profile(contact) {
		t.Errorf("there are %d members", len(account.Members))
	}
	for _, a := range []profiles.Account{account.Account, answer.Profile.Accounts[0].Account} {
		if len(a.Traits) != 1 || string(a.Traits[0].Value) != "299" || a.Events != 300 {
			t.Errorf("of %d events the traits are %+v", a.Events, a.Traits)
		}
	}
	r.stop()
}

// TestAccountWithoutMembers is found all the same.
func TestAccountWithoutMembers(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	visit := ev("crm", "0", 1, user("u1"))
	r.put(record(t, visit), record(t, ofAccount("1", 2, "group", event.CX{})))
	r.settle()
	if account, _ := r.account(visit, epoch); len(account.Members) != 0 || len(account.Account.Traits) != 1 {
		t.Errorf("the account is %+v", account)
	}
	r.stop()
}
