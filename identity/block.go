package identity

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tributary/ingest/event"

	"golang.org/x/text/unicode/norm"
)

// noValues are what programs write where there is no value. They block every identifier type and
// every attribute.
var noValues = []string{
	"null", "(null)", "<null>", "nil", "none", "undefined", "nan", "n/a", "na", "n.a.", "#n/a", "not available", "not applicable",
	"not provided", "not set", "(not set)", "notset", "unset", "unknown", "(unknown)", "[object object]", "{}", "[]", "()", "-", "--",
	"---", ".", "..", "...", "?", "??", "???", "empty", "(empty)", "blank", "redacted", "[redacted]",
}

// junkValues are what people and programs write in the place of an identifier. They block every
// identifier type, and names that consist of them.
var junkValues = []string{
	"anonymous", "anon", "guest", "unknown user", "guest user", "anonymous user", "unknown caller", "private caller", "withheld",
	"object", "0", "-1", "true", "false", "test", "tester", "testuser", "test user", "user", "visitor", "customer", "default",
	"xxx", "xxxx", "asdf", "qwerty", "id", "user_id", "userid", "email", "phone", "deleted", "deleted user", "no name", "noname", "no-name",
	"ffffffff-ffff-ffff-ffff-ffffffffffff",
}

// placeholder is a template's variable that was never filled in: {{user.id}}, ${id}, %user_id%, <name>.
var placeholder = regexp.MustCompile(`^(\{\{.*\}\}|\$\{.*\}|\{[a-z_. ]+\}|<[a-z_. ]+>|%[a-z_.]+%|%7b.*%7d|\[[a-z_. ]+\])$`)

// junkNames are examples as whole names, and may well be somebody's login.
var junkNames = []string{"john doe", "jane doe", "max mustermann", "erika mustermann"}

// realNames are junk alone, but stand beside another word in the names of people.
var realNames = map[string]bool{"na": true, "guest": true, "blank": true}

var junkEmails = []string{
	"test@test.com", "test@test.de", "test@example.com", "test@gmail.com", "test@email.com", "testing@test.com",
	"a@a.com", "a@b.com", "a@b.c", "abc@abc.com", "aaa@aaa.com", "x@x.com", "xxx@xxx.com", "asdf@asdf.com",
	"none@none.com", "no@no.com", "na@na.com", "n@a.com", "null@null.com", "unknown@unknown.com",
	"noemail@noemail.com", "no@email.com", "no@mail.com", "none@gmail.com", "none@email.com", "guest@guest.com",
	"user@example.com", "email@email.com", "email@example.com", "mail@mail.com", "me@me.com", "admin@admin.com",
	"example@example.com",
}

// junkMailboxes are the parts before the @ of mailboxes that nobody reads.
var junkMailboxes = regexp.MustCompile(`^(no[-_.]?reply|do[-_.]?not[-_.]?reply|no[-_.]?e?mail|mailer[-_.]?daemon|postmaster|bounces?|nobody|undefined|null|anonymous|unknown)([-+].*)?@`)

// testMailboxes are test@test.com and its kin.
var testMailboxes = regexp.MustCompile(`^test[0-9]*([-+].*)?@(test|example)\.`)

// junkDates are the first days of calendars and of programs.
var junkDates = []string{"0000-00-00", "00.00.0000", "00/00/0000", "0001-01-01", "1900-01-01", "1901-01-01", "1970-01-01", "9999-12-31"}

// blockList tells the values that identify nobody.
type blockList struct {
	none     map[string]bool            // whatever it is the value of
	any      map[string]bool            // identifiers and names
	byType   map[string]map[string]bool // "" is every identifier type
	patterns map[string][]*regexp.Regexp
}

func newBlockList(extra []Block) (blockList, error) {
	l := blockList{none: map[string]bool{}, any: map[string]bool{}, byType: map[string]map[string]bool{}, patterns: map[string][]*regexp.Regexp{}}
	for _, v := range noValues {
		l.none[v], l.any[v] = true, true
	}
	for _, v := range junkValues {
		l.any[v] = true
	}
	for _, v := range junkNames {
		l.add(event.AttrName, v)
	}
	for _, v := range junkEmails {
		l.add(event.IDEmail, v)
	}
	for _, v := range junkDates {
		l.add(event.AttrBirthDate, v)
	}
	for _, b := range extra {
		if b.Pattern == "" {
			l.add(b.Type, strings.ToLower(b.Value))
			continue
		}
		re, err := regexp.Compile("(?i)^(?:" + b.Pattern + ")$")
		if err != nil {
			return l, fmt.Errorf("blocked pattern: %w", err)
		}
		l.patterns[b.Type] = append(l.patterns[b.Type], re)
	}
	return l, nil
}

func (l *blockList) add(typ, value string) {
	if l.byType[typ] == nil {
		l.byType[typ] = map[string]bool{}
	}
	l.byType[typ][value] = true
}

// junk says whether a raw value is one that stands for none, whatever its type.
func (l *blockList) junk(value string) bool {
	if !isASCII(value) {
		value = norm.NFKC.String(value)
	}
	value = strings.Trim(strings.ToLower(value), "\"'`")
	return value == "" || l.any[value] || onlyZeros(value) || isPlaceholder(value)
}

// isPlaceholder looks at the first character before it asks the expression.
func isPlaceholder(s string) bool {
	return s != "" && strings.IndexByte("{$<%[", s[0]) >= 0 && placeholder.MatchString(s)
}

// blocked judges a normalised identifier.
func (l *blockList) blocked(id Identifier) bool {
	lower := strings.ToLower(id.Value)
	if l.junk(lower) || l.byType[""][lower] || l.byType[id.Type][lower] {
		return true
	}
	switch id.Type {
	case event.IDEmail:
		if junkMailboxes.MatchString(lower) || l.mirrored(lower) || strings.HasPrefix(lower, "test") && testMailboxes.MatchString(lower) {
			return true
		}
	case event.IDPhone:
		if junkPhone(lower) {
			return true
		}
	}
	return l.matches("", lower) || l.matches(id.Type, lower)
}

// mirrored recognises none@none.org and asdf@asdf.net.
func (l *blockList) mirrored(address string) bool {
	local, domain, _ := strings.Cut(address, "@")
	label, _, _ := strings.Cut(domain, ".")
	return local == label && l.any[local]
}

// blockedAttribute judges a normalised attribute. Configured blocks apply if they name it.
func (l *blockList) blockedAttribute(name, value string) bool {
	switch {
	case l.byType[name][value], l.matches(name, value):
		return true
	case name == event.AttrName:
		return l.any[value] || l.onlyJunk(value)
	case slices.Contains(nameAttributes, name):
		return l.onlyJunk(value) && !realNames[value]
	case name == event.AttrPostcode && onlyZeros(value):
		return true
	}
	return l.none[value] || isPlaceholder(value)
}

// onlyJunk says whether every word stands for none, as in "null null".
func (l *blockList) onlyJunk(value string) bool {
	if l.any[value] || isPlaceholder(value) {
		return true
	}
	for word := range strings.SplitSeq(value, " ") {
		if !l.any[word] && !isPlaceholder(word) {
			return false
		}
	}
	return true
}

func (l *blockList) matches(typ, value string) bool {
	for _, re := range l.patterns[typ] {
		if re.MatchString(value) {
			return true
		}
	}
	return false
}

// onlyZeros recognises 0, 000, and the nil UUID that stands for a refused advertising id.
func onlyZeros(s string) bool {
	zero := false
	for i := 0; i < len(s); i++ {
		if s[i] != '0' && s[i] != '-' {
			return false
		}
		zero = zero || s[i] == '0'
	}
	return zero
}

const digitsUp, digitsDown = "01234567890123", "98765432109876"

// junkPhone recognises numbers whose digits behind the country code are all the same or count up
// or down.
func junkPhone(e164 string) bool {
	if len(e164) < 9 || e164[0] != '+' {
		return false
	}
	for code := 1; code <= 3; code++ {
		rest := e164[1+code:]
		if strings.Count(rest, rest[:1]) == len(rest) {
			return true
		}
		if len(rest) >= 8 && (strings.Contains(digitsUp, rest) || strings.Contains(digitsDown, rest)) {
			return true
		}
	}
	return false
}
