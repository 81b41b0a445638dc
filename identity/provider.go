package identity

import "strings"

// provider is what a mailbox provider makes of an address.
type provider struct {
	domain string // under which the mailbox is known; empty: its own
	dots   bool   // dots before the @ mean nothing
}

// providers are those that put mail for a tagged address (ann+shop@) into the mailbox without the
// tag, by their documentation.
var providers = map[string]provider{
	"gmail.com": {dots: true}, "googlemail.com": {domain: "gmail.com", dots: true},
	"outlook.com": {}, "hotmail.com": {}, "live.com": {}, "msn.com": {}, "outlook.de": {}, "hotmail.co.uk": {}, "hotmail.fr": {}, "hotmail.de": {},
	"icloud.com": {}, "me.com": {domain: "icloud.com"}, "mac.com": {domain: "icloud.com"},
	"fastmail.com": {}, "fastmail.fm": {},
	"proton.me": {}, "protonmail.com": {domain: "proton.me"}, "pm.me": {domain: "proton.me"},
	"yandex.com": {}, "yandex.ru": {}, "zoho.com": {}, "mailbox.org": {}, "posteo.de": {},
}

// mailboxOf returns the mailbox that a normalised address is delivered to, or the address itself
// where the provider's rules are not known or leave nothing before the @.
func mailboxOf(address string) string {
	at := strings.LastIndexByte(address, '@')
	p, ok := providers[address[at+1:]]
	if !ok {
		return address
	}
	local, _, _ := strings.Cut(address[:at], "+")
	if p.dots {
		local = strings.ReplaceAll(local, ".", "")
	}
	if local == "" {
		return address
	}
	if p.domain != "" {
		return local + "@" + p.domain
	}
	return local + address[at:]
}
