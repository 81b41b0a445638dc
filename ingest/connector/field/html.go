package field

import (
	"html"
	"strings"
)

// PlainText is the words of an HTML fragment: tags left out, breaks and the ends of blocks as line
// breaks, entities resolved. It is for reading and searching, not for showing safely: what comes out
// is as little to be trusted as what went in.
func PlainText(fragment string) string {
	if !strings.ContainsAny(fragment, "<&") {
		return strings.TrimSpace(fragment)
	}
	var b strings.Builder
	b.Grow(len(fragment))
	last := strings.LastIndexByte(fragment, '>') // no tag begins behind it
	for rest := fragment; rest != ""; {
		open := strings.IndexByte(rest, '<')
		if open < 0 || len(fragment)-len(rest)+open > last {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:open])
		rest = rest[open:]
		end, name := tag(rest)
		if end == 0 { // a "<" that opens no tag
			b.WriteByte('<')
			rest = rest[1:]
			continue
		}
		rest = rest[end:]
		switch name {
		case "br", "/p", "/div", "/li", "/tr", "/h1", "/h2", "/h3", "/h4", "/blockquote":
			b.WriteByte('\n')
		case "script", "style":
			_, rest, _ = cutFold(rest, "</"+name)
			if at := strings.IndexByte(rest, '>'); at >= 0 {
				rest = rest[at+1:]
			}
		}
	}
	return tidy(html.UnescapeString(b.String()))
}

// tag returns where the tag that text begins with ends, and its name in lower case; 0 if it is none.
func tag(text string) (end int, name string) {
	if len(text) < 3 {
		return 0, ""
	}
	c := text[1] | 0x20
	if text[1] != '/' && text[1] != '!' && (c < 'a' || c > 'z') {
		return 0, ""
	}
	if strings.HasPrefix(text, "<!--") {
		if at := strings.Index(text, "-->"); at >= 0 {
			return at + 3, ""
		}
		return len(text), ""
	}
	at := strings.IndexByte(text, '>')
	if at < 0 {
		return 0, ""
	}
	name = strings.ToLower(text[1:at])
	if cut := strings.IndexAny(name[1:], " \t\r\n/"); cut >= 0 {
		name = name[:cut+1]
	}
	return at + 1, name
}

// cutFold is strings.Cut that takes ASCII letters of either case for the same.
func cutFold(s, sep string) (before, after string, found bool) {
	for i := 0; i+len(sep) <= len(s); i++ {
		if s[i] == sep[0] && strings.EqualFold(s[i:i+len(sep)], sep) {
			return s[:i], s[i+len(sep):], true
		}
	}
	return s, "", false
}

// tidy trims each line and leaves at most one empty line between others.
func tidy(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\u00a0", " "), "\n")
	kept := lines[:0]
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" && (len(kept) == 0 || kept[len(kept)-1] == "") {
			continue
		}
		kept = append(kept, line)
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}
