package computed

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tributary/ingest/event"

	"pgregory.net/rapid"
)

// few are values that meet each other often enough.
var few = []string{
	`"x"`, `"y"`, `""`, `"xy"`, `"10"`, `"010"`, `10`, `1e1`, `10.000000001`, `-3.5`, `"-3.50"`, `0.1`, `0.2`, `true`, `"true"`, `false`, `null`, `{}`, `["x","10"]`,
	`12345678901234567890123`, `9999999999999999999999`, `"\u0078"`, `"\ud83d"`, `"a'b\\c\"\n\t\u0000"`, `"ünï 😀"`, `18446744073709551616`, `1e400`,
	`"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`,
}

var fields = []string{
	"properties.a", "properties.a", "properties.a.b", "properties.n", "traits.a", "context.a.b", "cx.amount", "cx.score", "cx.cost", "cx.turn", "cx.tokens", "cx.product", "cx.text",
	"event.name", "event.channel", "event.type", "event.source",
}

func draw[T any](t *rapid.T, label string, of ...T) T { return rapid.SampledFrom(of).Draw(t, label) }

func genScalar(t *rapid.T) Scalar {
	var s Scalar
	for {
		if s.UnmarshalJSON([]byte(draw(t, "operand", few...))) == nil && s.v.text != "\uFFFD" {
			return s
		}
	}
}

func genCondition(t *rapid.T) Condition {
	c := Condition{Field: draw(t, "field", fields...)}
	one := genScalar(t)
	bound := Number(draw(t, "bound", "10", "0", "-3.5", "0.1", "9999999999999999999999"))
	switch draw(t, "op", opIs, opIsNot, opIn, opAbove, opBelow, opAtLeast, opAtMost, opExists, opContains) {
	case opIs:
		c.Is = &one
	case opIsNot:
		c.IsNot = &one
	case opIn:
		c.In = []Scalar{one, genScalar(t)}
	case opAbove:
		c.Above = bound
	case opBelow:
		c.Below = Text("10.00")
	case opAtLeast:
		c.AtLeast = bound
	case opAtMost:
		c.AtMost = bound
	case opExists:
		c.Exists = new(rapid.Bool().Draw(t, "exists"))
	case opContains:
		c.Contains = new(draw(t, "part", "x", "10", "\"\n", "😀", "a'b\\c"))
	}
	return c
}

func genDefinition(t *rapid.T, i int) Definition {
	d := Definition{Name: fmt.Sprintf("t%d", i), Of: draw(t, "of", funcs...)}
	d.Window = draw[Window](t, "window", "", "", "1h", "6h", "24h", "7d", "8d", "30d", "366d")
	switch draw(t, "lists", 0, 1, 2, 3) {
	case 0:
		d.Events = []string{"order.placed", "app.opened"}
	case 1:
		d.Types = []string{"track", "page"}
	case 2:
		d.Sources = []string{"web", "shop"}
	case 3:
		d.Channels, d.Types = []string{"web", "email"}, []string{"track"}
	}
	if d.Of != FuncCount && d.Of != FuncExists || rapid.Bool().Draw(t, "with a value") {
		d.Value = draw(t, "value", fields...)
		if !d.Of.numeric() && rapid.IntRange(0, 9).Draw(t, "at") == 0 {
			d.Value = "event.at"
		}
	}
	if d.Value == "cx.amount" {
		d.Currency = "EUR"
	}
	for range rapid.IntRange(0, 2).Draw(t, "conditions") {
		d.Where = append(d.Where, genCondition(t))
	}
	return d
}

func genObject(t *rapid.T) json.RawMessage {
	v := func() string { return draw(t, "json", few...) }
	return json.RawMessage(draw(t, "shape",
		`{"a":`+v()+`}`, `{"a":`+v()+`,"a":`+v()+`}`, `{"n":`+v()+`,"a":{"b":`+v()+`,"b":1}}`, `{"\u0061":`+v()+`}`, `{"z":`+v()+`,"a.b":1, "n" : `+v()+` }`, `{}`))
}

// genEvent makes an event that happened at some time before now, or up to five minutes after, whenever it
// was received.
func genEvent(t *rapid.T, workspace, id string, now time.Time) *event.Event {
	e := &event.Event{
		Workspace: workspace, MessageID: id, Source: draw(t, "source", "web", "shop", "crm"), Type: draw(t, "type", event.TypeTrack, event.TypeTrack, event.TypePage),
		Name: draw(t, "name", "order.placed", "app.opened", "other"), Channel: draw(t, "channel", event.ChannelWeb, event.ChannelEmail, ""),
	}
	ago := time.Duration(rapid.Int64Range(0, int64(draw(t, "span", time.Hour, 24*time.Hour, 10*24*time.Hour, 400*24*time.Hour, 120*365*24*time.Hour))).Draw(t, "ago"))
	at := now.Add(event.MaxAhead - ago)
	if rapid.Bool().Draw(t, "even") {
		at = at.Truncate(time.Hour) // on the edge of a bucket
	}
	e.At = at.Truncate(time.Millisecond)
	e.OriginalAt, e.ReceivedAt = e.At, now
	if rapid.Bool().Draw(t, "properties") {
		e.Properties = genObject(t)
	}
	if rapid.Bool().Draw(t, "traits") {
		e.Traits, e.Context = genObject(t), genObject(t)
	}
	if rapid.Bool().Draw(t, "cx") {
		e.CX = genCX(t)
	}
	return e
}

func genCX(t *rapid.T) *event.CX {
	cx := &event.CX{Turn: draw[int64](t, "turn", 0, 1, 10), Product: draw(t, "product", "", "x", "10"), Text: draw(t, "text", "", "x 10", "Ünï\n")}
	if rapid.Bool().Draw(t, "amount") {
		cx.Amount, cx.Currency = draw(t, "amount", "10", "010.00", "-0", "-12.34567891", "0.00000001", "123456789012345678901234567890.12345678", "9999999999999999999999.99999999"), draw(t, "currency", "EUR", "EUR", "USD")
	}
	if rapid.Bool().Draw(t, "numbers") {
		cx.Score = new(draw(t, "score", 0, 1, -3.5, 0.1, 0.30000000000000004, 1e21, 1e22, 1e23, 1e-7, 5e-324, 123456789.987654321, 1e300))
		cx.Cost = new(rapid.Float64Range(0, 1e6).Draw(t, "cost"))
		cx.Tokens = new(rapid.Int64Min(0).Draw(t, "tokens"))
	}
	return cx
}

// observe brings events into the encoded values of one observation, in some order and in some parts.
func observe(t *rapid.T, p *Program, events []*event.Event) []byte {
	events = rapid.Permutation(slices.Clone(events)).Draw(t, "order")
	var kept []byte
	for len(events) > 0 {
		n := rapid.IntRange(1, len(events)).Draw(t, "part")
		var v Values
		for _, e := range events[:n] {
			p.Observe(e, &v)
		}
		events = events[n:]
		part, _ := v.AppendBinary(nil)
		if kept == nil {
			kept = part
			continue
		}
		var err error
		if kept, err = MergeEncoded(nil, part, kept); err != nil {
			t.Fatal(err)
		}
	}
	return kept
}
