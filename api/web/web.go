// Package web holds the dashboards: what api/web/app is bundled into by `make web`.
//
// They are files, and nothing here knows of customers: pages call the REST API as everybody does. A
// program that was built without them serves a page that says so.
package web

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"tributary/api/browser"
)

//go:embed all:dist
var built embed.FS

//go:embed missing.html
var missing []byte

// Base is the path under which the dashboards are.
const Base = "/ui/"

// Policy is the Content-Security-Policy of the pages: scripts, styles and requests of this server alone, nothing
// inline, and no text that becomes markup: the one policy of Trusted Types lets the empty text through alone (app/main.tsx).
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types default"

// Built says whether the program holds the dashboards.
func Built() bool { return has(files(), "index.html") }

// Handler serves what is under Base, leads there from the server's root, and leaves everything else to next. A path
// under Base that is no file's is a page's: which one, the script decides.
func Handler(next http.Handler) http.Handler {
	pages := handler{files()}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/" || r.URL.Path+"/" == Base:
			http.Redirect(w, r, Base, http.StatusFound)
		case strings.HasPrefix(r.URL.Path, Base):
			pages.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func files() fs.FS {
	dist, err := fs.Sub(built, "dist")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return dist
}

type handler struct{ files fs.FS }

// ServeHTTP implements http.Handler.
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, Base)
	header := w.Header()
	browser.Restrict(header, Policy)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "pages are read alone", http.StatusMethodNotAllowed)
		return
	}
	switch {
	case !has(h.files, "index.html"):
		header.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write(missing) // who went away needs no page
	case !isAsset(name): // an identifier in a page's path may well end as a file does
		header.Set("Cache-Control", "no-cache")
		h.send(w, r, "index.html")
	case !has(h.files, name):
		http.NotFound(w, r)
	default:
		// The name holds the hash of what is in the file.
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.send(w, r, name)
	}
}

// isAsset says whether a path under Base names a file: they lie in one folder.
func isAsset(name string) bool {
	ext := path.Ext(name)
	return !strings.Contains(name, "/") && media[ext] != "" && ext != ".html"
}

// media does not ask mime, which goes by the machine's own tables.
var media = map[string]string{".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

// encodings are those in which a file lies ready, the smaller first.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

func (h handler) send(w http.ResponseWriter, r *http.Request, name string) {
	header := w.Header()
	header.Set("Content-Type", mime.FormatMediaType(media[path.Ext(name)], map[string]string{"charset": "utf-8"}))
	header.Set("Vary", "Accept-Encoding")
	file := name
	for _, e := range encodings {
		if accepts(r.Header.Get("Accept-Encoding"), e.name) && has(h.files, name+e.suffix) {
			header.Set("Content-Encoding", e.name)
			file = name + e.suffix
			break
		}
	}
	content, err := fs.ReadFile(h.files, file)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	header.Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content) // who went away needs no file
}

// accepts says whether a client takes an encoding (RFC 9110, section 12.5.3).
func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		_, quality, given := strings.Cut(weight, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(quality), 64)
		return !given || (err == nil && q > 0)
	}
	return false
}

func has(files fs.FS, name string) bool {
	info, err := fs.Stat(files, name)
	return err == nil && info.Mode().IsRegular()
}
