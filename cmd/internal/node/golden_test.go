package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/cmd/internal/demo"
)

// withoutClocks sends everything without a time of sending, so that nothing is corrected and each event happened when it says: what is
// counted of a seed is the same whenever it is loaded.
func withoutClocks(c *company, keys map[string]string) {
	c.t.Helper()
	bySource := map[string][]demo.Item{}
	for _, item := range c.Items {
		bySource[item.Source] = append(bySource[item.Source], item)
	}
	for source, items := range bySource {
		for batch := range slices.Chunk(items, 100) {
			bodies := make([][]byte, len(batch))
			for i := range batch {
				bodies[i] = batch[i].Body
			}
			body := `{"batch":[` + string(bytes.Join(bodies, []byte(","))) + `]}`
			if status, answer := c.post("/v1/batch", keys[source], body); status != http.StatusOK {
				c.t.Fatalf("a batch of %s is answered with %d: %v", source, status, answer)
			}
		}
	}
}

// said makes plain events of what was sent: of several with one id the first. Who each is of is the server's to say; that is asked for
// once, event by event, and must be of these very events.
func (c *company) said() []said {
	c.t.Helper()
	who := map[string]string{}
	rows := c.answer(&asked{route: "POST /v1/query", body: `{"max_rows":100000,"sql":"SELECT source, message_id, profile, at FROM events"}`}, "")["rows"].([]any)
	times := map[string]string{}
	for _, r := range rows {
		row := r.([]any)
		key := row[0].(string) + "/" + row[1].(string)
		who[key], times[key] = row[2].(string), row[3].(string)
	}
	var list []said
	seen := map[string]bool{}
	for _, item := range c.Items {
		key := item.Source + "/" + item.ID
		if item.Person == "" || seen[key] {
			continue
		}
		seen[key] = true
		s := parseSaid(c.t, item)
		if s.person = who[key]; s.person == "" {
			c.t.Fatalf("%s was sent and is nowhere", key)
		}
		if at, err := time.Parse(time.RFC3339Nano, times[key]); err != nil || !at.Equal(s.at) {
			c.t.Fatalf("%s is of %s, was sent as of %s", key, times[key], s.at)
		}
		list = append(list, s)
	}
	if len(rows) != len(list) {
		c.t.Fatalf("there are %d events, %d were sent", len(rows), len(list))
	}
	slices.SortFunc(list, earlier)
	return list
}

// TestNumbersOfTheCompany compares what the server answers of a company with a plain pass over what its sources sent. The pass follows
// the definitions in journeys/cx/README.md, journeys/contact/README.md and journeys/flow/README.md, and no statement.
func TestNumbersOfTheCompany(t *testing.T) {
	if testing.Short() {
		t.Skip("loads a company of its own")
	}
	c := startCompany(t, 150, withoutClocks)
	events := c.said()
	from, until := dayOf(t, reportsFrom), dayOf(t, reportsUntil)
	talks := talksOf(events)
	for _, m := range naiveMetrics {
		counted := 0.0
		for _, by := range []string{"", "channel", "topic"} {
			want := m.count(events, talks, from, until, by)
			path := "/v1/metrics/" + m.id + "?from=" + reportsFrom + "&until=" + reportsUntil
			if by != "" {
				path += "&by=" + by
			}
			got := pointsOf(c.answer(&asked{route: "GET /v1/metrics/:id", path: path}, ""))
			if at := apart(m.id+" by "+by, plain(t, want), plain(t, got)); at != "" {
				t.Error(at)
			}
			for _, p := range want {
				counted += p[1]
			}
		}
		if counted == 0 {
			t.Errorf("%s counts nothing", m.id)
		}
	}
	for _, r := range naiveReports {
		got := c.answer(&asked{route: "POST /v1/journeys/" + r.name, body: r.body}, "")
		for part, want := range r.count(events, from, until) {
			if at := lacks(r.name+"."+part, plain(t, want), got[part]); at != "" {
				t.Error(at)
			}
		}
	}
}

// points are what the numbers of a metric come to: [numerator, denominator, sample] by group and series.
type points map[string][3]float64

func pointsOf(answer map[string]any) points {
	all := points{}
	for _, x := range answer["points"].([]any) {
		p := x.(map[string]any)
		number := func(name string) float64 { n, _ := p[name].(float64); return n }
		word := func(name string) string { s, _ := p[name].(string); return s }
		all[word("group")+"|"+word("series")] = [3]float64{number("numerator"), number("denominator"), number("sample")}
	}
	return all
}

// plain is a value as JSON tells it.
func plain(t *testing.T, v any) (p any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func dayOf(t *testing.T, day string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// parseSaid reads an item as a person would read it.
func parseSaid(t *testing.T, item demo.Item) said {
	t.Helper()
	var m demo.Message
	if err := json.Unmarshal(item.Body, &m); err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339Nano, m.Timestamp)
	if err != nil {
		t.Fatal(err)
	}
	s := said{source: item.Source, id: m.MessageID, kind: m.Type, name: m.Event + m.Name, at: at, props: m.Properties}
	s.channel, _ = m.Context["channel"].(string)
	device, _ := m.Context["device"].(map[string]any)
	switch {
	case m.AnonymousID != "":
		s.client = "anonymous_id " + m.AnonymousID
	case device != nil:
		s.client = fmt.Sprint("device_id ", device["id"])
	case m.UserID != "":
		s.client = "user_id " + m.UserID
	}
	if s.client != "" {
		s.client = strings.Join([]string{item.Source, s.client}, " ")
	}
	return s
}
