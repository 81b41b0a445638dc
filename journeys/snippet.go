package journeys

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold returns a text as NFKC_Casefold has it, near enough: without case, width, composition and invisible
// characters. Where the analytics store, which decides about what matches, folds a rare character otherwise, a
// snippet begins at the start of its text.
func fold(text string) string {
	text = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text)))
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return -1
		}
		return r
	}, text)
}

func foldAll(words []string) (folded []string) {
	for _, word := range words {
		if f := fold(word); f != "" {
			folded = append(folded, f)
		}
	}
	return folded
}

// around cuts a text so that the first of the folded words in it is seen, with a third of what may be shown before
// it, and says whether something was cut off.
func around(text string, folded []string) (string, bool) {
	if utf8.RuneCountInString(text) <= SnippetRunes {
		return text, false
	}
	start := back(text, find(text, folded), SnippetRunes/3)
	end := forward(text, start, SnippetRunes)
	if end == len(text) {
		start = back(text, end, SnippetRunes)
	}
	return text[start:end], true
}

// find returns where in the text, in bytes, the first of the folded words begins; 0 if there is none.
func find(text string, folded []string) int {
	var all strings.Builder
	var at []int // of each byte of all, where its piece of the text begins
	for rest := text; rest != ""; {
		piece := rest
		if n := norm.NFKC.NextBoundaryInString(rest, true); n > 0 {
			piece = rest[:n]
		}
		f := fold(piece)
		all.WriteString(f)
		for range len(f) {
			at = append(at, len(text)-len(rest))
		}
		rest = rest[len(piece):]
	}
	first := len(at)
	for _, word := range folded {
		if i := strings.Index(all.String(), word); i >= 0 {
			first = min(first, i)
		}
	}
	if first == len(at) {
		return 0
	}
	return at[first]
}

// back goes n characters back from a place in the text.
func back(text string, from, n int) int {
	for ; n > 0 && from > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:from])
		from -= size
	}
	return from
}

// forward goes n characters on from a place in the text.
func forward(text string, from, n int) int {
	for ; n > 0 && from < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[from:])
		from += size
	}
	return from
}
