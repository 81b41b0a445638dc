package node

import (
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// compressed answers reports in gzip to whom asks for it: an overview is forty of them, which say much alike. Other routes
// answer little, or at once, or in formats that are compressed already.
//
// What is compressed together can be guessed by its length (BREACH), by who has a victim's browser send requests and sees
// how long the answers are; a session's cookie is taken from own pages alone, so that nobody else can.
func compressed(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1<<10), gzhttp.ContentTypes([]string{"application/json"}))
	if err != nil {
		return nil, err
	}
	small := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/metrics") || strings.HasPrefix(r.URL.Path, "/v1/journeys/") {
			small.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	}), nil
}
