package importer

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// tape keeps what is appended; it refuses the first times as a full disk does.
type tape struct {
	records []stream.Record
	refuse  int
}

func (l *tape) Append(_ context.Context, records []stream.Record) ([]stream.Position, error) {
	if l.refuse > 0 {
		l.refuse--
		return nil, stream.ErrFull
	}
	l.records = append(l.records, records...)
	return make([]stream.Position, len(records)), nil
}

func (l *tape) events(t *testing.T) []*event.Event {
	t.Helper()
	var events []*event.Event
	for _, r := range l.records {
		if r.Kind != stream.KindEvent {
			continue
		}
		e, err := event.Decode(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

func exampleMapping(t *testing.T) *Mapping {
	t.Helper()
	file, err := os.Open("examples/helpdesk-tickets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m, err := ReadMapping(file)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const header = "Ticket ID,Customer Name,Customer Email,Customer Age,Customer Gender,Product Purchased,Date of Purchase,Ticket Type," +
	"Ticket Subject,Ticket Description,Ticket Status,Resolution,Ticket Priority,Ticket Channel,First Response Time,Time to Resolution,Customer Satisfaction Rating\n"

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func importFile(t *testing.T, path string) (*tape, Report) {
	t.Helper()
	log := &tape{}
	report, err := Import{Path: path, Mapping: exampleMapping(t), Workspace: "default", Source: "helpdesk"}.Run(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	return log, report
}

func TestRowBecomesEvents(t *testing.T) {
	path := writeFile(t, "t.csv", header+
		"7,Ada Marsh,ada@example.com,32,Female,Router,2021-03-22,Refund request,Payment issue,\"Charged \"\"twice\"\".\n\nPlease help.\",Closed,Refunded.,High,Social media,2023-06-01 12:15:36,2023-06-01 18:05:38,4.0\n")
	log, report := importFile(t, path)
	if report.Rows != 1 || report.Events != 4 || report.Rejected != 0 {
		t.Fatalf("report %+v", report)
	}
	byName := map[string]*event.Event{}
	for _, e := range log.events(t) {
		byName[e.Name] = e
	}
	opened, survey := byName["case.opened"], byName["survey.answered"]
	if opened == nil || survey == nil || byName["case.updated"] == nil || byName["case.resolved"] == nil {
		t.Fatalf("events %v", byName)
	}
	if opened.MessageID != "7:case.opened" || opened.Channel != event.ChannelSocial || opened.CX.Text != "Charged \"twice\".\n\nPlease help." {
		t.Errorf("case.opened is %+v, %+v", opened, opened.CX)
	}
	if want := time.Date(2023, 6, 1, 18, 5, 38, 0, time.UTC); !survey.At.Equal(want) || *survey.CX.Score != 4 || survey.CX.Scale != "1-5" {
		t.Errorf("survey.answered at %v is %+v", survey.At, survey.CX)
	}
	if opened.Identifiers[0] != (event.Identifier{Type: "email", Value: "ada@example.com"}) || opened.Attributes["name"] != "Ada Marsh" {
		t.Errorf("subject %v %v", opened.Identifiers, opened.Attributes)
	}
	var properties map[string]string
	if err := json.Unmarshal(opened.Properties, &properties); err != nil || properties["Ticket Type"] != "Refund request" {
		t.Errorf("properties %s: %v", opened.Properties, err)
	}
	for _, r := range log.records {
		if r.Lane != stream.LaneBulk {
			t.Errorf("%s is on lane %s", r.MessageID, r.Lane)
		}
	}
}

func TestBadRowsAreQuarantinedAndTheRestGoesOn(t *testing.T) {
	good := "8,Ben Ito,ben@example.com,40,Male,Phone,2021-03-22,Refund request,Payment issue,Text,Open,,High,Email,,,\n"
	path := writeFile(t, "t.csv", header+
		strings.Replace(good, "2021-03-22", "22nd of March", 1)+
		strings.Replace(good, ",Email,", ",Telegraph,", 1)+
		strings.Replace(good, ",,,\n", ",,\n", 1)+
		strings.Replace(good, "8,Ben", ",Ben", 1)+
		strings.Replace(good, "Ben Ito", "Bj\xf6rn", 1)+
		good)
	log, report := importFile(t, path)
	if report.Rows != 6 || report.Rejected != 5 || report.Events != 1 {
		t.Fatalf("report %+v", report)
	}
	wants := []struct{ field, reason string }{
		{"Date of Purchase", "not a time"}, {"Ticket Channel", "no entry"}, {"row", "columns"}, {"Ticket ID", "empty"}, {"Customer Name", "not UTF-8"},
	}
	for i, want := range wants {
		if got := report.First[i]; got.Row != i+1 || got.Field != want.field || !strings.Contains(got.Reason, want.reason) {
			t.Errorf("fault %d is %v, want row %d, field %q, reason with %q", i, got, i+1, want.field, want.reason)
		}
	}
	rejected := 0
	for _, r := range log.records {
		if r.Kind == stream.KindRejected {
			rejected++
			var value struct{ Reason, Field string }
			if err := json.Unmarshal(r.Value, &value); err != nil || value.Reason == "" || value.Field == "" {
				t.Errorf("rejection %s: %v", r.Value, err)
			}
			if strings.Contains(value.Reason, "Telegraph") || strings.Contains(value.Reason, "22nd") {
				t.Errorf("the reason repeats a value: %s", value.Reason)
			}
		}
	}
	if rejected != 5 {
		t.Errorf("%d rejections reached the log, want 5", rejected)
	}
	if said := report.First[1].Error(); !strings.Contains(said, "Telegraph") {
		t.Errorf("who owns the file is not told the value: %s", said)
	}
}

func TestSecondImportMakesTheSameIDs(t *testing.T) {
	text := header + "8,Ben Ito,ben@example.com,40,Male,Phone,2021-03-22,Refund request,Payment issue,Text,Open,,High,Email,,,\n"
	first, _ := importFile(t, writeFile(t, "a.csv", text))
	second, _ := importFile(t, writeFile(t, "b.csv", text))
	if first.records[0].MessageID != second.records[0].MessageID {
		t.Errorf("ids differ: %q and %q", first.records[0].MessageID, second.records[0].MessageID)
	}
}

func TestGzipIsRecognisedByContent(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(header)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, report := importFile(t, writeFile(t, "t.csv", packed.String())); report.Rows != 0 {
		t.Errorf("report %+v", report)
	}
}

func TestFullLogIsWaitedFor(t *testing.T) {
	path := writeFile(t, "t.csv", header+"8,Ben Ito,ben@example.com,40,Male,Phone,2021-03-22,Refund request,Payment issue,Text,Open,,High,Email,,,\n")
	log, told := &tape{refuse: 2}, 0
	im := Import{Path: path, Mapping: exampleMapping(t), Workspace: "default", Source: "helpdesk", Waits: func() { told++ }}
	if _, err := im.Run(t.Context(), log); err != nil || len(log.records) != 1 || told != 1 {
		t.Errorf("%d records, told of %d waits, %v", len(log.records), told, err)
	}
}

func TestDryRunSendsNothing(t *testing.T) {
	path := writeFile(t, "t.csv", header+"8,Ben Ito,ben@example.com,40,Male,Phone,2021-03-22,Refund request,Payment issue,Text,Open,,High,Email,,,\n")
	log := &tape{}
	report, err := Import{Path: path, Mapping: exampleMapping(t), Workspace: "default", Source: "helpdesk", DryRun: true}.Run(t.Context(), log)
	if err != nil || report.Events != 1 || len(log.records) != 0 {
		t.Errorf("report %+v, %d records, %v", report, len(log.records), err)
	}
}

func TestMappingFaultsAllAtOnce(t *testing.T) {
	_, err := ReadMapping(strings.NewReader("version: 2\ntime: {zone: Mars/Olympus}\nidentifiers: {email: {values: {a: b}}}\ncx: {mood: Mood}\nevents: [{cx: {}}]\n"))
	for _, part := range []string{"version:", "time.zone:", "identifiers.email:", "cx.mood:", "events[0].name:", "events[0].at:"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error does not name %s: %v", part, err)
		}
	}
	if _, err := ReadMapping(strings.NewReader("version: 1\nevnts: []\n")); err == nil || !strings.Contains(err.Error(), "evnts") {
		t.Errorf("an unknown key gives %v", err)
	}
	im := Import{Path: writeFile(t, "t.csv", "Ticket ID\n1\n"), Mapping: exampleMapping(t), Workspace: "default", Source: "helpdesk"}
	if err := im.Check(); err == nil || !strings.Contains(err.Error(), `"Customer Email"`) {
		t.Errorf("missing columns give %v", err)
	}
}

// tickets is a public data set that stands beside the checkout where the project is developed.
const tickets = "../../../shared/data/customer_support_tickets.csv.gz"

// TestRealTickets maps every row of a real export.
func TestRealTickets(t *testing.T) {
	if _, err := os.Stat(tickets); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("the data set is not here: %v", err)
	}
	log, report := importFile(t, tickets)
	if report.Rows != 8469 || report.Rejected != 0 {
		t.Fatalf("report %+v", report)
	}
	answers := 0
	for _, e := range log.events(t) {
		if e.Name == "survey.answered" {
			answers++
		}
	}
	if answers != 8469-5700 {
		t.Errorf("%d answers, want %d", answers, 8469-5700)
	}
}

func FuzzReadMapping(f *testing.F) {
	example, err := os.ReadFile("examples/helpdesk-tickets.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte("version: 1\nevents:\n  - {name: a, at: [b], cx: {text: {value: x}}}\n"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		m, err := ReadMapping(bytes.NewReader(text))
		if err == nil {
			_ = m.columnNames()
		}
	})
}

// TestExamplesAreRead: every mapping that users are shown is valid.
func TestExamplesAreRead(t *testing.T) {
	paths, err := filepath.Glob("examples/*.yaml")
	if err != nil || len(paths) < 3 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(path, "streams") {
			_, err = ReadStreams(bytes.NewReader(text))
		} else {
			_, err = ReadMapping(bytes.NewReader(text))
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestExampleOfOrders imports the line that the example shows.
func TestExampleOfOrders(t *testing.T) {
	text, err := os.ReadFile("examples/shop-orders.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var line string
	for _, l := range strings.Split(string(text), "\n") {
		if l = strings.TrimPrefix(l, "#   "); strings.HasPrefix(l, `{"id"`) || strings.HasPrefix(l, ` "`) {
			line += l
		}
	}
	log := &tape{}
	report, err := Import{Stdin: strings.NewReader(line), Format: FormatJSONL, Mapping: mappingOf(t, string(text)), Workspace: "default", Source: "shop"}.Run(t.Context(), log)
	if err != nil || report.Events != 2 || len(report.NeverFilled) > 0 {
		t.Fatalf("%+v, %v\n%s", report, err, line)
	}
	e := log.events(t)[0]
	if e.CX.Amount != "12.50" || len(e.Identifiers) != 3 || string(e.Properties) != `{"customer":7,"first_order":true,"items":[{"sku": "R-1", "n": 1}]}` {
		t.Errorf("%+v %+v %s", e, e.CX, e.Properties)
	}
}
