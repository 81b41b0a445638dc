package chdb

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// unquote undoes quote and reports whether the text is one literal and nothing else.
func unquote(s string, mark byte) (string, bool) {
	if len(s) < 2 || s[0] != mark || s[len(s)-1] != mark {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		switch s[i] {
		case mark:
			return "", false
		case '\\':
			if i++; i == len(s)-1 {
				return "", false
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "x", "it's", `\`, `\'`, "`", "a\x00b", "x', readonly = '0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, mark := range []byte{'\'', '`'} {
			if got, ok := unquote(quote(s, mark), mark); !ok || got != s {
				t.Errorf("%q became %s", s, quote(s, mark))
			}
		}
	})
}

// FuzzRequest: whatever a client sends is a statement or a refusal, and its settings are names and
// literals.
func FuzzRequest(f *testing.F) {
	f.Add("query=SELECT+1&max_threads=2&param_x=y", "", "")
	f.Add("query=INSERT+INTO+t+FORMAT+CSV&database=d", "1,2\n", "")
	f.Add("query=INSERT+INTO+t+VALUES", "(1)", "")
	f.Add("", "-- c\ninsert /* x */ into t format Native", "text/plain")
	f.Add("a%27b=1&readonly=0", "SELECT 1 FORMAT JSON", "multipart/form-data; boundary=x")
	f.Add("query_id=%00&wait_end_of_query=true&compress=1", "\xff\xfe", "")
	f.Fuzz(func(t *testing.T, query, body, contentType string) {
		u := &url.URL{RawQuery: query}
		req := &http.Request{URL: u, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body))}
		st, err := parseRequest(req)
		if err != nil {
			var refusal *exception
			if !errors.As(err, &refusal) || refusal.status() < 400 {
				t.Errorf("refused with %v", err)
			}
			return
		}
		if st.rows != nil && (!insertStart.MatchString(st.sql+" ") || st.format == "") {
			t.Errorf("%q takes rows in %q", st.sql, st.format)
		}
		if st.rows == nil && strings.TrimSpace(st.sql) == "" {
			t.Error("an empty statement")
		}
		for name := range st.settings {
			if !settingName.MatchString(name) || reserved[name] {
				t.Errorf("setting %q", name)
			}
		}
	})
}

// TestFormatIsThatOfTheClause: what a statement says elsewhere is not taken for its FORMAT clause.
func TestFormatIsThatOfTheClause(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT 1 FORMAT CSV":                                "CSV",
		"SELECT 1\nformat\n JSONEachRow ;\n":                 "JSONEachRow",
		"SELECT 1 FORMAT Native SETTINGS max_threads = 1":    "Native",
		"SELECT 1 SETTINGS max_threads = 1 FORMAT TSV":       "TSV",
		"SELECT 1 /* it's */ FORMAT CSV -- format JSON":      "CSV",
		"SELECT 'it''s' AS format FORMAT CSV":                "CSV",
		`SELECT 'a\' format JSON' FORMAT CSV`:                "CSV",
		"SELECT 1":                                           "",
		"SELECT 'which format csv'":                          "",
		`SELECT 'which \' format csv'`:                       "",
		"SELECT 'it''s format csv'":                          "",
		`SELECT 1 AS "in format csv"`:                        "",
		"SELECT 1 AS `in format csv`":                        "",
		"SELECT $a$ ' format csv$a$":                         "",
		"SELECT 1 -- in format csv":                          "",
		"SELECT 1 # in format csv":                           "",
		"SELECT 1 /* in format csv */":                       "",
		"SELECT format FROM files":                           "",
		"SELECT format AS f FROM files WHERE format = 'csv'": "",
		"SELECT format('{}', 'csv')":                         "",
		"SELECT 'not ended format csv":                       "",
	} {
		if got := formatOf(sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

func TestFramedExceptionIsWhatClientsLookFor(t *testing.T) {
	framed := string(asException(errors.New("Code: 241. DB::Exception: Memory limit. (MEMORY_LIMIT_EXCEEDED)")).framed())
	if !strings.HasPrefix(framed, "\r\n__exception__\r\n"+exceptionTag+"\r\nCode: 241.") ||
		!strings.HasSuffix(framed, " "+exceptionTag+"\r\n__exception__\r\n") || len(exceptionTag) != 16 {
		t.Errorf("%q", framed)
	}
	long := asException(errors.New("Code: 1. " + strings.Repeat("x", 1<<20))).framed()
	if len(long) > 16<<10 {
		t.Errorf("a frame of %d bytes", len(long))
	}
}
