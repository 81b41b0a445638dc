package state

import (
	"strings"
	"time"

	"tributary/identity"
)

// Decision is a person's verdict on two observations, with who gave it and why. Actor and Note hold
// no NUL.
type Decision struct {
	identity.Link
	Actor, Note string
	// Part is what else the command said of it, as its giver encoded that; it holds no NUL.
	Part      string
	At        time.Time // received time of the command
	MessageID string    // the command's
}

// SetDecision is SetLink, and keeps who decided and why.
func (s *Space) SetDecision(d Decision, by Stamp) (changed bool, err error) {
	s.hasLinks = true
	link := heldLink{pair(d.A, d.B, d.Verdict), by, whoAndWhy(d.Actor, d.Note, d.Part)}
	was, err := s.put(link, d.A)
	if err != nil || !was.stamp.Before(by) && was.stamp != (Stamp{}) {
		return false, err
	}
	_, err = s.put(link, d.B)
	return was.Verdict != d.Verdict, err
}

// Decision returns a person's verdict on two observations, in either order; nil when there is none.
func (h *Snapshot) Decision(a, b identity.ObservationID) (*Decision, error) {
	value, err := h.get(h.pairKey(kindLink, a, b))
	if value == nil || err != nil {
		return nil, wrapRead("decision", err)
	}
	d, err := decodeStamped(value)
	if err != nil {
		return nil, wrapRead("decision", err)
	}
	if decided := newDecision(a, b, d); decided.Verdict != "" {
		return decided, nil
	}
	return nil, nil
}

func newDecision(a, b identity.ObservationID, d stamped) *Decision {
	verdict, said := verdictOf(d.value)
	actor, why, _ := strings.Cut(said, "\x00")
	note, part, _ := strings.Cut(why, "\x00")
	return &Decision{Link: pair(a, b, verdict), Actor: actor, Note: note, Part: part, At: d.At, MessageID: d.MessageID}
}

// EachDecision calls f with the last word that people said of each pair, until f fails. Of one that was taken back the
// verdict is empty.
func (h *Snapshot) EachDecision(f func(*Decision) error) error {
	prefix := h.space.key(nil, kindLink)
	err := scan(h.db, prefix, func(key, value []byte) error {
		d, err := decodeStamped(value)
		if err != nil {
			return err
		}
		var id identity.ObservationID
		copy(id[:], key[len(prefix):])
		if decided := newDecision(id, lastID(key), d); decided.A == id { // each stands with both ends
			return f(decided)
		}
		return nil
	})
	return wrapRead("decisions", err)
}

// DecisionsOn returns the last word on each pair that an observation is of.
func (h *Snapshot) DecisionsOn(id identity.ObservationID) (all []*Decision, err error) {
	err = scan(h.db, h.idKey(nil, kindLink, id), func(key, value []byte) error {
		d, err := decodeStamped(value)
		all = append(all, newDecision(id, lastID(key), d))
		return err
	})
	return all, wrapRead("decisions", err)
}

// Block is that a person blocked an identifier, and who.
type Block struct {
	Actor     string
	Note      string
	Part      string    // as of a Decision
	At        time.Time // received time of the command
	MessageID string    // the command's
}

// Block returns what a person said of an identifier; nil where it is not blocked.
func (h *Snapshot) Block(i identity.Identifier) (*Block, error) {
	held, err := h.heldBlock(i)
	if len(held.value) == 0 || err != nil {
		return nil, err
	}
	return newBlock(held), nil
}

// said is what is kept of a block: its actor alone, as it always was, where nothing else was said.
func (b *Block) said() string {
	if b.Note == "" && b.Part == "" {
		return strings.ReplaceAll(b.Actor, "\x00", "")
	}
	return whoAndWhy(b.Actor, b.Note, b.Part)
}

func newBlock(held stamped) *Block {
	actor, why, _ := strings.Cut(string(held.value[1:]), "\x00")
	note, part, _ := strings.Cut(why, "\x00")
	return &Block{Actor: actor, Note: note, Part: part, At: held.At, MessageID: held.MessageID}
}

// EachBlock calls f with every identifier that people blocked, until f fails.
func (h *Snapshot) EachBlock(f func(identity.Identifier, *Block) error) error {
	prefix := h.space.key(nil, kindBlock)
	err := scan(h.db, prefix, func(key, value []byte) error {
		d, err := decodeStamped(value)
		if err != nil || len(d.value) == 0 {
			return err
		}
		rest := decoder{data: key[len(prefix):]}
		id := identity.Identifier{Type: rest.string(), Value: rest.string()}
		if err := rest.end("block"); err != nil {
			return err
		}
		return f(id, newBlock(d))
	})
	return wrapRead("blocks", err)
}

// whoAndWhy joins who decided, why, and what else was said, by NULs; what is empty at the end is left out.
func whoAndWhy(actor, note, part string) string {
	if actor == "" && note == "" && part == "" {
		return ""
	}
	said := strings.ReplaceAll(actor, "\x00", "") + "\x00" + strings.ReplaceAll(note, "\x00", "")
	if part == "" {
		return said
	}
	return said + "\x00" + part
}

// verdictValue encodes a verdict, and behind a NUL who gave it and why, if that is known.
func verdictValue(l heldLink) []byte {
	if l.said == "" {
		return []byte(l.Verdict)
	}
	return []byte(string(l.Verdict) + "\x00" + l.said)
}

func verdictOf(value []byte) (identity.Verdict, string) {
	verdict, said, _ := strings.Cut(string(value), "\x00")
	return identity.Verdict(verdict), said
}
