package node

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestReportsAreCompressed for those who take it, and nothing else is.
func TestReportsAreCompressed(t *testing.T) {
	long := strings.Repeat(`{"value":1}`, 1000)
	h, err := compressed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if strings.HasSuffix(r.URL.Path, "stream") {
			w.Header().Set("Content-Type", "text/event-stream")
		}
		_, _ = io.WriteString(w, long) // a recorder takes everything
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, accept, coded string }{
		{"/v1/metrics/csat", "gzip, br", "gzip"},
		{"/v1/metrics", "gzip", "gzip"},
		{"/v1/journeys/funnel", "gzip", "gzip"},
		{"/v1/metrics/csat", "", ""},
		{"/v1/metrics/stream", "gzip", ""},
		{"/v1/profiles/user_id:u-1", "gzip", ""},
		{"/v1/stream", "gzip", ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil)
		r.Header.Set("Accept-Encoding", c.accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if coded := w.Header().Get("Content-Encoding"); coded != c.coded {
			t.Errorf("%s for %q is answered in %q", c.path, c.accept, coded)
		}
		if c.coded == "" && w.Body.String() != long {
			t.Errorf("%s for %q is changed", c.path, c.accept)
		}
		if c.coded != "" && w.Body.Len() > len(long)/10 {
			t.Errorf("%s for %q is answered with %d bytes", c.path, c.accept, w.Body.Len())
		}
	}
}
