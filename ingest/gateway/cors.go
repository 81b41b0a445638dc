package gateway

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// allowOrigin lets a browser read the answer. Which origins may send with which key is decided
// once the key is known; an answer holds nothing that a page of another origin should not see.
// Credentials are allowed since navigator.sendBeacon always asks for them; none are used.
func allowOrigin(c *gin.Context) {
	origin := c.Request.Header.Get("Origin")
	if origin == "" {
		return
	}
	header := c.Writer.Header()
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Credentials", "true")
	header.Set("Access-Control-Expose-Headers", "Retry-After, Tributary-After")
	header.Add("Vary", "Origin")
}

// preflight answers a browser that asks before it sends.
func preflight(c *gin.Context) {
	allowOrigin(c)
	header := c.Writer.Header()
	header.Set("Access-Control-Allow-Methods", http.MethodPost)
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding")
	header.Set("Access-Control-Max-Age", "7200")
	c.Status(http.StatusNoContent)
}
