package computed

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"tributary/ingest/event"
)

// sample is a product event with 1 KB of properties.
func sample() *event.Event {
	var b strings.Builder
	for i := range 24 {
		fmt.Fprintf(&b, `,"property_%d":"%s"`, i, strings.Repeat("v", 24))
	}
	return &event.Event{
		Workspace: "acme", Source: "shop", MessageID: "0190b6a4-7c1e-7b3c-9a1d-2f6f1a6f3b10", Type: event.TypeTrack, Name: "order.placed", Channel: event.ChannelWeb,
		At: start, ReceivedAt: start, CX: &event.CX{Amount: "12.50", Currency: "EUR", Product: "shoes"},
		Properties: []byte(`{"plan":"pro","cart":{"total":19.9}` + b.String() + `}`),
	}
}

// fifty are the traits of a busy workspace, on the events of a name.
func fifty(tb testing.TB, n int, name string) *Program {
	tb.Helper()
	kinds := []Definition{
		{Of: FuncCount, Window: "30d"}, {Of: FuncCount}, {Of: FuncSum, Value: "cx.amount", Currency: "EUR", Window: "30d"}, {Of: FuncMax, Value: "cx.amount", Currency: "EUR"},
		{Of: FuncMean, Value: "properties.cart.total", Window: "7d"}, {Of: FuncLast, Value: "event.at"}, {Of: FuncFirst, Value: "properties.plan"},
		{Of: FuncUnique, Value: "cx.product", Window: "30d"}, {Of: FuncMostFrequent, Value: "cx.product", Window: "30d"},
		{Of: FuncExists, Window: "24h", Where: []Condition{{Field: "properties.plan", Is: Text("pro")}}},
	}
	var all []Definition
	for i := range n {
		d := kinds[i%len(kinds)]
		d.Name, d.Events = "t"+itoa(i), []string{name, fmt.Sprintf("other_%d", i)}
		all = append(all, d)
	}
	return must(tb, all...)
}

// cpu reports the processor time of each operation, of which other programs' share is none.
func cpu(b *testing.B) (report func()) {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

// BenchmarkObserve is the cost of one event, of which it makes the encoded values that are merged later.
func BenchmarkObserve(b *testing.B) {
	for _, test := range []struct {
		name string
		n    int
		of   string
	}{
		{"traits=0", 0, ""}, {"traits=1/concerned", 1, "order.placed"}, {"traits=1/not_concerned", 1, "app.opened"},
		{"traits=50/concerned", 50, "order.placed"}, {"traits=50/not_concerned", 50, "app.opened"},
	} {
		b.Run(test.name, func(b *testing.B) {
			p, e := fifty(b, test.n, test.of), sample()
			var v Values
			var buf []byte
			b.ReportAllocs()
			report := cpu(b)
			for b.Loop() {
				v.Reset()
				p.Observe(e, &v)
				if !v.Empty() {
					buf, _ = v.AppendBinary(buf[:0])
				}
			}
			report()
			b.ReportMetric(float64(len(buf)), "operand-bytes")
		})
	}
}

// BenchmarkEvaluate is the cost of all results of a person whose values hold n events of 30 days.
func BenchmarkEvaluate(b *testing.B) {
	p := fifty(b, 50, "order.placed")
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("events=%d", n), func(b *testing.B) {
			var v Values
			for i := range n {
				e := sample()
				e.MessageID, e.At, e.CX.Product = fmt.Sprint(i), start.Add(-time.Duration(i%(30*24))*time.Hour), fmt.Sprintf("product %d", i%100)
				p.Observe(e, &v)
			}
			encoded, _ := v.AppendBinary(nil)
			b.ReportAllocs()
			report := cpu(b)
			for b.Loop() {
				p.Evaluate(&v, start)
			}
			report()
			b.ReportMetric(float64(len(encoded)), "values-bytes")
		})
	}
}

// BenchmarkMerge is the cost of one event's operand in a state of a thousand events: decode both, merge, encode.
func BenchmarkMerge(b *testing.B) {
	p := fifty(b, 50, "order.placed")
	var v, one Values
	for i := range 1000 {
		e := sample()
		e.MessageID, e.At, e.CX.Product = fmt.Sprint(i), start.Add(-time.Duration(i%(30*24))*time.Hour), fmt.Sprintf("product %d", i%100)
		p.Observe(e, &v)
	}
	p.Observe(sample(), &one)
	kept, _ := v.AppendBinary(nil)
	operand, _ := one.AppendBinary(nil)
	var buf []byte
	b.ReportAllocs()
	report := cpu(b)
	for b.Loop() {
		buf, _ = MergeEncoded(buf[:0], kept, operand)
	}
	report()
}
