package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/ingest/event"
)

const (
	onTrial = "segments: [{name: on-trial, when: {trait: plan, is: trial}}]"
	onPro   = "segments: [{name: on-pro, when: {trait: plan, is: pro}}]"
)

// putDefined puts a document in the place of the one of a version.
func (w *world) putDefined(key, document, match string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest(http.MethodPut, "/v1/definitions", strings.NewReader(document))
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/yaml")
	if match != "" {
		r.Header.Set("If-Match", match)
	}
	answer := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(answer, r)
	w.agrees(r, answer)
	return answer
}

// TestDefinitionsOfAnotherVersionStay: what somebody else put in force is not overwritten by who says what they read.
func TestDefinitionsOfAnotherVersionStay(t *testing.T) {
	w := newWorld(t)
	admin := w.key(auth.KindAdmin, "acme")
	read := func() string { return w.do(http.MethodGet, "/v1/definitions", admin, "").Header().Get("ETag") }
	empty := read()
	first := w.putDefined(admin, onTrial, empty)
	if first.Code != http.StatusOK || first.Header().Get("ETag") != read() || read() == empty {
		t.Fatalf("%d %s", first.Code, first.Body)
	}
	if stale := w.putDefined(admin, onPro, empty); stale.Code != http.StatusPreconditionFailed || read() != first.Header().Get("ETag") {
		t.Errorf("of a version that is gone: %d %s", stale.Code, stale.Body)
	}
	if got := w.putDefined(admin, onPro, ""); got.Code != http.StatusOK {
		t.Errorf("of whatever is in force: %d %s", got.Code, got.Body)
	}
	// Of several who read the same, one writes.
	var wait sync.WaitGroup
	codes, now := make([]int, 8), read()
	for i := range codes {
		wait.Go(func() { codes[i] = w.putDefined(admin, onTrial+" # "+string(rune('a'+i)), now).Code })
	}
	wait.Wait()
	wrote := 0
	for _, code := range codes {
		if code == http.StatusOK {
			wrote++
		} else if code != http.StatusPreconditionFailed {
			t.Errorf("answered with %d", code)
		}
	}
	if wrote != 1 {
		t.Errorf("%d wrote, want 1", wrote)
	}
}

// TestPreviewEqualsWhatComesOfIt: the figures of a document that is not in force are those that it has once it is.
func TestPreviewEqualsWhatComesOfIt(t *testing.T) {
	w := newWorld(t)
	admin, read := w.key(auth.KindAdmin, "acme"), w.key(auth.KindRead, "acme")
	for i, plan := range []string{"trial", "trial", "pro"} {
		e := w.event(10+i, "web", "", nil, event.Identifier{Type: event.IDUser, Value: "u" + string(rune('0'+i))})
		e.Type, e.Traits = event.TypeIdentify, json.RawMessage(`{"plan":"`+plan+`"}`)
		w.put(e)
	}
	preview := func(definitions, of string) (p struct {
		Judged   uint64
		Share    float64
		Segments []struct {
			Waits   []string
			Figures *struct{ Members, Entering, Leaving uint64 }
		}
		Examples []struct{ Profile string }
	}) {
		answer := w.do(http.MethodPost, "/v1/segments/preview", admin, `{"definitions":`+definitions+`,"segment":"`+of+`"}`)
		if answer.Code != http.StatusOK {
			t.Fatalf("%d %s", answer.Code, answer.Body)
		}
		w.must(json.Unmarshal(answer.Body.Bytes(), &p))
		return p
	}
	const trial = `{"segments":[{"name":"s","when":{"trait":"plan","is":"trial"}}]}`
	p := preview(trial, "s")
	if f := p.Segments[0].Figures; p.Judged != 3 || p.Share != 1 || f == nil || f.Members != 2 || f.Entering != 2 || f.Leaving != 0 || len(p.Examples) != 2 {
		t.Fatalf("%+v %+v", p, f)
	}
	if answer := w.do(http.MethodGet, "/v1/segments", read, ""); strings.Contains(answer.Body.String(), `"s"`) {
		t.Fatalf("the preview was kept: %s", answer.Body)
	}
	if got := w.putDefined(admin, trial, ""); got.Code != http.StatusOK {
		t.Fatal(got.Body)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		got := w.do(http.MethodGet, "/v1/segments", read, "").Body.String()
		if strings.Contains(got, `"members":2`) {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(got)
		}
	}
	const pro = `{"segments":[{"name":"s","when":{"trait":"plan","is":"pro"}}]}`
	if f := preview(pro, "s").Segments[0].Figures; f.Members != 1 || f.Entering != 1 || f.Leaving != 2 {
		t.Errorf("%+v", f)
	}
	// A trait that nobody has counted yet has no figures; the segments beside it have.
	p = preview(`{"computed":[{"name":"n","of":"count","types":["identify"]}],"segments":[{"name":"s","when":{"computed":"n","at_least":1}},{"name":"t","when":{"not":{"trait":"plan"}}}]}`, "t")
	if p.Segments[0].Figures != nil || len(p.Segments[0].Waits) != 1 || p.Segments[1].Figures == nil || p.Segments[1].Figures.Members != 0 {
		t.Errorf("%+v", p)
	}
	for body, field := range map[string]string{
		`{"definitions":{"segments":[{"name":"s","when":{"computed":"none"}}]},"segment":"s"}`: "segments[0].when.computed",
		`{"definitions":` + pro + `,"segment":"other"}`:                                        "segment",
	} {
		if answer := w.do(http.MethodPost, "/v1/segments/preview", admin, body); answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), `"`+field+`"`) {
			t.Errorf("%s: %d %s", body, answer.Code, answer.Body)
		}
	}
	alone := w.key(auth.KindAdmin, "acme", auth.ScopeAdmin)
	if answer := w.do(http.MethodPost, "/v1/segments/preview", alone, `{"definitions":`+pro+`,"segment":"s"}`); answer.Code != http.StatusOK || strings.Contains(answer.Body.String(), `"profile":"`) {
		t.Errorf("without profiles:read: %d %s", answer.Code, answer.Body)
	}
	if answer := w.do(http.MethodPost, "/v1/segments/preview", read, `{"definitions":`+pro+`,"segment":"s"}`); answer.Code != http.StatusForbidden {
		t.Errorf("without admin: %d", answer.Code)
	}
}
