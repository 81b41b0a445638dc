// Package api answers questions about customers over HTTP.
//
// Every route names the scope that a key needs for it (routes.go), every read stays inside the
// key's workspace, and every error is a problem document. What it serves of who somebody is comes
// from the hot state; only the timeline reaches back into the archive.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/api/mcp"
	"tributary/api/statement"
	"tributary/identity"
	"tributary/ingest/connector"
	"tributary/ingest/ratelimit"
	"tributary/journeys"
	"tributary/profiles"
	"tributary/profiles/explain"
	"tributary/profiles/quarantine"
)

// The defaults of Config.
const (
	DefaultTimeout      = 10 * time.Second
	DefaultReadyTimeout = 2 * time.Second
	// DefaultReportTimeout is for reports, which read the events of months.
	DefaultReportTimeout = time.Minute
)

// Profiles finds the profile that an address names; profiles.Service is one.
type Profiles interface {
	Get(ctx context.Context, workspace string, address profiles.Address) (*profiles.Answer, error)
}

// Identity says why somebody is who they are; explain.Service is one.
type Identity interface {
	Explain(ctx context.Context, workspace string, q explain.Question) (*explain.Answer, error)
	Identifier(ctx context.Context, workspace string, id identity.Identifier) (*explain.Standing, error)
}

// Timeline pages through the events of a profile; journeys.Timeline is one.
type Timeline interface {
	Page(ctx context.Context, r journeys.Request) (*journeys.Page, error)
}

// Config is what an API is made of.
type Config struct {
	Profiles Profiles
	Lineage  Lineage
	Worker   Worker
	Accounts Accounts
	Identity Identity
	// Stewards takes decisions about who is who.
	Stewards Stewards
	Contacts Contacts
	Speaker  Speaker
	Timeline Timeline
	Search   Search
	// Customers finds them by whatever one knows.
	Customers Customers
	Past      Past
	Analysis  Analysis
	// Contacting makes the reports of how people contact us.
	Contacting Contacting
	// Drivers says why customers make contact.
	Drivers Drivers
	// Effects says what goes with the quality of service, and which uses of AI pay.
	Effects Effects
	// Forecasts says how many contacts will come.
	Forecasts Forecasts
	// Measures answers the metrics of customer experience.
	Measures Measures
	// Targets says what they are to come to.
	Targets  Targets
	Journeys Journeys
	Commands Commands
	Sources  Sources
	Schemas  Schemas
	// Quarantine is the desk of what could not be processed.
	Quarantine *quarantine.Desk
	// SourceHealth says how sources are.
	SourceHealth SourceHealth
	// Connectors are those that the program has.
	Connectors connector.Registry
	Privacy    Privacy // nil: requests of privacy are not taken
	// Certificates are those of erasures; nil: there are none to be had.
	Certificates Certificates
	Exports      Exports // nil: no exports are made
	Keys         Keys
	Tokens       Tokens // nil: keys alone open anything
	Sessions     Sessions
	SignIns      SignIns
	Providers    Providers // nil: people sign in with keys alone
	Notes        Notes
	Handoffs     Handoffs
	Promises     Promises
	Marks        Marks
	Refusals     Refusals
	// Secret is the key of the hashes that name writes: 32 random bytes, the same for as long as message ids are
	// remembered.
	Secret []byte
	Trail  Trail
	// AuthorizationServers are the issuers whose tokens are taken, and PublicURL is where clients reach the server, such as
	// https://cdp.example.com: clients of OAuth are told both. Default of PublicURL: as the request says.
	AuthorizationServers []string
	AuthorizationScopes  []string // that clients may ask them for
	PublicURL            string
	// Version is the program's, for clients of the Model Context Protocol.
	Version string
	// RateLimit is how many requests a second each key, or bearer of tokens, may send, unless the key
	// says otherwise.
	RateLimit ratelimit.Quota
	// Policies say what a reader may see, and Disclosures keeps what was seen.
	Policies    Policies
	Disclosures Appender
	Disclosed   Disclosed
	// Live is what streams of changes are made of.
	Live Live
	// Checks are the parts that /readyz reports.
	Checks []Check
	// Queries runs analysts' statements.
	Queries *statement.Desk
	// Metrics collects the API's metrics and is what /metrics serves.
	Metrics *prometheus.Registry
	Logger  *slog.Logger
	Now     func() time.Time
	// Timeout bounds every request but those that say otherwise, and ReportTimeout reports.
	// Default DefaultTimeout and DefaultReportTimeout.
	Timeout, ReportTimeout time.Duration
}

// Validate reports every fault, each with its field.
func (c Config) Validate() error {
	var faults []error
	need := func(ok bool, field string) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s: is required", field))
		}
	}
	need(c.Profiles != nil, "profiles")
	need(c.Lineage != nil, "lineage")
	need(c.Worker != nil, "worker")
	need(c.Accounts != nil, "accounts")
	need(c.Identity != nil, "identity")
	need(c.Customers != nil, "customers")
	need(c.Stewards != nil, "stewards")
	need(c.Contacts != nil, "contacts")
	need(c.Speaker != nil, "speaker")
	need(c.Timeline != nil, "timeline")
	need(c.Search != nil, "search")
	need(c.Past != nil, "past")
	need(c.Analysis != nil, "analysis")
	need(c.Contacting != nil, "contacting")
	need(c.Drivers != nil, "drivers")
	need(c.Effects != nil, "effects")
	need(c.Forecasts != nil, "forecasts")
	need(c.Journeys != nil, "journeys")
	need(c.Measures != nil, "measures")
	need(c.Targets != nil, "targets")
	need(c.Commands != nil, "commands")
	need(c.Sources != nil, "sources")
	need(c.Schemas != nil, "schemas")
	need(c.Quarantine != nil, "quarantine")
	need(c.SourceHealth != nil, "source_health")
	need(c.Keys != nil, "keys")
	need(c.Policies != nil, "policies")
	need(c.Disclosures != nil, "disclosures")
	need(c.Disclosed != nil, "disclosed")
	need(c.Queries != nil, "queries")
	need(c.Notes != nil, "notes")
	need(c.Handoffs != nil, "handoffs")
	need(c.Promises != nil, "promises")
	need(c.Sessions != nil, "sessions")
	need(c.SignIns != nil, "sign-ins")
	need(c.Marks != nil, "marks")
	need(c.Refusals != nil, "refusals")
	need(len(c.Secret) >= 32, "secret")
	need(c.Trail != nil, "trail")
	need(c.Metrics != nil, "metrics")
	need(c.Logger != nil, "logger")
	need(c.Now != nil, "now")
	seen := map[string]bool{}
	for i, check := range c.Checks {
		if check.Part == "" || check.Check == nil || seen[check.Part] {
			faults = append(faults, fmt.Errorf("checks[%d]: needs a part of its own and a function", i))
		}
		seen[check.Part] = true
	}
	if c.Timeout < 0 || c.ReportTimeout < 0 {
		faults = append(faults, errors.New("timeout: is negative"))
	}
	return errors.Join(faults...)
}

// API is the HTTP interface. It is safe for concurrent use.
type API struct {
	Config
	engine  *gin.Engine
	metrics *metrics
	mcp     *mcp.Server
	limits  *ratelimit.Limiter
	// handoffLocks are held while a step of a hand-off is written.
	handoffLocks handoffLocks
	streams      *streams
	trials       chan struct{} // holds one while a connector is tried
	defining     sync.Mutex    // held while definitions take the place of those that were read
	down         sync.Map      // by part: those that did not work when they were last asked
}

// New returns an API. It fails with every fault of the configuration.
func New(c Config) (*API, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("configure api: %w", err)
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.ReportTimeout == 0 {
		c.ReportTimeout = DefaultReportTimeout
	}
	m, err := newMetrics(c.Metrics)
	if err != nil {
		return nil, fmt.Errorf("configure api: %w", err)
	}
	c.Profiles, c.Past, c.Contacts = watched{c.Profiles}, watchedPast{c.Past}, watchedContacts{c.Contacts}
	c.Live.withDefaults()
	a := &API{Config: c, metrics: m, streams: newStreams(), trials: make(chan struct{}, 1), limits: ratelimit.New()}
	a.engine = a.newEngine()
	tools, err := tools()
	if err != nil {
		return nil, fmt.Errorf("configure api: %w", err)
	}
	a.mcp = mcp.New(c.Version, a.inProcess(), tools)
	return a, nil
}

// Handler serves all routes.
func (a *API) Handler() http.Handler { return a.engine }

func (a *API) newEngine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	// Addresses are taken from the path as it was sent (address.go), so that a value may hold a
	// slash and a plus stays a plus.
	e.UseRawPath = true
	e.UnescapePathValues = false
	e.RedirectTrailingSlash = false
	e.HandleMethodNotAllowed = true
	e.ContextWithFallback = true
	_ = e.SetTrustedProxies(nil) // addresses of clients are not used
	e.Use(a.identify, a.observe, a.recover, secure, a.limit)
	e.NoRoute(noRoute)
	e.NoMethod(noMethod)
	for _, r := range a.routes() {
		e.Handle(r.method, r.path, a.authorize(r.scope), a.begin(r.rule), r.handler)
	}
	return e
}
