package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// desked is an operator with people: ann is one person in two sources, bert and carl share a phone, a call came
// from that phone, and dora has an account.
type desked struct {
	*operator
	write, admin, read string
}

func newDesked(t *testing.T) *desked {
	t.Helper()
	o := newOperator(t)
	key := func(args ...string) string {
		return strings.TrimSpace(o.run(append([]string{"keys", "create", "--quiet"}, args...)...))
	}
	d := &desked{operator: o, write: key("--kind", "write", "--source", "web"), read: key("--kind", "read"), admin: key("--kind", "admin")}
	say := func(user, traits string) string {
		return fmt.Sprintf(`{"type":"identify","userId":%q,"messageId":%q,"traits":%s}`, user, user+traits[:min(9, len(traits))], traits)
	}
	o.send(d.write, []string{
		say("ann", `{"email":"ann@example.com","phone":"+15550100100","plan":"pro"}`),
		say("bert", `{"email":"bert@example.com","phone":"+15550100111"}`),
		say("carl", `{"email":"carl@example.com","phone":"+15550100111"}`),
		`{"type":"track","event":"conversation.started","messageId":"call",` +
			`"context":{"channel":"voice","identifiers":[{"type":"phone","value":"+15550100111"}]},"properties":{"conversation_id":"c-1"}}`,
		say("dora", `{"email":"dora@example.com","plan":"pro"}`),
		`{"type":"group","userId":"dora","groupId":"acme","messageId":"acme","traits":{"name":"Acme"}}`,
	})
	o.settled()
	return d
}

// over makes a call to a route of privacy.
func (d *desked) over(key, method, path, body string) (int, map[string]any) {
	d.Helper()
	return d.rest(key, method, "/v1/privacy/"+path, body, "")
}

// TestErasingAsAnOperatorDoesIt: preview, hold, cancel, carry out, status, certificate, and what comes afterwards.
func TestErasingAsAnOperatorDoesIt(t *testing.T) {
	d := newDesked(t)
	d.says(d.run("privacy", "erase", "email:Ann@example.com", "--preview"), `"observations": 1`, `"user_id": 1`, `"suppressed": true`)
	d.says(d.run("privacy", "status"), `"erasures": []`)
	for words, args := range map[string][]string{
		"type:value":                     {"erase", "ann"},
		"hold":                           {"erase", "user_id:ann", "--hold", "soon"},
		"Nobody is known":                {"erase", "email:nobody@example.com"},
		"an erasure is named by its id":  {"cancel", "first"},
		"There is no such erasure":       {"cancel", "6ac0e1fc-26cc-5e9c-9c4f-0f2f1c8a1f5e"},
		"cannot be used":                 {"suppress", "email:not-an-address"},
		"requires at least 1 arg":        {"suppress"},
		"no such erasure in this worksp": {"certificate", "6ac0e1fc-26cc-5e9c-9c4f-0f2f1c8a1f5e"},
	} {
		d.refused(words, append([]string{"privacy"}, args...)...)
	}

	var held struct{ ID, Status string }
	asked := func(args ...string) {
		d.Helper()
		if err := json.Unmarshal([]byte(d.run(append([]string{"privacy", "erase", "user_id:ann", "--reason", "ticket 4711"}, args...)...)), &held); err != nil || held.Status != "held" {
			d.Fatalf("%+v, %v", held, err)
		}
	}
	asked()
	d.refused("is held already", "privacy", "erase", "user_id:ann")
	if status, _ := d.rest(d.read, http.MethodGet, "/v1/profiles/user_id:ann", "", ""); status != http.StatusForbidden {
		d.Errorf("held, the profile is answered with %d", status)
	}
	d.refused("has no certificate yet", "privacy", "certificate", held.ID)
	d.says(d.run("privacy", "cancel", held.ID), `"status": "cancelled"`)
	d.says(d.run("privacy", "cancel", held.ID), `"status": "cancelled"`)
	asked("--hold", "0s")
	d.eventually("erased", func() string {
		var e struct{ Status string }
		if err := json.Unmarshal([]byte(d.run("privacy", "status", held.ID)), &e); err != nil {
			d.Fatal(err)
		}
		return e.Status
	})
	d.says(d.run("privacy", "certificate", held.ID), held.ID)
	d.refused("carried out", "privacy", "cancel", held.ID)
	d.says(d.run("privacy", "status", "email:ann@example.com"), `"suppressed": true`, `"erasures": 1`)
	d.sent("ann", 404)
	d.run("privacy", "unsuppress", "user_id:ann")
	d.sent("ann", 200)
	d.run("privacy", "suppress", "user_id:erik", "--reason", "objected")
	d.sent("erik", 404)
	d.run("privacy", "unsuppress", "user_id:erik")
	d.sent("erik", 200)
}

// sent sends an event of somebody, who is answered with status then.
func (d *desked) sent(user string, status int) {
	d.Helper()
	d.send(d.write, []string{fmt.Sprintf(`{"type":"track","userId":%q,"event":"order.placed"}`, user)})
	d.settled()
	if got, answer := d.rest(d.read, http.MethodGet, "/v1/profiles/user_id:"+user, "", ""); got != status {
		d.Errorf("%s is answered with %d %v, want %d", user, got, answer, status)
	}
}

// TestPrivacyOverHTTP: bad input is named by its field, keys need the scopes, a DELETE may be repeated, and an address that fits
// several people is answered with them.
func TestPrivacyOverHTTP(t *testing.T) {
	d := newDesked(t)
	for _, x := range []struct {
		method, path, body, says string
		status                   int
	}{
		{"POST", "erasures", `{}`, "identifiers", 400},
		{"POST", "erasures", `{"identifiers":[{"type":"user_id","value":"ann"}],"profile":"6ac0e1fc-26cc-5e9c-9c4f-0f2f1c8a1f5e"}`, "profile", 400},
		{"POST", "erasures", `{"identifiers":[{"type":"user_id","value":"ann"}],"hold":"soon"}`, "hold", 400},
		{"POST", "erasures", `{"identifiers":[{"type":"user_id","value":"ann"}],"hold":"-1s"}`, "hold", 400},
		{"POST", "erasures", `{"identifiers":[{"type":"user_id","value":"ann"}],"reason":"` + strings.Repeat("x", 1001) + `"}`, "reason", 400},
		{"POST", "erasures", `{"person":"ann"}`, "person", 400},
		{"POST", "erasures?preview=perhaps", `{"identifiers":[{"type":"user_id","value":"ann"}]}`, "preview", 400},
		{"POST", "erasures", `{"identifiers":[{"type":"user_id","value":"nobody"}]}`, "", 404},
		{"POST", "erasures", `{"identifiers":[{"type":"phone","value":"+15550100111"}]}`, "candidates", 409},
		{"GET", "erasures/first", "", "id", 400},
		{"GET", "erasures/6ac0e1fc-26cc-5e9c-9c4f-0f2f1c8a1f5e", "", "no such erasure", 404},
		{"DELETE", "erasures/6ac0e1fc-26cc-5e9c-9c4f-0f2f1c8a1f5e", "", "no such erasure", 404},
		{"POST", "suppressions", `{"identifiers":[]}`, "identifiers", 400},
		{"POST", "suppressions", `{"identifiers":[{"type":"user_id","value":"x"},{"type":"email","value":"nobody"}]}`, "identifiers[1]", 400},
		{"DELETE", "suppressions/nobody", "", "", 400},
		{"POST", "restrictions", `{}`, "identifiers", 400},
		{"POST", "restrictions", `{"identifiers":[{"type":"user_id","value":"nobody"}]}`, "", 404},
		{"GET", "identifiers/nobody", "", "", 400},
	} {
		if status, answer := d.over(d.admin, x.method, x.path, x.body); status != x.status || !strings.Contains(fmt.Sprint(answer), x.says) {
			t.Errorf("%s %s %.80s: %d %v, want %d and %q", x.method, x.path, x.body, status, answer, x.status, x.says)
		}
		if status, _ := d.over(d.read, x.method, x.path, x.body); status != http.StatusForbidden {
			t.Errorf("%s %s with a key to read profiles: %d", x.method, x.path, status)
		}
	}

	bert := `{"identifiers":[{"type":"user_id","value":"bert"}]}`
	status, preview := d.over(d.admin, "POST", "erasures?preview=true", bert)
	if status != 200 || !strings.Contains(fmt.Sprint(preview["kept"]), "phone") || fmt.Sprint(preview["identifiers"]) != "map[email:1 user_id:1]" || preview["unassigned"] == 0.0 {
		t.Errorf("bert: %d %v", status, preview)
	}
	status, held := d.over(d.admin, "POST", "erasures", `{"identifiers":[{"type":"user_id","value":"bert"}],"hold":"0s"}`)
	if status != 200 {
		t.Fatalf("%d %v", status, held)
	}
	id, _ := held["id"].(string)
	d.eventually("erased", func() string {
		_, e := d.over(d.admin, "GET", "erasures/"+id, "")
		return fmt.Sprint(e["status"])
	})
	if status, a := d.over(d.admin, "DELETE", "erasures/"+id, ""); status != 409 {
		t.Errorf("cancelled too late: %d %v", status, a)
	}
	if status, a := d.over(d.admin, "GET", "identifiers/phone:+15550100111", ""); status != 200 || a["suppressed"] != false {
		t.Errorf("the phone that carl has too: %d %v", status, a)
	}
	for address, want := range map[string]int{"user_id:bert": 404, "user_id:carl": 200, "web.conversation_id:c-1": 200} {
		if status, _ := d.rest(d.read, "GET", "/v1/profiles/"+address, "", ""); status != want {
			t.Errorf("%s is answered with %d, want %d", address, status, want)
		}
	}
}

// personalRoutes are those that tell of one person, with dora in the place of whom.
var personalRoutes = []string{
	"profiles/user_id:dora", "profiles/user_id:dora/context", "profiles/user_id:dora/timeline", "profiles/user_id:dora/identity",
	"profiles/user_id:dora/traits/plan/history", "profiles/user_id:dora/consent",
	"identifiers/user_id:dora", "consent/email:dora@example.com",
}

// TestRestrictedPeopleAreNotUsed: nothing is told of them on any route, and they are in no segment, until that is
// taken back; what they send is kept.
func TestRestrictedPeopleAreNotUsed(t *testing.T) {
	d := newDesked(t)
	file := filepath.Join(t.TempDir(), "definitions.yaml")
	if err := os.WriteFile(file, []byte("segments:\n  - {name: pro, when: {trait: plan, is: pro}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.run("profiles", "definitions", "set", file)
	members := func() string {
		_, a := d.rest(d.read, "GET", "/v1/segments/pro/members", "", "")
		all, _ := a["members"].([]any)
		return fmt.Sprint(len(all))
	}
	_, whole := d.rest(d.read, "GET", "/v1/profiles/user_id:dora", "", "")
	profile := fmt.Sprint(whole["profile"])
	then := url.QueryEscape(time.Now().UTC().Format(time.RFC3339Nano))
	check := func(restricted bool) {
		t.Helper()
		want := map[bool]int{false: 200, true: 403}[restricted]
		for _, route := range append(personalRoutes, "profiles/user_id:dora?as_of="+then) {
			for _, r := range []string{route, strings.Replace(route, "profiles/user_id:dora", "profiles/profile:"+profile, 1)} {
				if status, answer := d.answered(d.read, r); status != want {
					t.Errorf("restricted %t: %s is answered with %d %v", restricted, r, status, answer)
				}
			}
		}
		if status, _ := d.answered(d.admin, "profiles/user_id:dora/disclosures"); status != 200 { // which needs a key of privacy
			t.Errorf("restricted %t: what was read of her is answered with %d", restricted, status)
		}
		asked := `{"identifiers":[{"type":"user_id","value":"dora"}],"contact":{"type":"email","value":"dora@example.com"},"channel":"email","purpose":"marketing"}`
		if status, answer := d.rest(d.read, "POST", "/v1/consent/check", asked, ""); status != want {
			t.Errorf("restricted %t: a check of consent is answered with %d %v", restricted, status, answer)
		}
		if status, _ := d.rest(d.read, "POST", "/v1/profiles/lookup", `{"identifiers":[{"type":"user_id","value":"dora"}]}`, ""); status != want {
			t.Errorf("restricted %t: lookup is answered with %d", restricted, status)
		}
		_, account := d.rest(d.read, "GET", "/v1/accounts/acme", "", "")
		if strings.Contains(fmt.Sprint(account["members"]), profile) == restricted {
			t.Errorf("restricted %t: her account is %v", restricted, account)
		}
		d.eventually(map[bool]string{false: "2", true: "1"}[restricted], members)
		// Who was told that she entered is told to stop, and of nothing else while she is restricted.
		d.eventually(map[bool]string{false: "entered", true: "left"}[restricted], func() string { return d.lastChange("pro", profile) })
	}
	check(false)
	d.run("privacy", "restrict", "user_id:dora", "--reason", "article 18")
	d.says(d.run("privacy", "status", "user_id:dora"), `"restricted": true`)
	check(true)
	d.send(d.write, []string{`{"type":"track","userId":"dora","event":"order.placed"}`})
	d.settled()
	check(true)
	d.run("privacy", "unrestrict", "user_id:dora")
	check(false)
	if _, now := d.rest(d.read, "GET", "/v1/profiles/user_id:dora", "", ""); now["events"] != whole["events"].(float64)+1 {
		t.Errorf("what she sent meanwhile is not kept: %v events, %v before", now["events"], whole["events"])
	}

	// Of one who may be meant no more is told than that.
	told := func() (said []string) {
		_, answer := d.rest(d.read, "GET", "/v1/profiles/phone:+15550100111", "", "")
		candidates, _ := answer["candidates"].([]any)
		for _, c := range candidates {
			candidate, _ := c.(map[string]any)
			all := []bool{candidate["observations"] != 0.0, candidate["events"] != 0.0, candidate["first_seen"] != nil}
			said = append(said, fmt.Sprint(len(slices.DeleteFunc(all, func(yes bool) bool { return !yes }))))
		}
		slices.Sort(said)
		return said
	}
	if said := told(); !slices.Equal(said, []string{"3", "3"}) {
		t.Errorf("of two who share a phone is told: %v", said)
	}
	d.run("privacy", "restrict", "user_id:bert")
	if said := told(); !slices.Equal(said, []string{"0", "3"}) {
		t.Errorf("of two who share a phone, one of them restricted, is told: %v", said)
	}
}

// answered reads a route, again while the analytics store has no time for it.
func (d *desked) answered(key, route string) (status int, answer map[string]any) {
	d.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		if status, answer = d.rest(key, "GET", "/v1/"+route, "", ""); status < 500 || time.Now().After(deadline) {
			return status, answer
		}
	}
}

// lastChange is the last that the feed of a segment tells of a profile.
func (d *desked) lastChange(segment, profile string) (last string) {
	d.Helper()
	_, feed := d.rest(d.read, "GET", "/v1/segments/"+segment+"/changes?limit=100", "", "")
	all, _ := feed["changes"].([]any)
	for _, c := range all {
		if change, _ := c.(map[string]any); fmt.Sprint(change["profile"]) == profile {
			last = fmt.Sprint(change["change"])
		}
	}
	return last
}

// TestImportsOfTheSuppressedAreRefused: through a server that runs, and into a folder where none does.
func TestImportsOfTheSuppressedAreRefused(t *testing.T) {
	mapping, table := importFiles(t, 100)
	args := []string{"import", "csv", table, "--mapping", mapping, "--source", "shop"}
	check := func(dir string) {
		t.Helper()
		o := &operator{T: t, dir: dir}
		o.eventually("received 101, pending 0, stored 98, suppressed 2", func() string {
			var answer struct {
				Sources []struct{ Received, Pending, Stored, Suppressed int }
			}
			if err := json.Unmarshal([]byte(o.run("reconcile", "--json", "--source", "shop")), &answer); err != nil || len(answer.Sources) != 1 {
				t.Fatalf("%+v, %v", answer, err)
			}
			a := answer.Sources[0]
			return fmt.Sprintf("received %d, pending %d, stored %d, suppressed %d", a.Received, a.Pending, a.Stored, a.Suppressed)
		})
	}
	t.Run("through a server", func(t *testing.T) {
		o := newOperator(t)
		o.run("privacy", "suppress", "email:buyer7@example.com")
		_, _ = run(t, append(args, "--data-dir", o.dir)...) // one row is no event
		check(o.dir)
	})
	t.Run("into a folder", func(t *testing.T) {
		o := &operator{T: t, dir: filepath.Join(t.TempDir(), "data")}
		if out, err := run(t, "import", "csv", table, "--mapping", mapping, "--source", "first", "--data-dir", o.dir); !strings.Contains(out, "1") {
			t.Fatalf("%v\n%s", err, out) // one row is no event
		}
		o.run("privacy", "suppress", "email:buyer7@example.com")
		_, _ = run(t, append(args, "--data-dir", o.dir)...)
		check(o.dir)
	})
}
