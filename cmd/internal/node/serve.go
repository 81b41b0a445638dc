package node

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api"
	"tributary/api/problem"
	"tributary/api/web"
	"tributary/cmd/internal/config"
	"tributary/cmd/internal/connectors"
	"tributary/ingest/gateway"
	"tributary/journeys"
	"tributary/profiles/find"
	"tributary/profiles/live"
	"tributary/profiles/privacy/erase"
	"tributary/profiles/quarantine"
	"tributary/sql/chdb"
)

// listen opens every listener of the configured roles. Whatever fails, none stays open.
func (n *Node) listen(ctx context.Context) (servers []*server, err error) {
	defer func() {
		if err != nil {
			for _, s := range servers {
				_ = s.listener.Close() // nothing was served yet
			}
		}
	}()
	add := func(s *http.Server, l net.Listener, drain func(context.Context) error) {
		servers = append(servers, &server{http: s, listener: l, drain: drain})
	}
	handler, drain, err := n.handler()
	if err != nil {
		return servers, err
	}
	public, err := (&net.ListenConfig{}).Listen(ctx, "tcp", n.config.HTTP.Listen)
	if err != nil {
		return servers, fmt.Errorf("http.listen: %w", err)
	}
	secure, err := n.secureListener(public)
	if err != nil {
		return servers, errors.Join(err, public.Close())
	}
	front := gateway.Server(hardened(n.onceCaughtUp(handler)), n.logger)
	n.config.HTTP.Limit(front)
	front.RegisterOnShutdown(n.endStreams) // which waits for them
	front.ConnContext = api.WithSocket
	add(front, secure, drain)

	commands, err := n.commandServer(ctx)
	if err != nil {
		return servers, err
	}
	servers = append(servers, commands)

	if address := n.config.ClickHouse.InspectListen; address != "" && n.stores.engine != nil {
		inspect, err := chdb.ListenLoopback(address)
		if err != nil {
			return servers, fmt.Errorf("clickhouse.inspect_listen: %w", err)
		}
		add(&http.Server{Handler: chdb.Inspect(n.stores.engine), ReadHeaderTimeout: 5 * time.Second}, inspect, nil)
	}
	if address := n.config.HTTP.PprofListen; address != "" {
		profiling, err := chdb.ListenLoopback(address)
		if err != nil {
			return servers, fmt.Errorf("http.pprof_listen: %w", err)
		}
		add(&http.Server{Handler: pprofHandler(), ReadHeaderTimeout: 5 * time.Second}, profiling, nil)
	}
	return servers, nil
}

// gatewayRoutes are the paths of the intake; everything else is the api's.
var gatewayRoutes = map[string]bool{
	"/v1/identify": true, "/v1/track": true, "/v1/page": true, "/v1/screen": true, "/v1/group": true, "/v1/alias": true, "/v1/batch": true,
}

// handler answers sources and readers, as the roles say. A path is taken as it is: http.ServeMux would
// redirect one that it finds untidy, and an identifier may well hold two slashes.
func (n *Node) handler() (http.Handler, func(context.Context) error, error) {
	readers, err := n.readers()
	if err != nil || !n.config.Has(config.RoleGateway) {
		return readers, nil, err
	}
	counted, err := gateway.NewMetrics(n.metrics.registry)
	if err != nil {
		return nil, nil, err
	}
	intake, err := gateway.New(gateway.Config{
		EventsPerSecond: n.config.Gateway.RatePerSecond, Burst: float64(n.config.Gateway.Burst),
		MemoryBytes:           int64(n.config.Gateway.Memory),
		ClientEventsPerSecond: n.config.Gateway.ClientEventsPerSecond, ClientBurst: float64(n.config.Gateway.ClientBurst),
	}, counted.Log(n.gate), n.authKeys, n.logger)
	if err != nil {
		return nil, nil, err
	}
	if err := counted.BeyondShare(n.metrics.registry, intake); err != nil {
		return nil, nil, err
	}
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(counted.Handler(), gin.CustomRecoveryWithWriter(nil, n.recovered))
	intake.Register(router)
	intake.RegisterWebhooks(router, n.sources)
	n.routes.intake = router.Routes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gatewayRoutes[r.URL.Path] || strings.HasPrefix(r.URL.Path, "/v1/webhooks/") {
			router.ServeHTTP(w, r)
			return
		}
		readers.ServeHTTP(w, r)
	}), intake.Drain, nil
}

// recovered answers a request in which the program is at fault. The panic's value is not logged
// whole: it may hold what the client sent.
func (n *Node) recovered(c *gin.Context, fault any) {
	n.logger.ErrorContext(c.Request.Context(), "panic in request", "type", fmt.Sprintf("%T", fault), "route", c.FullPath())
	c.Abort()
	if !c.Writer.Written() {
		problem.New(problem.Internal, "").Write(c.Writer)
	}
}

func (n *Node) readers() (http.Handler, error) {
	archive, err := journeys.NewEvents(n.stores.read)
	if err != nil {
		return nil, err
	}
	secret, err := hkdf.Key(sha256.New, n.folder.key, nil, "timeline cursors", sha256.Size)
	if err != nil {
		return nil, err
	}
	timeline, err := journeys.NewTimeline(n.profiles, archive, secret)
	if err != nil {
		return nil, err
	}
	search, err := journeys.NewSearch(n.stores.read, secret)
	if err != nil {
		return nil, err
	}
	customers, err := find.NewArchive(n.stores.read)
	if err != nil {
		return nil, err
	}
	contacting, err := n.contacting()
	if err != nil {
		return nil, err
	}
	earlier, err := n.openPast()
	if err != nil {
		return nil, err
	}
	drivers, err := n.drivers()
	if err != nil {
		return nil, err
	}
	effects, err := n.effects()
	if err != nil {
		return nil, err
	}
	forecasts, err := n.forecasts()
	if err != nil {
		return nil, err
	}
	measures, err := n.measures()
	if err != nil {
		return nil, err
	}
	tokens, err := n.tokens()
	if err != nil {
		return nil, err
	}
	sessions, err := n.sessions()
	if err != nil {
		return nil, err
	}
	signIns, providers, err := n.signIns()
	if err != nil {
		return nil, err
	}
	written, err := hkdf.Key(sha256.New, n.folder.key, nil, "writes of agents", sha256.Size)
	if err != nil {
		return nil, err
	}
	health, err := n.sourceHealth()
	if err != nil {
		return nil, err
	}
	issuers, scopes := n.issuers()
	a, err := api.New(api.Config{
		Version: n.options.Version, PublicURL: n.config.HTTP.PublicURL, AuthorizationServers: issuers, AuthorizationScopes: scopes,
		Sessions: sessions, SignIns: signIns, Providers: providers, Handoffs: n.state, Promises: n.profiles, Marks: n.state, Refusals: n.gate, Secret: written,
		Live:      n.live(),
		Customers: find.New(n.profiles, customers),
		Past:      earlier, Contacting: contacting, Effects: effects, Forecasts: forecasts, Drivers: drivers, Measures: measures, Targets: n.targets(),
		SourceHealth: health, Connectors: connectors.Registry(),
		Quarantine: &quarantine.Desk{Store: n.state, Commands: n.commands, Worker: n.unify},
		Journeys:   n.journeys, ReportTimeout: time.Duration(n.config.HTTP.ReportTimeout),
		Queries:  n.queries,
		Policies: n.policies, Disclosures: n.log, Disclosed: n.disclosed,
		Profiles: n.profiles, Lineage: n.profiles, Worker: n.unify, Contacts: n.profiles, Speaker: n.commands, Accounts: n.profiles, Identity: n.identity, Stewards: n.steward, Timeline: timeline, Search: search, Sources: n.accounts, Schemas: n.state, Privacy: n.privacy, Certificates: &erase.Archive{Erasures: n.privacy, Log: n.log}, Exports: n.asExports(), Analysis: n.analysis, Commands: n.commands, Keys: n.authKeys, Tokens: tokens, Notes: n.commands, Trail: n.trail, RateLimit: n.config.HTTP.RateLimit.Quota(), Checks: n.checks(),
		Metrics: n.metrics.registry, Logger: n.logger, Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	n.routes.readers, n.endStreams = a.Rules(), a.EndStreams
	answers, err := compressed(a.Handler())
	if err != nil {
		return nil, err
	}
	return web.Handler(answers), nil
}

// live is how changes are told to those who listen.
func (n *Node) live() api.Live {
	s := n.config.Stream
	l := api.Live{
		Facts: n.state, PerKey: s.ListenersPerKey, Total: s.Listeners, Heartbeat: time.Duration(s.Heartbeat), Stall: time.Duration(s.Stall),
	}
	if n.config.State.LiveEntries > 0 {
		l.Hub = live.NewHub(live.Config{Source: n.state, Logger: n.logger, Ring: s.Buffer})
	}
	return l
}

// checks are the parts that /readyz reports.
func (n *Node) checks() []api.Check {
	return []api.Check{
		{Part: "log", Required: true, Check: func(ctx context.Context) (map[string]any, error) {
			_, err := n.log.Partitions(ctx)
			return nil, err
		}},
		{Part: "unify", Required: n.config.Has(config.RoleUnify), Check: func(ctx context.Context) (map[string]any, error) {
			var err error
			if !n.caughtUp.Load() {
				err = errCatchingUp
			}
			return map[string]any{"pending_records": n.pending(ctx), "stale_profiles": n.state.StaleProfiles()}, err
		}},
		{Part: "sink", Check: func(context.Context) (map[string]any, error) {
			lag := n.sink.Lag()
			return map[string]any{"lag_rows": lag.Rows, "lag_seconds": lag.Age.Seconds()}, nil
		}},
		{Part: "analytics_store", Check: func(ctx context.Context) (map[string]any, error) {
			return nil, n.stores.ready(ctx)
		}},
	}
}
