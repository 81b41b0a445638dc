package node

import (
	"compress/gzip"
	"encoding/csv"
	"math"
	"net/http"
	"os"
	"strconv"
	"testing"

	"tributary/ingest/importer"
	"tributary/journeys/cx"
	"tributary/journeys/report"
	"tributary/profiles/unify"
)

// tickets is a public data set that stands beside the checkout where the project is developed.
const tickets = "../../../../shared/data/customer_support_tickets.csv.gz"

// ticket is what the test itself reads of a row, without the importer.
type ticket struct{ name, email, channel, rating string }

func readTickets(t *testing.T) []ticket {
	t.Helper()
	file, err := os.Open(tickets)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	var all []ticket
	for _, row := range rows[1:] {
		all = append(all, ticket{
			name: row[column["Customer Name"]], email: row[column["Customer Email"]],
			channel: row[column["Ticket Channel"]], rating: row[column["Customer Satisfaction Rating"]],
		})
	}
	return all
}

// TestRealTickets imports a real export and compares what ClickHouse and the profiles say with a
// plain pass over the file.
func TestRealTickets(t *testing.T) {
	if _, err := os.Stat(tickets); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("the data set is not here: %v", err)
	}
	p := start(t, t.TempDir())
	p.importTickets()
	p.settle()
	all := readTickets(t)
	checkCSAT(t, p, all)
	checkMailboxes(t, p, all)

	p.importTickets() // a second import changes nothing
	p.settle()
	checkCSAT(t, p, all)
	accounts, err := p.accounts.Sources(t.Context(), unify.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts.Sources {
		if a.Source == "helpdesk" && (a.Received != 2*a.Stored || a.Duplicate != a.Stored || held(a) != int64(a.Stored) || !a.Balanced) {
			t.Errorf("account %+v", a)
		}
	}
}

func (p *program) importTickets() {
	p.t.Helper()
	file, err := os.Open("../../../ingest/importer/examples/helpdesk-tickets.yaml")
	if err != nil {
		p.t.Fatal(err)
	}
	defer file.Close()
	mapping, err := importer.ReadMapping(file)
	if err != nil {
		p.t.Fatal(err)
	}
	report, err := importer.Import{Path: tickets, Mapping: mapping, Workspace: "default", Source: "helpdesk"}.Run(p.t.Context(), p.log)
	if err != nil || report.Rejected > 0 {
		p.t.Fatalf("import: %+v, %v", report, err)
	}
}

func checkCSAT(t *testing.T, p *program, all []ticket) {
	t.Helper()
	words := map[string]string{"Email": "email", "Phone": "voice", "Chat": "chat", "Social media": "social"}
	type figures struct{ answers, satisfied float64 }
	want := map[string]figures{}
	for _, row := range all {
		if row.rating == "" {
			continue
		}
		rating, err := strconv.ParseFloat(row.rating, 64)
		if err != nil {
			t.Fatal(err)
		}
		f := want[words[row.channel]]
		f.answers++
		if rating >= 4 {
			f.satisfied++
		}
		want[words[row.channel]] = f
	}
	points := csatByChannel(p)
	if len(points) != len(want) {
		t.Fatalf("%d channels, want %d", len(points), len(want))
	}
	for _, point := range points {
		if f := want[point.Group]; *point.Denominator != f.answers || *point.Numerator != f.satisfied || math.Abs(*point.Value-f.satisfied/f.answers) > 1e-12 {
			t.Errorf("%s: ClickHouse says %g of %g, the file %+v", point.Group, *point.Numerator, *point.Denominator, f)
		}
	}
}

// csatByChannel is what the registry of metrics makes of all answers.
func csatByChannel(p *program) []cx.Point {
	p.t.Helper()
	reader, err := p.measures()
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := reader.Metric(p.t.Context(), "default", "csat", cx.Request{Request: report.Request{From: "2000-01-01", Until: "2100-01-01"}, By: cx.ByChannel})
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.Points
}

// checkMailboxes: a mailbox of people with different names is several profiles, each with the events
// of its own tickets; a mailbox of one is one.
func checkMailboxes(t *testing.T, p *program, all []ticket) {
	t.Helper()
	names := map[string]map[string]bool{}
	for _, row := range all {
		if names[row.email] == nil {
			names[row.email] = map[string]bool{}
		}
		names[row.email][row.name] = true
	}
	shared, checked := 0, 0
	for email, people := range names {
		switch {
		case len(people) > 1:
			shared++
			status, answer := p.get("email:"+email, "")
			candidates, _ := answer["candidates"].([]any)
			if status != http.StatusConflict || len(candidates) != len(people) {
				t.Errorf("a mailbox of %d people is answered with %d and %d candidates", len(people), status, len(candidates))
			}
		case checked < 100:
			checked++
			if status, _ := p.get("email:"+email, ""); status != http.StatusOK {
				t.Errorf("a mailbox of one person is answered with %d", status)
			}
		}
	}
	t.Logf("%d mailboxes are used by people of different names", shared)
}
