package crashtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestEveryAdministratorsActIsOnRecord: several administrators at a time, and the server is killed under them again
// and again. Every act that was answered has its line in the audit trail, once; one that nobody heard of has one at
// most.
func TestEveryAdministratorsActIsOnRecord(t *testing.T) {
	p := newProgram(t)
	p.start()
	p.awaitReady()
	admin := p.key("--kind", "admin")
	a := &acts{answered: map[string]string{}}
	for round := range 3 {
		p.awaitReady()
		var clients sync.WaitGroup
		before := a.count()
		for client := range 8 {
			clients.Go(func() { a.run(p, admin, fmt.Sprintf("r%d-c%d", round, client)) })
		}
		p.await("100 acts", 2*time.Minute, func() bool { return a.count() >= before+100 })
		p.kill()
		clients.Wait()
		p.start()
	}
	p.awaitReady()
	var lines map[string][]string
	p.await("the lines of all acts", 2*time.Minute, func() bool {
		lines = p.trail(admin)
		for request := range a.answered {
			if len(lines[request]) == 0 {
				return false
			}
		}
		return true
	})
	for request, found := range lines {
		action, answered := a.answered[request]
		if len(found) != 1 || answered && found[0] != action {
			t.Errorf("%s, answered as %q, is on record as %v", request, action, found)
		}
	}
	t.Logf("%d acts were answered, %d are on record", len(a.answered), len(lines))
}

// acts are those of administrators that were answered: by the id of the request, what stands in the trail.
type acts struct {
	mu       sync.Mutex
	answered map[string]string
}

func (a *acts) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.answered)
}

// run acts until the server is gone.
func (a *acts) run(p *program, key, name string) {
	for n := 0; ; n++ {
		for i, act := range []struct{ action, method, path, body string }{
			{"key.create", http.MethodPost, "/v1/keys", `{"kind":"read"}`},
			{"privacy.suppress", http.MethodPost, "/v1/privacy/suppressions", `{"identifiers":[{"type":"email","value":"leaver@example.com"}]}`},
			{"definitions.set", http.MethodPut, "/v1/definitions", `{"segments":[{"name":"all","when":{"trait":"plan","is":"pro"}}]}`},
			{"read", http.MethodGet, "/v1/keys", ""},
		} {
			request := fmt.Sprintf("%s-%d-%d", name, n, i)
			status, err := p.act(act.method, act.path, key, request, act.body)
			if err != nil {
				return // the server was killed
			}
			if status != http.StatusOK {
				p.t.Errorf("%s is answered with %d", act.action, status)
				return
			}
			a.mu.Lock()
			a.answered[request] = act.action
			a.mu.Unlock()
		}
	}
}

// act sends a request with an id of its own, and waits until the whole answer is there.
func (p *program) act(method, path, key, id, body string) (int, error) {
	request, err := http.NewRequest(method, "http://"+p.api+path, http.NoBody)
	if body != "" {
		request, err = http.NewRequest(method, "http://"+p.api+path, jsonBody(json.RawMessage(body)))
	}
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Request-Id", id)
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var v any
	return response.StatusCode, json.NewDecoder(response.Body).Decode(&v)
}

// trail reads the audit trail: the actions of the requests that act sent.
func (p *program) trail(key string) map[string][]string {
	p.t.Helper()
	all := map[string][]string{}
	for cursor, first := "", true; first || cursor != ""; first = false {
		var page struct {
			Lines []struct {
				Action    string `json:"action"`
				RequestID string `json:"request_id"`
			} `json:"lines"`
			Next string `json:"next_cursor"`
		}
		p.await("the audit trail", 2*time.Minute, func() bool {
			status, text, err := p.request(http.MethodGet, "http://"+p.api+"/v1/audit?limit=1000&cursor="+cursor, key, nil)
			return err == nil && status == http.StatusOK && json.Unmarshal(text, &page) == nil
		})
		for _, line := range page.Lines {
			if len(line.RequestID) > 0 && line.RequestID[0] == 'r' { // uuids have hexadecimal digits
				all[line.RequestID] = append(all[line.RequestID], line.Action)
			}
		}
		cursor = page.Next
	}
	return all
}
