package crashtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestEveryAnswerIsDisclosed: 64 readers at a time, and the server is killed under them again and again. Every
// answer that anybody got is in the person's disclosure report, once.
func TestEveryAnswerIsDisclosed(t *testing.T) {
	p := newProgram(t)
	p.start()
	p.awaitReady()
	write, read, admin := p.key("--kind", "write", "--source", "web"), p.key("--kind", "read"), p.key("--kind", "admin")
	const who = "/v1/profiles/user_id:u-1"
	p.identify(write, "u-1")
	p.await("the profile", 2*time.Minute, func() bool {
		status, _, err := p.request(http.MethodGet, "http://"+p.api+who, read, nil)
		return err == nil && status == http.StatusOK
	})
	var mu sync.Mutex
	answered := map[string]bool{}
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(answered)
	}
	sent := 0
	for range 3 {
		p.awaitReady()
		var readers sync.WaitGroup
		stop := make(chan struct{})
		for range 64 {
			sent++
			readers.Go(func() {
				p.readUntil(stop, "http://"+p.api+who+"/context", read, func(request string) {
					mu.Lock()
					defer mu.Unlock()
					answered[request] = true
				})
			})
		}
		before := count()
		p.await("500 answers", 2*time.Minute, func() bool { return count() >= before+500 })
		p.kill()
		close(stop)
		readers.Wait()
		p.start()
	}
	p.awaitReady()
	reported := p.disclosures(admin, "http://"+p.api+who+"/disclosures?limit=1000")
	for request := range answered {
		if !reported[request] {
			t.Errorf("%s was answered and is not in the report", request)
		}
	}
	t.Logf("%d answers, %d in the report; of each of %d readers the last may be more", len(answered), len(reported), sent)
}

// identify makes somebody known.
func (p *program) identify(key, user string) {
	p.t.Helper()
	request, err := http.NewRequest(http.MethodPost, "http://"+p.api+"/v1/identify", jsonBody(map[string]any{"userId": user, "traits": map[string]any{"theme": "dark"}}))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.SetBasicAuth(key, "")
	response, err := client.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		p.t.Fatalf("identify: %v %v", response, err)
	}
	_ = response.Body.Close()
}

// readUntil asks again and again, and notes the id of each request that was answered whole.
func (p *program) readUntil(stop <-chan struct{}, address, key string, note func(string)) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			p.t.Error(err)
			return
		}
		request.Header.Set("Authorization", "Bearer "+key)
		response, err := client.Do(request)
		if err != nil {
			return // the server was killed
		}
		var v any
		err = json.NewDecoder(response.Body).Decode(&v)
		_ = response.Body.Close()
		if err == nil && response.StatusCode == http.StatusOK {
			note(response.Header.Get("X-Request-Id"))
		}
	}
}

// disclosures reads a whole report: the ids of the requests in it.
func (p *program) disclosures(key, address string) map[string]bool {
	p.t.Helper()
	all := map[string]bool{}
	for cursor, first := "", true; first || cursor != ""; first = false {
		var text []byte
		p.await("the report", 2*time.Minute, func() bool { // 503 until the store has caught up
			status, body, err := p.request(http.MethodGet, address+"&cursor="+cursor, key, nil)
			text = body
			return err == nil && status == http.StatusOK
		})
		var page struct {
			Disclosures []struct {
				RequestID string `json:"request_id"`
			} `json:"disclosures"`
			Next string `json:"next_cursor"`
		}
		if err := json.Unmarshal(text, &page); err != nil {
			p.t.Fatal(err)
		}
		for _, line := range page.Disclosures {
			if all[line.RequestID] {
				p.t.Errorf("%s is reported twice", line.RequestID)
			}
			all[line.RequestID] = true
		}
		cursor = page.Next
	}
	return all
}

func jsonBody(v any) *bytes.Reader {
	text, err := json.Marshal(v)
	if err != nil { // maps of texts always encode
		panic(err)
	}
	return bytes.NewReader(text)
}
