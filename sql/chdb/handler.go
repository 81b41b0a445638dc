package chdb

import (
	"errors"
	"io"
	"maps"
	"net/http"
)

const (
	// refusalHeader carries, from the child to its parent, an error that is no exception of the
	// engine.
	refusalHeader = "X-Tributary-Refusal"
	killPath      = "/-/kill"
	// maxHeader is large because bound parameters travel in the URL.
	maxHeader = 64 << 20
)

// refusals are the errors that keep their identity on the way to the parent.
var refusals = map[string]error{"closed": ErrClosed, "killed": ErrKilled}

// childHandler serves the engine's whole interface, Kill, and whether it is alive, to the parent process.
func childHandler(e *Engine) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", forward(e))
	mux.Handle("POST "+alivePath, serveAlive(e))
	mux.HandleFunc("POST "+killPath, func(w http.ResponseWriter, r *http.Request) {
		if err := e.Kill(r.Context(), r.URL.Query().Get("query_id")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return mux
}

// forward serves requests by a RoundTripper.
func forward(via http.RoundTripper) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body := r.Body
		r.Body = io.NopCloser(body)
		resp, err := via.RoundTrip(r)
		if err != nil {
			refuseHTTP(w, err)
			return
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			// The sender of rows that were refused reads the answer only when it has sent them all.
			_, _ = io.Copy(io.Discard, body)
		}
		maps.Copy(w.Header(), resp.Header)
		w.WriteHeader(resp.StatusCode)
		if _, err := io.Copy(flushing{w, http.NewResponseController(w)}, resp.Body); err != nil {
			panic(http.ErrAbortHandler) // the client must not take a part for the whole
		}
	}
}

func refuseHTTP(w http.ResponseWriter, err error) {
	for name, refusal := range refusals {
		if errors.Is(err, refusal) {
			w.Header().Set(refusalHeader, name)
		}
	}
	http.Error(w, err.Error(), http.StatusServiceUnavailable)
}

// flushing sends what it is given at once: a slow query's first rows should not wait for its last.
type flushing struct {
	w    io.Writer
	ctrl *http.ResponseController
}

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err != nil {
		return n, err
	}
	return n, f.ctrl.Flush()
}
