package policy

import (
	"encoding/json"
	"fmt"
	"testing"
)

// BenchmarkApply writes a value of some 600 fields as JSON, and encoding/json does.
func BenchmarkApply(b *testing.B) {
	o := outer{Name: "Ada", Map: map[string]named{}}
	for i := range 100 {
		o.List = append(o.List, inner{N: i + 1, Text: "said"})
		o.Map[fmt.Sprint(i)] = named{name: fmt.Sprint("trait", i), At: now, Value: json.RawMessage(`"value"`), From: "crm"}
	}
	r := Reader{Policy: Default(), Purpose: "operations", Kind: "system", Now: now}
	b.Run("policy", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Apply(&o); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding_json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(&o); err != nil {
				b.Fatal(err)
			}
		}
	})
}
