// Package analyst runs analysts' own SQL: one SELECT over documented views of one workspace, without what the
// reader's policy hides, without people who are erased or whose use is restricted, within limits.
//
// A statement is read by a parser of this package, which knows a part of the engine's SQL and refuses the rest
// with its place, and is written anew: what the engine gets holds no text that was not written here. The engine's
// own parser is asked about the outcome before anything runs, and both have to agree (verify.go).
package analyst

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Statement is one that was checked. It is of the views that it was checked against.
type Statement struct {
	Params []Param  // those that it has, in the order in which they stand
	Views  []string // those that it reads

	source   string
	template string // with marks where texts and parameters stand
	literals []string
	names    []mention
}

// Check reads a statement. tables are the views that it may read, each with what is read in its place. Errors are *Fault.
func Check(sql string, tables map[string]string) (*Statement, error) {
	if len(sql) > MaxSQL {
		return nil, fault("", 0, "the statement is too long: at most %d bytes", MaxSQL)
	}
	tokens, err := lex(sql)
	if err != nil {
		return nil, err
	}
	p := &parser{sql: sql, tokens: tokens, tables: tables}
	template, err := p.query()
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return nil, err
	}
	return &Statement{Params: p.params, Views: p.used, source: sql, template: template, literals: p.literals, names: p.names}, nil
}

// ownParam is a parameter that is the server's.
var ownParam = regexp.MustCompile(`\{` + ownPrefix + `_[a-z_]+:[A-Za-z0-9()]+\}`)

var mark = regexp.MustCompile("\x00([SP])([0-9]+)\x00")

// SQL is the statement as the engine runs it: names in backticks, signs in texts as \xHH.
func (s *Statement) SQL() string {
	return s.render(func(text string) string { return "'" + escaped(text) + "'" }, func(p Param) string { return "{" + p.Name + ":" + p.Type + "}" })
}

// skeleton is the statement without any text or value, for the engine's parser to tell how it reads it.
func (s *Statement) skeleton() string {
	return ownParam.ReplaceAllString(s.render(func(string) string { return "''" }, func(Param) string { return "0" }), "0")
}

func (s *Statement) render(literal func(string) string, param func(Param) string) string {
	return mark.ReplaceAllStringFunc(s.template, func(m string) string {
		n, _ := strconv.Atoi(m[2 : len(m)-1])
		if m[1] == 'S' {
			return literal(s.literals[n])
		}
		return param(s.Params[n])
	})
}

// hiddenName finds the first column that a statement names of those that are hidden.
func (s *Statement) hiddenName(hidden []Column) (*Column, mention, bool) {
	for _, m := range s.names {
		if i := slices.IndexFunc(hidden, func(c Column) bool { return strings.EqualFold(c.Name, m.name) }); i >= 0 {
			return &hidden[i], m, true
		}
	}
	return nil, mention{}, false
}
