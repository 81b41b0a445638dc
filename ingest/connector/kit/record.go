package kit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"sync/atomic"
)

func recordChecks() []check {
	after := []string{"pull/again"}
	return []check{
		{name: "pull/fields_gained", after: after, run: recordsGain,
			proves: "A field that the vendor adds, in any object of an answer, changes nothing but the raw JSON."},
		{name: "pull/fields_lost", after: after, run: recordsLose,
			proves: "A field of a record that is gone or null is never silent, and takes no other record along."},
		{name: "pull/fields_retyped", after: after, run: recordsRetyped,
			proves: "A value of a record that has another JSON type is never silent, and takes no other record along."},
	}
}

// rewritten is a fault that changes the JSON of every answer.
func rewritten(change func(root *node) []byte) fault {
	return func(v visit, w http.ResponseWriter, r *http.Request) bool {
		a := ask(v.api, r)
		body := a.body.Bytes()
		if root, err := parse(body); err == nil {
			body = change(root)
		}
		a.send(w, body)
		return true
	}
}

func recordsGain(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	base, err := s.pulled(ctx, s.sourceName())
	if err != nil {
		f.add("pull/", "", "%v", err)
		return
	}
	for _, size := range []int{small, everything} {
		r, err := s.whole(ctx, scenario{pageSize: size, fault: rewritten(func(root *node) []byte {
			edits := map[*node]edit{}
			for _, n := range root.nodes() {
				if n.kind == '{' {
					edits[n] = edit{gain: more(n)}
				}
			}
			return root.write(edits)
		})})
		if err != nil {
			f.add("pull/", "Decode only what you read, and let the rest be.", "with a new field in every object, pulling ends with: %v", err)
			continue
		}
		want, _ := factsOf(withoutDigests(base.batch), false)
		got, _ := factsOf(withoutDigests(r.batch), false)
		if lost := want.without(got); len(lost) > 0 && len(base.batch.Rejected) == 0 {
			f.add("pull/", "Decode only what you read, and let the rest be.", "with a new field in every object, other events come; %q is missing or another one", lost[0])
		}
	}
}

func recordsLose(ctx context.Context, s *suite, f *findings) {
	s.eachRecord(ctx, f, lost)
}

func recordsRetyped(ctx context.Context, s *suite, f *findings) {
	s.eachRecord(ctx, f, retyped)
}

// eachRecord changes each record of the answers in each way, a path once in a stream.
func (s *suite) eachRecord(ctx context.Context, f *findings, variants func(*node) iter.Seq[variant]) {
	if !s.needsPuller(f) {
		return
	}
	done, found := map[string]bool{}, false
	for _, u := range s.units() {
		root, err := parse(u.record)
		if err != nil {
			f.add(u.String(), "", "%v", err)
			continue
		}
		for v := range variants(root) {
			key := u.stream + v.at.pattern() + v.what[:min(len(v.what), 7)]
			if done[key] {
				continue
			}
			done[key] = true
			found = s.changedRecord(ctx, u, v, f) || found
		}
	}
	if !found {
		f.notApplicable("the API's answers do not hold the records as the fixtures have them")
	}
}

// changedRecord pulls everything with one record changed in all answers, and sees what became of it
// and of the others. It says whether the record was in an answer.
func (s *suite) changedRecord(ctx context.Context, u unit, v variant, f *findings) bool {
	var found atomic.Bool
	r, err := s.whole(ctx, scenario{fault: func(visit visit, w http.ResponseWriter, r *http.Request) bool {
		a := ask(visit.api, r)
		body := a.body.Bytes()
		for _, form := range forms(u.record) {
			if bytes.Contains(body, form) {
				found.Store(true)
				body = bytes.ReplaceAll(body, form, v.body)
				break
			}
		}
		a.send(w, body)
		return true
	}})
	if !found.Load() {
		return false
	}
	var broke *panicked
	switch {
	case errors.As(err, &broke):
		f.add(u.String(), "Nothing of a record is sure to be there.", "%s %v", v.what, err)
	case errors.Is(err, errEndless):
		f.add(u.String(), "Move the checkpoint over every page, whatever it holds.", "%s %v", v.what, err)
	case err == nil:
		s.changedBrought(ctx, u, v, r, f)
	}
	return true
}

// changedBrought compares what came with one record changed.
func (s *suite) changedBrought(ctx context.Context, u unit, v variant, r *run, f *findings) {
	all, err := s.pulled(ctx, s.sourceName())
	if err != nil {
		return
	}
	theirs, err := s.idsOf(ctx, u)
	if err != nil {
		return
	}
	want, _ := factsOf(all.batch, true)
	got, _ := factsOf(r.batch, true)
	for _, id := range theirs {
		delete(want, id)
	}
	if lost := want.absent(got); len(lost) > 0 {
		f.add(u.String(), "Reject the record and go on with the next.", "%s another record is lost: %q", v.what, lost[0])
	}
	ofIt := len(got.without(want))
	switch {
	case ofIt == 0:
		f.add(u.String(), loudDo, "%s it makes nothing, and nobody hears of it", v.what)
	case ofIt < len(theirs) && len(r.batch.Rejected) <= len(all.batch.Rejected) && !s.optional(v.at):
		f.add(u.String(), loudDo, "%s it makes %d instead of %d events, and nobody hears of the others", v.what, ofIt, len(theirs))
	}
}

// forms are the bytes in which a record may stand in an answer: as in the fixture, or as
// encoding/json writes it.
func forms(record []byte) [][]byte {
	var compact, escaped bytes.Buffer
	if json.Compact(&compact, record) != nil {
		return [][]byte{record}
	}
	json.HTMLEscape(&escaped, compact.Bytes())
	return [][]byte{record, compact.Bytes(), escaped.Bytes()}
}
