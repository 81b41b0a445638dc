package state

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tributary/identity/match"
)

func drawRefs(t *rapid.T) []refChange {
	refs := rapid.SliceOfNDistinct(rapid.OneOf(rapid.Uint32Range(0, 6), rapid.Uint32()), 0, 5, rapid.ID).Draw(t, "refs")
	slices.Sort(refs)
	changes := make([]refChange, len(refs))
	for i, r := range refs {
		changes[i] = refChange{match.Ref(r), rapid.Bool().Draw(t, "gone")}
	}
	return changes
}

// fold folds operands, the oldest first, as Pebble would.
func fold(t *rapid.T, operands [][]byte, newerFirst, base bool) []byte {
	operands = slices.Clone(operands)
	if newerFirst {
		slices.Reverse(operands)
	}
	m, err := merger.Merge([]byte{kindPosting}, operands[0])
	must(t, err)
	for _, o := range operands[1:] {
		if newerFirst {
			must(t, m.MergeOlder(o))
		} else {
			must(t, m.MergeNewer(o))
		}
	}
	value, closer, err := m.Finish(base)
	must(t, err)
	value = slices.Clone(value)
	must(t, closer.Close())
	return value
}

func TestRefsFoldInAnyGrouping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var operands [][]byte
		want := map[match.Ref]bool{}
		for range rapid.IntRange(1, 6).Draw(t, "operands") {
			changes := drawRefs(t)
			for _, c := range changes {
				want[c.ref] = !c.gone
			}
			operands = append(operands, appendRefs(nil, changes))
		}
		direction := func() bool { return rapid.Bool().Draw(t, "newer first") }
		whole := fold(t, operands, direction(), true)
		for len(operands) > 1 { // fold some neighbours, then go on with what came out
			from := rapid.IntRange(0, len(operands)-1).Draw(t, "from")
			to := rapid.IntRange(from+1, len(operands)).Draw(t, "to")
			folded := fold(t, operands[from:to], direction(), false)
			operands = slices.Replace(operands, from, to, folded)
			if to-from == 1 && len(operands) > 1 && from == 0 {
				break
			}
		}
		if again := fold(t, operands, direction(), true); !slices.Equal(again, whole) {
			t.Fatalf("folded to %x and to %x", whole, again)
		}
		got, err := decodeRefs(nil, whole)
		must(t, err)
		for _, c := range got {
			if !want[c.ref] || c.gone {
				t.Fatalf("%d is held, want %v", c.ref, want)
			}
			delete(want, c.ref)
		}
		for r, held := range want {
			if held {
				t.Fatalf("%d is not held", r)
			}
		}
	})
}

func TestRefsRefuseWhatIsNoSet(t *testing.T) {
	for name, data := range map[string][]byte{
		"twice the same":  {2, 0},
		"beyond 32 bits":  append(appendRefs(nil, []refChange{{ref: math.MaxUint32}}), 2),
		"cut off":         {0x80},
		"more than a u64": {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	} {
		if got, err := decodeRefs(nil, data); err == nil {
			t.Errorf("%s: decoded to %v", name, got)
		}
	}
}
