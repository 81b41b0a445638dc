// Package connector is the contract between Tributary and the systems a company already has. A
// Connector is a name, a documented list of settings, and a webhook decoder, a puller with a
// checkpoint, or both; what they make are canonical events.
//
// A connector translates and nothing else: it keeps no state, knows neither the log nor the
// workspace, and stamps no time of receipt. Package source runs configured connectors, package kit
// tells whether one is right, and each vendor has a package of its own below this one. README.md
// walks through writing one.
package connector

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Connector is a kind of source. It is a value: the registry is a list of them, filled in cmd.
type Connector struct {
	// Name is what configuration calls it, such as "stripe": see event.ValidSource. Free events are
	// named "<name>.<vendor's name>".
	Name string
	// Title is the vendor's own name for it, Summary one sentence about what comes in.
	Title, Summary string
	// Docs are the vendor's pages that the decoding relies on.
	Docs []string
	// Settings are what may be configured; see Configure.
	Settings []Setting
	// Makes lists the names of the vocabulary that it translates to. Everything else that the vendor
	// sends becomes a free event.
	Makes []string
	// NewWebhook makes the decoder of a configured source; nil if the vendor calls nobody. Settings
	// were checked one by one before; what only shows between them is its error.
	NewWebhook func(Config) (Webhook, error)
	// NewPuller makes the puller of a configured source; nil if there is nothing to ask. It returns
	// nil, nil if the settings say that this source only listens.
	NewPuller func(Config) (Puller, error)
	// Rate is the vendor's limit on requests of the puller. The zero value is none.
	Rate Rate
}

// Rate is so many requests in so much time.
type Rate struct {
	Requests int
	Per      time.Duration
}

// Request is a call of a vendor, as it came.
type Request struct {
	Method string
	// URL is where it came to. Vendors that sign the address (Twilio) sign the one they were given,
	// which a proxy may have changed: such a connector has it as a setting.
	URL      *url.URL
	Header   http.Header
	Body     []byte
	Received time.Time // UTC, to the millisecond
}

// Webhook reads what a vendor sends. It is safe for concurrent use, and does not keep the request.
type Webhook interface {
	// Verify returns nil if the request is proven to be the vendor's and fresh: else ErrUnsigned,
	// ErrSignature or ErrStale, wrapped or bare. Comparing takes the same time for any wrong value
	// (crypto/hmac.Equal).
	Verify(r *Request) error
	// Decode makes events of a verified request. What it cannot make sense of, whole or in part, it
	// puts into the batch's rejected ones. An error means that the request is no delivery at all (not
	// JSON, say); it is answered with 400 and nothing is kept.
	Decode(r *Request) (Batch, error)
}

var (
	// ErrUnsigned is returned by Verify when the proof is missing.
	ErrUnsigned = errors.New("the signature is missing")
	// ErrSignature is returned by Verify when the proof is wrong.
	ErrSignature = errors.New("the signature does not match")
	// ErrStale is returned by Verify when the proof is right and too old, or of the future: somebody
	// may be repeating it.
	ErrStale = errors.New("the signature's time is too far from now")
)

// Puller asks a vendor for what is new. It is used by one goroutine at a time, and keeps nothing
// between calls: everything it goes by is in the checkpoint.
type Puller interface {
	// Pull fetches the next page. Its error stops nothing: the runtime waits and asks again from the
	// same checkpoint. See API for the errors of requests.
	Pull(ctx context.Context, from Position) (Page, error)
}

// Position is where a puller stands.
type Position struct {
	// Checkpoint is that of the last page that was kept; nil at the beginning.
	Checkpoint json.RawMessage
	// Since is from when on history is wanted, at the beginning; zero for all of it.
	Since time.Time
}

// Page is what one Pull brought.
type Page struct {
	Batch
	// Checkpoint is where to go on, a JSON value of at most MaxCheckpointBytes. It is kept after the
	// page is durable, so a page may come twice and never not at all: message ids must not depend on
	// how pages were cut.
	Checkpoint json.RawMessage
	// More says that the next page is there already. If not, the runtime asks again after the source's
	// interval.
	More bool
}

// MaxCheckpointBytes bounds Page.Checkpoint.
const MaxCheckpointBytes = 16 << 10
