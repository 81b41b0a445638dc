package identity

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"tributary/ingest/event"
)

// streetWords are short for words of streets, in the languages where they are usual.
var streetWords = map[string]string{
	"st": "street", "str": "street", "rd": "road", "ave": "avenue", "av": "avenue", "blvd": "boulevard", "dr": "drive", "ln": "lane",
	"ct": "court", "pl": "place", "sq": "square", "hwy": "highway", "pkwy": "parkway", "ter": "terrace", "cres": "crescent",
	"n": "north", "s": "south", "e": "east", "w": "west", "apt": "apartment", "ste": "suite", "fl": "floor", "strasse": "street",
}

// addressOf returns one form for most ways to write the address of one household: street and house
// number in any order, with the postcode, or else the city. It is empty without these.
func addressOf(attrs []Attribute) string {
	var street, postcode, city string
	for _, a := range attrs {
		switch a.Name {
		case event.AttrStreet:
			street = a.Value
		case event.AttrPostcode:
			postcode = strings.Join(addressWords(a.Value), "")
		case event.AttrCity:
			city = strings.Join(addressWords(a.Value), " ")
		}
	}
	words := addressWords(street)
	for i, w := range words {
		if stem, ok := cutStreet(w); ok {
			words = append(words, "street")
			w = stem
		}
		words[i] = cmp.Or(streetWords[w], w)
	}
	where := cmp.Or(postcode, city)
	if len(words) == 0 || where == "" {
		return ""
	}
	slices.Sort(words)
	return strings.Join(words, " ") + "|" + where
}

// cutStreet takes a German street apart, which is one word: hauptstrasse, hauptstr.
func cutStreet(word string) (string, bool) {
	for _, end := range []string{"strasse", "str"} {
		if stem, ok := strings.CutSuffix(word, end); ok && len(stem) > 2 {
			return stem, true
		}
	}
	return word, false
}

// addressWords splits normalised text into words of letters and digits, without accents.
func addressWords(s string) []string {
	return strings.FieldsFunc(withoutAccents(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}
