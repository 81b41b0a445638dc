package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func get(t *testing.T, h http.Handler, method, path, encoding string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPagesAndFiles(t *testing.T) {
	h := handler{fstest.MapFS{
		"index.html": {Data: []byte("page")}, "app-1.js": {Data: []byte("script")}, "app-1.js.gz": {Data: zipped(t, "script")},
		"app-1.js.br": {Data: []byte("small")}, "README": {Data: []byte("no page")},
	}}
	for _, c := range []struct{ path, encoding, want, coded string }{
		{"/ui/", "", "page", ""},
		{"/ui/overview", "br", "page", ""}, // there is none in this encoding
		{"/ui/customers/email:ada@example.js", "", "page", ""},
		{"/ui/README", "", "page", ""},
		{"/ui/app-1.js", "", "script", ""},
		{"/ui/app-1.js", "gzip, br", "small", "br"},
		{"/ui/app-1.js", "gzip, br;q=0", "", "gzip"},
		{"/ui/app-1.js", "brotli", "script", ""},
	} {
		r := get(t, h, http.MethodGet, c.path, c.encoding)
		text := r.Body.String()
		if r.Code != http.StatusOK || r.Header().Get("Content-Encoding") != c.coded || (c.want != "" && text != c.want) {
			t.Errorf("%s with %q is answered with %d, %q in %q", c.path, c.encoding, r.Code, text, r.Header().Get("Content-Encoding"))
		}
		if r.Header().Get("Content-Security-Policy") != Policy || r.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s has the headers %v", c.path, r.Header())
		}
		if kept := strings.Contains(r.Header().Get("Cache-Control"), "immutable"); kept != strings.HasSuffix(c.path, "app-1.js") {
			t.Errorf("%s may be kept: %t", c.path, kept)
		}
	}
	for _, path := range []string{"/ui/nothing.js", "/ui/app-1.css"} {
		if r := get(t, h, http.MethodGet, path, ""); r.Code != http.StatusNotFound {
			t.Errorf("%s is answered with %d", path, r.Code)
		}
	}
	if r := get(t, h, http.MethodPost, "/ui/", ""); r.Code != http.StatusMethodNotAllowed {
		t.Errorf("a POST is answered with %d", r.Code)
	}
}

// TestWithoutPages: what a plain go build makes says what is missing.
func TestWithoutPages(t *testing.T) {
	r := get(t, handler{fstest.MapFS{"README": {Data: []byte("x")}}}, http.MethodGet, "/ui/overview", "")
	if text := r.Body.String(); r.Code != http.StatusNotFound || !strings.Contains(text, "make web") {
		t.Errorf("it is answered with %d, %q", r.Code, text)
	}
}

func TestTheRestIsLeftAlone(t *testing.T) {
	rest := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h := Handler(rest)
	for path, want := range map[string]int{"/": http.StatusFound, "/ui": http.StatusFound, "/v1/profiles/user_id:%2Fui%2F": http.StatusTeapot, "/uix": http.StatusTeapot} {
		if r := get(t, h, http.MethodGet, path, ""); r.Code != want {
			t.Errorf("%s is answered with %d", path, r.Code)
		}
	}
}
