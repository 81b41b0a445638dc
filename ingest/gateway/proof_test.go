package gateway

import (
	"slices"
	"strings"
	"testing"
)

// TestABrowserSaysNotWhoSomebodyIs: everybody can read the key of a browser, and could raise the level at which
// somebody else's data is shown; a server's key may say so. In a batch the others are not disturbed.
func TestABrowserSaysNotWhoSomebodyIs(t *testing.T) {
	for _, name := range []string{"conversation.identified", "conversation.verified"} {
		r := newRig(t, Config{}, nil)
		call := `{"type":"track","userId":"u-1","event":"` + name + `","properties":{"conversation_id":"c-1"}`
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
