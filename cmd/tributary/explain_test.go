package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/explain"
)

const contacts = `id,name,born,phone,email,customer
1,Ann Leeson,1980-02-01,+12125550100,ann@example.com,C1
2,A Leeson,1980-02-01,+12125550100,,
3,Bob Leeson,1985-05-05,,ann@example.com,C2
`

const mapping = `version: 1
row_id: id
time: {layouts: ["2006-01-02"], zone: UTC}
identifiers: {phone: phone, email: email, shop.customer_id: customer}
attributes: {name: name, birth_date: born}
channel: {value: web}
events:
  - {name: contact.updated, at: [born]}
`

// TestExplainFromTheCommandLine asks the true program, without a server, about three contacts of a file.
func TestExplainFromTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	data := filepath.Join(dir, "data")
	says := func(args []string, words ...string) string {
		t.Helper()
		out, err := run(t, append(args, "--data-dir", data)...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		for _, w := range words {
			if !strings.Contains(out, w) {
				t.Errorf("%v does not say %q:\n%s", args, w, out)
			}
		}
		return out
	}
	says([]string{"import", "csv", "--source", "shop", "--mapping", write("mapping.yaml", mapping), write("contacts.csv", contacts)})
	says([]string{"identity", "explain", "shop.customer_id:C1", "--with", "shop.customer_id:C2", "--add", "shop.customer_id:C2"},
		"of 2 observations", "└── shop", `because: Same telephone "+12125550100"`, `"ann leeson"`, `"a leeson"`, "before anything is compared", "= +",
		"they are two:", "if that were said as well:", "identity_version")
	var answer explain.Answer
	if err := json.NewDecoder(strings.NewReader(says([]string{"identity", "explain", "shop.customer_id:C1", "--json"}))).Decode(&answer); err != nil || answer.ObservationsTotal != 2 {
		t.Errorf("as JSON: %+v, %v", answer, err)
	}
	says([]string{"identity", "identifier", "email:ann@example.com"}, "is shared (household)")

	rules := write("rules.yaml", "blocked: [{type: phone, value: '+12125550100'}]\nmatching: {enabled: false}\n")
	says([]string{"identity", "preview", "--rules", rules, "--metric", "events_per_profile"}, "profiles", "0 merges and 1 split", "no longer scored", "100 %")
	says([]string{"identity", "rules", "set", rules, "--preview", "--actor", "grace"}, "1 split", "in force")
	says([]string{"identity", "rules", "get"}, "enabled: false", "+12125550100")
	bad := write("bad.yaml", "strategy: hope\nidentifiers: [{type: email, role: boss}]\n")
	out, err := run(t, "identity", "rules", "set", bad, "--data-dir", data)
	if err == nil || !strings.Contains(out, "strategy:") || !strings.Contains(out, "identifiers[0].role:") {
		t.Errorf("bad rules: %v\n%s", err, out)
	}
}

// TestExplanationsArePrinted: whatever a source wrote stands in quotation marks, control characters and all.
func TestExplanationsArePrinted(t *testing.T) {
	one, two, other := uuid.MustParse("00000000-0000-0000-0000-000000000001"), uuid.MustParse("00000000-0000-0000-0000-000000000002"), uuid.MustParse("00000000-0000-0000-0000-000000000003")
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a := &explain.Answer{
		Profile: one, IdentityVersion: 7, Pending: explain.Pending{Pending: []string{"resolve"}}, ObservationsTotal: 3, ApartTotal: 2,
		Observations: []explain.Observation{
			{ID: one, Source: "crm", RecordID: "7", FirstReceived: at, Identifiers: []explain.Identifier{{Type: "user_id", Value: "u\x1b[2J1"}}},
			{ID: two, Source: "web", FirstReceived: at},
		},
		Links: []explain.Link{{A: one, B: two, Rule: identity.RuleMustMerge, Said: explain.Said{Read: "A person decided that they are one"},
			Decision: &explain.Decision{By: "grace", Note: "spoke to her", At: at}}},
		Apart: []explain.Apart{{Profile: other, A: one, B: other, Asked: true, Said: explain.Said{Text: "Same e-mail", Quotes: []profiles.Quote{}, Read: `Same e-mail "a@example.com"`},
			Weighing: &explain.Weighing{Prior: -12, Fields: []explain.Field{{Field: "email", Level: "equal", Bits: 10}}, Household: -1, Score: -3}}},
		Added: &explain.Added{Refused: "exclusive_user_id", Changes: []explain.Change{{
			Kind: identity.ChangeMerge, One: explain.Part{Profile: one, Observations: 5}, Total: 2,
			Parts:  []explain.Part{{Profile: one, Observations: 3}, {Profile: other, Observations: 2}},
			Causes: []explain.Cause{{Rule: "same_email", Links: 1, Examples: [][2]identity.ObservationID{{identity.SupposedID, other}}}},
		}}},
	}
	var b strings.Builder
	printExplanation(&b, a)
	want := `profile 00000000-0000-0000-0000-000000000001, of 3 observations
crm record "7", first received 2026-03-01 12:00:00  00000000-0000-0000-0000-000000000001
│   says: user_id "u\x1b[2J1"
└── web, first received 2026-03-01 12:00:00  00000000-0000-0000-0000-000000000002
        because: A person decided that they are one, on 2026-03-01 12:00:00 by "grace", noting "spoke to her"
… and 1 more

not the same (from +0.0 bits on two merge, from +0.0 on a person is asked):
  profile:00000000-0000-0000-0000-000000000003
    Same e-mail "a@example.com"
      -12.0 before anything is compared, +10.0 email equal, -1.0 as likely in one household = -3.0 bits
    a person should decide: tributary identity merge 00000000-0000-0000-0000-000000000001 00000000-0000-0000-0000-000000000003, or split
… and 1 more

if that were said as well:
  what says so would not be of this profile: exclusive_user_id
  00000000-0000-0000-0000-000000000001 (3), 00000000-0000-0000-0000-000000000003 (2) merge into 00000000-0000-0000-0000-000000000001 (5)
    by same_email (1 link), such as what says so and 00000000-0000-0000-0000-000000000003

identity_version 7, model 0, not settled, under way: resolve
`
	if b.String() != want {
		t.Errorf("prints\n%s\nwant\n%s", b.String(), want)
	}
}
