package node

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/admin"
	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/profiles"
	"tributary/profiles/unify"
)

// readAll asks for somebody as often as it can until stop is closed, and notes the id of every request that was
// answered.
func readAll(p *program, path string, stop <-chan struct{}, note func(request string)) {
	client := &http.Client{Timeout: 2 * time.Minute}
	defer client.CloseIdleConnections()
	for {
		select {
		case <-stop:
			return
		default:
		}
		request, err := http.NewRequest(http.MethodGet, p.url+path, nil)
		if err != nil {
			p.t.Error(err)
			return
		}
		request.Header.Set("Authorization", "Bearer "+p.read)
		response, err := client.Do(request)
		if err != nil {
			return // the server is gone
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			note(response.Header.Get("X-Request-Id"))
		}
	}
}

// TestDisclosureReportIsComplete: while many read, the server stops and starts again, and two who were read become
// one; every answer that anybody got is in the report of that one.
func TestDisclosureReportIsComplete(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	answered := map[string]bool{}
	note := func(request string) {
		mu.Lock()
		defer mu.Unlock()
		answered[request] = true
	}
	for round := range 3 {
		p := start(t, dir)
		if round == 0 {
			p.accept("/v1/identify", `{"userId":"u-1","traits":{"email":"ada@example.com"}}`)
			p.accept("/v1/identify", `{"anonymousId":"a-1","traits":{"theme":"dark"}}`)
			p.settle()
		}
		stop := make(chan struct{})
		var readers sync.WaitGroup
		before := len(answered)
		for i := range 16 {
			path := []string{"/v1/profiles/user_id:u-1", "/v1/profiles/anonymous_id:a-1/context"}[i%2]
			readers.Go(func() { readAll(p, path, stop, note) })
		}
		for enough := false; !enough; time.Sleep(time.Millisecond) {
			mu.Lock()
			enough = len(answered) >= before+200
			mu.Unlock()
		}
		p.stop() // with requests under way
		close(stop)
		readers.Wait()
	}
	p := start(t, dir)
	p.accept("/v1/identify", `{"userId":"u-1","anonymousId":"a-1"}`)
	p.settle()
	key := p.key(auth.New{Kind: auth.KindAdmin, Workspace: "default"})
	reported, pages := map[string]bool{}, 0
	for cursor := ""; pages == 0 || cursor != ""; pages++ {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/v1/profiles/user_id:u-1/disclosures?limit=100&cursor="+cursor, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+key)
		status, page := p.do(request)
		if status != http.StatusOK {
			t.Fatalf("answers %d: %v", status, page)
		}
		for _, x := range page["disclosures"].([]any) {
			line := x.(map[string]any)
			id := line["request_id"].(string)
			if reported[id] {
				t.Errorf("%s is reported twice", id)
			}
			reported[id] = true
			if line["purpose"] != "support" || line["reader"] != "human" || !strings.HasPrefix(line["actor"].(string), "key:") {
				if !strings.Contains(fmt.Sprint(line["route"]), "disclosures") { // the pages before this one
					t.Errorf("is reported as %v", line)
				}
			}
		}
		cursor, _ = page["next_cursor"].(string)
	}
	for id := range answered {
		if !reported[id] {
			t.Errorf("%s was answered and is not in the report", id)
		}
	}
	// Who was not there any more to hear the answer is on record as well: at most one of each reader and round.
	if more := len(reported) - len(answered); pages < 3 || more > 3*16+pages {
		t.Errorf("%d pages, %d more than were answered", pages, more)
	}
}

// TestTheSocketReportsDisclosures: what was read of somebody, page by page, itself included; of somebody of whom use is
// restricted too, and of nobody in another workspace.
func TestTheSocketReportsDisclosures(t *testing.T) {
	p := start(t, t.TempDir())
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"theme":"dark"}}`)
	p.accept("/v1/identify", `{"userId":"u-2","traits":{"theme":"dark"}}`)
	p.settle()
	for _, path := range []string{"/v1/profiles/user_id:u-1", "/v1/profiles/user_id:u-1/context", "/v1/profiles/user_id:u-2"} {
		if status, answer := p.call(http.MethodGet, path, p.read, ""); status != http.StatusOK {
			t.Fatalf("%s answers %d %s", path, status, answer)
		}
	}
	client := admin.NewClient(Socket(p.config.DataDir))
	defer client.Close()
	report := func(workspace, address, cursor string, limit int) (page admin.DisclosurePage, err error) {
		for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) { // 503 until the store has caught up
			var d *problem.Document
			page, err = client.Disclosures(t.Context(), workspace, address, cursor, limit)
			if !errors.As(err, &d) || d.Status != http.StatusServiceUnavailable || time.Now().After(deadline) {
				return page, err
			}
		}
	}
	var routes []string
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := report("default", "user_id:u-1", cursor, 1)
		if err != nil || len(page.Lines) > 1 {
			t.Fatalf("%+v: %v", page, err)
		}
		for _, l := range page.Lines {
			routes = append(routes, l.Route)
		}
		cursor = page.Next
	}
	slices.Sort(routes)
	if want := []string{"GET /v1/profiles/:address", "GET /v1/profiles/:address/context"}; !slices.Equal(routes, want) {
		t.Errorf("reported are %v, want %v", routes, want)
	}
	if _, err := p.commands.Do(t.Context(), "default", unify.PrivacyRestrict{Actor: "test", Observations: p.observations("user_id:u-1"), Reason: "asked"}); err != nil {
		t.Fatal(err)
	}
	page, err := report("default", "user_id:u-1", "", 100)
	if err != nil || len(page.Lines) < 3 || page.Lines[0].Route != "GET /admin/v1/disclosures" || !strings.HasPrefix(page.Lines[0].Actor, "socket:") {
		t.Errorf("of somebody who is restricted: %+v: %v", page, err)
	}
	for _, c := range []struct {
		workspace, address, cursor string
		limit, status              int
	}{
		{"other", "user_id:u-1", "", 10, http.StatusNotFound},
		{"default", "user_id:nobody", "", 10, http.StatusNotFound},
		{"default", "user_id:u-1", "x", 10, http.StatusBadRequest},
		{"default", "user_id:u-1", "", 0, http.StatusBadRequest},
		{"default", "user_id:u-1", "", 1001, http.StatusBadRequest},
		{"default", "u-1", "", 10, http.StatusBadRequest},
	} {
		var d *problem.Document
		if _, err := report(c.workspace, c.address, c.cursor, c.limit); !errors.As(err, &d) || d.Status != c.status {
			t.Errorf("%+v is answered with %v", c, err)
		}
	}
}

// observations are those of the profile that an address names.
func (p *program) observations(address string) (ids []uuid.UUID) {
	p.t.Helper()
	who, err := profiles.ParseAddress(address)
	if err != nil {
		p.t.Fatal(err)
	}
	found, err := p.profiles.Get(profiles.ForPrivacy(p.t.Context()), "default", who)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := range found.Profile.Observations {
		ids = append(ids, found.Profile.Observations[i].ID)
	}
	return ids
}
