package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tributary/ingest/event"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// maxValue is the longest identifier or attribute in bytes.
const maxValue = 1024

// Normalise brings an identifier into its one form, or says why it cannot be used. The place
// matters to telephone numbers only.
func (e *Engine) Normalise(at Place, raw Identifier) (Identifier, DropReason) {
	if e.observedAs(raw.Type) == classUnknown {
		return Identifier{}, DropUnknownType
	}
	value, ok := trimmed(raw.Value)
	if !ok {
		return Identifier{}, DropUnusable
	}
	if e.junk.junk(value) {
		return Identifier{}, DropBlocked
	}
	switch raw.Type {
	case event.IDEmail:
		if value, ok = normaliseEmail(value); ok && e.config.MailProviders {
			value = mailboxOf(value)
		}
	case event.IDPhone:
		value, ok = e.phones.normalise(at, value)
	}
	if !ok {
		return Identifier{}, DropUnusable
	}
	id := Identifier{raw.Type, value}
	if e.junk.blocked(id) {
		return Identifier{}, DropBlocked
	}
	return id, ""
}

// NormaliseAttribute brings the value of an identifying attribute into its one form. A birth date
// that is not certain stays as text: it is kept, and compared with nothing.
func (e *Engine) NormaliseAttribute(name, raw string) (string, DropReason) {
	value, ok := trimmed(spaced(raw))
	if !ok || !validAttributeName(name) {
		return "", DropUnusable
	}
	value = foldText(value)
	if value == "" {
		return "", DropUnusable
	}
	if name == event.AttrBirthDate {
		value = normaliseDate(value)
	}
	if e.junk.blockedAttribute(name, value) {
		return "", DropBlocked
	}
	return value, ""
}

// spaced turns tabs and line ends, which free text may hold, into spaces.
func spaced(s string) string {
	if !strings.ContainsAny(s, "\t\n\r\v\f") {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}

func validAttributeName(name string) bool {
	clean, ok := trimmed(name)
	return ok && clean == name
}

// trimmed cuts outer white space and refuses what can be no identifier: nothing, too much, control
// characters (NUL among them), and what is not UTF-8.
func trimmed(s string) (string, bool) {
	plain := len(s) > 0 && len(s) <= maxValue && s[0] != ' ' && s[len(s)-1] != ' '
	if plain {
		for i := 0; i < len(s) && plain; i++ {
			plain = s[i] >= ' ' && s[i] < 0x7f
		}
	}
	if plain {
		return s, true
	}
	if s = strings.TrimSpace(s); s == "" || len(s) > maxValue || !utf8.ValidString(s) {
		return "", false
	}
	visible := false
	for _, r := range s {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return "", false
		}
		visible = visible || (unicode.IsGraphic(r) && !unicode.IsSpace(r))
	}
	return s, visible
}

// normaliseEmail lower-cases, unfolds full-width forms and gives an international domain its
// ASCII form. Characters that only look alike stay different, for a mailbox whose name looks like
// a customer's is not the customer's. Providers' rules (dots, plus signs) are
// mailboxOf's.
func normaliseEmail(s string) (string, bool) {
	if !isASCII(s) {
		s = norm.NFC.String(width.Fold.String(s))
	}
	s = strings.ToLower(s)
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > 254 {
		return "", false
	}
	local, domain := s[:at], strings.TrimSuffix(s[at+1:], ".")
	if strings.ContainsAny(local, " \t\"(),:;<>@[\\]") || strings.ContainsFunc(local, unicode.IsSpace) || len(local) > 64 {
		return "", false
	}
	if !isASCII(domain) {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return "", false
		}
		domain = ascii
	}
	if !validDomain(domain) {
		return "", false
	}
	if len(local)+1+len(domain) == len(s) && s[at+1:] == domain {
		return s, true
	}
	return local + "@" + domain, true
}

// validDomain accepts host names of at least two labels.
func validDomain(s string) bool {
	if len(s) > 253 {
		return false
	}
	dots, start := 0, 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '.' {
			if i == start || i-start > 63 || s[start] == '-' || s[i-1] == '-' {
				return false
			}
			if i < len(s) {
				dots++
			}
			start = i + 1
			continue
		}
		if c := s[i]; c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return dots > 0
}

// foldText gives free text its one form: NFKC, folded case, single spaces.
func foldText(s string) string {
	if isASCII(s) {
		return singleSpaces(strings.ToLower(s))
	}
	s = cases.Fold().String(norm.NFKC.String(s))
	return singleSpaces(norm.NFKC.String(s))
}

func singleSpaces(s string) string {
	if !strings.Contains(s, "  ") && !strings.ContainsFunc(s, func(r rune) bool { return r != ' ' && unicode.IsSpace(r) }) &&
		!strings.HasPrefix(s, " ") && !strings.HasSuffix(s, " ") {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
