package profiles

import (
	"slices"
	"strings"
	"unicode"
)

// maxTerms bounds how many words of a query count.
const maxTerms = 32

// terms are the words of a text by which facts are found: letters and digits in lower case. What is written without
// spaces between words (Han, Hiragana, Katakana, Thai …) counts by pairs of neighbours, a single one by itself.
func terms(text string, each func(term string)) {
	word := make([]rune, 0, 32)
	end := func() {
		if len(word) > 0 {
			each(string(word))
		}
		word = word[:0]
	}
	var last rune // of a run without spaces; 0: none
	alone := false
	endRun := func() {
		if alone {
			each(string(last))
		}
		last, alone = 0, false
	}
	for _, r := range text {
		switch {
		case unicode.In(r, spaceless...):
			end()
			if last != 0 {
				each(string([]rune{last, r}))
			}
			last, alone = r, last == 0
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			endRun()
			word = append(word, foldCase(r))
		default:
			end()
			endRun()
		}
	}
	end()
	endRun()
}

// foldCase brings a letter into one form, whatever its case: the least of its orbit under simple folding.
func foldCase(r rune) rune {
	least := r
	for n := unicode.SimpleFold(r); n != r; n = unicode.SimpleFold(n) {
		least = min(least, n)
	}
	return least
}

var spaceless = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

// rank puts the facts that share words with a query before the others, those that share more of them first, and
// leaves all else in its order. The first fact stays the first.
func rank(facts []Fact, query string) {
	asked := map[string]int{}
	terms(query, func(term string) {
		if _, known := asked[term]; !known && len(asked) < maxTerms {
			asked[term] = len(asked)
		}
	})
	if len(asked) == 0 || len(facts) < 2 {
		return
	}
	rest := facts[1:]
	for i := range rest {
		rest[i].shares = rest[i].matches(asked)
	}
	slices.SortStableFunc(rest, func(a, b Fact) int { return b.shares - a.shares })
}

// matches counts the terms that a fact shares.
func (f *Fact) matches(asked map[string]int) int {
	var found uint64
	see := func(term string) {
		if i, ok := asked[term]; ok {
			found |= 1 << i
		}
	}
	terms(f.Text, see)
	for i := range f.Quotes {
		terms(strings.ToValidUTF8(f.Quotes[i].Name, " "), see)
		terms(f.Quotes[i].Text, see)
	}
	n := 0
	for ; found != 0; found &= found - 1 {
		n++
	}
	return n
}
