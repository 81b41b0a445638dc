package schema

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrCorrupt is returned for what no Inferred was encoded to.
var ErrCorrupt = errors.New("schema: corrupt value")

// codecVersion is the first byte of an encoded Inferred.
const codecVersion = 1

// AppendBinary appends the encoded form. Equal values have equal encodings. Message ids, which are
// mostly those of a few events, stand in a table of their own.
func (x *Inferred) AppendBinary(b []byte) ([]byte, error) {
	w := writer{ids: map[string]uint64{}}
	w.seen(&x.Events)
	for _, n := range [...]uint64{x.occurred, x.broken, x.Quarantined, x.Dropped, uint64(len(x.Fields))} {
		w.uvarint(n)
	}
	for i := range x.Fields {
		f := &x.Fields[i]
		w.text(f.Path)
		w.seen(&f.Seen)
		w.uvarint(uint64(len(f.Types)))
		for j := range f.Types {
			w.body = append(w.body, byte(f.Types[j].Type))
			w.seen(&f.Types[j].Seen)
		}
	}
	w.uvarint(uint64(len(x.Breaches)))
	for i := range x.Breaches {
		y := &x.Breaches[i]
		w.body = append(w.body, y.Kind.code())
		w.text(y.Path)
		w.text(y.Keyword)
		w.seen(&y.Seen)
	}
	b = binary.AppendUvarint(append(b, codecVersion), uint64(len(w.table)))
	for _, id := range w.table {
		b = append(binary.AppendUvarint(b, uint64(len(id))), id...)
	}
	return append(b, w.body...), nil
}

type writer struct {
	body  []byte
	ids   map[string]uint64
	table []string
}

func (w *writer) uvarint(n uint64) { w.body = binary.AppendUvarint(w.body, n) }

func (w *writer) text(s string) {
	w.uvarint(uint64(len(s)))
	w.body = append(w.body, s...)
}

func (w *writer) seen(s *Seen) {
	w.uvarint(s.Count)
	w.body = binary.AppendVarint(w.body, s.First)
	w.body = binary.AppendVarint(w.body, s.Last-s.First)
	n, found := w.ids[s.Example]
	if !found {
		n = uint64(len(w.table))
		w.ids[s.Example] = n
		w.table = append(w.table, s.Example)
	}
	w.uvarint(n)
}

// UnmarshalBinary replaces x by what is encoded in data, of which it keeps a copy. It fails with
// ErrCorrupt and then leaves x empty.
func (x *Inferred) UnmarshalBinary(data []byte) error {
	*x = Inferred{}
	r := reader{rest: string(data)}
	if r.byte() != codecVersion {
		return fmt.Errorf("%w: unknown version", ErrCorrupt)
	}
	for range r.count(1) {
		r.table = append(r.table, r.text())
	}
	y := Inferred{Events: r.seen()}
	for _, n := range [...]*uint64{&y.occurred, &y.broken, &y.Quarantined, &y.Dropped} {
		*n = r.uvarint()
	}
	for range r.count(5) {
		f := FieldSeen{Path: r.text(), Seen: r.seen()}
		for range r.count(5) {
			f.Types = append(f.Types, TypeSeen{Type(r.byte()), r.seen()})
		}
		y.Fields = append(y.Fields, f)
	}
	for range r.count(7) {
		kind := kindOf(r.byte())
		y.Breaches = append(y.Breaches, BreachSeen{Breach{Kind: kind, Path: r.text(), Keyword: r.text()}, r.seen()})
	}
	if r.bad || r.rest != "" || !y.ordered() {
		return ErrCorrupt
	}
	*x = y
	return nil
}

// ordered says whether the lists are as looking up in them relies on.
func (x *Inferred) ordered() bool {
	ok := len(x.Fields) <= MaxFields && len(x.Breaches) <= MaxBreaches
	for i := range x.Fields {
		f := &x.Fields[i]
		ok = ok && (i == 0 || shorter(x.Fields[i-1].Path, f.Path) < 0)
		for j := range f.Types {
			ok = ok && (j == 0 || f.Types[j-1].Type < f.Types[j].Type)
		}
	}
	for i := 1; i < len(x.Breaches); i++ {
		ok = ok && x.Breaches[i-1].compare(x.Breaches[i].Breach) < 0
	}
	return ok
}

// reader takes values off the front; after the first fault it yields zeros.
type reader struct {
	rest  string
	table []string
	bad   bool
}

func (r *reader) take(n uint64) string {
	if n > uint64(len(r.rest)) {
		r.rest, r.bad = "", true
		return ""
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) byte() byte {
	if b := r.take(1); b != "" {
		return b[0]
	}
	return 0
}

func (r *reader) uvarint() (v uint64) {
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.rest, r.bad = "", true
	return 0
}

func (r *reader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *reader) text() string { return r.take(r.uvarint()) }

// count reads how many follow, each of at least so many bytes.
func (r *reader) count(least int) uint64 {
	n := r.uvarint()
	if n > uint64(len(r.rest)/least) {
		r.rest, r.bad = "", true
		return 0
	}
	return n
}

func (r *reader) seen() Seen {
	s := Seen{Count: r.uvarint(), First: r.varint()}
	s.Last = s.First + r.varint()
	if n := r.uvarint(); n < uint64(len(r.table)) {
		s.Example = r.table[n]
	} else {
		r.rest, r.bad = "", true
	}
	return s
}
