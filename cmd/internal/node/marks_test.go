package node

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/profiles/state"
	"tributary/sql/chdb"
)

// needles are the person's mark as it may lie in a file: as it is, in UTF-16, in hex, in base64 at each of the
// three places where it may begin, and the digits of the number.
func (m *person) needles() [][]byte {
	plain := []byte(m.prefix)
	var wide []byte
	for _, unit := range utf16.Encode([]rune(m.prefix)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	all := [][]byte{plain, bytes.ToUpper(plain), wide, []byte(hex.EncodeToString(plain)), []byte(strings.ToUpper(hex.EncodeToString(plain)))}
	for shift := range 3 {
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), plain...))
		all = append(all, []byte(text[4:len(text)-4])) // what neighbours have a part in is left out
	}
	return append(all, []byte(m.phone[1:]))
}

// around is the neighbourhood of the first mark in a text.
func (m *person) around(text []byte) string {
	for _, n := range m.needles() {
		if at := bytes.Index(text, n); at >= 0 {
			return fmt.Sprintf("%q", text[max(0, at-150):min(len(text), at+60)])
		}
	}
	return ""
}

func (m *person) in(text []byte) bool {
	return slices.ContainsFunc(m.needles(), func(n []byte) bool { return bytes.Contains(text, n) })
}

// marked lists the files of a data folder, and its ledger, that hold a mark: in their bytes, and where they are
// blocks that the engine compressed, in those.
func marked(t *testing.T, dir string, m *person) (files []string) {
	t.Helper()
	look := func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() || d.Name() == "ballast" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if m.in(raw) || m.in([]byte(path[len(dir):])) || m.in(unpacked(raw)) {
			name, _ := filepath.Rel(dir, path)
			files = append(files, name)
		}
		return nil
	}
	if err := filepath.WalkDir(dir, look); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(dir+".erasures", look); err != nil {
		t.Fatal(err)
	}
	return files
}

// unpacked is what a file of compressed blocks holds, one after the other, as far as it is one.
func unpacked(raw []byte) []byte {
	var out bytes.Buffer
	_, _ = io.Copy(&out, compress.NewReader(bytes.NewReader(raw)))
	return out.Bytes()
}

// wantMarks: the search sees the marks in these parts of the folder, so that it means something when it does not.
func wantMarks(t *testing.T, dir string, m *person, parts ...string) {
	t.Helper()
	files := marked(t, dir, m)
	for _, part := range parts {
		if !slices.ContainsFunc(files, func(f string) bool { return strings.HasPrefix(f, part+"/") }) {
			t.Errorf("no mark is found in %s: the search is blind there", part)
		}
	}
	packed := false
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil {
			t.Fatal(err)
		}
		packed = packed || !m.in(raw) && m.in(unpacked(raw))
	}
	if !packed {
		t.Error("no mark is found in compressed blocks alone: the search does not unpack")
	}
}

func wantNoMarks(t *testing.T, dir string, m *person) {
	t.Helper()
	if files := marked(t, dir, m); files != nil {
		t.Errorf("marks are left in %v", files)
	}
	wantNoKeys(t, dir, m)
}

// wantRows looks at every row and column of every table, system tables included, and at every key and value of
// the state, and every record of the log, for marks: they are in these tables, and in no other.
func wantRows(t *testing.T, p *program, m *person, tables ...string) {
	t.Helper()
	conn, err := clickhouse.Open(chdb.Options(p.stores.engine.Transport(chdb.PoolRead), "tributary"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	names, err := conn.Query(t.Context(), `SELECT database, name FROM system.tables
		WHERE database = 'tributary' AND engine LIKE '%MergeTree' OR database = 'system' AND name IN ('mutations', 'parts', 'processes', 'errors', 'dictionaries')
		OR database = 'system' AND name LIKE '%_log'`)
	if err != nil {
		t.Fatal(err)
	}
	var found, seen []string
	for names.Next() {
		var database, name string
		if err := names.Scan(&database, &name); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, name)
		rows, err := conn.Query(t.Context(), fmt.Sprintf("SELECT toString(tuple(*)) FROM %s.%s", database, name))
		if err != nil {
			t.Fatalf("%s.%s: %v", database, name, err)
		}
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(text, "toString(tuple") && m.in([]byte(text)) {
				if len(tables) == 0 {
					t.Errorf("%s holds %s", name, m.around([]byte(text)))
				}
				if !slices.Contains(found, name) {
					found = append(found, name)
				}
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatalf("%s.%s: %v", database, name, err)
		}
	}
	if err := names.Close(); err != nil || len(seen) < 12 {
		t.Fatalf("%d tables are looked at: %v", len(seen), err)
	}
	for _, table := range tables {
		if !slices.Contains(found, table) {
			t.Errorf("no mark is found in the table %s: the search is blind there", table)
		}
	}
	records := p.markedRecords(m)
	if len(tables) > 0 && len(records) == 0 {
		t.Error("no mark is found in the log: the search is blind there")
	}
	if len(tables) == 0 && len(records) > 0 {
		t.Errorf("records of the log hold marks: %q", records)
	}
}

// markedRecords lists the records of the log that hold a mark.
func (p *program) markedRecords(m *person) (found []string) {
	p.t.Helper()
	partitions, err := p.log.Partitions(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, info := range partitions {
		reader, err := p.log.Reader(info.ID, info.First)
		if err != nil {
			p.t.Fatal(err)
		}
		for at := info.First; at < info.Next; {
			entries, err := reader.Next(p.t.Context(), 1000)
			if err != nil {
				p.t.Fatal(err)
			}
			for _, e := range entries {
				if text := slices.Concat([]byte(e.MessageID+" "), e.Value); m.in(text) {
					found = append(found, fmt.Sprintf("%s %s: %s", e.Position, e.Kind, m.around(text)))
				}
				at = e.Offset + 1
			}
		}
		_ = reader.Close()
	}
	return found
}

// othersOf is every row of every table that is made from the log and holds no mark, but for the columns that a
// rebuild makes otherwise: the place of a row, and the counter of versions.
func othersOf(p *program, m *person) map[string][]string {
	p.t.Helper()
	conn, err := clickhouse.Open(chdb.Options(p.stores.engine.Transport(chdb.PoolRead), "tributary"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	all := map[string][]string{}
	for table, condition := range map[string]string{
		"events": "name != 'E' AND message_id != 'm-cc'", "consent_changes": "1",
	} {
		rows, err := conn.Query(p.t.Context(), fmt.Sprintf(
			"SELECT toString(tuple(* EXCEPT (writer, query))) FROM %s WHERE %s ORDER BY ALL", table, condition))
		if err != nil {
			p.t.Fatal(err)
		}
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				p.t.Fatal(err)
			}
			if !m.in([]byte(text)) {
				all[table] = append(all[table], text)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			p.t.Fatal(err)
		}
	}
	return all
}

// wantNoKeys: no key or value of the state holds a mark, as those read it that open it.
func wantNoKeys(t *testing.T, dir string, m *person) {
	t.Helper()
	st, err := state.Open(state.Config{Dir: filepath.Join(dir, "state")})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	it, err := st.DB().NewIter(nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ok := it.First(); ok; ok = it.Next() {
		n++
		if m.in(it.Key()) || m.in(it.Value()) {
			t.Errorf("the state holds %s", m.around(append(append(slices.Clone(it.Key()), ' '), it.Value()...)))
		}
	}
	if err := it.Close(); err != nil || n == 0 {
		t.Errorf("%d keys: %v", n, err)
	}
}

// unlike tells the first row that is in one list alone.
func unlike(a, b []string) string {
	for _, row := range a {
		if !slices.Contains(b, row) {
			return "gone: " + row
		}
	}
	for _, row := range b {
		if !slices.Contains(a, row) {
			return "new: " + row
		}
	}
	return "as often"
}
