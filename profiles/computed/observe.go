package computed

import "strings"

// code is a Func as it is encoded.
type code byte

const (
	codeCount code = iota + 1
	codeSum
	codeMin
	codeMax
	codeMean
	codeFirst
	codeLast
	codeUnique
	codeExists
	codeMostFrequent
	codes // one more than the last
)

var codesOf = map[Func]code{
	FuncCount: codeCount, FuncSum: codeSum, FuncMin: codeMin, FuncMax: codeMax, FuncMean: codeMean, FuncFirst: codeFirst,
	FuncLast: codeLast, FuncUnique: codeUnique, FuncExists: codeExists, FuncMostFrequent: codeMostFrequent,
}

func (t *trait) observe(r *reader, v *Values) {
	if !t.matches(r) {
		return
	}
	var one value
	if t.value != nil {
		one = r.value(t.value)
	}
	b := bucket{n: 1}
	if !t.fill(&b, one, r) {
		if !t.tellsLeftOut() {
			return
		}
		b = bucket{left: 1}
	}
	s := v.series(t.key)
	kept := s.bucket(t.span.bucket(r.event.At))
	if kept == nil {
		return
	}
	kept.merge(t.key, &b)
	if t.key.of == codeUnique {
		s.observe(one, b.n > 0, kept.number)
	}
}

// observe takes the hash of a value in. Without a value there may be a new bucket, and an old one gone.
func (s *series) observe(v value, given bool, bucket int64) {
	if given {
		s.mergeHashes([]hashed{{v.hash(), bucket}})
	} else {
		s.prune()
	}
}

// fill makes the bucket of one event, and says whether its value counts.
func (t *trait) fill(b *bucket, v value, r *reader) (counts bool) {
	if t.value == nil {
		return true
	}
	if !v.given() || t.def.Currency != "" && (r.event.CX == nil || r.event.CX.Currency != t.def.Currency) {
		return false
	}
	switch t.def.Of {
	case FuncSum, FuncMin, FuncMax, FuncMean:
		b.num, counts = v.number()
		return counts
	case FuncFirst, FuncLast:
		e := r.event
		b.mark = mark{e.At.UnixMilli(), strings.Clone(e.MessageID), strings.Clone(e.Source), v.canonical()}
		return len(b.mark.value) <= maxKeptText+1
	case FuncMostFrequent:
		value := v.canonical()
		b.tally = []tally{{value, 1}}
		return len(value) <= maxTallyText+1
	default:
	}
	return true
}

// tellsLeftOut says whether events without a value that counts are counted: see Result.LeftOut.
func (t *trait) tellsLeftOut() bool {
	return t.def.Of.numeric() || t.def.Of == FuncUnique || t.def.Of == FuncMostFrequent
}
