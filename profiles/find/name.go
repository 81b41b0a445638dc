package find

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"tributary/profiles"
)

// fold returns a text as find/named.sql compares it, near enough: NFKC_Casefold without the accents of European scripts.
// Where a rare character is folded otherwise, somebody is not found by it.
func fold(text string) string {
	text = norm.NFD.String(norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text))))
	return strings.Map(func(r rune) rune {
		if r >= 0x0300 && r <= 0x036f || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return -1
		}
		return r
	}, text)
}

// checkName goes by the name that a candidate has now: the index may be behind. What a candidate was found by besides stays.
func (c *Customer) checkName(a *asked, fields []string) {
	at := slices.IndexFunc(c.Matches, func(m Match) bool { return m.By == ByName })
	if at < 0 {
		return
	}
	holds, part := false, false
	if c.Answer != nil {
		holds, part = matchName(nameOf(&c.Answer.Profile, fields), a.words)
	}
	if !holds {
		c.Matches = slices.Delete(c.Matches, at, at+1)
		return
	}
	c.Matches[at].Part = part
}

// matchName says whether a folded name holds all of some words, and whether one of them is a part of a word only.
func matchName(name string, words []string) (holds, part bool) {
	whole := strings.FieldsFunc(name, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) })
	for _, w := range words {
		if !strings.Contains(name, w) {
			return false, false
		}
		part = part || !slices.Contains(whole, w)
	}
	return len(words) > 0, part
}

// nameOf is all that a profile says of its name, folded.
func nameOf(p *profiles.Profile, fields []string) string {
	var all []string
	for _, list := range [][]profiles.Trait{p.Attributes, p.Traits} {
		for i := range list {
			var text string
			if slices.Contains(fields, list[i].Name) && json.Unmarshal(list[i].Value, &text) == nil {
				all = append(all, fold(text))
			}
		}
	}
	return strings.Join(all, " ")
}
