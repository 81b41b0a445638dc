package twilio

import (
	"bytes"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/bytedance/sonic/encoder"
)

// params are the parameters of a delivery in their order.
type params []param

type param struct{ name, value string }

var errForm = errors.New("the body is not a form")

// parseForm reads application/x-www-form-urlencoded.
func parseForm(body []byte) (params, error) {
	p := make(params, 0, 1+bytes.Count(body, []byte{'&'}))
	for pair := range strings.SplitSeq(string(body), "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil {
			return nil, errForm
		}
		p = append(p, param{name, value})
	}
	return p, nil
}

// get is the first value of a parameter, "" if it is not there.
func (p params) get(name string) string {
	for i := range p {
		if p[i].name == name {
			return strings.ToValidUTF8(p[i].value, "\uFFFD")
		}
	}
	return ""
}

// signed is what Twilio adds to the address before signing: names and values, sorted by name, of
// equal names each value once.
func (p params) signed() []byte {
	sorted := slices.SortedFunc(slices.Values(p), func(a, b param) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var text []byte
	for _, pair := range slices.Compact(sorted) {
		text = append(append(text, pair.name...), pair.value...)
	}
	return text
}

// json is the parameters as an object of strings, in their order.
func (p params) json() []byte {
	size := 2
	for i := range p {
		size += len(p[i].name) + len(p[i].value) + 6
	}
	text := append(make([]byte, 0, size), '{')
	for i := range p {
		if i > 0 {
			text = append(text, ',')
		}
		text = appendQuoted(text, p[i].name)
		text = append(text, ':')
		text = appendQuoted(text, p[i].value)
	}
	return append(text, '}')
}

// appendQuoted appends a JSON string; most need no escape.
func appendQuoted(text []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '"' || s[i] == '\\' || s[i] >= 0x7f {
			return append(text, encoder.Quote(strings.ToValidUTF8(s, "\uFFFD"))...)
		}
	}
	text = append(text, '"')
	text = append(text, s...)
	return append(text, '"')
}
