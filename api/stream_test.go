package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/live"
	"tributary/profiles/privacy"
	"tributary/profiles/unify"
)

// live is what the world's streams are made of: keys are looked up all the time.
func (w *world) live() Live {
	hub := live.NewHub(live.Config{Source: w.state, Logger: slog.New(slog.NewJSONHandler(w.lines, nil))})
	w.Cleanup(hub.Close)
	return Live{Hub: hub, Facts: w.state, PerKey: 5, Total: 8, Heartbeat: 20 * time.Millisecond, Recheck: 5 * time.Millisecond}
}

// sse is one event of a stream.
type sse struct {
	id, name, data string
}

func (e sse) decode(t testing.TB) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(e.data), &v); err != nil {
		t.Fatalf("%s: %v", e.data, err)
	}
	return v
}

// ear listens over a connection of its own.
type ear struct {
	*world
	body   *bufio.Reader
	end    context.CancelFunc
	status int
	last   string
	events []sse
	beats  int
}

// listen opens a stream. After last it goes on as EventSource does.
func (w *world) listen(server *httptest.Server, key, query, last string) *ear {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/v1/stream"+query, nil)
	w.must(err)
	request.Header.Set("Authorization", "Bearer "+key)
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	response, err := server.Client().Do(request)
	w.must(err)
	w.Cleanup(func() { cancel(); _ = response.Body.Close() })
	return &ear{world: w, body: bufio.NewReader(response.Body), end: cancel, status: response.StatusCode, last: last}
}

// next is the next event; false: the stream ended.
func (e *ear) next() (sse, bool) {
	var x sse
	for {
		line, err := e.body.ReadString('\n')
		if err != nil {
			return x, false
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "id":
			x.id, e.last = value, value
		case "event":
			x.name = value
		case "data":
			x.data = value
		case "":
			if value != "" {
				e.beats++
			}
			if x.name != "" {
				e.events = append(e.events, x)
				return x, true
			}
		}
	}
}

// until returns the first event of a name, and fails if the stream ends before.
func (e *ear) until(name string) sse {
	e.Helper()
	for {
		x, more := e.next()
		if !more {
			e.Fatalf("the stream ended before %s: %v", name, e.events)
		}
		if x.name == name {
			return x
		}
	}
}

// rest returns all that comes until the stream ends.
func (e *ear) rest() []sse {
	for {
		if _, more := e.next(); !more {
			return e.events
		}
	}
}

func (w *world) serve() *httptest.Server {
	server := httptest.NewServer(w.api.Handler())
	w.Cleanup(server.Close)
	return server
}

func names(events []sse) (list []string) {
	for _, e := range events {
		list = append(list, e.name)
	}
	return list
}

func TestAStreamTellsWhatChangesAndIsResumed(t *testing.T) {
	w := newWorld(t)
	server := w.serve()
	key := w.key(auth.KindRead, "acme", auth.ScopeStreamRead)
	e := w.listen(server, key, "", "")
	if open := e.until("open").decode(t); open["purpose"] != "operations" || len(open["types"].([]any)) != len(live.Kinds()) {
		t.Errorf("the head is %v", open)
	}
	w.put(w.event(1, "web", "Viewed", nil, id(event.IDUser, "u1")))
	changed := e.until("profile.changed")
	v := changed.decode(t)
	if v["profile"] == nil || v["profile"] != v["observation"] || v["type"] != "profile.changed" || v["at"] == nil {
		t.Errorf("it is told as %v", v)
	}
	for e.beats == 0 { // nothing is new
		if _, err := e.body.Peek(1); err != nil {
			t.Fatal(err)
		}
		line, _ := e.body.ReadString('\n')
		if strings.HasPrefix(line, ": ") {
			e.beats++
		}
	}
	e.end()

	w.put(w.event(2, "web", "Viewed", nil, id(event.IDUser, "u2")), w.event(3, "web", "Viewed", nil, id(event.IDUser, "u3")))
	w.put(w.event(4, "web", "Viewed", nil, id(event.IDUser, "u1")))
	missed := w.listen(server, key, "?follow=false", changed.id).rest()
	all := w.listen(server, key, "?follow=false&after=oldest", "").rest()
	if len(missed) < 3 || fmt.Sprint(missed[1:]) != fmt.Sprint(all[len(all)-len(missed)+1:]) || missed[0].name != "open" {
		t.Errorf("who comes again is told\n%v of\n%v", missed, all)
	}
	if slices.ContainsFunc(missed, func(x sse) bool { return x.id == changed.id && x.name != "open" }) {
		t.Error("an entry is told twice")
	}
	for _, c := range []struct{ last, because string }{
		{"00000000000000ff-1", "another_feed"}, {"x", "another_feed"}, {changed.id + "00000", "another_feed"},
	} {
		again := w.listen(server, key, "?follow=false", c.last).rest()
		if len(again) != 2 || again[1].name != "reset" || again[1].decode(t)["because"] != c.because || again[1].decode(t)["from"] != all[len(all)-1].id {
			t.Errorf("behind %q it is told %v", c.last, again)
		}
	}
}

func TestAStreamIsFiltered(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	server := w.serve()
	key := w.key(auth.KindRead, "acme", auth.ScopeStreamRead)
	heard := func(query string) []sse {
		return w.listen(server, key, "?follow=false&after=oldest"+query, "").rest()[1:]
	}
	all := heard("")
	for _, kind := range []string{"profile.changed", "segment.entered", "consent.changed", "identity.version", "definitions.changed"} {
		if !slices.Contains(names(all), kind) {
			t.Fatalf("%s is not told: %v", kind, names(all))
		}
	}
	if got := heard("&types=segment.*,definitions.changed"); slices.ContainsFunc(got, func(x sse) bool {
		return x.name != "segment.entered" && x.name != "definitions.changed"
	}) || len(got) != 2 {
		t.Errorf("by type it is told %v", got)
	}
	if got := heard("&segment=" + marks[policy.ClassSegment]); len(got) != 1 || got[0].decode(t)["segment"] != marks[policy.ClassSegment] {
		t.Errorf("by segment it is told %v", got)
	}
	if got := heard("&segment=other"); len(got) != 0 {
		t.Errorf("by another segment it is told %v", got)
	}
	for _, query := range []string{"&subject=anonymous_id:anon-1", "&profile=" + all[slices.IndexFunc(all, func(x sse) bool { return x.name == "segment.entered" })].decode(t)["profile"].(string)} {
		got := heard(query)
		profile := got[0].decode(t)["profile"]
		if len(got) < 3 || slices.ContainsFunc(got, func(x sse) bool { return x.decode(t)["profile"] != profile }) || len(got) >= len(all) {
			t.Errorf("by %s it is told %v", query, got)
		}
	}
	for _, query := range []string{"types=nothing", "types=*", "after=7", "follow=maybe", "profile=1", "subject=x&profile=" + all[0].id, "limit=3"} {
		if x := w.listen(server, key, "?"+query, ""); x.status != http.StatusBadRequest {
			t.Errorf("%s is answered with %d", query, x.status)
		}
	}
	if x := w.listen(server, key, "?subject=user_id:nobody", ""); x.status != http.StatusNotFound {
		t.Errorf("about nobody it is answered with %d", x.status)
	}
}

// TestAStreamGoesByThePolicy: what a reader may not know of is not told, and the head says so.
func TestAStreamGoesByThePolicy(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	server := w.serve()
	for _, c := range []struct{ policy, hidden, because string }{
		{"segment: withhold", "segment.entered", "purpose"},
		{"segment: mask", "segment.entered", "purpose"},
		{"segment: {do: show, needs: matched}", "segment.entered", "verification"},
		{"consent: withhold", "consent.changed", "purpose"},
		{"meta: withhold", "profile.changed", ""},
		{"segment: {do: show, max_age: 1d}", "", ""},
		{"segment: {do: show, consent: markpurpose}", "segment.entered", ""}, // by e-mail alone they agreed to that
		{"segment: {do: show, consent: marketing}", "", ""},
	} {
		w.policed(showing(c.policy))
		got := w.listen(server, w.keyFor("support", "human"), "?follow=false&after=oldest", "").rest()
		for _, kind := range []string{"segment.entered", "consent.changed", "profile.changed"} {
			if slices.Contains(names(got), kind) == (kind == c.hidden) {
				t.Errorf("%s: %s is told: %t", c.policy, kind, kind == c.hidden)
			}
		}
		head := got[0].data
		if c.because != "" && !strings.Contains(head, fmt.Sprintf(`{"type":%q,"class":%q,"because":%q`, c.hidden, classOfKind(live.Kind(c.hidden)), c.because)) {
			t.Errorf("%s: the head is %s", c.policy, head)
		}
	}
}

// showing is a policy that shows all classes but the one that a rule is about.
func showing(rule string) string {
	own, _, _ := strings.Cut(rule, ":")
	rules := []string{rule}
	for _, class := range policy.Default().Classes() {
		if class != own {
			rules = append(rules, class+": show")
		}
	}
	return "rules: {default: {default: {" + strings.Join(rules, ", ") + "}}}"
}

// TestAStreamIsOnRecord: whom it told of is in the log before it is written, once for all who listen with a key.
func TestAStreamIsOnRecord(t *testing.T) {
	w := newWorld(t)
	w.put(w.event(1, "web", "Viewed", nil, id(event.IDUser, "u1")), w.event(2, "web", "Viewed", nil, id(event.IDUser, "u2")))
	server := w.serve()
	key := w.key(auth.KindRead, "acme", auth.ScopeStreamRead)
	ears := []*ear{w.listen(server, key, "?after=oldest", ""), w.listen(server, key, "?after=oldest", ""), w.listen(server, key, "?after=oldest", "")}
	var told []string
	for _, e := range ears {
		told = []string{e.until("profile.changed").decode(t)["profile"].(string), e.until("profile.changed").decode(t)["profile"].(string)}
	}
	count := map[string]int{}
	for _, d := range slices.Concat(slices.Collect(maps.Values(w.disclosed()))...) {
		if d.Route == "GET /v1/stream" && d.Kind == "listed" {
			for _, o := range d.Observations {
				count[o.String()]++
			}
		}
	}
	for _, profile := range told {
		if count[profile] != 1 {
			t.Errorf("%s is on record %d times: %v", profile, count[profile], count)
		}
	}
}

func TestListenersAreCounted(t *testing.T) {
	w := newWorld(t)
	server := w.serve()
	one, two := w.key(auth.KindRead, "acme", auth.ScopeStreamRead), w.key(auth.KindRead, "acme", auth.ScopeStreamRead)
	var ears []*ear
	for n, c := range []struct {
		key    string
		status int
	}{{one, 200}, {one, 200}, {one, 200}, {one, 200}, {one, 200}, {one, 429}, {two, 200}, {two, 200}, {two, 200}, {two, 429}} {
		e := w.listen(server, c.key, "", "")
		if e.status != c.status {
			t.Fatalf("listener %d is answered with %d", n, e.status)
		}
		ears = append(ears, e)
	}
	ears[0].end()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		if w.listen(server, two, "", "").status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("one who went is still counted")
		}
	}
}

// TestNobodyIsToldOfWhoIsGone: not of the erased, not of the restricted, and not of another workspace's.
func TestNobodyIsToldOfWhoIsGone(t *testing.T) {
	w := newWorld(t)
	server := w.serve()
	key := w.key(auth.KindRead, "acme", auth.ScopeStreamRead)
	gone, held := w.event(1, "web", "Viewed", nil, id(event.IDUser, "gone")), w.event(2, "web", "Viewed", nil, id(event.IDUser, "held"))
	stays := w.event(3, "web", "Viewed", nil, id(event.IDUser, "stays"))
	w.put(gone, held, stays)
	ids := map[string]identity.ObservationID{}
	for name, e := range map[string]*event.Event{"gone": gone, "held": held, "stays": stays} {
		o, _ := w.engine.Observe(e)
		ids[name] = o.ID
	}
	followers := map[string]*ear{}
	for name := range ids {
		followers[name] = w.listen(server, key, "?subject=user_id:"+name, "")
		followers[name].until("open")
	}
	w.give(unify.PrivacyRestrict{Observations: []identity.ObservationID{ids["held"]}})
	w.give(unify.PrivacyErase{Erasure: privacy.Erasure{
		ID: uuid.New(), Workspace: "acme", Observations: []identity.ObservationID{ids["gone"]}, At: w.now, RequestedAt: w.now,
	}})
	for _, name := range []string{"gone", "held"} {
		if x := followers[name].until("gone").decode(t); x["because"] != "subject" {
			t.Errorf("who follows %s is told %v", name, x)
		}
	}
	told := fmt.Sprint(w.listen(server, key, "?follow=false&after=oldest", "").rest())
	erased := strings.Count(told, ids["gone"].String())
	if erased != 1 || !strings.Contains(told, `"erased":["`+ids["gone"].String()) {
		t.Errorf("of the erased is told: %s", told)
	}
	if strings.Contains(told, ids["held"].String()) || !strings.Contains(told, ids["stays"].String()) {
		t.Errorf("it is told: %s", told)
	}
	other := w.listen(server, w.key(auth.KindRead, "other", auth.ScopeStreamRead), "?follow=false&after=oldest", "").rest()
	if len(other) != 1 {
		t.Errorf("another workspace is told %v", other)
	}
}

// TestASessionHearsOfItsSubjectAlone: whatever it asks for, and of whom a part of theirs became it is not told.
func TestASessionHearsOfItsSubjectAlone(t *testing.T) {
	w := newWorld(t)
	server := w.serve()
	a, b, c := w.event(1, "web", "Viewed", nil, id(event.IDUser, "a")), w.event(2, "web", "Viewed", nil, id(event.IDUser, "b")), w.event(3, "web", "Viewed", nil, id(event.IDUser, "c"))
	w.put(a, b, c)
	var ids []identity.ObservationID
	for _, e := range []*event.Event{a, b, c} {
		o, _ := w.engine.Observe(e)
		ids = append(ids, o.ID)
	}
	token, _ := w.session(w.agent(auth.PurposeSupport, auth.ReaderOwnAI), "user_id:a", "c-1")
	follower := w.listen(server, token, "", "")
	if open := follower.until("open").decode(t); open["profile"] != ids[0].String() {
		t.Errorf("the head is %v", open)
	}
	w.put(w.event(4, "web", "Viewed", nil, id(event.IDUser, "c")), w.event(5, "web", "Viewed", nil, id(event.IDUser, "a")))
	if v := follower.until("profile.changed").decode(t); v["profile"] != ids[0].String() {
		t.Errorf("it is told %v", v)
	}
	w.give(unify.IdentityLink{A: ids[0], B: ids[1], Verdict: unify.LinkMustMerge})
	if v := follower.until("identity.merged").decode(t); v["profile"] != ids[0].String() || v["former"] != ids[1].String() {
		t.Errorf("it is told %v", v)
	}
	w.give(unify.IdentityLink{A: ids[0], B: ids[1], Verdict: unify.LinkNeverMerge})
	if v := follower.until("identity.split").decode(t); v["profile"] != nil || v["observation"] != nil || v["former"] != ids[0].String() {
		t.Errorf("it is told %v", v)
	}
	for _, e := range follower.events {
		if strings.Contains(e.data, ids[2].String()) {
			t.Errorf("it is told of somebody else: %v", e)
		}
	}
	if x := w.listen(server, token, "?subject=user_id:c", ""); x.status != http.StatusNotFound {
		t.Errorf("about somebody else it is answered with %d", x.status)
	}
	if x := w.listen(server, token, "?subject=subject:me", ""); x.status != http.StatusOK {
		t.Errorf("about its subject it is answered with %d", x.status)
	}
}
