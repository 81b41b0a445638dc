package profiles

import (
	"slices"
	"strings"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// Proof is a source's word that it knows who is in a conversation.
type Proof struct {
	Conversation string    `policy:"conversation"`
	Source       string    `policy:"provenance"`
	Verified     bool      `policy:"conversation"` // else identified
	At           time.Time `policy:"conversation"` // by its event, but not after it was received
}

// itemProof is the kind of the registers that keep proofs, one for each conversation and source, so that no
// source's word displaces another's. It is no item. Like items, the newest are kept.
const itemProof ItemKind = "proof"

var proofFields = map[string]itemField{
	event.NameConversationIdentified: fieldIdentified,
	event.NameConversationVerified:   fieldVerified,
}

// applyProof keeps that a source identified or verified the customer of a conversation.
func (s *State) applyProof(e *event.Event, x interaction, pos stream.Position) {
	field, proof := proofFields[e.Name]
	if !proof || e.CX.ConversationID == "" {
		return
	}
	// An event from the future must not hold for longer than one of now.
	x.at = min(x.at, e.ReceivedAt.UnixMilli())
	var buf [256]byte
	x.raw = string(appendDetail(buf[:0], e, pos, 0))
	s.addRegister(register{kind: itemProof, id: clip(e.CX.ConversationID) + "\x00" + clip(e.Source), field: field, interaction: x})
}

func foldProofs(registers []register) []Proof {
	var list []Proof
	for i := range registers {
		r := &registers[i]
		if r.kind != itemProof {
			continue
		}
		conversation, source, _ := strings.Cut(r.id, "\x00")
		list = append(list, Proof{Conversation: conversation, Source: source, Verified: r.field == fieldVerified, At: r.time()})
	}
	slices.SortStableFunc(list, func(a, b Proof) int { return b.At.Compare(a.At) })
	return list
}
