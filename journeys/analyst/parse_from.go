package analyst

import (
	"maps"
	"slices"
	"strings"
)

// from reads FROM with its joins; "" where there is none.
func (p *parser) from() (string, error) {
	if !p.take("FROM") {
		return "", nil
	}
	first, err := p.table()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(" FROM " + first)
	for {
		more, err := p.join(&b)
		if err != nil {
			return "", err
		}
		if !more {
			return b.String(), nil
		}
	}
}

// join reads one more table, or ARRAY JOIN.
func (p *parser) join(b *strings.Builder) (bool, error) {
	switch {
	case p.take(","):
		table, err := p.table()
		b.WriteString(", " + table)
		return true, err
	case p.peek().is("ARRAY") || p.peek().is("LEFT") && p.ahead(1).is("ARRAY"):
		if p.take("LEFT") {
			b.WriteString(" LEFT")
		}
		if err := p.expect("ARRAY", "JOIN"); err != nil {
			return false, err
		}
		list, err := p.joined(p.aliased)
		b.WriteString(" ARRAY JOIN " + list)
		return true, err
	case p.peek().is("PASTE"), p.peek().is("GLOBAL"):
		return false, p.fault("%s JOIN is not for analysts' statements", strings.ToUpper(p.peek().text))
	}
	words := p.joinWords()
	if words == "" {
		return false, nil
	}
	table, err := p.table()
	if err != nil {
		return false, err
	}
	b.WriteString(" " + words + " " + table)
	return true, p.joinOn(b)
}

// joinWords reads what stands before a joined table: LEFT ANY JOIN, INNER JOIN, …
func (p *parser) joinWords() string {
	n := 0
	var words []string
	for ; slices.ContainsFunc([]string{"ANY", "ALL", "ASOF", "SEMI", "ANTI", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "OUTER"}, p.ahead(n).is); n++ {
		words = append(words, strings.ToUpper(p.ahead(n).text))
	}
	if n > 3 || !p.ahead(n).is("JOIN") {
		return ""
	}
	p.pos += n + 1
	return strings.Join(append(words, "JOIN"), " ")
}

func (p *parser) joinOn(b *strings.Builder) error {
	column := func() (string, error) {
		p.mention()
		name, err := p.name()
		return quoteName(name), err
	}
	switch {
	case p.take("ON"):
		e, err := p.expr()
		b.WriteString(" ON " + e.sql)
		return err
	case p.take("USING"):
		var list string
		var err error
		if p.peek().is("(") {
			list, err = p.bracketed(column)
		} else {
			list, err = p.joined(column)
			list = "(" + list + ")"
		}
		b.WriteString(" USING " + list)
		return err
	}
	return nil
}

// table reads a view, a common table expression, a query in brackets, numbers(…) or values(…).
func (p *parser) table() (string, error) {
	t := p.peek()
	if t.is("(") {
		if !p.startsQuery(1) {
			return "", p.fault("a query is expected in these brackets")
		}
		p.pos++
		inner, err := p.query()
		if err == nil {
			err = p.expect(")")
		}
		return p.aliasedTable("("+inner+")", "", err)
	}
	if t.kind == tokenWord && p.ahead(1).is("(") {
		return p.tableFunction(t)
	}
	if t.kind == tokenWord && reserved[strings.ToUpper(t.text)] || t.kind != tokenWord && t.kind != tokenQuoted {
		return "", p.fault("the name of a view, or a query in brackets, is expected here, not %s", t.shown())
	}
	p.pos++
	if p.peek().is(".") {
		return "", p.faultAt(t, "a view is named without a database: %s", p.viewNames())
	}
	if inner, ok := p.scope.find(t.text); ok {
		return p.aliasedTable(inner, t.text, nil)
	}
	view, ok := p.tables[t.text]
	if !ok {
		return "", p.faultAt(t, "there is no view %q: %s", t.text, p.viewNames())
	}
	if !slices.Contains(p.used, t.text) {
		p.used = append(p.used, t.text)
	}
	return p.aliasedTable(view, t.text, nil)
}

func (p *parser) viewNames() string {
	return "views are " + strings.Join(slices.Sorted(maps.Keys(p.tables)), ", ")
}

// aliasedTable reads the alias of a table; otherwise is what it is called without one.
func (p *parser) aliasedTable(sql, otherwise string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	alias, err := p.alias()
	if alias == "" {
		alias = otherwise
	}
	if t := p.peek(); err == nil && (t.is("FINAL") || t.is("SAMPLE")) {
		err = p.misplaced(t)
	}
	return withAlias(sql, alias), err
}

// tableFunction reads numbers(…) and values('columns', rows…); there are no others.
func (p *parser) tableFunction(t token) (string, error) {
	switch t.text {
	case "numbers":
		p.pos++
		args, err := p.bracketed(p.count)
		return p.aliasedTable("numbers"+args, "", err)
	case "values":
		p.pos++
		args, err := p.values()
		return p.aliasedTable("values"+args, "", err)
	}
	return "", p.faultAt(t, "%s is a table function; a statement reads views, numbers(…) and values(…)", t.text)
}

func (p *parser) values() (string, error) {
	if !p.ahead(1).is(",") && p.ahead(1).kind != tokenString {
		return "", p.fault("values('name Type, …', (…), …) is expected here")
	}
	first := true
	return p.bracketed(func() (string, error) {
		if !first {
			return p.written()
		}
		first = false
		t := p.peek()
		p.pos++
		columns, err := parseColumns(t.text)
		if err != nil {
			return "", p.faultAt(t, "the columns of values are names with types: 'name Type, …'")
		}
		return p.literal(columns), nil
	})
}

// parseColumns reads "name Type, name Type" and writes it anew.
func parseColumns(text string) (string, error) {
	tokens, err := lex(text)
	if err != nil {
		return "", err
	}
	p := &parser{sql: text, tokens: tokens}
	list, err := p.joined(func() (string, error) {
		name, err := p.name()
		if err != nil || !plainName(name) {
			return "", p.fault("a name is expected here")
		}
		typ, err := p.typeName()
		return name + " " + typ, err
	})
	if err == nil {
		err = p.end()
	}
	return list, err
}
