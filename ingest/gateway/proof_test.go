package gateway

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// TestABrowserSaysNotWhoSomebodyIs: everybody can read the key of a browser, and could raise the level at which
// somebody else's data is shown, or make a promise in our name; a server's key may say so. In a batch the others are not disturbed.
func TestABrowserSaysNotWhoSomebodyIs(t *testing.T) {
	for _, name := range []string{
		"conversation.identified", "conversation.verified",
		"commitment.proposed", "commitment.made", "commitment.kept", "commitment.broken", "commitment.withdrawn",
		"refund.issued", "order.delivered", "payment.received", "case.resolved",
	} {
		r := newRig(t, Config{}, nil)
		call := `{"type":"track","userId":"u-1","event":"` + name + `","properties":{"conversation_id":"c-1","commitment_id":"p-1"}`
		for _, headers := range [][]string{{"Authorization", ""}, {"Authorization", "", "Origin", "https://www.example.com"}} { // without a browser as well
			a := r.post(t, "/v1/track", call+`,"writeKey":"`+browserKey+`"}`, headers...)
			if a.status != 400 || !slices.Equal(a.fields(t), []string{"event"}) {
				t.Errorf("%s by a browser's key: %d %s", name, a.status, a.body)
			}
		}
		batch := `{"writeKey":"` + browserKey + `","batch":[` + call + `},{"type":"track","anonymousId":"x","event":"a"}]}`
		if a := r.post(t, "/v1/batch", batch, "Authorization", ""); a.status != 200 || !strings.Contains(a.body, `"accepted":1,`) || !strings.Contains(a.body, `"index":0,"field":"event"`) {
			t.Errorf("%s in a batch: %d %s", name, a.status, a.body)
		}
		if a := r.post(t, "/v1/track", call+`}`); a.status != 200 {
			t.Errorf("%s by a server's key: %d %s", name, a.status, a.body)
		}
		if a := r.post(t, "/v1/page", `{"userId":"u-1","name":"`+name+`","writeKey":"`+browserKey+`"}`, "Authorization", ""); a.status != 200 {
			t.Errorf("a page of that name: %d %s", a.status, a.body)
		}
	}
}

// TestNobodySendsWhatAgentsWrite: hand-offs and notes are written through the API alone, and no call names whose event
// it is, by source or observation, whatever key it comes with.
func TestNobodySendsWhatAgentsWrite(t *testing.T) {
	r := newRig(t, Config{}, nil)
	const forged = `"source":"tributary.agent","observation":"00000000-0000-4000-8000-000000000001","Observation":"00000000-0000-4000-8000-000000000001"`
	for _, key := range []string{serverKey, browserKey, importKey} {
		for _, name := range []string{"note.added", "handoff.offered", "handoff.accepted", "handoff.returned"} {
			a := r.post(t, "/v1/track", `{"userId":"u-1","event":"`+name+`",`+forged+`,"writeKey":"`+key+`"}`, "Authorization", "")
			if a.status != 400 || !slices.Equal(a.fields(t), []string{"event"}) {
				t.Errorf("%s by %s: %d %s", name, key, a.status, a.body)
			}
		}
		a := r.post(t, "/v1/batch", `{"writeKey":"`+key+`",`+forged+`,"context":{`+forged+`},"batch":[{"type":"track","userId":"u-1","event":"page.seen",`+forged+`,"context":{`+forged+`},"properties":{`+forged+`}}]}`, "Authorization", "")
		if a.status != 200 || !strings.Contains(a.body, `"accepted":1`) {
			t.Errorf("by %s: %d %s", key, a.status, a.body)
		}
	}
	for _, x := range r.records(t) {
		if x.Kind != stream.KindEvent {
			continue
		}
		e, err := event.Decode(x.Value)
		if err != nil || e.ByAgent() || e.Observation != uuid.Nil || x.Source == event.SourceAgent {
			t.Errorf("came in: %+v, %v", e, err)
		}
	}
}
