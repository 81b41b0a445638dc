package profiles

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks a letter may carry: no script needs more.
const maxMarks = 4

// Visible makes what is in a text and cannot be seen be seen: control and format characters, the marks that turn the
// direction of writing, tags, variation selectors and blanks that are letters become "[U+202E]", a run of them
// "[7 hidden characters]". What somebody hides from a person must not reach a model either. A joiner between two
// letters that are not ASCII, a selector behind a symbol, line feeds and tabs stay, for scripts and emoji need them.
func Visible(s string) string {
	if plainText(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	before, hidden, marks := rune(0), []rune(nil), 0
	flush := func() {
		switch len(hidden) {
		case 0:
		case 1:
			fmt.Fprintf(&b, "[U+%04X]", hidden[0])
		default:
			fmt.Fprintf(&b, "[%d hidden characters]", len(hidden))
		}
		hidden = hidden[:0]
	}
	for i, r := range s {
		_, n := utf8.DecodeRuneInString(s[i:])
		after, _ := utf8.DecodeRuneInString(s[i+n:])
		if unicode.IsMark(r) {
			marks++
		} else {
			marks = 0
		}
		if isHidden(r) && !needed(before, r, after) || marks > maxMarks {
			hidden = append(hidden, r)
			continue
		}
		flush()
		b.WriteRune(r)
		before = r
	}
	flush()
	return b.String()
}

func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' && c != '\n' && c != '\t') || c >= 0x7f {
			return false
		}
	}
	return true
}

func isHidden(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Variation_Selector):
		return true
	}
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0, utf8.RuneError: // joiner and fillers that show nothing
		return true
	}
	return !unicode.In(r, written...)
}

// written are the characters that Unicode knows, but for those that isHidden names.
var written = []*unicode.RangeTable{unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs}

// needed says whether a hidden character is part of how a script or an emoji is written.
func needed(before, r, after rune) bool {
	switch r {
	case '\u200c', '\u200d':
		return before > unicode.MaxLatin1 && after > unicode.MaxLatin1 && !isHidden(after) && before != r
	case '\ufe0e', '\ufe0f':
		return unicode.IsSymbol(before) || before == '#' || before == '*' || before >= '0' && before <= '9'
	}
	return false
}
