package crashtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// checkAll waits until everything is in ClickHouse and looks at all of it; beside it the same
// messages are sent to a program that nothing disturbs, and the two are compared.
func checkAll(t *testing.T, p *program, tr *traffic) {
	t.Helper()
	checkCounts(t, p, tr)
	calm := newProgram(t)
	copyKey(t, p.data, calm.data)
	calm.start()
	calm.awaitReady()
	calmTraffic := newTraffic(calm)
	if err := calmTraffic.run(t.Context(), tr.counts()); err != nil {
		t.Fatal(err)
	}
	checkCounts(t, calm, calmTraffic)
	compareEvents(t, p, calm)
	compareIdentity(t, p, calm)
	compareProfiles(t, p, calm, tr.users())
	calm.stop()
	p.stop()
}

// checkCounts waits until everything is in ClickHouse; then every acknowledged event must be there
// once and no other, no row of any table may be there twice, and the accounts must add up.
func checkCounts(t *testing.T, p *program, tr *traffic) {
	t.Helper()
	p.awaitDrained()
	eachOnce(t, p, tr)
	noRowTwice(t, p)
	addUp(t, p, tr)
}

// eachOnce compares the acknowledged message ids with the rows of ClickHouse, both ways.
func eachOnce(t *testing.T, p *program, tr *traffic) {
	t.Helper()
	rows := map[string]int{}
	for _, row := range p.query("SELECT source, message_id, count() FROM events GROUP BY source, message_id HAVING source LIKE 'client%'") {
		rows[row[0]+"/"+row[1]] = number(t, row[2])
	}
	missing, doubled := 0, 0
	for client, acked := range tr.counts() {
		for n := range acked {
			key := sourceName(client) + "/" + messageID(client, n)
			switch rows[key] {
			case 1:
			case 0:
				missing++
			default:
				doubled++
			}
			delete(rows, key)
		}
	}
	if missing > 0 || doubled > 0 || len(rows) > 0 {
		t.Errorf("of %d acknowledged events %d are missing and %d there more than once; %d are there that nobody sent",
			tr.total(), missing, doubled, len(rows))
	}
}

// noRowTwice looks into the tables that replace nothing.
func noRowTwice(t *testing.T, p *program) {
	t.Helper()
	for _, table := range []string{"events", "facts", "identity_decisions", "profile_changes"} {
		row := p.query("SELECT count(), uniqExact(log_partition, log_offset, ordinal) FROM " + table)[0]
		if row[0] != row[1] {
			t.Errorf("%s has %s rows, but only %s places of rows", table, row[0], row[1])
		}
	}
}

// account is what `tributary reconcile --json` prints of a source.
type account struct {
	Source      string `json:"source"`
	Received    int    `json:"received"`
	Pending     int    `json:"pending"`
	Stored      int    `json:"stored"`
	Duplicate   int    `json:"duplicate"`
	Quarantined int    `json:"quarantined"`
	Suppressed  int    `json:"suppressed"`
	Erased      int    `json:"erased"`
	ClickHouse  int    `json:"stored_clickhouse"`
}

// sum is what the parts make; it must be what was received.
func (a account) sum() int {
	return a.Pending + a.Stored + a.Duplicate + a.Quarantined + a.Suppressed + a.Erased
}

// accounts returns them by source.
func (p *program) accounts() map[string]account {
	p.t.Helper()
	var answer struct {
		Sources []account `json:"sources"`
	}
	if err := json.Unmarshal([]byte(p.run("reconcile", "--json")), &answer); err != nil {
		p.t.Fatal(err)
	}
	bySource := map[string]account{}
	for _, a := range answer.Sources {
		bySource[a.Source] = a
	}
	return bySource
}

// addUp checks the accounts of each client's source: all parts make what the log received, what is
// stored is what was acknowledged, what was sent along that is no event is in the quarantine, and
// the rest are repetitions.
func addUp(t *testing.T, p *program, tr *traffic) {
	t.Helper()
	accounts := p.accounts()
	for client, acked := range tr.counts() {
		a := accounts[sourceName(client)]
		want := account{Source: a.Source, Stored: acked, ClickHouse: acked, Duplicate: a.Duplicate, Quarantined: a.Quarantined}
		want.Received = want.sum()
		if a != want || a.Quarantined < badIn(client, acked) {
			t.Errorf("%s: %d events and %d bad ones acknowledged, but the accounts are %+v", sourceName(client), acked, badIn(client, acked), a)
		}
	}
}

// compareEvents compares what was stored of each event, except for times of receiving and places
// in the log.
func compareEvents(t *testing.T, got, want *program) {
	t.Helper()
	const statement = `SELECT source, message_id, hex(cityHash64(type, name, channel, at, original_at, sent_at, client_order,
		observation, observation_key, identifiers, record_id, record_version, subject, participants, conversation_id, direction,
		topic, survey, survey_id, score, scale, traits, properties, context, toString(query), query_left_out)) FROM events`
	compareRows(t, "events", got.query(statement), want.query(statement))
}

// compareIdentity compares who is who as the analysts see it: what was known of each observation;
// which observations are one profile, and how many events each has; which ones may be one of
// how many profiles; and what is published of each profile. A group is named by its least observation, since its profile's id is that of
// the observation that was received first.
func compareIdentity(t *testing.T, got, want *program) {
	t.Helper()
	for what, statement := range map[string]string{
		"facts": `SELECT DISTINCT kind, observation, session, identifiers, body FROM facts WHERE kind != 'command'`,
		"groups": `SELECT observation, min(observation) OVER (PARTITION BY profile), events FROM (
			SELECT observation, dictGetOrDefault('tributary.identity_now', 'profile', observation_key, observation) AS profile, count() AS events
			FROM events GROUP BY observation, profile)`,
		"unassigned observations": `SELECT observation, length(argMax(candidates, version)) FROM identity_decisions
			WHERE kind = 'assigned' GROUP BY observation HAVING argMax(standing, version) = 'unassigned'`,
		"golden records": `SELECT observations, fields FROM profiles FINAL WHERE NOT removed`,
	} {
		if rows := want.query(statement); len(rows) == 0 {
			t.Errorf("there are no %s: the comparison shows nothing", what)
		} else {
			compareRows(t, what, got.query(statement), rows)
		}
	}
}

func compareRows(t *testing.T, what string, got, want [][]string) {
	t.Helper()
	count := map[string]int{}
	for _, row := range got {
		count[strings.Join(row, " ")]++
	}
	for _, row := range want {
		count[strings.Join(row, " ")]--
	}
	var differ []string
	for _, row := range slices.Sorted(maps.Keys(count)) {
		if n := count[row]; n != 0 {
			differ = append(differ, fmt.Sprintf("%+d %s", n, row))
		}
	}
	if len(differ) > 0 {
		t.Errorf("%s differ from the undisturbed run in %d rows (+ here, - there), such as\n%s",
			what, len(differ), strings.Join(differ[:min(len(differ), 10)], "\n"))
	}
}

// compareProfiles compares the profiles as the api shows them, and each with what ClickHouse says
// of it.
func compareProfiles(t *testing.T, got, want *program, users []string) {
	t.Helper()
	gotKey, wantKey := got.key("--kind", "read"), want.key("--kind", "read")
	gotEvents, wantEvents := got.eventsByProfile(), want.eventsByProfile()
	differing := 0
	for _, user := range users {
		a, b := got.profile(gotKey, "user_id:"+user), want.profile(wantKey, "user_id:"+user)
		for _, x := range []struct {
			profile map[string]any
			events  map[string]int
		}{{a, gotEvents}, {b, wantEvents}} {
			id, _ := x.profile["profile"].(string)
			if n, _ := x.profile["events"].(float64); int(n) != x.events[id] || n == 0 {
				t.Errorf("%s has %v events, but ClickHouse %d by its profile's id", user, n, x.events[id])
			}
		}
		if differing++; !reflect.DeepEqual(steady("", a), steady("", b)) && differing <= 3 {
			t.Errorf("%s differs from the undisturbed run: %s", user, difference("", steady("", a), steady("", b)))
		}
	}
	t.Logf("%d profiles compared", len(users))
}

// eventsByProfile counts as analysts do.
func (p *program) eventsByProfile() map[string]int {
	p.t.Helper()
	counts := map[string]int{}
	for _, row := range p.query(`SELECT dictGetOrDefault('tributary.identity_now', 'profile', observation_key, observation) AS profile, count()
		FROM events GROUP BY profile`) {
		counts[row[0]] = number(p.t, row[1])
	}
	return counts
}

// volatile are the fields in which two runs rightly differ: when things were received, and what
// follows from which observation was received first: it founds the profile and gives it its id,
// the others stand to it, and of equal observations of two sources it says the source.
var volatile = map[string]bool{
	".identity_version": true, ".profile": true, ".observations.first_received": true, ".observations.standing": true,
	".observations.rule": true, ".observations.identifier_type": true, ".observations.peer": true, ".observations.source": true,
}

// steady leaves out what is volatile; path is that of v. The list of observations, which begins
// with the founder, is sorted.
func steady(path string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			if at := path + "." + key; !volatile[at] && key != "received_at" {
				out[key] = steady(at, value)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = steady(path, v[i])
		}
		if path == ".observations" {
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(text(a), text(b)) })
		}
		return out
	}
	return v
}

// difference describes the first place where two documents differ.
func difference(path string, a, b any) string {
	switch a := a.(type) {
	case map[string]any:
		if b, ok := b.(map[string]any); ok && len(a) == len(b) {
			for _, key := range slices.Sorted(maps.Keys(a)) {
				if !reflect.DeepEqual(a[key], b[key]) {
					return difference(path+"."+key, a[key], b[key])
				}
			}
		}
	case []any:
		if b, ok := b.([]any); ok && len(a) == len(b) {
			for i := range a {
				if !reflect.DeepEqual(a[i], b[i]) {
					return difference(path+"["+strconv.Itoa(i)+"]", a[i], b[i])
				}
			}
		}
	}
	return fmt.Sprintf("%s is %s, there %s", path, text(a), text(b))
}

func text(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

func number(t testing.TB, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// copyKey gives the undisturbed run the same identity key, and so the same observation ids.
func copyKey(t *testing.T, from, to string) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(from, "identity.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "identity.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
}

// readiness is what /readyz answers.
type readiness struct {
	Ready bool `json:"ready"`
	Parts []struct {
		Part    string         `json:"part"`
		OK      bool           `json:"ok"`
		Figures map[string]any `json:"figures"`
	} `json:"parts"`
}

// readiness asks /readyz; nil without an answer.
func (p *program) readiness() *readiness {
	status, body, err := p.request(http.MethodGet, "http://"+p.api+"/readyz", "", nil)
	if err != nil || (status != http.StatusOK && status != http.StatusServiceUnavailable) {
		return nil
	}
	var r readiness
	if err := json.Unmarshal(body, &r); err != nil {
		p.t.Fatal(err)
	}
	return &r
}

// ok says whether a part works.
func (r *readiness) ok(part string) bool {
	for i := range r.Parts {
		if r.Parts[i].Part == part {
			return r.Parts[i].OK
		}
	}
	return false
}

func (r *readiness) figure(part, name string) float64 {
	for i := range r.Parts {
		if r.Parts[i].Part == part {
			n, _ := r.Parts[i].Figures[name].(float64)
			return n
		}
	}
	return -1
}

// awaitDrained waits until everything works, everything is applied, and ClickHouse and its
// dictionary hold all of it.
func (p *program) awaitDrained() {
	p.t.Helper()
	p.await("everything to be in ClickHouse", 5*time.Minute, func() bool {
		r := p.readiness()
		return r != nil && r.Ready && r.ok("analytics_store") &&
			r.figure("unify", "pending_records") == 0 && r.figure("unify", "stale_profiles") == 0 && r.figure("sink", "lag_rows") == 0
	})
	p.await("the dictionary to be reloaded", 4*time.Minute, func() bool {
		row := p.query(`SELECT countIf(dictGetOrDefault('tributary.identity_now', 'profile', observation_key, observation) != profile)
			FROM (SELECT observation_key, any(observation) AS observation, argMax(profile, version) AS profile FROM identity_map GROUP BY observation_key)`)
		return row[0][0] == "0"
	})
}
