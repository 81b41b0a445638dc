package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/unify"
)

// plantAccount makes a company with a trait of each of two members, one of them told of by its CRM.
func plantAccount(w *world) {
	group := func(n int, user, traits string) *event.Event {
		e := w.event(n, "crm", "", &event.CX{AccountID: "acme-ltd", AccountRole: "admin"}, id(event.IDUser, user))
		e.Type, e.Traits = event.TypeGroup, json.RawMessage(traits)
		return e
	}
	w.put(group(1, "u-1", `{"seats":7,"city":"Oslo","industry":"energy"}`), group(2, "u-2", `{"seats":8,"floor":"second"}`),
		w.event(3, "billing", "invoice.overdue", &event.CX{Amount: "8642.97", Currency: "EUR", AccountID: "acme-ltd"}, id(event.IDUser, "u-2")))
}

// observationsOf are those of a profile.
func (w *world) observationsOf(user string) (ids []identity.ObservationID) {
	w.Helper()
	found, err := w.api.Profiles.Get(profiles.ForPrivacy(w.Context()), "acme", profiles.Address{{Type: event.IDUser, Value: user}})
	w.must(err)
	for _, o := range found.Profile.Observations {
		ids = append(ids, o.ID)
	}
	return ids
}

// TestAnAccountNamesNobodyWhoMayNotBeToldOf: by whom a trait was said is told of an account for those who may be told
// of, and is on record; in somebody's profile only if they said it themselves.
func TestAnAccountNamesNobodyWhoMayNotBeToldOf(t *testing.T) {
	w := newWorld(t)
	plantAccount(w)
	key, read := w.keyFor("support", "human"), w.key(auth.KindRead, "acme") // the first is an administrator's, with privacy:read
	first, second := w.observationsOf("u-1"), w.observationsOf("u-2")
	names := func(body string, ids []identity.ObservationID) bool {
		return slices.ContainsFunc(ids, func(id identity.ObservationID) bool { return strings.Contains(body, id.String()) })
	}
	account := func(path, key string) string {
		answer := w.do(http.MethodGet, path, key, "")
		v := w.decoded(answer, http.StatusOK)
		listed := w.disclosed()[answer.Header().Get(requestIDHeader)]
		for _, ids := range [][]identity.ObservationID{first, second} {
			told := names(answer.Body.String(), ids)
			recorded := len(listed) == 1 && slices.ContainsFunc(ids, func(id identity.ObservationID) bool { return slices.Contains(listed[0].Observations, id) })
			if told != recorded {
				t.Errorf("%s: told of: %t, on record: %+v", path, told, listed)
			}
		}
		return fmt.Sprint(v["traits"])
	}
	if got := account("/v1/accounts/acme-ltd", key); !names(got, first) || !names(got, second) || !strings.Contains(got, "Oslo") {
		t.Errorf("before, the traits are %s", got)
	}
	if got := account("/v1/accounts/acme-ltd?limit=1&cursor=ffffffff-ffff-ffff-ffff-ffffffffffff", key); !names(got, first) || !names(got, second) {
		t.Errorf("on a page without members, the traits are %s", got)
	}
	if got := fmt.Sprint(w.get("/v1/profiles/user_id:u-1", key, http.StatusOK)["accounts"]); !strings.Contains(got, "Oslo") || !strings.Contains(got, "second") || names(got, second) || !names(got, first) {
		t.Errorf("in the profile of one member: %s", got)
	}
	if got := fmt.Sprint(w.get("/v1/profiles/user_id:u-1?alternatives=true", key, http.StatusOK)["accounts"]); !strings.Contains(got, "alternatives") || names(got, second) {
		t.Errorf("in the profile of one member, with alternatives: %s", got)
	}
	w.give(unify.PrivacyRestrict{Actor: "key:test", Observations: second, Reason: "asked"})
	for _, path := range []string{"/v1/accounts/acme-ltd", "/v1/accounts/acme-ltd?alternatives=true"} {
		if body := w.do(http.MethodGet, path, read, "").Body.String(); names(body, second) || !names(body, first) || !strings.Contains(body, "second") || !strings.Contains(body, "8642.97") {
			t.Errorf("%s, with a member who is restricted: %s", path, body)
		}
		if body := w.do(http.MethodGet, path, key, "").Body.String(); !names(body, second) {
			t.Errorf("%s, to who handles requests of privacy: %s", path, body)
		}
	}
	w.give(unify.PrivacyUnrestrict{Actor: "key:test", Observations: second})
	if got := account("/v1/accounts/acme-ltd", key); !names(got, second) {
		t.Errorf("no longer restricted: %s", got)
	}
}

// TestAnAccountGoesByItsReader: an account's own traits, plan and debt, and who belongs to it, by purpose and reader;
// the other values of a trait where they are asked for; and what would raise the level of a model's reading.
func TestAnAccountGoesByItsReader(t *testing.T) {
	w := newWorld(t)
	plantAccount(w)
	p := policy.Default()
	for _, purpose := range policy.Purposes() {
		for _, reader := range policy.Readers() {
			key, level := w.keyFor(purpose, reader), p.Verification.OwnLookup[reader]
			answer := w.do(http.MethodGet, "/v1/accounts/acme-ltd", key, "")
			v := w.decoded(answer, http.StatusOK)
			if got := v["verification"].(map[string]any)["level"]; got != level.String() {
				t.Errorf("%s %s: the level is %v", purpose, reader, got)
			}
			for class, mark := range map[string]string{policy.ClassAccount: "Oslo", policy.ClassMoney: "8642.97", policy.ClassProvenance: `"crm"`} {
				rule := p.Rule(purpose, reader, class)
				want := rule.Do == policy.Show && level >= rule.Needs
				if class == policy.ClassProvenance { // of a trait or item that is withheld nothing is told
					want = want && len(v["sources"].([]any)) > 0
				}
				if shown := strings.Contains(answer.Body.String(), mark); shown != want {
					t.Errorf("%s %s: shows %s: %t: %s", purpose, reader, class, shown, answer.Body)
				}
			}
		}
	}
	human := w.keyFor("support", "human")
	if body := w.do(http.MethodGet, "/v1/accounts/acme-ltd", human, "").Body.String(); strings.Contains(body, "alternatives") {
		t.Errorf("other values that nobody asked for: %s", body)
	}
	if body := w.do(http.MethodGet, "/v1/accounts/acme-ltd?alternatives=true", human, "").Body.String(); !strings.Contains(body, `"alternatives":[{"value":7`) {
		t.Errorf("other values: %s", body)
	}
	w.policed(strings.Replace(string(policy.DefaultYAML()), "own_types: [user_id, profile, account]", "own_types: [user_id, profile]", 1))
	if v := w.get("/v1/accounts/acme-ltd", human, http.StatusOK); v["account"] != nil || v["verification"].(map[string]any)["level"] != "claimed" {
		t.Errorf("where an account's id proves nothing: %v", v)
	}
}
