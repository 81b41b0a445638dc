package analyst

import (
	"strings"
	"unicode/utf8"
)

// kind is what a token is.
type kind uint8

const (
	tokenEnd kind = iota
	tokenWord
	tokenQuoted // an identifier in `backticks` or "double quotes"
	tokenNumber
	tokenString
	tokenParam // {name:Type}
	tokenOperator
)

// token is one of a statement; at is its offset in bytes.
type token struct {
	kind kind
	text string // of a string or quoted name what it means, of a parameter "name:Type"
	at   int
}

// is says whether the token is a keyword, in any case, or an operator.
func (t token) is(text string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, text) || t.kind == tokenOperator && t.text == text
}

// operators are the longest first.
var operators = []string{
	"->", "::", "||", "<=", ">=", "<>", "!=", "==", "(", ")", "[", "]", ",", ".", "+", "-", "*", "/", "%", "=", "<", ">", "?", ":",
}

// lex takes a statement apart. What is not listed here is no part of a statement: heredocs, dollars, braces
// without a parameter, NUL, bytes that are no UTF-8, a semicolon before the end.
func lex(sql string) ([]token, error) {
	l := lexer{sql: sql}
	if !utf8.ValidString(sql) {
		return nil, fault(sql, 0, "the statement is not valid UTF-8")
	}
	for {
		if err := l.blank(); err != nil {
			return nil, err
		}
		if l.at == len(sql) {
			return append(l.tokens, token{kind: tokenEnd, at: l.at}), nil
		}
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		if len(l.tokens) == maxTokens {
			return nil, fault(sql, t.at, "the statement is too long: at most %d words and signs", maxTokens)
		}
		l.tokens = append(l.tokens, t)
	}
}

type lexer struct {
	sql    string
	at     int
	tokens []token
}

// blank passes over white space, comments, and one semicolon at the end. Only ASCII blanks are any: others look
// like them, and the engine's view of them is its own.
func (l *lexer) blank() error {
	for l.at < len(l.sql) {
		rest := l.sql[l.at:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			l.at++
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.at += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 || strings.Contains(rest[2:2+end], "/*") {
				return fault(l.sql, l.at, "the comment does not end, or holds another")
			}
			l.at += end + 4
		case rest[0] == ';':
			if strings.Trim(rest, "; \t\r\n") != "" {
				return fault(l.sql, l.at, "one statement at a time: nothing may follow the semicolon")
			}
			l.at = len(l.sql)
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) next() (token, error) {
	start, c := l.at, l.sql[l.at]
	switch {
	case isLetter(c):
		for l.at < len(l.sql) && (isLetter(l.sql[l.at]) || isDigit(l.sql[l.at])) {
			l.at++
		}
		return token{tokenWord, l.sql[start:l.at], start}, nil
	case isDigit(c):
		return l.number()
	case c == '\'':
		text, err := l.quoted('\'')
		return token{tokenString, text, start}, err
	case c == '`' || c == '"':
		text, err := l.quoted(c)
		if err == nil && !validName(text) {
			err = fault(l.sql, start, "a quoted name has 1 to %d letters, digits, blanks, _ and -", maxName)
		}
		return token{tokenQuoted, text, start}, err
	case c == '{':
		return l.param()
	}
	for _, op := range operators {
		if strings.HasPrefix(l.sql[l.at:], op) {
			l.at += len(op)
			return token{tokenOperator, op, start}, nil
		}
	}
	r, _ := utf8.DecodeRuneInString(l.sql[l.at:])
	return token{}, fault(l.sql, l.at, "the character %q is no part of a statement", r)
}

// number takes 12, 1.5, .5e-3 without the leading dot, and nothing in other bases.
func (l *lexer) number() (token, error) {
	start := l.at
	digits := func() {
		for l.at < len(l.sql) && isDigit(l.sql[l.at]) {
			l.at++
		}
	}
	digits()
	if l.at+1 < len(l.sql) && l.sql[l.at] == '.' && isDigit(l.sql[l.at+1]) {
		// After a dot it is an element of a tuple: t.1.2
		if n := len(l.tokens); n == 0 || !l.tokens[n-1].is(".") {
			l.at++
			digits()
		}
	}
	if l.at < len(l.sql) && (l.sql[l.at] == 'e' || l.sql[l.at] == 'E') {
		l.at++
		if l.at < len(l.sql) && (l.sql[l.at] == '+' || l.sql[l.at] == '-') {
			l.at++
		}
		before := l.at
		if digits(); l.at == before {
			return token{}, fault(l.sql, start, "the number has no exponent after e")
		}
	}
	if l.at < len(l.sql) && isLetter(l.sql[l.at]) {
		return token{}, fault(l.sql, start, "a number has decimal digits only, and a name does not begin with one")
	}
	return token{tokenNumber, l.sql[start:l.at], start}, nil
}

// quoted reads to the closing mark. A mark is doubled or follows a backslash; of other escapes there are
// \\ \n \r \t \0 and \xHH.
func (l *lexer) quoted(mark byte) (string, error) {
	start := l.at
	var b strings.Builder
	for l.at++; l.at < len(l.sql); l.at++ {
		switch c := l.sql[l.at]; {
		case c == mark && l.at+1 < len(l.sql) && l.sql[l.at+1] == mark:
			l.at++
			b.WriteByte(mark)
		case c == mark:
			l.at++
			return b.String(), nil
		case c == '\\':
			if err := l.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", fault(l.sql, start, "the quote is never closed")
}

func (l *lexer) escape(b *strings.Builder) error {
	at := l.at
	if l.at++; l.at < len(l.sql) {
		switch c := l.sql[l.at]; c {
		case '\\', '\'', '"', '`', '/', '%', '_':
			if c == '%' || c == '_' { // of LIKE: the engine keeps the backslash
				b.WriteByte('\\')
			}
			b.WriteByte(c)
			return nil
		case 'n':
			b.WriteByte('\n')
			return nil
		case 'r':
			b.WriteByte('\r')
			return nil
		case 't':
			b.WriteByte('\t')
			return nil
		case 'd', 'w', 's', 'b', 'D', 'W', 'S', 'B', '.', '(', ')', '[', ']', '{', '}', '*', '+', '?', '^', '$', '|', '-':
			b.WriteByte('\\') // of a regular expression
			b.WriteByte(c)
			return nil
		}
	}
	return fault(l.sql, at, "%s", `after a backslash stands one of \ ' " n r t % _, or a sign of a regular expression`)
}

// param reads {name:Type}.
func (l *lexer) param() (token, error) {
	start := l.at
	end := strings.IndexByte(l.sql[l.at:], '}')
	if end < 0 {
		return token{}, fault(l.sql, start, "the parameter is never closed: write {name:Type}")
	}
	l.at += end + 1
	return token{tokenParam, l.sql[start+1 : l.at-1], start}, nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
