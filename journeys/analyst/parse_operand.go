package analyst

import (
	"slices"
	"strings"
)

// primary reads an operand.
func (p *parser) primary() (expr, error) {
	t := p.peek()
	switch t.kind {
	case tokenNumber:
		p.pos++
		return expr{sql: t.text}, nil
	case tokenString:
		p.pos++
		return expr{sql: p.literal(t.text)}, nil
	case tokenParam:
		p.pos++
		s, err := p.param(t)
		return expr{sql: s}, err
	case tokenQuoted:
		return p.column()
	case tokenOperator:
		switch t.text {
		case "(":
			return p.brackets()
		case "[":
			return p.array()
		case "*":
			return expr{}, p.fault("* stands by itself after SELECT, or in count(*)")
		}
	case tokenWord:
		return p.word(t)
	case tokenEnd:
	}
	return expr{}, p.misplaced(t)
}

// word reads an operand that begins with a word: a constant, a form of its own, a function, a column.
func (p *parser) word(t token) (expr, error) {
	upper := strings.ToUpper(t.text)
	switch upper {
	case "NULL", "TRUE", "FALSE":
		p.pos++
		return expr{sql: upper}, nil
	case "CASE":
		return p.cases()
	case "INTERVAL":
		return p.interval()
	case "DATE", "TIMESTAMP":
		if p.ahead(1).kind == tokenString {
			p.pos += 2
			function := map[string]string{"DATE": "toDate", "TIMESTAMP": "toDateTime"}[upper]
			return expr{sql: function + "(" + p.literal(p.tokens[p.pos-1].text) + ")"}, nil
		}
	}
	if p.ahead(1).is("(") {
		switch upper {
		case "CAST":
			return p.cast()
		case "EXISTS":
			p.pos++
			if !p.startsQuery(1) {
				return expr{}, p.fault("EXISTS (SELECT … FROM …) is expected here")
			}
			inner, err := p.subquery()
			return expr{sql: "EXISTS" + inner}, err
		case "COLUMNS":
			return expr{}, p.fault("COLUMNS is not for analysts' statements: name the columns")
		}
		return p.function(t)
	}
	if reserved[upper] {
		return expr{}, p.misplaced(t)
	}
	return p.column()
}

// column reads name or table.name.
func (p *parser) column() (expr, error) {
	start := p.peek()
	name, err := p.name()
	if err != nil {
		return expr{}, err
	}
	sql, parts := quoteName(name), 1
	for p.peek().is(".") && p.ahead(1).kind != tokenNumber {
		p.pos++
		if name, err = p.name(); err != nil {
			return expr{}, err
		}
		sql += "." + quoteName(name)
		parts++
	}
	if parts > 2 {
		return expr{}, p.faultAt(start, "a column is named column or view.column, without a database")
	}
	p.names = append(p.names, mention{name, start.at})
	return expr{sql: sql, name: true}, nil
}

// mention notes the name that comes as that of a column.
func (p *parser) mention() {
	t := p.peek()
	p.names = append(p.names, mention{t.text, t.at})
}

// brackets reads (query), (expression) or (a, b).
func (p *parser) brackets() (expr, error) {
	if p.startsQuery(1) {
		s, err := p.subquery()
		return expr{sql: s}, err
	}
	var list []expr
	err := p.list(func() error {
		e, err := p.aliasedExpr()
		list = append(list, e)
		return err
	})
	if err != nil {
		return expr{}, err
	}
	all := make([]string, len(list))
	for i, e := range list {
		all[i] = e.sql
	}
	return expr{sql: "(" + strings.Join(all, ", ") + ")", name: len(list) == 1 && list[0].name}, nil
}

func (p *parser) array() (expr, error) {
	if err := p.expect("["); err != nil {
		return expr{}, err
	}
	if p.take("]") {
		return expr{sql: "[]"}, nil
	}
	list, err := p.joined(p.aliased)
	if err == nil {
		err = p.expect("]")
	}
	return expr{sql: "[" + list + "]"}, err
}

func (p *parser) cases() (expr, error) {
	var b strings.Builder
	b.WriteString("CASE")
	p.pos++
	if !p.peek().is("WHEN") {
		of, err := p.expr()
		if err != nil {
			return expr{}, err
		}
		b.WriteString(" " + of.sql)
	}
	if !p.peek().is("WHEN") {
		return expr{}, p.fault("WHEN is expected here, not %s", p.peek().shown())
	}
	for {
		i := slices.IndexFunc([]string{"WHEN", "THEN", "ELSE", "END"}, p.peek().is)
		if i < 0 {
			return expr{}, p.fault("END is expected here, not %s", p.peek().shown())
		}
		word := strings.ToUpper(p.peek().text)
		p.pos++
		b.WriteString(" " + word)
		if word == "END" {
			return expr{sql: b.String()}, nil
		}
		e, err := p.expr()
		if err != nil {
			return expr{}, err
		}
		b.WriteString(" " + e.sql)
	}
}

var units = map[string]string{
	"SECOND": "toIntervalSecond", "MINUTE": "toIntervalMinute", "HOUR": "toIntervalHour", "DAY": "toIntervalDay", "WEEK": "toIntervalWeek",
	"MONTH": "toIntervalMonth", "QUARTER": "toIntervalQuarter", "YEAR": "toIntervalYear",
}

// interval reads INTERVAL 1 DAY, and INTERVAL '1' DAY.
func (p *parser) interval() (expr, error) {
	p.pos++
	t := p.peek()
	var n expr
	var err error
	if t.kind == tokenString && len(t.text) < 10 && t.text != "" && strings.Trim(t.text, "0123456789") == "" {
		p.pos++
		n.sql = t.text
	} else if n, err = p.signed(); err != nil {
		return n, err
	}
	unit := p.peek()
	function, ok := units[strings.TrimSuffix(strings.ToUpper(unit.text), "S")]
	if unit.kind != tokenWord || !ok {
		return n, p.fault("a unit is expected here: INTERVAL 7 DAY")
	}
	p.pos++
	return expr{sql: function + "(" + n.sql + ")"}, nil
}

// cast reads CAST(x AS Type) and CAST(x, 'Type').
func (p *parser) cast() (expr, error) {
	p.pos += 2
	e, err := p.expr()
	if err != nil {
		return e, err
	}
	var typ string
	if p.take(",") {
		t := p.peek()
		p.pos++
		if t.kind != tokenString {
			return e, p.faultAt(t, "the type stands in quotes: CAST(x, 'UInt8')")
		}
		if typ, err = parseType(t.text); err != nil {
			return e, p.faultAt(t, "the text is no type that a statement may name")
		}
	} else {
		if err := p.expect("AS"); err != nil {
			return e, err
		}
		if typ, err = p.typeName(); err != nil {
			return e, err
		}
	}
	return expr{sql: "CAST(" + e.sql + ", '" + strings.ReplaceAll(typ, "'", `\'`) + "')"}, p.expect(")")
}

// function reads name(…), name(parameters)(…), and what may follow: FILTER and OVER.
func (p *parser) function(t token) (expr, error) {
	name, ok := functionNamed(t.text)
	if !ok {
		return expr{}, p.faultAt(t, "the function %q is not one that a statement may call; GET /v1/query/views lists them", t.text)
	}
	p.pos++
	args, err := p.arguments(functionSections[name] == "lambda")
	if err == nil && p.peek().is("(") { // quantile(0.5)(x)
		var more string
		more, err = p.arguments(false)
		args += more
	}
	if err != nil {
		return expr{}, err
	}
	sql := name + args
	if p.take("FILTER", "(", "WHERE") {
		e, err := p.expr()
		if err == nil {
			err = p.expect(")")
		}
		if err != nil {
			return e, err
		}
		sql += " FILTER (WHERE " + e.sql + ")"
	}
	if !p.take("OVER") {
		return expr{sql: sql}, nil
	}
	var window string
	if p.peek().is("(") {
		window, err = p.window()
	} else if window, err = p.name(); err == nil {
		window = quoteName(window)
	}
	return expr{sql: sql + " OVER " + window}, err
}

// arguments reads what a function is called with. Of a function that takes a lambda, the first of several has to be one.
func (p *parser) arguments(lambda bool) (string, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return "", err
	}
	switch {
	case p.take("(", ")"):
		return "()", nil
	case p.take("(", "*", ")"):
		return "(*)", nil
	case p.take("(", "DISTINCT"):
		list, err := p.joined(p.aliased)
		if err == nil {
			err = p.expect(")")
		}
		return "(DISTINCT " + list + ")", err
	}
	first, n := p.peek(), 0
	lambda = lambda && !p.startsLambda(1)
	s, err := p.bracketed(func() (string, error) {
		n++
		return p.argument()
	})
	if err == nil && lambda && n > 1 {
		err = p.faultAt(first, "the first of several arguments of this function is a lambda: x -> …")
	}
	return s, err
}

// argument reads an expression, or x -> expression, (x, y) -> expression.
func (p *parser) argument() (string, error) {
	if !p.startsLambda(0) {
		return p.aliased()
	}
	names := p.lambda()
	for i, name := range names {
		names[i] = quoteName(name)
	}
	body, err := p.expr()
	return "(" + strings.Join(names, ", ") + ") -> " + body.sql, err
}

// isName says whether a token may name a column, an alias or an argument of a lambda.
func (t token) isName() bool {
	return t.kind == tokenQuoted || t.kind == tokenWord && !reserved[strings.ToUpper(t.text)]
}

// startsLambda says whether names and an arrow begin at a token.
func (p *parser) startsLambda(n int) bool {
	if p.ahead(n).isName() {
		return p.ahead(n + 1).is("->")
	}
	if !p.ahead(n).is("(") {
		return false
	}
	for n++; p.ahead(n).isName(); n += 2 {
		if p.ahead(n + 1).is(")") {
			return p.ahead(n + 2).is("->")
		}
		if !p.ahead(n + 1).is(",") {
			return false
		}
	}
	return false
}

// lambda reads the names before an arrow, and the arrow.
func (p *parser) lambda() (names []string) {
	for ; !p.take("->"); p.pos++ {
		if t := p.peek(); t.isName() {
			names = append(names, t.text)
		}
	}
	return names
}
