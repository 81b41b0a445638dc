package profiles

import "encoding/binary"

// reader takes an encoding apart. Texts that it returns share the memory of s. After a fault bad
// is set and everything is zero.
type reader struct {
	s   string
	bad bool
}

func (r *reader) done() bool { return r.s == "" }

func (r *reader) fail() { r.s, r.bad = "", true }

func (r *reader) byte() byte {
	if r.s == "" {
		r.fail()
		return 0
	}
	b := r.s[0]
	r.s = r.s[1:]
	return b
}

// flag reads a byte that is 0 or 1.
func (r *reader) flag() bool {
	b := r.byte()
	if b > 1 {
		r.fail()
	}
	return b == 1
}

func (r *reader) uvarint() uint64 {
	var x uint64
	for i := range min(len(r.s), binary.MaxVarintLen64) {
		b := r.s[i]
		if i == binary.MaxVarintLen64-1 && b > 1 {
			break // more than 64 bits
		}
		x |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.s = r.s[i+1:]
			return x
		}
	}
	r.fail()
	return 0
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) uint64() uint64 {
	if len(r.s) < 8 {
		r.fail()
		return 0
	}
	x := binary.BigEndian.Uint64([]byte(r.s[:8]))
	r.s = r.s[8:]
	return x
}

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.s)) {
		r.fail()
		return ""
	}
	t := r.s[:n]
	r.s = r.s[n:]
	return t
}

// count reads the length of a list that has at most bound elements.
func (r *reader) count(bound int) int {
	n := r.uvarint()
	if n > uint64(bound) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) stamp() stamp { return stamp{at: r.varint(), msg: r.text(), source: r.text()} }

func (r *reader) interaction() interaction {
	x := interaction{stamp: r.stamp()}
	if r.flag() {
		x.client = r.uint64()
	}
	x.original = x.at - r.varint()
	x.order = r.varint()
	x.raw = r.text()
	return x
}

// interactions reads a list into the memory of another.
func (r *reader) interactions(list []interaction, bound int) []interaction {
	list = list[:0]
	for range r.count(bound) {
		list = append(list, r.interaction())
	}
	return list
}
