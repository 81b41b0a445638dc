package analyst

import (
	"slices"
	"strings"
)

// expr is an expression as it is written for the engine.
type expr struct {
	sql string
	// name: it is a mere name, in whatever brackets, which the engine may take for a table's.
	name bool
}

// expr reads an expression: OR binds least, then AND, NOT, comparison, ||, + and -, * / %, a sign, and what
// follows an operand ([…], .1, ::Type). It is written with brackets around all of it, so that the engine's order is this.
func (p *parser) expr() (expr, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return expr{}, err
	}
	return p.chain(p.conjunction, "OR")
}

// aliasedExpr reads an expression that may have an alias.
func (p *parser) aliasedExpr() (expr, error) {
	e, err := p.expr()
	if err != nil {
		return e, err
	}
	alias, err := p.alias()
	if alias != "" {
		e.sql = withAlias(e.sql, alias)
	}
	return e, err
}

// chain reads operands with operators of one rank between.
func (p *parser) chain(operand func() (expr, error), operators ...string) (expr, error) {
	e, err := operand()
	if err != nil {
		return e, err
	}
	all := []string{e.sql}
	for {
		i := slices.IndexFunc(operators, func(op string) bool { return p.take(op) })
		if i < 0 {
			break
		}
		next, err := operand()
		if err != nil {
			return expr{}, err
		}
		all = append(all, operators[i], next.sql)
	}
	if len(all) == 1 {
		return e, nil
	}
	return expr{sql: "(" + strings.Join(all, " ") + ")"}, nil
}

func (p *parser) conjunction() (expr, error) { return p.chain(p.negation, "AND") }

func (p *parser) negation() (expr, error) {
	if !p.take("NOT") {
		return p.comparison()
	}
	defer p.leave()
	if err := p.enter(); err != nil {
		return expr{}, err
	}
	e, err := p.negation()
	return expr{sql: "(NOT " + e.sql + ")"}, err
}

var comparisons = []string{"=", "==", "!=", "<>", "<=", ">=", "<", ">"}

func (p *parser) comparison() (expr, error) {
	left, err := p.concat()
	if err != nil {
		return left, err
	}
	for _, op := range comparisons {
		if p.take(op) {
			right, err := p.concat()
			return expr{sql: "(" + left.sql + " " + op + " " + right.sql + ")"}, err
		}
	}
	if p.take("IS") {
		not := ""
		if p.take("NOT") {
			not = "NOT "
		}
		return expr{sql: "(" + left.sql + " IS " + not + "NULL)"}, p.expect("NULL")
	}
	return p.predicate(left)
}

// predicate reads [NOT] IN, LIKE, ILIKE and BETWEEN.
func (p *parser) predicate(left expr) (expr, error) {
	not, at := "", p.pos
	if p.take("NOT") {
		not = "NOT "
	}
	switch {
	case p.take("IN"):
		right, err := p.set()
		return expr{sql: "(" + left.sql + " " + not + "IN " + right + ")"}, err
	case p.take("BETWEEN"):
		from, err := p.concat()
		if err == nil {
			err = p.expect("AND")
		}
		if err != nil {
			return expr{}, err
		}
		until, err := p.concat()
		return expr{sql: "(" + left.sql + " " + not + "BETWEEN " + from.sql + " AND " + until.sql + ")"}, err
	}
	for _, op := range []string{"LIKE", "ILIKE"} {
		if p.take(op) {
			right, err := p.concat()
			return expr{sql: "(" + left.sql + " " + not + op + " " + right.sql + ")"}, err
		}
	}
	p.pos = at
	return left, nil
}

// set reads what stands to the right of IN: a query, a list, an array or a parameter. A mere name could be a
// table's, so it is refused, in brackets as well.
func (p *parser) set() (string, error) {
	t := p.peek()
	switch {
	case t.kind == tokenParam:
		p.pos++
		return p.param(t)
	case t.is("["):
		e, err := p.array()
		return e.sql, err
	case !t.is("("):
		return "", p.fault("to the right of IN stand a list, an array, a parameter or a query in brackets: IN (SELECT … FROM …)")
	case p.startsQuery(1):
		return p.subquery()
	}
	var list []expr
	err := p.list(func() error {
		e, err := p.expr()
		list = append(list, e)
		return err
	})
	all := make([]string, len(list))
	for i, e := range list {
		if all[i] = e.sql; e.name && err == nil {
			return "", p.faultAt(t, "a name to the right of IN may be a table's: write IN (SELECT … FROM …), or has(array, value)")
		}
	}
	return "(" + strings.Join(all, ", ") + ")", err
}

func (p *parser) subquery() (string, error) {
	if err := p.expect("("); err != nil {
		return "", err
	}
	inner, err := p.query()
	if err == nil {
		err = p.expect(")")
	}
	return "(" + inner + ")", err
}

func (p *parser) concat() (expr, error) { return p.chain(p.sum, "||") }

func (p *parser) sum() (expr, error) { return p.chain(p.product, "+", "-") }

func (p *parser) product() (expr, error) { return p.chain(p.signed, "*", "/", "%", "DIV", "MOD") }

func (p *parser) signed() (expr, error) {
	if !p.take("-") {
		e, err := p.primary()
		if err != nil {
			return e, err
		}
		return p.postfix(e)
	}
	defer p.leave()
	if err := p.enter(); err != nil {
		return expr{}, err
	}
	if t := p.peek(); t.kind == tokenNumber {
		p.pos++
		return p.postfix(expr{sql: "(-" + t.text + ")"})
	}
	e, err := p.signed()
	return expr{sql: "(-" + e.sql + ")"}, err
}

// postfix reads [index], .1 and ::Type after an operand.
func (p *parser) postfix(e expr) (expr, error) {
	for n := 0; ; n++ {
		if n > maxDepth {
			return e, p.fault("the statement is nested too deeply: at most %d levels", maxDepth)
		}
		switch {
		case p.take("["):
			index, err := p.expr()
			if err == nil {
				err = p.expect("]")
			}
			if err != nil {
				return e, err
			}
			e = expr{sql: e.sql + "[" + index.sql + "]"}
		case p.take("::"):
			typ, err := p.typeName()
			if err != nil {
				return e, err
			}
			e = expr{sql: "CAST(" + e.sql + ", '" + strings.ReplaceAll(typ, "'", `\'`) + "')"}
		case p.peek().is(".") && p.ahead(1).kind == tokenNumber && !strings.ContainsAny(p.ahead(1).text, ".eE"):
			e = expr{sql: "tupleElement(" + e.sql + ", " + p.ahead(1).text + ")"}
			p.pos += 2
		default:
			return e, nil
		}
	}
}
