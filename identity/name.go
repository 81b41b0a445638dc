package identity

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tributary/ingest/event"

	"golang.org/x/text/unicode/norm"
)

var nameAttributes = []string{
	event.AttrName, event.AttrFirstName, event.AttrMiddleName, event.AttrLastName, event.AttrSuffix,
}

// personName is a name taken apart for comparison.
type personName struct {
	// tokens are first name, middle names and last name, in that order when ordered.
	tokens  []string
	ordered bool   // the source said which is which
	suffix  string // jr, sr, ii …
}

var honorifics = map[string]bool{
	"mr": true, "mrs": true, "ms": true, "miss": true, "mx": true, "dr": true, "prof": true, "sir": true,
	"dame": true, "madam": true, "herr": true, "frau": true, "mme": true, "mlle": true, "sra": true,
}

var suffixes = map[string]string{
	"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv",
	"2nd": "ii", "3rd": "iii", "4th": "iv",
}

// nameOf reads the name out of normalised attributes. A name without letters is none.
func nameOf(attrs []Attribute) (personName, bool) {
	var whole, first, middle, last, suffix string
	for _, a := range attrs {
		switch a.Name {
		case event.AttrName:
			whole = a.Value
		case event.AttrFirstName:
			first = a.Value
		case event.AttrMiddleName:
			middle = a.Value
		case event.AttrLastName:
			last = a.Value
		case event.AttrSuffix:
			suffix = a.Value
		}
	}
	var n personName
	switch {
	case first != "" && last != "":
		n = parseParts(first, middle, last)
	case whole != "":
		if n = parseWhole(whole); !n.ordered {
			n.tokens, n.ordered = splitHan(n.tokens)
		}
	default:
		n = parseWhole(strings.Join([]string{first, middle, last}, " "))
	}
	if s, ok := suffixes[strings.Trim(suffix, ". ")]; ok {
		n.suffix = s
	}
	return n, len(n.tokens) > 0
}

func parseParts(first, middle, last string) personName {
	n := personName{ordered: true}
	n.tokens = append(n.tokens, tokensOf(first)...)
	n.tokens = append(n.tokens, tokensOf(middle)...)
	n.tokens = append(n.tokens, tokensOf(last)...)
	n.takeSuffix()
	return n
}

// parseWhole reads "First Middle Last" and "Last, First Middle".
func parseWhole(s string) personName {
	var n personName
	if last, first, ok := strings.Cut(s, ","); ok {
		if _, isSuffix := suffixes[strings.Trim(first, ". ")]; !isSuffix && strings.TrimSpace(first) != "" {
			n.tokens = append(tokensOf(first), tokensOf(last)...)
			n.ordered = true
			n.takeSuffix()
			return n
		}
	}
	n.tokens = tokensOf(s)
	n.takeSuffix()
	return n
}

// takeSuffix moves a generation out of the tokens, wherever it stands but at the beginning.
func (n *personName) takeSuffix() {
	if len(n.tokens) < 2 {
		return
	}
	kept := n.tokens[:1]
	for _, t := range n.tokens[1:] {
		if s, ok := suffixes[t]; ok && n.suffix == "" {
			n.suffix = s
			continue
		}
		kept = append(kept, t)
	}
	n.tokens = kept
}

// tokensOf splits a folded name into its words, without accents, apostrophes and honorifics.
func tokensOf(s string) []string {
	s = strings.Map(func(r rune) rune {
		if r == '\'' || r == '’' || r == '`' {
			return -1
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return r
		}
		return ' '
	}, withoutAccents(s))
	words := strings.Fields(s)
	tokens := words[:0]
	for i, w := range words {
		if i < len(words)-1 && honorifics[w] {
			continue
		}
		w = unmask(w)
		tokens = append(tokens, w)
	}
	if strings.IndexFunc(s, unicode.IsLetter) < 0 {
		return nil
	}
	return tokens
}

func withoutAccents(s string) string {
	if isASCII(s) {
		return s
	}
	return norm.NFC.String(strings.Map(dropAccent, norm.NFD.String(s)))
}

// dropAccent removes the accents of European scripts; the marks of other scripts are letters.
func dropAccent(r rune) rune {
	if r >= 0x0300 && r <= 0x036f {
		return -1
	}
	return r
}

// key is equal for names that say the same. The order is part of it only when it is known.
func (n *personName) key() string {
	mark := "|"
	if n.ordered {
		mark = "|,"
	}
	return strings.Join(n.tokens, " ") + mark + n.suffix
}

// relation is what the comparison of two facts says about their bearers.
type relation uint8

const (
	relationNone relation = iota // nothing
	relationAgree
	relationSame // agree, whole and to the letter
	relationContradict
)

// compareNames knows word order, initials, missing middle names, single slips of the pen and other
// scripts; nicknames are left to what is weighed. The rules stand in the README.
func compareNames(a, b personName) relation {
	if a.suffix != "" && b.suffix != "" && a.suffix != b.suffix {
		return relationContradict
	}
	r, other := compareScripts(a, b)
	if !other {
		r = compareTokens(a, b)
	}
	if a.suffix != b.suffix && r != relationContradict {
		return relationNone // John Smith may be the father or the son
	}
	return r
}

func compareTokens(a, b personName) relation {
	if sameTokens(a.tokens, b.tokens) {
		if len(a.tokens) >= 2 && !hasInitial(a.tokens) {
			return relationSame
		}
		return relationAgree
	}
	if len(a.tokens) == 1 || len(b.tokens) == 1 {
		return compareSingle(a, b)
	}
	best := compareOriented(a.tokens, b.tokens)
	if !a.ordered {
		best = better(best, compareOriented(lastFirst(a.tokens), b.tokens))
	}
	if !b.ordered {
		best = better(best, compareOriented(a.tokens, lastFirst(b.tokens)))
	}
	if best == relationContradict && (subset(a.tokens, b.tokens) || subset(b.tokens, a.tokens)) {
		if a.tokens[0] == b.tokens[0] {
			return relationAgree // one of two last names was left out
		}
		return relationNone
	}
	return best
}

// compareSingle compares when one name is a single word. A last name alone is the family's.
func compareSingle(a, b personName) relation {
	if len(a.tokens) > 1 {
		a, b = b, a
	}
	word, first, last := a.tokens[0], b.tokens[0], b.tokens[len(b.tokens)-1]
	if isLogin(word) || len(b.tokens) == 1 && isLogin(last) {
		return relationNone
	}
	switch {
	case len(b.tokens) == 1:
		if isInitial(word) || isInitial(last) {
			return relationNone
		}
		return relationContradict
	case word == first:
		return relationAgree
	case word == last, subset(a.tokens, b.tokens), initialMatch(word, first):
		return relationNone
	}
	return relationContradict
}

// isLogin recognises user names given in the place of names.
func isLogin(s string) bool { return strings.IndexFunc(s, unicode.IsDigit) >= 0 }

// compareOriented takes both as first name, middle names, last name.
func compareOriented(a, b []string) relation {
	af, al, bf, bl := a[0], a[len(a)-1], b[0], b[len(b)-1]
	first, last := af == bf, al == bl
	whole := first && last ||
		last && slip(af, bf, false) ||
		first && slip(al, bl, true)
	switch {
	case whole && middlesContradict(a, b):
		return relationNone
	case whole:
		return relationAgree
	case last && initialMatch(af, bf), first && initialMatch(al, bl):
		if middlesContradict(a, b) {
			return relationNone
		}
		return relationAgree
	case initialMatch(af, bf) && initialMatch(al, bl):
		return relationNone
	}
	return relationContradict
}

// middlesContradict says that both have middle names and one of them has no partner: of the one that
// has fewer, or of either.
func middlesContradict(a, b []string) bool {
	a, b = a[1:len(a)-1], b[1:len(b)-1]
	return len(a) <= len(b) && !partnered(a, b) || len(b) <= len(a) && !partnered(b, a)
}

// partnered says whether each of some names is among others, at least by its initial.
func partnered(names, among []string) bool {
	for _, x := range names {
		if !slices.ContainsFunc(among, func(y string) bool { return initialMatch(x, y) }) {
			return false
		}
	}
	return true
}

func lastFirst(tokens []string) []string {
	n := len(tokens)
	turned := append([]string{tokens[n-1]}, tokens[:n-1]...)
	return turned
}

// better prefers agreement over nothing over contradiction.
func better(a, b relation) relation {
	rank := [...]int{relationContradict: 0, relationNone: 1, relationAgree: 2, relationSame: 3}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

func sameTokens(a, b []string) bool { return len(a) == len(b) && subset(a, b) && subset(b, a) }

func subset(a, b []string) bool {
	for _, x := range a {
		if !slices.Contains(b, x) {
			return false
		}
	}
	return true
}

func hasInitial(tokens []string) bool {
	for _, t := range tokens {
		if isInitial(t) {
			return true
		}
	}
	return false
}

// isInitial says whether a word is one letter of an alphabet; one Chinese character is a name.
func isInitial(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return size == len(s) && unicode.IsOneOf([]*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic}, r)
}

func initialMatch(a, b string) bool {
	if a == b {
		return true
	}
	return isInitial(a) && strings.HasPrefix(b, a) || isInitial(b) && strings.HasPrefix(a, b)
}

// slip says whether two words of at least five letters are one slip of the pen apart. In a first
// name a replaced letter and a changed ending are other names (Marvin, Julian and Juliana), so
// only turned letters and one missing inside count.
func slip(a, b string, lastName bool) bool {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < 5 || len(y)-len(x) > 1 {
		return false
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if i == 0 {
		return false
	}
	if len(x) < len(y) {
		return string(x[i:]) == string(y[i+1:]) && (lastName || i < len(x))
	}
	if i+1 < len(x) && x[i] == y[i+1] && x[i+1] == y[i] && string(x[i+2:]) == string(y[i+2:]) {
		return lastName || i+2 < len(x)
	}
	return lastName && i < len(x) && string(x[i+1:]) == string(y[i+1:])
}

// compareDates takes two certain birth dates. Day and month turned around are one date misread.
func compareDates(a, b string) relation {
	if a == b {
		return relationSame
	}
	if a[:4] == b[:4] && a[5:7] == b[8:] && a[8:] == b[5:7] {
		return relationNone
	}
	return relationContradict
}
