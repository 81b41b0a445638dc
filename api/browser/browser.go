// Package browser says what browsers may do with an answer.
package browser

import "net/http"

// Restrict sets the headers that every answer has, of the API and of the dashboards: it is not sniffed, tells no other
// site where its reader comes from, is neither embedded nor opened by another site's page, and asks for no device.
// Policy is its Content-Security-Policy: what it may run, and what may frame it.
func Restrict(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}
