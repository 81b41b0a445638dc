package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// killedAfter appends what is said, and is killed before it hears of it: nobody is answered, and nothing is waited for.
type killedAfter struct{ log stream.Log }

func (s killedAfter) Say(ctx context.Context, e *event.Event) error {
	value, err := event.Encode(e)
	if err == nil {
		_, err = s.log.Append(ctx, []stream.Record{{
			Lane: stream.LaneLive, Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID,
			ReceivedAt: e.ReceivedAt, Value: value,
		}})
	}
	return errors.Join(err, errors.New("killed"))
}

// TestAHundredAccept: of a hundred who accept at once one holds it, also where every first try is killed between its
// event and its answer and is tried again under its Idempotency-Key; and the state says the same of who it is.
func TestAHundredAccept(t *testing.T) {
	for name, killed := range map[string]bool{"answered": false, "killed": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.said()
			human := w.agent(auth.PurposeSupport, auth.ReaderHuman)
			path := w.offered(w.agent(auth.PurposeSupport, auth.ReaderOwnAI))
			accept := func(n int) *httptest.ResponseRecorder {
				return w.jot(path+"/accept", human, fmt.Sprint("accept-", n), fmt.Sprintf(`{"lease_s":600,"actor":{"id":"agent-%d"}}`, n))
			}
			all := func(f func(n int)) {
				var group sync.WaitGroup
				for n := range 100 {
					group.Go(func() { f(n) })
				}
				group.Wait()
			}
			if killed {
				speaker := w.api.Speaker
				w.api.Speaker = killedAfter{w.log}
				all(func(n int) {
					if code := accept(n).Code; code != http.StatusInternalServerError && code != http.StatusConflict {
						t.Errorf("cut off it is answered with %d", code)
					}
				})
				w.api.Speaker = speaker
			}
			var mu sync.Mutex
			codes, won := map[int]int{}, ""
			all(func(n int) {
				answer := accept(n)
				mu.Lock()
				defer mu.Unlock()
				if codes[answer.Code]++; answer.Code == http.StatusOK {
					won = fmt.Sprint("agent-", n)
				}
			})
			if codes[http.StatusOK] != 1 || codes[http.StatusConflict] != 99 {
				t.Fatalf("answers are %v", codes)
			}
			r := recordIn(w.get(path, human, http.StatusOK))
			if holder := r["lease"].(map[string]any)["holder"].(map[string]any)["id"]; holder != won {
				t.Errorf("%s was told that it holds it, the state says %v", won, holder)
			}
		})
	}
}

// TestWhoIsLateHearsWhy: once a lease is over another may accept; what the first one gives back then is refused, by an
// error that says when its lease ended and who holds it. What nobody took since is not lost.
func TestWhoIsLateHearsWhy(t *testing.T) {
	w := newWorld(t)
	w.said()
	human := w.agent(auth.PurposeSupport, auth.ReaderHuman)
	path := w.offered(w.agent(auth.PurposeSupport, auth.ReaderOwnAI))
	as := func(name string) string { return `"actor":{"id":"` + name + `"}` }
	d := w.decoded(w.jot(path+"/return", human, "never", `{"summary":"x",`+as("ada")+`}`), http.StatusConflict)
	if !strings.Contains(fmt.Sprint(d["detail"]), "you have not accepted it") {
		t.Errorf("who never held it hears %v", d)
	}
	w.decoded(w.jot(path+"/accept", human, "a", `{"lease_s":60,`+as("ada")+`}`), http.StatusOK)
	ended := w.now.Add(time.Minute)
	w.decoded(w.jot(path+"/accept", human, "early", `{`+as("bob")+`}`), http.StatusConflict)
	w.now = ended.Add(time.Second)
	w.decoded(w.jot(path+"/accept", human, "b", `{"lease_s":60,`+as("bob")+`}`), http.StatusOK)
	for _, step := range []string{"return", "extend", "release"} {
		body := `{` + as("ada") + `}`
		if step == "return" {
			body = `{"summary":"too late",` + as("ada") + `}`
		}
		d := w.decoded(w.jot(path+"/"+step, human, "late-"+step, body), http.StatusConflict)
		detail := fmt.Sprint(d["detail"])
		if d["type"] != "urn:tributary:problem:handoff-taken" || !strings.Contains(detail, "your lease ended at "+ended.Format(time.RFC3339)) ||
			!strings.Contains(detail, "somebody else holds it") || d["holder"].(map[string]any)["id"] != "bob" || d["until"] == nil {
			t.Errorf("%s: who is late hears %v", step, d)
		}
	}
	w.now = w.now.Add(time.Hour)
	v := recordIn(w.decoded(w.jot(path+"/return", human, "b-late", `{"summary":"done",`+as("bob")+`}`), http.StatusOK))
	if v["status"] != "returned" {
		t.Errorf("what nobody took since is %v", v["status"])
	}
}

// TestTheOrderIsThatOfReceivedTimes: a clock that goes back neither ends a lease nor takes one away, and each step is
// stamped later than those before it. With as_of it is told as it stood.
func TestTheOrderIsThatOfReceivedTimes(t *testing.T) {
	w := newWorld(t)
	w.said()
	human := w.agent(auth.PurposeSupport, auth.ReaderHuman)
	path := w.offered(w.agent(auth.PurposeSupport, auth.ReaderOwnAI))
	w.now = w.now.Add(time.Minute)
	accepted := w.now
	w.decoded(w.jot(path+"/accept", human, "a", `{"lease_s":600,"actor":{"id":"ada"}}`), http.StatusOK)
	w.now = w.now.Add(-10 * time.Minute)
	w.decoded(w.jot(path+"/accept", human, "b", `{"actor":{"id":"bob"}}`), http.StatusConflict)
	w.decoded(w.jot(path+"/extend", human, "e", `{"lease_s":1200,"actor":{"id":"ada"}}`), http.StatusOK)
	w.decoded(w.jot(path+"/return", human, "r", `{"summary":"done","resolved":true,"actor":{"id":"ada"}}`), http.StatusOK)
	var last time.Time
	for _, e := range w.written() {
		if strings.HasPrefix(e.Name, "handoff.") && !e.ReceivedAt.After(last) {
			t.Errorf("%s is stamped %v, the one before it %v", e.Name, e.ReceivedAt, last)
		}
		last = e.ReceivedAt
	}
	w.now = accepted.Add(time.Hour)
	for at, want := range map[time.Time]string{accepted.Add(-time.Second): "offered", accepted: "accepted", w.now: "closed"} {
		v := w.get(path+"?as_of="+at.Format(time.RFC3339), human, http.StatusOK)
		if r := recordIn(v); r["status"] != want || v["as_of"] != at.Format(time.RFC3339) {
			t.Errorf("as of %v it is %v (%v)", at, r["status"], v["as_of"])
		}
	}
	w.get(path+"?as_of=2020-01-01T00:00:00Z", human, http.StatusNotFound)
}

// TestARenewedSessionHoldsOn: sessions are shorter than calls.
func TestARenewedSessionHoldsOn(t *testing.T) {
	w := newWorld(t)
	w.said()
	bot, human, other := w.agent(auth.PurposeSupport, auth.ReaderOwnAI), w.agent(auth.PurposeSupport, auth.ReaderHuman), w.agent(auth.PurposeSupport, auth.ReaderHuman)
	path := w.offered(bot)
	first, _ := w.session(human, "user_id:u-1", "c-1")
	w.decoded(w.jot(path+"/accept", first, "accept", `{"lease_s":7200}`), http.StatusOK)
	w.now = w.now.Add(time.Hour)
	w.decoded(w.jot(path+"/extend", first, "extend", `{}`), http.StatusUnauthorized)
	renewed, _ := w.session(human, "user_id:u-1", "c-1")
	foreign, _ := w.session(other, "user_id:u-1", "c-1")
	w.decoded(w.jot(path+"/extend", foreign, "extend", `{}`), http.StatusConflict)
	w.decoded(w.jot(path+"/extend", renewed, "extend", `{}`), http.StatusOK)
	w.decoded(w.jot(path+"/return", renewed, "return", `{"summary":"done","resolved":true}`), http.StatusOK)
}
