package handoff

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tributary/ingest/event"
)

// ErrCorrupt is returned for an encoded history that does not decode.
var ErrCorrupt = errors.New("handoff: encoded history is damaged")

// MaxSteps is how many steps a history keeps besides MaxReads reads: the first ones, so that what it keeps
// follows from the set of them. Who writes asks Full before.
const MaxSteps = 128

// History is the set of steps of one hand-off in the order of (received time, message id). The zero History is
// ready to use. What it says follows from the set of steps alone.
type History struct {
	steps []Step
	reads []Step
}

func (s *Step) compare(o *Step) int {
	if c := s.At.Compare(o.At); c != 0 {
		return c
	}
	return strings.Compare(s.MessageID, o.MessageID)
}

// Add adds a step, and says whether that changed anything.
func (h *History) Add(s *Step) bool {
	list, most := &h.steps, MaxSteps
	if s.Name == event.NameHandoffRead {
		list, most = &h.reads, MaxReads
	}
	i, found := slices.BinarySearchFunc(*list, s, func(x Step, s *Step) int { return x.compare(s) })
	if found || i >= most {
		return false
	}
	*list = slices.Insert(*list, i, *s)
	*list = (*list)[:min(len(*list), most)]
	return true
}

// Full says whether a history keeps no more steps that change who holds it, but a return.
func (h *History) Full() bool { return len(h.steps) >= MaxSteps-1 }

// ReadsFull says whether a history keeps no more reads.
func (h *History) ReadsFull() bool { return len(h.reads) >= MaxReads }

// Last is the last step; nil of none.
func (h *History) Last() *Step {
	all := h.all()
	if len(all) == 0 {
		return nil
	}
	return &all[len(all)-1]
}

// Step finds the step of a message id; nil if there is none.
func (h *History) Step(messageID string) *Step {
	for _, list := range [][]Step{h.steps, h.reads} {
		for i := range list {
			if list[i].MessageID == messageID {
				return &list[i]
			}
		}
	}
	return nil
}

func (h *History) all() []Step {
	all := slices.Concat(h.steps, h.reads)
	slices.SortFunc(all, func(a, b Step) int { return a.compare(&b) })
	return all
}

// stored is a step as it is encoded.
type stored struct {
	Name       string          `json:"name"`
	At         int64           `json:"at"` // Unix milliseconds
	ID         string          `json:"id"`
	By         Party           `json:"by"`
	Properties json.RawMessage `json:"properties"`
}

const historyVersion = 2

// AppendBinary appends the history's encoding, which is canonical.
func (h *History) AppendBinary(b []byte) ([]byte, error) {
	all := h.all()
	list := make([]stored, len(all))
	for i := range all {
		s := &all[i]
		properties, err := s.Properties()
		if err != nil {
			return nil, fmt.Errorf("encode step: %w", err)
		}
		list[i] = stored{s.Name, s.At.UnixMilli(), s.MessageID, s.By, properties}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("encode history: %w", err)
	}
	return append(append(b, historyVersion), text...), nil
}

// UnmarshalBinary replaces the history by an encoded one. It fails with ErrCorrupt.
func (h *History) UnmarshalBinary(data []byte) error {
	*h = History{}
	if len(data) == 0 || data[0] != historyVersion {
		return fmt.Errorf("%w: another version", ErrCorrupt)
	}
	var list []stored
	if err := json.Unmarshal(data[1:], &list); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	for _, x := range list {
		s := &Step{Name: x.Name, At: timeOf(x.At), MessageID: x.ID}
		if err := s.read(x.Properties, x.By); err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		if !h.Add(s) || s.Name == event.NameHandoffOffered && s.Record == nil {
			return fmt.Errorf("%w: a step is out of place", ErrCorrupt)
		}
	}
	return nil
}

// Key orders the hand-offs of a customer: by when they were offered, then id.
type Key struct {
	OfferedAt int64 // Unix milliseconds
	ID        [16]byte
}

// Compare orders keys.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.OfferedAt, o.OfferedAt), strings.Compare(string(k.ID[:]), string(o.ID[:])))
}

// Key is that of the step's hand-off.
func (s *Step) Key() Key { return Key{s.OfferedAt.UnixMilli(), s.Handoff} }
