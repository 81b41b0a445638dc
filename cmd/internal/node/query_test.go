package node

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/api/admin"
	"tributary/api/audit"
	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/api/statement"
	"tributary/journeys/analyst"
)

// statementAnswer is an answer to a statement, but for its body.
type statementAnswer struct {
	StatusCode int
	Status     string
	Header     http.Header
}

// statement sends a statement; accept may be empty. It returns nothing when ctx ended meanwhile.
func (p *program) statement(ctx context.Context, key, accept, body string) (answer statementAnswer, text string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/v1/query", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			p.t.Error(err)
		}
		return answer, ""
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Error(err)
	}
	return statementAnswer{response.StatusCode, response.Status, response.Header}, string(all)
}

// TestStatementsOfAnalysts: by the reader policy, in the format that is accepted, within limits, and on record.
func TestStatementsOfAnalysts(t *testing.T) {
	p := start(t, t.TempDir())
	p.accept("/v1/track", `{"userId":"u-1","event":"conversation.message","context":{"channel":"chat"},"properties":{"conversation_id":"c-1","text":"secret words","author_role":"customer"}}`)
	p.settle()
	key := p.key(auth.New{Kind: auth.KindRead, Workspace: "default", Purpose: auth.PurposeAnalytics, Reader: auth.ReaderHuman, Scopes: []auth.Scope{auth.ScopeQueryRun}})
	system := p.key(auth.New{Kind: auth.KindRead, Workspace: "default", Purpose: auth.PurposeOperations, Reader: auth.ReaderSystem, Scopes: []auth.Scope{auth.ScopeQueryRun}})

	const words = `{"sql":"SELECT text FROM events WHERE text != '' LIMIT 10"}`
	if r, text := p.statement(t.Context(), system, "", words); r.StatusCode != http.StatusOK || !strings.Contains(text, "secret words") {
		t.Errorf("who may see content is answered with %s: %s", r.Status, text)
	}
	if r, text := p.statement(t.Context(), key, "", words); r.StatusCode != http.StatusBadRequest || !strings.Contains(text, "class content") || strings.Contains(text, "secret words") {
		t.Errorf("who may not is answered with %s: %s", r.Status, text)
	}
	for accept, media := range map[string]string{
		"": "application/json", "*/*": "application/json", "text/html": "application/json", "text/csv": "text/csv; charset=utf-8; header=present",
		"text/html, application/vnd.apache.arrow.stream;q=0.9": "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet": "application/vnd.apache.parquet",
	} {
		r, text := p.statement(t.Context(), key, accept, `{"sql":"SELECT channel FROM events"}`)
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != media || text == "" {
			t.Errorf("Accept: %s is answered with %s in %s, %d bytes", accept, r.Status, r.Header.Get("Content-Type"), len(text))
		}
	}
	for sql, limit := range map[string]string{
		"SELECT count() FROM numbers(2000000000) WHERE number % 7 = 1":        "TOO_MANY_ROWS",
		"SELECT length(groupArray(toString(number))) FROM numbers(900000000)": "MEMORY_LIMIT_EXCEEDED",
		"SELECT toDateTime({since:String}) FROM events":                       "params.since",
	} {
		if r, text := p.statement(t.Context(), key, "text/csv", `{"sql":"`+sql+`"}`); r.StatusCode != http.StatusBadRequest || !strings.Contains(text, limit) {
			t.Errorf("%s: %s %s, want that it says %s", sql, r.Status, text, limit)
		}
	}
	p.settle()
	p.statementsOnRecord("key:"+auth.Hash(system)[:16], "operations/system", 1)
	p.statementsOnRecord("key:"+auth.Hash(key)[:16], "analytics/human", 10)
}

// statementsOnRecord: who asked and what for, and of the statement nothing but its hash.
func (p *program) statementsOnRecord(actor, reason string, want int) {
	p.t.Helper()
	client := admin.NewClient(Socket(p.config.DataDir))
	defer client.Close()
	page, err := client.Audit(p.t.Context(), audit.Request{Workspace: "default", Actor: actor, Action: "query", Limit: audit.MaxLimit})
	if err != nil || len(page.Lines) != want {
		p.t.Fatalf("%v, %d lines of %s, want %d", err, len(page.Lines), actor, want)
	}
	for _, line := range page.Lines {
		if line.SubjectKind != "statement" || !strings.HasPrefix(line.Subject, "sha256:") || line.Reason != reason {
			p.t.Errorf("on record is %+v", line)
		}
	}
}

// TestWhoGoesAwayEndsTheStatement, and gives the workspace's place back, which another is refused until then.
func TestWhoGoesAwayEndsTheStatement(t *testing.T) {
	p := start(t, t.TempDir())
	const long = `{"sql":"SELECT count() FROM numbers(900000) AS a CROSS JOIN numbers(900000) AS b WHERE a.number * b.number % 7 = 8"}`
	ctx, goAway := context.WithCancel(t.Context())
	defer goAway()
	ended := make(chan struct{})
	for range 2 {
		go func() {
			for ctx.Err() == nil { // those of the loop below may have the place
				p.statement(ctx, p.read, "", long)
			}
			ended <- struct{}{}
		}()
	}
	deadline := time.Now().Add(4 * time.Minute)
	next := func(want int, says string) statementAnswer {
		for {
			r, text := p.statement(t.Context(), p.read, "", `{"sql":"SELECT 1"}`)
			if r.StatusCode == want && strings.Contains(text, says) {
				return r
			}
			if time.Now().After(deadline) {
				t.Fatalf("is answered with %s: %s, want %d that says %s", r.Status, text, want, says)
			}
		}
	}
	if r := next(http.StatusTooManyRequests, "as many statements"); r.Header.Get("Retry-After") == "" {
		t.Error("a refusal does not say when to ask again")
	}
	goAway()
	<-ended
	<-ended
	next(http.StatusOK, `"rows":[[1]]`)
}

// TestSavedStatementsOverTheSocket: what an operator saves is listed and run by name, with defaults, and is gone once removed.
func TestSavedStatementsOverTheSocket(t *testing.T) {
	p := start(t, t.TempDir())
	p.accept("/v1/track", `{"userId":"u-1","event":"conversation.message"}`)
	p.settle() // with which the views are there
	client := admin.NewClient(Socket(p.config.DataDir))
	defer client.Close()
	s := admin.SavedRequest{SQL: "SELECT number + {more:UInt8} AS n FROM numbers(2)", Params: []analyst.SavedParam{{Name: "more", Default: json.RawMessage("7")}}}
	run := func(given statement.Params, want string) {
		t.Helper()
		var rows strings.Builder
		err := client.RunQuery(t.Context(), "default", "counted", admin.SavedRun{Run: statement.Run{Format: analyst.FormatCSV, Params: given}}, &rows)
		if err != nil || rows.String() != want {
			t.Errorf("%v: %q, %v, want %q", given, rows.String(), err, want)
		}
	}
	for _, description := range []string{"first", "second"} { // the second in place of the first
		s.Description = description
		if saved, err := client.SaveQuery(t.Context(), "default", "counted", s); err != nil || saved.Description != description || !strings.HasPrefix(saved.Owner, "socket:") {
			t.Fatalf("saved is %+v, %v", saved, err)
		}
	}
	run(nil, "n\r\n7\r\n8\r\n")
	run(statement.Params{"more": 1}, "n\r\n1\r\n2\r\n")
	if list, err := client.SavedQueries(t.Context(), "default"); err != nil || len(list) != 1 || list[0].Name != "counted" || list[0].Params[0].Type != "UInt8" {
		t.Errorf("%+v, %v", list, err)
	}
	if one, err := client.SavedQuery(t.Context(), "default", "counted"); err != nil || one.SQL != s.SQL {
		t.Errorf("%+v, %v", one, err)
	}
	s.SQL = "SELECT * FROM file('x')"
	var d *problem.Document
	if _, err := client.SaveQuery(t.Context(), "default", "files", s); !errors.As(err, &d) || d.Status != http.StatusBadRequest {
		t.Errorf("a table function is saved: %v", err)
	}
	if err := client.DeleteQuery(t.Context(), "default", "counted"); err != nil {
		t.Error(err)
	}
	if err := client.DeleteQuery(t.Context(), "default", "counted"); !errors.As(err, &d) || d.Status != http.StatusNotFound {
		t.Errorf("removed twice: %v", err)
	}
}
