package gateway

import (
	"log/slog"
	"net/http"
	"time"
)

// Server returns a server with the limits that the intake needs: a client that sends too slowly is
// answered with 408 or cut off, instead of holding a connection for ever. A body at the limit of
// 500 KB must come at 17 KB/s at least.
func Server(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // counts from the header on: reading, the log, the answer
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}
