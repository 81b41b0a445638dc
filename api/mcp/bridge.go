package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Bridge carries messages between a client on stdio and a server's /mcp. It knows nothing of tools: what the server
// shows to the key is what the client sees.
type Bridge struct {
	URL    string // of the server, such as http://127.0.0.1:8080
	Key    string // or token
	Client *http.Client
	In     io.ReadCloser
	Out    io.WriteCloser
}

// maxCalls bounds how many calls of a client are under way at once.
const maxCalls = 16

// Run carries messages until In ends and every call is answered, or the context is done.
func (b *Bridge) Run(ctx context.Context) error {
	client, err := (&mcp.IOTransport{Reader: b.In, Writer: b.Out}).Connect(ctx)
	if err != nil {
		return fmt.Errorf("open stdio: %w", err)
	}
	defer client.Close()
	c := &crossing{client: client, headers: &headers{next: b.Client.Transport, key: b.Key}}
	if c.headers.next == nil {
		c.headers.next = http.DefaultTransport
	}
	server := *b.Client
	server.Transport = c.headers
	c.server = mcp.StreamableClientTransport{
		Endpoint: b.URL + "/mcp", HTTPClient: &server, MaxRetries: -1, DisableStandaloneSSE: true,
	}
	return c.run(ctx)
}

// crossing is a bridge in use.
type crossing struct {
	client  mcp.Connection
	server  mcp.StreamableClientTransport
	headers *headers
}

func (c *crossing) run(ctx context.Context) error {
	var calls sync.WaitGroup
	defer calls.Wait()
	free := make(chan struct{}, maxCalls)
	for {
		message, err := c.client.Read(ctx)
		switch {
		case errors.Is(err, io.EOF), ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("read from client: %w", err)
		}
		request, ok := message.(*jsonrpc.Request)
		if !ok {
			continue // the server asks nothing of clients
		}
		free <- struct{}{}
		calls.Go(func() {
			defer func() { <-free }()
			c.carry(ctx, request)
		})
	}
}

// carry brings one message over, and its answer back. Every message has a connection of its own: the server keeps no
// sessions, and what is wrong with one message is no reason to refuse the next.
func (c *crossing) carry(ctx context.Context, request *jsonrpc.Request) {
	answer, err := c.ask(ctx, request)
	if !request.IsCall() {
		return // nobody waits for what becomes of it
	}
	if err != nil {
		answer = &jsonrpc.Response{ID: request.ID, Error: wireError(err)}
	}
	c.headers.note(request, answer)
	_ = c.client.Write(ctx, answer) // if the client is gone, reading ends as well
}

func (c *crossing) ask(ctx context.Context, request *jsonrpc.Request) (jsonrpc.Message, error) {
	server, err := c.server.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	if err := server.Write(ctx, request); err != nil || !request.IsCall() {
		return nil, err
	}
	return server.Read(ctx)
}

// wireError is what a client is told of an answer that is none.
func wireError(err error) *jsonrpc.Error {
	var wire *jsonrpc.Error
	if errors.As(err, &wire) {
		return wire
	}
	return &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: "no answer of the server: " + err.Error()}
}

// headers adds to requests what a connection that has seen the handshake would.
type headers struct {
	next    http.RoundTripper
	key     string
	version atomic.Pointer[string] // of the protocol, as the handshake settled it
}

const versionHeader = "Mcp-Protocol-Version"

// RoundTrip implements http.RoundTripper.
func (h *headers) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+h.key)
	if version := h.version.Load(); version != nil && r.Header.Get(versionHeader) == "" {
		r.Header.Set(versionHeader, *version)
	}
	return h.next.RoundTrip(r)
}

// note remembers which version of the protocol a handshake settled.
func (h *headers) note(request *jsonrpc.Request, answer jsonrpc.Message) {
	response, ok := answer.(*jsonrpc.Response)
	if !ok || request.Method != "initialize" || response.Error != nil {
		return
	}
	var settled mcp.InitializeResult
	if err := json.Unmarshal(response.Result, &settled); err == nil && settled.ProtocolVersion != "" {
		h.version.Store(&settled.ProtocolVersion)
	}
}
