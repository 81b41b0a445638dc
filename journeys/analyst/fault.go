package analyst

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a statement.
const (
	MaxSQL    = 64 << 10 // bytes
	maxTokens = 10_000
	maxDepth  = 60 // of brackets and subqueries
	maxName   = 64 // bytes
	maxUnions = 50
)

// Fault says what of a statement is refused, and where: line and column count from 1, columns in characters.
type Fault struct {
	Line, Column int
	Reason       string
	// Class, if not empty, is the class of data that the key's purpose and kind of reader may not see.
	Class string
}

// Error implements error.
func (f *Fault) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Reason)
}

func fault(sql string, at int, format string, args ...any) *Fault {
	before := sql[:min(at, len(sql))]
	line := strings.LastIndexByte(before, '\n') + 1
	return &Fault{
		Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[line:]) + 1,
		Reason: fmt.Sprintf(format, args...),
	}
}

// validName says whether a name in quotes may be used: nothing in it can be taken for anything else.
func validName(name string) bool {
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != ' ' && r != '-' {
			return false
		}
	}
	return name != "" && len(name) <= maxName && strings.TrimSpace(name) == name
}

// quoteName writes a name so that no text of the statement stands in the open.
func quoteName(name string) string { return "`" + escaped(name) + "`" }

// escaped writes everything but letters, digits and _ as \xHH; the rest of UTF-8 stays.
func escaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; isLetter(c) || isDigit(c) || c >= utf8.RuneSelf {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02X`, c)
		}
	}
	return b.String()
}
