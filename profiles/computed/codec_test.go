package computed

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"tributary/ingest/event"

	"pgregory.net/rapid"
)

// everything is a program of all functions with and without a window.
func everything(tb testing.TB) *Program {
	tb.Helper()
	var all []Definition
	for _, of := range funcs {
		for _, w := range []Window{"", "6h", "30d"} {
			all = append(all, Definition{Name: fmt.Sprintf("%s_%s", of, cmpWindow(w)), Of: of, Types: []string{"track"}, Value: "properties.a", Window: w})
		}
	}
	p, err := Compile(all)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func cmpWindow(w Window) Window {
	if w == "" {
		return "ever"
	}
	return w
}

// TestMergeIsCommutativeAndAssociative: parts of the same events, folded in any order and any grouping, encode
// to the same bytes, and decode to what they were.
func TestMergeIsCommutativeAndAssociative(t *testing.T) {
	p := everything(t)
	rapid.Check(t, func(rt *rapid.T) {
		parts := make([]Values, 3)
		for i := range rapid.IntRange(0, 30).Draw(rt, "events") {
			p.Observe(genEvent(rt, "acme", fmt.Sprint(i), start), &parts[rapid.IntRange(0, 2).Draw(rt, "part")])
		}
		var left, right Values
		for i := range parts {
			left.Merge(&parts[i])
		}
		var last Values
		last.Merge(&parts[2])
		last.Merge(&parts[1])
		right.Merge(&last)
		right.Merge(&parts[0])
		a, _ := left.AppendBinary(nil)
		b, _ := right.AppendBinary(nil)
		if !bytes.Equal(a, b) {
			rt.Fatalf("%x\n%x", a, b)
		}
		var again Values
		if err := again.Decode(a); err != nil {
			rt.Fatal(err)
		}
		if c, _ := again.AppendBinary(nil); !bytes.Equal(a, c) {
			rt.Fatalf("decoded and encoded again:\n%x\n%x", a, c)
		}
		again.Reset()
		if !again.Empty() {
			rt.Fatal("not empty after Reset")
		}
	})
}

// FuzzDecode: what Decode takes is canonical, is merged and evaluated without a fault, and grows by no merge
// beyond its bounds.
func FuzzDecode(f *testing.F) {
	p := everything(f)
	var v Values
	for i, raw := range few {
		e := &event.Event{Source: "web", MessageID: fmt.Sprint(i), Type: event.TypeTrack, Name: "x", At: start.AddDate(0, 0, -i), Properties: []byte(`{"a":` + raw + `}`)}
		p.Observe(e, &v)
		if i%8 == 0 {
			encoded, _ := v.AppendBinary(nil)
			f.Add(encoded)
		}
	}
	f.Add([]byte{})
	f.Add([]byte{codecVersion, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var v Values
		if err := v.Decode(data); err != nil {
			if !errors.Is(err, ErrCorrupt) || !v.Empty() {
				t.Fatalf("%v, empty: %v", err, v.Empty())
			}
			return
		}
		if again, _ := v.AppendBinary(nil); !bytes.Equal(again, data) {
			t.Fatalf("not canonical:\n%x\n%x", data, again)
		}
		merged, err := MergeEncoded(nil, data, data)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Decode(merged); err != nil {
			t.Fatal(err)
		}
		p.Evaluate(&v, start)
		v.Keep(p)
	})
}

// TestDecodeRefuses bytes that look alright but are in no order, or beyond the bounds.
func TestDecodeRefuses(t *testing.T) {
	head := func(of code, keeps byte, rest ...byte) []byte {
		return slices.Concat([]byte{codecVersion, 1, 0, 0, 0, 0, 0, 0, 0, 1, byte(of), keeps}, rest)
	}
	for name, data := range map[string][]byte{
		"nothing":              {},
		"another version":      {codecVersion + 1, 0},
		"too many series":      {codecVersion, 0xff, 0x7f},
		"no function":          head(0, 1, 0),
		"unknown function":     head(codes, 1, 0),
		"keeps nothing":        head(codeCount, 0, 0),
		"more than it keeps":   head(codeCount, 1, 2, 0, 1, 0, 2, 1, 0),
		"buckets out of order": head(codeCount, 2, 2, 2, 1, 0, 0, 1, 0),
		"buckets twice":        head(codeCount, 2, 2, 2, 1, 0, 2, 1, 0),
		"something after":      head(codeCount, 1, 1, 0, 1, 0, 7),
		"cut off":              head(codeSum, 1, 1, 0, 1, 0),
		"leading zero":         head(codeSum, 1, 1, 0, 1, 0, 2<<1, 0, 1),
		"negative zero":        head(codeSum, 1, 1, 0, 1, 0, 1),
		"longer than needed":   head(codeCount, 1, 1, 0x80, 0x00, 1, 0),
		"hashes out of order":  head(codeUnique, 1, 1, 0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0),
		"hash of no bucket":    head(codeUnique, 1, 1, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1),
		"tally of nothing":     head(codeMostFrequent, 1, 1, 0, 1, 0, 1, 2, '=', 'x', 0),
		"tallies out of order": head(codeMostFrequent, 1, 1, 0, 2, 0, 2, 2, '=', 'y', 1, 2, '=', 'x', 1),
	} {
		var v Values
		if err := v.Decode(data); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestProgramIsSharedSafely: one program observes and evaluates on many goroutines.
func TestProgramIsSharedSafely(t *testing.T) {
	p := everything(t)
	var group sync.WaitGroup
	encoded := make([][]byte, 8)
	for i := range encoded {
		group.Go(func() {
			var v Values
			for j := range 200 {
				e := &event.Event{Source: "web", MessageID: fmt.Sprint(j), Type: event.TypeTrack, Name: "x", At: start, Properties: []byte(fmt.Sprintf(`{"a":"%d"}`, j))}
				p.Observe(e, &v)
				p.Evaluate(&v, start)
			}
			encoded[i], _ = v.AppendBinary(nil)
		})
	}
	group.Wait()
	for i := range encoded {
		if !bytes.Equal(encoded[i], encoded[0]) {
			t.Fatalf("goroutine %d came to another result", i)
		}
	}
}
