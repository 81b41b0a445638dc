package profiles

import (
	"cmp"
	"encoding/binary"
	"fmt"
)

// codecVersion is the first byte of an encoded State.
const codecVersion = 5

// AppendBinary appends the encoded State. Equal states have equal encodings. It never fails.
func (s *State) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, codecVersion)
	b = binary.AppendUvarint(b, s.events)
	b = binary.AppendVarint(b, s.first)
	b = binary.AppendVarint(b, s.last)
	b = binary.AppendUvarint(b, uint64(len(s.sources)))
	for i := range s.sources {
		x := &s.sources[i]
		b = appendString(b, x.name)
		b = binary.AppendUvarint(b, x.events)
		b = binary.AppendVarint(b, x.first)
		b = binary.AppendVarint(b, x.last)
	}
	b = binary.AppendUvarint(b, uint64(len(s.clocks)))
	for _, x := range s.clocks {
		b = binary.BigEndian.AppendUint64(b, x.client)
		b = binary.AppendVarint(b, x.least)
	}
	b = binary.AppendUvarint(b, uint64(len(s.counters)))
	for i := range s.counters {
		x := &s.counters[i]
		b = appendString(b, x.name)
		b = appendString(b, x.channel)
		b = binary.AppendUvarint(b, x.n)
	}
	b = s.appendTraits(b)
	for class := range s.recent {
		b = appendInteractions(b, s.recent[class])
	}
	b = binary.AppendUvarint(b, uint64(len(s.items)))
	for i := range s.items {
		x := &s.items[i]
		b = appendString(b, string(x.kind))
		b = appendString(b, x.id)
		b = append(b, byte(x.field))
		b = appendInteraction(b, &x.interaction)
	}
	b = appendInteractions(b, s.answers)
	b = binary.AppendUvarint(b, uint64(len(s.surveys)))
	for i := range s.surveys {
		x := &s.surveys[i]
		b = appendString(b, x.survey)
		b = appendString(b, x.kind)
		b = appendString(b, x.scale)
		b = binary.AppendUvarint(b, x.n)
		b = binary.AppendVarint(b, x.sum)
	}
	return s.appendPledges(b), nil
}

func (s *State) appendPledges(b []byte) []byte {
	b = binary.AppendUvarint(b, s.pledged)
	b = binary.AppendUvarint(b, uint64(len(s.pledges)))
	for i := range s.pledges {
		x := &s.pledges[i]
		b = append(appendString(b, x.id), byte(x.field))
		b = appendString(appendStamp(b, &x.stamp), x.raw)
	}
	b = binary.AppendUvarint(b, uint64(len(s.deeds)))
	for i := range s.deeds {
		x := &s.deeds[i]
		b = appendString(appendStamp(b, &x.stamp), x.raw)
	}
	return b
}

func (s *State) appendTraits(b []byte) []byte {
	if h := &s.record; h.set {
		b = appendFlag(appendFlag(append(b, 1), h.deleted), s.deletedOnce)
		b = appendString(b, h.version)
		b = appendStamp(b, &h.by)
		b = binary.AppendUvarint(b, h.leftOut)
	} else {
		b = append(b, 0)
	}
	for c := range s.traits {
		b = binary.AppendUvarint(b, s.asserted[c])
		b = binary.AppendUvarint(b, uint64(len(s.traits[c])))
		for i := range s.traits[c] {
			t := &s.traits[c][i]
			b = appendString(b, t.name)
			b = appendStamp(b, &t.by)
			b = binary.AppendVarint(b, t.received)
			b = binary.AppendUvarint(b, t.n)
			b = appendString(b, t.value)
		}
		b = s.appendFirsts(b, class(c))
	}
	return b
}

func appendFlag(b []byte, set bool) []byte {
	if set {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendInteractions(b []byte, list []interaction) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for i := range list {
		b = appendInteraction(b, &list[i])
	}
	return b
}

func appendInteraction(b []byte, x *interaction) []byte {
	b = appendStamp(b, &x.stamp)
	if x.client == 0 {
		b = append(b, 0)
	} else {
		b = binary.BigEndian.AppendUint64(append(b, 1), x.client)
	}
	b = binary.AppendVarint(b, x.at-x.original)
	b = binary.AppendVarint(b, x.order)
	return appendString(b, x.raw)
}

func appendStamp(b []byte, x *stamp) []byte {
	b = binary.AppendVarint(b, x.at)
	return appendString(appendString(b, x.msg), x.source)
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// UnmarshalBinary replaces the State by the one encoded in data, of which it keeps a copy. It
// reuses the memory of the State's lists. It fails with ErrCorrupt and then leaves the State empty.
func (s *State) UnmarshalBinary(data []byte) error {
	r := reader{s: string(data)}
	if r.byte() != codecVersion {
		*s = State{}
		return fmt.Errorf("%w: unknown version", ErrCorrupt)
	}
	s.read(&r)
	if r.bad || !r.done() || !s.ordered() {
		*s = State{}
		return ErrCorrupt
	}
	return nil
}

func (s *State) read(r *reader) {
	s.events, s.first, s.last = r.uvarint(), r.varint(), r.varint()
	s.sources = s.sources[:0]
	for range r.count(maxSources) {
		s.sources = append(s.sources, sourceSeen{name: r.text(), events: r.uvarint(), first: r.varint(), last: r.varint()})
	}
	s.clocks = s.clocks[:0]
	for range r.count(maxClocks) {
		s.clocks = append(s.clocks, clock{client: r.uint64(), least: r.varint()})
	}
	s.counters = s.counters[:0]
	for range r.count(maxCounters) {
		s.counters = append(s.counters, counter{name: r.text(), channel: r.text(), n: r.uvarint()})
	}
	s.readTraits(r)
	for class := range s.recent {
		s.recent[class] = r.interactions(s.recent[class], recentBounds[class])
	}
	s.items = s.items[:0]
	for range r.count(maxItems) {
		s.items = append(s.items, register{
			kind: ItemKind(r.text()), id: r.text(), field: itemField(r.byte()), interaction: r.interaction(),
		})
	}
	s.answers = r.interactions(s.answers, maxAnswers)
	s.surveys = s.surveys[:0]
	for range r.count(maxSurveys) {
		s.surveys = append(s.surveys, surveySum{
			survey: r.text(), kind: r.text(), scale: r.text(), n: r.uvarint(), sum: r.varint(),
		})
	}
	s.readPledges(r)
}

func (s *State) readPledges(r *reader) {
	s.pledged, s.pledges, s.deeds = r.uvarint(), s.pledges[:0], s.deeds[:0]
	for range r.count(maxPledges) {
		x := pledge{id: r.text(), field: pledgeField(r.byte()), stamp: r.stamp(), raw: r.text()}
		if x.field == 0 || x.field >= pledgeEnd {
			r.fail()
		}
		s.pledges = append(s.pledges, x)
	}
	for range r.count(maxDeeds) {
		s.deeds = append(s.deeds, deed{r.stamp(), r.text()})
	}
}

func (s *State) readTraits(r *reader) {
	s.record, s.deletedOnce = recordHead{set: r.flag()}, false
	if s.record.set {
		s.record.deleted, s.deletedOnce = r.flag(), r.flag()
		s.record.version, s.record.by, s.record.leftOut = r.text(), r.stamp(), r.uvarint()
	}
	for c := range s.traits {
		s.asserted[c] = r.uvarint()
		list := s.traits[c][:0]
		for range r.count(maxTraits) {
			list = append(list, trait{name: r.text(), by: r.stamp(), received: r.varint(), n: r.uvarint(), value: r.text()})
		}
		s.traits[c] = list
		s.readFirsts(r, class(c))
	}
}

// ordered says whether all lists are in the order that looking up in them relies on.
func (s *State) ordered() bool {
	ok := ascending(s.sources, func(a, b sourceSeen) int { return shorter(a.name, b.name) }) &&
		ascending(s.clocks, func(a, b clock) int { return cmp.Compare(a.client, b.client) }) &&
		ascending(s.counters, counter.compare) &&
		ascending(s.items, register.compareKey) &&
		ascending(s.answers, interaction.compare) &&
		ascending(s.surveys, surveySum.compare) &&
		ascending(s.pledges, pledge.compareKey) &&
		ascending(s.deeds, deed.compare)
	for class := range s.traits {
		ok = ok && ascending(s.traits[class], func(a, b trait) int { return shorter(a.name, b.name) })
	}
	for class := range s.recent {
		ok = ok && ascending(s.recent[class], interaction.compare)
	}
	return ok
}

// ascending says whether a list is in order and holds nothing twice.
func ascending[T any](list []T, compare func(a, b T) int) bool {
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}

// MergeEncoded appends to dst the encoding of the merge of two encoded states, in either order.
func MergeEncoded(dst, a, b []byte) ([]byte, error) {
	var x, y State
	if err := x.UnmarshalBinary(a); err != nil {
		return dst, err
	}
	if err := y.UnmarshalBinary(b); err != nil {
		return dst, err
	}
	x.Merge(&y)
	return x.AppendBinary(dst)
}
