package computed

import (
	"bytes"
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/event"

	"github.com/cespare/xxhash/v2"
)

// This file says once more what the package means, as plainly as can be, with nothing of its own code: it
// looks at all events at once, reads JSON with encoding/json and counts with math/big.

// plain is a value: nil, string, bool or *big.Rat, or []any.
type plain any

var scale = new(big.Int).Exp(big.NewInt(10), big.NewInt(8), nil)

var (
	jsonNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE](-[0-9]{1,2}|\+?[0-2]?[0-9]))?$`)
	textNumber = regexp.MustCompile(`^-?[0-9]{1,22}(\.[0-9]+)?$`)
)

func plainNumber(s string) plain {
	r, ok := new(big.Rat).SetString(s)
	if !ok || len(s) > 100 || !jsonNumber.MatchString(s) {
		return nil
	}
	units := new(big.Int).Quo(new(big.Int).Mul(r.Num(), scale), r.Denom())
	if new(big.Int).Abs(units).Cmp(new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil)) >= 0 {
		return nil
	}
	return new(big.Rat).SetFrac(units, scale)
}

func plainFloat(f *float64) plain {
	if f == nil {
		return nil
	}
	return plainNumber(strconv.FormatFloat(*f, 'g', -1, 64))
}

func plainText(s string) plain {
	if s == "" {
		return nil
	}
	return s
}

func plainField(e *event.Event, name string) plain {
	cx := e.CX
	if cx == nil {
		cx = &event.CX{}
	}
	switch name {
	case "event.name":
		return plainText(e.Name)
	case "event.type":
		return plainText(string(e.Type))
	case "event.channel":
		return plainText(string(e.Channel))
	case "event.source":
		return plainText(e.Source)
	case "event.at":
		return e.At.Format("2006-01-02T15:04:05.000Z")
	case "cx.amount":
		return plainNumber(cx.Amount)
	case "cx.score":
		return plainFloat(cx.Score)
	case "cx.cost":
		return plainFloat(cx.Cost)
	case "cx.turn":
		if cx.Turn == 0 {
			return nil
		}
		return plainNumber(strconv.FormatInt(cx.Turn, 10))
	case "cx.tokens":
		if cx.Tokens == nil {
			return nil
		}
		return plainNumber(strconv.FormatInt(*cx.Tokens, 10))
	case "cx.product":
		return plainText(cx.Product)
	case "cx.text":
		return plainText(cx.Text)
	}
	head, path, _ := strings.Cut(name, ".")
	raw := map[string]json.RawMessage{"properties": e.Properties, "traits": e.Traits, "context": e.Context}[head]
	for _, key := range strings.Split(path, ".") {
		if raw = plainMember(raw, key); raw == nil {
			return nil
		}
	}
	return plainJSON(raw)
}

// plainMember returns the first member of a key of an object.
func plainMember(object json.RawMessage, key string) json.RawMessage {
	if object = bytes.TrimSpace(object); len(object) == 0 || object[0] != '{' {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(object))
	_, _ = d.Token()
	for d.More() {
		name, _ := d.Token()
		var value json.RawMessage
		_ = d.Decode(&value)
		if name == key {
			return value
		}
	}
	return nil
}

func plainJSON(raw json.RawMessage) plain {
	switch raw[0] {
	case '"':
		var s string
		_ = json.Unmarshal(raw, &s)
		if strings.Contains(s, "\uFFFD") { // half of a pair: no test writes it otherwise
			return nil
		}
		return s
	case 't', 'f':
		return raw[0] == 't'
	case '[':
		var elements []json.RawMessage
		_ = json.Unmarshal(raw, &elements)
		all := []any{}
		for _, x := range elements {
			all = append(all, plainJSON(x))
		}
		return all
	case 'n', '{':
		return nil
	}
	return plainNumber(string(raw))
}

func plainNumeric(v plain) *big.Rat {
	switch v := v.(type) {
	case *big.Rat:
		return v
	case string:
		if textNumber.MatchString(v) {
			if n, ok := plainNumber(v).(*big.Rat); ok {
				return n
			}
		}
	}
	return nil
}

func plainEqual(v plain, s Scalar) bool {
	var want any
	_ = json.Unmarshal([]byte(s.String()), &want)
	switch want := want.(type) {
	case string:
		return v == want
	case bool:
		return v == want || v == strconv.FormatBool(want)
	default:
		n := plainNumeric(v)
		return n != nil && n.Cmp(plainNumber(s.String()).(*big.Rat)) == 0
	}
}

func plainHolds(e *event.Event, c Condition) bool {
	v := plainField(e, c.Field)
	array, isList := v.([]any)
	if c.Contains != nil {
		s, isText := v.(string)
		return isText && strings.Contains(s, *c.Contains) || isList && slices.Contains(array, any(*c.Contains))
	}
	given := v != nil && !isList
	switch {
	case c.Exists != nil:
		return given == *c.Exists
	case !given:
		return false
	case c.Is != nil:
		return plainEqual(v, *c.Is)
	case c.IsNot != nil:
		return !plainEqual(v, *c.IsNot)
	case c.In != nil:
		return slices.ContainsFunc(c.In, func(s Scalar) bool { return plainEqual(v, s) })
	}
	n := plainNumeric(v)
	for _, bound := range []struct {
		scalar *Scalar
		ok     func(int) bool
	}{
		{c.Above, func(c int) bool { return c > 0 }}, {c.Below, func(c int) bool { return c < 0 }},
		{c.AtLeast, func(c int) bool { return c >= 0 }}, {c.AtMost, func(c int) bool { return c <= 0 }},
	} {
		if bound.scalar != nil {
			text := strings.Trim(bound.scalar.String(), `"`)
			return n != nil && bound.ok(n.Cmp(plainNumber(text).(*big.Rat)))
		}
	}
	return false
}

// since is when the window begins, and unit the length of its buckets.
func plainWindow(w Window, now time.Time) (since time.Time, unit time.Duration) {
	switch w {
	case "":
		return time.Time{}, 0
	case "1h", "6h", "24h":
		d, _ := time.ParseDuration(string(w))
		return now.Truncate(time.Hour).Add(time.Hour - d), time.Hour
	case "7d":
		return now.Truncate(time.Hour).Add(time.Hour - 7*24*time.Hour), time.Hour
	}
	days, _ := strconv.Atoi(strings.TrimSuffix(string(w), "d"))
	return time.Date(now.Year(), now.Month(), now.Day()-days+1, 0, 0, 0, 0, time.UTC), 24 * time.Hour
}

// naive returns the value of a definition over all events of a person, in canonical form; empty if absent.
func naive(d Definition, events []*event.Event, now time.Time) (value string, exact bool, left int) {
	since, unit := plainWindow(d.Window, now)
	var counted []plainOne
	for _, e := range events {
		if e.At.Before(since) || !plainSelected(d, e) {
			continue
		}
		var v plain
		ok := true
		if d.Value != "" {
			v = plainField(e, d.Value)
			_, isList := v.([]any)
			ok = v != nil && !isList && (d.Currency == "" || e.CX != nil && e.CX.Currency == d.Currency)
		}
		one := plainOne{e: e, v: v}
		if ok && d.Value != "" {
			one.text = plainCanonical(v)
		}
		switch d.Of {
		case FuncSum, FuncMin, FuncMax, FuncMean:
			one.n = plainNumeric(v)
			ok = ok && one.n != nil
		case FuncFirst, FuncLast:
			ok = ok && len(one.text) <= 257
		case FuncMostFrequent:
			ok = ok && len(one.text) <= 65
		default:
		}
		if ok {
			counted = append(counted, one)
		} else {
			left++
		}
	}
	if d.Of == FuncCount || d.Of == FuncExists || d.Of == FuncFirst || d.Of == FuncLast {
		left = 0
	}
	value, exact = plainFold(d.Of, counted, unit)
	return value, exact, left
}

type plainOne struct {
	e    *event.Event
	v    plain
	text string
	n    *big.Rat
}

func plainSelected(d Definition, e *event.Event) bool {
	in := func(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }
	return in(d.Events, e.Name) && in(d.Types, string(e.Type)) && in(d.Sources, e.Source) && in(d.Channels, string(e.Channel)) &&
		!slices.ContainsFunc(d.Where, func(c Condition) bool { return !plainHolds(e, c) })
}

func plainCanonical(v plain) string {
	switch v := v.(type) {
	case string:
		return "=" + v
	case bool:
		return "!" + strconv.FormatBool(v)
	case *big.Rat:
		return "#" + plainDecimal(v)
	}
	return "?"
}

func plainDecimal(r *big.Rat) string {
	s := r.FloatString(8)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

func plainFold(of Func, all []plainOne, unit time.Duration) (string, bool) {
	switch of {
	case FuncCount:
		return "#" + strconv.Itoa(len(all)), true
	case FuncExists:
		return "!" + strconv.FormatBool(len(all) > 0), true
	case FuncUnique:
		return plainUnique(all)
	default:
	}
	if len(all) == 0 {
		return "", true
	}
	slices.SortFunc(all, func(a, b plainOne) int {
		if c := a.e.At.Compare(b.e.At); c != 0 {
			return c
		}
		return strings.Compare(a.e.MessageID+"\x00"+a.e.Source, b.e.MessageID+"\x00"+b.e.Source)
	})
	switch of {
	case FuncFirst:
		return all[0].text, true
	case FuncLast:
		return all[len(all)-1].text, true
	case FuncMostFrequent:
		return plainMostFrequent(all, unit)
	default:
	}
	sum := new(big.Rat)
	for _, x := range all {
		sum.Add(sum, x.n)
	}
	least := slices.MinFunc(all, func(a, b plainOne) int { return a.n.Cmp(b.n) })
	most := slices.MaxFunc(all, func(a, b plainOne) int { return a.n.Cmp(b.n) })
	switch of {
	case FuncMin:
		sum = least.n
	case FuncMax:
		sum = most.n
	case FuncMean:
		units := new(big.Int).Quo(sum.Mul(sum, new(big.Rat).SetInt(scale)).Num(), big.NewInt(int64(len(all))))
		sum = new(big.Rat).SetFrac(units, scale)
	default:
	}
	return "#" + plainDecimal(sum), true
}

func plainUnique(all []plainOne) (string, bool) {
	hashes := []uint64{}
	for _, x := range all {
		hashes = append(hashes, xxhash.Sum64String(x.text))
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	if len(hashes) <= 256 {
		return "#" + strconv.Itoa(len(hashes)), true
	}
	n := new(big.Int).Lsh(big.NewInt(255), 64)
	return "#" + n.Quo(n, new(big.Int).SetUint64(hashes[255])).String(), false
}

func plainMostFrequent(all []plainOne, unit time.Duration) (string, bool) {
	bound := 16
	buckets := map[int64]map[string]int{}
	for _, x := range all {
		at := int64(0)
		if unit > 0 {
			at = x.e.At.Truncate(unit).Unix()
		} else {
			bound = 64
		}
		if buckets[at] == nil {
			buckets[at] = map[string]int{}
		}
		buckets[at][x.text]++
	}
	order := func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	}
	exact, totals := true, map[string]int{}
	for _, counts := range buckets {
		values := []string{}
		for v := range counts {
			values = append(values, v)
		}
		slices.SortFunc(values, order)
		exact = exact && len(values) <= bound
		for _, v := range values[:min(bound, len(values))] {
			totals[v] += counts[v]
		}
	}
	best := ""
	for v, n := range totals {
		if best == "" || n > totals[best] || n == totals[best] && order(v, best) < 0 {
			best = v
		}
	}
	return best, exact
}
