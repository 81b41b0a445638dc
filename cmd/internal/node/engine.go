package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/cmd/internal/config"
	"tributary/sql/chdb"
	"tributary/sql/store"
)

// engine is the embedded engine, in this process or in a child; nil where a server is used.
type engine interface {
	Transport(pool string) http.RoundTripper
	Kill(ctx context.Context, queryID string) error
	Close() error
}

// EngineCommand is the hidden command of the program that ends in chdb.RunChild.
const EngineCommand = "engine"

const schemeEmbedded = "chdb"

// stores are the analytics store as its users need it: writes with few threads, reads with limits.
type stores struct {
	engine      engine
	write, read *store.Store
	analyst     *store.Store // for statements that analysts write
}

// openStores opens the store that the configuration names. inProcess runs the embedded engine here
// rather than in a child: for one-shot commands.
func openStores(ctx context.Context, c config.ClickHouse, data string, inProcess bool, logger *slog.Logger) (*stores, error) {
	dsn := c.DSN
	if dsn == "" {
		dsn = schemeEmbedded + "://" + filepath.Join(data, "clickhouse")
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, errors.New("clickhouse.dsn: is no URL") // err repeats it, with its password
	}
	s := &stores{}
	if u.Scheme == schemeEmbedded {
		if s.engine, err = openEngine(ctx, c, u.Path, inProcess, logger); err != nil {
			return nil, err
		}
	}
	s.write, err = s.open(dsn, c, chdb.PoolWrite)
	if err == nil {
		s.read, err = s.open(dsn, c, chdb.PoolRead)
	}
	if err == nil {
		s.analyst, err = s.open(dsn, c, chdb.PoolAnalyst)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func openEngine(ctx context.Context, c config.ClickHouse, path string, inProcess bool, logger *slog.Logger) (engine, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	cfg := chdb.Config{Path: absolute, Library: c.Library, MaxMemory: uint64(c.MaxMemory), Logger: logger}
	if inProcess {
		return chdb.Open(cfg)
	}
	return chdb.Supervise(ctx, cfg, chdb.Child{Args: []string{EngineCommand}})
}

func (s *stores) open(dsn string, c config.ClickHouse, pool string) (*store.Store, error) {
	cfg := store.Config{Database: c.Database, Cluster: c.Cluster}
	if s.engine != nil {
		cfg.Kill = s.engine.Kill
		cfg.Openers = map[string]store.Opener{schemeEmbedded: func(*url.URL) (*clickhouse.Options, error) {
			return chdb.Options(s.engine.Transport(pool), c.Database), nil
		}}
	}
	return store.Open(dsn, cfg)
}

// hopeless are the faults of a migration that no waiting mends.
var hopeless = []error{store.ErrPermanent, store.ErrInvalid, store.ErrChanged}

// migrate brings the tables up to date, and tries again while the store is away.
func (s *stores) migrate(ctx context.Context, logger *slog.Logger) error {
	const longest = 10 * time.Second
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, longest) {
		done, err := s.write.Migrate(ctx)
		for _, m := range done {
			logger.InfoContext(ctx, "migrated", "name", m.Name)
		}
		if err == nil || slices.ContainsFunc(hopeless, func(e error) bool { return errors.Is(err, e) }) {
			return err
		}
		if ctx.Err() != nil { // a command that is done: nothing is wrong
			return ctx.Err()
		}
		logger.WarnContext(ctx, "the analytics store does not answer; trying again", "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// mend has the engine make what a loss of power broke of its projections. Meanwhile, and if it fails, reports read events.
func (s *stores) mend(ctx context.Context, logger *slog.Logger) {
	mended, err := s.write.MendProjections(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		logger.WarnContext(ctx, "cannot mend projections of events", "error", err)
	case len(mended) > 0:
		logger.InfoContext(ctx, "making projections of events", "projections", len(mended))
	}
}

// ready says whether the store answers and is up to date.
func (s *stores) ready(ctx context.Context) error {
	if down, ok := s.engine.(interface{ Ready() error }); ok {
		if err := down.Ready(); err != nil {
			return fmt.Errorf("engine: %w", err)
		}
	}
	return s.read.Ready(ctx)
}

// Close closes the stores and the engine.
func (s *stores) Close() error {
	var faults []error
	for _, open := range []*store.Store{s.write, s.read, s.analyst} {
		if open != nil {
			faults = append(faults, open.Close())
		}
	}
	if s.engine != nil {
		faults = append(faults, s.engine.Close())
	}
	return errors.Join(faults...)
}

// Migrate brings the tables up to date without anything else running, and returns the names of the
// migrations that it applied.
func Migrate(ctx context.Context, c config.Config, logger *slog.Logger) (applied []string, err error) {
	held, err := openFolder(c.DataDir, c.Identity.KeyFile)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	s, err := openStores(ctx, c.ClickHouse, held.path, true, logger)
	if err != nil {
		return nil, fmt.Errorf("open analytics store: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	done, err := s.write.Migrate(ctx)
	for _, m := range done {
		applied = append(applied, m.Name)
	}
	return applied, err
}
