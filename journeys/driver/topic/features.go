package topic

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxRunes bounds how much of a text is looked at: what it is about stands at its beginning.
const maxRunes = 4000

// address is an e-mail or web address.
var address = regexp.MustCompile(`[\w.+-]+@[\w.-]+|https?://\S+`)

// Features are what a text is judged by, each once, sorted: words without their endings, pairs of them, and of scripts without
// blanks between words all pairs of characters, so that no dictionary is needed (the usual base line of Chinese text
// classification; J. Y. Nie and F. Ren, "Chinese information retrieval: using characters or words?", 1999).
// Numbers, addresses and placeholders are none: they identify, and say nothing of the topic.
func Features(text string) []string {
	runes := []rune(text)
	text = cases.Fold().String(norm.NFKC.String(string(runes[:min(len(runes), maxRunes)])))
	text = address.ReplaceAllString(text, " . ")
	var all []string
	before := ""
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && r != '\'' && r != '@' && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r)
	}) {
		var words []string
		words, all = pairs(word, all)
		for _, w := range words {
			if w = stem(w); w == "" {
				before = ""
				continue
			}
			all = append(all, w)
			if before != "" {
				all = append(all, before+" "+w)
			}
			before = w
		}
		if len(words) == 0 {
			before = ""
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// pairs splits a word into stretches with and without blanks; of the latter it appends all pairs of characters.
func pairs(word string, all []string) (words []string, _ []string) {
	var last rune
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			words = append(words, plain.String())
			plain.Reset()
		}
	}
	for _, r := range word {
		if !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) {
			plain.WriteRune(r)
			last = 0
			continue
		}
		flush()
		if last != 0 {
			all = append(all, string([]rune{last, r}))
		}
		last = r
	}
	flush()
	return words, all
}

// stem takes off the commonest endings of English (D. Harman, "How effective is suffixing?", 1991, the S stemmer, and -ed, -ing);
// "" of what is no word: numbers, addresses, single letters.
func stem(w string) string {
	w = strings.Trim(strings.ReplaceAll(w, "'", ""), "'")
	if strings.ContainsAny(w, "@0123456789") || len(w) < 2 {
		return ""
	}
	switch {
	case len(w) > 4 && strings.HasSuffix(w, "ies"):
		w = w[:len(w)-3] + "y"
	case len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us"):
		w = w[:len(w)-1]
	}
	switch {
	case len(w) > 5 && strings.HasSuffix(w, "ing"):
		w = w[:len(w)-3]
	case len(w) > 4 && strings.HasSuffix(w, "ed"):
		w = w[:len(w)-2]
	}
	if len(w) > 3 {
		w = strings.TrimSuffix(w, "e")
	}
	return w
}
