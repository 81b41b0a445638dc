package computed

import (
	"fmt"
	"strings"
)

// How a value is found in SQL just as in Go. ClickHouse's own JSON functions read a number as Float64 or a
// 64-bit integer, and refuse a whole document for one that is neither, or for half of a surrogate pair. So
// the document is first taken apart into tokens, in which every scalar becomes a text with its kind
// before it: strings "=…", numbers "#…" with their digits as received, truth values "!…"; and what has
// half of a surrogate pair becomes "?".

// Regular expressions of RE2, as they stand in a literal of SQL.
const (
	tokenSQL  = `"(?:[^"\\\\]|\\\\.)*"|[-0-9][-+.0-9eE]*|[a-z]+|[^ \\t\\n\\r]`
	pairSQL   = `\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}`
	halfSQL   = `\\\\u[dD][89a-fA-F]`
	jsonSQL   = `^#-?[0-9]+(?:\\.[0-9]+)?(?:[eE](?:-[0-9]{1,2}|[+]?[0-2]?[0-9]))?$`
	looksSQL  = `^=-?[0-9]{1,22}(?:\\.[0-9]+)?$`
	numberMax = "'10000000000000000000000'"
)

// tokensSQL makes the column <name>_tokens of a document.
func tokensSQL(name string) string {
	return "extractAll(" + name + ", '" + tokenSQL + "') AS " + name + "_tokens"
}

// documentSQL makes the column <name>_doc of <name>_tokens.
func documentSQL(name string) string {
	return strings.NewReplacer("NAME", name, "DEPTH", itoa(maxDepth)).Replace(
		`if(length(NAME) > 2 * DEPTH AND arrayMax(arrayCumSum(arrayMap(t -> multiIf(t IN ('{', '['), 1, t IN ('}', ']'), -1, 0), NAME_tokens))) > DEPTH, '{}',
        arrayStringConcat(arrayMap(t -> multiIf(
            startsWith(t, '"'), if(position(t, '\\u') > 0 AND match(replaceRegexpAll(replaceAll(t, '\\\\', ' '), '` + pairSQL + `', ' '), '` + halfSQL + `'), '"?"', concat('"=', substring(t, 2))),
            match(t, '^[-0-9]'), concat('"#', t, '"'),
            t IN ('true', 'false'), concat('"!', t, '"'),
            t), NAME_tokens))) AS NAME_doc`)
}

// canonicalSQL makes the column <f> of <f>_raw: numbers in the form of decimal.String, and nothing of what
// is no value.
func canonicalSQL(f string) string {
	return fmt.Sprintf(`multiIf(startsWith(%[1]s_raw, '=') OR startsWith(%[1]s_raw, '!'), %[1]s_raw,
        length(%[1]s_raw) <= %[2]d AND match(%[1]s_raw, '%[3]s'),
            ifNull(concat('#', toString(if(abs(toDecimal256OrNull(substring(%[1]s_raw, 2), 8) AS %[1]s_dec) < toDecimal256(%[4]s, 8), %[1]s_dec, NULL))), ''),
        '') AS %[1]s`, f, maxNumber+1, jsonSQL, numberMax)
}

// numberSQL makes the column <f>_num of <f>: the number that a value is, or that a text is written as.
func numberSQL(f string) string {
	return fmt.Sprintf(`if(startsWith(%[1]s, '#') OR length(%[1]s) <= %[2]d AND match(%[1]s, '%[3]s'), toDecimal256OrNull(substring(%[1]s, 2), 8), NULL) AS %[1]s_num`,
		f, maxNumber+1, looksSQL)
}
