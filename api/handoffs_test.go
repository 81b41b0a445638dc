package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/ingest/event"
	"tributary/profiles/state"
)

// said puts a conversation of u-1 into the log.
func (w *world) said() {
	w.Helper()
	u := id(event.IDUser, "u-1")
	at := func(n int, name string, cx *event.CX) *event.Event {
		e := w.event(n, "chat", name, cx, u)
		e.Channel = event.ChannelChat
		return e
	}
	w.put(
		at(1, event.NameConversationStarted, &event.CX{ConversationID: "c-1", Topic: "refund"}),
		at(2, event.NameConversationMessage, &event.CX{ConversationID: "c-1", AuthorRole: event.AuthorCustomer, Text: "Order 77 came broken"}),
		at(3, event.NameCaseOpened, &event.CX{CaseID: "case-9", Topic: "broken goods"}),
	)
}

const offerBody = `{"identifiers":[{"type":"user_id","value":"u-1"}],"conversation":"c-1","wants":"money back","to":{"kind":"human","queue":"refunds"},
	"tried":[{"what":"offered a voucher","outcome":"refused"}],"summary":"came broken","actor":{"id":"bot-1"}}`

// offered offers a hand-off, and returns its path.
func (w *world) offered(key string) string {
	w.Helper()
	v := w.decoded(w.jot("/v1/handoffs", key, "offer", offerBody), http.StatusCreated)
	return "/v1/handoffs/" + recordIn(v)["id"].(string)
}

func recordIn(v map[string]any) map[string]any { return v["handoff"].(map[string]any) }

func TestHandoffFillsInWhatIsKnown(t *testing.T) {
	w := newWorld(t)
	w.said()
	human, bot := w.agent(auth.PurposeSupport, auth.ReaderHuman), w.agent(auth.PurposeSupport, auth.ReaderOwnAI)
	path := w.offered(bot)
	again := w.decoded(w.jot("/v1/handoffs", bot, "offer", offerBody), http.StatusCreated)
	if "/v1/handoffs/"+recordIn(again)["id"].(string) != path {
		t.Error("a retry offers another")
	}
	if d := w.decoded(w.jot("/v1/handoffs", bot, "offer", strings.Replace(offerBody, "money", "cash", 1)), http.StatusConflict); d["type"] != "urn:tributary:problem:idempotency-conflict" {
		t.Errorf("%v", d)
	}
	r := recordIn(w.get(path, human, http.StatusOK))
	from := r["from"].(map[string]any)
	if from["kind"] != "ai" || from["id"] != "bot-1" || r["wants"] != "money back" || r["status"] != "offered" || r["verified"] == nil {
		t.Errorf("record %v", r)
	}
	text, err := json.Marshal(r["interactions"])
	w.must(err)
	for _, want := range []string{`"line":"Order 77 came broken"`, `"source":"chat"`, `"message_id":"m-000002"`, `"channel":"chat"`, `"author":"customer"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if open := fmt.Sprint(r["open"]); !strings.Contains(open, "case-9") || !strings.Contains(open, "broken goods") {
		t.Errorf("open is %s", open)
	}
	// Of what a model of somebody else's may not see nothing is told.
	third := w.do(http.MethodGet, path, w.agent(auth.PurposeSupport, auth.ReaderThirdPartyAI), "").Body.String()
	for _, secret := range []string{"money back", "Order 77", "voucher", "came broken"} {
		if strings.Contains(third, secret) {
			t.Errorf("%q is shown to somebody else's model", secret)
		}
	}
}

func TestHandoffIsHeldByOne(t *testing.T) {
	w := newWorld(t)
	w.said()
	human, bot := w.agent(auth.PurposeSupport, auth.ReaderHuman), w.agent(auth.PurposeSupport, auth.ReaderOwnAI)
	path := w.offered(bot)
	w.decoded(w.jot(path+"/accept", bot, "a-bot", `{}`), http.StatusForbidden) // it is for humans
	var mu sync.Mutex
	won, lost := []string{}, 0
	var all sync.WaitGroup
	for n := range 16 {
		all.Go(func() {
			name := fmt.Sprint("agent-", n)
			answer := w.jot(path+"/accept", human, "a-"+name, `{"lease_s":60,"actor":{"id":"`+name+`"}}`)
			mu.Lock()
			defer mu.Unlock()
			if answer.Code == http.StatusOK {
				won = append(won, name)
			} else if answer.Code == http.StatusConflict && strings.Contains(answer.Body.String(), "handoff-taken") {
				lost++
			}
		})
	}
	all.Wait()
	if len(won) != 1 || lost != 15 {
		t.Fatalf("%v hold it, %d were told that it is taken", won, lost)
	}
	holder := won[0]
	d := w.decoded(w.jot(path+"/accept", human, "late", `{"actor":{"id":"late"}}`), http.StatusConflict)
	if d["holder"].(map[string]any)["id"] != holder || d["until"] == nil {
		t.Errorf("the problem names %v until %v", d["holder"], d["until"])
	}
	as := func(name string) string { return `"actor":{"id":"` + name + `"}` }
	w.decoded(w.jot(path+"/extend", human, "e-late", `{`+as("late")+`}`), http.StatusConflict)
	w.decoded(w.jot(path+"/release", human, "r-late", `{`+as("late")+`}`), http.StatusConflict)
	w.decoded(w.jot(path+"/return", human, "b-late", `{"summary":"x",`+as("late")+`}`), http.StatusConflict)
	w.decoded(w.jot(path+"/extend", human, "e", `{"lease_s":7200,`+as(holder)+`}`), http.StatusOK)
	w.now = w.now.Add(2*time.Hour + time.Second)
	if r := recordIn(w.get(path, human, http.StatusOK)); r["status"] != "expired" || r["lease"] != nil {
		t.Errorf("after its lease it is %v", r["status"])
	}
	w.decoded(w.jot(path+"/accept", human, "again", `{`+as("late")+`}`), http.StatusOK)
	w.decoded(w.jot(path+"/release", human, "r", `{`+as("late")+`}`), http.StatusOK)
	w.decoded(w.jot(path+"/accept", human, "third", `{`+as("third")+`}`), http.StatusOK)
	v := recordIn(w.decoded(w.jot(path+"/return", human, "b", `{"summary":"refunded","resolved":true,"next":"ask whether it came",`+as("third")+`}`), http.StatusOK))
	if v["status"] != "closed" || !strings.Contains(fmt.Sprint(v["returns"]), "ask whether it came") {
		t.Errorf("returned as %v", v)
	}
	// A retry is answered as it was, though it is over.
	w.decoded(w.jot(path+"/accept", human, "third", `{`+as("third")+`}`), http.StatusOK)
	w.decoded(w.jot(path+"/accept", human, "fourth", `{`+as("fourth")+`}`), http.StatusGone)
}

func TestHandoffKnowsWhatWasRead(t *testing.T) {
	w := newWorld(t)
	w.said()
	human, bot := w.agent(auth.PurposeSupport, auth.ReaderHuman), w.agent(auth.PurposeSupport, auth.ReaderOwnAI)
	path := w.offered(bot)
	w.get(path, human, http.StatusOK) // who does not hold it leaves no mark
	w.decoded(w.jot(path+"/accept", human, "a", `{"actor":{"id":"ada"}}`), http.StatusOK)
	for range 3 { // the first time counts
		w.get(path+"?actor=ada", human, http.StatusOK)
	}
	w.get(path+"?actor=bob", human, http.StatusOK)
	w.decoded(w.jot(path+"/read", human, "r", `{"parts":["returns","wants","wants"],"actor":{"id":"bob"}}`), http.StatusOK)
	reads, _ := recordIn(w.get(path, human, http.StatusOK))["reads"].([]any)
	if len(reads) != 2 {
		t.Fatalf("reads are %v", reads)
	}
	first := reads[0].(map[string]any)
	var parts []string
	for _, p := range first["parts"].([]any) {
		parts = append(parts, p.(string))
	}
	if first["by"].(map[string]any)["id"] != "ada" || !slices.Contains(parts, "wants") || !slices.Contains(parts, "interactions") {
		t.Errorf("ada read %v", parts)
	}
	if d := w.decoded(w.jot(path+"/read", human, "bad", `{"parts":["lease"]}`), http.StatusBadRequest); !strings.Contains(fmt.Sprint(d), "parts") {
		t.Errorf("%v", d)
	}
}

func TestHandoffsAreFound(t *testing.T) {
	w := newWorld(t)
	w.said()
	human, bot := w.agent(auth.PurposeSupport, auth.ReaderHuman), w.agent(auth.PurposeSupport, auth.ReaderOwnAI)
	path := w.offered(bot)
	for target, want := range map[string]int{
		"/v1/handoffs":                                 1,
		"/v1/handoffs?queue=refunds":                   1,
		"/v1/handoffs?queue=sales":                     0,
		"/v1/handoffs?status=offered":                  1,
		"/v1/handoffs?status=accepted":                 0,
		"/v1/handoffs?conversation=c-1":                1,
		"/v1/handoffs?conversation=c-2":                0,
		"/v1/handoffs?conversation=c-1&status=closed":  0,
		"/v1/handoffs?conversation=c-1&status=offered": 1,
	} {
		v := w.get(target, human, http.StatusOK)
		list := v["handoffs"].([]any)
		if len(list) != want || v["next_cursor"] != nil {
			t.Errorf("%s lists %v", target, v)
		}
		if strings.Contains(fmt.Sprint(list), "money") {
			t.Errorf("%s tells what it says", target)
		}
	}
	for _, target := range []string{
		"/v1/handoffs?status=closed", "/v1/handoffs?status=lost", "/v1/handoffs?cursor=%25", "/v1/handoffs?queue=a&conversation=b", "/v1/handoffs/x", path + "?x=1",
	} {
		w.get(target, human, http.StatusBadRequest)
	}
	w.get("/v1/handoffs/00000000-0000-0000-0000-000000000001", human, http.StatusNotFound)
	if schema := w.get("/v1/schemas/handoff/1", "", http.StatusOK); schema["$id"] != "urn:tributary:schema:handoff:1" {
		t.Errorf("schema %v", schema["$id"])
	}
}

func TestHandoffFaultsAreNamed(t *testing.T) {
	w := newWorld(t)
	w.said()
	human := w.agent(auth.PurposeSupport, auth.ReaderHuman)
	path := w.offered(w.agent(auth.PurposeSupport, auth.ReaderOwnAI))
	who := `"identifiers":[{"type":"user_id","value":"u-1"}]`
	for name, c := range map[string]struct{ target, body, field string }{
		"nobody":      {"/v1/handoffs", `{"wants":"x"}`, "identifiers"},
		"two ways":    {"/v1/handoffs", `{` + who + `,"address":"user_id:u-1"}`, "address"},
		"long text":   {"/v1/handoffs", `{` + who + `,"wants":"` + strings.Repeat("x", 2001) + `"}`, "wants"},
		"empty try":   {"/v1/handoffs", `{` + who + `,"tried":[{"outcome":"x"}]}`, "tried[].what"},
		"kind":        {"/v1/handoffs", `{` + who + `,"to":{"kind":"dog"}}`, "to.kind"},
		"sentiment":   {"/v1/handoffs", `{` + who + `,"sentiment":2}`, "sentiment"},
		"unknown":     {"/v1/handoffs", `{` + who + `,"verified":{"level":"verified"}}`, "verified"},
		"lease":       {path + "/accept", `{"lease_s":7201}`, "lease_s"},
		"no lease":    {path + "/accept", `{"lease_s":0}`, "lease_s"},
		"no summary":  {path + "/return", `{"resolved":true}`, "summary"},
		"long return": {path + "/return", `{"summary":"` + strings.Repeat("x", 2001) + `"}`, "summary"},
		"no parts":    {path + "/read", `{"parts":[]}`, "parts"},
	} {
		t.Run(name, func(t *testing.T) {
			d := w.decoded(w.jot(c.target, human, "f-"+strings.ReplaceAll(name, " ", "-"), c.body), http.StatusBadRequest)
			if !strings.Contains(fmt.Sprint(d["errors"]), "field:"+c.field+" ") || strings.Contains(fmt.Sprint(d), "xxx") {
				t.Errorf("faults are %v", d["errors"])
			}
		})
	}
	w.decoded(w.do(http.MethodPost, "/v1/handoffs", human, offerBody), http.StatusBadRequest) // no Idempotency-Key
}

// TestHandoffsOfTheRestricted: who is restricted is in no list, and neither are others in that of a session: not in its
// lines, and not in its cursor.
func TestHandoffsOfTheRestricted(t *testing.T) {
	w := newWorld(t)
	w.said()
	w.put(w.event(9, "shop", "order.placed", nil, id(event.IDUser, "u-2")))
	bot, human := w.agent(auth.PurposeSupport, auth.ReaderOwnAI), w.agent(auth.PurposeSupport, auth.ReaderHuman)
	mine := w.offered(bot)
	for n := range maxHandoffs {
		w.decoded(w.jot("/v1/handoffs", bot, fmt.Sprint("other-", n), `{"identifiers":[{"type":"user_id","value":"u-2"}],"summary":"x","to":{"queue":"a"}}`), http.StatusCreated)
	}
	token, _ := w.session(bot, "user_id:u-1", "c-1")
	own := w.get("/v1/handoffs", token, http.StatusOK)
	if list := own["handoffs"].([]any); len(list) != 1 || !strings.HasSuffix(mine, list[0].(map[string]any)["id"].(string)) || own["next_cursor"] != nil {
		t.Errorf("a session lists %v", own)
	}
	count := func() int { return len(w.get("/v1/handoffs?queue=refunds", human, http.StatusOK)["handoffs"].([]any)) }
	if n := count(); n != 1 {
		t.Fatalf("%d are listed", n)
	}
	admin := w.key(auth.KindAdmin, "acme", auth.ScopePrivacyWrite)
	w.decoded(w.do(http.MethodPost, "/v1/privacy/restrictions", admin, `{"identifiers":[{"type":"user_id","value":"u-1"}],"reason":"disputed"}`), http.StatusOK)
	w.decoded(w.do(http.MethodGet, mine, human, ""), http.StatusForbidden)
	if n := count(); n != 0 {
		t.Error("a hand-off of who is restricted is listed")
	}
}

// TestHandoffsPushOutNoOpenOne: who offers without end is told so, and what is open stays.
func TestHandoffsPushOutNoOpenOne(t *testing.T) {
	w := newWorld(t)
	w.said()
	bot, human := w.agent(auth.PurposeSupport, auth.ReaderOwnAI), w.agent(auth.PurposeSupport, auth.ReaderHuman)
	path := w.offered(bot)
	offer := func(n, status int) map[string]any {
		w.now = w.now.Add(time.Second)
		return w.decoded(w.jot("/v1/handoffs", bot, fmt.Sprint("more-", n), `{"identifiers":[{"type":"user_id","value":"u-1"}],"summary":"x"}`), status)
	}
	for n := range state.MaxHandoffs - 1 {
		offer(n, http.StatusCreated)
	}
	if d := offer(99, http.StatusConflict); !strings.Contains(fmt.Sprint(d["detail"]), "64 hand-offs") {
		t.Errorf("the problem is %v", d)
	}
	w.decoded(w.jot(path+"/accept", human, "a", `{}`), http.StatusOK)
	w.decoded(w.jot(path+"/return", human, "r", `{"summary":"done","resolved":true}`), http.StatusOK)
	offer(100, http.StatusCreated)
}
