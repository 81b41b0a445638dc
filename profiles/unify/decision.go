package unify

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"tributary/profiles/state"
)

// DecisionKind is what a steward decided.
type DecisionKind string

// The kinds. A decision may be several commands: to split a profile takes a verdict on each pair that held it together.
const (
	DecisionMerge      DecisionKind = "merge"
	DecisionNeverMerge DecisionKind = "never_merge"
	DecisionSplit      DecisionKind = "split"
	DecisionBlock      DecisionKind = "block"
	DecisionUnblock    DecisionKind = "unblock"
	DecisionUndo       DecisionKind = "undo"
)

// Part says of which decision of a steward's a command is, and what was known when it was made. The zero value is that
// of a command that is a decision by itself.
type Part struct {
	Kind DecisionKind `json:"kind,omitempty"`
	// Was is the verdict that stood on the pair before: who undoes the decision gives it again.
	Was LinkVerdict `json:"was,omitempty"`
	// Undoes is the decision that this takes back.
	Undoes uuid.UUID `json:"undoes,omitzero"`
	// Scored: the pair had a score when it was decided, of Bits by Model. It is that by which people were asked, which
	// the model has not learned from yet.
	Scored bool    `json:"scored,omitempty"`
	Bits   float64 `json:"bits,omitempty"`
	Model  uint32  `json:"model,omitempty"`
	// Request is a hash of what was asked for under the message id: with it the command is carried out once, however
	// often it is given. 0: each time.
	Request uint64 `json:"request,string,omitempty"`
}

// encode is how the state keeps a part; empty if nothing was said.
func (p Part) encode() (string, error) {
	p.Request = 0 // it is kept by the mark of the message id
	if p == (Part{}) {
		return "", nil
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("encode part of a decision: %w", err)
	}
	return string(text), nil
}

// PartOf reads what the state keeps of a part.
func PartOf(d *state.Decision) (p Part, err error) { return readPart(d.Part) }

// PartOfBlock is PartOf for an identifier that was blocked.
func PartOfBlock(b *state.Block) (p Part, err error) { return readPart(b.Part) }

func readPart(text string) (p Part, err error) {
	if text == "" {
		return p, nil
	}
	if err = json.Unmarshal([]byte(text), &p); err != nil {
		err = fmt.Errorf("read part of a decision: %w", err)
	}
	return p, err
}

// MessageOf names a decision's command, the nth from 0. DecisionOf takes it apart.
func MessageOf(decision uuid.UUID, n int) string {
	if n == 0 {
		return decision.String()
	}
	return fmt.Sprintf("%s.%d", decision, n)
}

// DecisionOf is the id of the decision that a command with a message id is of; false where that names none.
func DecisionOf(messageID string) (uuid.UUID, bool) {
	text, _, _ := strings.Cut(messageID, ".")
	id, err := uuid.Parse(text)
	return id, err == nil
}

// repeated says whether a command that is to be carried out once was already.
func (a *applier) repeated(r *record, p Part) (bool, error) {
	if p.Request == 0 {
		return false, nil
	}
	id := state.HashMessage(r.Workspace, r.Source, r.MessageID)
	_, seen, err := a.tx.Seen(id, r.ReceivedAt)
	if !seen && err == nil {
		a.tx.Remember(id, state.Mark{Received: r.ReceivedAt, Payload: p.Request})
	}
	return seen, err
}

// Named is a command with the message id that it is given under.
type Named struct {
	MessageID string
	Command   Command
}
