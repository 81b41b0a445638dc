package chdb

import (
	"regexp"
	"strings"
)

// formatClause is FORMAT at the end of a statement, or before the SETTINGS that may follow it there.
var formatClause = regexp.MustCompile(`(?i)\bformat\s+([a-z][a-z0-9]*)\s*(?:;?\s*$|settings\s)`)

// formatOf is the format that a statement asks for by a FORMAT clause; "" for none. What stands in texts, in names in
// quotes and in comments is no clause, and neither is a column of that name.
func formatOf(sql string) string {
	if m := formatClause.FindStringSubmatch(open(sql)); m != nil {
		return m[1]
	}
	return ""
}

// heredoc begins a text that ends with the same again.
var heredoc = regexp.MustCompile(`^\$\w*\$`)

// open is a statement with a mark in place of each text and each name in quotes, and a blank in place of each comment.
func open(sql string) string {
	var b strings.Builder
	for len(sql) > 0 {
		n, instead := 1, sql[:1]
		switch c := sql[0]; {
		case c == '\'' || c == '"' || c == '`':
			n, instead = quoted(sql), "."
		case strings.HasPrefix(sql, "--"), c == '#':
			n, instead = upTo(sql, 1, "\n"), " "
		case strings.HasPrefix(sql, "/*"):
			n, instead = upTo(sql, 2, "*/"), " "
		case c == '$':
			if tag := heredoc.FindString(sql); tag != "" {
				n, instead = upTo(sql, len(tag), tag), "."
			}
		}
		b.WriteString(instead)
		sql = sql[n:]
	}
	return b.String()
}

// quoted is how long what stands in quotes at the beginning of a text is. A quote doubled, or after a backslash, is
// none; two that touch are taken for two texts, which comes to the same here.
func quoted(sql string) int {
	for i := 1; i < len(sql); i++ {
		switch sql[i] {
		case '\\':
			i++
		case sql[0]:
			return i + 1
		}
	}
	return len(sql)
}

// upTo is where an end that is looked for from a place on is over.
func upTo(sql string, from int, end string) int {
	if i := strings.Index(sql[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(sql)
}
