package identity_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tributary/identity"
	"tributary/ingest/event"
)

func TestNormaliseIdentifier(t *testing.T) {
	e := newEngine(t, identity.Config{
		DefaultRegion: "US",
		Regions:       map[identity.Place]string{{Workspace: "w"}: "DE", {Workspace: "w", Source: "uk"}: "GB", {Source: "fr"}: "FR"},
		Blocked: []identity.Block{
			{Type: "email", Value: "Front@Desk.example.org"}, {Type: "phone", Pattern: `\+4930.*`}, {Value: "kiosk"},
		},
	})
	const unusable, blocked, unknown = "!unusable", "!blocked", "!unknown_type"
	for _, c := range []struct{ typ, source, raw, want string }{
		{"email", "", " Ann.Lee+x@Example.ORG ", "ann.lee+x@example.org"},
		{"email", "", "ann@example.org.", "ann@example.org"},
		{"email", "", "ＡＮＮ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ann@example.org"},
		{"email", "", "аnn@example.org", "аnn@example.org"}, // the first letter is Cyrillic, and stays so
		{"email", "", "jürgen@münchen.de", "jürgen@xn--mnchen-3ya.de"},
		{"email", "", "ju\u0308rgen@MÜNCHEN.de", "jürgen@xn--mnchen-3ya.de"},
		{"email", "", "ann", unusable},
		{"email", "", "ann@localhost", unusable},
		{"email", "", "@example.org", unusable},
		{"email", "", "a b@example.org", unusable},
		{"email", "", "a@b@example.org", unusable},
		{"email", "", "Ann <ann@example.org>", unusable},
		{"email", "", "a@example..org", unusable},
		{"email", "", strings.Repeat("a", 65) + "@example.org", unusable},
		{"email", "", "test@test.com", blocked},
		{"email", "", "NoReply@shop.example.org", blocked},
		{"email", "", "do-not-reply+7@shop.example.org", blocked},
		{"email", "", "no_reply@shop.example.org", blocked},
		{"email", "", "donotreply@shop.example.org", blocked},
		{"email", "", "mailer-daemon@shop.example.org", blocked},
		{"email", "", "null@shop.example.org", blocked},
		{"email", "", "test@example.net", blocked},
		{"email", "", "TEST@test.de", blocked},
		{"email", "", "test123@test.com", blocked},
		{"email", "", "asdf@asdf.net", blocked},
		{"email", "", "noemail@shop.example.org", blocked},
		{"email", "", "none@none.org", blocked},
		{"email", "", "testino@example.org", "testino@example.org"},
		{"email", "", "front@desk.example.org", blocked},
		{"email", "", "noreplyman@example.org", "noreplyman@example.org"},
		{"phone", "", "+1 (415) 555-2671", "+14155552671"},
		{"phone", "", "+14155552671", "+14155552671"},
		{"phone", "", "0151 23456789", "+4915123456789"},
		{"phone", "", "0049 151 23456789", "+4915123456789"},
		{"phone", "", "+49 (0)151 23456789", "+4915123456789"},
		{"phone", "uk", "07911 123456", "+447911123456"},
		{"phone", "fr", "06 98 11 22 33", "+33698112233"},
		{"phone", "", "+1 415 555 2671 ext. 12", "+14155552671;ext=12"},
		{"phone", "", "tel:+14155552671", "+14155552671"},
		{"phone", "", "＋４９　１５１　２３４５６７８９", "+4915123456789"}, // full-width
		{"phone", "", "٠١٥١ ٢٣٤٥٦٧٨٩", "+4915123456789"},    // Arabic-Indic
		{"phone", "", "+49–151–23456789", "+4915123456789"}, // dashes of print
		{"phone", "", "+49\u00a0151\u00a023456789", "+4915123456789"},
		{"phone", "", "１１１１１１１１１１", blocked},
		{"phone", "", "12", unusable},
		{"phone", "", "call me", unusable},
		{"phone", "", "+999 123456789", unusable},
		{"phone", "", "0000000000", blocked},
		{"phone", "", "+10000000000", blocked},
		{"phone", "", "+1 999 999 9999", blocked},
		{"phone", "", "+1 234 567 8901", blocked},
		{"phone", "", "030 901820", blocked},
		{"user_id", "", " Ab-1 ", "Ab-1"},
		{"user_id", "", "a\x00b", unusable},
		{"user_id", "", " \t ", unusable},
		{"user_id", "", "", unusable},
		{"user_id", "", "\u200b", unusable},
		{"user_id", "", "\xff", unusable},
		{"user_id", "", strings.Repeat("x", 1025), unusable},
		{"user_id", "", "NULL", blocked},
		{"user_id", "", "[object Object]", blocked},
		{"user_id", "", "undefined", blocked},
		{"user_id", "", "Anonymous", blocked},
		{"user_id", "", "guest", blocked},
		{"user_id", "", "Unknown", blocked},
		{"user_id", "", "None", blocked},
		{"user_id", "", "N/A", blocked},
		{"user_id", "", "nil", blocked},
		{"user_id", "", "NaN", blocked},
		{"user_id", "", "＜null＞", blocked},
		{"user_id", "", "ｎｕｌｌ", blocked},
		{"user_id", "", "\"null\"", blocked},
		{"user_id", "", "%7Buser_id%7D", blocked},
		{"user_id", "", "{{user.id}}", blocked},
		{"user_id", "", "${user_id}", blocked},
		{"user_id", "", "{user_id}", blocked},
		{"user_id", "", "-1", blocked},
		{"user_id", "", "00000", blocked},
		{"user_id", "", "０", blocked},
		{"anonymous_id", "", "anonymous", blocked},
		{"anonymous_id", "", "ffffffff-ffff-ffff-ffff-ffffffffffff", blocked},
		{"user_id", "", "0", blocked},
		{"user_id", "", "kiosk", blocked},
		{"user_id", "", "100", "100"},
		{"user_id", "", "-", blocked},
		{"device_id", "", "00000000-0000-0000-0000-000000000000", blocked},
		{"crm.contact_id", "", "7 ", "7"},
		{"crm.contact_id", "", "none", blocked},
		{"contact", "", "7", unknown},
		{".contact", "", "7", unknown},
		{"crm.", "", "7", unknown},
		{"", "", "7", unknown},
	} {
		id, reason := e.Normalise(identity.Place{Workspace: "w", Source: c.source}, identity.Identifier{Type: c.typ, Value: c.raw})
		got := id.Value
		if reason != "" {
			got = "!" + string(reason)
		}
		if got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.typ, c.raw, got, c.want)
		}
	}
}

// TestMailProviders wants one form for what goes into one mailbox, where that is asked for.
func TestMailProviders(t *testing.T) {
	off, on := newEngine(t, identity.Config{}), newEngine(t, identity.Config{MailProviders: true})
	for _, c := range []struct{ raw, want string }{
		{"Ann.Lee+shop@Gmail.com", "annlee@gmail.com"},
		{"a.n.n.l.e.e@googlemail.com", "annlee@gmail.com"},
		{"ann.lee+shop@outlook.com", "ann.lee@outlook.com"},
		{"ann+x@hotmail.com", "ann@hotmail.com"},
		{"ann+x@fastmail.com", "ann@fastmail.com"},
		{"ann+x@me.com", "ann@icloud.com"},
		{"ann+x@pm.me", "ann@proton.me"},
		{"ann.lee+shop@example.org", "ann.lee+shop@example.org"}, // nobody knows what it means there
		{"ann+x+y@gmail.com", "ann@gmail.com"},
		{"+x@gmail.com", "+x@gmail.com"},
		{"test+7@gmail.com", "!blocked"},
	} {
		id, reason := on.Normalise(identity.Place{}, identity.Identifier{Type: "email", Value: c.raw})
		if got := id.Value; got != c.want && "!"+string(reason) != c.want {
			t.Errorf("%s: %s%s, want %s", c.raw, got, reason, c.want)
		}
		if again, _ := on.Normalise(identity.Place{}, id); reason == "" && again != id {
			t.Errorf("%s became %s, then %s", c.raw, id.Value, again.Value)
		}
		if id, _ := off.Normalise(identity.Place{}, identity.Identifier{Type: "email", Value: c.raw}); id.Value != strings.ToLower(c.raw) {
			t.Errorf("%s became %s although no provider's rules were asked for", c.raw, id.Value)
		}
	}
}

func TestNumbersWithoutRegionNeedACountryCode(t *testing.T) {
	e := newEngine(t, identity.Config{})
	for raw, want := range map[string]identity.DropReason{"0151 23456789": identity.DropUnusable, "+4915123456789": ""} {
		_, reason := e.Normalise(identity.Place{}, identity.Identifier{Type: "phone", Value: raw})
		if reason != want {
			t.Errorf("%s: reason %q, want %q", raw, reason, want)
		}
	}
}

func TestNormaliseAttribute(t *testing.T) {
	e := newEngine(t, identity.Config{Blocked: []identity.Block{{Type: "company", Value: "acme"}, {Value: "kiosk"}}})
	for _, c := range []struct{ name, raw, want string }{
		{"name", "  Ann \t LEE ", "ann lee"},
		{"name", "Ｊｏｓé Straße", "josé strasse"},
		{"name", "王　小明", "王 小明"},
		{"name", "Unknown Caller", "!blocked"},
		{"name", "N/A", "!blocked"},
		{"first_name", "test", "!blocked"},
		{"name", "null undefined", "!blocked"},
		{"name", "John Doe", "!blocked"},
		{"name", "Kiosk", "kiosk"}, // blocked as an identifier
		{"name", "Li Na", "li na"},
		{"first_name", "Na", "na"},
		{"last_name", "Guest", "guest"},
		{"name", "guest", "!blocked"},
		{"name", "\x00", "!unusable"},
		{"name", "", "!unusable"},
		{"company", "ACME", "!blocked"},
		{"city", "Test", "test"},
		{"birth_date", "1980-02-03", "1980-02-03"},
		{"birth_date", "19800203", "1980-02-03"},
		{"birth_date", "1980/2/3", "1980-02-03"},
		{"birth_date", "3.2.1980", "1980-02-03"},
		{"birth_date", "１９８０-０２-０３", "1980-02-03"},
		{"birth_date", "1980-02-03T00:00:00Z", "1980-02-03"},
		{"birth_date", "3 Feb 1980", "1980-02-03"},
		{"birth_date", "February 3, 1980", "1980-02-03"},
		{"birth_date", "13/02/1980", "1980-02-13"},
		{"birth_date", "02/13/1980", "1980-02-13"},
		{"birth_date", "02-13-1980", "1980-02-13"},
		{"birth_date", "02/02/1980", "1980-02-02"},
		{"birth_date", "02/03/1980", "02/03/1980"}, // may be two days
		{"birth_date", "1980-13-45", "1980-13-45"},
		{"birth_date", "spring 1980", "spring 1980"},
		{"birth_date", "1900-01-01", "!blocked"},
		{"birth_date", "1/1/1970", "!blocked"},
		{"birth_date", "1970-01-01T00:00:00Z", "!blocked"},
		{"birth_date", "0000-00-00", "!blocked"},
		{"name", "[object Object]", "!blocked"},
		{"name", "undefined null", "!blocked"},
		{"name", "{{first_name}} {{last_name}}", "!blocked"},
		{"name", "ＮＵＬＬ", "!blocked"},
		{"last_name", "Null", "!blocked"},
		{"postcode", "00000", "!blocked"},
		{"city", "N/A", "!blocked"},
		{"city", "unknown", "!blocked"},
		{"street", "none", "!blocked"},
		{"gender", "unknown", "!blocked"},
	} {
		got, reason := e.NormaliseAttribute(c.name, c.raw)
		if reason != "" {
			got = "!" + string(reason)
		}
		if got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.name, c.raw, got, c.want)
		}
	}
}

// FuzzNormalise looks for values that are not in one form after being brought into it.
func FuzzNormalise(f *testing.F) {
	for _, v := range []string{
		"ann@example.org", " Ann@MÜNCHEN.de", "ＡＮＮ＠ｅｘａｍｐｌｅ．ｏｒｇ", "+1 (415) 555-2671", "0151 23456789",
		"+14155552671;ext=12", "null", "\x00", "\xff\xfe", "\u200b", "a@xn--a.org", "İ@example.org", "ß", "ﬁ", "1/2/1980", "3.2.1980",
	} {
		f.Add(v)
	}
	e := newEngine(f, identity.Config{DefaultRegion: "DE"})
	f.Fuzz(func(t *testing.T, raw string) {
		for _, typ := range []string{event.IDEmail, event.IDPhone, event.IDUser, "crm.contact_id"} {
			id, reason := e.Normalise(identity.Place{}, identity.Identifier{Type: typ, Value: raw})
			if reason != "" {
				continue
			}
			if id.Value == "" || !utf8.ValidString(id.Value) || strings.ContainsRune(id.Value, 0) {
				t.Errorf("%s %q became %q", typ, raw, id.Value)
			}
			if again, reason := e.Normalise(identity.Place{}, id); again != id || reason != "" {
				t.Errorf("%s %q became %q, then %q %s", typ, raw, id.Value, again.Value, reason)
			}
		}
		for _, name := range []string{event.AttrName, event.AttrBirthDate} {
			value, reason := e.NormaliseAttribute(name, raw)
			if reason != "" {
				continue
			}
			if again, reason := e.NormaliseAttribute(name, value); again != value || reason != "" {
				t.Errorf("%s %q became %q, then %q %s", name, raw, value, again, reason)
			}
		}
	})
}
