package state

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tributary/ingest/schema"
)

// A contract's versions stand by their stamps, whatever order the commands come in.
func TestContractVersionsStandByTheirStamps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "versions")
		var versions []ContractVersion
		for i := range n {
			v := ContractVersion{Stamp: Stamp{At: time.UnixMilli(int64(rapid.IntRange(0, 4).Draw(t, "at"))).UTC(), MessageID: string(rune('a' + i))}}
			if rapid.Bool().Draw(t, "set") {
				v.Value = []byte{byte('0' + i)}
			}
			versions = append(versions, v)
		}
		encode := func(order []ContractVersion) []byte {
			var all []ContractVersion
			for _, v := range order {
				all = insertVersion(all, v)
			}
			return encodeContract(all)
		}
		want := encode(versions)
		slices.Reverse(versions)
		if got := encode(append(versions, versions[0])); !bytes.Equal(got, want) {
			t.Fatalf("%q in one order, %q in another", want, got)
		}
		back, err := decodeContract(want)
		if err != nil || !bytes.Equal(encodeContract(back), want) {
			t.Fatalf("it comes back as another: %v", err)
		}
	})
}

func FuzzDecodeContract(f *testing.F) {
	f.Add(encodeContract([]ContractVersion{{Stamp{time.UnixMilli(1), "m"}, []byte("{}")}, {Stamp{time.UnixMilli(2), "n"}, nil}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		versions, err := decodeContract(data)
		if err != nil || data == nil {
			return
		}
		if _, err := decodeContract(encodeContract(versions)); err != nil {
			t.Fatal(err)
		}
	})
}

// The merger folds operands of schemas in any grouping.
func TestSchemasFold(t *testing.T) {
	operand := func(id string, raw string) []byte {
		var x schema.Inferred
		x.Add(schema.Fields([]byte(raw)), &schema.Seen{Count: 1, First: 1, Last: 1, Example: id})
		b, _ := x.AppendBinary(nil)
		return b
	}
	a, b, c := operand("a", `{"x":1}`), operand("b", `{"x":"1"}`), operand("c", `{"y":null}`)
	fold := func(first []byte, rest ...[]byte) []byte {
		m, err := merger.Merge([]byte{kindSchema}, first)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range rest {
			if i%2 == 0 {
				err = m.MergeNewer(x)
			} else {
				err = m.MergeOlder(x)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		value, closer, err := m.Finish(true)
		if err != nil {
			t.Fatal(err)
		}
		if closer != nil {
			defer func() { _ = closer.Close() }()
		}
		return bytes.Clone(value)
	}
	if one, two := fold(a, b, c), fold(fold(c, a), b); !bytes.Equal(one, two) {
		t.Errorf("%q and %q", one, two)
	}
	m, _ := merger.Merge([]byte{kindSchema}, []byte("damaged"))
	if err := m.MergeNewer(a); err == nil {
		t.Error("a damaged value is folded")
	}
}
