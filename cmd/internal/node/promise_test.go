package node

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/admin"
	"tributary/api/auth"
	"tributary/cmd/internal/config"
	"tributary/cmd/internal/demo"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
)

// company is a node with a company's history in it, and who may ask for its reports.
type company struct {
	*program
	*demo.Company
	admin *admin.Client
	key   string // sees everything
}

// contactsSegment goes by no time, so that nobody leaves it while the test runs.
const contactsSegment = `{"computed":[{"name":"conversations","of":"count","events":["conversation.started"]}],
	"segments":[{"name":"contacts","when":{"computed":"conversations","at_least":1}}]}`

// startCompany makes a company up and loads it: load says how its events are sent.
func startCompany(t *testing.T, customers int, load func(c *company, keys map[string]string)) *company {
	t.Helper()
	until, err := time.Parse(time.DateOnly, reportsUntil)
	if err != nil {
		t.Fatal(err)
	}
	made, err := demo.Generate(demo.Config{Customers: customers, Until: until})
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, t.TempDir(), func(c *config.Config) { c.Profiles.PublishAfter = config.Duration(time.Millisecond) })
	c := &company{program: p, Company: made, admin: admin.NewClient(Socket(p.config.DataDir))}
	t.Cleanup(c.admin.Close)
	c.key = p.key(auth.New{Kind: auth.KindRead, Workspace: "default", Purpose: auth.PurposeOperations, Reader: auth.ReaderSystem})
	if _, err := c.admin.SetDefinitions(t.Context(), "default", unify.ProfilesDefinitions{Document: contactsSegment}); err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	for _, source := range demo.Sources {
		keys[source] = p.key(auth.New{Kind: auth.KindWrite, Workspace: "default", Source: source})
	}
	load(c, keys)
	c.rest()
	return c
}

// asSourcesDo sends everything as the company's sources would, wrong clocks and all.
func asSourcesDo(c *company, keys map[string]string) {
	c.t.Helper()
	loader := demo.Loader{URL: c.url, Keys: keys, Client: http.DefaultClient, Sent: func(int) {}}
	if err := loader.Load(c.t.Context(), c.Items); err != nil {
		c.t.Fatal(err)
	}
}

// rest waits until everything is decided, counted, published and in ClickHouse.
func (c *company) rest() {
	c.t.Helper()
	c.settled()
	c.published()
}

// identityVersion is the one that reports are made by now.
func (c *company) identityVersion() string {
	c.t.Helper()
	return fmt.Sprint(c.ask(&reports[0], "")["identity_version"])
}

// answer is what is answered, but for what says when, and by which version of who is who, it was made.
func (c *company) answer(a *asked, version string) map[string]any {
	c.t.Helper()
	answer := c.ask(a, version)
	timeless(answer)
	if values, ok := answer["values"].([]any); ok { // several answers in one
		for _, value := range values {
			timeless(value.(map[string]any))
		}
	}
	return answer
}

func timeless(answer map[string]any) {
	delete(answer, "as_of")
	delete(answer, "segment") // how new its members are
	delete(answer, "identity_version")
	if scope, ok := answer["scope"].(map[string]any); ok {
		delete(scope, "known_at")
		delete(scope, "identity_as_of")
	}
}

// ask asks for a report, by a version of who is who if it is not empty.
func (c *company) ask(a *asked, version string) map[string]any {
	c.t.Helper()
	path, body := a.path, strings.Replace(a.body, "SPAN", `"from":"`+reportsFrom+`","until":"`+reportsUntil+`"`, 1)
	if path == "" {
		_, path, _ = strings.Cut(a.route, " ")
	}
	if version != "" && body == "" {
		path += "&identity_as_of=" + version
	} else if version != "" {
		body = `{"identity_as_of":` + version + "," + body[1:]
	}
	request, err := http.NewRequestWithContext(c.t.Context(), a.method(), c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Content-Type", "application/json")
	status, answer := c.whole(request)
	if status != http.StatusOK {
		c.t.Fatalf("%s is answered with %d: %v", a, status, answer)
	}
	return answer
}

// whole sends a request and waits for its answer as long as the server does.
func (c *company) whole(request *http.Request) (int, map[string]any) {
	c.t.Helper()
	response, err := new(http.Client).Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		c.t.Fatalf("%s %s: %s: %v", request.Method, request.URL, response.Status, err)
	}
	return response.StatusCode, answer
}

// TestMergeThenSplitLeavesEveryReport is promise 2 of the design: it asks every report there is of a company, merges many of its customers,
// takes the decisions back or decides the contrary, and asks again. Every row is what it was, with the same profiles in it. While they are
// merged each report shows it, and the same question by the version of before has the answer of before.
func TestMergeThenSplitLeavesEveryReport(t *testing.T) {
	if testing.Short() {
		t.Skip("asks every report three times")
	}
	c := startCompany(t, 80, asSourcesDo)
	all := slices.Concat(reports, metricReports())
	c.allStand(all)
	version := c.identityVersion()
	before := make([]map[string]any, len(all))
	for i := range all {
		before[i] = c.answer(&all[i], "")
	}

	decided := c.merge()
	c.rest()
	for i := range all {
		a := &all[i]
		if a.detail {
			continue
		}
		merged := c.answer(a, "")
		at := apart(a.String(), before[i], merged)
		if at == "" && a.shows == changes {
			t.Errorf("people are merged, and %s does not show it", a)
		}
		if at != "" && a.shows == stays {
			t.Errorf("while people are merged: %s", at)
		}
		if a.pinnable() {
			if at := apart(a.String(), before[i], c.answer(a, fmt.Sprint(version))); at != "" {
				t.Errorf("while people are merged, by the version of before: %s", at)
			}
		}
	}

	c.undo(decided)
	c.rest()
	for i := range all {
		if at := apart(all[i].String(), before[i], c.answer(&all[i], "")); at != "" {
			t.Errorf("after the split: %s", at)
		}
	}
}

// allStand says that every route of a report is among those that are asked, and every view of an analyst's.
func (c *company) allStand(all []asked) {
	c.t.Helper()
	standing := map[string]bool{}
	for i := range all {
		standing[all[i].route] = true
	}
	for _, rule := range c.routes.readers {
		route := rule.Method + " " + rule.Path
		report := strings.HasPrefix(rule.Path, "/v1/journeys") || strings.HasPrefix(rule.Path, "/v1/metrics") || rule.Path == "/v1/query"
		if report && !standing[route] && !notReports[route] {
			c.t.Errorf("%s: is not among the reports: add a line to reports_test.go", route)
		}
	}
	views := c.answer(&asked{route: "GET /v1/query/views"}, "")["views"].([]any)
	for _, v := range views {
		name := v.(map[string]any)["name"].(string)
		if !slices.ContainsFunc(all, func(a asked) bool { return strings.Contains(a.body, " FROM "+name+" ") }) {
			c.t.Errorf("view %s: no statement about it is among the reports", name)
		}
	}
}

// merge decides of groups of customers, three and two in turn, that they are one. They had contact one after another, so that it changes
// what reports count.
func (c *company) merge() (decided []steward.Proposal) {
	c.t.Helper()
	const groups = 16
	people := c.byContact()
	for n := range groups {
		size := 2 + n%2
		if len(people) < size {
			break
		}
		for i := 1; i < size; i++ {
			decided = append(decided, steward.Proposal{Kind: unify.DecisionMerge, A: people[i-1], B: people[i]})
		}
		people = people[size:]
	}
	for _, d := range decided {
		if _, err := c.admin.Decide(c.t.Context(), "default", admin.NewDecision{Proposal: d, Actor: "grace"}); err != nil {
			c.t.Fatal(err)
		}
	}
	if len(decided) < groups {
		c.t.Fatalf("%d decisions are too few to show anything", len(decided))
	}
	return decided
}

// undo takes every other decision back, and decides the contrary of the others: they were two before as well.
func (c *company) undo(decided []steward.Proposal) {
	c.t.Helper()
	for i, d := range decided {
		if d.Kind = unify.DecisionUndo; i%2 == 1 {
			d.Kind = unify.DecisionNeverMerge
		}
		if _, err := c.admin.Decide(c.t.Context(), "default", admin.NewDecision{Proposal: d, Actor: "grace"}); err != nil {
			c.t.Fatal(err)
		}
	}
}

// byContact lists the profiles of customers who had contact, in the order of their first ones, each once.
func (c *company) byContact() (profiles []uuid.UUID) {
	c.t.Helper()
	first := map[string]string{} // by user id
	users := map[string]string{}
	for i := range c.People {
		users[c.People[i].ID] = c.People[i].UserID
	}
	for _, item := range c.Items {
		var m demo.Message
		if item.Person == "" || json.Unmarshal(item.Body, &m) != nil || m.Event != "conversation.started" {
			continue
		}
		if user := users[item.Person]; first[user] == "" || m.Timestamp < first[user] {
			first[user] = m.Timestamp
		}
	}
	order := slices.SortedFunc(maps.Keys(first), func(a, b string) int { return cmp.Or(cmp.Compare(first[a], first[b]), cmp.Compare(a, b)) })
	for _, user := range order {
		status, answer := c.get("user_id:"+user, "")
		id, ok := answer["profile"].(string)
		if status != http.StatusOK || !ok {
			continue // of several people
		}
		if profile := uuid.MustParse(id); !slices.Contains(profiles, profile) {
			profiles = append(profiles, profile)
		}
	}
	return profiles
}

// apart says where two values of JSON differ first; empty: nowhere.
func apart(at string, want, got any) string {
	if d := lacks(at, want, got); d != "" {
		return d
	}
	if d := lacks(at, got, want); d != "" {
		return "the other way round: " + d
	}
	return ""
}

// lacks says where a value of JSON is not in another first; objects may have more members there.
func lacks(at string, want, got any) string {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			for _, name := range slices.Sorted(maps.Keys(w)) {
				if d := lacks(at+"."+name, w[name], g[name]); d != "" {
					return d
				}
			}
			return ""
		}
	case []any:
		if g, ok := got.([]any); ok {
			for i := range min(len(w), len(g)) {
				if d := lacks(fmt.Sprintf("%s[%d]", at, i), w[i], g[i]); d != "" {
					return d
				}
			}
			if len(g) == len(w) {
				return ""
			}
			return fmt.Sprintf("%s has %d rows, not %d", at, len(g), len(w))
		}
	default:
		if want == got {
			return ""
		}
	}
	return fmt.Sprintf("%s is %.300v, not %.300v", at, got, want)
}
