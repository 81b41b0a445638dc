package chdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// socketHost is the authority in requests over the socket; nothing resolves it.
const socketHost = "engine"

// RoundTrip sends the request to the engine's process. Errors are the context's, ErrEngineDown,
// ErrClosed or ErrKilled; everything that the engine itself says is a response.
func (s *Supervisor) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := s.Ready(); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	out := req.Clone(req.Context())
	out.URL.Scheme, out.URL.Host, out.URL.User = "http", socketHost, nil
	out.GetBody = nil // a statement is never sent twice behind the caller's back
	resp, err := s.transport.RoundTrip(out)
	if err != nil {
		return nil, s.down(req.Context(), err)
	}
	if refusal, ok := refusals[resp.Header.Get(refusalHeader)]; ok {
		_ = resp.Body.Close()
		return nil, refusal
	}
	resp.Request = req
	resp.Body = &remoteBody{ReadCloser: resp.Body, s: s, ctx: req.Context()}
	return resp, nil
}

// down translates an error of the connection.
func (s *Supervisor) down(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return cause
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	return fmt.Errorf("%w: %w", ErrEngineDown, err)
}

// Transport sends requests to the pool of that name; Supervisor itself sends them to PoolDefault.
func (s *Supervisor) Transport(poolName string) http.RoundTripper { return poolTransport{s, poolName} }

// Kill is Engine.Kill in the engine's process. While there is none, there is nothing to end and Kill
// succeeds; ErrEngineDown says that the process died meanwhile, and the caller may try again.
func (s *Supervisor) Kill(ctx context.Context, queryID string) error {
	if err := s.Ready(); errors.Is(err, ErrEngineDown) {
		return nil
	}
	target := url.URL{Scheme: "http", Host: socketHost, Path: killPath, RawQuery: url.Values{"query_id": {queryID}}.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), nil)
	if err != nil {
		return fmt.Errorf("chdb: kill: %w", err)
	}
	resp, err := s.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("chdb: kill: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return fmt.Errorf("chdb: kill: %s", strings.TrimSpace(string(text)))
	}
	return nil
}

// remoteBody tells a connection that broke from the end of a result.
type remoteBody struct {
	io.ReadCloser
	s   *Supervisor
	ctx context.Context
}

func (b *remoteBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.s.down(b.ctx, err)
	}
	return n, err
}
