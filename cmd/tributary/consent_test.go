package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// file writes a list.
func (o *operator) file(name, text string) string {
	o.Helper()
	path := filepath.Join(o.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		o.Fatal(err)
	}
	return path
}

// rest makes a call, and returns its status and answer.
func (o *operator) rest(key, method, path, body, idempotency string) (int, map[string]any) {
	o.Helper()
	request, err := http.NewRequestWithContext(o.Context(), method, "http://"+o.address+path, strings.NewReader(body))
	if err != nil {
		o.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+key)
	if idempotency != "" {
		request.Header.Set("Idempotency-Key", idempotency)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		o.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		o.Fatal(err)
	}
	answer := map[string]any{}
	_ = json.Unmarshal(text, &answer)
	return response.StatusCode, answer
}

// mayMail asks over HTTP whether marketing may be sent to an address, and why.
func (o *operator) mayMail(key, address string) string {
	o.Helper()
	status, a := o.rest(key, http.MethodPost, "/v1/consent/check",
		`{"contact":{"type":"email","value":"`+address+`"},"channel":"email","purpose":"marketing"}`, "")
	return fmt.Sprintf("%d %v %v", status, a["allowed"], a["reason"])
}

// eventually waits until something is so.
func (o *operator) eventually(want string, got func() string) {
	o.Helper()
	for deadline := time.Now().Add(2 * time.Minute); got() != want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			o.Fatalf("it is %s after two minutes, and not %s", got(), want)
		}
	}
}

// TestListsAsAnOperatorUsesThem: lists of consent and of suppressions with every fault there is, tried out, brought
// in, brought in again; then asked about over HTTP and here.
func TestListsAsAnOperatorUsesThem(t *testing.T) {
	o := newOperator(t)
	write := strings.TrimSpace(o.run("keys", "create", "--kind", "write", "--source", "web", "--quiet"))
	read := strings.TrimSpace(o.run("keys", "create", "--kind", "read", "--quiet"))

	bad := o.file("bad.csv", "contact,channel,purpose,status,at\n"+
		"ada@example.com,email,marketing,granted,\n"+"ada@example.com,fax,marketing,refused,\n"+"ada@example.com,email,marketing\n"+
		"nobody,email,marketing,refused,\n"+"ada@example.com,email,marketing,perhaps,2026-01-01\n"+"ada@example.com,email,marketing,granted,2026-13-01\n")
	out, err := run(t, "import", "consent", "--source", "crm", bad, "--data-dir", o.dir)
	if err == nil || strings.Contains(out, "ada@") {
		t.Errorf("%v: %s", err, out)
	}
	o.says(out, "line 2: at: is required", "line 3: channel:", "line 4: line: has 3 columns", "line 5: contact:", "line 6: status:", "line 7: at:", "nothing of the list was sent")
	o.refused("--source", "import", "consent", "--source", "Not A Source", bad)
	o.refused("no column contact", "import", "consent", "--source", "crm", o.file("none.csv", "mail,status\nada@example.com,no\n"))
	o.refused("none of a list", "import", "consent", "--source", "crm", "--column", "colour=x", bad)
	o.refused("no such file", "import", "consent", "--source", "crm", bad+"x")

	good := o.file("good.csv", "E-mail,channel,purpose,status,at,evidence\n"+
		"Ada@example.com,email,marketing,subscribed,2026-01-02T03:04:05Z,form 3\n"+"bob@example.com,email,marketing,unsubscribed,2026-02-01,letter\n")
	list := []string{"import", "consent", "--source", "crm", "--column", "contact=E-mail", good}
	o.says(o.run(append(list, "--dry-run")...), "2 statements: 1 granted, 1 refused, 0 pending; nothing was sent")
	if got := o.mayMail(read, "ada@example.com"); got != "200 false missing" {
		t.Errorf("after a dry run: %s", got)
	}
	o.says(o.run(list...), "2 statements")
	o.eventually("200 true granted", func() string { return o.mayMail(read, "ada@example.com") })
	o.eventually("200 false refused", func() string { return o.mayMail(read, "bob@example.com") })
	o.says(o.run(list...), "nothing was sent")
	// A list of long ago does not beat what was said since, not even if it is sent again as a whole.
	old := o.file("old.csv", "contact,at\nbob@example.com,2025-01-01\nada@example.com,2026-01-01\n")
	o.run("import", "consent", "--source", "old-tool", "--status", "granted", "--channel", "email", "--purpose", "marketing", old)
	o.run(append(list, "--restart")...)
	o.run("consent", "set", "email:cy@example.com", "granted", "--channel", "email", "--purpose", "marketing")
	o.eventually("200 true granted", func() string { return o.mayMail(read, "cy@example.com") })
	if got := o.mayMail(read, "bob@example.com"); got != "200 false refused" {
		t.Errorf("after an old list: %s", got)
	}

	o.says(o.run("consent", "show", "email:ada@example.com"), "email:ada@example.com", "granted", "crm", "2026-01-02T03:04:05Z")
	o.says(o.run("consent", "check", "email:ada@example.com", "--channel", "email", "--purpose", "marketing"), "yes")
	for words, args := range map[string][]string{
		"it is not allowed":   {"consent", "check", "email:bob@example.com", "--channel", "email", "--purpose", "marketing"},
		"must be a channel":   {"consent", "check", "email:bob@example.com", "--channel", "fax", "--purpose", "marketing"},
		"machine name":        {"consent", "check", "email:bob@example.com", "--purpose", "Big Thing"},
		"purpose":             {"consent", "check", "email:bob@example.com"},
		"granted, refused":    {"consent", "set", "email:bob@example.com", "perhaps", "--purpose", "marketing"},
		"not about a profile": {"consent", "set", "profile:6ac0e1fc-26cc-5e9c-9c4f-0f2f1c8a1f5e", "refused", "--purpose", "marketing"},
		"--at":                {"consent", "set", "email:bob@example.com", "refused", "--purpose", "marketing", "--at", "yesterday"},
	} {
		o.refused(words, args...)
	}

	// What is recorded over HTTP stands when it is answered, and once.
	said := `{"contact":{"type":"email","value":"ada@example.com"},"channel":"email","purpose":"marketing","consent":"refused","evidence":"call"}`
	first, a := o.rest(write, http.MethodPost, "/v1/consent", said, "call-1")
	second, b := o.rest(write, http.MethodPost, "/v1/consent", said, "call-1")
	if first != http.StatusCreated || second != http.StatusCreated || a["message_id"] != b["message_id"] {
		t.Errorf("%d %v, %d %v", first, a, second, b)
	}
	if got := o.mayMail(read, "ada@example.com"); got != "200 false refused" {
		t.Errorf("after the call: %s", got)
	}
	status, answer := o.rest(read, http.MethodGet, "/v1/consent/email:ada@example.com", "", "")
	if all, _ := answer["statements"].([]any); status != http.StatusOK || len(all) != 2 {
		t.Errorf("%d: %v", status, answer)
	}

	o.refused("line 3: contact: is neither", "import", "suppression", o.file("wrong.csv", "contact\neve@example.com\nnobody\n"))
	eve := o.file("eve.csv", "eve@example.com\n+44 7700 900123\nEVE@example.com\n")
	o.says(o.run("import", "suppression", "--dry-run", eve), "nothing was sent")
	o.says(o.run("import", "suppression", "--reason", "do not contact", eve), "are suppressed")
	o.says(o.run("import", "suppression", eve), "are suppressed")
	o.send(write, []string{`{"type":"identify","userId":"e","traits":{"email":"Eve@example.com"},"messageId":"e-1"}`})
	if a := o.settled(); a.Suppressed != 1 {
		t.Errorf("account %+v", a)
	}
	if status, _ := o.rest(read, http.MethodGet, "/v1/profiles/email:eve@example.com", "", ""); status != http.StatusNotFound {
		t.Errorf("who is suppressed is known: %d", status)
	}
}
