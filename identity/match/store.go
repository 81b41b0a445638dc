package match

import (
	"slices"

	"tributary/identity"
)

// Ref is the number of an observation in a Store; it means nothing outside it.
type Ref uint32

// Store keeps what a Linker works on: the observations of one workspace, and their blocking keys and
// links under one model. Slices that it returns are valid until its next change and must not be
// changed. Memory is the one of this package.
type Store interface {
	// Find returns the number of an observation, if it was given one.
	Find(identity.ObservationID) (ref Ref, ok bool, err error)
	// Number finds the number of an observation or gives it one. A number is never reused.
	Number(identity.ObservationID) (Ref, error)
	// Observation returns nil, nil when it is gone.
	Observation(Ref) (*identity.Observation, error)
	// Sharing returns who has a blocking key, each once and in any order.
	Sharing(key uint64) ([]Ref, error)
	// AddKey and RemoveKey give and take a blocking key; twice is no fault.
	AddKey(key uint64, r Ref) error
	RemoveKey(key uint64, r Ref) error
	// Linked returns whom an observation is linked with, each once and in any order.
	Linked(Ref) ([]Ref, error)
	// Link and Unlink go both ways; twice is no fault.
	Link(a, b Ref) error
	Unlink(a, b Ref) error
}

// Memory is a Store in memory over observations that are kept elsewhere. Its methods return no
// errors but those of reading observations. Reading is safe for concurrent use.
type Memory struct {
	read   func(identity.ObservationID) (*identity.Observation, error)
	refs   map[identity.ObservationID]Ref
	ids    []identity.ObservationID
	first  map[uint64]Ref   // who has a key
	others map[uint64][]Ref // who else has it
	linked [][]Ref
	enter  func() // enters the keys of what was loaded, if not yet done
}

// NewMemory returns an empty store over observations, as identity.Facts has them.
func NewMemory(read func(identity.ObservationID) (*identity.Observation, error)) *Memory {
	return &Memory{
		read: read, refs: map[identity.ObservationID]Ref{},
		first: map[uint64]Ref{}, others: map[uint64][]Ref{},
	}
}

// Find implements Store.
func (s *Memory) Find(id identity.ObservationID) (Ref, bool, error) {
	r, ok := s.refs[id]
	return r, ok, nil
}

// Number implements Store.
func (s *Memory) Number(id identity.ObservationID) (Ref, error) {
	r, ok := s.refs[id]
	if !ok {
		r = Ref(len(s.ids))
		s.refs[id] = r
		s.ids = append(s.ids, id)
		s.linked = append(s.linked, nil)
	}
	return r, nil
}

// Observation implements Store.
func (s *Memory) Observation(r Ref) (*identity.Observation, error) { return s.read(s.ids[r]) }

// load keys and links records, ascending by id, of which the store holds none yet. firsts are those that
// stand for their content, and pairs are of them. Keys are entered when they are first asked for.
func (s *Memory) load(m *Model, records, firsts []*Prepared, pairs []pairOf) {
	s.linked = make([][]Ref, len(records))
	stands := map[uint64]Ref{}
	for i, p := range records {
		s.refs[p.id()] = Ref(i)
		s.ids = append(s.ids, p.id())
		if first, ok := stands[p.content]; ok && p.content != 0 {
			_ = s.Link(first, Ref(i)) // never fails
		} else {
			stands[p.content] = Ref(i)
		}
	}
	for _, p := range pairs {
		a, b := s.refs[firsts[p.a].id()], s.refs[firsts[p.b].id()]
		s.linked[a] = append(s.linked[a], b)
		s.linked[b] = append(s.linked[b], a)
	}
	s.enter = func() {
		s.enter = nil
		for _, p := range firsts {
			r := s.refs[p.id()]
			for _, key := range m.Keys(p) {
				_ = s.AddKey(key, r)
			}
			if p.content != 0 {
				_ = s.AddKey(contentKey(p.content), r)
			}
		}
	}
}

// Components calls yield with the observations that hang together, a component at a time, until it
// returns false. An observation that is gone may be among them, by itself.
func (s *Memory) Components(yield func(members []identity.ObservationID) bool) {
	seen := make([]bool, len(s.ids))
	var queue []Ref
	for r := range s.ids {
		if seen[r] {
			continue
		}
		seen[r] = true
		queue = append(queue[:0], Ref(r))
		for i := 0; i < len(queue); i++ {
			for _, o := range s.linked[queue[i]] {
				if !seen[o] {
					seen[o] = true
					queue = append(queue, o)
				}
			}
		}
		members := make([]identity.ObservationID, len(queue))
		for i, o := range queue {
			members[i] = s.ids[o]
		}
		if !yield(members) {
			return
		}
	}
}

// Sharing implements Store.
func (s *Memory) Sharing(key uint64) ([]Ref, error) {
	if s.enter != nil {
		s.enter()
	}
	if others := s.others[key]; others != nil {
		return others, nil
	}
	if r, ok := s.first[key]; ok {
		return []Ref{r}, nil
	}
	return nil, nil
}

// AddKey implements Store. A key that one has, as most are, takes no list.
func (s *Memory) AddKey(key uint64, r Ref) error {
	if s.enter != nil {
		s.enter()
	}
	list, ok := s.others[key]
	if !ok {
		first, taken := s.first[key]
		if !taken || first == r {
			s.first[key] = r
			return nil
		}
		list = []Ref{first}
		delete(s.first, key)
	}
	if !slices.Contains(list, r) {
		s.others[key] = append(list, r)
	}
	return nil
}

// RemoveKey implements Store.
func (s *Memory) RemoveKey(key uint64, r Ref) error {
	if s.enter != nil {
		s.enter()
	}
	if first, ok := s.first[key]; ok && first == r {
		delete(s.first, key)
		return nil
	}
	if list, ok := s.others[key]; ok {
		if list = without(list, r); len(list) > 0 {
			s.others[key] = list
		} else {
			delete(s.others, key)
		}
	}
	return nil
}

// Linked implements Store.
func (s *Memory) Linked(r Ref) ([]Ref, error) { return s.linked[r], nil }

// Link implements Store.
func (s *Memory) Link(a, b Ref) error {
	if len(s.linked[a]) > len(s.linked[b]) {
		a, b = b, a
	}
	if !slices.Contains(s.linked[a], b) {
		s.linked[a] = append(s.linked[a], b)
		s.linked[b] = append(s.linked[b], a)
	}
	return nil
}

// Unlink implements Store.
func (s *Memory) Unlink(a, b Ref) error {
	s.linked[a], s.linked[b] = without(s.linked[a], b), without(s.linked[b], a)
	return nil
}

// without removes one number; order does not matter.
func without(list []Ref, r Ref) []Ref {
	if i := slices.Index(list, r); i >= 0 {
		list[i] = list[len(list)-1]
		return list[:len(list)-1]
	}
	return list
}
