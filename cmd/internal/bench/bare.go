package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"tributary/ingest/gateway"
)

// Bare serves what the server is compared to, until ctx ends: gin with handlers that read a body and
// answer, and do nothing else.
func Bare(ctx context.Context, address string) error {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.POST("/v1/:route", func(c *gin.Context) {
		if _, err := io.Copy(io.Discard, c.Request.Body); err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		c.Data(http.StatusOK, "application/json", []byte(`{"success":true}`))
	})
	// About what a context of the usual budget takes.
	answer := []byte(`{"facts":["` + strings.Repeat("Customer of one observation. ", 110) + `"]}`)
	router.Match([]string{http.MethodGet, http.MethodPost}, restCall.path, func(c *gin.Context) {
		if _, err := io.Copy(io.Discard, c.Request.Body); err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		c.Data(http.StatusOK, "application/json", answer)
	})
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("serve bare handlers: %w", err)
	}
	server := gateway.Server(router, slog.New(slog.DiscardHandler))
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve bare handlers: %w", err)
	}
	return nil
}
