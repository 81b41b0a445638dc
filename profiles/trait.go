package profiles

import (
	"encoding/json"
	"strings"

	"tributary/ingest/event"
)

// class tells apart what is kept by name: traits and identifying attributes, each said freely or
// as the content of a record of the source.
type class int

const (
	freeTrait class = iota
	freeAttribute
	recordTrait
	recordAttribute
	classes
)

func (c class) attribute() bool { return c == freeAttribute || c == recordAttribute }

// null is the JSON of a trait that was taken back.
const null = "null"

// trait is the last that was said under a name.
type trait struct {
	name     string
	by       stamp
	received int64  // Unix milliseconds
	n        uint64 // how often it was asserted; free classes only
	value    string // JSON of a trait, text of an attribute
}

// recordHead is the version of the source's record that the record classes hold. A newer version
// replaces the content whole.
type recordHead struct {
	set     bool
	version string
	by      stamp
	deleted bool
	leftOut uint64 // traits of this version that were too many, too large or not readable
}

// newHead is the version of its record that e states.
func newHead(e *event.Event, by stamp) recordHead {
	return recordHead{set: true, version: strings.Clone(clip(e.Record.Version)), by: by, deleted: e.Record.Deleted}
}

func (h recordHead) compare(o recordHead) int {
	if c := event.CompareVersions(h.version, o.version); c != 0 {
		return c
	}
	return h.by.compare(o.by)
}

// applyTraits keeps what e says of its subject. The traits of a group call are the account's.
func (s *State) applyTraits(e *event.Event, by stamp) {
	if e.Type == event.TypeGroup {
		s.say(e, by, e.Attributes, nil)
		return
	}
	s.say(e, by, e.Attributes, e.Traits)
}

// say keeps attributes and traits, of a record if e states one.
func (s *State) say(e *event.Event, by stamp, attributes map[string]string, traits json.RawMessage) {
	base, stands := freeTrait, true
	if e.Record != nil {
		head := newHead(e, by)
		stands = s.takeHead(head)
		if head.deleted {
			s.noteDeletion()
			return
		}
		base = recordTrait
	}
	received := e.ReceivedAt.UnixMilli()
	for name, value := range attributes {
		s.assert(base+freeAttribute, trait{name: name, by: by, received: received, n: 1, value: value}, stands)
	}
	if len(traits) == 0 {
		return
	}
	err := eachField(traits, func(name, value string) {
		s.assert(base, trait{name: name, by: by, received: received, n: 1, value: value}, stands)
	})
	if err != nil && stands {
		s.countLeftOut(base)
	}
}

// takeHead reports whether the record classes hold head's version, replacing an older one.
func (s *State) takeHead(head recordHead) bool {
	c := 1
	if s.record.set {
		c = head.compare(s.record)
	}
	if c > 0 {
		s.record = head
		s.traits[recordTrait] = s.traits[recordTrait][:0]
		s.traits[recordAttribute] = s.traits[recordAttribute][:0]
	}
	return c >= 0
}

// assert takes a trait in, or counts it where it is beyond the bounds. What an older version of a record
// said stands no more, but may be the first that was said.
func (s *State) assert(c class, t trait, stands bool) {
	kept := len(t.name) <= maxName && len(t.value) <= maxValue
	if kept {
		defer s.addFirst(c, t)
	}
	if !stands {
		return
	}
	if !kept {
		s.countLeftOut(c)
		return
	}
	if c == freeTrait || c == freeAttribute {
		s.asserted[c]++
	}
	before := len(s.traits[c])
	if known := s.addTrait(c, t); !known && before == maxTraits && c >= recordTrait {
		s.record.leftOut++
	}
}

func (s *State) countLeftOut(c class) {
	if c >= recordTrait {
		s.record.leftOut++
		return
	}
	s.asserted[c]++ // asserted and not kept
}

// addTrait keeps the later of two assertions of a name and says whether the name was known.
func (s *State) addTrait(c class, t trait) bool {
	list, value := s.traits[c], t.value
	i, found := search(list, func(x trait) int { return shorter(x.name, t.name) })
	if !found {
		t.name, t.value = strings.Clone(t.name), strings.Clone(t.value)
		s.traits[c] = insert(list, i, t, maxTraits)
		return false
	}
	was := &list[i]
	n := was.n + t.n
	if t.compare(*was) > 0 {
		t.name = was.name
		if t.value = was.value; t.value != value {
			t.value = strings.Clone(value)
		}
		*was = t
	}
	was.n = n
	return true
}

func (t trait) compare(o trait) int {
	if c := t.by.compare(o.by); c != 0 {
		return c
	}
	return strings.Compare(t.value, o.value)
}

func (s *State) mergeTraits(o *State) {
	if o.deletedOnce {
		s.noteDeletion()
	}
	defer s.mergeFirsts(o)
	for _, c := range []class{freeTrait, freeAttribute} {
		s.asserted[c] += o.asserted[c]
		for _, t := range o.traits[c] {
			s.addTrait(c, t)
		}
	}
	if !o.record.set || !s.takeHead(o.record) {
		return
	}
	s.record.leftOut = max(s.record.leftOut, o.record.leftOut)
	for _, c := range []class{recordTrait, recordAttribute} {
		for _, t := range o.traits[c] {
			s.addTrait(c, t)
		}
	}
}

// leftOutTraits is how many assertions of traits and attributes are not kept.
func (s *State) leftOutTraits() uint64 {
	n := s.record.leftOut
	for _, c := range []class{freeTrait, freeAttribute} {
		n += s.asserted[c]
		for _, t := range s.traits[c] {
			n -= t.n
		}
	}
	return n
}
