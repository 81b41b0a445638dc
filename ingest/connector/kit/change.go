package kit

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"tributary/ingest/connector"
)

func changeChecks() []check {
	after := []string{"webhook/repetition"}
	return []check{
		{name: "webhook/fields_gained", after: after, run: fieldsGained,
			proves: "A field that the vendor adds, in any object, changes nothing but the raw JSON."},
		{name: "webhook/fields_lost", after: after, run: fieldsLost,
			proves: "A field that is gone or null never makes a delivery silent: there are as many events, or a rejected part that names a field."},
		{name: "webhook/fields_retyped", after: after, run: fieldsRetyped,
			proves: "A value of another JSON type never makes a delivery silent."},
		{name: "webhook/unknown_values", after: after, run: unknownValues,
			proves: "A type, status or other text that was never seen is kept, as a free event at the least."},
		{name: "webhook/reasons", after: after, run: reasons,
			proves: "Errors and rejected parts say what is wrong and where, and repeat no value: they may be logged."},
		{name: "webhook/hostile", after: []string{"webhook/unknown_values"}, run: hostile,
			proves: "What is no delivery, damaged, very deep or very large is refused or rejected, without a panic."},
	}
}

// eachPayload calls visit for every delivery that is JSON or a form.
func (s *suite) eachPayload(f *findings, visit func(w connector.Webhook, d delivery, root *node)) {
	w := s.needsWebhook(f)
	if w == nil {
		return
	}
	any := false
	for _, d := range s.deliveries {
		if root := s.payload(d); root != nil {
			any = true
			visit(w, d, root)
		}
	}
	if !any {
		f.notApplicable("no delivery is JSON or a form")
	}
}

func fieldsGained(_ context.Context, s *suite, f *findings) {
	s.eachPayload(f, func(w connector.Webhook, d delivery, root *node) {
		base, ok := s.baseline(w, d, f)
		if !ok {
			return
		}
		for v := range gained(root) {
			m, err := s.make(w, d.name, v.body)
			if err != nil {
				f.add(d.file, "Decode only what you read, and let the rest be.", "%s it is not decoded: %v", v.what, err)
				continue
			}
			if change := difference(withoutDigests(base.batch), withoutDigests(m.batch), false); change != "" {
				f.add(d.file, "Decode only what you read, and let the rest be.", "%s it makes something else: %s", v.what, change)
			}
		}
	})
}

func fieldsLost(_ context.Context, s *suite, f *findings) {
	s.eachPayload(f, func(w connector.Webhook, d delivery, root *node) {
		s.loud(w, d, lost(root), f)
	})
}

func fieldsRetyped(_ context.Context, s *suite, f *findings) {
	s.eachPayload(f, func(w connector.Webhook, d delivery, root *node) {
		if root.form {
			f.notApplicable("in a form every value is a text")
			return
		}
		s.loud(w, d, retyped(root), f)
	})
}

const loudDo = "Reject the part with the field that is wrong, or keep it as a free event; name in Subject.Optional what may be absent."

// loud sees that no variant is silent: it makes as many events as the fixture, or a rejected part.
func (s *suite) loud(w connector.Webhook, d delivery, variants iter.Seq[variant], f *findings) {
	base, ok := s.baseline(w, d, f)
	if !ok {
		return
	}
	for v := range variants {
		m, err := s.make(w, d.name, v.body)
		var broke *panicked
		switch {
		case errors.As(err, &broke):
			f.add(d.file, "Nothing of a payload is sure to be there.", "%s %v", v.what, err)
		case err != nil:
			f.add(d.file, "An error loses the delivery: reject it instead.", "%s it is refused whole: %v", v.what, err)
		case m.len() == 0:
			f.add(d.file, loudDo, "%s it makes nothing, and nobody hears of it", v.what)
		case m.len() < base.len() && len(m.rejected) == len(base.rejected) && !s.optional(v.at):
			f.add(d.file, loudDo, "%s it makes %d instead of %d events, and nobody hears of the others", v.what, m.len(), base.len())
		}
		for _, p := range m.rejected {
			if p.Field == "" || p.Reason == "" {
				f.add(d.file, "Give Batch.Reject the path of what is wrong, and what is wrong with it.", "%s a part is rejected without a field or a reason", v.what)
			}
		}
	}
}

func unknownValues(_ context.Context, s *suite, f *findings) {
	s.eachPayload(f, func(w connector.Webhook, d delivery, root *node) {
		base, ok := s.baseline(w, d, f)
		if !ok {
			return
		}
		for v := range unknown(root) {
			m, err := s.make(w, d.name, v.body)
			switch {
			case err != nil:
				f.add(d.file, "An error loses the delivery: reject it, or keep it as a free event.", "%s it is refused whole: %v", v.what, err)
			case m.len() == 0, m.len() < base.len() && len(m.rejected) == len(base.rejected) && !m.holds(marker):
				f.add(d.file, "Keep what you do not know as a free event (Config.Free), with the payload in Properties.", "%s it is dropped, and nobody hears of it", v.what)
			}
		}
	})
}

func reasons(_ context.Context, s *suite, f *findings) {
	const do = "Say what is wrong, in lower case, without the value."
	s.eachPayload(f, func(w connector.Webhook, d delivery, root *node) {
		values := personal(root)
		for _, variants := range []iter.Seq[variant]{lost(root), retyped(root), unknown(root), broken(root)} {
			for v := range variants {
				m, err := s.make(w, d.name, v.body)
				var broke *panicked
				if err != nil && !errors.As(err, &broke) && repeats(err.Error(), values) {
					f.add(d.file, do, "%s Decode's error repeats a value of the payload", v.what)
				}
				for _, p := range m.rejected {
					if repeats(p.Reason, values) || repeats(p.Field, values) {
						f.add(d.file, do, "%s the reason of a rejected part repeats a value of the payload: field %s", v.what, p.Field)
					}
				}
			}
		}
	})
}

// personal are the values of a payload that may be about somebody, and the marker. What stands in the
// name of a field too, as types do, is not about anybody.
func personal(root *node) []string {
	values := []string{marker}
	nodes := root.nodes()
	for _, n := range nodes {
		value := strings.Trim(string(n.raw), `"`)
		if n.kind != '"' || !strings.ContainsAny(value, "@+ ") && len(value) < 16 {
			continue
		}
		if !slices.ContainsFunc(nodes, func(m *node) bool { return strings.Contains(m.key, value) }) {
			values = append(values, value)
		}
	}
	return values
}

func repeats(text string, values []string) bool {
	return slices.ContainsFunc(values, func(value string) bool { return strings.Contains(text, value) })
}

// broken are payloads that break off, at several places.
func broken(root *node) iter.Seq[variant] {
	const places = 24
	return func(yield func(variant) bool) {
		for i := range places {
			if !yield(variant{"broken off", root, root.raw[:len(root.raw)*i/places]}) {
				return
			}
		}
	}
}
