package node

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"tributary/cmd/internal/config"
)

// certificates is what the server proves itself with, read again when the files change: a renewed
// certificate is in force within lookEvery. Files that do not fit together, as while they are being
// replaced, leave the last good ones in force.
type certificates struct {
	config config.TLS
	logger *slog.Logger
	now    func() time.Time

	mu     sync.Mutex
	looked time.Time
	seen   [3]fileMark // as they were when they were last read, whatever came of it
	good   *tls.Config
}

// lookEvery is how often the files are looked at, and only when somebody connects.
const lookEvery = time.Second

type fileMark struct {
	modified time.Time
	size     int64
}

func openCertificates(c config.TLS, logger *slog.Logger, now func() time.Time) (*certificates, error) {
	t := &certificates{config: c, logger: logger, now: now, looked: now()}
	t.seen = t.marks()
	var err error
	if t.good, err = t.read(); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *certificates) files() [3]string {
	return [3]string{t.config.CertFile, t.config.KeyFile, t.config.ClientCAFile}
}

func (t *certificates) marks() (marks [3]fileMark) {
	for i, path := range t.files() {
		var info fs.FileInfo
		info, err := os.Stat(path)
		if err == nil {
			marks[i] = fileMark{info.ModTime(), info.Size()}
		}
	}
	return marks
}

func (t *certificates) read() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(t.config.CertFile, t.config.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("http.tls: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: t.config.Version(), NextProtos: []string{"h2", "http/1.1"}}
	if t.config.ClientCAFile == "" {
		return c, nil
	}
	text, err := os.ReadFile(t.config.ClientCAFile)
	if err != nil {
		return nil, fmt.Errorf("http.tls.client_ca_file: %w", err)
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !c.ClientCAs.AppendCertsFromPEM(text) {
		return nil, errors.New("http.tls.client_ca_file: holds no certificate in PEM")
	}
	return c, nil
}

// current is what a client that connects now sees.
func (t *certificates) current(*tls.ClientHelloInfo) (*tls.Config, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now().Sub(t.looked) < lookEvery {
		return t.good, nil
	}
	t.looked = t.now()
	marks := t.marks()
	if marks == t.seen {
		return t.good, nil
	}
	t.seen = marks
	fresh, err := t.read()
	if err != nil {
		t.logger.Warn("the new certificate cannot be used; the one before stays in force", "error", err)
		return t.good, nil
	}
	t.logger.Info("certificate read again")
	t.good = fresh
	return fresh, nil
}

// secureListener is the listener for sources and readers: with TLS if it is configured. Without, and where
// other machines can reach it, it says so: keys and customers' data are then readable on the way, unless a
// proxy in front speaks TLS, which a server in a container cannot see. So this is no reason not to start.
func (n *Node) secureListener(plain net.Listener) (net.Listener, error) {
	if n.config.HTTP.TLS.On() {
		certificates, err := openCertificates(n.config.HTTP.TLS, n.logger, time.Now)
		if err != nil {
			return nil, err
		}
		// net/http's own plain answers to what it cannot read stay as they are: they are encrypted here.
		return tls.NewListener(plain, &tls.Config{
			MinVersion: n.config.HTTP.TLS.Version(), NextProtos: []string{"h2", "http/1.1"}, GetConfigForClient: certificates.current,
		}), nil
	}
	if n.config.HTTP.Exposed() {
		n.logger.Warn("listening without TLS on an address that other machines reach: keys and customers' data can be read on the way; set http.tls, or see to it that a proxy with TLS is in front",
			"http", n.config.HTTP.Listen)
	}
	return problemListener{plain}, nil
}

// strictTransport is for how long browsers are told to come with TLS alone.
const strictTransport = "max-age=31536000"

// hardened sets what all answers have, of sources and readers: they are not guessed at, and whoever came
// with TLS once comes with TLS alone.
func hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", strictTransport)
		}
		next.ServeHTTP(w, r)
	})
}
