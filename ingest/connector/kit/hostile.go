package kit

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// junk are bodies that hold no delivery.
var junk = []struct{ what, body string }{
	{"an empty body", ""}, {"white space", " \n"}, {"null", "null"}, {"an empty list", "[]"}, {"an empty object", "{}"},
	{"a list of null", "[null]"}, {"a list of lists", "[[]]"}, {"a number", "7"}, {"a text", `"kit"`}, {"true", "true"},
	{"no JSON", "<html><body>Bad gateway</body></html>"}, {"half a JSON text", `{"id":"kit","type`}, {"two JSON texts", "{}{}"},
	{"bytes that are no text", "\xff\xfe\x00\x01"}, {"a NUL", "\x00"},
	{"an object 4,000 deep", strings.Repeat(`{"kit":`, event.MaxDepth) + "1" + strings.Repeat("}", event.MaxDepth)},
	{"a list 4,000 deep", strings.Repeat("[", event.MaxDepth) + strings.Repeat("]", event.MaxDepth)},
	{"a list 100,000 deep", strings.Repeat("[", 100_000)},
}

func hostile(_ context.Context, s *suite, f *findings) {
	w := s.needsWebhook(f)
	if w == nil {
		return
	}
	for i, d := range s.deliveries {
		for _, j := range junk {
			m, err := s.make(w, d.name, []byte(j.body))
			var broke *panicked
			switch {
			case errors.As(err, &broke):
				f.add(d.file, "Check before you index, and bound what recurs.", "%s in its place: %v", j.what, err)
			case len(m.events) > 0:
				f.add(d.file, "Reject what has no id.", "%s in its place makes an event (%s)", j.what, label(m.events[0]))
			case err == nil && m.len() == 0 && j.body != "[]":
				f.add(d.file, "Return an error, or reject it.", "%s in its place is taken without a word", j.what)
			}
		}
		if root := s.payload(d); root != nil {
			s.survives(w, d, damaged(root, i < largeIn), f)
		}
	}
}

// survives sees that damaged payloads do no harm and are not silent.
func (s *suite) survives(w connector.Webhook, d delivery, variants iter.Seq[variant], f *findings) {
	for v := range variants {
		m, err := s.make(w, d.name, v.body)
		var broke *panicked
		switch {
		case errors.As(err, &broke):
			f.add(d.file, "Check before you index, and bound what recurs.", "%s %v", v.what, err)
		case err == nil && m.len() == 0:
			f.add(d.file, "Return an error, or reject it.", "%s it is taken without a word", v.what)
		}
	}
}

// largeIn is in how many payloads a text is made large: it costs most of the suite's time.
const largeIn = 2

// damaged are variants with values that some decoders trip over.
func damaged(root *node, withLarge bool) iter.Seq[variant] {
	big := quoted(strings.Repeat("k", 1<<20))
	deep := strings.Repeat(`[`, event.MaxDepth) + strings.Repeat("]", event.MaxDepth)
	return func(yield func(variant) bool) {
		texts := 0
		middle := (textsOf(root) + 1) / 2
		for _, n := range root.nodes() {
			var values []struct{ what, value string }
			add := func(what, value string) {
				values = append(values, struct{ what, value string }{what, value})
			}
			switch n.kind {
			case '"':
				add("a lone surrogate", `"kit\ud800"`)
				add("a NUL", `"kit\u0000"`)
				add("bytes that are no UTF-8", "\"kit\xff\"")
				add("an empty text", `""`)
				if texts++; withLarge && texts == middle {
					add("1 MiB of text", big)
				}
			case 0:
				add("1e400", "1e400")
				add("a number of 23 digits", "12345678901234567890123")
				add("-1.5", "-1.5")
				add("a very small number", "1e-400")
			case '{':
				if !root.form && len(n.members) > 0 && !yield(twice(root, n)) {
					return
				}
				add("lists 4,000 deep", deep)
			}
			for _, v := range values {
				if (n.parent != nil || v.value == deep) && !root.formObject(n) &&
					!yield(variant{"with " + v.what + " as " + n.path, n, with(root, n, edit{value: []byte(v.value)})}) {
					return
				}
			}
		}
	}
}

func textsOf(root *node) int {
	n := 0
	root.walk(func(m *node) {
		if m.kind == '"' {
			n++
		}
	})
	return n
}

func (n *node) formObject(at *node) bool { return n.form && at == n }

// twice is the variant in which an object has its first key two times, with another value.
func twice(root, n *node) variant {
	first := slices.Concat(quote(n.members[0].key), []byte(":"), quote(marker))
	return variant{"with the key of " + n.members[0].path + " twice", n, with(root, n, edit{first: first})}
}
