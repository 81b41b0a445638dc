package consent

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
)

// maxEntries bounds how many scopes a ledger has. Of more, the first in their order are kept, among which
// is that of everything; a refusal in one that is not kept is kept as a refusal of everything, so nothing
// that was refused comes to be allowed, in whatever order things are said.
const maxEntries = 128

// Ledger is what was said of one subject: for each scope the newest statement of each status, and the
// newest refusal that was carried to it. It is a function of the set of statements, whatever order they
// come in, and adding one twice changes nothing. The zero Ledger is ready to use.
type Ledger struct {
	entries []entry // ascending by scope
}

type entry struct {
	scope                           Scope
	granted, refused, pending, held *Statement
}

// Empty says whether nothing was said.
func (l *Ledger) Empty() bool { return l == nil || len(l.entries) == 0 }

// Add adds what was said of the subject itself, and says whether that changed anything.
func (l *Ledger) Add(s Statement) bool {
	s.Origin = Subject{}
	return l.put(s.Scope, s, func(e *entry) **Statement { return e.slot(s.Status) })
}

// Hold adds a refusal that was said of another subject, s.Origin, while both were of one profile.
func (l *Ledger) Hold(s Statement) bool {
	s.Status, s.Speaker = event.ConsentRefused, uuid.Nil
	return l.put(s.Scope, s, func(e *entry) **Statement { return &e.held })
}

func (e *entry) slot(status event.Consent) **Statement {
	switch status {
	case event.ConsentGranted:
		return &e.granted
	case event.ConsentRefused:
		return &e.refused
	default:
		return &e.pending
	}
}

// own is the newest that was said of the subject itself in this scope.
func (e *entry) own() *Statement { return later(later(e.granted, e.pending), e.refused) }

func (l *Ledger) put(scope Scope, s Statement, slot func(*entry) **Statement) bool {
	i, found := l.find(scope)
	if !found {
		if i >= maxEntries {
			return l.widen(s, slot)
		}
		l.entries = slices.Insert(l.entries, i, entry{scope: scope})
		defer l.bound()
	}
	at := slot(&l.entries[i])
	if *at != nil && s.Compare(*at) <= 0 {
		return false
	}
	*at = &s
	return true
}

// bound lets go of the last scope when there are too many.
func (l *Ledger) bound() {
	if len(l.entries) <= maxEntries {
		return
	}
	last := l.entries[maxEntries]
	l.entries = l.entries[:maxEntries]
	if last.refused != nil {
		l.widen(*last.refused, func(e *entry) **Statement { return &e.refused })
	}
	if last.held != nil {
		l.widen(*last.held, func(e *entry) **Statement { return &e.held })
	}
}

// widen keeps a refusal as one of everything. There is room: that scope is the least, and whoever comes
// here has maxEntries others.
func (l *Ledger) widen(s Statement, slot func(*entry) **Statement) bool {
	if s.Status != event.ConsentRefused {
		return false
	}
	s.Scope = NewScope("", "")
	return l.put(s.Scope, s, slot)
}

func (l *Ledger) find(scope Scope) (int, bool) {
	return slices.BinarySearchFunc(l.entries, scope, func(e entry, s Scope) int { return e.scope.Compare(s) })
}

func (l *Ledger) at(scope Scope) *entry {
	if l == nil {
		return nil
	}
	if i, found := l.find(scope); found {
		return &l.entries[i]
	}
	return nil
}

// Statements lists what is kept, in the order of scopes.
func (l *Ledger) Statements() []Statement {
	var all []Statement
	if l == nil {
		return nil
	}
	for i := range l.entries {
		for _, s := range l.entries[i].all() {
			if s != nil {
				all = append(all, *s)
			}
		}
	}
	return all
}

func (e *entry) all() [4]*Statement { return [4]*Statement{e.granted, e.refused, e.pending, e.held} }

// ErrCorrupt is returned for an encoded ledger that does not decode.
var ErrCorrupt = errors.New("consent: encoded ledger is damaged")

const codecVersion = 1

// AppendBinary appends the ledger's one encoding.
func (l *Ledger) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, codecVersion)
	b = binary.AppendUvarint(b, uint64(len(l.entries)))
	for i := range l.entries {
		e := &l.entries[i]
		b = appendText(appendText(b, string(e.scope.Channel)), e.scope.Purpose)
		for _, s := range e.all() {
			b = s.append(b)
		}
	}
	return b, nil
}

func (s *Statement) append(b []byte) []byte {
	if s == nil {
		return append(b, 0)
	}
	b = binary.AppendVarint(append(b, 1), s.At.UnixMilli())
	b = binary.AppendVarint(b, s.Received.UnixMilli())
	var until int64
	if !s.ValidUntil.IsZero() {
		until = s.ValidUntil.UnixMilli()
	}
	b = binary.AppendVarint(b, until)
	for _, text := range []string{s.Source, s.MessageID, s.LegalBasis, s.Evidence, s.Origin.Contact.Type, s.Origin.Contact.Value} {
		b = appendText(b, text)
	}
	return append(append(b, s.Origin.Observation[:]...), s.Speaker[:]...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// UnmarshalBinary reads what AppendBinary wrote.
func (l *Ledger) UnmarshalBinary(data []byte) error {
	d := decoder{data: data}
	if d.byte() != codecVersion {
		return ErrCorrupt
	}
	n := d.uvarint()
	if n > maxEntries {
		return ErrCorrupt
	}
	entries := make([]entry, 0, n)
	for range n {
		e := entry{scope: Scope{event.Channel(d.text()), d.text()}}
		e.granted = d.statement(e.scope, event.ConsentGranted)
		e.refused = d.statement(e.scope, event.ConsentRefused)
		e.pending = d.statement(e.scope, event.ConsentPending)
		e.held = d.statement(e.scope, event.ConsentRefused)
		if d.bad || len(entries) > 0 && entries[len(entries)-1].scope.Compare(e.scope) >= 0 {
			return ErrCorrupt
		}
		entries = append(entries, e)
	}
	if d.bad || len(d.data) > 0 {
		return ErrCorrupt
	}
	l.entries = entries
	return nil
}

// decoder reads an encoding; after a fault bad is set and everything is zero.
type decoder struct {
	data []byte
	bad  bool
}

func (d *decoder) fail() { d.data, d.bad = nil, true }

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.data)) {
		d.fail()
		return nil
	}
	taken := d.data[:n]
	d.data = d.data[n:]
	return taken
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.data)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.data = d.data[n:]
	return v
}

func (d *decoder) time() time.Time {
	v, n := binary.Varint(d.data)
	if n <= 0 {
		d.fail()
		return time.Time{}
	}
	d.data = d.data[n:]
	return time.UnixMilli(v).UTC()
}

func (d *decoder) text() string { return string(d.take(d.uvarint())) }

func (d *decoder) statement(scope Scope, status event.Consent) *Statement {
	if d.byte() == 0 {
		return nil
	}
	s := &Statement{Scope: scope, Status: status, At: d.time(), Received: d.time(), ValidUntil: d.time()}
	if s.ValidUntil.UnixMilli() == 0 {
		s.ValidUntil = time.Time{}
	}
	s.Source, s.MessageID, s.LegalBasis, s.Evidence = d.text(), d.text(), d.text(), d.text()
	s.Origin.Contact.Type, s.Origin.Contact.Value = d.text(), d.text()
	copy(s.Origin.Observation[:], d.take(uint64(len(s.Origin.Observation))))
	copy(s.Speaker[:], d.take(uint64(len(s.Speaker))))
	return s
}
