// Package store is the analytics store: ClickHouse, embedded or clustered, behind one driver.
//
// It makes the tables (Migrate), inserts typed blocks of rows (Insert), tells which rows are there
// (Present), and runs the named queries of sql/queries (Prepare). Errors are told apart by what
// they mean for the caller (errors.go), the same on every engine.
package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// DefaultDatabase is the database when neither the DSN nor Config names one.
const DefaultDatabase = "tributary"

// Opener makes the driver's options for a DSN of its scheme. What it starts is its caller's to
// stop, after the store is closed.
type Opener func(dsn *url.URL) (*clickhouse.Options, error)

// Config is what a DSN does not say.
type Config struct {
	// Database overrides the DSN's.
	Database string
	// Cluster is the name of the cluster that tables are made on, with replicated engines.
	// Empty: one node.
	Cluster string
	// Openers are the engines beside servers, by the DSN's scheme, such as "chdb".
	Openers map[string]Opener
	// Kill ends the statement of a query id for good; nil means KILL QUERY, which suffices for
	// a server. The embedded engine has a surer one.
	Kill func(ctx context.Context, queryID string) error
	// KillSettle is how long after the first KILL QUERY a second one follows, for a statement
	// that was still on its way to a server. Default 1 s; not used with Kill.
	KillSettle time.Duration
	// InsertSettings are ClickHouse settings for every insert, such as insert_quorum.
	InsertSettings map[string]string
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)

// Validate reports every fault of the configuration.
func (c Config) Validate() error {
	var faults []error
	if c.Database != "" && !identifier.MatchString(c.Database) {
		faults = append(faults, errors.New("database: must be letters, digits and _"))
	}
	if c.Cluster != "" && !identifier.MatchString(c.Cluster) {
		faults = append(faults, errors.New("cluster: must be letters, digits and _"))
	}
	if c.KillSettle < 0 {
		faults = append(faults, errors.New("kill_settle: must not be negative"))
	}
	return errors.Join(faults...)
}

// Store is the analytics store. It is safe for concurrent use.
type Store struct {
	conn    driver.Conn
	admin   func() (driver.Conn, error) // a connection without a database
	cfg     Config
	auth    clickhouse.Auth
	queries map[string]string
	insert  clickhouse.Settings
	spare   spare
	writer  atomic.Uint32 // epoch that inserted rows bear; see Fence
}

// Open opens the store that dsn names: clickhouse://, http:// or https:// for a server, in the form
// of clickhouse-go, or a scheme of cfg.Openers, such as chdb:///path. It does not connect yet.
func Open(dsn string, cfg Config) (*Store, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, errors.New("open store: the DSN is no URL") // err repeats it, with its password
	}
	options, err := optionsOf(u, dsn, cfg.Openers)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return New(options, cfg)
}

func optionsOf(u *url.URL, dsn string, openers map[string]Opener) (*clickhouse.Options, error) {
	if open, ok := openers[u.Scheme]; ok {
		return open(u)
	}
	switch u.Scheme {
	case "clickhouse", "http", "https", "tcp":
	default:
		return nil, fmt.Errorf("no engine for the scheme %q", u.Scheme)
	}
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "https" && options.TLS == nil {
		options.TLS = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
	return options, nil
}

// planned are the settings of every statement, which settings given go before. The engine looks in every condition for comparisons that
// follow from others (a < b AND b < 5), for it might confine what is read. Ours are with values that are bound, so that none does, and in
// statements as long as those of reports it is a third of planning.
func planned(given clickhouse.Settings) clickhouse.Settings {
	settings := clickhouse.Settings{"optimize_and_compare_chain": 0}
	maps.Copy(settings, given)
	return settings
}

// New opens the store behind options, which it takes over.
func New(options *clickhouse.Options, cfg Config) (*Store, error) {
	if cfg.Database == "" {
		cfg.Database = options.Auth.Database
	}
	if cfg.Database == "" {
		cfg.Database = DefaultDatabase
	}
	if cfg.KillSettle == 0 {
		cfg.KillSettle = time.Second
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	queries, err := cfg.loadQueries(options.Auth)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	options.Auth.Database = cfg.Database
	options.Settings = planned(options.Settings)
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	without := *options
	without.Auth.Database = ""
	return &Store{
		conn:    conn,
		admin:   func() (driver.Conn, error) { return clickhouse.Open(&without) },
		cfg:     cfg,
		auth:    options.Auth,
		queries: queries,
		insert:  insertSettings(cfg.InsertSettings),
	}, nil
}

// Database returns the name of the database that the store's tables are in.
func (s *Store) Database() string { return s.cfg.Database }

// Ping says whether the engine answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.conn.Ping(ctx); err != nil {
		return fmt.Errorf("ping store: %w", Classify(err))
	}
	return nil
}

// Ready says whether the engine answers and has every migration that this program knows.
func (s *Store) Ready(ctx context.Context) error {
	due, err := s.Due(ctx)
	if err != nil {
		return err
	}
	if len(due) > 0 {
		return fmt.Errorf("store: %d migrations are due: %w", len(due), ErrNotFound)
	}
	return nil
}

// Close closes the store's connections; the engine stays its opener's.
func (s *Store) Close() error { return s.conn.Close() }
