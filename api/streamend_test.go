package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/live"
)

// ends waits for the end of a stream, wants it to be for a reason, and the connection to be closed behind it.
func (e *ear) ends(because string) {
	e.Helper()
	end := e.until("end")
	v := end.decode(e)
	if v["because"] != because || v["do"] != whatToDo[because] || end.id != e.last {
		e.Errorf("it ends because of %v at %s, want %s", v, end.id, because)
	}
	if x, more := e.next(); more {
		e.Errorf("behind its end is told %v", x)
	}
}

// TestAStreamEndsWithItsKey, and tells why; so it does when the server is to go.
func TestAStreamEndsWithItsKey(t *testing.T) {
	w := newWorld(t)
	server := w.serve()
	key := w.key(auth.KindRead, "acme", auth.ScopeStreamRead)
	e, other := w.listen(server, key, "", ""), w.listen(server, w.key(auth.KindRead, "acme", auth.ScopeStreamRead), "", "")
	e.until("open")
	_, err := w.keys.Revoke(t.Context(), auth.Hash(key)[:16])
	w.must(err)
	e.ends("key")
	other.until("open")
	w.api.EndStreams()
	other.ends("shutdown")
	if x := w.listen(server, key, "", ""); x.status != http.StatusUnauthorized {
		t.Errorf("who comes again with the revoked key is answered with %d", x.status)
	}
	if x := w.listen(server, w.key(auth.KindRead, "acme", auth.ScopeStreamRead), "", ""); x.status != http.StatusServiceUnavailable {
		t.Errorf("who comes then is answered with %d", x.status)
	}
}

// TestAStreamEndsWithItsSession, and tells why.
func TestAStreamEndsWithItsSession(t *testing.T) {
	w := newWorld(t)
	w.put(w.event(1, "web", "Viewed", nil, id(event.IDUser, "a")))
	key := w.agent(auth.PurposeSupport, auth.ReaderOwnAI)
	token, session := w.session(key, "user_id:a", "c-1")
	e := w.listen(w.serve(), token, "", "")
	e.until("open")
	w.decoded(w.do(http.MethodDelete, fmt.Sprint("/v1/agent-sessions/", session["session"]), key, ""), http.StatusOK)
	e.ends("key")
}

// TestAStreamEndsWhenItsKeyExpires: nothing is done to the key but that time goes by.
func TestAStreamEndsWhenItsKeyExpires(t *testing.T) {
	w := newWorld(t)
	key, _, err := w.keys.Create(t.Context(), auth.New{
		Kind: auth.KindRead, Workspace: "acme", Scopes: []auth.Scope{auth.ScopeStreamRead},
		Purpose: auth.PurposeOperations, Reader: auth.ReaderSystem, Expires: w.now.Add(time.Hour),
	})
	w.must(err)
	e := w.listen(w.serve(), key, "", "")
	e.until("open")
	w.later.Store(int64(2 * time.Hour))
	e.ends("key")
}

var errPlanted = errors.New("planted fault")

// flaky is a state that cannot be read while it is broken.
type flaky struct {
	live.Source
	LiveFacts
	broken atomic.Bool
}

func (f *flaky) LivePage(workspace string, behind, upTo uint64, limit int, want live.Want) (*live.Page, error) {
	if f.broken.Load() {
		return nil, errPlanted
	}
	return f.Source.LivePage(workspace, behind, upTo, limit, want)
}

func (f *flaky) LiveProfile(workspace string, id identity.ObservationID) (identity.ProfileID, error) {
	if f.broken.Load() {
		return uuid.Nil, errPlanted
	}
	return f.LiveFacts.LiveProfile(workspace, id)
}

// TestAStreamEndsOfAFault: who must read what cannot be read is told so, and comes again with its last id. Who has heard all
// waits, and misses nothing.
func TestAStreamEndsOfAFault(t *testing.T) {
	w := newWorld(t)
	f := &flaky{Source: w.state, LiveFacts: w.state}
	w.api.Live.Facts, w.api.Live.Hub = f, live.NewHub(live.Config{Source: f, Logger: slog.New(slog.NewJSONHandler(w.lines, nil)), Ring: 2})
	t.Cleanup(w.api.Live.Hub.Close)
	server, key := w.serve(), w.key(auth.KindRead, "acme", auth.ScopeStreamRead)
	for n := range 10 {
		w.put(w.event(n, "web", "Viewed", nil, id(event.IDUser, fmt.Sprint("u", n))))
	}
	waits := w.listen(server, key, "", "")
	waits.until("open")
	follows := w.listen(server, key, "?subject=user_id:u1", "")
	follows.until("open")

	f.broken.Store(true)
	behind := w.listen(server, key, "?after=oldest", "")
	if behind.status != http.StatusOK {
		t.Errorf("it is answered with %d", behind.status)
	}
	behind.until("open")
	behind.ends("fault")
	follows.ends("fault")
	if log := w.lines.String(); !strings.Contains(log, `"msg":"a stream ended"`) || !strings.Contains(log, errPlanted.Error()) || strings.Contains(log, "u1") {
		t.Errorf("the log says %s", log)
	}
	w.put(w.event(20, "web", "Viewed", nil, id(event.IDUser, "u20")))

	f.broken.Store(false)
	head, err := w.state.LiveHead("acme")
	w.must(err)
	for _, e := range []*ear{waits, w.listen(server, key, "", behind.last)} {
		for w.place(e.last).Number < head.Last {
			if _, more := e.next(); !more {
				t.Fatalf("it ended after %v", e.events)
			}
		}
	}
	again := w.listen(server, key, "?follow=false", behind.last).rest()
	if all := w.listen(server, key, "?follow=false&after=oldest", "").rest(); fmt.Sprint(names(again)) != fmt.Sprint(names(all)) || uint64(len(all)-1) != head.Last { // behind its own open
		t.Errorf("who comes again is told %v of %v", names(again), names(all))
	}
}

var _ LiveFacts = (*flaky)(nil)

var _ live.Source = (*flaky)(nil)
