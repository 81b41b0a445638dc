package crashtest

import (
	"bufio"
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/profiles/live"
	"tributary/profiles/state"
)

// follower listens to changes as EventSource does, and comes again whenever it is cut off.
type follower struct {
	p   *program
	key string

	mu     sync.Mutex
	last   string   // id of the last event that came whole
	heard  []string // ids and names of entries
	resets []string
}

func (f *follower) place() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// follow listens until ctx ends. Now and then it goes by itself, in the middle of what it is told.
func (f *follower) follow(ctx context.Context, r *rand.Rand) {
	for ctx.Err() == nil {
		f.listen(ctx, 1+r.IntN(400))
		time.Sleep(20 * time.Millisecond)
	}
}

// listen connects once, and reads so many lines at most.
func (f *follower) listen(ctx context.Context, lines int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.p.api+"/v1/stream?after=oldest", http.NoBody)
	if err != nil {
		f.p.t.Error(err)
		return
	}
	request.Header.Set("Authorization", "Bearer "+f.key)
	if last := f.place(); last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return // the server was killed
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return // it starts
	}
	var id, name string
	in := bufio.NewReader(response.Body)
	for range lines {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); {
		case field == "id":
			id = value
		case field == "event":
			name = value
		case line == "\n":
			f.hear(id, name)
			name = ""
		}
	}
}

func (f *follower) hear(id, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id != "" {
		f.last = id
	}
	switch name {
	case "", "open", "end", "lagging":
	case "reset", "gap", "gone":
		f.resets = append(f.resets, name)
	default:
		f.heard = append(f.heard, id+" "+name)
	}
}

// TestStreamsMissNothing: the server is killed again and again while events come in and four listen, who go and come
// again as well. Each hears every entry that is in the state, once and in order. When the state is made again from
// the log, whoever comes again is told that it is another feed.
func TestStreamsMissNothing(t *testing.T) {
	r := newRand(t)
	p := newProgram(t)
	p.start()
	p.awaitReady()
	tr := newTraffic(p)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var listening sync.WaitGroup
	key := p.key("--kind", "read")
	followers := make([]*follower, 4)
	for i := range followers {
		f, chance := &follower{p: p, key: key}, rand.New(rand.NewPCG(r.Uint64(), 0))
		followers[i] = f
		listening.Go(func() { f.follow(ctx, chance) })
	}
	stop := tr.start(t)
	for range *kills {
		time.Sleep(time.Duration(300+r.IntN(1500)) * time.Millisecond)
		p.kill()
		p.start()
		p.awaitReady()
	}
	stop()
	p.awaitDrained()
	end := &follower{p: p, key: key}
	p.await("the end of the feed", 2*time.Minute, func() bool {
		before := end.place()
		ending, stopEnding := context.WithTimeout(ctx, 2*time.Second)
		defer stopEnding()
		end.listen(ending, 1<<30)
		return before != "" && end.place() == before
	})
	for i, f := range followers {
		p.await("a listener to hear all", 2*time.Minute, func() bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			return len(f.heard) >= len(end.heard)
		})
		if len(f.resets) > 0 {
			t.Errorf("listener %d was told %v", i, f.resets)
		}
	}
	p.stop()
	cancel()
	listening.Wait()
	want := p.feed()
	for i, f := range followers {
		if !slices.Equal(f.heard, want[:min(len(f.heard), len(want))]) || len(f.heard) < len(end.heard) {
			t.Errorf("listener %d heard %d entries of %d, or in another order", i, len(f.heard), len(want))
		}
	}
	t.Logf("%d entries, heard by %d listeners over %d kills", len(want), len(followers), *kills)

	if err := os.RemoveAll(filepath.Join(p.data, "state")); err != nil {
		t.Fatal(err)
	}
	p.start()
	p.awaitReady()
	f := followers[0]
	p.await("a reset", 2*time.Minute, func() bool {
		again, stopAgain := context.WithTimeout(t.Context(), 2*time.Second)
		defer stopAgain()
		f.listen(again, 20)
		return slices.Equal(f.resets, []string{"reset"})
	})
}

// feed is what the state of a server that has stopped holds, as followers hear it.
func (p *program) feed() (all []string) {
	p.t.Helper()
	s, err := state.Open(state.Config{Dir: filepath.Join(p.data, "state")})
	if err != nil {
		p.t.Fatal(err)
	}
	defer s.Close()
	head, err := s.LiveHead("default")
	if err != nil {
		p.t.Fatal(err)
	}
	page, err := s.LivePage("default", 0, head.Last, 1<<30, live.Want{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range page.Entries {
		all = append(all, live.Place{Feed: head.Feed, Number: e.Number}.String()+" "+string(e.Kind))
	}
	return all
}
