package identity

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-unidecode"
)

// lookAlikes are Cyrillic and Greek letters that stand in Latin words by mistake or malice.
var lookAlikes = map[rune]rune{
	'а': 'a', 'е': 'e', 'о': 'o', 'р': 'p', 'с': 'c', 'у': 'y', 'х': 'x', 'і': 'i', 'ј': 'j', 'ѕ': 's', 'һ': 'h', 'ԁ': 'd',
	'ο': 'o', 'α': 'a', 'ν': 'v', 'ρ': 'p', 'ι': 'i', 'κ': 'k', 'τ': 't', 'υ': 'u',
}

// unmask replaces look-alikes in a word that has Latin letters as well. A word in which all letters
// are of another script is a word of that script.
func unmask(word string) string {
	if isASCII(word) || !strings.ContainsFunc(word, func(r rune) bool { return r >= 'a' && r <= 'z' }) {
		return word
	}
	return strings.Map(func(r rune) rune {
		if latin, ok := lookAlikes[r]; ok {
			return latin
		}
		return r
	}, word)
}

// compoundSurnames are the Chinese last names of two characters.
var compoundSurnames = map[string]bool{
	"欧阳": true, "歐陽": true, "司马": true, "司馬": true, "上官": true, "诸葛": true, "諸葛": true, "东方": true, "東方": true,
	"皇甫": true, "尉迟": true, "尉遲": true, "公孙": true, "公孫": true, "慕容": true, "长孙": true, "長孫": true, "司徒": true,
	"夏侯": true, "令狐": true, "宇文": true,
}

// surnameReadings are characters that are read otherwise in last names than elsewhere.
var surnameReadings = map[string]string{
	"单": "shan", "單": "shan", "曾": "zeng", "仇": "qiu", "查": "zha", "解": "xie", "朴": "piao", "任": "ren", "盖": "ge", "区": "ou",
	"區": "ou", "覃": "qin", "乐": "yue", "樂": "yue", "尉迟": "yuchi", "尉遲": "yuchi", "长孙": "zhangsun", "長孫": "zhangsun",
}

func isHan(word string) bool {
	for _, r := range word {
		if !unicode.Is(unicode.Han, r) {
			return false
		}
	}
	return word != ""
}

// splitHan puts a name in Chinese characters in the order of given name and last name, however it
// was written: in one word, last name first, or in two of which the shorter is the last name.
func splitHan(tokens []string) ([]string, bool) {
	if len(tokens) == 0 || len(tokens) > 2 || slices.ContainsFunc(tokens, func(t string) bool { return !isHan(t) }) {
		return tokens, false
	}
	if len(tokens) == 2 {
		if utf8.RuneCountInString(tokens[1]) < utf8.RuneCountInString(tokens[0]) && !compoundSurnames[tokens[0]] {
			return tokens, true
		}
		return []string{tokens[1], tokens[0]}, true
	}
	name := []rune(tokens[0])
	last := 1
	if len(name) > 2 && compoundSurnames[string(name[:2])] {
		last = 2
	}
	if len(name) <= last || len(name) > last+2 {
		return tokens, false
	}
	return []string{string(name[last:]), string(name[:last])}, true
}

// latinised writes a name in Latin letters, Chinese characters in pinyin: the given name in one
// word. It returns false if it is in Latin letters already.
func (n *personName) latinised() (personName, bool) {
	latin := personName{tokens: slices.Clone(n.tokens), ordered: n.ordered, suffix: n.suffix}
	changed := false
	for i, t := range latin.tokens {
		if isASCII(t) {
			continue
		}
		changed = true
		if reading, ok := surnameReadings[t]; ok && i == len(latin.tokens)-1 {
			latin.tokens[i] = reading
			continue
		}
		latin.tokens[i] = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, strings.ToLower(unidecode.Unidecode(t)))
	}
	return latin, changed && !slices.Contains(latin.tokens, "")
}

// compareScripts compares names of which one is not in Latin letters. What agrees when it is
// transliterated agrees. Otherwise a Chinese last name that is equal says nothing, for the given name
// may be one that was taken abroad; and what differs more contradicts. Two names in other characters
// with one reading say nothing: they may be one name, simplified and not.
func compareScripts(a, b personName) (relation, bool) {
	x, notLatin := a.latinised()
	y, nor := b.latinised()
	switch {
	case notLatin && nor && isHan(a.tokens[0]) && isHan(b.tokens[0]) && !sameTokens(a.tokens, b.tokens) && sameTokens(x.tokens, y.tokens):
		return relationNone, true
	case notLatin == nor:
		return relationNone, false
	case nor:
		a, x, y = b, y, x
	}
	if len(a.tokens) < 2 || !isHan(a.tokens[0]) || len(y.tokens) < 2 {
		r := compareTokens(x, y)
		if r == relationSame {
			r = relationAgree
		}
		return r, true
	}
	given, last := x.tokens[0], x.tokens[1]
	n := len(y.tokens)
	switch {
	case y.tokens[n-1] == last && strings.Join(y.tokens[:n-1], "") == given, y.tokens[0] == last && strings.Join(y.tokens[1:], "") == given:
		return relationAgree, true
	case y.tokens[n-1] == last, y.tokens[0] == last:
		return relationNone, true
	default:
		return relationContradict, true
	}
}
