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
	At          time.Time // received time of the command
}

// SetDecision is SetLink, and keeps who decided and why.
func (s *Space) SetDecision(d Decision, by Stamp) (changed bool, err error) {
	s.hasLinks = true
	link := heldLink{pair(d.A, d.B, d.Verdict), by, whoAndWhy(d)}
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
	verdict, said := verdictOf(d.value)
	if verdict == "" {
		return nil, nil
	}
	actor, note, _ := strings.Cut(said, "\x00")
	return &Decision{Link: pair(a, b, verdict), Actor: actor, Note: note, At: d.At}, nil
}

// Block is that a person blocked an identifier, and who.
type Block struct {
	Actor string
	At    time.Time // received time of the command
}

// Block returns what a person said of an identifier; nil where it is not blocked.
func (h *Snapshot) Block(i identity.Identifier) (*Block, error) {
	held, err := h.heldBlock(i)
	if len(held.value) == 0 || err != nil {
		return nil, err
	}
	return &Block{Actor: string(held.value[1:]), At: held.At}, nil
}

func whoAndWhy(d Decision) string {
	if d.Actor == "" && d.Note == "" {
		return ""
	}
	return strings.ReplaceAll(d.Actor, "\x00", "") + "\x00" + d.Note
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
