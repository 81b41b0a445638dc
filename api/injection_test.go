package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"tributary/api/auth"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/injectiontest"
)

// plant is one place of an event in which anybody may write.
type plant struct {
	name string
	set  func(e *event.Event, text string)
}

// plants are all texts of an event, found by its type, so that one that is added later is walked too.
func plants() []plant {
	var all []plant
	texts := func(prefix string, t reflect.Type, of func(*event.Event) reflect.Value) {
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Type.Kind() == reflect.String && f.Name != "Workspace" && f.Name != "Source" && f.Name != "Type" {
				all = append(all, plant{prefix + f.Name, func(e *event.Event, text string) { of(e).Field(i).SetString(text) }})
			}
		}
	}
	texts("", reflect.TypeFor[event.Event](), func(e *event.Event) reflect.Value { return reflect.ValueOf(e).Elem() })
	texts("CX.", reflect.TypeFor[event.CX](), func(e *event.Event) reflect.Value { return reflect.ValueOf(e.CX).Elem() })
	texts("Record.", reflect.TypeFor[event.Record](), func(e *event.Event) reflect.Value {
		if e.Record == nil {
			e.Record = &event.Record{ID: "r"}
		}
		return reflect.ValueOf(e.Record).Elem()
	})
	object := func(name, value string) json.RawMessage {
		raw, _ := json.Marshal(map[string]string{name: value})
		return raw
	}
	for _, name := range []string{"name", "first_name", "last_name", "company", "street", "city", "birth_date"} {
		all = append(all, plant{"attribute " + name, func(e *event.Event, text string) { e.Attributes = map[string]string{name: text} }})
	}
	return append(all,
		plant{"trait's value", func(e *event.Event, text string) { e.Type, e.Traits = event.TypeIdentify, object("plan", text) }},
		plant{"trait's name", func(e *event.Event, text string) { e.Type, e.Traits = event.TypeIdentify, object(text, "x") }},
		plant{"summary", func(e *event.Event, text string) { e.Type, e.Traits = event.TypeIdentify, object("summary", text) }},
		plant{"note", func(e *event.Event, text string) {
			e.Name, e.CX.Text, e.CX.AuthorRole = event.NameCaseUpdated, text, event.AuthorAI
		}},
		plant{"nested", func(e *event.Event, text string) {
			e.Type, e.Traits = event.TypeIdentify, []byte(`{"address":`+string(object(text, text))+`}`)
		}},
		plant{"property", func(e *event.Event, text string) { e.Properties = object(text, text) }},
		plant{"context", func(e *event.Event, text string) { e.Context = object(text, text) }},
		plant{"identifier's value", func(e *event.Event, text string) { e.Identifiers = append(e.Identifiers, id("crm.contact_id", text)) }},
		plant{"identifier's type", func(e *event.Event, text string) { e.Identifiers = append(e.Identifiers, id("crm."+text, "1")) }},
		plant{"participant", func(e *event.Event, text string) {
			e.Participants = []event.Participant{{Role: text, Identifier: id("crm.contact_id", text)}}
		}},
	)
}

// TestNothingThatOthersWriteLeavesItsQuotes plants attempts in every text of an event and reads the context of each, as
// JSON and as a narrative.
func TestNothingThatOthersWriteLeavesItsQuotes(t *testing.T) {
	w := newWorld(t)
	key := w.key(auth.KindRead, "acme")
	var users []string
	var events []*event.Event
	n, shown := 0, 0
	fresh := func(user string) *event.Event {
		n++
		return w.event(n, "desk", "conversation.message", &event.CX{ConversationID: "c-" + user, AuthorRole: event.AuthorCustomer}, id("user_id", user))
	}
	texts := injectiontest.Words()
	for _, a := range injectiontest.Attempts() {
		texts = append(texts, a.Text)
	}
	// Every text into every place, a customer for each place; what validation refuses is nowhere.
	for i, p := range plants() {
		user := fmt.Sprintf("place-%d", i)
		before := len(events)
		for j := range 16 {
			e := fresh(user)
			p.set(e, strings.ReplaceAll(texts[(i*5+j)%len(texts)], "-", "_"))
			if j == 0 {
				e = fresh(user)
				p.set(e, strings.ReplaceAll(injectiontest.Words()[0], "-", "_"))
			}
			if e.Validate() == nil {
				events = append(events, e)
			}
		}
		if len(events) > before {
			users = append(users, user)
		}
	}
	// And every text into a customer with several places at once.
	for i, text := range texts {
		user := fmt.Sprintf("text-%d", i)
		for _, p := range plants() {
			e := fresh(user)
			if p.set(e, text); e.Validate() == nil && len(e.Identifiers) == 1 && e.Record == nil {
				events = append(events, e)
			}
		}
		users = append(users, user)
	}
	w.put(events...)
	for _, user := range users {
		body := `{"identifiers":[{"type":"user_id","value":"` + user + `"}],"budget_tokens":16000,"query":"refund 退款"}`
		answer := w.do(http.MethodPost, "/v1/context", key, body)
		var v any
		if err := json.Unmarshal(answer.Body.Bytes(), &v); err != nil || answer.Code != http.StatusOK {
			t.Fatalf("%s: %d %v %s", user, answer.Code, err, answer.Body)
		}
		shown += unquoted(t, user, "", v)
		r := httptest.NewRequest(http.MethodPost, "/v1/context", strings.NewReader(body))
		r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + key}, "Accept": {"text/markdown"}}
		told := httptest.NewRecorder()
		w.api.Handler().ServeHTTP(told, r)
		if fence := outsideOfBlocks(told.Body.String()); strings.Contains(fence, injectiontest.Mark) || told.Code != http.StatusOK {
			t.Errorf("%s: outside of all blocks stands\n%s", user, fence)
		}
	}
	if len(users) < 40+len(texts) || shown < 500 {
		t.Errorf("only %d customers and %d quotes were walked", len(users), shown)
	}
}

// unquoted fails where a mark stands in an answer and is no quote, and counts those that are.
func unquoted(t *testing.T, user, path string, v any) (quoted int) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			quoted += unquoted(t, user, path+"[]", x)
		}
	case map[string]any:
		for name, x := range v {
			if strings.Contains(name, injectiontest.Mark) {
				t.Errorf("%s: %s has a member %q", user, path, name)
			}
			text, _ := x.(string)
			inQuote := path == ".facts[].quotes[]" && (name == "text" || name == "name") && v["untrusted"] == true
			switch {
			case inQuote && strings.Contains(text, injectiontest.Mark):
				quoted++
				if text != profiles.Visible(text) {
					t.Errorf("%s: a quote hides something: %+q", user, text)
				}
			case inQuote:
			default:
				quoted += unquoted(t, user, path+"."+name, x)
			}
		}
	case string:
		if strings.Contains(v, injectiontest.Mark) {
			t.Errorf("%s: %s says %q", user, path, v)
		}
	}
	return quoted
}

// outsideOfBlocks is what of Markdown stands in no fenced block.
func outsideOfBlocks(markdown string) string {
	var b strings.Builder
	fence := 0
	for line := range strings.Lines(markdown) {
		ticks := len(line) - len(strings.TrimLeft(line, "`"))
		switch {
		case fence == 0 && ticks >= 3:
			fence = ticks
		case fence == 0:
			b.WriteString(line)
		case ticks >= fence && strings.TrimSpace(line[ticks:]) == "":
			fence = 0
		}
	}
	return b.String()
}
