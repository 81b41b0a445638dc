package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	statements "tributary/sql"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// ErrChanged is returned by Migrate when a migration that was applied is not the one of this
// program: two programs disagree about what the tables are.
var ErrChanged = errors.New("store: an applied migration has changed")

// Migration is one numbered statement of sql/migrations.
type Migration struct {
	Version  uint32 `ch:"version"`
	Name     string `ch:"name"`     // the file's, without number and ending
	Checksum string `ch:"checksum"` // SHA-256 of the file, in hex
	sql      string
}

// Migrations returns all migrations, in order.
func Migrations() ([]Migration, error) {
	entries, err := fs.ReadDir(statements.Migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	all := make([]Migration, 0, len(entries))
	for _, entry := range entries { // sorted by name
		text, err := fs.ReadFile(statements.Migrations, path.Join("migrations", entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read migrations: %w", err)
		}
		number, name, _ := strings.Cut(strings.TrimSuffix(entry.Name(), ".sql"), "_")
		version, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("read migrations: %s has no number", entry.Name())
		}
		sum := sha256.Sum256(text)
		all = append(all, Migration{uint32(version), name, hex.EncodeToString(sum[:]), string(text)})
	}
	return all, nil
}

// Migrate makes the database and brings its tables to what this program knows, and returns what it
// applied. Statements are idempotent and each is recorded after it, so it may be broken off, and run
// by several programs at once.
func (s *Store) Migrate(ctx context.Context) ([]Migration, error) {
	if err := s.createDatabase(ctx); err != nil {
		return nil, fmt.Errorf("create database: %w", Classify(err))
	}
	due, err := s.Due(ctx)
	if err != nil {
		return nil, err
	}
	for i, m := range due {
		if err := s.apply(ctx, m); err != nil {
			return due[:i], fmt.Errorf("migrate %04d_%s: %w", m.Version, m.Name, Classify(err))
		}
	}
	return due, nil
}

// Due returns the migrations that were not applied yet.
func (s *Store) Due(ctx context.Context) ([]Migration, error) {
	all, err := Migrations()
	if err != nil {
		return nil, err
	}
	ledger, err := Prepare[Migration](s, "store/applied")
	if err != nil {
		return nil, err
	}
	applied, err := ledger.All(ctx, nil)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("read applied migrations: %w", err)
	}
	checksums := make(map[uint32]string, len(applied))
	for _, m := range applied {
		checksums[m.Version] = m.Checksum
	}
	var due []Migration
	for _, m := range all {
		switch checksum, ok := checksums[m.Version]; {
		case !ok:
			due = append(due, m)
		case checksum != m.Checksum:
			return nil, fmt.Errorf("migration %04d_%s: %w", m.Version, m.Name, ErrChanged)
		}
	}
	return due, nil
}

// createDatabase uses a connection without a database, as there may be none yet.
func (s *Store) createDatabase(ctx context.Context) error {
	conn, err := s.admin()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return conn.Exec(ctx, s.queries["store/create_database"], clickhouse.Named("database", s.cfg.Database))
}

func (s *Store) apply(ctx context.Context, m Migration) error {
	if err := s.conn.Exec(ctx, s.cfg.render(m.sql, s.auth)); err != nil {
		return err
	}
	return s.exec(ctx, s.queries["store/record_migration"], Params{
		"version": m.Version, "name": m.Name, "checksum": m.Checksum,
	})
}

// render replaces the markers of a statement. They have the shape of comments, so that the file as
// it stands is a valid statement for one node:
//
//	/* ON_CLUSTER */   the clause, after a table's or dictionary's name
//	/* REPLICATED */   the prefix of an engine's name
//	/* DATABASE */     the prefix of a table's name where none is implied
//	/* CREDENTIALS */  user and password of a dictionary's source
func (c Config) render(sql string, auth clickhouse.Auth) string {
	onCluster, replicated, credentials := "", "", ""
	if c.Cluster != "" {
		onCluster, replicated = "ON CLUSTER "+c.Cluster, "Replicated"
	}
	if auth.Username != "" {
		credentials = "USER " + quoteText(auth.Username) + " PASSWORD " + quoteText(auth.Password)
	}
	return strings.NewReplacer(
		"/* ON_CLUSTER */", onCluster,
		"/* REPLICATED */", replicated,
		"/* DATABASE */", c.Database+".",
		"/* CREDENTIALS */", credentials,
	).Replace(strings.TrimRight(sql, "; \n"))
}

func quoteText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
