package node

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tributary/api/admin"
	"tributary/api/audit"
	"tributary/api/auth"
)

// newSessionWorld is a node with two customers of one workspace, each full of their mark.
func newSessionWorld(t *testing.T) (w *world, a, b *space) {
	w = &world{program: startLogging(t, t.TempDir(), slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})))}
	a, b = &space{world: w, name: "default", mark: "marka"}, &space{world: w, name: "default", mark: "markb"}
	w.spaces = [2]*space{a, b}
	for _, s := range w.spaces {
		s.source = s.mark + "-src"
		s.plant()
	}
	both := `{"segments":[{"name":"marka-segment","when":{"trait":"plan","is":"marka"}},{"name":"markb-segment","when":{"trait":"plan","is":"markb"}}]}`
	if status, answer := w.ask(http.MethodPut, "/v1/definitions", a.keys[auth.ScopeAdmin], both); status != http.StatusOK {
		t.Fatalf("definitions: %d %s", status, answer)
	}
	w.settle()
	for _, s := range w.spaces {
		s.profile = s.made201(t, "/v1/agent-sessions", fmt.Sprintf(`{"address":"user_id:%s-user","conversation":"c"}`, s.mark), "subject", "profile")
		s.second = s.profileOf("shared-user")
	}
	return w, a, b
}

// agent is a key that may all that an agent may, and is shown everything.
func (s *space) agent() string {
	return s.key(auth.New{Kind: auth.KindAgent, Workspace: s.name, Purpose: auth.PurposeOperations, Reader: auth.ReaderSystem})
}

// made201 makes something, and returns a member of the answer.
func (s *space) made201(t *testing.T, path, body string, members ...string) string {
	t.Helper()
	status, answer := s.ask(http.MethodPost, path, s.agent(), body)
	var v any
	if err := json.Unmarshal(answer, &v); err != nil || status != http.StatusCreated {
		t.Fatalf("%s: %d %s", path, status, answer)
	}
	for _, name := range members {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	text, ok := v.(string)
	if !ok {
		t.Fatalf("%s: has no %v: %s", path, members, answer)
	}
	return text
}

// ownLists are routes that list to a session what is its subject's.
var ownLists = []string{"GET /v1/commitments", "GET /v1/handoffs", "GET /v1/stream"}

// TestEveryRouteReachesASessionsSubjectAlone walks every route that is served with an agent session of one customer and
// everything that another one of the same workspace is known by: not one byte of theirs comes out.
func TestEveryRouteReachesASessionsSubjectAlone(t *testing.T) {
	w, a, b := newSessionWorld(t)
	about := `"identifiers":[{"type":"user_id","value":"markb-user"}]`
	promise := b.made201(t, "/v1/commitments", `{`+about+`,"kind":"callback","text":"markb"}`, "commitment", "id")
	handoff := b.made201(t, "/v1/handoffs", `{`+about+`,"to":{"queue":"markb"},"summary":"markb","conversation":"markb-c"}`, "handoff", "id")
	_, page := w.ask(http.MethodGet, "/v1/profiles/user_id:markb-user/timeline?limit=1", b.agent(), "")
	var timeline struct {
		Next string `json:"next_cursor"`
	}
	if err := json.Unmarshal(page, &timeline); err != nil || timeline.Next == "" {
		t.Fatalf("there is no cursor: %s", page)
	}
	token := a.made201(t, "/v1/agent-sessions", `{"address":"user_id:marka-user","conversation":"marka-c"}`, "token")
	attempts := 0
	for _, rule := range w.routes.readers {
		route := rule.Method + " " + rule.Path
		e, ok := examples[route]
		if !ok || rule.Public {
			continue
		}
		t.Run(route, func(t *testing.T) {
			ask := func(path, body string) int {
				t.Helper()
				status, answer := w.ask(rule.Method, path, token, body)
				b.clean(t, path, answer)
				return status
			}
			opens := rule.AnyKey || slices.Contains(auth.SessionScopes(), rule.Scope)
			if strings.Contains(e.path, "{address}") && opens {
				path := a.fill(strings.ReplaceAll(e.path, "{address}", "subject:me"))
				if status := ask(path, a.fill(a.own(e.body))); status != e.own {
					t.Errorf("about its subject it is answered with %d, want %d", status, e.own)
				}
				for _, wider := range []string{"reader=system", "verification=verified", "scopes=admin", "expires_at=2999-01-01T00:00:00Z", "purpose=everything"} {
					if status := ask(with(path, wider), a.fill(a.own(e.body))); status != http.StatusBadRequest && status != http.StatusForbidden {
						t.Errorf("with %s it is answered with %d", wider, status)
					}
				}
			} else {
				ask(a.fill(e.path), a.fill(a.own(e.body)))
			}
			for _, address := range []string{"{address}", "profile:" + b.profile, "observation:" + b.profile, "email:markb@example.com"} {
				path := strings.ReplaceAll(e.path, "{address}", address)
				switch {
				case strings.HasPrefix(rule.Path, "/v1/commitments/"):
					path = strings.ReplaceAll(rule.Path, ":id", promise)
				case strings.HasPrefix(rule.Path, "/v1/handoffs/"):
					path = strings.ReplaceAll(rule.Path, ":id", handoff)
				}
				status := ask(b.fill(path), b.fill(b.own(e.body)))
				switch {
				case rule.AnyKey || slices.Contains(ownLists, route):
				case status != http.StatusNotFound && status != http.StatusForbidden:
					t.Errorf("%s: about somebody else it is answered with %d", path, status)
				case status == http.StatusNotFound && opens:
					attempts++
				case status != http.StatusNotFound && opens && !strings.HasPrefix(rule.Path, "/v1/agent-sessions") && rule.Path != "/v1/segments" && rule.Path != "/v1/journeys/labels":
					t.Errorf("%s: tells by %d that there is somebody else", path, status)
				}
			}
		})
	}
	for _, target := range []string{
		"/v1/profiles/subject:me/timeline?cursor=" + timeline.Next, "/v1/handoffs?conversation=markb-c", "/v1/handoffs?queue=markb", "/v1/handoffs/" + handoff,
		"/v1/profiles/subject:me/search?query=markb", "/v1/profiles/subject:me/context?conversation=markb-c&query=markb", "/v1/stream?after=oldest&follow=false&profile=" + b.profile,
	} {
		status, answer := w.ask(http.MethodGet, target, token, "")
		b.clean(t, target, answer)
		if strings.Contains(target, "cursor=") && status != http.StatusBadRequest {
			t.Errorf("%s is answered with %d", target, status)
		}
	}
	w.settle()
	if noted := w.refusedSessions(t, a.name); noted < attempts || attempts < 50 {
		t.Errorf("of %d attempts %d are in the audit trail", attempts, noted)
	}
	// What was tried of theirs was not done.
	_, answer := w.ask(http.MethodGet, "/v1/profiles/user_id:markb-user/timeline", b.agent(), "")
	if n := strings.Count(string(answer), `"note.added"`); n != 0 {
		t.Errorf("%d notes were written of somebody else", n)
	}
}

// with adds a parameter to a path.
func with(path, parameter string) string {
	if strings.Contains(path, "?") {
		return path + "&" + parameter
	}
	return path + "?" + parameter
}

// refusedSessions counts in the audit trail of a workspace what sessions asked about somebody else.
func (w *world) refusedSessions(t *testing.T, workspace string) (n int) {
	t.Helper()
	client := admin.NewClient(Socket(w.config.DataDir))
	defer client.Close()
	for cursor := ""; ; {
		page, err := client.Audit(t.Context(), audit.Request{Workspace: workspace, Action: "request", Outcome: "refused", Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range page.Lines {
			if line.Reason == "session" {
				n++
			}
		}
		if cursor = page.Next; cursor == "" {
			return n
		}
	}
}

// TestAWriteIsDoneOnceThroughARestart: the server remembers what an Idempotency-Key named.
func TestAWriteIsDoneOnceThroughARestart(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	write, agent := p.key(auth.New{Kind: auth.KindWrite, Workspace: "default", Source: "web"}), p.key(auth.New{Kind: auth.KindAgent, Workspace: "default"})
	if status, answer := p.post("/v1/identify", write, `{"userId":"ada"}`); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	p.settle()
	note := func(text string, want int) string {
		t.Helper()
		body := fmt.Sprintf(`{"identifiers":[{"type":"user_id","value":"ada"}],"text":%q}`, text)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/v1/notes", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+agent)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", "k-1")
		status, answer := (&world{program: p}).whole(http.DefaultClient.Do(request))
		if status != want {
			t.Fatalf("%s is answered with %d: %s", text, status, answer)
		}
		return string(answer)
	}
	first := note("called back", http.StatusCreated)
	p.stop()
	p = start(t, dir)
	if again := note("called back", http.StatusCreated); again != first {
		t.Errorf("answers %s, then %s", first, again)
	}
	note("did not call back", http.StatusConflict)
	_, answer := (&world{program: p}).ask(http.MethodGet, "/v1/profiles/user_id:ada/timeline", agent, "")
	if n := strings.Count(string(answer), `"note.added"`); n != 1 {
		t.Errorf("%d notes: %s", n, answer)
	}
}
