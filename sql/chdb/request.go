package chdb

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tributary/sql/chdb/internal/libchdb"
)

const (
	// poolHeader names the pool of a request; see Transport.
	poolHeader = "X-Tributary-Pool"
	// maxStatement is the most bytes a request body may have that is SQL and not rows.
	maxStatement = 64 << 20
	// defaultFormat is ClickHouse's for HTTP.
	defaultFormat = "TabSeparated"
)

var (
	settingName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	insertStart  = regexp.MustCompile(`(?is)^(?:\s|--[^\n]*\n|/\*.*?\*/)*insert\s`)
	insertFormat = regexp.MustCompile(`(?is)\s(?:format\s+([a-z][a-z0-9]*)|(values))\s*;?\s*$`)
)

// reserved are parameters of the HTTP interface that are no settings. A key that is true is
// understood and changes nothing here.
var reserved = map[string]bool{
	"query": true, "query_id": true, "database": true, "default_format": true, "wait_end_of_query": true,
	"user": true, "password": true, "quota_key": true, "client_protocol_version": true, "buffer_size": true,
	"session_id": true, "session_timeout": true, "session_check": true, "role": true, "stacktrace": true,
	"compress": true, "decompress": true, "enable_http_compression": true,
}

// streamable are the formats whose pieces make the whole when put one after the other. The engine
// writes each piece of a streamed result as a document of its own, so any other format is asked for
// whole.
var streamable = map[string]bool{
	"native": true, "tabseparated": true, "tsv": true, "tabseparatedraw": true, "tsvraw": true, "csv": true,
	"jsoneachrow": true, "jsonlines": true, "ndjson": true, "jsoncompacteachrow": true, "jsonstringseachrow": true,
	"rowbinary": true, "lineasstring": true, "rawblob": true, "null": true,
}

// statement is a request of ClickHouse's HTTP interface, taken apart.
type statement struct {
	sql      string
	format   string // of the result, or of the rows to insert
	stream   bool   // the result may be fetched in pieces
	rows     io.Reader
	database string
	queryID  string
	comment  string // the caller's log_comment
	settings map[string]string
	params   []libchdb.Param
	whole    bool // answer only when the statement has ended
	pool     string
}

// parseRequest reads a request's parameters, and its body unless that holds rows to insert.
func parseRequest(req *http.Request) (*statement, error) {
	query := req.URL.Query()
	st := &statement{
		database: firstOf(query.Get("database"), req.Header.Get("X-ClickHouse-Database")),
		queryID:  query.Get("query_id"),
		format:   firstOf(query.Get("default_format"), req.Header.Get("X-ClickHouse-Format"), defaultFormat),
		whole:    isOn(query.Get("wait_end_of_query")),
		pool:     firstOf(req.Header.Get(poolHeader), PoolDefault),
		settings: map[string]string{},
	}
	if strings.HasPrefix(req.Header.Get("Content-Type"), "multipart/form-data") {
		return nil, refuse(codeNotImplemented, "NOT_IMPLEMENTED", "External tables are not supported by the embedded engine")
	}
	if isOn(query.Get("compress")) || isOn(query.Get("decompress")) {
		return nil, refuse(codeNotImplemented, "NOT_IMPLEMENTED", "Native compression is not supported by the embedded engine")
	}
	if strings.Contains(st.queryID+query.Get("log_comment"), "\x00") {
		return nil, refuse(codeBadRequest, "BAD_ARGUMENTS", "A query id or log_comment holds a NUL byte")
	}
	if err := st.takeParameters(query); err != nil {
		return nil, err
	}
	return st, st.takeBody(query.Get("query"), req.Body)
}

func (st *statement) takeParameters(query url.Values) error {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		value := query.Get(name)
		switch {
		case strings.HasPrefix(name, "param_"):
			st.params = append(st.params, libchdb.Param{Name: name[len("param_"):], Value: value})
		case name == "log_comment":
			st.comment = value
		case reserved[name]:
		case !settingName.MatchString(name):
			return refuse(codeUnknownSetting, "UNKNOWN_SETTING", "Unknown setting %q", name)
		default:
			st.settings[name] = value
		}
	}
	return nil
}

// takeBody joins the query parameter and the body as ClickHouse does: an INSERT in the parameter
// takes its rows from the body, anything else goes on there.
func (st *statement) takeBody(sql string, body io.Reader) error {
	if body == nil {
		body = http.NoBody
	}
	if insertStart.MatchString(sql) {
		if m := insertFormat.FindStringSubmatchIndex(sql); m != nil {
			st.sql, st.rows, st.format = sql[:m[0]], body, "Values"
			if m[2] >= 0 {
				st.format = sql[m[2]:m[3]]
			}
			return nil
		}
	}
	rest, err := io.ReadAll(io.LimitReader(body, maxStatement+1))
	if err != nil {
		return fmt.Errorf("read statement: %w", err)
	}
	if len(rest) > maxStatement {
		return refuse(codeSyntaxError, "SYNTAX_ERROR", "The statement is larger than %d bytes", maxStatement)
	}
	st.sql = sql
	if len(rest) > 0 {
		if st.sql != "" {
			st.sql += "\n"
		}
		st.sql += string(rest)
	}
	if strings.TrimSpace(st.sql) == "" {
		return refuse(codeSyntaxError, "SYNTAX_ERROR", "Empty query")
	}
	st.format = firstOf(formatOf(st.sql), st.format)
	st.stream = streamable[strings.ToLower(st.format)]
	return nil
}

// set is the SQL that gives the request's settings to its session, "" for none.
func (st *statement) set() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(st.settings)) {
		if b.Len() == 0 {
			b.WriteString("SET ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(name + " = " + quote(st.settings[name], '\''))
	}
	return b.String()
}

// quote makes a literal or, with backticks, an identifier.
func quote(s string, mark byte) string {
	var b strings.Builder
	b.WriteByte(mark)
	for i := range len(s) {
		if s[i] == mark || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte(mark)
	return b.String()
}

// check refuses what the pool does not let a request change.
func (p Pool) check(st *statement) error {
	if readonly, ok := st.settings["readonly"]; ok && p.ReadOnly {
		if readonly != "1" {
			return refuse(codeReadOnly, "READONLY", "Cannot modify 'readonly' setting in readonly mode")
		}
		delete(st.settings, "readonly")
	}
	for name, value := range st.settings {
		if own, ok := p.Settings[name]; ok && p.Fixed && !within(value, own) {
			return refuse(codeConstraint, "SETTING_CONSTRAINT_VIOLATION", "Setting %s should not be changed from %s", name, own)
		}
	}
	return nil
}

// within reports whether value is as strict a limit as own: equal, or a smaller number that is not
// 0, which means no limit.
func within(value, own string) bool {
	v, err1 := strconv.ParseUint(value, 10, 64)
	o, err2 := strconv.ParseUint(own, 10, 64)
	return value == own || err1 == nil && err2 == nil && v > 0 && v <= o
}

func isOn(value string) bool { return value == "1" || strings.EqualFold(value, "true") }

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
