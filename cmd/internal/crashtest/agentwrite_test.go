package crashtest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestAWriteIsDoneOnceWhateverIsKilled: agents write notes, and the server is killed under them until some notes are in
// the log that nobody was told of. Tried again with the same Idempotency-Key every note is answered, those that were
// answered before word for word, and is one event.
func TestAWriteIsDoneOnceWhateverIsKilled(t *testing.T) {
	const agents = 8
	p := newProgram(t)
	p.start()
	p.awaitReady()
	write := p.key("--kind", "write", "--source", "crm")
	n := &notes{key: p.key("--kind", "agent"), answers: map[string]string{}, unheard: map[string]bool{}}
	for agent := range agents {
		p.identify(write, fmt.Sprint("u-", agent))
	}
	p.awaitDrained()
	cut := 0
	for round := 0; round < 8 && cut == 0; round++ {
		var clients sync.WaitGroup
		before := n.count()
		for agent := range agents {
			clients.Go(func() { n.write(p, agent, round) })
		}
		p.await("40 notes", 2*time.Minute, func() bool { return n.count() >= before+40 })
		p.kill()
		clients.Wait()
		p.start()
		p.awaitReady()
		p.awaitDrained()
		cut = len(p.noted()) - len(n.answers)
	}
	if cut <= 0 {
		t.Fatalf("of %d writes none was cut off behind the log", len(n.answers))
	}
	answered := maps.Clone(n.answers)
	for range 2 {
		for name := range n.unheard {
			n.again(t, p, name, answered)
		}
		for name := range answered {
			n.again(t, p, name, answered)
		}
	}
	for name := range n.unheard {
		if status, text, err := n.post(p, name, "something else"); err != nil || status != http.StatusConflict || !strings.Contains(text, "idempotency-conflict") {
			t.Errorf("%s with another body: %d %v %s", name, status, err, text)
		}
	}
	p.awaitDrained()
	found := p.noted()
	for id, times := range found {
		if times != 1 {
			t.Errorf("note %s is %d events", id, times)
		}
	}
	if len(found) != len(answered) {
		t.Errorf("%d notes were written, and %d are events", len(answered), len(found))
	}
	t.Logf("%d notes, %d of them cut off before their answer, %d of those in the log", len(found), len(n.unheard), cut)
}

// notes are those that agents wrote, by their Idempotency-Keys: the answers, and those that had none.
type notes struct {
	key     string
	mu      sync.Mutex
	answers map[string]string
	unheard map[string]bool
}

func (n *notes) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.answers)
}

// write writes notes of one customer until the server is gone.
func (n *notes) write(p *program, agent, round int) {
	for i := 0; ; i++ {
		name := fmt.Sprintf("%d-%d-%d", agent, round, i)
		status, text, err := n.post(p, name, "note "+name)
		n.mu.Lock()
		switch {
		case err != nil:
			n.unheard[name] = true
		case status == http.StatusCreated:
			n.answers[name] = text
		default:
			p.t.Errorf("%s is answered with %d: %s", name, status, text)
		}
		n.mu.Unlock()
		if err != nil || status != http.StatusCreated {
			return
		}
	}
}

// again writes a note once more: the answer is the one that it had.
func (n *notes) again(t *testing.T, p *program, name string, answered map[string]string) {
	t.Helper()
	status, text, err := n.post(p, name, "note "+name)
	if first, ok := answered[name]; err != nil || status != http.StatusCreated || ok && text != first {
		t.Fatalf("%s is answered with %d %v %s, was %s", name, status, err, text, first)
	}
	answered[name] = text
}

func (n *notes) post(p *program, name, text string) (int, string, error) {
	agent, _, _ := strings.Cut(name, "-")
	request, err := http.NewRequest(http.MethodPost, "http://"+p.api+"/v1/notes", jsonBody(map[string]any{
		"identifiers": []any{map[string]any{"type": "user_id", "value": "u-" + agent}}, "text": text, "actor": map[string]any{"id": "a-" + agent},
	}))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Authorization", "Bearer "+n.key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", name)
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && !json.Valid(body) {
		err = io.ErrUnexpectedEOF
	}
	return response.StatusCode, string(body), err
}

// noted counts the events of each note in the analytics store.
func (p *program) noted() map[string]int {
	p.t.Helper()
	found := map[string]int{}
	for _, row := range p.query("SELECT message_id, count() FROM events WHERE source = 'tributary.agent' GROUP BY message_id") {
		found[row[0]] = number(p.t, row[1])
	}
	return found
}
