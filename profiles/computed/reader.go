package computed

import (
	"sync"

	"tributary/ingest/event"
)

// reader reads fields of one event, and each of its documents at most once.
type reader struct {
	program *Program
	event   *event.Event
	read    [documents]bool
	memory  *memory
}

// memory is what a reader puts values into.
type memory struct {
	slots []value
	met   []bool
}

var memories = sync.Pool{New: func() any { return new(memory) }}

func (r *reader) value(f *field) value {
	if f.of != nil {
		return f.of(r.event)
	}
	if !r.read[f.doc] {
		r.read[f.doc] = true
		r.parse(f.doc)
	}
	return r.memory.slots[f.slot]
}

func (r *reader) parse(doc document) {
	if r.memory == nil {
		r.memory = memories.Get().(*memory)
		r.memory.reset(r.program.paths, r.program.nodes)
	}
	w := walker{slots: r.memory.slots, met: r.memory.met}
	w.walk(doc.raw(r.event), &r.program.docs[doc])
}

// release gives the memory back, without what the event left in it.
func (r *reader) release() {
	if r.memory != nil {
		clear(r.memory.slots)
		memories.Put(r.memory)
	}
}

func (m *memory) reset(slots, nodes int) {
	if cap(m.slots) < slots {
		m.slots = make([]value, slots)
	}
	if cap(m.met) < nodes {
		m.met = make([]bool, nodes)
	}
	m.slots, m.met = m.slots[:slots], m.met[:nodes]
	clear(m.slots)
	clear(m.met)
}

// place sets where a reader puts what a field holds, if that is within a document.
func (p *Program) place(f *field) {
	if f == nil || f.of != nil {
		return
	}
	n := &p.docs[f.doc]
	for _, key := range f.keys {
		child := n.below[key]
		if child == nil {
			child = &node{id: p.nodes}
			p.nodes++
			if n.below == nil {
				n.below = map[string]*node{}
			}
			n.below[key] = child
		}
		n = child
	}
	if n.slot == 0 {
		p.paths++
		n.slot = p.paths
	}
	f.slot = n.slot - 1
}
