package steward

import (
	"fmt"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/explain"
	"tributary/profiles/unify"
)

// Proposal is what somebody would decide.
type Proposal struct {
	Kind unify.DecisionKind `json:"kind"`
	// A and B are two observations, of a merge or never_merge; a profile's id is that of its oldest one. Of undo they may
	// take the place of Decision: then nothing is said of the two any more.
	A identity.ObservationID `json:"a,omitzero"`
	B identity.ObservationID `json:"b,omitzero"`
	// Profile is the one to split, and Observations those of it that are another person's.
	Profile      identity.ProfileID       `json:"profile,omitzero"`
	Observations []identity.ObservationID `json:"observations,omitempty"`
	// Identifier is what to block or unblock, as a source would send it.
	Identifier *explain.Identifier `json:"identifier,omitempty"`
	// Decision is what to undo.
	Decision uuid.UUID `json:"decision,omitzero"`
	// Note says why, for who reads the decision later.
	Note string `json:"note,omitempty"`
}

// The bounds of a proposal.
const (
	MaxSplit = 100  // observations that are split off at once
	MaxNote  = 1000 // bytes
)

// Validate reports every fault, each with its path.
func (p *Proposal) Validate() error {
	var faults event.Errors
	need := func(kinds string, given, wanted bool, field string) {
		switch {
		case wanted && !given:
			faults.Add(field, "is required to "+string(p.Kind))
		case given && !wanted:
			faults.Add(field, "is for "+kinds+" alone")
		}
	}
	pair, split, block, undo := false, false, false, false
	switch p.Kind {
	case unify.DecisionMerge, unify.DecisionNeverMerge:
		pair = true
	case unify.DecisionSplit:
		split = true
	case unify.DecisionBlock, unify.DecisionUnblock:
		block = true
	case unify.DecisionUndo:
		undo = true
	default:
		faults.Add("kind", "must be merge, never_merge, split, block, unblock or undo")
		return faults.Err()
	}
	if undo && p.Decision == uuid.Nil {
		pair, undo = p.A != uuid.Nil || p.B != uuid.Nil, p.A == uuid.Nil && p.B == uuid.Nil
	}
	need("merge, never_merge and undo", p.A != uuid.Nil, pair, "a")
	need("merge, never_merge and undo", p.B != uuid.Nil, pair, "b")
	need("split", p.Profile != uuid.Nil, split, "profile")
	need("split", len(p.Observations) > 0, split, "observations")
	need("block and unblock", p.Identifier != nil, block, "identifier")
	need("undo", p.Decision != uuid.Nil, undo, "decision")
	if pair && p.A == p.B && p.A != uuid.Nil {
		faults.Add("b", "is the same observation as a")
	}
	if len(p.Observations) > MaxSplit {
		faults.Add("observations", fmt.Sprintf("are more than %d: split them off in several decisions", MaxSplit))
	}
	for i, id := range p.Observations {
		if id == uuid.Nil {
			faults.Add(fmt.Sprintf("observations[%d]", i), "is no id")
		}
	}
	if len(p.Note) > MaxNote {
		faults.Add("note", fmt.Sprintf("is longer than %d bytes", MaxNote))
	}
	return faults.Err()
}
