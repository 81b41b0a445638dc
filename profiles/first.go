package profiles

import (
	"encoding/binary"
	"strings"
)

// What was said first under a name is kept beside what was said last, as the least by time of all that was
// not null: a minimum merges in any order. Mostly both are one, and then it costs nothing in the encoding.
//
// Of a record each version says all of it anew, so that the first goes over its versions. A source that
// deletes a record wants its content gone: from then on, whatever came before or after, a record has no
// first, and its standing version counts.

// firstOf returns what was said first under a name; nil if that is not known.
func (s *State) firstOf(c class, name string) *trait {
	list := s.firsts[c]
	if i, found := search(list, func(x trait) int { return shorter(x.name, name) }); found {
		return &list[i]
	}
	return nil
}

// addFirst keeps the earlier of two assertions of a name.
func (s *State) addFirst(c class, t trait) {
	if t.value == null && !c.attribute() || c >= recordTrait && s.deletedOnce {
		return
	}
	t.n = 0
	i, found := search(s.firsts[c], func(x trait) int { return shorter(x.name, t.name) })
	switch {
	case !found && i < maxTraits:
		s.firsts[c] = insert(s.firsts[c], i, s.share(c, t), maxTraits)
	case found && t.compare(s.firsts[c][i]) < 0:
		s.firsts[c][i] = s.share(c, t)
	}
}

// share returns t with strings of its own, which are those of what stands where that is the same.
func (s *State) share(c class, t trait) trait {
	list := s.traits[c]
	i, found := search(list, func(x trait) int { return shorter(x.name, t.name) })
	if !found {
		t.name, t.value = strings.Clone(t.name), strings.Clone(t.value)
		return t
	}
	t.name = list[i].name
	if t.value == list[i].value {
		t.value = list[i].value
	} else {
		t.value = strings.Clone(t.value)
	}
	return t
}

func (s *State) noteDeletion() {
	s.deletedOnce = true
	s.firsts[recordTrait], s.firsts[recordAttribute] = emptied(s.firsts[recordTrait]), emptied(s.firsts[recordAttribute])
}

func (s *State) mergeFirsts(o *State) {
	for c, list := range o.firsts {
		for _, t := range list {
			s.addFirst(class(c), t)
		}
	}
}

// appendFirsts encodes those of a class that are not also what stands.
func (s *State) appendFirsts(b []byte, c class) []byte {
	n := uint64(0)
	s.eachApart(c, func(*trait) { n++ })
	b = binary.AppendUvarint(b, n)
	s.eachApart(c, func(t *trait) {
		b = appendString(b, t.name)
		b = appendStamp(b, &t.by)
		b = binary.AppendVarint(b, t.received)
		b = appendString(b, t.value)
	})
	return b
}

func (s *State) eachApart(c class, f func(*trait)) {
	list := s.traits[c]
	for i := range s.firsts[c] {
		t := &s.firsts[c][i]
		for len(list) > 0 && shorter(list[0].name, t.name) < 0 {
			list = list[1:]
		}
		if len(list) == 0 || list[0].name != t.name || list[0].compare(*t) != 0 {
			f(t)
		}
	}
}

// readFirsts decodes what appendFirsts wrote, and adds what stands.
func (s *State) readFirsts(r *reader, c class) {
	list := s.firsts[c][:0]
	for range r.count(maxTraits) {
		list = append(list, trait{name: r.text(), by: r.stamp(), received: r.varint(), value: r.text()})
	}
	s.firsts[c] = list
	if !ascending(list, func(a, b trait) int { return shorter(a.name, b.name) }) {
		r.fail()
	}
	if r.bad || c >= recordTrait && s.deletedOnce {
		return
	}
	apart := len(list)
	for _, t := range s.traits[c] {
		t.n = 0
		switch {
		case t.value == null && !c.attribute():
		case apart == 0 && len(s.firsts[c]) < maxTraits:
			s.firsts[c] = append(s.firsts[c], t)
		case apart > 0 && s.firstOf(c, t.name) == nil:
			i, _ := search(s.firsts[c], func(x trait) int { return shorter(x.name, t.name) })
			s.firsts[c] = insert(s.firsts[c], i, t, maxTraits)
		}
	}
}
