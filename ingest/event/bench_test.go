package event

import (
	"strings"
	"testing"
)

// kilobyte is an event of about 1 KB in the log's form.
func kilobyte() *Event {
	e := full()
	e.Properties = []byte(`{"plan":"pro","items":[{"sku":"a-1","n":2},{"sku":"b-7","n":1}],"note":"` + strings.Repeat("lorem ipsum ", 20) + `"}`)
	e.CX = &CX{ConversationID: "c-123456", LegID: "1", Turn: 4, Direction: DirectionInbound, AuthorRole: AuthorCustomer, Language: "en", Queue: "billing"}
	return e
}

func BenchmarkEncode(b *testing.B) {
	e := kilobyte()
	buffer, err := AppendEncode(nil, e)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		if buffer, err = AppendEncode(buffer[:0], e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	data, err := Encode(kilobyte())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeAny is the general way, which events of others than Encode take.
func BenchmarkDecodeAny(b *testing.B) {
	data, err := Encode(kilobyte())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := decodeAny(new(Event), data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	e := kilobyte()
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkValidCurrency is the price of the one rule that goes through validator's reflection.
func BenchmarkValidCurrency(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ValidCurrency("EUR")
	}
}
