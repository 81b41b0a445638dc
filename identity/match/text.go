package match

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/text/unicode/norm"
)

// lookAlikes are letters of other scripts and signs that stand in Latin words by mistake or malice.
var lookAlikes = map[rune]rune{
	'а': 'a', 'е': 'e', 'о': 'o', 'р': 'p', 'с': 'c', 'у': 'y', 'х': 'x', 'і': 'i', 'ј': 'j', 'ѕ': 's', 'һ': 'h', 'ԁ': 'd',
	'ο': 'o', 'α': 'a', 'ν': 'v', 'ρ': 'p', 'ι': 'i', 'κ': 'k', 'τ': 't', 'υ': 'u',
}

// foldedLetters have no decomposition in Unicode but a plain form in practice.
var foldedLetters = strings.NewReplacer(
	"ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i", "ħ", "h",
)

// fold gives text its one form for comparison: compatibility forms (full-width digits, ligatures)
// unfolded, lower case, without the accents of European scripts. Words stay in their script.
func fold(s string) string {
	if ascii(s) {
		return strings.ToLower(strings.TrimSpace(s))
	}
	s = strings.ToLower(norm.NFKC.String(s))
	s = strings.Map(func(r rune) rune {
		if r >= 0x0300 && r <= 0x036f {
			return -1
		}
		return r
	}, norm.NFD.String(s))
	return strings.TrimSpace(foldedLetters.Replace(norm.NFC.String(s)))
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// words splits folded text into its words. Apostrophes join.
func words(s string) []string {
	var out []string
	start := -1
	joined := false
	flush := func(end int) {
		if start >= 0 {
			w := s[start:end]
			if joined {
				w = strings.Map(func(r rune) rune {
					if apostrophe(r) {
						return -1
					}
					return r
				}, w)
			}
			if w != "" {
				out = append(out, w)
			}
		}
		start, joined = -1, false
	}
	for i, r := range s {
		switch {
		case r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9'),
			r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)):
			if start < 0 {
				start = i
			}
		case apostrophe(r):
			joined = true
		default:
			flush(i)
		}
	}
	flush(len(s))
	return out
}

func apostrophe(r rune) bool { return r == '\'' || r == '’' || r == '`' || r == 'ʼ' }

// latin writes a folded word in Latin letters: look-alikes inside a Latin word are replaced, words
// of other scripts transliterated (Chinese to pinyin, one syllable per character).
func latin(w string) string {
	if ascii(w) {
		return w
	}
	if mixed := strings.ContainsFunc(w, func(r rune) bool { return r >= 'a' && r <= 'z' }); mixed {
		w = strings.Map(func(r rune) rune {
			if l, ok := lookAlikes[r]; ok {
				return l
			}
			return r
		}, w)
		if ascii(w) {
			return w
		}
	}
	return lettersOnly(strings.ToLower(unidecode.Unidecode(w)))
}

func lettersOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// digits returns the decimal digits of s.
func digits(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= '0' && s[i] <= '9'
	}
	if plain {
		return s
	}
	var b strings.Builder
	for _, r := range norm.NFKC.String(s) {
		if r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hash64 is FNV-1a over a salt and text; it is the same on every machine and in every release.
func hash64(salt uint64, parts ...string) uint64 {
	h := uint64(14695981039346656037) ^ salt*0x9e3779b97f4a7c15
	for i, s := range parts {
		if i > 0 {
			h = (h ^ 0xff) * 1099511628211
		}
		for j := 0; j < len(s); j++ {
			h = (h ^ uint64(s[j])) * 1099511628211
		}
	}
	return mix(h)
}

// mix is the finaliser of MurmurHash3: FNV alone leaves the high bits of short keys alike.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
