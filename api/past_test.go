package api

import (
	"net/http"
	"testing"
)

// TestAsOfWithoutTheArchive: what was cannot be told while the analytics store is away, and what is can.
func TestAsOfWithoutTheArchive(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	w.policed(trusting)
	key := w.keyFor("support", "human")
	const who = "/v1/profiles/anonymous_id:anon-1"
	w.get(who, key, http.StatusOK)
	for _, rest := range []string{"?as_of=2026-03-01T13:00:00Z", "/traits/plan/history"} {
		if d := w.get(who+rest, key, http.StatusServiceUnavailable); d["type"] != "urn:tributary:problem:unavailable" {
			t.Errorf("%s is answered with %v", rest, d)
		}
	}
}
