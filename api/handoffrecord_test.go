package api

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"tributary/api/auth"
	"tributary/ingest/event"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// schemaServed is the schema of hand-offs as anybody gets it, formats asserted.
func (w *world) schemaServed() *jsonschema.Schema {
	w.Helper()
	answer := w.do(http.MethodGet, "/v1/schemas/handoff/1", "", "")
	if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != "application/schema+json" {
		w.Fatalf("the schema is answered with %d, %s", answer.Code, answer.Header().Get("Content-Type"))
	}
	doc, err := jsonschema.UnmarshalJSON(answer.Body)
	w.must(err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	w.must(c.AddResource("handoff", doc))
	s, err := c.Compile("handoff")
	w.must(err)
	return s
}

// TestAnswersAreByTheSchema: AI to human, human to AI and AI to AI, at every stage, to whoever reads, by a library
// that knows nothing of this program.
func TestAnswersAreByTheSchema(t *testing.T) {
	w := newWorld(t)
	w.said()
	schema := w.schemaServed()
	checked := 0
	valid := func(v map[string]any) {
		t.Helper()
		text, err := json.Marshal(v["handoff"])
		w.must(err)
		record, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		w.must(err)
		if err := schema.Validate(record); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		checked++
	}
	third := w.agent(auth.PurposeSupport, auth.ReaderThirdPartyAI)
	for n, kinds := range [][2]auth.Reader{
		{auth.ReaderOwnAI, auth.ReaderHuman}, {auth.ReaderHuman, auth.ReaderOwnAI}, {auth.ReaderOwnAI, auth.ReaderOwnAI}, {auth.ReaderThirdPartyAI, auth.ReaderSystem},
	} {
		from, next := w.agent(auth.PurposeSupport, kinds[0]), w.agent(auth.PurposeSupport, kinds[1])
		body := `{"address":"user_id:u-1","conversation":"c-1","wants":"money back","summary":"came broken","sentiment":-0.5,"language":"en-GB",
			"tried":[{"what":"a voucher","outcome":"refused","at":"2026-03-01T12:30:00Z"}],"promised":[{"text":"a call","due":"2026-03-02T12:00:00Z"}],
			"open":[{"text":"is it insured?"},{"kind":"case","id":"case-9"}],"extensions":{"example.com/mood":{"score":0.25,"words":["cross"]}}}`
		v := w.decoded(w.jot("/v1/handoffs", from, fmt.Sprint("offer-", n), body), http.StatusCreated)
		valid(v)
		path := "/v1/handoffs/" + recordIn(v)["id"].(string)
		valid(w.decoded(w.jot(path+"/accept", next, fmt.Sprint("a", n), `{"actor":{"id":"x","name":"X"}}`), http.StatusOK))
		valid(w.get(path, next, http.StatusOK))
		valid(w.decoded(w.jot(path+"/return", next, fmt.Sprint("r", n), `{"summary":"done","next":"call","resolved":true,"actor":{"id":"x","name":"X"}}`), http.StatusOK))
	}
	for _, h := range list(w.get("/v1/handoffs?conversation=c-1", third, http.StatusOK), "handoffs") {
		for _, key := range []string{third, w.agent(auth.PurposeOperations, auth.ReaderSystem), w.agent(auth.PurposeMarketing, auth.ReaderHuman)} {
			valid(w.get("/v1/handoffs/"+h["id"].(string), key, http.StatusOK))
		}
	}
	if checked < 20 {
		t.Errorf("%d records were looked at", checked)
	}
	// What is not ours to know comes back as it was, and so does where each text comes from.
	all := w.get("/v1/handoffs?conversation=c-1", third, http.StatusOK)
	v := w.get("/v1/handoffs/"+list(all, "handoffs")[0]["id"].(string), w.agent(auth.PurposeOperations, auth.ReaderSystem), http.StatusOK)
	if got := fmt.Sprint(recordIn(v)["extensions"]); got != "map[example.com/mood:map[score:0.25 words:[cross]]]" {
		t.Errorf("extensions are %s", got)
	}
	for path, origin := range v["origins"].(map[string]any) {
		member, _, _ := strings.Cut(strings.TrimPrefix(path, "handoff."), "[")
		whose, _, _ := strings.Cut(strings.TrimPrefix(fmt.Sprint(origin), "handoff."), "[")
		whose, _, _ = strings.Cut(whose, ",")
		if recordIn(v)[member] == nil || recordIn(v)[whose] == nil {
			t.Errorf("%s is said to be of %s, which are not in %v", path, origin, v)
		}
		if !slices.ContainsFunc(v["untrusted"].([]any), func(u any) bool { return strings.HasPrefix(path, fmt.Sprint(u)) }) {
			t.Errorf("%s is not among the untrusted", path)
		}
	}
}

// TestWhatTheNextOneReadsIsOnRecord: whatever the holder reads of the customer, once; nobody else's reading.
func TestWhatTheNextOneReadsIsOnRecord(t *testing.T) {
	w := newWorld(t)
	w.said()
	human, other := w.agent(auth.PurposeSupport, auth.ReaderHuman), w.agent(auth.PurposeSupport, auth.ReaderHuman)
	path := w.offered(w.agent(auth.PurposeSupport, auth.ReaderOwnAI))
	const who = "/v1/profiles/user_id:u-1"
	read := func(key string) {
		for range 2 {
			for _, rest := range []string{"", "/context", "/timeline", "/search?query=order", "/commitments"} {
				w.get(who+rest, key, http.StatusOK)
			}
			w.get(path+"/interactions", key, http.StatusOK)
			w.decoded(w.do(http.MethodPost, "/v1/context", key, `{"identifiers":[{"type":"user_id","value":"u-1"}]}`), http.StatusOK)
		}
	}
	read(human) // who does not hold it leaves no mark
	w.decoded(w.jot(path+"/accept", human, "a", `{"actor":{"id":"ada"}}`), http.StatusOK)
	read(human)
	read(other)
	want := []string{"commitments", "context", "profile", "search", "timeline"}
	var parts []string
	for deadline := time.Now().Add(2 * time.Minute); len(parts) < len(want) && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		parts = nil
		reads, _ := recordIn(w.get(path, other, http.StatusOK))["reads"].([]any)
		for _, r := range reads {
			x := r.(map[string]any)
			if by := x["by"].(map[string]any); by["id"] != "ada" || by["kind"] != "human" {
				t.Fatalf("%v is said to have read %v", by, x["parts"])
			}
			for _, p := range x["parts"].([]any) {
				parts = append(parts, p.(string))
			}
		}
	}
	slices.Sort(parts)
	if !slices.Equal(parts, want) {
		t.Errorf("on record is %v, want %v", parts, want)
	}
	for _, e := range w.written() {
		if e.Name == event.NameHandoffRead && (e.CX.ConversationID != "" || e.CX.CaseID != "") {
			t.Error("a read is a contact, and pushes one out")
		}
	}
}

// TestAHandoffIsOfOnePerson: two are taken for one, one of their hand-offs is offered then, and they are parted: neither
// record says or refers to anything of the other's.
func TestAHandoffIsOfOnePerson(t *testing.T) {
	w := newWorld(t)
	said := func(n int, user, text string) *event.Event {
		return w.event(n, "chat", event.NameConversationMessage, &event.CX{ConversationID: "c-" + user, AuthorRole: event.AuthorCustomer, Text: text}, id(event.IDUser, user))
	}
	opened := func(n int, user string) *event.Event {
		return w.event(n, "chat", event.NameCaseOpened, &event.CX{CaseID: "case-" + user, Topic: "topic of " + user}, id(event.IDUser, user))
	}
	w.put(said(1, "one", "words of one"), opened(2, "one"), said(3, "two", "words of two"), opened(4, "two"))
	human := w.agent(auth.PurposeOperations, auth.ReaderSystem)
	observation := func(user string) uuid.UUID {
		return uuid.MustParse(w.get("/v1/profiles/user_id:"+user, human, http.StatusOK)["profile"].(string))
	}
	one, two := observation("one"), observation("two")
	w.give(unify.IdentityLink{Actor: "key:test", A: one, B: two, Verdict: unify.LinkMustMerge})
	paths := map[string]string{}
	for user, of := range map[string]uuid.UUID{"one": one, "two": two} {
		v := w.decoded(w.jot("/v1/handoffs", human, "offer-"+user, `{"address":"observation:`+of.String()+`","wants":"wish of `+user+`"}`), http.StatusCreated)
		paths[user] = "/v1/handoffs/" + recordIn(v)["id"].(string)
		if all := fmt.Sprint(v); !strings.Contains(all, "words of one") || !strings.Contains(all, "words of two") {
			t.Errorf("as one person they said %s", all)
		}
	}
	w.give(unify.IdentityLink{Actor: "key:test", A: one, B: two, Verdict: unify.LinkNeverMerge})
	for user, other := range map[string]string{"one": "two", "two": "one"} {
		for _, rest := range []string{"", "/interactions"} {
			all := w.do(http.MethodGet, paths[user]+rest, human, "").Body.String()
			if !strings.Contains(all, "words of "+user) || !strings.Contains(all, "case-"+user) {
				t.Errorf("%s: their own is gone: %s", user, all)
			}
			for _, theirs := range []string{"words of " + other, "case-" + other, "c-" + other, "topic of " + other, "wish of " + other} {
				if strings.Contains(all, theirs) {
					t.Errorf("%s%s tells %q: %s", user, rest, theirs, all)
				}
			}
		}
	}
	// As one again, it is all there again.
	w.give(unify.IdentityLink{Actor: "key:test", A: one, B: two, Verdict: unify.LinkMustMerge})
	if all := w.do(http.MethodGet, paths["one"], human, "").Body.String(); !strings.Contains(all, "words of two") || !strings.Contains(all, "case-two") {
		t.Errorf("merged again it is %s", all)
	}
}

// TestAListOfOnesOwnTellsOfNobodyElse: a bound key has all of its customer's hand-offs, and neither the
// pages nor their cursors have anything of others'.
func TestAListOfOnesOwnTellsOfNobodyElse(t *testing.T) {
	w := newWorld(t)
	w.said()
	w.put(w.event(10, "web", "Viewed", nil, id(event.IDUser, "u-2")))
	bot := w.agent(auth.PurposeSupport, auth.ReaderOwnAI)
	own, foreign := map[string]bool{}, map[string]bool{}
	for n := range 50 {
		user, into := "u-1", own
		if n%10 == 9 {
			user, into = "u-2", foreign
		}
		v := w.decoded(w.jot("/v1/handoffs", bot, fmt.Sprint("offer-", n), `{"address":"user_id:`+user+`","to":{"queue":"q"}}`), http.StatusCreated)
		into[recordIn(v)["id"].(string)] = true
		w.now = w.now.Add(time.Second)
	}
	token, _ := w.session(bot, "user_id:u-1", "c-1")
	for _, query := range []string{"?", "?queue=q", "?status=offered"} {
		seen := map[string]bool{}
		for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
			v := w.get("/v1/handoffs"+query+"&cursor="+cursor, token, http.StatusOK)
			for _, h := range list(v, "handoffs") {
				seen[h["id"].(string)] = true
			}
			cursor, _ = v["next_cursor"].(string)
			place, err := base64.RawURLEncoding.DecodeString(cursor)
			w.must(err)
			for other := range foreign {
				number := uuid.MustParse(other)
				if strings.Contains(string(place), hex.EncodeToString(number[:])) || bytes.Contains(place, number[:]) {
					t.Errorf("the cursor holds the id of somebody else's")
				}
			}
			if pages > 3 {
				t.Fatal("there is no last page")
			}
		}
		if len(seen) != len(own) {
			t.Errorf("%s lists %d of %d", query, len(seen), len(own))
		}
		for id := range seen {
			if !own[id] {
				t.Errorf("%s lists somebody else's", query)
			}
		}
	}
	lonely, _ := w.session(bot, "user_id:u-2", "c-9")
	if v := w.get("/v1/handoffs?queue=other", lonely, http.StatusOK); len(list(v, "handoffs")) != 0 || v["next_cursor"] != nil {
		t.Errorf("of none it lists %v", v)
	}
}

// TestWhoIsLookedUpTwiceIsOnRecordOnce: some requests look somebody up again; they tell of them once.
func TestWhoIsLookedUpTwiceIsOnRecordOnce(t *testing.T) {
	w := newWorld(t)
	w.said()
	human := w.agent(auth.PurposeSupport, auth.ReaderHuman)
	path := w.offered(w.agent(auth.PurposeSupport, auth.ReaderOwnAI))
	w.decoded(w.jot(path+"/accept", human, "a", `{}`), http.StatusOK)
	answers := map[string]*httptest.ResponseRecorder{
		"GET /v1/handoffs/:id":              w.do(http.MethodGet, path, human, ""),
		"GET /v1/handoffs/:id/interactions": w.do(http.MethodGet, path+"/interactions", human, ""),
		"POST /v1/commitments":              w.jot("/v1/commitments", human, "p", `{"identifiers":[{"type":"user_id","value":"u-1"}],"kind":"refund","text":"x"}`),
	}
	promise := w.decoded(answers["POST /v1/commitments"], http.StatusCreated)["commitment"].(map[string]any)["id"].(string)
	answers["POST /v1/commitments/:id/keep"] = w.jot("/v1/commitments/"+promise+"/keep", human, "k", `{}`)
	subject := w.get("/v1/profiles/user_id:u-1", human, http.StatusOK)["profile"]
	shown := map[string]string{
		"GET /v1/handoffs/:id": "handoff.wants", "GET /v1/handoffs/:id/interactions": "events[].text.text",
		"POST /v1/commitments": "commitment.text", "POST /v1/commitments/:id/keep": "commitment.status",
	}
	all := w.disclosed()
	for route, answer := range answers {
		list := all[answer.Header().Get(requestIDHeader)]
		if len(list) != 1 {
			t.Errorf("%s (%d) is on record %d times: %+v", route, answer.Code, len(list), list)
			continue
		}
		d := list[0]
		if d.Route != route || d.Kind != store.DisclosureAnswer || d.Profile.String() != subject || d.Total == 0 || d.Total != len(d.Observations) ||
			d.Purpose != "support" || d.Reader != "human" || !slices.Contains(d.Shown, shown[route]) {
			t.Errorf("%s is on record as %+v", route, d)
		}
	}
	reads := 0
	for _, e := range w.written() {
		if e.Name == event.NameHandoffRead && strings.Contains(string(e.Properties), `"timeline"`) {
			reads++
		}
	}
	if reads != 1 {
		t.Errorf("the reading of the timeline is in the log %d times", reads)
	}
}

// TestWhatIsOnRecordIsNotOffered: what happened, and what is verified, is looked up, and nobody can claim it.
func TestWhatIsOnRecordIsNotOffered(t *testing.T) {
	w := newWorld(t)
	w.said()
	bot := w.agent(auth.PurposeSupport, auth.ReaderOwnAI)
	for name, value := range map[string]string{"interactions": `[{"source":"chat","message_id":"m-000002"}]`, "verified": `{"level":"verified"}`, "reads": `[]`} {
		d := w.decoded(w.jot("/v1/handoffs", bot, name, fmt.Sprintf(`{"identifiers":[{"type":"user_id","value":"u-1"}],%q:%s}`, name, value)), http.StatusBadRequest)
		if faults := list(d, "errors"); len(faults) != 1 || faults[0]["field"] != name {
			t.Errorf("%s is refused with %v", name, d)
		}
	}
}
