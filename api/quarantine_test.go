package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/ingest/stream"
	"tributary/profiles/sourcehealth"
)

// someRates are those of source web: four events in the minute of epoch.
type someRates struct{ *world }

func (r someRates) Since(context.Context, string, time.Time, time.Time) ([]sourcehealth.Rate, error) {
	if r.noStore {
		return nil, fmt.Errorf("engine is down")
	}
	return []sourcehealth.Rate{
		{Source: "web", Hour: uint32(epoch.Unix()), Events: 3},
		{Source: "web", Hour: uint32(epoch.Add(time.Hour).Unix()), Minute: uint32(epoch.Add(time.Hour).Unix()), Events: 4},
	}, nil
}

// putAside appends what ends in the quarantine: parts that were no event, and one that is no JSON.
func (w *world) putAside(source string, payloads ...string) (places []string) {
	w.Helper()
	for i, payload := range payloads {
		value, err := json.Marshal(map[string]any{"reason": "invalid", "field": "event", "payload": json.RawMessage(payload)})
		w.must(err)
		at, err := w.log.Append(w.Context(), []stream.Record{{
			Kind: stream.KindRejected, Workspace: "acme", Source: source, MessageID: fmt.Sprintf("aside-%d", i), ReceivedAt: epoch, Value: value,
		}})
		w.must(err)
		w.must(w.worker.Applied(w.Context(), at[0]))
		places = append(places, fmt.Sprintf("%d-%d-0", at[0].Partition, at[0].Offset))
	}
	return places
}

func (w *world) broken(source string) string {
	w.Helper()
	at, err := w.log.Append(w.Context(), []stream.Record{{
		Kind: stream.KindEvent, Workspace: "acme", Source: source, MessageID: "broken", ReceivedAt: epoch, Value: []byte(`{`),
	}})
	w.must(err)
	w.must(w.worker.Applied(w.Context(), at[0]))
	return fmt.Sprintf("%d-%d-0", at[0].Partition, at[0].Offset)
}

func TestQuarantineIsListedCountedAndChanged(t *testing.T) {
	w := newWorld(t)
	read, admin := w.key(auth.KindRead, "acme"), w.key(auth.KindAdmin, "acme")
	places := w.putAside("web", `{"a":1}`, `{"a":2}`, `{"a":3}`)
	broken := w.broken("shop")

	counts := w.get("/v1/quarantine/counts", read, http.StatusOK)["counts"].([]any)
	if len(counts) != 2 || counts[1].(map[string]any)["items"] != 3.0 || counts[1].(map[string]any)["reason"] != "invalid" {
		t.Fatalf("counts %v", counts)
	}
	page := w.get("/v1/quarantine?source=web&limit=2&status=open", read, http.StatusOK)
	if items := page["items"].([]any); len(items) != 2 || page["next"] == nil || items[0].(map[string]any)["replayable"] != false {
		t.Fatalf("first page %v", page)
	}
	page = w.get("/v1/quarantine?source=web&limit=2&after="+page["next"].(string), read, http.StatusOK)
	if len(page["items"].([]any)) != 1 || page["next"] != nil {
		t.Fatalf("second page %v", page)
	}

	change := func(step, key, body string, status int) map[string]any {
		t.Helper()
		return w.decoded(w.do(http.MethodPost, "/v1/quarantine/"+step, key, body), status)
	}
	would := change("rehearse", read, `{"select":{"source":"shop"}}`, http.StatusOK)
	if c := would["changes"].([]any); len(c) != 1 || c[0].(map[string]any)["place"] != broken || c[0].(map[string]any)["now_reason"] != "not_json" {
		t.Errorf("rehearsed %v", would)
	}
	change("replay", read, `{"select":{}}`, http.StatusForbidden)
	now := change("replay", admin, `{"places":["`+places[0]+`","`+broken+`"]}`, http.StatusOK)
	if now["items"] != 2.0 || len(now["sums"].([]any)) != 2 {
		t.Errorf("replayed %v", now)
	}
	now = change("discard", admin, `{"select":{"source":"web"},"limit":2}`, http.StatusOK)
	if now["items"] != 2.0 || now["next"] == nil {
		t.Errorf("discarded %v", now)
	}
	now = change("discard", admin, `{"select":{"source":"web"},"after":"`+now["next"].(string)+`"}`, http.StatusOK)
	if now["items"] != 1.0 || now["next"] != nil {
		t.Errorf("then %v", now)
	}
	for body, field := range map[string]string{
		`{}`: "places", `{"places":[],"select":{}}`: "places", `{"places":["x"]}`: "places[0]", `{"places":[],"after":"1-1-0"}`: "after",
		`{"select":{},"limit":2000}`: "limit", `{"select":{"since":"2026-01-02T00:00:00Z","until":"2026-01-01T00:00:00Z"}}`: "select.until",
	} {
		if faults := change("rehearse", read, body, http.StatusBadRequest)["errors"].([]any); faults[0].(map[string]any)["field"] != field {
			t.Errorf("%s: %v", body, faults)
		}
	}
}

func TestItemIsCorrected(t *testing.T) {
	w := newWorld(t)
	admin := w.key(auth.KindAdmin, "acme")
	place := w.putAside("web", `{"type":"track","userId":"u-1"}`)[0]
	path := "/v1/quarantine/items/" + place + "/correct"
	v := w.decoded(w.do(http.MethodPost, path, admin, `{"with":{"type":"track","userId":"u-1"}}`), http.StatusBadRequest)
	if faults := v["errors"].([]any); faults[0].(map[string]any)["field"] != "event" {
		t.Errorf("what is still wrong gives %v", faults)
	}
	v = w.decoded(w.do(http.MethodPost, path, admin, `{"with":{"type":"track","event":"Ordered","userId":"u-1"}}`), http.StatusOK)
	if v["status"] != "replayed" {
		t.Errorf("corrected it is %v", v)
	}
	w.decoded(w.do(http.MethodPost, path, admin, `{"with":{"type":"track","event":"Ordered","userId":"u-1"}}`), http.StatusConflict)
	w.decoded(w.do(http.MethodPost, path, admin, `{}`), http.StatusBadRequest)
}

// aside is a payload with a mark of every class, under the names that sources give them.
const aside = `{"type":"track","userId":"markidentifier-4711","ines@example.com":1,"context":{"traits":{"email":"markmail@example.com",
"firstName":"Quentinmark"}},"notes":"markcontent","amount":"8642.97","plan":["markmoney"],"items":[],"ok":true,"none":null}`

// TestPayloadIsMaskedByThePolicy: structure and types for all; values as the policy says of somebody who is not
// verified; the text as it was sent only for who may see every class.
func TestPayloadIsMaskedByThePolicy(t *testing.T) {
	w := newWorld(t)
	place := w.putAside("web", aside)[0]
	inside := map[string][]string{
		policy.ClassIdentifier: {"markidentifier-4711"}, policy.ClassContact: {"markmail@example.com"}, policy.ClassIdentity: {"Quentinmark"},
		policy.ClassContent: {"markcontent"}, policy.ClassMoney: {"8642.97", "markmoney"},
	}
	for _, purpose := range policy.Purposes() {
		for _, reader := range policy.Readers() {
			key := w.keyFor(purpose, reader)
			answer := w.do(http.MethodGet, "/v1/quarantine/items/"+place, key, "")
			v := w.decoded(answer, http.StatusOK)
			all := true
			for _, class := range policy.Default().Classes() {
				r := policy.Default().Rule(purpose, reader, class)
				shows := r.Do == policy.Show && (r.Needs == policy.Claimed || r.Below == policy.Show) && r.Consent == "" && r.MaxAge == 0
				all = all && r.Do == policy.Show && (r.Needs == policy.Claimed || r.Below == policy.Show) && r.Consent == ""
				for _, mark := range inside[class] {
					if shown := strings.Contains(answer.Body.String(), mark); shown != shows {
						t.Errorf("%s %s: %s of class %s: shown is %v", purpose, reader, mark, class, shown)
					}
				}
			}
			payload := v["payload"].(map[string]any)
			if payload["whole"] != all || (payload["text"] != nil) != all {
				t.Errorf("%s %s: whole is %v, %v; it should be %v", purpose, reader, payload["whole"], payload["text"], all)
			}
			if !all && strings.Contains(answer.Body.String(), "ines@") {
				t.Errorf("%s %s: a name that is somebody's is shown: %s", purpose, reader, answer.Body)
			}
			if values := payload["values"].([]any); len(values) != 11 || values[1].(map[string]any)["path"] != "userId" || values[1].(map[string]any)["type"] != "text" {
				t.Errorf("%s %s: the structure is %v", purpose, reader, values)
			}
		}
	}
}

func TestQuarantineIsOfOneWorkspace(t *testing.T) {
	w := newWorld(t)
	place := w.putAside("web", aside)[0]
	stranger := w.key(auth.KindAdmin, "globex")
	w.get("/v1/quarantine/items/"+place, stranger, http.StatusNotFound)
	w.decoded(w.do(http.MethodPost, "/v1/quarantine/items/"+place+"/correct", stranger, `{"with":{}}`), http.StatusNotFound)
	for _, step := range []string{"rehearse", "replay", "discard"} {
		for _, body := range []string{`{"places":["` + place + `"]}`, `{"select":{}}`} {
			if v := w.decoded(w.do(http.MethodPost, "/v1/quarantine/"+step, stranger, body), http.StatusOK); v["items"] != 0.0 {
				t.Errorf("%s of another workspace's: %v", step, v)
			}
		}
	}
	if v := w.get("/v1/quarantine", stranger, http.StatusOK); len(v["items"].([]any)) != 0 {
		t.Errorf("another workspace sees %v", v)
	}
	if v := w.get("/v1/quarantine?status=open", w.key(auth.KindRead, "acme"), http.StatusOK); len(v["items"].([]any)) != 1 {
		t.Errorf("its own: %v", v)
	}
}

func TestHealthOfSources(t *testing.T) {
	w := newWorld(t)
	read := w.key(auth.KindRead, "acme")
	first := w.event(1, "web", "E", nil, id("user_id", "u"))
	w.put(first, first, w.event(2, "web", "E", nil, id("user_id", "u")), w.event(3, "web", "E", nil, id("user_id", "u")))
	w.reject("web", "r-1")
	v := w.get("/v1/source-health", read, http.StatusOK)
	list := v["sources"].([]any)
	if len(list) != 2 || v["rated"] != true {
		t.Fatalf("health %v", v)
	}
	billing, web := list[0].(map[string]any), list[1].(map[string]any)
	if billing["connector"] != "stripe" || fmt.Sprint(billing["signs"]) != "[never]" || fmt.Sprint(billing["ways"]) != "[webhook]" {
		t.Errorf("a configured one that never sent: %v", billing)
	}
	hours, minutes := web["per_hour"].([]any), web["per_minute"].([]any)
	if len(hours) != 24 || hours[22] != 3.0 || hours[23] != 4.0 || len(minutes) != 60 || minutes[59] != 4.0 {
		t.Errorf("rates %v %v", hours, minutes)
	}
	// Of three stored the store holds two.
	if lag := web["lag"].(map[string]any); lag["behind"] != 1.0 || lag["seconds"] != 90.0 || lag["pending"] != 0.0 {
		t.Errorf("lag %v", lag)
	}
	if today := web["today"].(map[string]any); today["received"] != 5.0 || today["quarantined"] != 1.0 || fmt.Sprint(web["signs"]) != "[quarantined behind]" {
		t.Errorf("today %v, %v", today, web["signs"])
	}
	w.noStore = true
	v = w.get("/v1/source-health", read, http.StatusOK)
	if web = v["sources"].([]any)[1].(map[string]any); v["rated"] != false || web["per_hour"] != nil || account(web) != [4]float64{5, 3, 1, 1} {
		t.Errorf("without the store %v", v)
	}
	if v = w.get("/v1/source-health", w.key(auth.KindRead, "globex"), http.StatusOK); len(v["sources"].([]any)) != 0 {
		t.Errorf("another workspace sees %v", v)
	}
}
