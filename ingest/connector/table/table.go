// Package table reads new and changed rows out of tables of PostgreSQL and MySQL (MariaDB), by a column
// that grows when a row changes. It is for databases of one's own, such as in-house billing; declarative
// files configure it, under database.
//
// A page is one read-only transaction that reads at most so many rows, in the order of the cursor column
// and, among equal cursors, of the key column, from after the last row that was kept. So rows of equal
// cursors are never lost between pages. An index on (cursor, key) makes it cheap.
//
// A row that commits late has a cursor from before rows that were read already: for as long as overlap after
// the last new cursor was met, each round begins that much earlier, and what comes again makes the same
// message ids. Overlap must be longer than the longest transaction that writes to the table.
//
// Limits: rows without a cursor (null) are not read. A row that is deleted is not there to be read: give
// it a column that says so, and the mapping's record.deleted that column. A row changed twice between two
// rounds is read once, in its last state.
package table

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Database is the part of a declarative file that names tables.
type Database struct {
	Kind   string  `yaml:"kind"` // postgres or mysql
	DSN    string  `yaml:"dsn"`  // the setting, a secret; default dsn
	Page   int     `yaml:"page"` // rows a page; default 1000
	Tables []Table `yaml:"tables"`
}

// Table is a table, or a view.
type Table struct {
	Name    string   `yaml:"name"`
	Table   string   `yaml:"table"`   // with its schema if need be; default the name
	Columns []string `yaml:"columns"` // default all
	Cursor  string   `yaml:"cursor"`  // a time, or a whole number, that grows with every change
	Key     string   `yaml:"key"`     // a unique column
	// Overlap is how much is read again for rows that commit late: a span of time for a cursor that is a
	// time, default 5m; a number for one that is a number, default 0.
	Overlap string `yaml:"overlap"`
	Mapping string `yaml:"mapping"`

	span  time.Duration
	count int64
}

// The kinds of database.
const (
	Postgres = "postgres"
	MySQL    = "mysql"
)

const (
	usualPage    = 1000
	maxPage      = 10_000
	usualOverlap = 5 * time.Minute
)

var (
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]*$`)
	number     = regexp.MustCompile(`^[0-9]{1,18}$`)
)

// Check sets the defaults and calls fault with every fault and its path below at.
func (d *Database) Check(at string, fault func(at, format string, args ...any)) {
	if d.Kind != Postgres && d.Kind != MySQL {
		fault(at+".kind", "must be %s or %s", Postgres, MySQL)
	}
	if d.DSN == "" {
		d.DSN = "dsn"
	}
	if d.Page == 0 {
		d.Page = usualPage
	}
	if d.Page < 1 || d.Page > maxPage {
		fault(at+".page", "must be between 1 and %d", maxPage)
	}
	if len(d.Tables) == 0 {
		fault(at+".tables", "must name at least one")
	}
	seen := map[string]bool{}
	for i := range d.Tables {
		t, path := &d.Tables[i], fmt.Sprintf("%s.tables[%d]", at, i)
		if t.Name == "" || seen[t.Name] {
			fault(path+".name", "must be given, and once")
		}
		seen[t.Name] = true
		t.check(path, fault)
	}
}

func (t *Table) check(at string, fault func(at, format string, args ...any)) {
	if t.Table == "" {
		t.Table = t.Name
	}
	const form = "must be letters, digits and _, not beginning with a digit"
	for part := range strings.SplitSeq(t.Table, ".") {
		if !identifier.MatchString(part) {
			fault(at+".table", form)
			break
		}
	}
	columns := map[string]string{"cursor": t.Cursor, "key": t.Key}
	for i, name := range t.Columns {
		columns[fmt.Sprintf("columns[%d]", i)] = name
	}
	for path, name := range columns {
		if !identifier.MatchString(name) {
			fault(at+"."+path, form)
		}
	}
	var err error
	switch {
	case t.Overlap == "":
		t.span = usualOverlap
	case number.MatchString(t.Overlap):
		_, err = fmt.Sscan(t.Overlap, &t.count)
	default:
		t.span, err = time.ParseDuration(t.Overlap)
	}
	if err != nil || t.span < 0 {
		fault(at+".overlap", "must be a span of time, such as 5m, or a whole number")
	}
}

// statement is the SQL of a page; from says how many of the bounds it has: none, the cursor, or the
// cursor and the key.
func (d *Database) statement(t *Table, from bound) string {
	quote, place := `"`, [...]string{"$1", "$2"}
	if d.Kind == MySQL {
		quote, place = "`", [...]string{"?", "?"}
	}
	quoted := func(name string) string {
		return quote + strings.ReplaceAll(name, ".", quote+"."+quote) + quote
	}
	columns := "*"
	if len(t.Columns) > 0 {
		all := make([]string, 0, len(t.Columns)+2)
		for _, name := range t.columns() {
			all = append(all, quoted(name))
		}
		columns = strings.Join(all, ", ")
	}
	cursor, key := quoted(t.Cursor), quoted(t.Key)
	where := cursor + " IS NOT NULL"
	switch from {
	case boundNone:
	case boundCursor:
		where = cursor + " >= " + place[0]
	case boundKey: // not (a, b) > (x, y), for which MySQL uses no index
		where = fmt.Sprintf("%s >= %s AND (%s > %s OR %s > %s)", cursor, place[0], cursor, place[0], key, place[1])
		if d.Kind == MySQL {
			where = fmt.Sprintf("%s >= ? AND (%s > ? OR %s > ?)", cursor, cursor, key)
		}
	}
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s, %s LIMIT %d", columns, quoted(t.Table), where, cursor, key, d.Page)
}

type bound int

const (
	boundNone bound = iota
	boundCursor
	boundKey
)

// columns are those asked for, with the cursor and the key.
func (t *Table) columns() []string {
	all := append([]string(nil), t.Columns...)
	for _, name := range []string{t.Cursor, t.Key} {
		if !contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func contains(all []string, name string) bool {
	for _, one := range all {
		if strings.EqualFold(one, name) {
			return true
		}
	}
	return false
}
