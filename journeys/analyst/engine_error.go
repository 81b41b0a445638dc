package analyst

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// told are exception codes of the engine's analysis of a statement, whose words are of the statement alone. Of all others
// the name is told and nothing else: their words may repeat values.
var told = map[int32]string{
	42: "NUMBER_OF_ARGUMENTS_DOESNT_MATCH", 43: "ILLEGAL_TYPE_OF_ARGUMENT", 46: "UNKNOWN_FUNCTION", 47: "UNKNOWN_IDENTIFIER",
	48: "NOT_IMPLEMENTED", 53: "TYPE_MISMATCH", 62: "SYNTAX_ERROR", 63: "UNKNOWN_AGGREGATE_FUNCTION", 179: "MULTIPLE_EXPRESSIONS_FOR_ALIAS",
	184: "ILLEGAL_AGGREGATION", 207: "AMBIGUOUS_IDENTIFIER", 215: "NOT_AN_AGGREGATE", 258: "UNION_ALL_RESULT_STRUCTURES_MISMATCH",
	352: "AMBIGUOUS_COLUMN_NAME", 386: "NO_COMMON_TYPE", 403: "INVALID_JOIN_ON_EXPRESSION",
}

var endsInName = regexp.MustCompile(`\(([A-Z0-9_]+)\)[^()]*$`)

// codeName is the name of an exception's code, which stands at the end of its words.
func codeName(e *clickhouse.Exception) string {
	if m := endsInName.FindStringSubmatch(e.Message); m != nil {
		return m[1]
	}
	return fmt.Sprintf("code %d", e.Code)
}

const maxReason = 300

// reason is what is told of an exception: up to where the engine repeats the statement, which is not as it was written.
func reason(e *clickhouse.Exception) string {
	if told[e.Code] == "" {
		return "the engine refused the statement: " + codeName(e)
	}
	text := e.Message
	for _, end := range []string{" in scope", ": In scope", ". In scope", "While processing", ": while ", "Maybe you meant", "maybe you meant", ": In query", " (" + told[e.Code]} {
		text, _, _ = strings.Cut(text, end)
	}
	if strings.Contains(text, ownPrefix) || strings.Contains(text, "analyst_") {
		return "the engine refused the statement: " + told[e.Code]
	}
	for len(text) > maxReason || !utf8.ValidString(text) {
		text = text[:min(len(text)-1, maxReason)]
	}
	return strings.TrimRight(text, " .:")
}
