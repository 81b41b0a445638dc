package analyst_test

import (
	"regexp"
	"strings"
	"testing"

	"tributary/journeys/analyst"
)

// bare are the words that may stand in the open in what the engine is given: keywords, types, and what is not in
// this list nor a function of analyst.Functions is a fault.
var bare = func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`SELECT FROM WHERE GROUP BY HAVING ORDER LIMIT OFFSET UNION ALL DISTINCT EXCEPT INTERSECT WINDOW QUALIFY
		WITH AS ON USING JOIN LEFT RIGHT INNER OUTER FULL CROSS ANY ASOF SEMI ANTI ARRAY AND OR NOT IN BETWEEN LIKE ILIKE IS NULL TRUE FALSE DIV MOD
		CASE WHEN THEN ELSE END CAST EXISTS DESC ASC NULLS FIRST LAST FILL TO STEP ROLLUP CUBE GROUPING SETS TIES FILTER OVER PARTITION ROWS RANGE
		UNBOUNDED PRECEDING FOLLOWING CURRENT ROW numbers values tupleElement VIEW_events`) {
		words[word] = true
	}
	return words
}()

var (
	inQuotes = regexp.MustCompile("`[^`]*`|'[^']*'|\\{[A-Za-z_][A-Za-z0-9_]*:[^{}`']*(?:'[A-Za-z0-9_+/\\\\-]*'[^{}`']*)*\\}")
	aWord    = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)
	plain    = regexp.MustCompile(`^[A-Za-z0-9_ ()\[\],.+*/%=<>!|:-]*$`)
)

// FuzzCheck: whatever the check lets through, the engine is given no word in the open that is not one of ours, and
// no sign outside of quotes that is not one of the grammar's.
func FuzzCheck(f *testing.F) {
	for _, sql := range append(append(append([]string{}, refusedByTheCheck...), harmless...), errsOnForeignRows...) {
		if len(sql) < 1000 {
			f.Add(sql)
		}
	}
	combinators := regexp.MustCompile(`(If|Array|Distinct|OrNull|OrDefault)*$`)
	known := map[string]bool{}
	for _, list := range analyst.Functions() {
		for _, name := range list {
			known[name] = true
		}
	}
	f.Fuzz(func(t *testing.T, sql string) {
		statement, err := analyst.Check(sql, map[string]string{"events": "(SELECT `at` FROM VIEW_events(1))"})
		if err != nil {
			return
		}
		open := inQuotes.ReplaceAllString(statement.SQL(), " ")
		if !plain.MatchString(open) {
			t.Errorf("%q: a sign stands in the open: %q", sql, open)
		}
		for _, word := range aWord.FindAllString(open, -1) {
			if !bare[word] && !known[word] && !known[combinators.ReplaceAllString(word, "")] && !strings.HasPrefix(word, "tributary_cte_") &&
				!regexp.MustCompile(`^[eE][0-9]*$`).MatchString(word) {
				t.Errorf("%q: the word %q stands in the open: %q", sql, word, open)
			}
		}
		if again, err := analyst.Check(sql, map[string]string{"events": "(SELECT `at` FROM VIEW_events(1))"}); err != nil || again.SQL() != statement.SQL() {
			t.Errorf("%q: is not written alike each time", sql)
		}
	})
}
