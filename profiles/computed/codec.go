package computed

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// codecVersion is the first byte of encoded Values.
const codecVersion = 1

// Bounds of what Decode takes: more than a Program can bring about.
const (
	maxSeries  = 4 * MaxDefinitions // of definitions that are gone, too
	maxBuckets = 366 + 2
)

// ErrCorrupt is the error of bytes that no Values were encoded to.
var ErrCorrupt = errors.New("corrupt computed values")

// AppendBinary appends the encoded Values. Equal values have equal encodings. It never fails.
func (v *Values) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, codecVersion)
	b = binary.AppendUvarint(b, uint64(len(v.all)))
	for i := range v.all {
		b = v.all[i].append(b)
	}
	return b, nil
}

func (s *series) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, s.print)
	b = append(b, byte(s.of))
	b = binary.AppendUvarint(b, uint64(s.keeps))
	b = binary.AppendUvarint(b, uint64(len(s.buckets)))
	for i := range s.buckets {
		b = s.buckets[i].append(b, s.of)
	}
	if s.of != codeUnique {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(s.hashes)))
	for _, h := range s.hashes {
		b = binary.BigEndian.AppendUint64(b, h.hash)
		i, _ := s.place(h.bucket)
		b = binary.AppendUvarint(b, uint64(i))
	}
	return b
}

func (x *bucket) append(b []byte, of code) []byte {
	b = binary.AppendVarint(b, x.number)
	b = binary.AppendUvarint(b, x.n)
	b = binary.AppendUvarint(b, x.left)
	if x.n == 0 {
		return b
	}
	switch of {
	case codeSum, codeMin, codeMax, codeMean:
		b = appendDecimal(b, x.num)
	case codeFirst, codeLast:
		b = binary.AppendVarint(b, x.mark.at)
		b = appendString(b, x.mark.message)
		b = appendString(b, x.mark.source)
		b = appendString(b, x.mark.value)
	case codeMostFrequent:
		b = binary.AppendUvarint(b, uint64(len(x.tally)))
		for _, t := range x.tally {
			b = appendString(b, t.value)
			b = binary.AppendUvarint(b, t.n)
		}
	default:
	}
	return b
}

// appendDecimal appends the magnitude without its leading zeros after a byte of length and sign.
func appendDecimal(b []byte, d decimal) []byte {
	hi, lo := d.magnitude()
	var all [16]byte
	binary.BigEndian.PutUint64(all[:8], hi)
	binary.BigEndian.PutUint64(all[8:], lo)
	digits := slices.Clip(all[:])
	for len(digits) > 0 && digits[0] == 0 {
		digits = digits[1:]
	}
	head := byte(len(digits)) << 1
	if d.hi < 0 {
		head |= 1
	}
	return append(append(b, head), digits...)
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// Decode replaces the Values by those encoded in data, of which it keeps a copy of what it needs. It
// fails with ErrCorrupt and then leaves them empty.
func (v *Values) Decode(data []byte) error {
	v.Reset()
	d := decoder{rest: data}
	if d.byte() != codecVersion {
		return fmt.Errorf("%w: unknown version", ErrCorrupt)
	}
	for range d.count(maxSeries) {
		n := len(v.all)
		v.all = slices.Grow(v.all, 1)[:n+1]
		if d.series(&v.all[n]); d.bad || n > 0 && v.all[n-1].compare(v.all[n].key) >= 0 {
			d.bad = true
			break
		}
	}
	if d.bad || len(d.rest) > 0 {
		v.Reset()
		return ErrCorrupt
	}
	return nil
}

// MergeEncoded appends to dst the encoding of the merge of two encoded Values, in either order.
func MergeEncoded(dst, a, b []byte) ([]byte, error) {
	var x, y Values
	if err := x.Decode(a); err != nil {
		return dst, err
	}
	if err := y.Decode(b); err != nil {
		return dst, err
	}
	x.Merge(&y)
	return x.AppendBinary(dst)
}

// decoder reads encoded Values. After the first fault it is bad and reads zeros.
type decoder struct {
	rest []byte
	bad  bool
}

// series reads one in place of what s was, and uses its memory again.
func (d *decoder) series(s *series) {
	*s = series{key: key{print: d.uint64(), of: code(d.byte())}, buckets: s.buckets[:0]}
	s.keeps = uint16(d.count(maxBuckets))
	d.must(s.of >= codeCount && s.of < codes && s.keeps > 0)
	n := d.count(int(s.keeps))
	for i := range n {
		b := d.bucket(s.key)
		d.must(i == 0 || s.buckets[i-1].number < b.number)
		s.buckets = append(s.buckets, b)
		if d.bad {
			return
		}
	}
	if s.of == codeUnique {
		s.hashes = d.hashes(s)
	}
}

func (d *decoder) bucket(k key) bucket {
	b := bucket{number: d.varint(), n: d.uvarint(), left: d.uvarint()}
	if b.n == 0 {
		return b
	}
	switch k.of {
	case codeSum, codeMin, codeMax, codeMean:
		b.num = d.decimal()
	case codeFirst, codeLast:
		b.mark = mark{d.varint(), d.text(), d.text(), d.text()}
	case codeMostFrequent:
		for i := range d.count(k.tallies()) {
			t := tally{d.text(), d.uvarint()}
			d.must(t.n > 0 && (i == 0 || compareText(b.tally[i-1].value, t.value) < 0))
			b.tally = append(b.tally, t)
			if d.bad {
				break
			}
		}
	default:
	}
	return b
}

func (d *decoder) hashes(s *series) []hashed {
	n := d.count(min(len(d.rest)/9, (maxHashes+1)*len(s.buckets)))
	hashes := make([]hashed, 0, n)
	for i := range n {
		hash, place := d.uint64(), d.count(max(len(s.buckets)-1, 0))
		if d.must(!d.bad && (i == 0 || hashes[i-1].hash < hash)); d.bad {
			return nil
		}
		hashes = append(hashes, hashed{hash, s.buckets[place].number})
	}
	return hashes
}

func (d *decoder) must(ok bool) {
	if !ok {
		d.bad, d.rest = true, nil
	}
}

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.must(false)
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) bytes(n int) []byte {
	if n > len(d.rest) {
		d.must(false)
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) uint64() uint64 {
	if b := d.bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	x, n := binary.Uvarint(d.rest)
	if n <= 0 || n > 1 && d.rest[n-1] == 0 { // a longer form than needed is not canonical
		d.must(false)
		return 0
	}
	d.rest = d.rest[n:]
	return x
}

func (d *decoder) varint() int64 {
	x := d.uvarint()
	return int64(x>>1) ^ -int64(x&1)
}

// count reads a number that may be bound at most.
func (d *decoder) count(bound int) int {
	n := d.uvarint()
	if n > uint64(bound) {
		d.must(false)
		return 0
	}
	return int(n)
}

func (d *decoder) text() string { return string(d.bytes(d.count(len(d.rest)))) }

func (d *decoder) decimal() decimal {
	head := d.byte()
	digits := d.bytes(int(head >> 1))
	d.must(head>>1 <= 16 && (len(digits) == 0 && head == 0 || len(digits) > 0 && digits[0] != 0 && (len(digits) < 16 || digits[0] < 0x80)))
	if d.bad {
		return decimal{}
	}
	var all [16]byte
	copy(all[16-len(digits):], digits)
	return fromMagnitude(binary.BigEndian.Uint64(all[:8]), binary.BigEndian.Uint64(all[8:]), head&1 == 1)
}

// place returns where a bucket is, or would be, in the series.
func (s *series) place(number int64) (int, bool) {
	return slices.BinarySearchFunc(s.buckets, number, func(b bucket, n int64) int { return cmp.Compare(b.number, n) })
}
