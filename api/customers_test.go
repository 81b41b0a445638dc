package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/find"
	"tributary/sql/store"
)

// oneName is an index that knows one profile by whatever name, and by whatever id of a conversation or order; it
// remembers what it was asked to look through.
type oneName struct {
	who   identity.ProfileID
	names []string
	may   find.May
}

func (n *oneName) Named(_ context.Context, _ string, names, _ []string, _ int) ([]identity.ProfileID, error) {
	n.names = names
	return []identity.ProfileID{n.who}, nil
}

func (*oneName) Identified(context.Context, string, string, int) ([]string, error) { return nil, nil }

func (n *oneName) Recorded(_ context.Context, _, _ string, may find.May, _ int) ([]find.Record, error) {
	n.may = may
	var kinds []string
	if may.Contacts.May {
		kinds = append(kinds, find.ByConversation)
	}
	if may.Money.May {
		kinds = append(kinds, find.ByOrder)
	}
	return []find.Record{{Observation: n.who, Kinds: kinds}}, nil
}

// indexed has the world's search for customers ask an index that knows the planted one.
func (w *world) indexed() *oneName {
	w.Helper()
	found, err := w.api.Profiles.Get(w.Context(), "acme", profiles.Address{{Type: event.IDAnonymous, Value: "anon-1"}})
	w.must(err)
	index := &oneName{who: found.Profile.ID}
	w.api.Customers = find.New(w.api.Profiles.(watched).Profiles.(find.Profiles), index)
	return index
}

func (w *world) customers(key, query string) *httptest.ResponseRecorder {
	w.Helper()
	return w.do(http.MethodPost, "/v1/customers/search", key, fmt.Sprintf(`{"query":%q}`, query))
}

// by tells what the only candidate of an answer was found by; nothing: there is none.
func (w *world) by(answer *httptest.ResponseRecorder) (by []string) {
	w.Helper()
	all := list(w.decoded(answer, http.StatusOK), "customers")
	if len(all) > 1 {
		w.Errorf("there are %d candidates: %s", len(all), answer.Body)
	}
	for _, c := range all {
		for _, m := range list(c, "matched") {
			by = append(by, m["by"].(string))
		}
	}
	slices.Sort(by)
	return by
}

// TestNobodyIsFoundByWhatMayNotBeSeen: for every purpose and reader, by the rule on opening a profile by its id.
func TestNobodyIsFoundByWhatMayNotBeSeen(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	w.policed(string(policy.DefaultYAML()))
	index := w.indexed()
	p := policy.Default()
	for _, purpose := range policy.Purposes() {
		for _, reader := range policy.Readers() {
			key, what := w.keyFor(purpose, reader), purpose+" "+reader
			shown := func(class string) bool {
				r, level := p.Rule(purpose, reader, class), p.Verification.OwnLookup[reader]
				return r.Consent == "" && (r.Do == policy.Show && level >= r.Needs || level < r.Needs && r.Below == policy.Show)
			}
			index.names = nil
			answer := w.customers(key, "name:quentin")
			by := w.by(answer)
			if found := len(by) > 0; found != shown(policy.ClassIdentity) || found != (index.names != nil) {
				t.Errorf("%s finds %v by a name, and looked through %v: %s", what, by, index.names, answer.Body)
			}
			if !shown(policy.ClassIdentity) && !strings.Contains(answer.Body.String(), `"class":"identity","fields":["customers"]`) {
				t.Errorf("%s is not told why: %s", what, answer.Body)
			}
			for kind, class := range map[string]string{find.ByConversation: policy.ClassConversation, find.ByOrder: policy.ClassMoney} {
				if by := w.by(w.customers(key, kind+":c-1")); slices.Contains(by, kind) != shown(class) {
					t.Errorf("%s finds %v by a %s", what, by, kind)
				}
			}
		}
	}
}

// TestCustomersAreShownAsThePolicySays: by what one knows of them, and as somebody who merely claims to be them where
// anybody may know it.
func TestCustomersAreShownAsThePolicySays(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	w.indexed()
	human, agent := w.keyFor("support", "human"), w.keyFor("support", "own_ai")
	for _, c := range []struct {
		key, query, level string
		shows             bool
	}{
		{human, "user_id:" + marks[policy.ClassIdentifier], "matched", true},
		{human, "name:Quentin", "matched", true},
		{human, "email:" + marks[policy.ClassContact], "claimed", false},
		{human, marks[policy.ClassContact], "claimed", false},
		{human, "anonymous_id:anon-1", "claimed", false},
		{agent, "user_id:" + marks[policy.ClassIdentifier], "claimed", false},
	} {
		answer := w.customers(c.key, c.query)
		v := w.decoded(answer, http.StatusOK)
		if len(list(v, "customers")) != 1 || w.level(v) != c.level || strings.Contains(answer.Body.String(), marks[policy.ClassIdentity]) != c.shows {
			t.Errorf("%s answers %s", c.query, answer.Body)
		}
		told := w.disclosed()[answer.Header().Get(requestIDHeader)]
		if len(told) != 1 || told[0].Kind != store.DisclosureListed || told[0].Level != c.level {
			t.Errorf("%s is on record as %+v", c.query, told)
		}
	}
	both := list(w.decoded(w.customers(human, "+1 212 555-0123"), http.StatusOK), "customers")
	if len(both) < 2 || list(both[0], "matched")[0]["by"] != event.IDPhone || list(both[0], "matched")[0]["alone"] != nil {
		t.Errorf("a telephone of two finds %v", both)
	}
}

// TestSearchingForCustomersIsRefused: what is wrong is named and not repeated, and is in no log.
func TestSearchingForCustomersIsRefused(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	key := w.key(auth.KindRead, "acme")
	for body, field := range map[string]string{
		`{}`: "query", `{"query":""}`: "query", `{"query":"\u0000secret"}`: "query", `{"query":"\u200b"}`: "query",
		`{"query":"a","limit":0}`: "limit", `{"query":"a","limit":51}`: "limit",
		`{"query":"` + strings.Repeat("a", 201) + `"}`: "query", `{"query":"` + strings.Repeat("a ", 17) + `"}`: "query",
	} {
		answer := w.do(http.MethodPost, "/v1/customers/search", key, body)
		if faults := faultsOf(answer); answer.Code != http.StatusBadRequest || len(faults) != 1 || faults[0].Field != field || strings.Contains(answer.Body.String(), "secret") {
			t.Errorf("%.60s is answered with %d %s", body, answer.Code, answer.Body)
		}
	}
	for _, query := range []string{"' OR 1=1 --", `\`, "{workspace:String}", "%", "profile:x", "email:", ":", "order:'", strings.Repeat("ä", 200)} {
		v := w.decoded(w.customers(key, query), http.StatusOK)
		if len(list(v, "customers")) != 0 || len(list(v, "not_searched")) == 0 && !strings.HasPrefix(query, "profile:") {
			t.Errorf("%q finds %v", query, v)
		}
	}
	w.customers(key, "planted-query@example.com")
	if strings.Contains(w.lines.String(), "planted-query") {
		t.Error("the query is in the log")
	}
}

// TestSearchingKeepsToItsWorkspace: what another one has is nobody, and so it is to a key of one customer.
func TestSearchingKeepsToItsWorkspace(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	other := w.key(auth.KindRead, "other")
	for _, query := range []string{"anon-1", marks[policy.ClassContact], "phone:+12125550123", "user_id:s1"} {
		if v := w.decoded(w.customers(other, query), http.StatusOK); len(list(v, "customers")) != 0 {
			t.Errorf("%s finds %v", query, v)
		}
	}
	w.api.Tokens = ownToken{auth.Key{Workspace: "acme", ID: "own", Scopes: auth.Scopes(), Purpose: auth.PurposeSupport, Reader: auth.ReaderHuman, Customer: id(event.IDUser, "s1")}}
	for _, query := range []string{"user_id:s1", "user_id:s2", "nobody"} {
		w.decoded(w.customers("a.b.c", query), http.StatusNotFound)
	}
}
