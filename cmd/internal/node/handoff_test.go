package node

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/ingest/event"
	"tributary/profiles/unify"
)

// relay is a customer who is passed on: from a chat to a voice AI, to a person, to an AI.
type relay struct {
	*program
	writes int
	said   map[string]string // what the customer said, by message id
}

// fact is something that the customer said, in their own words.
func (r *relay) fact(conversation, channel, text string) {
	r.t.Helper()
	r.writes++
	id := fmt.Sprintf("said-%d", r.writes)
	r.said[id] = text
	r.event(id, conversation, channel, "conversation.message", fmt.Sprintf(`"text":%q,"author_role":"customer"`, text))
}

func (r *relay) event(id, conversation, channel, name, more string) {
	r.t.Helper()
	r.accept("/v1/track", fmt.Sprintf(`{"userId":"u-1","messageId":%q,"event":%q,"context":{"channel":%q},"properties":{"conversation_id":%q,%s}}`,
		id, name, channel, conversation, more))
}

// begin begins a conversation, in which a trusted source verifies who it is.
func (r *relay) begin(conversation, channel string) {
	r.t.Helper()
	r.event("began-"+conversation, conversation, channel, "conversation.started", `"direction":"inbound"`)
	r.event("verified-"+conversation, conversation, channel, "conversation.verified", `"direction":"inbound"`)
}

// as asks as an agent, wants a status, and returns the answer.
func (r *relay) as(key, method, path, body string, want int) map[string]any {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	r.writes++
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Idempotency-Key", fmt.Sprint("write-", r.writes))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	status, answer := r.do(request)
	if status != want {
		r.t.Fatalf("%s %s is answered with %d: %v", method, path, status, answer)
	}
	return answer
}

// handsOver offers the customer and returns the path of the hand-off.
func (r *relay) handsOver(key, conversation, kind, body string) string {
	r.t.Helper()
	answer := r.as(key, http.MethodPost, "/v1/handoffs",
		fmt.Sprintf(`{"identifiers":[{"type":"user_id","value":"u-1"}],"conversation":%q,"to":{"kind":%q},%s}`, conversation, kind, body), http.StatusCreated)
	return "/v1/handoffs/" + answer["handoff"].(map[string]any)["id"].(string)
}

// record is a hand-off as its holder gets it.
type record struct {
	Verified     struct{ Level, By string }
	Wants        string
	Summary      string
	Tried        []struct{ What, Outcome string }
	Promised     []struct{ Commitment, Text string }
	Interactions []struct {
		Source    string
		MessageID string `json:"message_id"`
		Channel   string
		Event     string
		Author    string
		Line      string
	}
	Reads   []struct{ Parts []string }
	Returns []struct {
		Summary  string
		Resolved bool
		Next     string
	}
}

// takesOver accepts a hand-off and reads it: everything that the customer said so far is in it, in their words and with
// its source.
func (r *relay) takesOver(key, path string) *record {
	r.t.Helper()
	r.as(key, http.MethodPost, path+"/accept", `{"lease_s":600}`, http.StatusOK)
	got := r.reads(key, path)
	lines := map[string]string{}
	for i, x := range got.Interactions {
		if x.Source == "" || x.MessageID == "" {
			r.t.Errorf("interaction %d has no source: %+v", i, x)
		}
		lines[x.MessageID] = x.Author + ": " + x.Line
	}
	for id, text := range r.said {
		if lines[id] != "customer: "+text {
			r.t.Errorf("%q would have to be asked again: the record has %q of %s", text, lines[id], id)
		}
	}
	if got.Verified.Level != "verified" || got.Verified.By == "" {
		r.t.Errorf("verification is lost: %+v", got.Verified)
	}
	if len(got.Reads) != 1 || len(got.Reads[0].Parts) < 4 {
		r.t.Errorf("what was read is not on record: %+v", got.Reads)
	}
	return got
}

func (r *relay) reads(key, path string) *record {
	r.t.Helper()
	text, err := json.Marshal(r.as(key, http.MethodGet, path, "", http.StatusOK)["handoff"])
	got := &record{}
	if err == nil {
		err = json.Unmarshal(text, got)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return got
}

// TestNothingIsAskedTwice: a customer goes from a web chat to a voice AI, to a person, to an AI. Whoever is next has all
// that the customer said to those before, with its source, and all that these promised, verified and gave back.
func TestNothingIsAskedTwice(t *testing.T) {
	r := &relay{program: start(t, t.TempDir()), said: map[string]string{}}
	document, err := json.Marshal(strings.Replace(string(policy.DefaultYAML()), "trusted_sources: []", "trusted_sources: [web]", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.commands.Do(t.Context(), "default", unify.ConfigPut{Bucket: policy.Bucket, Key: "default", Value: document}); err != nil {
		t.Fatal(err)
	}
	agent := func(reader auth.Reader) string {
		return r.key(auth.New{Kind: auth.KindAgent, Workspace: "default", Purpose: auth.PurposeSupport, Reader: reader})
	}
	chat, voice, person, last := agent(auth.ReaderOwnAI), agent(auth.ReaderOwnAI), agent(auth.ReaderHuman), agent(auth.ReaderOwnAI)

	r.begin("chat-1", "chat")
	r.fact("chat-1", "chat", "My order 77 came with a broken cup")
	r.fact("chat-1", "chat", "I was away until Tuesday, so I could not write sooner")
	toVoice := r.handsOver(chat, "chat-1", "ai", `"wants":"money back","tried":[{"what":"offered a voucher","outcome":"refused"}]`)

	got := r.takesOver(voice, toVoice)
	if got.Wants != "money back" || len(got.Tried) != 1 || got.Tried[0].Outcome != "refused" {
		t.Errorf("the voice AI gets %+v", got)
	}
	r.begin("call-2", "voice")
	r.fact("call-2", "voice", "The parcel was open when it came")
	r.as(voice, http.MethodPost, toVoice+"/return", `{"summary":"a person must look at it","resolved":false,"next":"look at the photograph"}`, http.StatusOK)
	toPerson := r.handsOver(voice, "call-2", "human", `"wants":"money back","summary":"wants no replacement"`)
	r.as(last, http.MethodPost, toPerson+"/accept", `{}`, http.StatusForbidden) // it is for a person

	got = r.takesOver(person, toPerson)
	if got.Summary != "wants no replacement" || !r.tells(got, "a person must look at it") || !r.tells(got, "look at the photograph") {
		t.Errorf("the person gets %+v", got)
	}
	r.fact("call-2", "voice", "Pay it to the card I paid with")
	promised := r.as(person, http.MethodPost, "/v1/commitments",
		`{"identifiers":[{"type":"user_id","value":"u-1"}],"kind":"refund","text":"A refund by Friday","conversation":"call-2"}`, http.StatusCreated)
	promise := promised["commitment"].(map[string]any)
	r.as(person, http.MethodPost, toPerson+"/return", `{"summary":"refund ordered","resolved":true,"next":"ask whether it came"}`, http.StatusOK)
	if closed := r.reads(voice, toPerson); len(closed.Returns) != 1 || closed.Returns[0].Next != "ask whether it came" || !closed.Returns[0].Resolved {
		t.Errorf("what was given back is %+v", closed.Returns)
	}
	toLast := r.handsOver(person, "call-2", "ai", `"wants":"to hear when the money comes"`)

	got = r.takesOver(last, toLast)
	if len(got.Promised) != 1 || got.Promised[0].Commitment != promise["id"] || got.Promised[0].Text != "A refund by Friday" {
		t.Errorf("promised is %+v, not %v", got.Promised, promise["id"])
	}
	for _, before := range []string{"a person must look at it", "refund ordered", "ask whether it came"} {
		if !r.tells(got, before) {
			t.Errorf("the last one does not hear %q", before)
		}
	}
}

// TestTheWholeInteractionIsToldInOrder: what a customer said over web, chat, e-mail and telephone, more than a record and
// the hot state hold, is there for the next one page by page: all of it, in order, and nothing that came after.
func TestTheWholeInteractionIsToldInOrder(t *testing.T) {
	r := &relay{program: start(t, t.TempDir()), said: map[string]string{}}
	key := r.key(auth.New{Kind: auth.KindAgent, Workspace: "default", Purpose: auth.PurposeSupport, Reader: auth.ReaderHuman})
	var want []string
	say := func(n int) {
		id, channel := fmt.Sprintf("turn-%03d", n), [...]string{"web", "chat", "email", "voice"}[n%4]
		at := time.Now().UTC().Add(time.Duration(n-200) * time.Second).Format(time.RFC3339)
		if channel == "web" {
			r.accept("/v1/page", fmt.Sprintf(`{"userId":"u-1","messageId":%q,"timestamp":%q,"name":"Returns","context":{"channel":"web"}}`, id, at))
		} else {
			r.accept("/v1/track", fmt.Sprintf(`{"userId":"u-1","messageId":%q,"timestamp":%q,"event":"conversation.message","context":{"channel":%q},
				"properties":{"conversation_id":"c-%s","text":"turn %d","author_role":"customer"}}`, id, at, channel, channel, n))
		}
		want = append(want, id)
	}
	for n := range 90 {
		say(n)
	}
	r.settle()
	path := r.handsOver(key, "c-chat", "human", `"wants":"an answer"`)
	if v := r.as(key, http.MethodGet, path, "", http.StatusOK); v["more_interactions"] != true {
		t.Errorf("the record does not say that there is more: %v", v["more_interactions"])
	}
	r.event("after", "c-chat", "chat", "conversation.message", `"text":"later","author_role":"customer"`)
	r.settle()
	var told []string
	channels := map[any]int{}
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		v := r.as(key, http.MethodGet, path+"/interactions?limit=25&cursor="+cursor, "", http.StatusOK)
		for _, e := range v["events"].([]any) {
			x := e.(map[string]any)
			if x["source"] != event.SourceAgent {
				told = append(told, x["message_id"].(string))
				channels[x["channel"]]++
			}
		}
		cursor, _ = v["next_cursor"].(string)
		if pages > 20 {
			t.Fatal("there is no last page")
		}
	}
	slices.Reverse(told)
	if !slices.Equal(told, want) {
		t.Errorf("told is %v", told)
	}
	if len(channels) != 4 {
		t.Errorf("told is of %v", channels)
	}
}

// tells says whether a line of a record holds a text.
func (r *relay) tells(got *record, text string) bool {
	for _, x := range got.Interactions {
		if strings.Contains(x.Line, text) {
			return true
		}
	}
	return false
}
