package analyst

import "strings"

// selection reads one SELECT without the queries beside it. FROM may stand first.
func (p *parser) selection() (string, error) {
	from, err := p.from()
	if err != nil {
		return "", err
	}
	if !p.peek().is("SELECT") {
		return "", p.fault("a statement is one SELECT: SELECT is expected here, not %s", p.peek().shown())
	}
	p.pos++
	var b strings.Builder
	b.WriteString("SELECT ")
	if err := p.distinct(&b); err != nil {
		return "", err
	}
	items, err := p.joined(p.item)
	if err != nil {
		return "", err
	}
	b.WriteString(items)
	if from == "" {
		if from, err = p.from(); err != nil {
			return "", err
		}
	}
	b.WriteString(from)
	for _, clause := range []func(*strings.Builder) error{
		p.filter("WHERE"), p.groupBy, p.filter("HAVING"), p.windows, p.filter("QUALIFY"), p.orderBy, p.limits,
	} {
		if err := clause(&b); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func (p *parser) distinct(b *strings.Builder) error {
	if !p.take("DISTINCT") {
		return nil
	}
	b.WriteString("DISTINCT ")
	if !p.take("ON") {
		return nil
	}
	on, err := p.bracketed(p.written)
	b.WriteString("ON " + on + " ")
	return err
}

// item reads what is selected: an expression with or without an alias, * or name.*.
func (p *parser) item() (string, error) {
	if p.take("*") {
		return p.star("*")
	}
	t := p.peek()
	if (t.kind == tokenWord && !reserved[strings.ToUpper(t.text)] || t.kind == tokenQuoted) && p.ahead(1).is(".") && p.ahead(2).is("*") {
		p.pos += 3
		return p.star(quoteName(t.text) + ".*")
	}
	return p.aliased()
}

// star reads EXCEPT (columns) after a star.
func (p *parser) star(sql string) (string, error) {
	if p.peek().is("EXCEPT") && (p.ahead(1).is("(") && !p.startsQuery(2) || p.ahead(1).kind == tokenQuoted) {
		p.pos++
		list, err := p.bracketed(func() (string, error) {
			name, err := p.name()
			return quoteName(name), err
		})
		sql += " EXCEPT " + list
		if err != nil {
			return "", err
		}
	}
	if t := p.peek(); t.is("APPLY") || t.is("REPLACE") {
		return "", p.fault("%s is not for analysts' statements: name the columns", strings.ToUpper(t.text))
	}
	return sql, nil
}

func (p *parser) aliased() (string, error) {
	e, err := p.aliasedExpr()
	return e.sql, err
}

func (p *parser) written() (string, error) {
	e, err := p.expr()
	return e.sql, err
}

func (p *parser) filter(word string) func(*strings.Builder) error {
	return func(b *strings.Builder) error {
		if !p.take(word) {
			return nil
		}
		e, err := p.expr()
		b.WriteString(" " + word + " " + e.sql)
		return err
	}
}

func (p *parser) groupBy(b *strings.Builder) error {
	if !p.take("GROUP", "BY") {
		return nil
	}
	b.WriteString(" GROUP BY ")
	var list string
	var err error
	switch {
	case p.take("ALL"):
		list = "ALL"
	case p.take("GROUPING", "SETS"):
		list, err = p.bracketed(func() (string, error) {
			if p.take("(", ")") {
				return "()", nil
			}
			return p.bracketed(p.written)
		})
		list = "GROUPING SETS " + list
	case p.take("ROLLUP"):
		list, err = p.bracketed(p.written)
		list = "ROLLUP" + list
	case p.take("CUBE"):
		list, err = p.bracketed(p.written)
		list = "CUBE" + list
	default:
		list, err = p.joined(p.written)
	}
	b.WriteString(list)
	switch {
	case err != nil:
	case p.take("WITH", "ROLLUP"):
		b.WriteString(" WITH ROLLUP")
	case p.take("WITH", "CUBE"):
		b.WriteString(" WITH CUBE")
	case p.peek().is("WITH"):
		err = p.fault("after GROUP BY stand WITH ROLLUP or WITH CUBE")
	}
	return err
}

func (p *parser) windows(b *strings.Builder) error {
	if !p.take("WINDOW") {
		return nil
	}
	list, err := p.joined(func() (string, error) {
		name, err := p.name()
		if err == nil {
			err = p.expect("AS")
		}
		if err != nil {
			return "", err
		}
		w, err := p.window()
		return quoteName(name) + " AS " + w, err
	})
	b.WriteString(" WINDOW " + list)
	return err
}

// window reads ( [PARTITION BY …] [ORDER BY …] [ROWS …] ).
func (p *parser) window() (string, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return "", err
	}
	if err := p.expect("("); err != nil {
		return "", err
	}
	var b strings.Builder
	if p.take("PARTITION", "BY") {
		list, err := p.joined(p.written)
		b.WriteString("PARTITION BY " + list)
		if err != nil {
			return "", err
		}
	}
	if err := p.orderBy(&b); err != nil {
		return "", err
	}
	for _, unit := range []string{"ROWS", "RANGE"} {
		if p.take(unit) {
			frame, err := p.frame()
			b.WriteString(" " + unit + " " + frame)
			if err != nil {
				return "", err
			}
			break
		}
	}
	return "(" + b.String() + ")", p.expect(")")
}

func (p *parser) frame() (string, error) {
	if !p.take("BETWEEN") {
		return p.bound()
	}
	from, err := p.bound()
	if err == nil {
		err = p.expect("AND")
	}
	if err != nil {
		return "", err
	}
	until, err := p.bound()
	return "BETWEEN " + from + " AND " + until, err
}

func (p *parser) bound() (string, error) {
	if p.take("CURRENT", "ROW") {
		return "CURRENT ROW", nil
	}
	bound := "UNBOUNDED"
	if !p.take(bound) {
		n, err := p.count()
		if err != nil {
			return "", err
		}
		bound = n
	}
	for _, side := range []string{"PRECEDING", "FOLLOWING"} {
		if p.take(side) {
			return bound + " " + side, nil
		}
	}
	return "", p.fault("PRECEDING or FOLLOWING is expected here, not %s", p.peek().shown())
}

func (p *parser) orderBy(b *strings.Builder) error {
	if !p.take("ORDER", "BY") {
		return nil
	}
	if p.take("ALL") {
		b.WriteString(" ORDER BY ALL")
		return nil
	}
	list, err := p.joined(p.orderItem)
	b.WriteString(" ORDER BY " + list)
	return err
}

func (p *parser) orderItem() (string, error) {
	e, err := p.expr()
	if err != nil {
		return "", err
	}
	s := e.sql
	if p.take("DESC") || p.take("DESCENDING") {
		s += " DESC"
	} else if p.take("ASC") || p.take("ASCENDING") {
		s += " ASC"
	}
	if p.take("NULLS", "FIRST") {
		s += " NULLS FIRST"
	} else if p.take("NULLS", "LAST") {
		s += " NULLS LAST"
	}
	if !p.take("WITH", "FILL") {
		return s, nil
	}
	s += " WITH FILL"
	for _, word := range []string{"FROM", "TO", "STEP"} {
		if p.take(word) {
			e, err := p.expr()
			if err != nil {
				return "", err
			}
			s += " " + word + " " + e.sql
		}
	}
	return s, nil
}

// limits reads LIMIT n [OFFSET m] BY …, LIMIT n [OFFSET m] and OFFSET m.
func (p *parser) limits(b *strings.Builder) error {
	for i := 0; i < 2 && p.take("LIMIT"); i++ {
		n, err := p.count()
		if err != nil {
			return err
		}
		b.WriteString(" LIMIT " + n)
		if p.take(",") {
			if n, err = p.count(); err != nil {
				return err
			}
			b.WriteString(", " + n)
		}
		if err := p.offset(b); err != nil {
			return err
		}
		if !p.take("BY") {
			if p.take("WITH", "TIES") {
				b.WriteString(" WITH TIES")
			}
			return nil
		}
		list, err := p.joined(p.written)
		b.WriteString(" BY " + list)
		if err != nil {
			return err
		}
	}
	return p.offset(b)
}

func (p *parser) offset(b *strings.Builder) error {
	if !p.take("OFFSET") {
		return nil
	}
	n, err := p.count()
	b.WriteString(" OFFSET " + n)
	return err
}

// count reads a whole number, or a parameter.
func (p *parser) count() (string, error) {
	t := p.peek()
	p.pos++
	switch {
	case t.kind == tokenParam:
		return p.param(t)
	case t.kind == tokenNumber && !strings.ContainsAny(t.text, ".eE"):
		return t.text, nil
	}
	p.pos--
	return "", p.fault("a whole number or a parameter is expected here, not %s", t.shown())
}
