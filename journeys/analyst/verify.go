package analyst

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The second reading. EXPLAIN AST tells how the engine's parser understands a statement, and evaluates nothing. The
// tree is of the skeleton, in which no text of the statement's author stands but names in backticks of harmless
// characters, so that no line of it can be forged. Anything in it that this package would not have written is refused:
// should the two parsers ever disagree, the statement does not run.

// nodes are those that the tree of a checked statement may have.
var nodes = words(`SelectWithUnionQuery SelectIntersectExceptQuery SelectQuery ExpressionList WithElement Subquery TablesInSelectQuery
	TablesInSelectQueryElement TableExpression TableIdentifier TableJoin ArrayJoin Identifier Literal Function Asterisk QualifiedAsterisk
	ColumnsTransformerList ColumnsExceptTransformer OrderByElement WindowDefinition WindowListElement GroupingSets
	StorageOrderByElement FillModifier ExpressionListWithAlias`)

// forms are functions as which the engine's parser reads operators.
var forms = words(`CAST lambda in notIn exists between notBetween caseWithExpression multiIf isNull isNotNull ilike notILike like notLike
	and or not negate plus minus multiply divide modulo intDiv concat equals notEquals less greater lessOrEquals greaterOrEquals array
	tuple arrayElement tupleElement toDate toDateTime greaterOrEquals countDistinct`)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

var treeLine = regexp.MustCompile(`^( *)([A-Za-z:]+)(?: (.*?))?(?: \(alias (.*)\))?(?: \(children [0-9]+\))?$`)

// node is a line of the engine's tree.
type node struct {
	kind, text string
	parent     *node
	depth      int
}

// verify compares the engine's tree, a line each, with what a checked statement may be. views are what is read in the
// place of a view: the names of the parameterised views. An error is one of this program, not of who asks.
func verify(lines, views []string) error {
	var above []*node // the last node of each depth
	for _, line := range lines {
		m := treeLine.FindStringSubmatch(line)
		if m == nil {
			return fmt.Errorf("the engine's tree has a line of no known form")
		}
		n := &node{kind: m[2], text: strings.TrimSpace(m[3]), depth: len(m[1])}
		if n.depth > len(above) {
			return fmt.Errorf("the engine's tree skips a level")
		}
		if n.depth > 0 {
			n.parent = above[n.depth-1]
		}
		above = append(above[:n.depth], n)
		if err := n.verify(views); err != nil {
			return err
		}
	}
	if len(above) == 0 || above[0].kind != "SelectWithUnionQuery" {
		return fmt.Errorf("the engine reads no SELECT")
	}
	return nil
}

func (n *node) verify(views []string) error {
	table := n.parent != nil && n.parent.kind == "TableExpression"
	switch {
	case !nodes[n.kind]:
		return fmt.Errorf("the engine reads a %s", n.kind)
	case n.parent != nil && n.parent.kind == "SelectWithUnionQuery" && n.kind != "ExpressionList":
		return fmt.Errorf("the engine reads a %s beside the queries", n.kind) // INTO OUTFILE, FORMAT, SETTINGS
	case n.kind == "TableIdentifier" && !strings.HasPrefix(n.text, ctePrefix):
		return fmt.Errorf("the engine reads a table")
	case n.kind == "Function" && table:
		if !slices.Contains(views, n.text) && n.text != "numbers" && n.text != "values" {
			return fmt.Errorf("the engine reads the table function %s", n.text)
		}
	case n.kind == "Function":
		if _, ok := functionNamed(n.text); !ok && !forms[n.text] {
			return fmt.Errorf("the engine reads the function %s", n.text)
		}
	}
	return nil
}
