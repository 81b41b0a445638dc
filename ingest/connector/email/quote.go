package email

import (
	"regexp"
	"slices"
	"strings"

	"tributary/ingest/connector/field"
)

// words are what was newly written in a message.
func (m *Message) words() string {
	switch {
	case strings.TrimSpace(m.Reply) != "":
		return strings.TrimSpace(m.Reply)
	case strings.TrimSpace(m.Text) != "":
		return WithoutQuotes(m.Text)
	}
	return WithoutQuotes(field.PlainText(withoutQuotedHTML(m.HTML)))
}

// An attribution is the line that mail programs put above what they quote: one of these words, who and
// when, and one of these verbs at its end, or in German and its neighbours before who.
var (
	attributionBegins = wordSet("on am le el il em op den på")
	attributionEnds   = []string{"wrote", "a écrit", "escribió", "ha scritto", "escreveu"}
	attributionHolds  = []string{" schrieb ", " schreef ", " skrev "}
)

// dividers are what stands between dashes above a message that is quoted without ">".
var dividers = []string{
	"original message", "ursprüngliche nachricht", "message d'origine", "mensaje original", "messaggio originale", "forwarded message",
}

// Quoted headers begin with a line of the one kind, and go on with one of the other.
var (
	senderNames = wordSet("from von de da van")
	sentNames   = wordSet("sent date gesendet datum envoyé enviado fecha inviato data to an à para a")
)

func wordSet(list string) map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		all[word] = true
	}
	return all
}

// WithoutQuotes leaves out of a plain text what it quotes of earlier messages: lines that begin with
// ">", the line above them that says who wrote it, and all below a divider or a quoted header. What
// then would be empty is left whole: a quotation may be all that was sent.
func WithoutQuotes(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	var kept []string
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if divides(line) || heads(lines[i:]) {
			break
		}
		if strings.HasPrefix(line, ">") {
			continue
		}
		if n := attributes(lines[i:]); n > 0 {
			if !quotes(lines[i+n:]) {
				break
			}
			i += n - 1
			continue
		}
		kept = append(kept, strings.TrimRight(lines[i], " \t"))
	}
	if words := strings.TrimSpace(strings.Join(kept, "\n")); words != "" {
		return words
	}
	return strings.TrimSpace(text)
}

// divides says whether a line is a divider: one of the known words between dashes, or a long rule of
// underscores.
func divides(line string) bool {
	switch {
	case strings.HasPrefix(line, "--"):
		return slices.Contains(dividers, strings.ToLower(strings.Trim(line, "- ")))
	case strings.HasPrefix(line, "____________________"):
		return strings.Trim(line, "_") == ""
	}
	return false
}

// attributes says of how many lines, one or two, an attribution is that lines begin with; 0 for none.
// It is often broken in two.
func attributes(lines []string) int {
	first := strings.TrimSpace(lines[0])
	switch {
	case first == "":
	case strings.HasSuffix(first, ":"):
		if attribution(first) {
			return 1
		}
	case len(lines) > 1:
		second := strings.TrimSpace(lines[1])
		if strings.HasSuffix(second, ":") && attribution(first+" "+second) {
			return 2
		}
	}
	return 0
}

// maxAttribution bounds an attribution, in bytes: what is longer is a sentence.
const maxAttribution = 400

func attribution(line string) bool {
	if len(line) > maxAttribution {
		return false
	}
	line = strings.ToLower(strings.TrimRight(line, ": \u00a0"))
	begin, _, more := strings.Cut(line, " ")
	if !more || !attributionBegins[begin] {
		return false
	}
	return slices.ContainsFunc(attributionEnds, func(verb string) bool { return strings.HasSuffix(line, verb) }) ||
		slices.ContainsFunc(attributionHolds, func(verb string) bool { return strings.Contains(line+" ", verb) })
}

// quotes says whether the next line that is not empty is quoted with ">".
func quotes(lines []string) bool {
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			return strings.HasPrefix(line, ">")
		}
	}
	return false
}

// heads says whether lines begin with a quoted header.
func heads(lines []string) bool {
	return len(lines) > 1 && named(lines[0], senderNames) && named(lines[1], sentNames)
}

// named says whether a line is "name: value" of such a name, which may be bold.
func named(line string, names map[string]bool) bool {
	name, _, found := strings.Cut(line, ":")
	return found && len(name) <= 16 && names[strings.ToLower(strings.Trim(name, "* \t\u00a0"))]
}

// quotedHTML are the places at which the HTML of common mail programs begins to quote.
var quotedHTML = regexp.MustCompile(`(?i)<(div|blockquote|hr)\b[^>]{0,200}(gmail_quote|gmail_attr|divRplyFwdMsg|appendonsend|moz-cite-prefix|yahoo_quoted|type=.?cite)|<blockquote`)

func withoutQuotedHTML(html string) string {
	at := quotedHTML.FindStringIndex(html)
	if at == nil || field.PlainText(html[:at[0]]) == "" {
		return html
	}
	return html[:at[0]]
}
