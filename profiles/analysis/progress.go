// Package analysis says what a workspace's definitions make of its customers: computed traits, evaluated
// when they are asked for, and segments, as unify judged them.
package analysis

import (
	"encoding/json"
	"fmt"
	"slices"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/computed"
	"tributary/profiles/define"
)

// Progress is how far the work is that definitions lead to. It is kept in the state.
type Progress struct {
	Next        uint32        `json:"next"` // number of the next generation
	Generations []*Generation `json:"generations,omitempty"`
	// Everybody is the judging of all, if it is under way.
	Everybody *Everybody `json:"everybody,omitempty"`
	// Listed: rows of profile_segments were made of all memberships that there were before that table was, or are being.
	Listed bool `json:"listed,omitempty"`

	unset bool // what is set from outside is not asked for
}

// Generation is the definitions of computed traits that were new together. Their values are kept apart, so
// that what is new can take in its history, and what is declared again begins anew.
type Generation struct {
	Number      uint32                `json:"number"`
	Definitions []computed.Definition `json:"definitions"`
	History     *History              `json:"history,omitempty"` // still to be taken in; nil: all is

	program *computed.Program // of all definitions
	asked   *computed.Program // of those that are evaluated
}

// History is what was stored before a generation was declared.
type History struct {
	// Ends are the offsets before which it lies, by partition; those that are done are gone from it.
	Ends map[stream.Partition]uint64 `json:"ends"`
	From uint64                      `json:"from"` // next offset of the least partition
	// Total is how many offsets there were to look at, Done how many are.
	Total uint64 `json:"total"`
	Done  uint64 `json:"done"`
	// Taken: some events that were replayed are noted as taken in already.
	Taken bool `json:"taken,omitempty"`
}

// Everybody goes through all observations, in the order of their ids.
type Everybody struct {
	After identity.ObservationID `json:"after"`
	At    stream.Position        `json:"at"` // of the record that led to it
	// Publish: rows of profiles are to be written anew too, for the rules of survivorship changed.
	Publish bool   `json:"publish,omitempty"`
	Rows    uint32 `json:"rows"` // the last ordinal that was given there
	// List: who is in a segment gets a row of profile_segments, whether that is new or not. Listed is how many did.
	List   bool   `json:"list,omitempty"`
	Listed uint32 `json:"listed,omitempty"`
}

// maxGenerations bounds what an event is added to. Who declares new traits more often has all of them
// counted from history again.
const maxGenerations = 4

// ReadProgress decodes what Encode made; nil is none.
func ReadProgress(encoded []byte) (*Progress, error) {
	p := &Progress{}
	if encoded == nil {
		return p, nil
	}
	if err := json.Unmarshal(encoded, p); err != nil {
		return nil, fmt.Errorf("read progress of definitions: %w", err)
	}
	for _, g := range p.Generations {
		if err := g.compile(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Encode returns the progress as it is kept.
func (p *Progress) Encode() ([]byte, error) { return json.Marshal(p) }

func (g *Generation) compile() (err error) {
	if g.program, err = computed.Compile(g.Definitions); err != nil {
		return fmt.Errorf("compile definitions of a generation: %w", err)
	}
	g.asked = g.program
	return nil
}

// Program is that of the generation's definitions.
func (g *Generation) Program() *computed.Program { return g.program }

// Adopt makes the progress that of another document: what was declared before, under whatever name, stays in
// its generation, and what is new makes one of its own, with the history that ends gives. It returns the
// generations of which nothing is declared any more.
func (p *Progress) Adopt(d *define.Definitions, ends map[stream.Partition]uint64) (dropped []uint32, err error) {
	var fresh []computed.Definition
	kept := map[uint32][]computed.Definition{}
	for i := range d.Computed {
		if g := p.holding(&d.Computed[i]); g != nil {
			kept[g.Number] = append(kept[g.Number], d.Computed[i])
		} else {
			fresh = append(fresh, d.Computed[i])
		}
	}
	if len(fresh) > 0 && len(kept) == maxGenerations {
		fresh, kept = d.Computed, nil
	}
	p.Generations = slices.DeleteFunc(p.Generations, func(g *Generation) bool {
		g.Definitions = kept[g.Number]
		if g.Definitions == nil {
			dropped = append(dropped, g.Number)
		}
		return g.Definitions == nil
	})
	if len(fresh) > 0 {
		p.Next++
		p.Generations = append(p.Generations, &Generation{Number: p.Next, Definitions: fresh, History: newHistory(ends)})
	}
	for _, g := range p.Generations {
		if err := g.compile(); err != nil {
			return nil, err
		}
	}
	return dropped, nil
}

// holding returns the generation of a definition, if there is one.
func (p *Progress) holding(d *computed.Definition) *Generation {
	for _, g := range p.Generations {
		for i := range g.Definitions {
			if same(&g.Definitions[i], d) {
				return g
			}
		}
	}
	return nil
}

// same says whether two definitions make the same of events, whatever they are called.
func same(a, b *computed.Definition) bool {
	x, y := *a, *b
	x.Name, y.Name = "", ""
	one, _ := json.Marshal(x) // of strings, never fails
	two, _ := json.Marshal(y)
	return string(one) == string(two)
}

func newHistory(ends map[stream.Partition]uint64) *History {
	h := &History{Ends: map[stream.Partition]uint64{}}
	for p, end := range ends {
		if end > 0 {
			h.Ends[p] = end
			h.Total += end
		}
	}
	if len(h.Ends) == 0 {
		return nil
	}
	return h
}

// At returns the partition that is read, and its end. There is one.
func (h *History) At() (p stream.Partition, end uint64) {
	first := true
	for id, e := range h.Ends {
		if first || id < p {
			p, end, first = id, e, false
		}
	}
	return p, end
}

// Before says whether a place belongs to the history, taken in or not.
func (h *History) Before(at stream.Position) bool {
	return h != nil && at.Offset < h.Ends[at.Partition]
}

// Advance says that the partition that is read is done up to an offset; it returns whether all is.
func (h *History) Advance(to uint64) bool {
	p, end := h.At()
	h.Done += to - h.From
	if h.From = to; to >= end {
		delete(h.Ends, p)
		h.From = 0
	}
	return len(h.Ends) == 0
}

// Ready says whether a computed trait has taken in its history. Of names that are not declared it says so
// too.
func (p *Progress) Ready(name string) bool {
	for _, g := range p.Generations {
		for i := range g.Definitions {
			if g.Definitions[i].Name == name {
				return g.History == nil
			}
		}
	}
	return true
}
