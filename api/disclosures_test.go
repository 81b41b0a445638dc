package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"tributary/api/policy"
	"tributary/ingest/stream"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// commands reads the commands of the log.
func (w *world) commands(f func(r *stream.Record, c unify.Command)) {
	w.Helper()
	w.records(func(r *stream.Record) {
		if r.Kind != stream.KindCommand {
			return
		}
		c, err := unify.ParseCommand(r.Value)
		w.must(err)
		f(r, c)
	})
}

// records reads the log.
func (w *world) records(f func(r *stream.Record)) {
	w.Helper()
	partitions, err := w.log.Partitions(w.Context())
	w.must(err)
	for _, p := range partitions {
		if p.Next == p.First {
			continue
		}
		r, err := w.log.Reader(p.ID, p.First)
		w.must(err)
		for at := p.First; at < p.Next; {
			entries, err := r.Next(w.Context(), 1000)
			w.must(err)
			for i := range entries {
				e := &entries[i]
				at = e.Offset + 1
				f(&e.Record)
			}
		}
		w.must(r.Close())
	}
}

// disclosed reads all records of disclosures from the log, by request id.
func (w *world) disclosed() map[string][]unify.Disclosure {
	w.Helper()
	found := map[string][]unify.Disclosure{}
	w.commands(func(r *stream.Record, c unify.Command) {
		d, ok := c.(unify.Disclosure)
		if !ok || w.planting[d.RequestID] {
			return
		}
		for class, mark := range marks {
			if strings.Contains(string(r.Value), mark) && class != policy.ClassProvenance {
				w.Errorf("a record holds a value: %s", r.Value)
			}
		}
		found[d.RequestID] = append(found[d.RequestID], d)
	})
	return found
}

// notes reads what the audit trail has beside commands.
func (w *world) notes() (all []unify.AuditNote) {
	w.commands(func(_ *stream.Record, c unify.Command) {
		if n, ok := c.(unify.AuditNote); ok {
			all = append(all, n)
		}
	})
	return all
}

// TestWhatWasAnsweredIsOnRecord: 64 readers at a time; what each was answered is in the log when the answer comes.
func TestWhatWasAnsweredIsOnRecord(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	key := w.keyFor("support", "human")
	paths := []string{
		"/v1/profiles/user_id:" + marks[policy.ClassIdentifier], "/v1/profiles/anonymous_id:anon-1/context",
		"/v1/profiles/anonymous_id:anon-1/timeline", "/v1/profiles/anonymous_id:anon-1/identity?with=user_id:s1", "/v1/profiles/phone:%2B12125550123",
		"/v1/identifiers/phone:%2B12125550123",
	}
	var mu sync.Mutex
	answered := map[string]string{}
	var readers sync.WaitGroup
	for range 64 {
		readers.Go(func() {
			for _, path := range paths {
				answer := w.do(http.MethodGet, path, key, "")
				if answer.Code != http.StatusOK && answer.Code != http.StatusConflict {
					t.Errorf("%s answers %d: %s", path, answer.Code, answer.Body)
				}
				mu.Lock()
				answered[answer.Header().Get(requestIDHeader)] = path
				mu.Unlock()
			}
		})
	}
	readers.Wait()
	found := w.disclosed()
	if len(answered) != 64*len(paths) || len(found) != len(answered) {
		t.Errorf("%d were answered, %d are on record", len(answered), len(found))
	}
	for request, path := range answered {
		list := found[request]
		if len(list) == 0 {
			t.Errorf("%s is not on record", path)
			continue
		}
		d := list[0]
		if d.Purpose != "support" || d.Reader != "human" || !strings.HasPrefix(d.Actor, "key:") || len(d.Observations) == 0 || !strings.HasPrefix(d.Route, "GET /v1/") {
			t.Errorf("%s is on record as %+v", path, d)
		}
		switch {
		case strings.HasSuffix(path, "s1"): // two people
			if len(list) < 2 {
				t.Errorf("%s is on record as %+v", path, list)
			}
		case strings.Contains(path, "phone"): // who it may be, and nobody's data
			if d.Kind != store.DisclosureListed || len(d.Observations) != 2 {
				t.Errorf("%s is on record as %+v", path, d)
			}
		case strings.HasSuffix(path, "context"):
			if d.Level != "claimed" || !slices.Contains(d.Masked, "facts[].quotes[][first_name].text") || len(d.Withheld) == 0 || !slices.Contains(d.Classes, policy.ClassConversation) {
				t.Errorf("%s is on record as %+v", path, d)
			}
		}
	}
}

// refusing is a log that takes nothing.
type refusing struct{}

func (refusing) Append(context.Context, []stream.Record) ([]stream.Position, error) {
	return nil, errors.New("the disk is full")
}

func (refusing) Note(context.Context, string, unify.AuditNote) error {
	return errors.New("the disk is full")
}

// TestWhatCannotBeRecordedIsNotDisclosed: no route tells of anybody when the log takes nothing.
func TestWhatCannotBeRecordedIsNotDisclosed(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	key := w.keyFor("operations", "system")
	w.api.Disclosures = refusing{}
	w.api.Notes = refusing{} // on record there are what is of nobody in particular, such as quarantined payloads
	for route, answer := range w.readings(key, "") {
		all := answer.Body.String()
		for class, mark := range marks {
			if strings.Contains(all, mark) {
				t.Errorf("%s shows %s: %s", route, class, all)
			}
		}
		var v map[string]any
		if err := json.Unmarshal(answer.Body.Bytes(), &v); err != nil || v["candidates"] != nil || answer.Code == http.StatusOK {
			t.Errorf("%s answers %d %s (%v)", route, answer.Code, all, err)
		}
	}
	if !strings.Contains(fmt.Sprint(w.get("/v1/profiles/anonymous_id:anon-1", key, http.StatusServiceUnavailable)), "recorded") {
		t.Error("is not told why")
	}
}
