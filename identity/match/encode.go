package match

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// modelFormat is the first byte of an encoded model. What follows is a frame of zstd; in it numbers
// are varints, hashes ascend and are told by their distances, and those with one count stand together.
const modelFormat = 1

// maxModelBytes bounds what an encoded model unfolds to.
const maxModelBytes = 1 << 30

var errModel = errors.New("match: no model, or one of another format")

var zstdEncoder = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		panic(err) // the options are constants
	}
	return e
})

var zstdDecoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxModelBytes))
	if err != nil {
		panic(err) // the options are constants
	}
	return d
})

// MarshalBinary encodes a model; equal ones are encoded alike. It never fails.
func (m *Model) MarshalBinary() ([]byte, error) {
	w := writer{}
	w.number(uint64(m.Number))
	w.number(uint64(m.Records))
	w.number(uint64(m.Overflow))
	w.float(m.Partners)
	w.float(m.Housemates)
	w.schema(&m.Schema)
	for f := range m.Weights {
		w.number(uint64(m.Totals[f]))
		for _, list := range [][]float64{m.Weights[f].Same, m.Weights[f].Other} {
			for _, x := range list {
				w.float(x)
			}
		}
	}
	by := map[uint32][]short{}
	for v, n := range m.Counts {
		by[n] = append(by[n], v)
	}
	w.number(uint64(len(by)))
	for _, n := range slices.Sorted(maps.Keys(by)) {
		w.number(uint64(n))
		w.hashes(by[n])
	}
	for _, set := range []map[short]bool{m.Heavy, m.Common, m.Dropped} {
		w.hashes(slices.Collect(maps.Keys(set)))
	}
	w.number(uint64(len(m.Judged)))
	for _, j := range m.Judged {
		w.buf = binary.AppendVarint(w.buf, int64(j.Score))
		w.flag(j.Same)
	}
	return zstdEncoder().EncodeAll(w.buf, []byte{modelFormat}), nil
}

// UnmarshalBinary decodes what MarshalBinary encoded.
func (m *Model) UnmarshalBinary(raw []byte) error {
	if len(raw) == 0 || raw[0] != modelFormat {
		return errModel
	}
	plain, err := zstdDecoder().DecodeAll(raw[1:], nil)
	if err != nil {
		return fmt.Errorf("%w: %w", errModel, err)
	}
	r := reader{buf: plain}
	var out Model
	out.Number = uint32(r.number(math.MaxUint32))
	out.Records, out.Overflow = int(r.number(math.MaxInt32)), int(r.number(math.MaxInt32))
	out.Partners, out.Housemates = r.float(), r.float()
	out.Schema = r.schema()
	if r.failed || out.Schema.Validate() != nil || out.Partners <= 0 || out.Housemates <= 0 {
		return errModel
	}
	for f := range Feature(out.Schema.features()) {
		levels := defaults[out.Schema.kindOf(f)].levels
		out.Totals = append(out.Totals, int(r.number(math.MaxInt32)))
		out.Weights = append(out.Weights, FeatureWeights{Same: r.shares(levels), Other: r.shares(levels)})
	}
	out.Counts = map[short]uint32{}
	for range r.count() {
		n := uint32(r.number(math.MaxUint32))
		r.hashes(func(v short) { out.Counts[v] = n })
	}
	for _, set := range []*map[short]bool{&out.Heavy, &out.Common, &out.Dropped} {
		*set = map[short]bool{}
		r.hashes(func(v short) { (*set)[v] = true })
	}
	for range r.count() {
		score := Bits(r.signed())
		out.Judged = append(out.Judged, Judgement{score, r.flag()})
	}
	if r.failed || len(r.buf) > 0 {
		return errModel
	}
	out.finish()
	*m = out
	return nil
}

// writer encodes.
type writer struct{ buf []byte }

func (w *writer) number(n uint64) { w.buf = binary.AppendUvarint(w.buf, n) }

func (w *writer) float(x float64) {
	w.buf = binary.LittleEndian.AppendUint64(w.buf, math.Float64bits(x))
}

func (w *writer) flag(set bool) {
	b := byte(0)
	if set {
		b = 1
	}
	w.buf = append(w.buf, b)
}

func (w *writer) string(s string) {
	w.number(uint64(len(s)))
	w.buf = append(w.buf, s...)
}

func (w *writer) hashes(list []short) {
	slices.Sort(list)
	w.number(uint64(len(list)))
	last := short(0)
	for _, v := range list {
		w.number(uint64(v - last))
		last = v
	}
}

func (w *writer) schema(s *Schema) {
	w.flag(s.DayFirst)
	w.number(uint64(len(s.IDs)))
	for _, k := range s.IDs {
		w.string(k.Name)
		w.flag(k.Exclusive)
		w.flag(k.Several)
	}
	w.number(uint64(len(s.Free)))
	for _, f := range s.Free {
		w.string(f.Name)
		w.flag(f.Varies)
	}
	w.number(uint64(len(s.Off)))
	for _, name := range s.Off {
		w.string(name)
	}
}

// reader decodes. After a fault it yields zeros, and failed is set.
type reader struct {
	buf    []byte
	failed bool
}

func (r *reader) fail() { r.buf, r.failed = nil, true }

// take returns the next n bytes, or nil.
func (r *reader) take(n int) []byte {
	if n > len(r.buf) {
		r.fail()
		return nil
	}
	b := r.buf[:n]
	r.buf = r.buf[n:]
	return b
}

func (r *reader) number(most uint64) uint64 {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 || v > most {
		r.fail()
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

// count is how many things follow, each of a byte or more.
func (r *reader) count() int { return int(r.number(uint64(len(r.buf)))) }

func (r *reader) signed() int32 {
	v, n := binary.Varint(r.buf)
	if n <= 0 || v != int64(int32(v)) {
		r.fail()
		return 0
	}
	r.buf = r.buf[n:]
	return int32(v)
}

func (r *reader) float() float64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	x := math.Float64frombits(binary.LittleEndian.Uint64(b))
	if math.IsNaN(x) || math.IsInf(x, 0) {
		r.fail()
		return 0
	}
	return x
}

// shares reads probabilities.
func (r *reader) shares(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		if out[i] = r.float(); out[i] < 0 || out[i] > 2 {
			r.fail()
		}
	}
	return out
}

func (r *reader) flag() bool {
	b := r.take(1)
	return b != nil && b[0] != 0
}

func (r *reader) string() string { return string(r.take(r.count())) }

func (r *reader) hashes(tell func(short)) {
	last := short(0)
	for i := range r.count() {
		step := short(r.number(math.MaxUint64 >> shortBits))
		if r.failed || i > 0 && step == 0 {
			r.fail()
			return
		}
		last += step
		tell(last)
	}
}

func (r *reader) schema() Schema {
	s := Schema{DayFirst: r.flag()}
	for range r.count() {
		s.IDs = append(s.IDs, IDKind{Name: r.string(), Exclusive: r.flag(), Several: r.flag()})
	}
	for range r.count() {
		s.Free = append(s.Free, FreeField{Name: r.string(), Varies: r.flag()})
	}
	for range r.count() {
		s.Off = append(s.Off, r.string())
	}
	return s
}
