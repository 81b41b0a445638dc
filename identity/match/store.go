package match

import "slices"

// Ref is the number of a record in a Store.
type Ref uint32

// Store keeps what a Resolver works on. Slices that it returns are valid until the next change and
// must not be changed. Memory is the one of this package.
type Store interface {
	// Put keeps a record and returns its number; Drop forgets it with its keys and links.
	Put(*Prepared) Ref
	Drop(Ref)
	Find(id string) (Ref, bool)
	Record(Ref) *Prepared
	// Each calls yield for every record, in no order, until it returns false.
	Each(yield func(Ref, *Prepared) bool)
	Len() int

	// SetKeys says under which blocking keys a record is found; Sharing returns who has a key.
	SetKeys(Ref, []uint64)
	Sharing(key uint64) []Ref

	// Link notes that two records hang together.
	Link(a, b Ref)
	Linked(Ref) []Ref

	// SetGroup says that these records, ascending by id, are one.
	SetGroup([]Ref)
	Group(Ref) []Ref

	// Forget drops keys, links and groups of all records, before a new model.
	Forget()
}

// Memory is a Store in memory. It is not safe for concurrent use.
type Memory struct {
	ids      map[string]Ref
	records  []memoryRecord
	free     []Ref
	postings map[uint64][]Ref
}

type memoryRecord struct {
	p      *Prepared
	keys   []uint64
	linked []Ref
	group  []Ref
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{ids: map[string]Ref{}, postings: map[uint64][]Ref{}}
}

// Put implements Store.
func (s *Memory) Put(p *Prepared) Ref {
	var r Ref
	if n := len(s.free); n > 0 {
		r, s.free = s.free[n-1], s.free[:n-1]
		s.records[r] = memoryRecord{p: p}
	} else {
		r = Ref(len(s.records))
		s.records = append(s.records, memoryRecord{p: p})
	}
	s.ids[p.ID] = r
	return r
}

// Drop implements Store.
func (s *Memory) Drop(r Ref) {
	s.SetKeys(r, nil)
	for _, o := range s.records[r].linked {
		s.records[o].linked = without(s.records[o].linked, r)
	}
	delete(s.ids, s.records[r].p.ID)
	s.records[r] = memoryRecord{}
	s.free = append(s.free, r)
}

// without removes one number; order does not matter.
func without(list []Ref, r Ref) []Ref {
	if i := slices.Index(list, r); i >= 0 {
		list[i] = list[len(list)-1]
		return list[:len(list)-1]
	}
	return list
}

// Find implements Store.
func (s *Memory) Find(id string) (Ref, bool) {
	r, ok := s.ids[id]
	return r, ok
}

// Record implements Store.
func (s *Memory) Record(r Ref) *Prepared { return s.records[r].p }

// Each implements Store.
func (s *Memory) Each(yield func(Ref, *Prepared) bool) {
	for r := range s.records {
		if p := s.records[r].p; p != nil && !yield(Ref(r), p) {
			return
		}
	}
}

// Len implements Store.
func (s *Memory) Len() int { return len(s.ids) }

// SetKeys implements Store.
func (s *Memory) SetKeys(r Ref, keys []uint64) {
	for _, k := range s.records[r].keys {
		if left := without(s.postings[k], r); len(left) > 0 {
			s.postings[k] = left
		} else {
			delete(s.postings, k)
		}
	}
	for _, k := range keys {
		s.postings[k] = append(s.postings[k], r)
	}
	s.records[r].keys = keys
}

// Sharing implements Store.
func (s *Memory) Sharing(key uint64) []Ref { return s.postings[key] }

// Link implements Store.
func (s *Memory) Link(a, b Ref) {
	s.records[a].linked = append(s.records[a].linked, b)
	s.records[b].linked = append(s.records[b].linked, a)
}

// Linked implements Store.
func (s *Memory) Linked(r Ref) []Ref { return s.records[r].linked }

// SetGroup implements Store.
func (s *Memory) SetGroup(members []Ref) {
	for _, r := range members {
		s.records[r].group = members
	}
}

// Group implements Store.
func (s *Memory) Group(r Ref) []Ref { return s.records[r].group }

// Forget implements Store.
func (s *Memory) Forget() {
	clear(s.postings)
	for r := range s.records {
		s.records[r] = memoryRecord{p: s.records[r].p}
	}
}
