package node

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/admin"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
)

// noted is what the API said of some addresses at a time.
type noted struct {
	at      time.Time
	answers map[string]map[string]any
	status  map[string]int
}

// note waits until all is decided, and notes what the API says; what is sent afterwards is received later.
func (p *program) note(addresses []string) noted {
	p.t.Helper()
	p.settled()
	n := noted{at: time.Now().UTC().Truncate(time.Millisecond), answers: map[string]map[string]any{}, status: map[string]int{}}
	for _, address := range addresses {
		n.status[address], n.answers[address] = p.get(address, "?alternatives=true")
	}
	for !time.Now().Truncate(time.Millisecond).After(n.at) {
		time.Sleep(time.Millisecond / 4)
	}
	return n
}

// recall asks for the same as of that time, and compares.
func (p *program) recall(n noted) {
	p.t.Helper()
	for address, want := range n.answers {
		status, got := p.get(address, "?alternatives=true&as_of="+url.QueryEscape(n.at.Format(time.RFC3339Nano)))
		for _, answer := range []map[string]any{want, got} {
			delete(answer, "as_of")
			delete(answer, "instance")
		}
		delete(want, "consent") // what stands is told, not what stood
		if status != n.status[address] || !reflect.DeepEqual(got, want) {
			p.t.Errorf("%s as of %s: %s", address, n.at, difference(n.status[address], status, want, got))
		}
	}
}

// difference names the members of two answers that are not alike.
func difference(wantStatus, status int, want, got map[string]any) string {
	all := []string{fmt.Sprintf("answered with %d, was %d", status, wantStatus)}
	for name := range want {
		if !reflect.DeepEqual(want[name], got[name]) {
			a, _ := json.Marshal(got[name])
			b, _ := json.Marshal(want[name])
			all = append(all, fmt.Sprintf("%s is\n%.1500s\nwas\n%.1500s", name, a, b))
		}
	}
	for name := range got {
		if _, known := want[name]; !known {
			all = append(all, name+" is new")
		}
	}
	return strings.Join(all, "; ")
}

// record states a version of a record of the CRM.
func (p *program) record(id, version, email, traits string, deleted bool) {
	p.t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	e := &event.Event{
		Workspace: "default", Source: "crm", MessageID: uuid.NewString(), Type: event.TypeIdentify,
		Record:      &event.Record{ID: id, Version: version, Deleted: deleted},
		Identifiers: []event.Identifier{{Type: "crm.contact_id", Value: id}, {Type: event.IDEmail, Value: email}},
		Attributes:  map[string]string{event.AttrCity: "City " + version}, Traits: json.RawMessage(traits),
	}
	e.Stamp(now.Add(-time.Hour), time.Time{}, now)
	if err := e.Validate(); err != nil {
		p.t.Fatal(err)
	}
	value, err := event.Encode(e)
	if err != nil {
		p.t.Fatal(err)
	}
	_, err = p.log.Append(context.Background(), []stream.Record{{
		Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID, ReceivedAt: now, Value: value,
	}})
	if err != nil {
		p.t.Fatal(err)
	}
}

// say sends something at random: visits and log-ins that merge, traits that are set and taken back,
// contacts, late events, versions of records in any order, and deletions.
func (p *program) say(r *rand.Rand, i int) {
	p.t.Helper()
	user, device := r.IntN(5), r.IntN(6)
	switch r.IntN(12) {
	case 0, 1:
		p.accept("/v1/identify", fmt.Sprintf(`{"userId":"u-%d","traits":{"email":"u%d@example.com","plan":"p%d","seats":%d}}`, user, user, r.IntN(3), r.IntN(20)))
	case 2:
		p.accept("/v1/identify", fmt.Sprintf(`{"userId":"u-%d","traits":{"plan":null,"note":%q}}`, user, strings.Repeat("x", r.IntN(4))))
	case 3:
		p.accept("/v1/page", fmt.Sprintf(`{"anonymousId":"a-%d","name":"Home"}`, device))
	case 4:
		p.accept("/v1/page", fmt.Sprintf(`{"userId":"u-%d","anonymousId":"a-%d","name":"Basket"}`, user, device))
	case 5:
		late := time.Now().Add(-time.Duration(r.IntN(90*24)) * time.Hour).UTC().Format(time.RFC3339)
		p.accept("/v1/track", fmt.Sprintf(`{"userId":"u-%d","timestamp":%q,"event":"conversation.message","context":{"channel":"chat"},
			"properties":{"conversation_id":"c-%d","direction":"inbound","text":"where is it? %d","author_role":"customer"}}`, user, late, i/4, i))
	case 6:
		p.accept("/v1/track", fmt.Sprintf(`{"userId":"u-%d","event":"invoice.overdue","properties":{"account_id":"acc-%d","amount":"%d.5","currency":"EUR"}}`, user, user, 1+r.IntN(90)))
	case 7:
		p.accept("/v1/track", fmt.Sprintf(`{"anonymousId":"a-%d","event":"survey.answered","properties":{"survey":"csat","scale":"1-5","score":%d,"conversation_id":"c-%d"}}`, device, 1+r.IntN(5), i/4))
	case 8:
		p.record(fmt.Sprint("r-", user), fmt.Sprint(r.IntN(20)), fmt.Sprintf("u%d@example.com", r.IntN(5)), fmt.Sprintf(`{"plan":"crm-%d","tier":%d}`, r.IntN(3), i), r.IntN(8) == 0)
	case 9:
		p.accept("/v1/group", fmt.Sprintf(`{"userId":"u-%d","groupId":"acc-%d","traits":{"seats":%d,"account_kind":"company"},"context":{"membership":{"role":"user"}}}`, user, r.IntN(3), i))
	case 10:
		p.accept("/v1/track", fmt.Sprintf(`{"userId":"u-%d","event":"account.member_joined","properties":{"account_id":"acc-%d","role":"payer"}}`, user, r.IntN(3)))
	case 11:
		p.accept("/v1/track", fmt.Sprintf(`{"anonymousId":"a-%d","event":"account.member_left","properties":{"account_id":"acc-%d"}}`, device, r.IntN(3)))
	}
}

// TestAsOfIsWhatItWas notes what the API says at several moments while people merge, are split, change and
// come late, and asks for each of those moments in the end.
func TestAsOfIsWhatItWas(t *testing.T) {
	if testing.Short() {
		t.Skip("asks the analytics store some hundred times")
	}
	p := start(t, t.TempDir())
	client := admin.NewClient(Socket(p.config.DataDir))
	defer client.Close()
	addresses := []string{"crm.contact_id:r-0", "crm.contact_id:r-3", "profile:" + uuid.NewString()}
	for i := range 6 {
		addresses = append(addresses, fmt.Sprint("user_id:u-", i), fmt.Sprint("anonymous_id:a-", i), fmt.Sprintf("email:u%d@example.com", i))
	}
	r := rand.New(rand.NewPCG(7, 11))
	p.accept("/v1/page", `{"anonymousId":"somebody else","name":"Home"}`)
	moments := []noted{p.note(addresses)} // nobody is there
	merges, splits := 0, 0
	var ids []string
	for round := range 8 {
		for i := range 14 {
			p.say(r, round*14+i)
		}
		if round > 1 { // a person decides
			a, b := uuid.MustParse(ids[r.IntN(len(ids))]), uuid.MustParse(ids[r.IntN(len(ids))])
			kind := []unify.DecisionKind{unify.DecisionMerge, unify.DecisionNeverMerge, unify.DecisionMerge}[round%3]
			if a != b {
				if _, err := client.Decide(t.Context(), "default", admin.NewDecision{Proposal: steward.Proposal{Kind: kind, A: a, B: b}, Actor: "grace"}); err != nil {
					t.Fatal(err)
				}
			}
		}
		n := p.note(addresses)
		for _, answer := range n.answers {
			if id, ok := answer["profile"].(string); ok && !slices.Contains(ids, id) {
				ids, addresses = append(ids, id), append(addresses, "profile:"+id)
			}
		}
		n = p.note(addresses) // of the ids that are new too
		for _, status := range n.status {
			if status == http.StatusConflict {
				splits++
			}
		}
		moments = append(moments, n)
	}
	for address, answer := range moments[len(moments)-1].answers {
		if id, ok := strings.CutPrefix(address, "profile:"); ok && answer["profile"] != nil && answer["profile"] != id {
			merges++
		}
	}
	if merges == 0 {
		t.Error("nobody was merged; the test shows nothing of it")
	}
	t.Logf("%d ids, %d of them merged, %d answers named several", len(ids), merges, splits)
	for _, n := range moments {
		p.recall(n)
	}
	if status, answer := p.get("user_id:u-1", "?as_of="+url.QueryEscape(time.Now().Add(time.Hour).Format(time.RFC3339))); status != http.StatusBadRequest {
		t.Errorf("of tomorrow it answers %d: %v", status, answer)
	}
}

// TestTraitHistory pages through all that was said of a plan: what was taken back, the versions of a
// record in any order and its deletion, and what survives.
func TestTraitHistory(t *testing.T) {
	p := start(t, t.TempDir())
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"email":"ada@example.com","plan":"basic"},"timestamp":"2026-03-01T10:00:00Z"}`)
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"plan":{"tier": 1.0}},"timestamp":"2026-03-03T10:00:00Z"}`)
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"plan":null},"timestamp":"2026-03-02T10:00:00Z"}`)
	p.accept("/v1/group", `{"userId":"u-1","groupId":"g-1","traits":{"plan":"of the company"}}`)
	p.accept("/v1/identify", `{"userId":"u-2","traits":{"plan":"of somebody else"}}`)
	p.record("r-1", "2", "ada@example.com", `{"plan":"pro"}`, false)
	p.record("r-1", "1", "ada@example.com", `{"plan":"start","fax":"1"}`, false)
	p.settled()
	client := admin.NewClient(Socket(p.config.DataDir))
	defer client.Close()
	_, one := p.get("user_id:u-1", "")
	_, two := p.get("crm.contact_id:r-1", "")
	both := steward.Proposal{Kind: unify.DecisionMerge, A: uuid.MustParse(one["profile"].(string)), B: uuid.MustParse(two["profile"].(string))}
	if _, err := client.Decide(t.Context(), "default", admin.NewDecision{Proposal: both, Actor: "grace"}); err != nil {
		t.Fatal(err)
	}
	p.settled()

	history := func(name string, limit int) (all []string) {
		t.Helper()
		for cursor := ""; ; {
			status, page := p.get("user_id:u-1", fmt.Sprintf("/traits/%s/history?limit=%d&cursor=%s", name, limit, cursor))
			if status != http.StatusOK {
				t.Fatalf("history is answered with %d: %v", status, page)
			}
			for _, x := range page["assertions"].([]any) {
				a := x.(map[string]any)
				said := fmt.Sprintf("%s %s", a["kind"], a["source"])
				if value, there := a["value"]; there {
					text, _ := json.Marshal(value)
					said += " " + string(text)
				}
				if a["survives"] == true {
					said += " survives"
				}
				all = append(all, said)
			}
			cursor, _ = page["next_cursor"].(string)
			if cursor == "" {
				return all
			}
		}
	}
	want := []string{`trait crm "start"`, `trait crm "pro" survives`, `trait web {"tier":1}`, `trait web null`, `trait web "basic"`}
	for _, limit := range []int{1, 2, 500} {
		got := history("plan", limit)
		if len(got) != len(want) || !slices.Equal(got[2:], want[2:]) || !slices.Contains(got[:2], want[1]) || !slices.Contains(got[:2], want[0]) {
			t.Errorf("%d at a time, the history is %q, want %q", limit, got, want)
		}
	}
	if got := history("city", 50); len(got) != 2 || !strings.HasPrefix(got[0], "attribute crm") {
		t.Errorf("the history of an attribute is %q", got)
	}
	p.record("r-1", "3", "ada@example.com", `{}`, true)
	p.settled()
	got := history("plan", 50)
	if len(got) != 6 || !slices.Contains(got, "deletion crm") || !slices.Contains(got, `trait web {"tier":1} survives`) {
		t.Errorf("after the deletion the history is %q", got)
	}
	if status, answer := p.get("user_id:u-1", "/traits/plan/history?cursor=x"); status != http.StatusBadRequest {
		t.Errorf("a made-up cursor is answered with %d: %v", status, answer)
	}
}

// TestMergedIDsRedirect: a GET by the id of a profile that was merged is sent to the one to keep.
func TestMergedIDsRedirect(t *testing.T) {
	p := start(t, t.TempDir())
	p.accept("/v1/page", `{"anonymousId":"a-1","name":"Home"}`)
	p.settled()
	_, before := p.get("anonymous_id:a-1", "")
	p.accept("/v1/identify", `{"userId":"u-1","anonymousId":"a-2","traits":{"plan":"pro"}}`)
	p.accept("/v1/identify", `{"userId":"u-1","anonymousId":"a-1"}`)
	p.settled()
	_, after := p.get("user_id:u-1", "")
	kept, merged := after["profile"].(string), ""
	for _, x := range after["observations"].([]any) {
		if id := x.(map[string]any)["id"].(string); id != kept {
			merged = id
		}
	}
	if merged == "" || before["profile"] == nil {
		t.Fatalf("nobody was merged: %v", after)
	}
	follow := *http.DefaultClient
	follow.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, rest := range []string{"", "?alternatives=true", "/context?budget_tokens=500", "/timeline?limit=5", "/identity", "/traits/plan/history"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/v1/profiles/profile:"+merged+rest, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+p.read)
		response, err := follow.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var body struct {
			MergedInto string `json:"merged_into"`
			Version    uint64 `json:"identity_version"`
		}
		err = json.NewDecoder(response.Body).Decode(&body)
		_ = response.Body.Close()
		want := "/v1/profiles/profile:" + kept + rest
		if err != nil || response.StatusCode != http.StatusTemporaryRedirect || response.Header.Get("Location") != want || body.MergedInto != kept || body.Version == 0 {
			t.Errorf("%s: %s to %q, %+v, %v", rest, response.Status, response.Header.Get("Location"), body, err)
		}
		if status, answer := p.get("profile:"+merged, rest); status != http.StatusOK || answer["profile"] != kept {
			t.Errorf("%s: followed to %d: %v", rest, status, answer)
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/v1/profiles/lookup",
		strings.NewReader(fmt.Sprintf(`{"identifiers":[{"type":"profile","value":%q}]}`, merged)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.read)
	request.Header.Set("Content-Type", "application/json")
	if status, answer := p.do(request); status != http.StatusOK || answer["requested"] != merged || answer["profile"] != kept {
		t.Errorf("a lookup of the merged id is answered with %d: %v", status, answer)
	}
}
