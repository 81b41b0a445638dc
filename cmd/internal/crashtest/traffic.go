package crashtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// traffic is a set of clients, each with a source of its own. The n-th message of a client is
// always the same, so that two runs can be compared.
type traffic struct {
	api  string
	keys []string // write key by client

	mu    sync.Mutex
	acked []int // messages acknowledged by client; they are acknowledged in order
}

// people is how many customers the clients talk about; they share them.
const people = 24

// begin is when the first message happened. It is not now, so that runs do not differ.
var begin = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func sourceName(client int) string { return fmt.Sprintf("client%d", client) }

func messageID(client, n int) string { return fmt.Sprintf("m-%d-%06d", client, n) }

// message is the n-th message of a client: visits before and after a login, profile facts, contacts
// with shared phones, and answers to surveys.
func message(client, n int) map[string]any {
	person := (n*7 + client) % people
	user := fmt.Sprintf("user-%d", person)
	m := map[string]any{
		"messageId": messageID(client, n), "type": "track",
		"timestamp": begin.Add(time.Duration(n*1000+client) * time.Millisecond).Format(time.RFC3339Nano),
	}
	switch n % 6 {
	case 0:
		m["type"], m["userId"] = "identify", user
		m["traits"] = map[string]any{
			"email": fmt.Sprintf("%s@example.com", user), "firstName": fmt.Sprintf("Name%c", 'a'+person), "visits": n,
		}
	case 1:
		m["type"], m["name"], m["anonymousId"] = "page", "Plans", fmt.Sprintf("cookie-%d", person)
	case 2:
		m["event"], m["userId"], m["anonymousId"] = "Signed In", user, fmt.Sprintf("cookie-%d", person)
	case 3:
		m["event"], m["userId"] = "conversation.started", user
		m["properties"] = map[string]any{"conversation_id": fmt.Sprintf("c-%d-%d", client, n), "topic": "billing"}
		m["context"] = map[string]any{"channel": "chat"}
	case 4: // a call from a phone that two people share
		m["event"] = "conversation.started"
		m["properties"] = map[string]any{"conversation_id": fmt.Sprintf("v-%d-%d", client, n), "direction": "inbound"}
		m["context"] = map[string]any{"channel": "voice", "identifiers": []map[string]any{
			{"type": "phone", "value": fmt.Sprintf("+121255501%02d", person/2)}}}
	case 5:
		m["event"], m["userId"] = "survey.answered", user
		m["properties"] = map[string]any{"survey": "csat", "score": 1 + n%5, "scale": "1-5", "survey_id": fmt.Sprintf("s-%d-%d", client, n)}
	}
	return m
}

// batchOf says how many messages the client sends at a time; some send one by one.
func batchOf(client int) int { return []int{1, 10, 40, 3}[client%4] }

func newTraffic(api string, keys []string) *traffic {
	return &traffic{api: api, keys: keys, acked: make([]int, len(keys))}
}

// run sends until the context ends, or each client has sent as many as its limit says (nil: no
// limit). It returns when nothing is under way: each message that was begun is acknowledged.
func (tr *traffic) run(ctx context.Context, limits []int) error {
	faults := make(chan error, len(tr.keys))
	for client := range tr.keys {
		go func() {
			limit := -1
			if limits != nil {
				limit = limits[client]
			}
			faults <- tr.client(ctx, client, limit)
		}()
	}
	var first error
	for range tr.keys {
		if err := <-faults; err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (tr *traffic) client(ctx context.Context, client, limit int) error {
	for n := 0; ctx.Err() == nil && (limit < 0 || n < limit); {
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
		status, err := tr.post(path, tr.keys[client], text)
		switch {
		case err != nil || status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
			continue // cut off, or asked to come again
		case status == http.StatusOK:
			return nil
		default:
			return fmt.Errorf("client %d: message %d was answered with status %d", client, n, status)
		}
	}
}

func (tr *traffic) post(path, key string, body []byte) (int, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+tr.api+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.SetBasicAuth(key, "")
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// counts returns how many messages of each client are acknowledged.
func (tr *traffic) counts() []int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return append([]int(nil), tr.acked...)
}

func total(counts []int) (sum int) {
	for _, n := range counts {
		sum += n
	}
	return sum
}
