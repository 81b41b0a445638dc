package node

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/cmd/internal/config"
	"tributary/profiles/live"
)

// ear listens to changes as EventSource does: an event counts, and so does its id, once it came whole.
type ear struct {
	p       *program
	in      *bufio.Reader
	last    string
	heard   []string          // ids and names of entries
	notices map[string]string // data by name, the newest
	narrow  bool              // the system holds little for it
	bytes   int               // all that it took in
}

// listen opens a stream on a connection of its own.
func (p *program) listen(e *ear, query string) *ear {
	p.t.Helper()
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if tcp, ok := c.(*net.TCPConn); ok && e.narrow {
			err = tcp.SetReadBuffer(4 << 10)
		}
		return c, err
	}
	transport := &http.Transport{DialContext: dial}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/v1/stream"+query, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.read)
	if e.last != "" {
		request.Header.Set("Last-Event-ID", e.last)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		p.t.Fatalf("stream: %v, %v", response, err)
	}
	p.t.Cleanup(func() { cancel(); _ = response.Body.Close() })
	e.p, e.in, e.notices = p, bufio.NewReader(response.Body), map[string]string{}
	return e
}

// next is the name of the next event, or why there is none.
func (e *ear) next() (string, error) {
	var id, name, data string
	for {
		line, err := e.in.ReadString('\n')
		if err != nil {
			return "", err
		}
		e.bytes += len(line)
		switch field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); field {
		case "id":
			id = value
		case "event":
			name = value
		case "data":
			data = value
		case "":
			if line != "\n" {
				continue // a comment
			}
			if id != "" {
				e.last = id
			}
			switch {
			case name == "":
				continue
			case slices.Contains([]string{"open", "reset", "gap", "lagging", "gone", "end"}, name):
				e.notices[name] = data
			default:
				e.heard = append(e.heard, id+" "+name)
			}
			return name, nil
		}
	}
}

// until reads on until a place or an event of some name.
func (e *ear) until(what string) {
	e.p.t.Helper()
	for {
		name, err := e.next()
		if err != nil {
			e.p.t.Fatalf("%d entries were heard, not %s: %v", len(e.heard), what, err)
		}
		if name == what || e.last == what {
			return
		}
	}
}

// feedBehind is what the state holds behind a place, as ears hear it, and its end.
func (p *program) feedBehind(behind string) (all []string, end string) {
	p.t.Helper()
	head, err := p.state.LiveHead("default")
	if err != nil {
		p.t.Fatal(err)
	}
	from, err := live.ParsePlace(behind)
	if err != nil {
		p.t.Fatal(err)
	}
	page, err := p.state.LivePage("default", from.Number, head.Last, 1<<20, live.Want{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range page.Entries {
		end = live.Place{Feed: head.Feed, Number: e.Number}.String()
		all = append(all, end+" "+string(e.Kind))
	}
	return all, end
}

// newPeople sends a batch of events of people whom nobody knows, and waits until they are applied.
func (p *program) newPeople(from, n int) {
	p.t.Helper()
	var batch []string
	for i := range n {
		batch = append(batch, fmt.Sprintf(`{"type":"track","messageId":"told-%d","userId":"told-%d","event":"Looked"}`, from+i, from+i))
	}
	if status, answer := p.post("/v1/batch", p.write, `{"batch":[`+strings.Join(batch, ",")+`]}`); status != http.StatusOK {
		p.t.Fatalf("batch: %d %v", status, answer)
	}
	for deadline := time.Now().Add(2 * time.Minute); p.pending(p.t.Context()) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatal("the events are not applied")
		}
	}
}

// metric is the value of a metric, with its labels, at /metrics.
func (p *program) metric(name string) string {
	p.t.Helper()
	response, err := http.Get(p.url + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// TestASlowListenerMissesNothing: it stops reading while much happens, and others go on hearing. Then it is told that
// it lags, and hears the rest.
func TestASlowListenerMissesNothing(t *testing.T) {
	p := start(t, t.TempDir(), func(c *config.Config) { c.Stream.Buffer = 16 })
	slow, before := p.deafened()
	fast := p.listen(&ear{last: before}, "")
	for batch := range 25 {
		p.newPeople(1+100*batch, 100)
	}
	want, end := p.feedBehind(before)
	slow.heard = nil
	for name, e := range map[string]*ear{"slow": slow, "fast": fast} {
		if e.until(end); !slices.Equal(e.heard, want) {
			t.Errorf("%d entries were heard by the %s one, %d are in the state", len(e.heard), name, len(want))
		}
	}
	if n := slow.notices["lagging"]; !strings.Contains(n, `"because":"slow"`) || !strings.Contains(n, `"do":"`) {
		t.Errorf("the slow one is told %v", slow.notices)
	}
	if p.metric(`tributary_stream_notices_total{because="slow",event="lagging"}`) == "" || p.metric("tributary_stream_listeners") != "2" {
		t.Error("the metrics do not count it")
	}
}

// heldAtMost is what the system may hold of what one listener does not read, in bytes: streams ask for 128 KiB, which
// some systems double, and what was on its way counts too. By itself it would be megabytes.
const heldAtMost = 512 << 10

// TestWhoTakesNothingInIsLetGo, and little was held for it until then. When it comes again it hears the rest.
func TestWhoTakesNothingInIsLetGo(t *testing.T) {
	p := start(t, t.TempDir(), func(c *config.Config) { c.Stream.Stall = config.Duration(time.Second) })
	e, before := p.deafened()
	e.heard, e.bytes = nil, 0
	for batch := range 50 { // twice what may be held
		p.newPeople(1+100*batch, 100)
	}
	for deadline := time.Now().Add(2 * time.Minute); p.metric("tributary_stream_stalled_total") != "1"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is not let go")
		}
	}
	for { // what was under way arrives
		if _, err := e.next(); err != nil {
			break
		}
	}
	if e.bytes > heldAtMost {
		t.Errorf("the system held %d bytes of one listener", e.bytes)
	}
	want, end := p.feedBehind(before)
	e.narrow = false
	p.listen(e, "").until(end)
	if !slices.Equal(e.heard, want) {
		t.Errorf("%d entries were heard, %d are in the state", len(e.heard), len(want))
	}
}

// deafened is a listener that has heard of one change, at the place that it returns, and reads no more.
func (p *program) deafened() (e *ear, at string) {
	p.t.Helper()
	e = p.listen(&ear{narrow: true}, "")
	e.until("open")
	p.newPeople(0, 1)
	e.until("profile.changed")
	return e, e.last
}

// TestStreamsEndAndGoOnWithTheServer: a stop tells who listens, who goes on behind what they heard. A state that
// is made again from the log is another feed, and says so.
func TestStreamsEndAndGoOnWithTheServer(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	p.newPeople(0, 3)
	e := p.listen(&ear{}, "?after=oldest")
	first, end := p.feedBehind(live.Place{}.String())
	e.until(end)
	if !slices.Equal(e.heard, first) {
		t.Errorf("%v was heard of %v", e.heard, first)
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); p.stop() }()
	e.until("end")
	if n := e.notices["end"]; !strings.Contains(n, `"because":"shutdown"`) {
		t.Errorf("it ends because of %s", n)
	}
	<-stopped

	p = start(t, dir)
	p.newPeople(3, 3)
	more, end := p.feedBehind(e.last)
	e.heard = nil
	p.listen(e, "").until(end)
	if !slices.Equal(e.heard, more) || len(more) < 3 || e.notices["reset"] != "" {
		t.Errorf("behind what it heard it is told %v of %v, %v", e.heard, more, e.notices)
	}
	p.stop()

	if err := os.RemoveAll(filepath.Join(dir, "state")); err != nil {
		t.Fatal(err)
	}
	p = start(t, dir)
	p.listen(e, "").until("reset")
	if n := e.notices["reset"]; !strings.Contains(n, `"because":"another_feed"`) || !strings.Contains(n, `"do":"Ask again`) {
		t.Errorf("of another feed it is told %s", n)
	}
}

// TestStreamsAreLimited by the configuration.
func TestStreamsAreLimited(t *testing.T) {
	p := start(t, t.TempDir(), func(c *config.Config) { c.Stream.Listeners, c.Stream.ListenersPerKey = 2, 1 })
	p.listen(&ear{}, "").until("open")
	if status, answer := p.getStream(); status != http.StatusTooManyRequests {
		t.Errorf("one more of a key is answered with %d %v", status, answer)
	}
}

func (p *program) getStream() (int, map[string]any) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+"/v1/stream", http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.read)
	return p.do(request)
}
