// Package kit tells whether a connector is right: a suite that any connector passes offline, with its
// vendor's payloads as fixtures and its vendor's API acted out on loopback.
//
// Run runs it as Go tests; Check returns what it found, for `tributary connectors check`.
package kit

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"time"

	"tributary/ingest/connector"
)

// Subject is a connector with what the suite needs to know of its vendor.
//
// Fixtures hold payloads as the vendor documents them, with invented people:
//
//	webhook/<name>.<ext>         a delivery's body; names are unique without their extension
//	webhook/<name>.golden.json   the events it makes, and the parts rejected
//	pull/<stream>.json           records of the vendor's API, a list, oldest first
//	pull/<stream>.golden.json    the events of pulling all of them
//
// They lie in the folder testdata of the connector's package, embedded as it is (`//go:embed testdata`).
// Golden files are written anew by `go test ./ingest/connector/<name> -update`, and read by a person; a raw
// object that stands in the fixture as it is shows as its path there. All moments in fixtures are before Now.
type Subject struct {
	Connector connector.Connector
	// Settings configure it for the suite. A secret's value stands in itself here. What NewPuller asks
	// is told by API's address: the setting BaseURL names is set to it.
	Settings map[string]string
	BaseURL  string
	Fixtures fs.FS

	// Deliver makes the request in which the vendor would send a fixture's body at a time, signed with
	// the secrets of Settings. Nil if there is no webhook. The fixture is its name without folder and
	// extension. The suite changes the body and has it signed again; to what carries the proof (a
	// header, a parameter of the query) Deliver adds nothing that the proof does not need.
	Deliver func(fixture string, body []byte, at time.Time) *connector.Request
	// Tolerance is how old a signed delivery may be; 0 if the vendor signs no time.
	Tolerance time.Duration
	// TokenOnly says that the vendor shows a shared token and signs no body.
	TokenOnly bool
	// Optional are paths in deliveries and records, such as "$.order.refunds[].id", whose absence
	// rightly makes fewer events; what is below them counts too. Absence of all others must not.
	Optional []string

	// API acts the vendor's API out over the records of the fixtures, by stream: its paths, its paging
	// in pages of at most pageSize records, its filters by date, its authorisation with the secrets of
	// Settings. Nil if there is no puller. The suite puts faults between it and the puller.
	API func(records map[string][]json.RawMessage, pageSize int) http.Handler
	// Since is a moment in the middle of the fixtures' records, for backfill from a date; Changed is
	// when a record was last changed.
	Since   time.Time
	Changed func(stream string, record json.RawMessage) time.Time

	// Forgets says that the vendor keeps what happened for some time only (Stripe's events, 30 days): a
	// puller that begins later rightly brings less of it, or tells it otherwise.
	Forgets bool

	// Deletes says that the vendor tells of deletions, and that some fixture is one.
	Deletes bool
}
