package config

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"os"
	"time"

	"tributary/ingest/ratelimit"
)

// HTTP is the interface for sources and readers.
type HTTP struct {
	Listen          string    `yaml:"listen"`
	PublicURL       string    `yaml:"public_url"`
	HeaderTimeout   Duration  `yaml:"header_timeout"`
	RequestTimeout  Duration  `yaml:"request_timeout"`
	ReportTimeout   Duration  `yaml:"report_timeout"`
	ShutdownTimeout Duration  `yaml:"shutdown_timeout"`
	PprofListen     string    `yaml:"pprof_listen"`
	RateLimit       RateLimit `yaml:"rate_limit"`
	TLS             TLS       `yaml:"tls"`
}

// RateLimit is how many requests each key that reads may send.
type RateLimit struct {
	RequestsPerSecond float64 `yaml:"requests_per_second"`
	Burst             int     `yaml:"burst"`
}

// Quota is the limit for the API.
func (r RateLimit) Quota() ratelimit.Quota {
	return ratelimit.Quota{Rate: r.RequestsPerSecond, Burst: float64(r.Burst)}
}

// TLS is the server's certificate, and whose certificates clients need.
type TLS struct {
	CertFile     string `yaml:"cert_file"`
	KeyFile      string `yaml:"key_file"`
	MinVersion   string `yaml:"min_version"`
	ClientCAFile string `yaml:"client_ca_file"`
}

// On says whether the server speaks TLS.
func (t TLS) On() bool { return t.CertFile != "" }

// tlsVersions are the versions that can be the least.
var tlsVersions = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

// Version is the least version of TLS that is spoken.
func (t TLS) Version() uint16 { return tlsVersions[t.MinVersion] }

// AnswerTime is how long an answer may take beyond the request.
const AnswerTime = 30 * time.Second

// Limit sets the server's timeouts.
func (h HTTP) Limit(s *http.Server) {
	s.ReadHeaderTimeout, s.ReadTimeout = time.Duration(h.HeaderTimeout), time.Duration(h.RequestTimeout)
	s.WriteTimeout = s.ReadTimeout + AnswerTime // counts from the header on
}

// Exposed says whether requests from other machines come in without TLS, at least as far as this server
// can tell.
func (h HTTP) Exposed() bool { return !h.TLS.On() && !loopback(h.Listen) }

// validate reports faults of the limits and of TLS, each with its path.
func (h HTTP) validate(fault func(bad bool, format string, args ...any)) {
	fault(h.HeaderTimeout <= 0, "http.header_timeout: must be greater than 0")
	fault(h.ReportTimeout < Duration(time.Second), "http.report_timeout: must be at least 1s")
	fault(h.RequestTimeout < h.HeaderTimeout, "http.request_timeout: must not be shorter than http.header_timeout")
	fault(!isOrigin(h.PublicURL), "http.public_url: must be scheme and host alone, such as https://cdp.example.com")
	fault(h.RateLimit.RequestsPerSecond < 0, "http.rate_limit.requests_per_second: must not be negative")
	fault(h.RateLimit.Burst < 0, "http.rate_limit.burst: must not be negative")
	fault((h.TLS.CertFile == "") != (h.TLS.KeyFile == ""), "http.tls: cert_file and key_file go together")
	fault(h.TLS.ClientCAFile != "" && !h.TLS.On(), "http.tls.client_ca_file: needs cert_file and key_file")
	fault(tlsVersions[h.TLS.MinVersion] == 0, "http.tls.min_version: %q is neither 1.2 nor 1.3", h.TLS.MinVersion)
	for key, path := range map[string]string{"cert_file": h.TLS.CertFile, "key_file": h.TLS.KeyFile, "client_ca_file": h.TLS.ClientCAFile} {
		if path == "" {
			continue
		}
		_, err := os.Stat(path)
		fault(err != nil, "http.tls.%s: %v", key, err)
	}
}

// isOrigin says whether a text is the address of a server without a path, or nothing.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return text == "" || err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && text == u.Scheme+"://"+u.Host
}
