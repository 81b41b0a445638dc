package node

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/ingest/event"
)

// jots are what an agent wrote of somebody: a note, a promise, and a hand-off that was accepted and given back.
type jots struct{ key, promise, handoff string }

// jotted are the names of its events.
var jotted = []string{
	event.NameNoteAdded, event.NameCommitmentMade, event.NameHandoffOffered, event.NameHandoffAccepted, event.NameHandoffReturned,
}

// jot has an agent write of who has a user id. Each text begins with the mark.
func (p *program) jot(user, mark string) jots {
	p.t.Helper()
	w := jots{key: p.agentKey()}
	about := fmt.Sprintf(`"identifiers":[{"type":"user_id","value":%q}]`, user)
	p.wrote(w.key, "/v1/notes", mark, `{`+about+`,"actor":{"id":"MARKactor","name":"MARKname"},"text":"MARKjot","conversation":"MARKtalk"}`, http.StatusCreated)
	w.promise = p.wrote(w.key, "/v1/commitments", mark, `{`+about+`,"actor":{"id":"MARKactor"},"kind":"refund","text":"MARKpromise",
		"quote":{"text":"MARKquote"},"due_at":"2199-01-01T00:00:00Z","amount":"25.5","currency":"EUR","order_id":"MARKorder","policy_tags":["MARKtag"]}`,
		http.StatusCreated, "commitment", "id")
	w.handoff = p.wrote(w.key, "/v1/handoffs", mark, `{`+about+`,"actor":{"id":"MARKactor"},"conversation":"MARKtalk","to":{"queue":"MARKqueue"},
		"wants":"MARKwants","tried":[{"what":"MARKtried"}],"extensions":{"x":"MARKextension"}}`, http.StatusCreated, "handoff", "id")
	p.wrote(w.key, "/v1/handoffs/"+w.handoff+"/accept", mark, `{"actor":{"id":"MARKactor"}}`, http.StatusOK)
	p.wrote(w.key, "/v1/handoffs/"+w.handoff+"/return", mark, `{"actor":{"id":"MARKactor"},"summary":"MARKsummary","next":"MARKnext"}`, http.StatusOK)
	return w
}

func (p *program) agentKey() string {
	p.t.Helper()
	return p.key(auth.New{Kind: auth.KindAgent, Workspace: "default", Purpose: auth.PurposeOperations, Reader: auth.ReaderHuman})
}

// wrote writes a body, in which MARK stands for the mark, wants a status, and returns a member of the answer.
func (p *program) wrote(key, path, mark, body string, want int, member ...string) string {
	p.t.Helper()
	status, answer := p.call(http.MethodPost, path, key, strings.ReplaceAll(body, "MARK", mark))
	var v any
	if err := json.Unmarshal(answer, &v); err != nil || status != want {
		p.t.Fatalf("%s is answered with %d %s", path, status, answer)
	}
	for _, name := range member {
		v = v.(map[string]any)[name]
	}
	text, _ := v.(string)
	return text
}

// noJots: what an agent wrote of a person who is erased is found by nothing, and nothing can be done with it.
func (p *program) noJots(m *person) {
	p.t.Helper()
	for _, step := range []string{"/v1/commitments/" + m.jots.promise + "/keep", "/v1/handoffs/" + m.jots.handoff + "/accept"} {
		if status, answer := p.call(http.MethodPost, step, m.jots.key, `{}`); status != http.StatusNotFound {
			p.t.Errorf("%s is answered with %d %s", step, status, answer)
		}
	}
	if status, answer := p.call(http.MethodGet, "/v1/handoffs/"+m.jots.handoff, m.jots.key, ""); status != http.StatusNotFound {
		p.t.Errorf("the hand-off is answered with %d %s", status, answer)
	}
	for _, list := range []string{
		"/v1/commitments", "/v1/handoffs", "/v1/handoffs?queue=" + m.mark("queue"), "/v1/handoffs?conversation=" + m.mark("talk"),
	} {
		if status, answer := p.call(http.MethodGet, list, m.jots.key, ""); status != http.StatusOK || m.in(answer) || strings.Contains(string(answer), m.jots.handoff) {
			p.t.Errorf("%s is answered with %d %s", list, status, answer)
		}
	}
}

// TestAsOfKnowsWhatAgentsWrote: before, between and after, as it was told then.
func TestAsOfKnowsWhatAgentsWrote(t *testing.T) {
	p := start(t, t.TempDir())
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"email":"ada@example.com"}}`)
	addresses := []string{"user_id:u-1", "email:ada@example.com"}
	before := p.note(addresses)
	w := p.jot("u-1", "mark")
	between := p.note(addresses)
	p.wrote(w.key, "/v1/commitments/"+w.promise+"/withdraw", "", `{}`, http.StatusOK)
	after := p.note(addresses)
	for _, c := range []struct {
		noted
		events float64
		names  []string
		status int // of the hand-off
	}{
		{before, 1, nil, http.StatusNotFound},
		{between, 6, jotted, http.StatusOK},
		{after, 7, append([]string{event.NameCommitmentWithdrawn}, jotted...), http.StatusOK},
	} {
		answer := c.answers[addresses[0]]
		told, err := json.Marshal(answer["interactions"])
		if err != nil || answer["events"] != c.events || len(c.names) == 0 && strings.Contains(string(told), "mark") {
			t.Errorf("%v events: %s", answer["events"], told)
		}
		for _, name := range c.names {
			if !strings.Contains(string(told), `"name":"`+name+`"`) {
				t.Errorf("there is no %s in %s", name, told)
			}
		}
		p.recall(c.noted)
		path := "/v1/handoffs/" + w.handoff + "?as_of=" + url.QueryEscape(c.at.Format(time.RFC3339Nano))
		if status, answer := p.call(http.MethodGet, path, w.key, ""); status != c.status || status == http.StatusOK && !strings.Contains(string(answer), "marksummary") {
			t.Errorf("as of %v the hand-off is answered with %d %s", c.at, status, answer)
		}
	}
}
