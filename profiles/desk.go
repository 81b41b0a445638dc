package profiles

import (
	"sync"

	"tributary/identity"
)

// desk is where one reading of a profile takes place: the memory into which the states of its observations are
// decoded and merged, used again by the next. A Profile shares no list with it, only texts, and no profile is kept
// for the next call: so an erasure or a restriction holds for the next one.
type desk struct {
	states []*State
	used   int
	sum    State
}

// maxDesk bounds for how many observations a desk keeps memory, some 10 KB each.
const maxDesk = 64

var desks = sync.Pool{New: func() any { return new(desk) }}

func takeDesk() *desk { return desks.Get().(*desk) }

// state reads what is kept of an observation; nil when nothing is. It is valid until clear.
func (d *desk) state(hot Hot, id identity.ObservationID) (*State, error) {
	reader, ok := hot.(StateReader)
	if !ok {
		return hot.State(id)
	}
	if d.used == len(d.states) {
		d.states = append(d.states, new(State))
	}
	s := d.states[d.used]
	found, err := reader.ReadState(id, s)
	if err != nil || !found {
		return nil, err
	}
	d.used++
	return s, nil
}

// clear ends a reading.
func (d *desk) clear() {
	d.forget()
	desks.Put(d)
}

// forget lets go of all that was read, so that nothing of anybody is kept, and of memory that few need.
func (d *desk) forget() {
	for _, s := range d.states[:d.used] {
		s.Reset()
	}
	d.sum.Reset()
	if len(d.states) > maxDesk {
		clear(d.states[maxDesk:])
		d.states = d.states[:maxDesk]
	}
	d.used = 0
}

// fold is Fold of members that it may put into another order.
func (d *desk) fold(id identity.ProfileID, members []Member, rules Rules) Profile {
	return fold(id, members, rules, &d.sum)
}
