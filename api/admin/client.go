package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/bytedance/sonic"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/ingest/stream"
)

// ErrNoServer is returned when nobody listens on the socket.
var ErrNoServer = errors.New("admin: no server is running")

// Client asks a running server. What the server refuses is a *problem.Document; what its log
// refuses is stream.ErrFull or stream.ErrTooLarge. It is safe for concurrent use.
type Client struct{ http *http.Client }

// NewClient returns a client of the server that listens on a Unix socket.
func NewClient(socket string) *Client {
	return &Client{http: &http.Client{Transport: Transport(socket)}}
}

// Transport sends every request to the server that listens on a Unix socket, whatever host it names.
func Transport(socket string) *http.Transport {
	var dialer net.Dialer
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, "unix", socket)
			if err != nil && ctx.Err() == nil {
				err = fmt.Errorf("%w: %w", ErrNoServer, err)
			}
			return conn, err
		},
	}
}

// Close releases idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// CreateKey makes a key.
func (c *Client) CreateKey(ctx context.Context, n auth.New) (NewKey, error) {
	return call[NewKey](ctx, c, http.MethodPost, "keys", nil, n)
}

// ListKeys lists the keys of a workspace, of all for an empty name.
func (c *Client) ListKeys(ctx context.Context, workspace string) ([]*auth.Key, error) {
	return call[[]*auth.Key](ctx, c, http.MethodGet, "keys", url.Values{"workspace": {workspace}}, nil)
}

// RevokeKey takes a key back.
func (c *Client) RevokeKey(ctx context.Context, id string) (*auth.Key, error) {
	return call[*auth.Key](ctx, c, http.MethodDelete, "keys/"+url.PathEscape(id), nil, nil)
}

// ShowItem reads a quarantined item with its payload.
func (c *Client) ShowItem(ctx context.Context, workspace, place string) (Item, error) {
	return call[Item](ctx, c, http.MethodGet, "quarantine/"+url.PathEscape(place), url.Values{"workspace": {workspace}}, nil)
}

// ReplayItem has a quarantined item processed again, or what with holds in its place, and returns it as
// it is then. with is an event as JSON or a call of Segment's API; empty: the item as it is.
func (c *Client) ReplayItem(ctx context.Context, workspace, place string, with []byte) (Item, error) {
	return send[Item](ctx, c, http.MethodPost, "quarantine/"+url.PathEscape(place)+"/replay", url.Values{"workspace": {workspace}}, bytes.NewReader(with))
}

// DiscardItem closes a quarantined item for good.
func (c *Client) DiscardItem(ctx context.Context, workspace, place string) (Item, error) {
	return call[Item](ctx, c, http.MethodPost, "quarantine/"+url.PathEscape(place)+"/discard", url.Values{"workspace": {workspace}}, nil)
}

// Status tells how the parts of the server are.
func (c *Client) Status(ctx context.Context) (json.RawMessage, error) {
	return call[json.RawMessage](ctx, c, http.MethodGet, "status", nil, nil)
}

// Append makes records durable in the server's log; see stream.Log.Append.
func (c *Client) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	wire := make([]wireRecord, len(records))
	for i, r := range records {
		wire[i] = wireRecord(r)
	}
	data, err := sonic.Marshal(wire) // whole files go this way
	if err != nil {
		return nil, fmt.Errorf("ask server: %w", err)
	}
	answer, err := send[[]wirePosition](ctx, c, http.MethodPost, "append", nil, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	positions := make([]stream.Position, len(answer))
	for i, p := range answer {
		positions[i] = stream.Position(p)
	}
	return positions, nil
}

// Import sends events as JSON Lines to the bulk lane.
func (c *Client) Import(ctx context.Context, workspace, source string, lines io.Reader) (*Imported, error) {
	return send[*Imported](ctx, c, http.MethodPost, "import", url.Values{"workspace": {workspace}, "source": {source}}, lines)
}

func call[V any](ctx context.Context, c *Client, method, path string, query url.Values, body any) (V, error) {
	if body == nil {
		return send[V](ctx, c, method, path, query, http.NoBody)
	}
	data, err := json.Marshal(body)
	if err != nil {
		var none V
		return none, fmt.Errorf("ask server: %w", err)
	}
	return send[V](ctx, c, method, path, query, bytes.NewReader(data))
}

// ask returns the answer of a request that the server took. The caller closes its body.
func (c *Client) ask(ctx context.Context, method, path string, query url.Values, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://tributary/admin/v1/"+path+"?"+query.Encode(), body)
	if err != nil {
		return nil, fmt.Errorf("ask server: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask server: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.Join(refusal(response), response.Body.Close())
	}
	return response, nil
}

func send[V any](ctx context.Context, c *Client, method, path string, query url.Values, body io.Reader) (V, error) {
	var answer V
	response, err := c.ask(ctx, method, path, query, body)
	if err != nil {
		return answer, err
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return answer, fmt.Errorf("read answer of server: %w", err)
	}
	return answer, nil
}

// refusal reads the problem that a server answers.
func refusal(response *http.Response) error {
	d := new(problem.Document)
	if !strings.HasPrefix(response.Header.Get("Content-Type"), problem.ContentType) || json.NewDecoder(response.Body).Decode(d) != nil {
		return fmt.Errorf("ask server: it answers %s", response.Status)
	}
	switch d.Type {
	case logFull.Type():
		return fmt.Errorf("%w: %w", stream.ErrFull, d)
	case logTrimmed.Type():
		return fmt.Errorf("%w: %w", stream.ErrTrimmed, d)
	case logTooLarge.Type():
		return fmt.Errorf("%w: %w", stream.ErrTooLarge, d)
	}
	return d
}
