package table

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"tributary/ingest/connector"
	"tributary/ingest/connector/mapping"
)

// Puller reads one table after another. It holds a connection only while there are more pages.
type Puller struct {
	*Database
	cfg      connector.Config
	mappers  map[string]*mapping.Mapper
	settings map[string]any
	open     func() *sql.DB
	db       *sql.DB
}

// New makes a puller; nil if the DSN's setting has no value. The DSN is a URL or keywords of libpq
// (https://www.postgresql.org/docs/current/libpq-connect.html), or, of MySQL, in the form of
// https://github.com/go-sql-driver/mysql#dsn-data-source-name, without parseTime and loc.
func New(cfg connector.Config, d *Database, mappers map[string]*mapping.Mapper, settings map[string]any) (connector.Puller, error) {
	if !cfg.Has(d.DSN) {
		return nil, nil
	}
	p := &Puller{Database: d, cfg: cfg, mappers: mappers, settings: settings}
	if d.Kind == Postgres {
		config, err := pgx.ParseConfig(cfg.Text(d.DSN))
		if err != nil {
			return nil, fmt.Errorf("%s: is no DSN of PostgreSQL", d.DSN) // the driver's text repeats parts of it
		}
		p.open = func() *sql.DB { return stdlib.OpenDB(*config) }
		return p, nil
	}
	config, err := mysql.ParseDSN(cfg.Text(d.DSN))
	if err != nil {
		return nil, fmt.Errorf("%s: is no DSN of MySQL", d.DSN)
	}
	config.ParseTime, config.Loc = true, time.UTC
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	config.Params["time_zone"] = "'+00:00'"
	connect, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("%s: is no DSN of MySQL", d.DSN)
	}
	p.open = func() *sql.DB { return sql.OpenDB(connect) }
	return p, nil
}

// checkpoint is where the puller stands: in which table, and of each how far.
type checkpoint struct {
	Table  string               `json:"table"`
	Tables map[string]*progress `json:"tables"`
}

// progress is how far a table was read. High is the last row of all; At the last one of this round, which
// began before High if rows may have committed late.
type progress struct {
	High  place     `json:"high,omitzero"`
	Met   time.Time `json:"met,omitzero"` // when High was met
	At    place     `json:"at,omitzero"`
	Round bool      `json:"round,omitempty"` // one is under way
}

// place is a row's: its cursor, and its key among equal cursors.
type place struct {
	Cursor value `json:"c,omitzero"`
	Key    value `json:"k,omitzero"`
}

// pageTime bounds a page's transaction.
const pageTime = 2 * time.Minute

// Pull reads a page of the table that is next.
func (p *Puller) Pull(ctx context.Context, from connector.Position) (connector.Page, error) {
	c := &checkpoint{}
	if from.Checkpoint != nil {
		if err := json.Unmarshal(from.Checkpoint, c); err != nil {
			return connector.Page{}, fmt.Errorf("read the checkpoint: %w", err)
		}
	}
	t, at := p.table(c, from.Since)
	var page connector.Page
	full, err := p.page(ctx, &page.Batch, t, at)
	if err != nil {
		p.Close()
		return connector.Page{}, fmt.Errorf("table %s: %w", t.Name, err)
	}
	if page.More = full; !full {
		at.finish(p.cfg.Now())
		page.More = c.next(p.Tables)
	}
	if !page.More {
		p.Close()
	}
	page.Checkpoint = connector.JSON(c)
	return page, nil
}

// Close ends the connection, if there is one.
func (p *Puller) Close() {
	if p.db != nil {
		_ = p.db.Close() // it only read
		p.db = nil
	}
}

// table is the one the checkpoint is in, at the place where its round begins or goes on.
func (p *Puller) table(c *checkpoint, since time.Time) (*Table, *progress) {
	i := slices.IndexFunc(p.Tables, func(t Table) bool { return t.Name == c.Table })
	t := &p.Tables[max(0, i)]
	c.Table = t.Name
	if c.Tables == nil {
		c.Tables = map[string]*progress{}
	}
	at := c.Tables[t.Name]
	switch {
	case at == nil:
		at = &progress{Round: true}
		at.At.Cursor.Time = since
		c.Tables[t.Name] = at
	case !at.Round:
		at.At, at.Round = at.begin(t, p.cfg.Now()), true
	}
	return t, at
}

// begin is where a round begins: after the last row, or, for as long after that as rows may still commit
// late, so much before it.
func (at *progress) begin(t *Table, now time.Time) place {
	span := max(t.span, usualOverlap)
	if at.High.Cursor.empty() || now.Sub(at.Met) > span {
		return at.High
	}
	switch cursor := at.High.Cursor; {
	case !cursor.Time.IsZero() && t.span > 0:
		return place{Cursor: value{Time: cursor.Time.Add(-t.span)}}
	case cursor.Number != nil && t.count > 0:
		n := *cursor.Number - t.count
		return place{Cursor: value{Number: &n}}
	}
	return at.High
}

// finish ends a round. The last row that it read, if it read any, is the last of the table.
func (at *progress) finish(now time.Time) {
	if !at.At.Key.empty() && !at.At.equal(&at.High) {
		at.High, at.Met = at.At, now
	}
	at.At, at.Round = place{}, false
}

// next goes on to the table after this one, and says whether there was one in this round.
func (c *checkpoint) next(tables []Table) bool {
	i := slices.IndexFunc(tables, func(t Table) bool { return t.Name == c.Table }) + 1
	c.Table = tables[i%len(tables)].Name
	return i < len(tables)
}

// page reads and maps a page from a place on, and moves it. It says whether the page was full.
func (p *Puller) page(ctx context.Context, b *connector.Batch, t *Table, at *progress) (full bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	if p.db == nil {
		p.db = p.open()
		p.db.SetMaxOpenConns(1)
		p.db.SetConnMaxIdleTime(time.Minute)
	}
	tx, err := p.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return false, plain("connect", err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	from, args := at.At.bounds()
	if p.Kind == MySQL && from == boundKey {
		args = []any{args[0], args[0], args[1]}
	}
	rows, err := tx.QueryContext(ctx, p.statement(t, from), args...)
	if err != nil {
		return false, plain("read", err)
	}
	defer rows.Close()
	count, err := p.rows(ctx, b, t, at, rows)
	return count == p.Page, err
}

func (p *Puller) rows(ctx context.Context, b *connector.Batch, t *Table, at *progress, rows *sql.Rows) (count int, err error) {
	r, err := newReader(rows, t)
	if err != nil {
		return 0, err
	}
	m := p.mappers[t.Mapping]
	for ; rows.Next(); count++ {
		object, place, err := r.row(rows)
		if err != nil {
			return count, fmt.Errorf("cursor %s or key %s: %w", t.Cursor, t.Key, err)
		}
		m.Map(ctx, b, &p.cfg, object, mapping.Vars{Settings: p.settings})
		at.At = place
	}
	if err := rows.Err(); err != nil {
		return count, plain("read", err)
	}
	return count, nil
}

func (at *place) equal(other *place) bool {
	return at.Cursor.equal(&other.Cursor) && at.Key.equal(&other.Key)
}

// bounds are what a page begins after.
func (at *place) bounds() (bound, []any) {
	switch {
	case at.Cursor.empty():
		return boundNone, nil
	case at.Key.empty():
		return boundCursor, []any{at.Cursor.bind()}
	}
	return boundKey, []any{at.Cursor.bind(), at.Key.bind()}
}

// plain is a database's error without what it repeats of rows.
func plain(doing string, err error) error {
	var refused interface{ SQLState() string }
	if errors.As(err, &refused) && len(refused.SQLState()) == 5 && refused.SQLState()[:2] == "22" {
		return fmt.Errorf("%s: the database refuses a value (SQLSTATE %s)", doing, refused.SQLState())
	}
	return fmt.Errorf("%s: %w", doing, err)
}
