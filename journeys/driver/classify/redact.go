package classify

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// What a text is not sent with. Width and composition are made one first (NFKC), so that full-width digits are digits.
var (
	addresses = regexp.MustCompile(`(?i)[\p{L}\p{N}_.+%-]+@[\p{L}\p{N}_.-]+|(?:https?://|www\.)\S+`)
	handles   = regexp.MustCompile(`(^|\s)@[\p{L}\p{N}_.]+`)
	// numbers are words with a digit in them, and groups of them: telephone, card and order numbers, dates, amounts.
	numbers = regexp.MustCompile(`[A-Za-z_#+(-]*\p{Nd}[A-Za-z_\p{Nd}]*(?:[ ()./:,'-]{1,2}[A-Za-z_]*\p{Nd}[A-Za-z_\p{Nd}]*)*`)
	salutes = regexp.MustCompile(`\b((?i:my name is|this is|i am|i'm|mr|mrs|ms|dr))(\.?\s+)(\p{Lu}[\p{L}'-]+(?:\s+\p{Lu}[\p{L}'-]+)*)`)
)

// Redact takes out of a text what often says who somebody is: addresses of e-mail and web, handles, everything with a digit, and
// names behind words that announce them ("my name is …"). Other names, and what people tell of themselves in words, stay: a text
// that nobody outside may read must not be sent at all.
func Redact(text string) string {
	text = norm.NFKC.String(strings.ToValidUTF8(text, ""))
	text = addresses.ReplaceAllString(text, "[address]")
	text = handles.ReplaceAllString(text, "$1[address]")
	text = numbers.ReplaceAllString(text, "[number]")
	text = salutes.ReplaceAllStringFunc(text, func(found string) string {
		m := salutes.FindStringSubmatch(found)
		return m[1] + m[2] + "[name]"
	})
	return text
}
