package profiles

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The narrative: facts as Markdown (CommonMark). Sentences are ours; what others wrote stands in fenced blocks
// of its own, a line for each quote, and cannot leave them:
//
//   - a quote's text is one line, in the escapes of JSON, so that nothing in it begins a line;
//   - "<", ">" and "&" are escaped, so that it is no HTML wherever it is copied to;
//   - the fence is longer than any run of backticks in the block;
//   - what cannot be seen is written out before (Visible).

// Untrusted is the info string of the blocks that hold what others wrote.
const Untrusted = "untrusted"

// headings of the sections, in the order of kinds.
var headings = map[FactKind]string{
	FactWho: "Who", FactOpen: "Open", FactPromise: "Promises", FactJourney: "Where it hurt", FactQuestion: "What to ask",
	FactMoney: "Money", FactSatisfaction: "Satisfaction", FactContact: "Contacts", FactConsent: "Consent",
	FactIdentity: "Why this is one person", FactTrait: "What is said of the customer", FactActivity: "Activity",
}

// Narrate appends facts as sections of Markdown, one for each kind: in the order of their first facts, so that what a
// query has put first stays first.
func Narrate(b []byte, facts []Fact) []byte {
	told := map[FactKind]bool{}
	for i := range facts {
		kind := facts[i].Kind
		if told[kind] {
			continue
		}
		told[kind] = true
		b = appendHeading(b, kind)
		for j := i; j < len(facts); j++ {
			if facts[j].Kind == kind {
				b = facts[j].narrate(b)
			}
		}
	}
	return b
}

func appendHeading(b []byte, kind FactKind) []byte {
	return append(append(append(b, "## "...), cmp.Or(headings[kind], "More")...), "\n\n"...)
}

// narrate appends one fact: our sentence, where it is from, and the block of what others wrote.
func (f *Fact) narrate(b []byte) []byte {
	b = append(b, f.Text...)
	var about []string
	if f.Source != "" {
		about = append(about, "source "+plainName(f.Source))
	}
	if f.AgeS != nil {
		about = append(about, age(*f.AgeS))
	}
	if f.Confidence != "" {
		about = append(about, string(f.Confidence))
	}
	if n := len(about); n > 0 && len(f.Why) > 0 {
		about[n-1] += ": " + strings.ReplaceAll(strings.Join(f.Why, ", "), "_", " ")
	}
	if len(about) > 0 {
		b = append(append(append(b, " ("...), strings.Join(about, "; ")...), ')')
	}
	b = append(b, "\n\n"...)
	if len(f.Quotes) == 0 {
		return b
	}
	var lines []byte
	for i := range f.Quotes {
		lines = f.Quotes[i].line(lines)
	}
	fence := strings.Repeat("`", max(3, longestRun(lines)+1))
	b = append(append(append(b, fence...), Untrusted...), '\n')
	b = append(b, lines...)
	return append(append(b, fence...), "\n\n"...)
}

// line appends a quote as one line: what it is, who wrote it, and the text in quotation marks.
func (q *Quote) line(b []byte) []byte {
	b = append(b, plainName(q.Name)...)
	b = append(append(b, " by "...), plainName(q.Origin)...)
	b = append(b, ": "...)
	b = append(b, escaped(q.Text)...)
	if q.Cut {
		b = append(b, " (there is more)"...)
	}
	if q.Others > 0 {
		b = fmt.Appendf(b, " (%s otherwise)", says(q.Others))
	}
	return append(b, '\n')
}

func says(n int) string {
	if n == 1 {
		return "1 record says"
	}
	return strconv.Itoa(n) + " records say"
}

// plainName is a machine name as it is, and anything else as a text.
func plainName(s string) string {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return escaped(s)
		}
	}
	if s == "" || len(s) > 64 {
		return escaped(s)
	}
	return s
}

// escaped is a text as a JSON string on one line, without the characters of HTML.
func escaped(s string) string {
	b := append(make([]byte, 0, len(s)+2), '"')
	for _, r := range Visible(s) {
		switch {
		case r == '"', r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < ' ', r == '<', r == '>', r == '&', r == 0x7f, r == utf8.RuneError:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return string(append(b, '"'))
}

// longestRun is the length of the longest run of backticks.
func longestRun(b []byte) int {
	longest, n := 0, 0
	for _, c := range b {
		if c != '`' {
			n = 0
			continue
		}
		n++
		longest = max(longest, n)
	}
	return longest
}

// age says how old something is, in the largest unit of which there are two or more.
func age(seconds int64) string {
	d := time.Duration(seconds) * time.Second
	if seconds < 0 {
		return "later than this context"
	}
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{365 * 24 * time.Hour, "year"}, {24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := int(d / unit.of); n >= 2 {
			return count(n, unit.name) + " old"
		}
	}
	return count(int(seconds), "second") + " old"
}
