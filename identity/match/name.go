package match

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// word is one word of a name in Latin letters, with what comparison and blocking look at.
type word struct {
	text  string
	roots []uint16 // lines of nicknames.txt
	sound string
	hash  uint64
}

func newWord(s string) word {
	return word{text: s, roots: nicknames()[s], sound: sound(s), hash: hash64(saltWord, s)}
}

// value is the hash of the word as a given name, a last name or any word.
func (w *word) value(salt uint64) uint64 { return mix(w.hash ^ salt<<56) }

func (w *word) initial() bool { return len(w.text) == 1 }

// name is a person's name taken apart.
type name struct {
	given  word   // first given name; empty text when unknown
	others []word // middle names, and words of the whole name whose role is not known
	family []word
	suffix suffix
	// givenAll and familyAll are the parts written together, for names split differently.
	givenAll, familyAll string
}

// suffix tells generations apart.
type suffix uint8

const (
	suffixNone suffix = iota
	suffixJunior
	suffixSenior
	suffixSecond
	suffixThird
	suffixFourth
	suffixFirst
)

var suffixes = map[string]suffix{
	"jr": suffixJunior, "jnr": suffixJunior, "junior": suffixJunior, "sr": suffixSenior, "snr": suffixSenior,
	"senior": suffixSenior, "ii": suffixSecond, "iii": suffixThird, "iv": suffixFourth,
}

// contradicts says that the suffixes are of two people. A junior may be called the second.
func (s suffix) contradicts(t suffix) bool {
	if s == t || s == suffixNone || t == suffixNone {
		return false
	}
	younger := func(x suffix) bool { return x == suffixJunior || x == suffixSecond }
	older := func(x suffix) bool { return x == suffixSenior || x == suffixFirst }
	one := younger(s) && younger(t) || older(s) && older(t)
	return !one
}

// titles are never names of their own.
var titles = wordSet(`mr mrs ms miss mx dr prof professor sir dame madam herr frau mme mlle sra rev reverend hon honourable
	honorable capt captain lt col gen sgt maj baronet bart bt viscount viscountess esq esquire phd mba dds
	1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th 13th 14th 15th 16th 17th 18th 19th 20th saint st monsieur`)

// ranks are titles that are names as well: they are dropped from a whole name that has an ordinal
// or "of" in it.
var ranks = wordSet(`lord lady baron baroness earl duke duchess count countess marquess marquis prince princess king queen`)

// particles stand before last names and are left out of half of all lists.
var particles = wordSet(`of the and de da di do dos das del della du van von der den ter ten la le el al bin bint ibn y e af av zu`)

func wordSet(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}

// compoundSurnames are the Chinese last names of two characters.
var compoundSurnames = wordSet(`欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 东方 東方 皇甫 尉迟 公孙 公孫 慕容 长孙 司徒 夏侯 令狐 宇文`)

// surnameReadings are Chinese characters read otherwise in last names than elsewhere.
var surnameReadings = map[rune]string{'单': "shan", '單': "shan", '曾': "zeng", '仇': "qiu", '查': "zha", '解': "xie", '朴': "piao", '任': "ren", '盖': "ge", '区': "ou", '覃': "qin", '乐': "yue"}

// newName takes a name apart, or returns nil when there is nothing of a name in it.
func newName(p PersonName) *name {
	var n name
	given, family := n.part(p.Given), n.part(p.Family)
	middle := n.part(p.Middle)
	full := n.whole(p.Full)
	if s, ok := suffixes[strings.Trim(fold(p.Suffix), ". ")]; ok {
		n.suffix = s
	}
	switch {
	case len(given) == 0 && len(family) == 0:
		given, middle, family = split(full, p.Full)
		full = nil
	case len(family) == 0 && len(given) == 0:
	case len(given) == 0 && len(full) > 1 && !slices.Contains(family, full[0]):
		given = full[:1]
	}
	if len(given) == 0 && len(family) == 1 && han(p.Family) {
		given, family = splitHan(p.Family)
	}
	n.set(given, middle, family, full)
	if n.given.text == "" && len(n.family) == 0 && len(n.others) == 0 {
		return nil
	}
	return &n
}

func (n *name) set(given, middle, family, full []string) {
	if len(given) > 0 {
		n.given = newWord(given[0])
	}
	n.givenAll, n.familyAll = strings.Join(given, ""), strings.Join(family, "")
	for _, f := range family {
		n.family = append(n.family, newWord(f))
	}
	add := func(list []string) {
		for _, w := range list {
			known := w == n.given.text || slices.Contains(family, w) ||
				slices.ContainsFunc(n.others, func(o word) bool { return o.text == w })
			if !known {
				n.others = append(n.others, newWord(w))
			}
		}
	}
	if len(given) > 1 {
		add(given[1:])
	}
	add(middle)
	add(full)
}

// part returns the words of one part of a name, without titles, suffixes and particles.
func (n *name) part(s string) []string {
	if s == "" {
		return nil
	}
	folded := fold(s)
	list := words(folded)
	kept := list[:0]
	for i, w := range list {
		if titles[w] {
			continue
		}
		if g, ok := suffixes[w]; ok && (i > 0 || len(list) == 1) {
			n.suffix = g
			continue
		}
		if w == "i" && i > 0 && i == len(list)-1 && n.suffix == suffixNone {
			n.suffix = suffixFirst // "Morris I", or an initial: it contradicts the second only
		}
		if w = latin(w); w != "" {
			kept = append(kept, w)
		}
	}
	return withoutParticles(kept)
}

func withoutParticles(list []string) []string {
	kept := make([]string, 0, len(list))
	for _, w := range list {
		if !particles[w] {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 {
		return list
	}
	return kept
}

// whole returns the words of a whole name.
func (n *name) whole(s string) []string {
	if s == "" {
		return nil
	}
	if han(s) {
		given, family := splitHan(s)
		return append(given, family...)
	}
	folded := fold(s)
	list := words(folded)
	titled := slices.ContainsFunc(list, func(w string) bool { return w == "of" || titles[w] && w[0] <= '9' })
	if titled {
		list = slices.DeleteFunc(list, func(w string) bool { return ranks[w] })
	}
	return n.part(strings.Join(list, " "))
}

// split finds first and last name in the words of a whole name: "Last, First Middle" or
// "First Middle Last". A single word is neither.
func split(list []string, raw string) (given, middle, family []string) {
	switch len(list) {
	case 0:
		return nil, nil, nil
	case 1:
		return nil, list, nil
	}
	if han(raw) {
		return list[:len(list)-1], nil, list[len(list)-1:]
	}
	if before, after, ok := strings.Cut(raw, ","); ok {
		var ignored name
		last, first := ignored.part(before), ignored.part(after)
		if len(first) > 0 && len(last) > 0 {
			return first[:1], first[1:], last
		}
	}
	end := len(list) - 1
	return list[:1], list[1:end], list[end:]
}

func han(s string) bool {
	n := 0
	for _, r := range s {
		if !unicode.Is(unicode.Han, r) {
			return false
		}
		n++
	}
	return n >= 2 && n <= 5
}

// splitHan takes a Chinese name apart and writes it in pinyin: given name joined, last name first.
func splitHan(s string) (given, family []string) {
	_, size := utf8.DecodeRuneInString(s)
	for compound := range compoundSurnames {
		if strings.HasPrefix(s, compound) && len(s) > len(compound) {
			size = len(compound)
		}
	}
	last := latin(s[:size])
	if r, _ := utf8.DecodeRuneInString(s); surnameReadings[r] != "" && size == utf8.RuneLen(r) {
		last = surnameReadings[r]
	}
	return []string{latin(s[size:])}, []string{last}
}

// key is equal for names that are compared alike.
func (n *name) key() string {
	var b strings.Builder
	b.WriteString(n.givenAll)
	b.WriteByte('|')
	for _, w := range n.others {
		b.WriteString(w.text)
		b.WriteByte(' ')
	}
	b.WriteByte('|')
	b.WriteString(n.familyAll)
	b.WriteByte('0' + byte(n.suffix))
	return b.String()
}
