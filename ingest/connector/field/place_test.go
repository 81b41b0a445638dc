package field

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tributary/ingest/event"
)

func TestOneWrongTypeLeavesTheOthers(t *testing.T) {
	var got struct {
		A string `json:"a"`
		B struct {
			C int64 `json:"c"`
			D Text  `json:"d"`
		} `json:"b"`
		E []string `json:"e"`
		F string   `json:"f"`
		G Raw      `json:"g"`
	}
	err := Read([]byte(`{"a":{"x":1},"b":{"c":"seven","d":7},"e":"none","f":"last","g":null,"h":[{}]}`), &got)
	if err != nil || got.A != "" || got.B.C != 0 || got.B.D != "7" || got.E != nil || got.F != "last" || Given(got.G) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "{", "nonsense", `{"a":`} {
		if err := Read([]byte(bad), &got); err == nil {
			t.Errorf("%q is taken for JSON", bad)
		}
	}
}

func TestMinorIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units, decimals := rapid.Int64().Draw(t, "units"), rapid.IntRange(0, 4).Draw(t, "decimals")
		text := Minor(units, decimals)
		if !event.ValidAmount(text) {
			t.Fatalf("%q is no amount", text)
		}
		got, ok := new(big.Rat).SetString(text)
		want := new(big.Rat).SetFrac(big.NewInt(units), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil))
		if !ok || got.Cmp(want) != 0 {
			t.Fatalf("%d with %d decimals is %q", units, decimals, text)
		}
	})
	for _, c := range []struct {
		units    int64
		decimals int
		want     string
	}{{-1250, 2, "-12.50"}, {5, 2, "0.05"}, {500, 0, "500"}, {5124, 3, "5.124"}, {math.MinInt64, 2, "-92233720368547758.08"}} {
		if got := Minor(c.units, c.decimals); got != c.want {
			t.Errorf("%d is %q, want %q", c.units, got, c.want)
		}
	}
}

func TestAmountNeedsItsCurrency(t *testing.T) {
	for _, c := range [][4]string{
		{"12.50", "eur", "12.50", "EUR"}, {"12.50", "", "", ""}, {"", "EUR", "", ""}, {"1e3", "EUR", "", ""}, {"1", "usdc", "", ""},
	} {
		if amount, currency := Money(c[0], c[1]); amount != c[2] || currency != c[3] {
			t.Errorf("%v is %q %q", c, amount, currency)
		}
	}
}

func TestJoinKeepsParts(t *testing.T) {
	var parts map[string]Raw
	if err := Read([]byte(`{"b":1.0,"a":{"x":[1, 2]},"ü\"":null,"c":"d"}`), &parts); err != nil {
		t.Fatal(err)
	}
	parts["c"] = nil
	if got := string(Join(parts)); got != `{"a":{"x":[1, 2]},"b":1.0,"ü\"":null}` {
		t.Error(got)
	}
	if got := string(Join(nil)); got != "{}" {
		t.Error(got)
	}
}

func TestIdentifyOnce(t *testing.T) {
	var e event.Event
	for _, value := range []string{"a@example.com", " a@example.com ", "", strings.Repeat("a", event.MaxIdentifierBytes+1)} {
		Identify(&e, event.Identifier{Type: event.IDEmail, Value: value})
	}
	Describe(&e, event.AttrName, " ")
	Describe(&e, event.AttrName, " Ada ")
	if len(e.Identifiers) != 1 || len(e.Attributes) != 1 || e.Attributes[event.AttrName] != "Ada" {
		t.Errorf("%v, %v", e.Identifiers, e.Attributes)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"id":1,"list":[{"id":"a"}],"raw":{"x":1.0}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v struct {
			ID   Text `json:"id"`
			List []struct {
				ID string `json:"id"`
			} `json:"list"`
			Raw Raw `json:"raw"`
		}
		if err := Read(data, &v); err != nil {
			return
		}
		if part := RawObject(v.Raw); part != nil && !json.Valid(part) {
			t.Errorf("%q holds %q", data, part)
		}
	})
}
