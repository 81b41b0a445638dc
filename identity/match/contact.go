package match

import (
	"strings"
	"sync"

	"tributary/identity"
	"tributary/ingest/event"
)

// normaliser is identity's own, for e-mails and the values that stand for none. It holds no state
// but caches of pure functions.
var normaliser = sync.OnceValue(func() *identity.Engine {
	e, err := identity.New(identity.Config{Key: make([]byte, 32)})
	if err != nil {
		panic(err) // the configuration is a constant
	}
	return e
})

// phone is a telephone number by its digits.
type phone struct {
	all  string
	tail string // the last nine digits: without country code and trunk prefix

	value uint64 // hash of the tail
}

const phoneTail = 9

// newPhone reports false for what is too short or stands for none.
func newPhone(s string) (phone, bool) {
	if i := strings.IndexAny(s, ";x"); i > 6 {
		s = s[:i] // an extension
	}
	d := strings.TrimPrefix(digits(s), "00")
	if len(d) < 6 || len(d) > 20 || patterned(d) {
		return phone{}, false
	}
	tail := d[max(0, len(d)-phoneTail):]
	return phone{all: d, tail: tail, value: hash64(saltPhone, tail)}, true
}

// patterned recognises digits that somebody typed to fill a form: one digit, or counting.
func patterned(d string) bool {
	if len(d) > 10 {
		d = d[len(d)-10:]
	}
	same, up, down := 0, 0, 0
	for i := 1; i < len(d); i++ {
		switch (int(d[i]) - int(d[i-1]) + 10) % 10 {
		case 0:
			same++
		case 1:
			up++
		case 9:
			down++
		}
	}
	n := len(d) - 1
	return same >= n || up >= n || down >= n
}

// email is a mailbox.
type email struct {
	all, local, domain string
	letters            string // of the local part
	digits             int    // how many are in the local part
	role               bool   // an office's
	hash               uint64 // of all
}

// roleMailboxes are the parts before the @ of mailboxes that stand for an office.
var roleMailboxes = wordSet(`info sales support contact office admin help helpdesk service services hello team mail webmaster
	enquiries inquiries reception billing accounts accounting marketing hr jobs careers press media orders order shop
	store customerservice kontakt contacto kundenservice buchhaltung rechnung booking bookings reservations`)

// newEmail reads "Name <box@domain>" as well, and reports false for what is no mailbox or nobody's.
func newEmail(s string) (email, bool) {
	if i, j := strings.LastIndexByte(s, '<'), strings.LastIndexByte(s, '>'); i >= 0 && j > i {
		s = s[i+1 : j]
	}
	id, dropped := normaliser().Normalise(identity.Place{}, identity.Identifier{Type: event.IDEmail, Value: s})
	if dropped != "" {
		return email{}, false
	}
	at := strings.LastIndexByte(id.Value, '@')
	m := email{all: id.Value, local: id.Value[:at], domain: id.Value[at+1:]}
	m.local, _, _ = strings.Cut(m.local, "+")
	var letters strings.Builder
	for i := 0; i < len(m.local); i++ {
		switch c := m.local[i]; {
		case c >= 'a' && c <= 'z':
			letters.WriteByte(c)
		case c >= '0' && c <= '9':
			m.digits++
		}
	}
	m.letters = letters.String()
	m.role = roleMailboxes[m.letters]
	m.hash = hash64(saltEmail, m.all)
	return m, true
}

// sexOf returns 'm', 'f' or 0.
func sexOf(s string) byte {
	switch fold(s) {
	case "m", "male", "man", "boy", "masculine", "mann", "herr", "h", "homme":
		return 'm'
	case "f", "female", "woman", "girl", "feminine", "w", "frau", "femme", "weiblich":
		return 'f'
	}
	return 0
}

// issued is a number that somebody issued.
type issued struct {
	kind  int // feature
	value string
	hash  uint64
}

// newIssued keeps letters and digits; what is too short or all one character is none.
func newIssued(kind int, s string) (issued, bool) {
	v := lettersOnly(fold(s))
	if len(v) < 3 || strings.Count(v, v[:1]) == len(v) {
		return issued{}, false
	}
	if _, junk := normaliser().NormaliseAttribute("id", v); junk != "" {
		return issued{}, false
	}
	return issued{kind, v, hash64(saltFeature+uint64(kind), v)}, true
}
