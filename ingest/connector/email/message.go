package email

import (
	"net/mail"
	"strings"
	"time"

	"tributary/ingest/connector/field"
)

// Message is an e-mail, whatever form it came in.
type Message struct {
	// ID is the Message-ID, References and InReplyTo those of others, with or without <>.
	ID         string
	InReplyTo  string
	References []string
	// At is when it was received or, if that is not known, when it says it was written.
	At time.Time

	From   Address
	To, Cc []Address

	Subject    string
	Text, HTML string
	// Reply is the text without quoted history, if the service tells it.
	Reply string
	// Header has names in lower case, of several of one name the first.
	Header map[string]string
}

// Address is a mailbox. It may be empty.
type Address struct{ Name, Email string }

// ParseAddress reads "Maria Rossi <maria@example.com>" or the address alone; what is no address is
// empty.
func ParseAddress(s string) Address {
	s = strings.TrimSpace(s)
	if s == "" {
		return Address{}
	}
	if !strings.ContainsAny(s, "<>\"(), ") {
		if strings.Count(s, "@") != 1 {
			return Address{}
		}
		return Address{Email: s}
	}
	if a, ok := plainAddress(s); ok {
		return a
	}
	if a, err := mail.ParseAddress(s); err == nil {
		return Address{Name: a.Name, Email: a.Address}
	}
	// Names that are not quoted as they should be are common.
	open, end := strings.LastIndexByte(s, '<'), strings.LastIndexByte(s, '>')
	if open >= 0 && end > open && strings.Count(s[open:end], "@") == 1 {
		return Address{Name: strings.Trim(s[:open], ` "`), Email: strings.TrimSpace(s[open+1 : end])}
	}
	return Address{}
}

// plainAddress reads the common form, a name of plain words before <address>, without a parser.
func plainAddress(s string) (Address, bool) {
	name, rest, found := strings.Cut(s, "<")
	if !found || !strings.HasSuffix(rest, ">") || strings.ContainsAny(name, "\"(),:;@[]\\=>") {
		return Address{}, false
	}
	rest = rest[:len(rest)-1]
	if strings.ContainsAny(rest, "<>\"(),:; ") || strings.Count(rest, "@") != 1 {
		return Address{}, false
	}
	return Address{Name: strings.TrimSpace(name), Email: rest}, true
}

// ParseAddresses reads a list between commas.
func ParseAddresses(s string) []Address {
	if !strings.Contains(s, ",") {
		if a := ParseAddress(s); a.Email != "" {
			return []Address{a}
		}
		return nil
	}
	if all, err := mail.ParseAddressList(s); err == nil {
		list := make([]Address, len(all))
		for i, a := range all {
			list[i] = Address{Name: a.Name, Email: a.Address}
		}
		return list
	}
	var list []Address
	for one := range strings.SplitSeq(s, ",") {
		if a := ParseAddress(one); a.Email != "" {
			list = append(list, a)
		}
	}
	return list
}

// ParseDate reads the date of a header (RFC 5322, section 3.3) or of RFC 3339; zero if it is neither.
func ParseDate(s string) time.Time {
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		if at := field.Time(s); !at.IsZero() {
			return at
		}
	}
	if at, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", s); err == nil { // as most write it
		return at.UTC()
	}
	if at, err := mail.ParseDate(s); err == nil {
		return at.UTC()
	}
	return time.Time{}
}

// bare is a message id without what stands around it.
func bare(id string) string { return strings.Trim(id, "<> \t\r\n") }

// ids are the message ids of a header that lists them between blanks.
func ids(s string) []string {
	var all []string
	for id := range strings.FieldsSeq(s) {
		if id = bare(id); id != "" {
			all = append(all, id)
		}
	}
	return all
}

// thread is the id of the first message of the conversation, as far as the message tells.
func (m *Message) thread() string {
	for _, id := range m.References {
		if id = bare(id); id != "" {
			return id
		}
	}
	if id := bare(m.InReplyTo); id != "" {
		return id
	}
	return bare(m.ID)
}

// first says whether the message begins a conversation.
func (m *Message) first() bool { return m.thread() == bare(m.ID) }

// kind is what sort of mail a message is.
type kind int

const (
	written kind = iota // by a person, or an AI in its place
	autoReply
	bounce
	bulk
)

// kind tells automatic mail by its header (RFC 3834, sections 2 and 5; RFC 3464 for bounces; Precedence
// is old custom).
func (m *Message) kind() kind {
	auto := strings.ToLower(m.Header["auto-submitted"])
	auto, _, _ = strings.Cut(auto, ";")
	auto = strings.TrimSpace(auto)
	nobody := strings.TrimSpace(m.Header["return-path"]) == "<>"
	report := strings.Contains(strings.ToLower(m.Header["content-type"]), "report-type=delivery-status")
	local, _, _ := strings.Cut(strings.ToLower(m.From.Email), "@")
	if m.Header["x-failed-recipients"] != "" || report || nobody && (local == "mailer-daemon" || local == "postmaster" || auto == "auto-generated") {
		return bounce
	}
	precedence := strings.ToLower(strings.TrimSpace(m.Header["precedence"]))
	if auto == "auto-replied" || precedence == "auto_reply" || m.Header["x-autoreply"] != "" || m.Header["x-autorespond"] != "" || nobody {
		return autoReply
	}
	if auto != "" && auto != "no" || precedence == "bulk" || precedence == "list" || precedence == "junk" ||
		m.Header["list-id"] != "" || m.Header["list-unsubscribe"] != "" {
		return bulk
	}
	return written
}
