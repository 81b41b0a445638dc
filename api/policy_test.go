package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/journeys/flow"
	"tributary/profiles"
	"tributary/profiles/explain"
	"tributary/profiles/export"
	"tributary/profiles/privacy/desk"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
)

// marks are what a planted customer has of each class: where one is shown, its text stands in an answer.
var marks = map[string]string{
	policy.ClassIdentity:     "Quentinmark",
	policy.ClassContact:      "markmail@example.com",
	policy.ClassIdentifier:   "markidentifier-4711",
	policy.ClassTrait:        "marktrait",
	policy.ClassMoney:        "8642.97",
	policy.ClassConversation: "marktopic",
	policy.ClassContent:      "markcontent",
	policy.ClassSatisfaction: "3.14159",
	policy.ClassBehaviour:    "Markbehaviour",
	policy.ClassProvenance:   `"marksource"`, // not "marksource.conversation_id", which is a type of identifier
	policy.ClassAccount:      "markaccount",
	policy.ClassConsent:      "markpurpose",
	policy.ClassComputed:     "271828",
	policy.ClassSegment:      "marksegment",
}

var contextClasses = []string{
	policy.ClassIdentity, policy.ClassContact, policy.ClassIdentifier, policy.ClassTrait, policy.ClassMoney, policy.ClassConversation,
	policy.ClassContent, policy.ClassSatisfaction, policy.ClassBehaviour, policy.ClassProvenance, policy.ClassConsent,
}

// shownBy says which routes show a mark if the policy lets them.
var shownBy = map[string][]string{
	"profile": {
		policy.ClassIdentity, policy.ClassContact, policy.ClassIdentifier, policy.ClassTrait, policy.ClassMoney, policy.ClassConversation,
		policy.ClassContent, policy.ClassSatisfaction, policy.ClassBehaviour, policy.ClassProvenance,
		policy.ClassAccount, policy.ClassComputed, policy.ClassSegment, policy.ClassConsent,
	},
	"consent":              {policy.ClassContact, policy.ClassConsent},
	"check":                {policy.ClassConsent},
	"members":              {policy.ClassSegment},
	"funnel_people":        {policy.ClassProvenance},
	"account":              {policy.ClassAccount},
	"bill":                 {policy.ClassMoney, policy.ClassProvenance},
	"changes":              {policy.ClassSegment},
	"lookup":               {policy.ClassIdentity, policy.ClassContact, policy.ClassTrait, policy.ClassContent, policy.ClassMoney},
	"context":              contextClasses,
	"ctx_body":             contextClasses,
	"markdown":             contextClasses,
	"timeline":             {policy.ClassMoney, policy.ClassConversation, policy.ClassContent, policy.ClassSatisfaction, policy.ClassBehaviour, policy.ClassProvenance},
	"promises":             {policy.ClassMoney, policy.ClassConversation, policy.ClassContent, policy.ClassProvenance, policy.ClassAccount},
	"search":               {policy.ClassContent},
	"handoff":              {policy.ClassContent},
	"handoff_interactions": {policy.ClassMoney, policy.ClassConversation, policy.ClassContent, policy.ClassSatisfaction, policy.ClassBehaviour, policy.ClassProvenance},
	"stream":               {policy.ClassSegment},
	"repeat_people":        {policy.ClassConversation, policy.ClassProvenance},
	"effect_people":        {policy.ClassConversation, policy.ClassProvenance},
	"use_case_people":      {policy.ClassConversation, policy.ClassProvenance},
	"driver_people":        {policy.ClassConversation, policy.ClassContent, policy.ClassProvenance},
	"driver_examples":      {policy.ClassConversation, policy.ClassContent, policy.ClassProvenance},
	"metric_events":        {policy.ClassConversation}, // and where it is from, which goes with it
	"pair":                 {policy.ClassIdentity, policy.ClassContact, policy.ClassIdentifier, policy.ClassTrait, policy.ClassProvenance},
	"identity":             {policy.ClassContact, policy.ClassIdentifier, policy.ClassProvenance},
}

// in is a mark as a route would show it.
func in(route, class, mark string) string {
	if route == "markdown" && class == policy.ClassProvenance {
		return "source marksource"
	}
	return mark
}

// plantMarks makes a customer with a mark of every class, in one conversation that somebody identified and one
// that a trusted source verified, and two more who share a telephone.
func plantMarks(w *world) {
	anon, user := id(event.IDAnonymous, "anon-1"), id(event.IDUser, marks[policy.ClassIdentifier])
	mail, score := id(event.IDEmail, marks[policy.ClassContact]), 3.14159
	n := 0
	next := func(name string, cx *event.CX, ids ...event.Identifier) *event.Event {
		n++
		return w.event(3500+n, "marksource", name, cx, append(ids, anon)...)
	}
	who := next("", nil, user, mail)
	who.Type, who.Name = event.TypeIdentify, ""
	who.Traits = json.RawMessage(`{"firstName":"Quentinmark","favourite":"marktrait","email":"markmail@example.com","nested":{"email":"markmail@example.com"}}`)
	who.Attributes = map[string]string{event.AttrFirstName: marks[policy.ClassIdentity]}
	talk := func(id string, cx event.CX) *event.CX {
		cx.ConversationID = id
		return &cx
	}
	shared := func(n int, user string) *event.Event {
		return w.event(3600+n, "web", "Viewed", nil, id(event.IDUser, user), id(event.IDPhone, "+12125550123"))
	}
	w.give(unify.ProfilesDefinitions{Document: "computed: [{name: size, of: sum, events: [Markbehaviour], value: properties.size}]\n" +
		"segments: [{name: marksegment, when: {computed: size, above: 1}}]"})
	said := next(event.NameConsentChanged, &event.CX{Consent: event.ConsentGranted, Purpose: "markpurpose"}, user, mail)
	granted := next(event.NameConsentChanged, &event.CX{Consent: event.ConsentGranted, Purpose: "marketing"}, user, mail)
	person := next(event.NameConsentChanged, &event.CX{Consent: event.ConsentGranted, Purpose: "marketing"}, user)
	said.Channel, granted.Channel = event.ChannelEmail, event.ChannelEmail
	used := next(marks[policy.ClassBehaviour], nil, user)
	used.Properties = json.RawMessage(`{"size":271828}`)
	for _, status := range []string{event.NameCommitmentProposed, event.NameCommitmentMade} {
		w.put(next(status, &event.CX{
			CommitmentID: "mark." + status, Text: marks[policy.ClassContent], Amount: marks[policy.ClassMoney], Currency: "EUR",
			CaseID: marks[policy.ClassConversation], AccountID: marks[policy.ClassAccount], AuthorRole: event.AuthorHuman,
		}, user))
	}
	w.put(
		who, said, granted, person, used,
		next("role.changed", &event.CX{AccountID: "markaccount", AccountRole: "payer"}, user),
		next("conversation.started", talk("c-plain", event.CX{Topic: marks[policy.ClassConversation], Direction: event.DirectionInbound}), user),
		next("conversation.message", talk("c-plain", event.CX{Text: marks[policy.ClassContent] + " please", AuthorRole: event.AuthorCustomer}), user),
		next("survey.answered", talk("c-plain", event.CX{Survey: event.SurveyCSAT, Scale: "1-5", Score: &score}), user),
		next("invoice.overdue", &event.CX{Amount: marks[policy.ClassMoney], Currency: "EUR", AccountID: "a-1"}, user),
		next("conversation.identified", talk("c-identified", event.CX{}), user),
		next("conversation.verified", talk("c-forged", event.CX{}), user),
		shared(1, "s1"), shared(2, "s2"),
	)
	verified := next("conversation.verified", talk("c-verified", event.CX{}), user)
	verified.Source = "desk"
	w.put(verified)
	v := w.decoded(w.jot("/v1/handoffs", w.agent(auth.PurposeOperations, auth.ReaderSystem), "planted",
		`{"address":"anonymous_id:anon-1","conversation":"c-plain","wants":"markcontent"}`), http.StatusCreated)
	w.handoff = recordIn(v)["id"].(string)
	w.aside = w.putAside("web", aside)[0]
	for request := range w.disclosed() {
		w.planting[request] = true
	}
	for _, address := range []profiles.Address{{identity.Identifier(anon)}, {{Type: event.IDUser, Value: "s1"}}, {{Type: event.IDUser, Value: "s2"}}} {
		found, err := w.api.Profiles.Get(w.Context(), "acme", address)
		w.must(err)
		w.observations = append(w.observations, found.Profile.ID.String())
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) { // the segment has its member soon
		if members, _, err := w.api.Analysis.Members("acme", marks[policy.ClassSegment], uuid.Nil, 1); err == nil && len(members) == 1 {
			return
		} else if time.Now().After(deadline) {
			w.Fatalf("nobody is in the segment: %v", err)
		}
	}
}

// policed sets a workspace's policy.
func (w *world) policed(document string) {
	w.Helper()
	if _, err := policy.Parse([]byte(document)); err != nil {
		w.Fatal(err)
	}
	value, err := json.Marshal(document)
	w.must(err)
	w.give(unify.ConfigPut{Bucket: policy.Bucket, Key: "acme", Value: value})
}

// keyFor makes a key of a purpose and a kind of reader.
func (w *world) keyFor(purpose, reader string) string {
	w.Helper()
	secret, _, err := w.keys.Create(w.Context(), auth.New{
		Kind: auth.KindAdmin, Workspace: "acme", Purpose: auth.Purpose(purpose), Reader: auth.Reader(reader),
	})
	w.must(err)
	return secret
}

// sessionMaker is an agent key that reads as an administrator's does, which makes no sessions; any other is itself.
func (w *world) sessionMaker(key string) string {
	k, err := w.keys.Lookup(w.Context(), key)
	if err != nil || k.Kind != auth.KindAdmin {
		return key
	}
	return w.agent(k.Purpose, k.Reader)
}

// sharedPhone names two people.
const sharedPhone = `{"identifiers":[{"type":"phone","value":"+12125550123"}]}`

// promiseReadings asks for the promises to the planted customer, and writes of them; what is new is about another, so
// that all readings find the same.
func (w *world) promiseReadings(key string, at func(path string, more ...string) string) map[string]*httptest.ResponseRecorder {
	agent := w.sessionMaker(key)
	write := func(path, body string) *httptest.ResponseRecorder { return w.jot(at(path), agent, path, body) }
	return map[string]*httptest.ResponseRecorder{
		"promises":         w.do(http.MethodGet, at("/v1/profiles/anonymous_id:anon-1/commitments"), key, ""),
		"promises_to_all":  w.do(http.MethodGet, at("/v1/commitments"), key, ""),
		"promise":          write("/v1/commitments", `{"identifiers":[{"type":"user_id","value":"s1"}],"kind":"reply","text":"A reply"}`),
		"promise_confirm":  write("/v1/commitments/mark.commitment.proposed/confirm", `{}`),
		"promise_keep":     write("/v1/commitments/mark.commitment.proposed/keep", `{}`),
		"promise_withdraw": write("/v1/commitments/mark.commitment.made/withdraw", `{}`),
		"note":             write("/v1/notes", `{"identifiers":[{"type":"user_id","value":"s1"}],"text":"A note"}`),
	}
}

// readings asks every route about the planted customer, in a conversation.
func (w *world) readings(key, conversation string) map[string]*httptest.ResponseRecorder {
	query := url.Values{}
	if conversation != "" {
		query.Set("conversation", conversation)
	}
	at := func(path string, more ...string) string {
		q := url.Values{}
		for name := range query {
			q.Set(name, query.Get(name))
		}
		for i := 0; i < len(more); i += 2 {
			q.Set(more[i], more[i+1])
		}
		return path + "?" + q.Encode()
	}
	get := func(target string) *httptest.ResponseRecorder { return w.do(http.MethodGet, target, key, "") }
	const who = "/v1/profiles/anonymous_id:anon-1"
	// What is done with a hand-off is done of somebody else, once by each key, if it may.
	offer := w.jot(at("/v1/handoffs"), key, "offer", `{"address":"user_id:s1","wants":"something"}`)
	var offered struct{ Handoff struct{ ID string } }
	w.must(json.Unmarshal(offer.Body.Bytes(), &offered))
	step := func(what, body string) *httptest.ResponseRecorder {
		return w.jot(at("/v1/handoffs/"+offered.Handoff.ID+"/"+what), key, what, body)
	}
	theirs := "/v1/handoffs/" + w.handoff
	answers := map[string]*httptest.ResponseRecorder{
		"handoff":              get(at(theirs)),
		"handoff_interactions": get(at(theirs + "/interactions")),
		"handoffs":             get(at("/v1/handoffs")),
		"handoff_offer":        offer,
		"handoff_accept":       step("accept", `{"lease_s":600}`),
		"handoff_extend":       step("extend", `{"lease_s":1200}`),
		"handoff_read":         step("read", `{"parts":["wants"]}`),
		"handoff_release":      step("release", `{}`),
		"handoff_again":        w.jot(at("/v1/handoffs/"+offered.Handoff.ID+"/accept"), key, "again", `{}`),
		"handoff_return":       step("return", `{"summary":"x"}`),
		"profile":              get(at(who)),
		"context":              get(at(who+"/context", "budget_tokens", "16000")),
		"ctx_body":             w.do(http.MethodPost, at("/v1/context"), key, `{"identifiers":[{"type":"anonymous_id","value":"anon-1"}],"budget_tokens":16000}`),
		"markdown":             w.doAs("text/markdown", http.MethodGet, at(who+"/context", "budget_tokens", "16000"), key, ""),
		"timeline":             get(at(who + "/timeline")),
		"search":               get(at(who+"/search", "query", "word")),
		"search_body":          w.do(http.MethodPost, at("/v1/profiles/search"), key, `{"identifiers":[{"type":"anonymous_id","value":"anon-1"}],"query":"word"}`),
		"identity":             get(at(who+"/identity", "with", "user_id:s1")),
		"added":                get(at(who+"/identity", "add", "user_id:s2")),
		"identifier":           get(at("/v1/identifiers/anonymous_id:anon-1")),
		"lookup":               w.do(http.MethodPost, at("/v1/profiles/lookup"), key, `{"identifiers":[{"type":"anonymous_id","value":"anon-1"}]}`),
		"customers":            w.do(http.MethodPost, at("/v1/customers/search"), key, `{"query":"anonymous_id:anon-1"}`),
		"ambiguous":            get(at("/v1/profiles/phone:%2B12125550123")),
		"ambiguous_with":       get(at(who+"/identity", "with", "phone:+12125550123")),
		"nobody":               get(at("/v1/profiles/user_id:nobody")),
		"bad_cursor":           get(at(who+"/timeline", "cursor", "x")),
		"consent":              get(at(who + "/consent")),
		"contact_consent":      get(at("/v1/consent/email:markmail@example.com")),
		"check":                w.do(http.MethodPost, at("/v1/consent/check"), key, `{"identifiers":[{"type":"anonymous_id","value":"anon-1"}],"channel":"email","purpose":"markpurpose"}`),
		"account":              get(at("/v1/accounts/markaccount")),
		"bill":                 get(at("/v1/accounts/a-1")),
		"funnel_people":        w.do(http.MethodPost, at("/v1/journeys/funnel/people"), key, `{}`),
		"retention_people":     w.do(http.MethodPost, at("/v1/journeys/retention/people"), key, `{}`),
		"paths_people":         w.do(http.MethodPost, at("/v1/journeys/paths/people"), key, `{}`),
		"between_people":       w.do(http.MethodPost, at("/v1/journeys/time-between/people"), key, `{}`),
		"members":              get("/v1/segments/marksegment/members"),
		"changes":              get("/v1/segments/marksegment/changes"),
		"segment_preview":      w.do(http.MethodPost, at("/v1/segments/preview"), key, `{"definitions":{"segments":[{"name":"marksegment","when":{"trait":"favourite"}}]},"segment":"marksegment"}`),
		"repeat_people":        w.do(http.MethodPost, at("/v1/journeys/repeat-contacts/people"), key, `{"from":"2026-03-01"}`),
		"driver_people":        w.do(http.MethodPost, at("/v1/journeys/drivers/people"), key, `{"from":"2026-03-01"}`),
		"driver_examples":      w.do(http.MethodPost, at("/v1/journeys/drivers/examples"), key, `{"from":"2026-03-01"}`),
		"metric_events":        get(at("/v1/metrics/fcr/events", "from", "2026-03-01")),
		"journey_people":       w.do(http.MethodPost, at("/v1/journeys/contacts/people"), key, `{"from":"2026-03-01"}`),
		"friction_people":      w.do(http.MethodPost, at("/v1/journeys/friction/people"), key, `{"from":"2026-03-01"}`),
		"effect_people":        w.do(http.MethodPost, at("/v1/journeys/effect/people"), key, `{"from":"2026-03-01"}`),
		"use_case_people":      w.do(http.MethodPost, at("/v1/journeys/use-cases/people"), key, `{"from":"2026-03-01"}`),
		"export":               w.do(http.MethodPost, at("/v1/privacy/exports"), key, `{}`),
		"erasure":              w.do(http.MethodPost, at("/v1/privacy/erasures", "preview", "true"), key, `{"identifiers":[{"type":"anonymous_id","value":"anon-1"}]}`),
		"erase_one_of":         w.do(http.MethodPost, at("/v1/privacy/erasures"), key, sharedPhone),
		"restrict_one_of":      w.do(http.MethodPost, at("/v1/privacy/restrictions"), key, sharedPhone),
		"lift_one_of":          w.do(http.MethodDelete, at("/v1/privacy/restrictions/phone:%2B12125550123"), key, ""),
		"history":              get(at(who + "/traits/favourite/history")),
		"earlier":              get(at(who, "as_of", "2026-03-01T12:59:00Z")),
		"disclosures":          get(at(who + "/disclosures")),
		"stream":               get(at("/v1/stream", "subject", "anonymous_id:anon-1", "after", "oldest", "follow", "false")),
		"agent_session":        w.do(http.MethodPost, at("/v1/agent-sessions"), w.sessionMaker(key), `{"address":"anonymous_id:anon-1","conversation":"c-plain"}`),
		"quarantined":          get(at("/v1/quarantine/items/" + w.aside)),
		"correction":           w.do(http.MethodPost, at("/v1/quarantine/items/"+w.aside+"/correct"), key, `{"with":{}}`),
		"reviews":              get(at("/v1/identity/reviews")),
		"pair":                 get(at("/v1/identity/pairs/" + w.observations[0] + "/" + w.observations[1])),
		"decision_preview":     w.do(http.MethodPost, at("/v1/identity/preview"), key, `{"kind":"never_merge","a":"`+w.observations[1]+`","b":"`+w.observations[2]+`"}`),
		"decisions":            get(at("/v1/identity/decisions")),
		"bad_conversaton":      get(at(who, "purpose", "everything")),
	}
	maps.Copy(answers, w.promiseReadings(key, at))
	decision := w.jot(at("/v1/identity/decisions"), key, "decide", `{"kind":"never_merge","a":"`+w.observations[1]+`","b":"`+w.observations[2]+`"}`)
	var decided struct{ ID string }
	w.must(json.Unmarshal(decision.Body.Bytes(), &decided))
	answers["decision"] = decision
	answers["decision_undo"] = w.jot(at("/v1/identity/decisions/"+or(decided.ID, w.observations[0])+"/undo"), key, "undo", `{}`)
	return answers
}

// shows fails where an answer shows a mark that it must not show, or not one that it must.
func (w *world) shows(t *testing.T, what string, answers map[string]*httptest.ResponseRecorder, allowed func(class string) bool) {
	t.Helper()
	for route, answer := range answers {
		all := answer.Body.String() + fmt.Sprint(answer.Header())
		for class, mark := range marks {
			shown := strings.Contains(all, in(route, class, mark))
			switch must := slices.Contains(shownBy[route], class); {
			case shown && !allowed(class):
				t.Errorf("%s: %s shows %s: %s", what, route, class, all)
			case class == policy.ClassContent && !allowed(policy.ClassConversation): // what was said stands inside of its conversation
			case must && !shown && allowed(class):
				t.Errorf("%s: %s does not show %s: %d %s", what, route, class, answer.Code, all)
			}
		}
	}
}

var trusting = strings.Replace(string(policy.DefaultYAML()), "trusted_sources: []", "trusted_sources: [desk]", 1)

// TestEveryReaderSeesWhatThePolicySays walks purpose × reader × level × class × route.
func TestEveryReaderSeesWhatThePolicySays(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	w.policed(trusting)
	p, err := policy.Parse([]byte(trusting))
	w.must(err)
	levels := map[policy.Level]string{policy.Claimed: "c-forged", policy.Matched: "c-identified", policy.Verified: "c-verified"}
	for _, purpose := range policy.Purposes() {
		for _, reader := range policy.Readers() {
			key := w.keyFor(purpose, reader)
			for level, conversation := range levels {
				what := strings.Join([]string{purpose, reader, level.String()}, " ")
				answers := w.readings(key, conversation)
				v := w.decoded(answers["profile"], http.StatusOK)
				if got := v["verification"].(map[string]any)["level"]; got != level.String() {
					t.Errorf("%s: the level is %v", what, got)
				}
				allowed := func(level policy.Level) func(class string) bool {
					return func(class string) bool {
						r := p.Rule(purpose, reader, class)
						return r.Do == policy.Show && (level >= r.Needs || r.Below == policy.Show)
					}
				}
				accounts := map[string]*httptest.ResponseRecorder{"account": answers["account"], "bill": answers["bill"]}
				w.shows(t, what+", an account", accounts, allowed(p.Verification.OwnLookup[reader])) // whatever the conversation is
				// So is what a hand-off names: nobody addressed it.
				own := map[string]*httptest.ResponseRecorder{"handoff": answers["handoff"], "handoff_interactions": answers["handoff_interactions"]}
				w.shows(t, what+", a hand-off", own, allowed(max(level, p.Verification.OwnLookup[reader])))
				delete(answers, "handoff")
				delete(answers, "handoff_interactions")
				delete(answers, "account")
				delete(answers, "bill")
				behind := map[string]*httptest.ResponseRecorder{} // a number of ours
				for _, route := range []string{"driver_people", "driver_examples", "pair"} {
					behind[route] = answers[route]
					delete(answers, route)
				}
				w.shows(t, what+", behind a number", behind, allowed(p.Verification.OwnLookup[reader]))
				steps := map[string]*httptest.ResponseRecorder{} // by a promise's id, which is one of our own
				for _, step := range []string{"promise_confirm", "promise_keep", "promise_withdraw"} {
					steps[step] = answers[step]
					delete(answers, step)
				}
				w.shows(t, what+", by an id of our own", steps, allowed(max(level, p.Verification.OwnLookup[reader])))
				w.shows(t, what, answers, allowed(level))
			}
		}
	}
}

// TestEveryClassAlone: with policies that show all but one class, and that one alone.
func TestEveryClassAlone(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	key := w.keyFor("support", "human")
	classes := policy.Default().Classes()
	document := func(do func(class string) string) string {
		var rules []string
		for _, class := range classes {
			rules = append(rules, class+": "+do(class))
		}
		return "rules: {default: {default: {" + strings.Join(rules, ", ") + "}}}"
	}
	for class := range marks {
		for _, refused := range []string{"withhold", "mask"} {
			w.policed(document(func(c string) string {
				if c == class {
					return refused
				}
				return "show"
			}))
			w.shows(t, "all but "+class+": "+refused, w.readings(key, ""), func(c string) bool { return c != class })
		}
		w.policed(document(func(c string) string {
			if c == class || c == policy.ClassMeta {
				return "show"
			}
			return "withhold"
		}))
		answers := w.readings(key, "")
		for route, answer := range answers {
			for c, mark := range marks {
				if all := answer.Body.String() + fmt.Sprint(answer.Header()); c != class && strings.Contains(all, in(route, c, mark)) {
					t.Errorf("%s alone: %s shows %s: %s", class, route, c, all)
				}
			}
		}
	}
}

// TestEveryRouteHasARule: and one that tells of people is asked by the tests above.
func TestEveryRouteHasARule(t *testing.T) {
	w := newWorld(t)
	for _, r := range w.api.routes() {
		switch r.rule {
		case personal, acting, aggregate, operations:
		case open:
			if r.scope != public && r.scope != keyed {
				t.Errorf("%s %s: the rule is open, the scope is neither public nor any key's", r.method, r.path)
			}
		default:
			t.Errorf("%s %s has no rule: say personal, acting, aggregate, operations or open", r.method, r.path)
		}
	}
}

// TestALevelIsNotClaimed: arguments raise nothing, proofs end, and one for another is none.
func TestALevelIsNotClaimed(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	w.policed(trusting)
	human := w.keyFor("support", "human")
	level := func(target string) (string, string) {
		v := w.get(target, human, http.StatusOK)["verification"].(map[string]any)
		return v["level"].(string), v["because"].(string)
	}
	const who = "/v1/profiles/anonymous_id:anon-1"
	for _, c := range []struct{ target, level, because string }{
		{who, "claimed", "one_identifier"},
		{who + "?conversation=c-plain", "claimed", "one_identifier"},
		{who + "?conversation=c-forged", "claimed", "one_identifier"}, // of a source that is not trusted
		{who + "?conversation=c-identified", "matched", "conversation_identified"},
		{who + "?conversation=c-verified", "verified", "conversation_verified"},
		{"/v1/profiles/user_id:s1?conversation=c-verified", "matched", "own_lookup"}, // somebody else's conversation
		{"/v1/profiles/email:markmail@example.com", "claimed", "one_identifier"},
	} {
		if l, because := level(c.target); l != c.level || because != c.because {
			t.Errorf("%s is %s because of %s", c.target, l, because)
		}
	}
	two := w.decoded(w.do(http.MethodPost, "/v1/profiles/lookup", human,
		`{"identifiers":[{"type":"anonymous_id","value":"anon-1"},{"type":"email","value":"markmail@example.com"}]}`), http.StatusOK)
	if v := two["verification"].(map[string]any); v["level"] != "matched" || v["because"] != "identifiers_agree" {
		t.Errorf("two that agree: %v", v)
	}
	one := w.decoded(w.do(http.MethodPost, "/v1/profiles/lookup", human,
		`{"identifiers":[{"type":"anonymous_id","value":"anon-1"},{"type":"email","value":"nobody@example.com"}]}`), http.StatusOK)
	v := one["verification"].(map[string]any)
	if v["level"] != "claimed" {
		t.Errorf("one that nobody has beside one that is known: %v", v)
	}
	raise := list(v, "raise")
	if len(raise) != 2 || raise[0]["to"] != "matched" || fmt.Sprint(raise[0]["ask"]) != "[email user_id]" || raise[1]["or"] != "conversation.verified" {
		t.Errorf("would be raised by %v", raise)
	}
	w.now = w.now.Add(31 * 60 * 1e9)
	if l, _ := level(who + "?conversation=c-verified"); l != "claimed" {
		t.Errorf("31 minutes after it was verified: %s", l)
	}
}

func TestPurposeMayOnlyNarrow(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	const who = "/v1/profiles/anonymous_id:anon-1"
	system := w.keyFor("operations", "system")
	if v := w.get(who+"?purpose=analytics", system, http.StatusOK); v["purpose"] != "analytics" || strings.Contains(fmt.Sprint(v), marks[policy.ClassContact]) {
		t.Errorf("operations for analytics: %v", v)
	}
	w.get(who+"?purpose=operations", w.keyFor("support", "human"), http.StatusForbidden)
	w.get(who+"?purpose=fun", system, http.StatusBadRequest)
}

// TestAPolicyThatIsNotUnderstoodShowsNothing: one that another program left behind.
func TestAPolicyThatIsNotUnderstoodShowsNothing(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	w.give(unify.ConfigPut{Bucket: policy.Bucket, Key: "acme", Value: json.RawMessage(`"rules: 3"`)})
	for route, answer := range w.readings(w.keyFor("operations", "system"), "c-verified") {
		if answer.Code < 500 {
			t.Errorf("%s answers %d: %s", route, answer.Code, answer.Body)
		}
	}
}

// elsewhere are personal routes whose answers are not made of the hot state, with what they answer: other tests read
// them from the real store.
var elsewhere = map[string]any{
	"GET /v1/profiles/:address/traits/:name/history": traitHistoryView{},
	"GET /v1/profiles/:address/disclosures":          disclosuresView{},
	"POST /v1/privacy/exports":                       export.View{},
	"POST /v1/quarantine/items/:place/correct":       quarantinedItemView{},
	"POST /v1/privacy/restrictions":                  desk.Done{},
	"DELETE /v1/privacy/restrictions/:address":       desk.Done{},
}

// TestEveryPersonalRouteIsRead: a route that tells of people is among the readings and answers there, or its view is
// named in elsewhere. A new one that is neither fails.
func TestEveryPersonalRouteIsRead(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	w.readings(w.keyFor("operations", "system"), "c-verified")
	answered := map[string]bool{}
	for line := range strings.Lines(w.lines.String()) {
		var said struct {
			Method, Route string
			Status        int
		}
		w.must(json.Unmarshal([]byte(line), &said))
		route := said.Method + " " + said.Route
		answered[route] = answered[route] || said.Status == http.StatusOK || said.Status == http.StatusCreated
	}
	for _, r := range w.api.routes() {
		route := r.method + " " + r.path
		view, away := elsewhere[route]
		asked, read := answered[route]
		switch {
		case !r.rule.ofPeople():
		case !read:
			t.Errorf("%s tells of people and is not among the readings", route)
		case !asked && !away:
			t.Errorf("%s answers nobody in the readings", route)
		case away:
			if err := policy.Check(view); err != nil {
				t.Errorf("%s: %v", route, err)
			}
		}
	}
}

// TestEveryViewSaysItsClasses: what a personal route answers has a class for every field, and so has the profile
// that is put into words.
func TestEveryViewSaysItsClasses(t *testing.T) {
	for _, v := range append(personalViews(), profiles.Profile{}, readingView{}, candidateView{}) {
		if err := policy.Check(v); err != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
}

// personalViews are the answers of the personal routes.
func personalViews() []any {
	return []any{profileView{}, contextView{}, timelineView{}, explain.Answer{}, explain.Standing{}, handoffView{}, handoffsView{}, disclosuresView{}, traitHistoryView{}, movedView{},
		customersView{}, agentSessionView{}, accountView{}, commitmentsView{}, profileCommitmentsView{}, commitmentAnswerView{}, noteView{}, consentView{}, contactConsentView{}, checkView{}, segmentMembersView{}, segmentChangesView{}, previewView{}, flow.People{}, steward.Questions{}, pairView{}, steward.Forecast{}, steward.Decision{}, steward.Decisions{}, desk.Preview{}, desk.Done{}, export.View{}}
}
