package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/ingest/ratelimit"
)

// BenchmarkKeyCheck serves one request of a small answer, of all that a request passes but the network:
// open, and with a key that is checked, limited and put on record. Compare the two.
func BenchmarkKeyCheck(b *testing.B) {
	w := newWorld(b)
	w.api.RateLimit = ratelimit.Quota{Rate: 1e6, Burst: 1e9}
	key := w.key(auth.KindRead, "acme")
	for _, tt := range []struct {
		name  string
		scope auth.Scope
	}{{"open", public}, {"key", auth.ScopeSourcesRead}} {
		e := gin.New()
		e.Use(w.api.identify, w.api.recover, secure, w.api.limit)
		e.GET("/", w.api.authorize(tt.scope), func(c *gin.Context) { c.Data(http.StatusOK, "application/json", []byte("{}")) })
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
				r.Header.Set("Authorization", "Bearer "+key)
				answer := httptest.NewRecorder()
				e.ServeHTTP(answer, r)
				if answer.Code != http.StatusOK {
					b.Fatal(answer.Code)
				}
			}
		})
	}
}
