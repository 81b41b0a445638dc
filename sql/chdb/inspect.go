package chdb

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
)

// ErrNotLoopback is returned by ListenLoopback for an address that others could reach.
var ErrNotLoopback = errors.New("chdb: the engine is served on loopback only")

// Pooled is what Inspect reads through: an *Engine or a *Supervisor.
type Pooled interface {
	Transport(pool string) http.RoundTripper
}

// Inspect serves ClickHouse's HTTP interface, read-only, for an operator's tools: curl, a ClickHouse
// client library, Grafana. Statements run in PoolInspect. It asks for no password, so it belongs on
// loopback; it answers only to a loopback name, so that a page in a browser cannot reach it under a
// name of its own.
func Inspect(via Pooled) http.Handler {
	query := forward(compressing{via.Transport(PoolInspect)})
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "Ok.\n") }
	mux.HandleFunc("/ping", ok)
	mux.HandleFunc("/replicas_status", ok)
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		if (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.URL.Query().Get("query") == "" {
			ok(w, r)
			return
		}
		query(w, r)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); !isLoopbackHost(r.Host) || origin != "" && !isLoopbackOrigin(origin) {
			http.Error(w, "this interface answers to loopback names only", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// ListenLoopback listens on a TCP address, such as 127.0.0.1:8123, that only this machine can reach.
// The error wraps ErrNotLoopback for any other.
func ListenLoopback(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("chdb: listen: %w", err)
	}
	if !isLoopbackHost(host) {
		return nil, fmt.Errorf("%w: %s is not a loopback address", ErrNotLoopback, address)
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("chdb: listen: %w", err)
	}
	if bound, ok := listener.Addr().(*net.TCPAddr); !ok || !bound.IP.IsLoopback() { // "localhost" may be anything
		return nil, errors.Join(fmt.Errorf("%w: %s is %v", ErrNotLoopback, address, listener.Addr()), listener.Close())
	}
	return listener, nil
}

func isLoopbackOrigin(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && isLoopbackHost(u.Host)
}

// isLoopbackHost takes a host with or without a port.
func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// compressing adds the encodings that tools ask for: ClickHouse's own block compression (compress,
// decompress) and gzip.
type compressing struct{ next http.RoundTripper }

func (c compressing) RoundTrip(req *http.Request) (*http.Response, error) {
	query := req.URL.Query()
	out := req.Clone(req.Context())
	statement, err := unpack(req.Body, req.Header.Get("Content-Encoding") == "gzip", isOn(query.Get("decompress")))
	if err != nil {
		return asException(err).response(req), nil
	}
	out.Body, out.ContentLength = statement, -1
	packed := isOn(query.Get("compress"))
	zipped := isOn(query.Get("enable_http_compression")) && strings.Contains(req.Header.Get("Accept-Encoding"), "gzip")
	query.Del("compress")
	query.Del("decompress")
	out.URL.RawQuery = query.Encode()
	resp, err := c.next.RoundTrip(out)
	if err != nil || resp.ContentLength == 0 {
		return resp, err
	}
	switch {
	case packed:
		resp.Body = &packedBody{body: resp.Body, w: compress.NewWriter(0, compress.LZ4)}
		resp.ContentLength = -1
		resp.Header.Del("Content-Length")
	case zipped:
		resp.Header.Set("Content-Encoding", "gzip")
		resp.Header.Del("Content-Length")
		resp.ContentLength = -1
		resp.Body = zipBody(resp.Body)
	}
	return resp, nil
}

// unpack reads the whole of a compressed body: it is a statement, for this interface takes no rows.
func unpack(body io.ReadCloser, gzipped, packed bool) (io.ReadCloser, error) {
	if body == nil || !gzipped && !packed {
		return body, nil
	}
	var plain io.Reader = body
	if gzipped {
		unzip, err := gzip.NewReader(body)
		if err != nil {
			return nil, refuse(codeBadRequest, "BAD_ARGUMENTS", "The body is not gzip")
		}
		plain = unzip
	}
	if packed {
		plain = compress.NewReader(plain)
	}
	sql, err := io.ReadAll(io.LimitReader(plain, maxStatement+1))
	if err != nil && !errors.Is(err, io.EOF) { // the block reader wraps its io.EOF
		return nil, refuse(codeBadRequest, "BAD_ARGUMENTS", "The body cannot be decompressed")
	}
	return io.NopCloser(bytes.NewReader(sql)), nil
}

// packedBody packs a result into ClickHouse's compressed blocks, piece by piece.
type packedBody struct {
	body io.ReadCloser
	w    *compress.Writer
	out  []byte
	buf  []byte
	err  error
}

func (b *packedBody) Read(p []byte) (int, error) {
	for len(b.out) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		if b.buf == nil {
			b.buf = make([]byte, 256<<10)
		}
		var n int
		n, b.err = b.body.Read(b.buf)
		if n == 0 {
			continue
		}
		if err := b.w.Compress(b.buf[:n]); err != nil {
			b.err = err
			return 0, err
		}
		b.out = b.w.Data
	}
	n := copy(p, b.out)
	b.out = b.out[n:]
	return n, nil
}

func (b *packedBody) Close() error { return b.body.Close() }

// zipBody compresses a result while it is read.
func zipBody(body io.ReadCloser) io.ReadCloser {
	reader, writer := io.Pipe()
	go func() {
		defer body.Close()
		zip := gzip.NewWriter(writer)
		_, err := io.Copy(zip, body)
		if err == nil {
			err = zip.Close()
		}
		_ = writer.CloseWithError(err) // always nil
	}()
	return reader
}
