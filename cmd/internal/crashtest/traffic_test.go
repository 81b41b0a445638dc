package crashtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// clients is how many send at a time, each with a source of its own.
const clients = 4

// traffic is a set of clients. The n-th message of a client is always the same, so that two runs
// can be compared.
type traffic struct {
	keys    []string // write key by client
	patient bool     // pauses between requests, so that what is sent follows from the time taken

	mu      sync.Mutex
	api     string
	acked   []int // messages acknowledged by client; they are acknowledged in order
	refused int   // answers with 503
}

const (
	// people is how many customers the clients talk about at a time; they share them.
	people = 24
	// era is after how many messages a client turns to other people, so that a long run has more
	// people and not more to say of each.
	era = 360
)

// begin is when the first message happened. It is not now, so that runs do not differ.
var begin = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func sourceName(client int) string { return fmt.Sprintf("client%d", client) }

func messageID(client, n int) string { return fmt.Sprintf("m-%d-%06d", client, n) }

// personOf says whom a message is about, as number within the era. Each kind of message goes
// through all people.
func personOf(client, n int) (generation, person int) {
	return n / era, (13*(n/6) + n%6 + client) % people
}

func userOf(client, n int) string {
	generation, person := personOf(client, n)
	return fmt.Sprintf("user-%d-%d", generation, person)
}

// message is the n-th message of a client: visits before and after a login, profile facts, calls
// from phones that two people share, conversations, and answers to surveys.
func message(client, n int) map[string]any {
	generation, person := personOf(client, n)
	user, cookie := userOf(client, n), fmt.Sprintf("cookie-%d-%d", generation, person)
	phone := fmt.Sprintf("+1212%03d%04d", 200+generation%700, 1000+100*(generation/700)+person/2)
	m := map[string]any{
		"messageId": messageID(client, n), "type": "track",
		"timestamp": begin.Add(time.Duration(n*1000+client) * time.Millisecond).Format(time.RFC3339Nano),
	}
	switch n % 6 {
	case 0:
		m["type"], m["userId"] = "identify", user
		m["traits"] = map[string]any{
			"email": user + "@example.com", "firstName": fmt.Sprintf("Name%c", 'a'+person), "phone": phone, "visits": n,
		}
	case 1:
		m["type"], m["name"], m["anonymousId"] = "page", "Plans", cookie
	case 2:
		m["event"], m["userId"], m["anonymousId"] = "Signed In", user, cookie
	case 3:
		m["event"], m["userId"] = "conversation.started", user
		m["properties"] = map[string]any{"conversation_id": fmt.Sprintf("c-%d-%d", client, n), "topic": "billing"}
		m["context"] = map[string]any{"channel": "chat"}
	case 4:
		m["event"] = "conversation.started"
		m["properties"] = map[string]any{"conversation_id": fmt.Sprintf("v-%d-%d", client, n), "direction": "inbound"}
		m["context"] = map[string]any{"channel": "voice", "identifiers": []map[string]any{{"type": "phone", "value": phone}}}
	case 5:
		m["event"], m["userId"] = "survey.answered", user
		m["properties"] = map[string]any{"survey": "csat", "score": 1 + n%5, "scale": "1-5", "survey_id": fmt.Sprintf("s-%d-%d", client, n)}
	}
	return m
}

// batchOf says how many messages the client sends at a time; some send one by one.
func batchOf(client int) int { return []int{1, 10, 40, 3}[client%4] }

// withBad says whether the batch that begins with the n-th message has an item that is no event.
func withBad(client, n int) bool { return batchOf(client) == 10 && n%100 == 0 }

// badIn is how many items that are no events belong to the first n messages.
func badIn(client, n int) (bad int) {
	for from := 0; from < n; from += batchOf(client) {
		if withBad(client, from) {
			bad++
		}
	}
	return bad
}

func newTraffic(p *program) *traffic {
	tr := &traffic{api: p.api, acked: make([]int, clients)}
	for client := range clients {
		tr.keys = append(tr.keys, p.key("--kind", "write", "--source", sourceName(client)))
	}
	return tr
}

// turnTo has the clients send to another server.
func (tr *traffic) turnTo(p *program) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.api = p.api
}

func (tr *traffic) address() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.api
}

// start lets all clients send, with pauses, until the function that it returns is called. That
// function returns when nothing is under way: each message that was begun is acknowledged.
func (tr *traffic) start(t *testing.T) (stop func()) {
	tr.patient = true
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- tr.run(ctx, nil) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// run sends until the context ends, or each client has sent as many as its limit says (nil: no
// limit).
func (tr *traffic) run(ctx context.Context, limits []int) error {
	faults := make(chan error, clients)
	for client := range clients {
		limit := -1
		if limits != nil {
			limit = limits[client]
		}
		go func() { faults <- tr.client(ctx, client, limit) }()
	}
	var first error
	for range clients {
		if err := <-faults; err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (tr *traffic) client(ctx context.Context, client, limit int) error {
	for n := tr.counts()[client]; ctx.Err() == nil && (limit < 0 || n < limit); {
		size := batchOf(client)
		if limit >= 0 {
			size = min(size, limit-n)
		}
		if err := tr.send(client, n, size); err != nil {
			return err
		}
		n += size
		tr.mu.Lock()
		tr.acked[client] = n
		tr.mu.Unlock()
		if tr.patient {
			time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
		}
	}
	return nil
}

// send repeats one request until it is acknowledged, as a client library does.
func (tr *traffic) send(client, n, size int) error {
	path, body := "/v1/batch", map[string]any{}
	if size == 1 {
		body = message(client, n)
		path = "/v1/" + body["type"].(string)
	} else {
		var batch []any
		for i := range size {
			batch = append(batch, message(client, n+i))
		}
		if withBad(client, n) {
			batch = append(batch, map[string]any{"messageId": "bad-" + messageID(client, n), "type": "dance"})
		}
		body["batch"] = batch
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	for begun := time.Now(); ; time.Sleep(30 * time.Millisecond) {
		if time.Since(begun) > 5*time.Minute {
			return fmt.Errorf("client %d: message %d was not taken for 5 minutes", client, n)
		}
		status, header, err := tr.post(path, tr.keys[client], text)
		switch {
		case err != nil:
			continue // cut off
		case status == http.StatusOK:
			return nil
		case status != http.StatusServiceUnavailable:
			return fmt.Errorf("client %d: message %d was answered with status %d", client, n, status)
		case header.Get("Retry-After") == "":
			return fmt.Errorf("client %d: message %d was answered with 503 that does not say when to come again", client, n)
		}
		tr.mu.Lock()
		tr.refused++
		tr.mu.Unlock()
	}
}

func (tr *traffic) post(path, key string, body []byte) (int, http.Header, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+tr.address()+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.SetBasicAuth(key, "")
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	return response.StatusCode, response.Header, response.Body.Close()
}

// counts returns how many messages of each client are acknowledged.
func (tr *traffic) counts() []int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.Clone(tr.acked)
}

// total returns how many messages are acknowledged.
func (tr *traffic) total() (sum int) {
	for _, n := range tr.counts() {
		sum += n
	}
	return sum
}

// refusals returns how often a client was asked to come again.
func (tr *traffic) refusals() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.refused
}

// users returns the user ids that acknowledged messages state, ascending.
func (tr *traffic) users() []string {
	users := map[string]bool{}
	for client, acked := range tr.counts() {
		for n := range acked {
			if message(client, n)["userId"] != nil {
				users[userOf(client, n)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(users))
}
