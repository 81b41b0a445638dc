package analyst

import (
	"fmt"
	"slices"
	"strings"
)

// parser reads a statement and writes it anew as it goes: what the engine is given holds no character that
// was not written here. It knows a part of the engine's SQL; what it does not know, it refuses.
type parser struct {
	sql    string
	tokens []token
	pos    int
	depth  int

	tables   map[string]string // views by name, and what is read in place of each
	scope    *scope
	ctes     int
	unions   int
	literals []string
	params   []Param
	used     []string  // views
	names    []mention // of columns, in the order in which they stand
}

// Param is a parameter that a statement has: {name:Type}.
type Param struct{ Name, Type string }

// mention is a name in a place where a column may stand.
type mention struct {
	name string
	at   int
}

// scope are the common table expressions of a query and of those around it.
type scope struct {
	outer *scope
	ctes  map[string]string // what each is called in what the engine is given
}

func (s *scope) find(name string) (string, bool) {
	for ; s != nil; s = s.outer {
		if inner, ok := s.ctes[name]; ok {
			return inner, true
		}
	}
	return "", false
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) ahead(n int) token { return p.tokens[min(p.pos+n, len(p.tokens)-1)] }

// take goes on if the next tokens are these.
func (p *parser) take(texts ...string) bool {
	for i, text := range texts {
		if !p.ahead(i).is(text) {
			return false
		}
	}
	p.pos += len(texts)
	return true
}

func (p *parser) expect(texts ...string) error {
	for _, text := range texts {
		if !p.take(text) {
			return p.fault("%s is expected here, not %s", text, p.peek().shown())
		}
	}
	return nil
}

func (t token) shown() string {
	switch t.kind {
	case tokenEnd:
		return "the end"
	case tokenString:
		return "a text"
	case tokenParam:
		return "a parameter"
	case tokenWord, tokenQuoted, tokenNumber, tokenOperator:
	}
	return t.text
}

func (p *parser) fault(format string, args ...any) *Fault {
	return p.faultAt(p.peek(), format, args...)
}

func (p *parser) faultAt(t token, format string, args ...any) *Fault {
	return fault(p.sql, t.at, format, args...)
}

func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return p.fault("the statement is nested too deeply: at most %d levels", maxDepth)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// list reads ( one, two, … ); it may not be empty.
func (p *parser) list(one func() error) error {
	if err := p.expect("("); err != nil {
		return err
	}
	if err := p.commas(one); err != nil {
		return err
	}
	return p.expect(")")
}

func (p *parser) commas(one func() error) error {
	for {
		if err := one(); err != nil {
			return err
		}
		if !p.take(",") {
			return nil
		}
	}
}

// joined reads a list without brackets and returns it written.
func (p *parser) joined(one func() (string, error)) (string, error) {
	var all []string
	err := p.commas(func() error {
		s, err := one()
		all = append(all, s)
		return err
	})
	return strings.Join(all, ", "), err
}

// bracketed is joined with brackets.
func (p *parser) bracketed(one func() (string, error)) (string, error) {
	if err := p.expect("("); err != nil {
		return "", err
	}
	s, err := p.joined(one)
	if err == nil {
		err = p.expect(")")
	}
	return "(" + s + ")", err
}

// name reads an alias or the name of a common table expression.
func (p *parser) name() (string, error) {
	t := p.peek()
	if t.kind != tokenQuoted && (t.kind != tokenWord || reserved[strings.ToUpper(t.text)]) {
		return "", p.fault("a name is expected here, not %s", t.shown())
	}
	if len(t.text) > maxName {
		return "", p.fault("a name is longer than %d bytes", maxName)
	}
	p.pos++
	return t.text, nil
}

// alias reads AS name, or a name that follows directly; "" if there is none.
func (p *parser) alias() (string, error) {
	if p.take("AS") {
		return p.name()
	}
	if t := p.peek(); t.kind == tokenQuoted || t.kind == tokenWord && !reserved[strings.ToUpper(t.text)] {
		return p.name()
	}
	return "", nil
}

func withAlias(sql, alias string) string {
	if alias == "" {
		return sql
	}
	return sql + " AS " + quoteName(alias)
}

// reserved are words that are no names unless they are quoted.
var reserved = func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`SELECT FROM WHERE PREWHERE GROUP HAVING ORDER LIMIT OFFSET UNION EXCEPT INTERSECT WINDOW QUALIFY
		SETTINGS FORMAT INTO OUTFILE ON USING JOIN LEFT RIGHT INNER OUTER FULL CROSS ANY ALL ASOF SEMI ANTI GLOBAL LOCAL ARRAY PASTE AS
		AND OR NOT XOR IN BETWEEN LIKE ILIKE REGEXP IS DIV MOD THEN ELSE END WHEN CASE ASC DESC ASCENDING DESCENDING NULLS WITH SAMPLE
		FINAL FETCH FILTER OVER BY DISTINCT INTERVAL EXISTS NULL TRUE FALSE INTERPOLATE FILL STEP COLLATE APPLY REPLACE COLUMNS RECURSIVE
		INSERT VALUES EXPLAIN TOTALS ROLLUP CUBE PARALLEL IGNORE RESPECT ROWS RANGE TOP TIES STALENESS`) {
		words[word] = true
	}
	return words
}()

// query reads [WITH …] SELECT … [UNION …].
func (p *parser) query() (string, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return "", err
	}
	p.scope = &scope{outer: p.scope, ctes: map[string]string{}}
	defer func() { p.scope = p.scope.outer }()
	with := ""
	if p.take("WITH") {
		elements, err := p.joined(p.withElement)
		if err != nil {
			return "", err
		}
		with = "WITH " + elements + " "
	}
	body, err := p.union()
	return with + body, err
}

// withElement reads name AS (query) or expression AS name. The name of a query is one that no table has, so
// that it can never mean one.
func (p *parser) withElement() (string, error) {
	first := p.peek()
	if first.is("RECURSIVE") {
		return "", p.fault("WITH RECURSIVE is not for analysts' statements")
	}
	if (first.kind == tokenWord || first.kind == tokenQuoted) && p.ahead(1).is("AS") && p.ahead(2).is("(") {
		name, err := p.name()
		if err != nil {
			return "", err
		}
		if _, taken := p.scope.ctes[name]; taken {
			return "", p.faultAt(first, "%s is there already", first.text)
		}
		p.pos += 2
		body, err := p.query()
		if err == nil {
			err = p.expect(")")
		}
		p.ctes++
		inner := fmt.Sprintf("%s%d", ctePrefix, p.ctes)
		p.scope.ctes[name] = inner // from here on: it does not know itself
		return inner + " AS (" + body + ")", err
	}
	e, err := p.expr()
	if err != nil {
		return "", err
	}
	if err := p.expect("AS"); err != nil {
		return "", err
	}
	alias, err := p.name()
	return withAlias(e.sql, alias), err
}

// ctePrefix begins the names of common table expressions in what the engine is given.
const ctePrefix = "tributary_cte_"

func (p *parser) union() (string, error) {
	body, err := p.term()
	for err == nil {
		op := ""
		for _, word := range []string{"UNION", "EXCEPT", "INTERSECT"} {
			if p.take(word) {
				op = word
			}
		}
		if op == "" {
			return body, nil
		}
		if p.unions++; p.unions > maxUnions {
			return "", p.fault("at most %d queries are joined by UNION", maxUnions)
		}
		switch {
		case p.take("ALL"):
			op += " ALL"
		case p.take("DISTINCT"):
			op += " DISTINCT"
		case op == "UNION":
			return "", p.fault("say UNION ALL or UNION DISTINCT")
		}
		var next string
		next, err = p.term()
		body += " " + op + " " + next
	}
	return "", err
}

func (p *parser) term() (string, error) {
	if !p.take("(") {
		return p.selection()
	}
	inner, err := p.query()
	if err == nil {
		err = p.expect(")")
	}
	return "(" + inner + ")", err
}

// startsQuery says whether a query begins at a token, behind any brackets.
func (p *parser) startsQuery(n int) bool {
	for p.ahead(n).is("(") {
		n++
	}
	t := p.ahead(n)
	return t.is("SELECT") || t.is("WITH") || t.is("FROM")
}

// elsewhere are clauses of the engine that no statement may have, and why.
var elsewhere = map[string]string{
	"SETTINGS": "settings are not the statement's: limits are the server's",
	"FORMAT":   "the format is said beside the statement, in format or Accept",
	"INTO":     "a statement writes nothing",
	"FINAL":    "FINAL is not needed: views show what counts",
	"SAMPLE":   "SAMPLE is not for views",
	"GLOBAL":   "GLOBAL is not needed",
	"FETCH":    "say LIMIT",
	"PREWHERE": "say WHERE",
}

// end checks that the statement is over.
func (p *parser) end() error {
	t := p.peek()
	if t.kind == tokenEnd {
		return nil
	}
	return p.misplaced(t)
}

func (p *parser) misplaced(t token) error {
	if why, ok := elsewhere[strings.ToUpper(t.text)]; ok && t.kind == tokenWord {
		return p.faultAt(t, "%s", why)
	}
	return p.faultAt(t, "%s is not understood here", t.shown())
}

// literal notes a text, and returns what stands for it until the statement is rendered.
func (p *parser) literal(text string) string {
	p.literals = append(p.literals, text)
	return fmt.Sprintf("\x00S%d\x00", len(p.literals)-1)
}

// param notes a parameter.
func (p *parser) param(t token) (string, error) {
	name, typ, ok := strings.Cut(t.text, ":")
	name = strings.TrimSpace(name)
	if !ok || !plainName(name) || strings.HasPrefix(strings.ToLower(name), ownPrefix) {
		return "", p.faultAt(t, "a parameter is {name:Type}, the name of letters, digits and _, and not beginning with %s", ownPrefix)
	}
	typ, err := parseType(typ)
	if err != nil {
		return "", p.faultAt(t, "{%s}: the type is none that a parameter may have", name)
	}
	at := slices.IndexFunc(p.params, func(other Param) bool { return other.Name == name })
	switch {
	case at < 0:
		at = len(p.params)
		p.params = append(p.params, Param{name, typ})
	case p.params[at].Type != typ:
		return "", p.faultAt(t, "{%s} is of one type in one place and of another in another", name)
	}
	return fmt.Sprintf("\x00P%d\x00", at), nil
}

// ownPrefix begins the names of parameters that are the server's.
const ownPrefix = "tributary"

func plainName(name string) bool {
	for i := range len(name) {
		if !isLetter(name[i]) && (i == 0 || !isDigit(name[i])) {
			return false
		}
	}
	return name != "" && len(name) <= maxName
}
