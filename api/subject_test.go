package api

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// TestMarketingSeesWhereItMayReachSomebody: by what was said for each contact point, and nothing where nothing was.
func TestMarketingSeesWhereItMayReachSomebody(t *testing.T) {
	w := newWorld(t)
	user := id(event.IDUser, "u1")
	say := func(n int, status event.Consent, ids ...event.Identifier) {
		w.put(w.consents(n, status, event.ChannelEmail, append(ids, user)...))
	}
	w.put(w.event(1, "crm", "Viewed", nil, user, id(event.IDEmail, "ada@example.com")), w.event(2, "crm", "Viewed", nil, user, id(event.IDEmail, "work@example.com")))
	system := w.keyFor("marketing", "system")
	sees := func(want ...string) {
		t.Helper()
		for _, path := range []string{"/v1/profiles/user_id:u1", "/v1/profiles/user_id:u1/context", "/v1/profiles/user_id:u1/identity"} {
			body := w.do(http.MethodGet, path, system, "").Body.String()
			for _, mail := range []string{"ada@example.com", "work@example.com"} {
				if shown := strings.Contains(body, mail); shown && !slices.Contains(want, mail) || !shown && slices.Contains(want, mail) && !strings.HasSuffix(path, "context") {
					t.Errorf("%s, of which %v may be reached: %s", path, want, body)
				}
			}
			if len(want) < 2 && !strings.Contains(body, `"because":"consent"`) {
				t.Errorf("%s does not say why: %s", path, body)
			}
		}
	}
	sees()
	say(3, event.ConsentGranted, id(event.IDEmail, "ada@example.com"))
	sees("ada@example.com")
	say(4, event.ConsentGranted, id(event.IDEmail, "work@example.com"))
	sees("ada@example.com", "work@example.com")
	say(5, event.ConsentRefused, id(event.IDEmail, "ada@example.com"))
	sees()
	if body := w.do(http.MethodGet, "/v1/profiles/user_id:u1", w.keyFor("support", "system"), "").Body.String(); !strings.Contains(body, "ada@example.com") {
		t.Errorf("support needs no consent: %s", body)
	}
}

// TestTheRestrictedAreRefused: on every route, to all but those who handle requests of privacy.
func TestTheRestrictedAreRefused(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	found, err := w.api.Profiles.Get(t.Context(), "acme", profiles.Address{{Type: event.IDAnonymous, Value: "anon-1"}})
	w.must(err)
	var ids []identity.ObservationID
	for _, o := range found.Profile.Observations {
		ids = append(ids, o.ID)
	}
	w.give(unify.PrivacyRestrict{Actor: "key:test", Observations: ids, Reason: "asked"})
	key := w.key(auth.KindRead, "acme")
	for _, path := range []string{"", "/context", "/timeline", "/identity", "/consent"} {
		answer := w.do(http.MethodGet, "/v1/profiles/anonymous_id:anon-1"+path, key, "")
		if answer.Code != http.StatusForbidden || !strings.Contains(answer.Body.String(), "problem:restricted") {
			t.Errorf("%s answers %d %s", path, answer.Code, answer.Body)
		}
	}
	if answer := w.do(http.MethodGet, "/v1/consent/email:markmail@example.com", key, ""); answer.Code != http.StatusForbidden {
		t.Errorf("a contact point of theirs answers %d %s", answer.Code, answer.Body)
	}
	w.get("/v1/profiles/anonymous_id:anon-1", w.keyFor("operations", "human"), http.StatusOK)
}

// TestListsAreOnRecord: whoever finds people without looking them up leaves a record of them.
func TestListsAreOnRecord(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	found, err := w.api.Profiles.Get(t.Context(), "acme", profiles.Address{{Type: event.IDAnonymous, Value: "anon-1"}})
	w.must(err)
	key := w.keyFor("support", "human")
	const contact = `{"contact":{"type":"email","value":"markmail@example.com"},"channel":"email","purpose":"marketing"}`
	for target, body := range map[string]string{
		"/v1/consent/check": contact, "/v1/consent/email:markmail@example.com": "", "/v1/accounts/markaccount": "",
		"/v1/segments/marksegment/members": "", "/v1/segments/marksegment/changes": "",
	} {
		method := http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
		answer := w.do(method, target, key, body)
		list := w.disclosed()[answer.Header().Get(requestIDHeader)]
		if answer.Code != http.StatusOK || len(list) != 1 || list[0].Kind != store.DisclosureListed || !slices.Contains(list[0].Observations, found.Profile.ID) {
			t.Errorf("%s answers %d %s, and on record is %+v", target, answer.Code, answer.Body, list)
		}
	}
}

// TestWhoIsToBeErasedIsDecidedByMore: an identifier of several is answered with them, on record, and nothing is done,
// whatever is asked for about them; and a customer's own token asks for nothing.
func TestWhoIsToBeErasedIsDecidedByMore(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	key := w.key(auth.KindAdmin, "acme", auth.ScopePrivacyWrite, auth.ScopePrivacyRead)
	foreign := w.key(auth.KindAdmin, "other", auth.ScopePrivacyWrite)
	for _, c := range [][3]string{
		{http.MethodPost, "/v1/privacy/erasures", sharedPhone}, {http.MethodPost, "/v1/privacy/erasures?preview=true", sharedPhone},
		{http.MethodPost, "/v1/privacy/restrictions", sharedPhone}, {http.MethodDelete, "/v1/privacy/restrictions/phone:%2B12125550123", ""},
	} {
		answer := w.do(c[0], c[1], key, c[2])
		d := w.decoded(answer, http.StatusConflict)
		listed := w.disclosed()[answer.Header().Get(requestIDHeader)]
		if len(list(d, "candidates")) != 2 || len(listed) != 1 || listed[0].Kind != store.DisclosureListed || len(listed[0].Observations) != 2 {
			t.Errorf("%s %s answers %v, and on record is %+v", c[0], c[1], d, listed)
		}
		for _, x := range list(d, "candidates") {
			if !slices.Contains(listed[0].Observations, uuid.MustParse(x["profile"].(string))) {
				t.Errorf("%v is not on record", x)
			}
		}
		if answer := w.do(c[0], c[1], foreign, c[2]); answer.Code != http.StatusNotFound || strings.Contains(answer.Body.String(), "candidates") {
			t.Errorf("%s %s answers another workspace %d %s", c[0], c[1], answer.Code, answer.Body)
		}
	}
	w.get("/v1/profiles/user_id:s1", w.key(auth.KindRead, "acme"), http.StatusOK) // restricted is nobody
	if all := list(w.get("/v1/privacy/erasures", key, http.StatusOK), "erasures"); len(all) != 0 {
		t.Errorf("erased are %v", all)
	}
	preview := w.decoded(w.do(http.MethodPost, "/v1/privacy/erasures?preview=true", key, `{"identifiers":[{"type":"user_id","value":"s1"}]}`), http.StatusOK)
	if preview["purpose"] != "operations" || preview["profile"] == nil {
		t.Errorf("the preview is %v", preview)
	}
	for _, target := range []string{"/v1/privacy/erasures?preview=true&preview=false", "/v1/privacy/erasures?preview=yes", "/v1/privacy/restrictions?preview=true"} {
		w.decoded(w.do(http.MethodPost, target, key, sharedPhone), http.StatusBadRequest)
	}
	w.api.Tokens = ownToken{auth.Key{Workspace: "acme", ID: "own", Scopes: auth.Scopes(), Purpose: auth.PurposeSupport, Reader: auth.ReaderHuman, Customer: id(event.IDUser, "s2")}}
	for _, who := range []string{"s1", "s2"} {
		w.decoded(w.do(http.MethodPost, "/v1/privacy/erasures", "a.b.c", fmt.Sprintf(`{"identifiers":[{"type":"user_id","value":%q}]}`, who)), http.StatusForbidden)
	}
	if all := list(w.get("/v1/privacy/erasures", key, http.StatusOK), "erasures"); len(all) != 0 {
		t.Errorf("a customer's token had erased %v", all)
	}
}

// ownToken is an issuer of one token, for one customer.
type ownToken struct{ key auth.Key }

func (o ownToken) Lookup(context.Context, string) (*auth.Key, error) { return &o.key, nil }

// TestACustomersTokenOpensThatCustomerAlone: who else there is, it does not tell.
func TestACustomersTokenOpensThatCustomerAlone(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	w.api.Tokens = ownToken{auth.Key{
		Workspace: "acme", ID: "own", Scopes: auth.Scopes(), Purpose: auth.PurposeSupport, Reader: auth.ReaderHuman, Customer: id(event.IDUser, "s1"),
	}}
	const token = "a.b.c"
	v := w.get("/v1/profiles/user_id:s1", token, http.StatusOK)
	if got := v["verification"].(map[string]any); got["level"] != policy.Verified.String() || got["because"] != becauseCustomersToken {
		t.Errorf("its own profile is %v", got)
	}
	nobody := w.do(http.MethodGet, "/v1/profiles/user_id:nobody", token, "")
	for route, answer := range w.readings(token, "") {
		body := answer.Body.Bytes()
		if at := bytes.LastIndex(body, []byte("urn:tributary:request:")); at >= 0 {
			body = body[:at]
		}
		switch answer.Code {
		case http.StatusBadRequest, http.StatusServiceUnavailable: // before anybody is looked up
		case http.StatusForbidden: // where something is done about people, or written of them
			if route != "export" && route != "erasure" && route != "agent_session" && route != "quarantined" && route != "correction" && !strings.HasPrefix(route, "decision") && !strings.HasSuffix(route, "_one_of") &&
				!strings.HasPrefix(route, "handoff_") && !strings.HasPrefix(route, "promise") && route != "note" {
				t.Errorf("%s answers %s", route, answer.Body)
			}
		case http.StatusOK: // a list of its own
			if route != "handoffs" && route != "promises_to_all" {
				t.Errorf("%s answers %s", route, answer.Body)
			}
		case http.StatusNotFound:
			if !bytes.HasPrefix(nobody.Body.Bytes(), body) || answer.Header().Get("Location") != "" {
				t.Errorf("%s tells more than of nobody: %s", route, answer.Body)
			}
		default:
			t.Errorf("%s answers %d %s", route, answer.Code, answer.Body)
		}
		for class, mark := range marks {
			if strings.Contains(answer.Body.String(), mark) {
				t.Errorf("%s shows %s: %s", route, class, answer.Body)
			}
		}
	}
	for request, found := range w.disclosed() {
		if len(found) != 1 || found[0].Profile.String() != v["profile"] {
			t.Errorf("request %s has on record %+v, want its own alone", request, found)
		}
	}
	w.get("/v1/workspace", token, http.StatusForbidden)
	notes := w.notes()
	if !slices.ContainsFunc(notes, func(n unify.AuditNote) bool {
		return n.Outcome == store.AuditRefused && n.Reason == "customer" && n.Subject == "GET /v1/profiles/:address"
	}) {
		t.Errorf("the audit trail has %s", fmt.Sprint(notes))
	}
}

// TestWhatCannotBeMaskedSaysWhatWouldShowIt: of a birth date a mask leaves nothing; that the level hides it is told, and
// not that the purpose does.
func TestWhatCannotBeMaskedSaysWhatWouldShowIt(t *testing.T) {
	w := newWorld(t)
	e := w.event(1, "crm", "", nil, id(event.IDUser, "u1"), id(event.IDPhone, "+12125550123"))
	e.Type, e.Attributes = event.TypeIdentify, map[string]string{event.AttrBirthDate: "1971-02-03"}
	w.put(e)
	key := w.keyFor("support", "own_ai")
	v := w.get("/v1/profiles/phone:%2B12125550123", key, http.StatusOK)
	for _, x := range list(v, "withheld") {
		if x["class"] == policy.ClassIdentity && (x["because"] != policy.BecauseVerification || x["needs"] != "matched") {
			t.Errorf("withheld is %v", x)
		}
	}
	if strings.Contains(fmt.Sprint(v), "1971") || !strings.Contains(fmt.Sprint(v["withheld"]), "class:identity") {
		t.Errorf("a claimed reading is %v", v)
	}
	two := w.do(http.MethodPost, "/v1/profiles/lookup", key, `{"identifiers":[{"type":"phone","value":"+12125550123"},{"type":"user_id","value":"u1"}]}`)
	if !strings.Contains(two.Body.String(), "1971-02-03") {
		t.Errorf("once it is matched: %s", two.Body)
	}
}
