package admin

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"tributary/profiles/unify"
)

type peerKey struct{}

func withPeer(ctx context.Context, peer string) context.Context {
	return context.WithValue(ctx, peerKey{}, peer)
}

// unknownPeer is who asks where the system does not say which user it is.
const unknownPeer = "socket"

// requestIDHeader is the header that names the request in the answer and in the audit trail.
const requestIDHeader = "X-Request-Id"

// attribute has everything that comes of a request stand in the audit trail under who sent it.
func attribute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by := unify.By{Actor: unknownPeer, RequestID: uuid.NewString()}
		if peer, ok := r.Context().Value(peerKey{}).(string); ok {
			by.Actor = peer
		}
		w.Header().Set(requestIDHeader, by.RequestID)
		next.ServeHTTP(w, r.WithContext(unify.WithBy(r.Context(), by)))
	})
}
